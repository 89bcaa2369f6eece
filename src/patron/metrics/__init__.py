"""Metrics: how good scores are, with intervals over customers, and the curves behind them.

Three steps: a metric says how good (`auc(actual, predicted)`), `estimate` how sure that is, `paired_difference`
whether it beats a baseline. Any function of columns with a keyword `weight` is a metric, so one's own works
everywhere.

Every metric takes columns of one value per row, shape (n,), and the keyword `weight` (n,): a row of weight w
counts as the row written w times, and a row of weight zero as one that is not there (so bootstrap counts are
weights). The order of the rows never matters: rows of equal score share what lies at their place. A metric
that is undefined on a sample (no rows, one class only) is nan. Columns of unequal length, missing values, and
values that cannot be meant (a label other than 0 and 1, a probability of 37) are refused with a PatronError.

The metrics here take weights of shape (n, draws) too, and give a figure for each draw in one pass over the rows;
a bootstrap makes use of that, and calls any other metric draw by draw.
"""

from patron.metrics.classification import (
    auc,
    average_precision,
    bias,
    brier,
    decile_error,
    log_loss,
    mean_absolute_error,
    normalized_gini,
    root_mean_squared_error,
)
from patron.metrics.columns import by_draw
from patron.metrics.curves import gain, lift, reliability
from patron.metrics.expectation import expected_agreement, expected_lift, expected_performance
from patron.metrics.intervals import Estimate, bootstrap, estimate, paired_difference, paired_differences
from patron.metrics.ordinal import macro_f1, quadratic_kappa
from patron.metrics.survival import concordance, coverage, early, held, late, passed
from patron.metrics.uplift import aipw_value, autoc, auuc, ipw_value, qini, uplift_by_decile

__all__ = [
    "Estimate",
    "aipw_value",
    "auc",
    "autoc",
    "auuc",
    "average_precision",
    "bias",
    "bootstrap",
    "brier",
    "by_draw",
    "concordance",
    "coverage",
    "decile_error",
    "early",
    "estimate",
    "expected_agreement",
    "expected_lift",
    "expected_performance",
    "gain",
    "held",
    "ipw_value",
    "late",
    "lift",
    "log_loss",
    "macro_f1",
    "mean_absolute_error",
    "normalized_gini",
    "paired_difference",
    "paired_differences",
    "passed",
    "qini",
    "quadratic_kappa",
    "reliability",
    "root_mean_squared_error",
    "uplift_by_decile",
]
