"""Judge scores honestly: metrics, their intervals over customers, and the curves behind them.

Three steps: a metric says how good (`auc(actual, predicted)`), `figure` how sure that is, `paired` whether it
beats a baseline. Any function of columns with a keyword `weight` is a metric, so one's own works everywhere.
"""

from patron.evaluation.curves import gain, lift, reliability
from patron.evaluation.intervals import Figure, figure, figures, paired
from patron.evaluation.metrics import (
    auc,
    average_precision,
    bias,
    brier,
    concordance,
    coverage,
    decile_error,
    early,
    held,
    late,
    lift_at,
    log_loss,
    macro_f1,
    mean_absolute_error,
    normalized_gini,
    passed,
    quadratic_kappa,
    root_mean_squared_error,
)

__all__ = [
    "Figure",
    "auc",
    "average_precision",
    "bias",
    "brier",
    "concordance",
    "coverage",
    "decile_error",
    "early",
    "figure",
    "figures",
    "gain",
    "held",
    "late",
    "lift",
    "lift_at",
    "log_loss",
    "macro_f1",
    "mean_absolute_error",
    "normalized_gini",
    "paired",
    "passed",
    "quadratic_kappa",
    "reliability",
    "root_mean_squared_error",
]
