"""Chances by address: a draw depends on the seed, what it is for, the week and the customer, and on nothing else.

Worlds that differ only in decisions share all other chances; one that goes on draws as one simulated at once.
"""

import numpy as np
from scipy.special import ndtri

__all__ = ["normal", "uniform"]

GOLDEN = 0x9E3779B97F4A7C15
MULTIPLIERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
LAST_SHIFT, BITS, WORD = 31, 53, 2**64 - 1
HALF = 0.5  # of the smallest step, so that no draw is 0 or 1


def uniform(seed: int, use: str, customers: np.ndarray, week: int = 0) -> np.ndarray:
    """Return a number between 0 and 1 for each customer: SplitMix64, started where seed, use and week say.

    Args:
        seed: of the world.
        use: what the draw decides; draws of different uses are independent.
        customers: numbers of the customers, from 0.
        week: that of the event, 0 for what a customer is.

    >>> once, alone = uniform(1, "order", np.arange(3), 7), uniform(1, "order", np.array([2]), 7)
    >>> bool(once[2] == alone[0]), bool(once[0] == once[1])
    (True, False)
    """
    key = seed & WORD
    for part in (*use.encode(), week):
        key = _mixed(key + (part + 1) * GOLDEN & WORD)
    state = np.uint64(key) + (customers.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
    for shift, multiplier in MULTIPLIERS:
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(multiplier)
    state ^= state >> np.uint64(LAST_SHIFT)
    return ((state >> np.uint64(64 - BITS)).astype(float) + HALF) / 2.0**BITS


def normal(seed: int, use: str, customers: np.ndarray, week: int = 0) -> np.ndarray:
    """Return a draw of the standard normal distribution for each customer, as `uniform` does."""
    return ndtri(uniform(seed, use, customers, week))


def _mixed(state: int) -> int:
    for shift, multiplier in MULTIPLIERS:
        state = (state ^ (state >> shift)) * multiplier & WORD
    return state ^ (state >> LAST_SHIFT)
