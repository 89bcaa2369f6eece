"""Allocation: which offers a budget buys for whom, so that the money earns the most."""

import math

import numpy as np

__all__ = ["allocate"]

ROUNDING = 1e-9


def allocate(gain: np.ndarray, cost: np.ndarray, budget: float) -> np.ndarray:
    """Allocate one offer or none to each row, so that a budget earns the most.

    One offer for each row under one budget is a multiple-choice knapsack. It is filled along the upper hull of each
    row's offers by gain for each further unit of money (Sinha and Zoltners 1979, "The multiple-choice knapsack
    problem"), which misses the best possible gain by at most that of one offer to one row.

    Args:
        gain: expected gain, shape (rows, offers).
        cost: expected cost of each offer, rising, shape (offers,).
        budget: the most that all may cost, in currency.

    Returns:
        the position of each row's offer, or -1, shape (rows,).

    >>> allocate(np.array([[5.0, 6.0], [1.0, 8.0], [-1.0, -2.0]]), np.array([2.0, 6.0]), budget=8.0).tolist()
    [0, 1, -1]
    """
    picked = np.full(len(gain), -1)
    # What one pass leaves goes to offers that still fit. A pass ends at a step that costs more than is left, so the
    # next one has at least one offer less to give.
    left = budget + ROUNDING * max(1.0, budget)
    for _ in range(len(cost)):
        can = np.flatnonzero(cost <= left)
        rows = np.flatnonzero((picked < 0) & (gain[:, can] > 0).any(axis=1))
        if len(rows) == 0:
            break
        chosen = _fill(gain[np.ix_(rows, can)], cost[can], left)
        picked[rows] = np.where(chosen < 0, -1, can[chosen])
        left -= math.fsum(cost[picked[rows][chosen >= 0]])
    return picked


def _fill(gain: np.ndarray, cost: np.ndarray, budget: float) -> np.ndarray:
    """Offer of each row, or -1, going down the steps of all rows, the most efficient first, while money lasts."""
    free = np.where((cost == 0) & (gain > 0), gain, 0.0)
    picked = np.where(free.any(axis=1), free.argmax(axis=1), -1)
    row, offer, more, efficiency, step = _steps(gain, cost, picked)
    order = np.lexsort((step, row, -efficiency))
    bought = order[np.cumsum(more[order]) <= budget]
    last = bought[np.lexsort((step[bought], row[bought]))]
    picked[row[last]] = offer[last]
    return np.asarray(picked)


def _steps(gain: np.ndarray, cost: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, ...]:
    """The upper hull of each row's offers as steps from nothing (or a free offer) to ever dearer ones.

    Returns:
        row, offer, further cost, gain for each further unit of cost (falling along a row), and position in the row.
    """
    rows, at = np.arange(len(gain)), start
    limit = np.full(len(gain), np.inf)
    steps = []
    for step in range(len(cost)):
        reached = np.where(at < 0, 0.0, cost[at])
        more = cost - reached[:, None]
        further = gain[rows] - np.where(at < 0, 0.0, gain[rows, at])[:, None]
        slope = np.where(more > 0, further / np.where(more > 0, more, 1.0), -np.inf)
        best = slope.argmax(axis=1)
        limit = np.minimum(limit, slope.max(axis=1))
        up = limit > 0
        steps.append((rows[up], best[up], cost[best[up]] - reached[up], limit[up], np.full(up.sum(), step)))
        rows, at, limit = rows[up], best[up], limit[up]
    return tuple(np.concatenate(column) for column in zip(*steps, strict=True))
