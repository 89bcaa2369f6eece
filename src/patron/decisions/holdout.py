"""Hold-out: who of the chosen gets nothing, so that the effect of each offer can be measured.

Of each offer it is drawn within thirds of risk and thirds of value, so that treated and held out are alike in both.
"""

import numpy as np

from patron.decisions.draws import drawn_lots, lowest

__all__ = ["held_out", "held_out_together", "strata"]

LEAST = 90  # chosen for an offer: ten for each of nine strata


def held_out(draw: np.ndarray, offer: np.ndarray, risk: np.ndarray, value: np.ndarray, share: float) -> np.ndarray:
    """Return who is held out: of each stratum those with the lowest draws, as many as the share says.

    Where an offer has too few customers for strata, each is held out by the own draw alone.

    Args:
        draw: a number from 0 to 1 that belongs to the customer.
        offer: the offer that each was chosen for.
        risk: chance to leave.
        value: profit at stake.
        share: of the chosen who are held out.

    >>> draw = np.linspace(0.0, 0.99, 100)
    >>> held = held_out(draw, np.zeros(100), np.full(100, 0.5), np.repeat([1.0, 9.0], 50), 0.1)
    >>> int(held[:50].sum()), int(held[50:].sum())
    (5, 5)
    """
    held = draw < share
    for name in np.unique(offer):
        rows = np.flatnonzero(offer == name)
        if len(rows) >= LEAST:
            held[rows] = _of_strata(draw[rows], strata(risk[rows], value[rows]), share)
    return held


def held_out_together(
    draw: np.ndarray, cluster: np.ndarray, risk: np.ndarray, value: np.ndarray, share: float, rounding: float
) -> np.ndarray:
    """Return who is held out where a cluster is as a whole: alike among sizes, and thirds of risk and of value.

    Each cluster has exactly the chance of the share, however large it is.

    Args:
        draw: a number from 0 to 1 that belongs to the cluster of the customer.
        cluster: number of it.
        risk: chance to leave.
        value: profit at stake.
        share: of the clusters that are held out.
        rounding: a number from 0 to 1 that belongs to the seed.

    >>> held_out_together(np.array([0.1, 0.1, 0.9]), np.array([0, 0, 1]), np.ones(3), np.ones(3), 0.5, 0.0).tolist()
    [True, True, False]
    """
    if not len(draw):
        return np.zeros(0, dtype=bool)
    _, first, place = np.unique(cluster, return_index=True, return_inverse=True)
    size = np.bincount(place)
    like = strata(*(np.bincount(place, of_each) / size for of_each in (risk, value)))
    doubled = np.ceil(np.log2(size)).astype(int)  # 1, 2, 3 to 4, 5 to 8, ...
    return drawn_lots(draw[first], 9 * doubled + like, share, rounding)[place]


def strata(risk: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the stratum of each customer: 3 times the third of the risk plus that of the value, from 0.

    >>> strata(np.array([0.1, 0.5, 0.9]), np.array([9.0, 5.0, 1.0])).tolist()
    [2, 4, 6]
    """
    return 3 * _third(risk) + _third(value)


def _third(values: np.ndarray) -> np.ndarray:
    """The third of each value; equal ones are in the same."""
    return np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)


def _of_strata(draw: np.ndarray, stratum: np.ndarray, share: float) -> np.ndarray:
    """Who has the lowest draws of each stratum; what rounding leaves goes to those with the largest remainders."""
    size = np.bincount(stratum, minlength=9)
    count = np.floor(share * size)
    missing = round(share * len(draw)) - int(count.sum())
    count[np.argsort(count - share * size, kind="stable")[: max(missing, 0)]] += 1
    return lowest(draw, stratum, count)
