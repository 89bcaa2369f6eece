"""Columns that fit each metric, drawn with many ties, and a count for each row."""

from functools import partial

import numpy as np
from hypothesis import strategies as st

from patron import metrics

BINARY = {
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "log_loss": metrics.log_loss,
    "brier": metrics.brier,
}
AMOUNT = {
    "bias": metrics.bias,
    "mean_absolute_error": metrics.mean_absolute_error,
    "root_mean_squared_error": metrics.root_mean_squared_error,
    "normalized_gini": metrics.normalized_gini,
    "decile_error": metrics.decile_error,
    "quadratic_kappa": partial(metrics.quadratic_kappa, classes=range(5)),
    "macro_f1": partial(metrics.macro_f1, classes=range(5)),
}
WAITS = {"early": metrics.early, "late": metrics.late, "held": metrics.held}
ALL = {**BINARY, **AMOUNT, **WAITS, "concordance": metrics.concordance, "coverage": metrics.coverage}


@st.composite
def samples(draw: st.DrawFn, name: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Columns that fit a metric, with many ties, and a count for each row."""
    size = draw(st.integers(0, 12))

    def column(high: int) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(0, high), min_size=size, max_size=size)), dtype=int)

    if name in BINARY:
        return [column(1), column(4) / 4], column(3)
    if name in AMOUNT:
        return [column(4), column(4)], column(3)
    if name in WAITS:
        return [column(1), column(10) / 10, column(1)], 20 * column(3)
    return [column(5), column(1), *(column(5) for _ in range(1 if name == "concordance" else 2))], column(3)
