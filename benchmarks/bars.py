"""Bars: how Patron's figures stand to the best that was measured before of peers."""

from collections.abc import Mapping

import pandas as pd

from patron.metrics import Estimate

# Best figures of peers measured before (MAE is of a mean), and by how much a bias may be off.
BARS = {
    "cdnow_tenth, two periods": {
        "AUC": 0.779,
        "log loss": 0.484,
        "bias": 0.05,
        "bias of orders": 0.05,
        "bias of spend": 0.05,
        "decile error": 0.10,
        "Gini of spend": 0.691,
    },
    "grocery_elog, two periods": {
        "AUC": 0.89,
        "log loss": 0.393,
        "bias": 0.05,
        "bias of orders": 0.05,
        "decile error": 0.10,
        "RMSE": 2.95,
        "MAE": 1.34,
    },
    "clvtools_apparel, two periods": {
        "AUC": 0.81,
        "log loss": 0.516,
        "bias of orders": 0.05,
        "bias of spend": 0.05,
        "decile error": 0.10,
        "MAE": 1.86,
        "RMSE": 3.277,
        "Gini of spend": 0.690,
    },
    "online_retail_ii_dev": {"AUC": 0.764, "log loss": 0.574},
}
MORE_IS_BETTER = ("AUC", "Gini", "kappa", "F1")


def bars(estimates: Mapping[str, Mapping[str, Estimate]]) -> pd.DataFrame:
    """How Patron's figures stand to the best that was measured before."""
    lines = []
    for name, limits in BARS.items():
        for metric, bar in ((f, b) for f, b in limits.items() if name in estimates):
            ours = estimates[name][metric]
            lines.append(
                [name, metric, str(ours), f"{'+-' if 'bias' in metric else ''}{bar}", stands(metric, ours, bar)]
            )
    return pd.DataFrame(lines, columns=["data", "figure", "Patron", "bar", "reached"])


def stands(metric: str, ours: Estimate, bar: float) -> str:
    """Return yes, or within its interval, or no."""
    if "bias" in metric:
        off, least = abs(ours.value), 0.0 if ours.low < 0 < ours.high else min(abs(ours.low), abs(ours.high))
    else:
        sign = -1 if any(word in metric for word in MORE_IS_BETTER) else 1
        off, least, bar = sign * ours.value, min(sign * ours.low, sign * ours.high), sign * bar
    return "yes" if off <= bar else "within its interval" if least <= bar else "no"
