"""Drift: which features look otherwise today than in training."""

import numpy as np
import pandas as pd

__all__ = ["skew_probe"]

GAP = 0.2


def skew_probe(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return which features look otherwise today than in training: a broken feed more often than a new world.

    Args:
        before: features in training.
        after: features of today, the same columns.

    Returns:
        `feature`, `missing_before`, `missing_after` (shares), `distance` (largest gap between the two distributions,
        Kolmogorov 1933, from 0 to 1), `skewed` (a share moved by more than 0.2, or a distance above it), worst first.

    >>> old, new = pd.DataFrame({"spend": [1.0, 2.0, 3.0]}), pd.DataFrame({"spend": [None, None, 3.0]})
    >>> skew_probe(old, new).skewed.tolist()
    [True]
    """
    table = pd.DataFrame(
        {
            "feature": list(before.columns),
            "missing_before": [float(before[c].isna().mean()) for c in before],
            "missing_after": [float(after[c].isna().mean()) for c in before],
            "distance": [_distance(before[c].dropna(), after[c].dropna()) for c in before],
        }
    )
    table["skewed"] = ((table.missing_before - table.missing_after).abs() > GAP) | (table.distance > GAP)
    return table.sort_values("distance", ascending=False, ignore_index=True)


def _distance(before: pd.Series, after: pd.Series) -> float:
    if before.empty or after.empty:
        return float(before.empty != after.empty)
    both = pd.concat([before, after])
    places = (both.astype("float64") if pd.api.types.is_numeric_dtype(both) else both.astype(str)).rank(method="dense")
    values = places.to_numpy()
    steps = np.unique(values)
    parts = np.sort(values[: len(before)]), np.sort(values[len(before) :])
    earlier, later = (np.searchsorted(part, steps, side="right") / len(part) for part in parts)
    return float(np.abs(earlier - later).max())
