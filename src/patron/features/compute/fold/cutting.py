"""Cutting: compiled loops that find where the events of a row begin and end.

Nothing here compares a time but `_cut` and `active`, which ask `patron.history.point_in_time`.
"""

import numba
import numpy as np

from patron.compiling import compiled
from patron.history.point_in_time import is_past

__all__ = ["active", "counts_before", "cut", "cut_windows"]

_is_past = numba.njit(inline="always")(is_past)


@compiled
def _cut(at, low, high, moment):
    """Return the first event from *low* on that is no past of a moment: a few steps, then by halves."""
    steps = min(low + 6, high)
    while low < steps and _is_past(at[low], moment):
        low += 1
    if low < steps:
        high = low
    while low < high:
        middle = (low + high) // 2
        if _is_past(at[middle], moment):
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def cut(at, begin, end, moments):
    """Return for each row the first event from *begin* on that is no past of its moment."""
    cuts = np.empty(len(begin), np.int64)
    for r in range(len(begin)):
        cuts[r] = _cut(at, begin[r], end[r], moments[r])
    return cuts


@compiled
def cut_windows(at, starts, position, moments, opens, stop, lows):
    """Write where the past of each row ends, and where each window starts, given when it opens.

    Rows of one customer mostly stand together by time, so each search starts where the one before it ended.
    """
    for r in range(len(position)):
        c = position[r]
        first, end = (starts[c], starts[c + 1]) if c >= 0 else (0, 0)
        follows = r > 0 and position[r - 1] == c and moments[r] >= moments[r - 1]
        stop[r] = _cut(at, stop[r - 1] if follows else first, end, moments[r])
        for w in range(len(opens)):
            lows[w, r] = _cut(at, lows[w, r - 1] if follows else first, stop[r], opens[w, r])


@compiled
def active(at, starts, opens, moments):
    """Return which customers had an event from *opens* on before each of some ascending moments."""
    is_active = np.zeros((len(starts) - 1, len(moments)), np.bool_)
    for c in range(len(starts) - 1):
        i = starts[c]
        for m in range(len(moments)):
            i = _cut(at, i, starts[c + 1], moments[m])
            is_active[c, m] = i > starts[c] and not _is_past(at[i - 1], opens[m])
    return is_active


@compiled
def counts_before(at, starts, moments):
    """Return how many events each customer had before each of some ascending moments."""
    counts = np.zeros((len(starts) - 1, len(moments)), np.int64)
    for c in range(len(starts) - 1):
        i = starts[c]
        for m in range(len(moments)):
            i = _cut(at, i, starts[c + 1], moments[m])
            counts[c, m] = i - starts[c]
    return counts
