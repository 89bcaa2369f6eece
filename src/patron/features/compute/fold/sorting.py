"""Sorting: compiled loops that put the events of each customer together, in order by time."""

import numpy as np

from patron.compiling import compiled

__all__ = ["positions", "sort_each"]


@compiled
def positions(slots: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Return the position of each event: the first of its customer's that is still free, which is then taken."""
    position = np.empty(len(slots), np.int64)
    for i in range(len(slots)):
        position[i] = free[slots[i]]
        free[slots[i]] += 1
    return position


@compiled
def sort_each(at: np.ndarray, starts: np.ndarray, begin: int, end: int, order: np.ndarray) -> None:
    """Put the events of each customer from *begin* up to *end* in order by time; those of one instant stay as they are.

    Apart from `positions`, as compiling a sort takes seconds, and most tables come by time.
    """
    for c in range(begin, end):
        for i in range(starts[c] + 1, starts[c + 1]):
            if at[order[i - 1]] > at[order[i]]:
                part = order[starts[c] : starts[c + 1]].copy()
                order[starts[c] : starts[c + 1]] = part[np.argsort(at[part], kind="mergesort")]
                break
