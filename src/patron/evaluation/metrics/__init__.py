"""Say in one number how good a score is, as pure functions on arrays.

Every metric takes columns of one value per row, shape (n,), and the keyword `weight` (n,): a row of weight w
counts as the row written w times, and a row of weight zero as one that is not there (so bootstrap counts are
weights). The order of the rows never matters: rows of equal score share what lies at their place. A metric
that is undefined on a sample (no rows, one class only) is nan. Columns of unequal length, missing values, and
values that cannot be meant (a label other than 0 and 1, a probability of 37) are refused with a PatronError.
"""

from patron.evaluation.metrics.scores import (
    auc,
    average_precision,
    bias,
    brier,
    decile_error,
    lift_at,
    log_loss,
    mean_absolute_error,
    normalized_gini,
    root_mean_squared_error,
)
from patron.evaluation.metrics.tiers import macro_f1, quadratic_kappa
from patron.evaluation.metrics.waiting import concordance, coverage, early, held, late, passed

__all__ = [
    "auc",
    "average_precision",
    "bias",
    "brier",
    "concordance",
    "coverage",
    "decile_error",
    "early",
    "held",
    "late",
    "lift_at",
    "log_loss",
    "macro_f1",
    "mean_absolute_error",
    "normalized_gini",
    "passed",
    "quadratic_kappa",
    "root_mean_squared_error",
]
