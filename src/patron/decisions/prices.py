"""Prices: what one more unit of each scarce thing would earn, and the most that any plan could."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Prices", "best_at", "prices"]

MOST_STEPS = 200
CLOSE = 1e-9


@dataclass(frozen=True)
class Prices:
    """What scarce things are worth, and what no plan can exceed.

    Args:
        price: of a unit of each scarce thing, in currency, shape (things,).
        bound: the most that any plan can gain, be it of whole offers or of parts of them, in currency.
    """

    price: np.ndarray
    bound: float


def prices(gain: np.ndarray, use: np.ndarray, most: np.ndarray) -> Prices:
    """Compute the prices of scarce things at which the best offers for all rows need no more than there is of them.

    They are the dual of the linear programme in which a row may get parts of offers; its value is the bound. Found by
    cutting planes (Kelley 1960, "The cutting-plane method for solving convex programs"), as the dual has one unknown
    for each thing and is a sum over rows that one pass computes.

    Args:
        gain: expected gain, -inf where a row may not get the offer, shape (rows, offers).
        use: what one offer takes of each thing, 0 or more, shape (offers, things).
        most: how much there is of each thing, shape (things,).

    >>> dual = prices(np.array([[5.0], [3.0], [2.0]]), use=np.array([[1.0]]), most=np.array([2.0]))
    >>> dual.bound
    8.0
    """
    from scipy.optimize import linprog

    things = len(most)
    gain = np.asfortranarray(gain)
    highest = _highest(gain, use)
    cuts, rights = np.empty((0, things)), np.empty(0)
    at, best = np.zeros(things), Prices(np.zeros(things), np.inf)
    for _ in range(MOST_STEPS):
        value, slope = _dual(gain, use, most, at)
        if value < best.bound:
            best = Prices(at, value)
        # The dual lies above value + slope (price - at) everywhere.
        cuts, rights = np.vstack([cuts, slope]), np.append(rights, slope @ at - value)
        lower = linprog(
            np.append(np.zeros(things), 1.0),
            A_ub=np.column_stack([cuts, -np.ones(len(cuts))]),
            b_ub=rights,
            bounds=[*((0.0, high) for high in highest), (None, None)],
        )
        if lower.x is None or best.bound - lower.fun <= CLOSE * max(1.0, abs(best.bound)):
            break
        at = lower.x[:things]
    return best


def _highest(gain: np.ndarray, use: np.ndarray) -> np.ndarray:
    """The price of each thing from which on nobody would be given an offer that takes any of it."""
    top = np.maximum(gain.max(axis=0, initial=0.0), 0.0)
    ratio = np.divide(top[:, None], use, out=np.zeros_like(use), where=use > 0)
    return np.asarray(ratio.max(axis=0, initial=0.0))


def best_at(gain: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best offer of each row less its price, -1 where none earns it, and what it earns beyond.

    Args:
        gain: as for `prices`.
        price: of one of each offer, shape (offers,).
    """
    best, pick = np.zeros(len(gain)), np.full(len(gain), -1)
    for j in range(gain.shape[1]):
        net = gain[:, j] - price[j]
        better = net > best
        best[better], pick[better] = net[better], j
    return pick, best


def _dual(gain: np.ndarray, use: np.ndarray, most: np.ndarray, price: np.ndarray) -> tuple[float, np.ndarray]:
    """The value of the dual at some prices, and its slope there."""
    pick, best = best_at(gain, use @ price)
    counts = np.bincount(pick[pick >= 0], minlength=gain.shape[1])
    return float(price @ most + best.sum()), most - counts @ use
