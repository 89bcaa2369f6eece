"""Shares: how sure a share is that was counted."""

import numpy as np
import numpy.typing as npt

from patron.metrics.columns import Floats

__all__ = ["share_interval"]


def share_interval(hits: npt.ArrayLike, count: npt.ArrayLike, z: float) -> tuple[Floats, Floats]:
    """Return the bounds of shares, which keep to 0 and 1 and are an interval for few rows, too.

    Source: Wilson (1927), the score interval.

    Args:
        hits: how many rows have what is counted.
        count: how many rows there are, above zero.
        z: standard errors on each side: 1.96 for 95 %.

    >>> [bound.round(3).tolist() for bound in share_interval([0, 1, 2], [2, 2, 2], 1.96)]
    [[0.0, 0.095, 0.342], [0.658, 0.905, 1.0]]
    """
    signs, rows = np.asarray(hits, np.float64), np.asarray(count, np.float64)
    middle = (signs + z**2 / 2) / (rows + z**2)
    half = z / (rows + z**2) * np.sqrt(signs * (rows - signs) / rows + z**2 / 4)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
