"""Ratios: how sure a ratio of two sums over customers is."""

import numpy as np
import numpy.typing as npt

from patron.metrics.intervals import Z_95

__all__ = ["ratio"]


def ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> tuple[float, float]:
    """Return the ratio of two sums over customers, and half the width of its 95 % interval.

    Source: linearisation (Cochran 1977, Sampling Techniques, chapter 6).

    Args:
        top: what is counted of each customer, shape (n,).
        bottom: what it is counted for, shape (n,); both are unknown (nan) where its sum is not above zero.

    >>> [round(number, 3) for number in ratio([1, 0, 2, 1], [2, 2, 2, 2])]
    [0.5, 0.346]
    """
    counted, base = (np.asarray(side, dtype=np.float64) for side in (top, bottom))
    total = float(base.sum())
    if not total > 0:
        return np.nan, np.nan
    value = float(counted.sum()) / total
    return value, Z_95 * float(np.sqrt(((counted - value * base) ** 2).sum())) / total
