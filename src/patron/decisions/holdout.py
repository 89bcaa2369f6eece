"""Hold-out: who of the chosen gets nothing, so that the effect of each offer can be measured.

Of each offer it is drawn within thirds of risk and thirds of value, so that treated and held out are alike in both, and
with exactly the chance that is written down.
"""

import numpy as np

from patron.decisions.draws import drawn_lots

__all__ = ["held_out", "strata"]

SEVERAL = -1  # in the place of an offer: of a cluster that was chosen for more than one


def held_out(
    draw: np.ndarray,
    cluster: np.ndarray,
    offer: np.ndarray,
    risk: np.ndarray,
    value: np.ndarray,
    share: float,
    rounding: float,
) -> np.ndarray:
    """Return who is held out: of each offer alike among sizes of clusters, and thirds of mean risk and mean value.

    Each customer has exactly the chance of the share, however few are like them and however large their cluster is. A
    cluster whose customers were chosen for several offers counts as one of them all.

    Args:
        draw: a number from 0 to 1 that belongs to the cluster of the customer.
        cluster: number of it; one for each customer where everybody is alone.
        offer: the position of the offer that each was chosen for.
        risk: chance to leave.
        value: profit at stake.
        share: of the clusters that are held out.
        rounding: a number from 0 to 1 that belongs to the seed.

    >>> draw, alone = np.linspace(0.0, 0.99, 100), np.arange(100)
    >>> risk, value = np.full(100, 0.5), np.repeat([1.0, 9.0], 50)
    >>> held = held_out(draw, alone, np.zeros(100, int), risk, value, 0.1, 0.0)
    >>> int(held[:50].sum()), int(held[50:].sum())
    (5, 5)
    >>> home, pair = np.array([0, 0, 1]), np.zeros(3, int)
    >>> held_out(np.array([0.1, 0.1, 0.9]), home, pair, np.ones(3), np.ones(3), 0.5, 0.0).tolist()
    [True, True, False]
    """
    if not len(draw):
        return np.zeros(0, dtype=bool)
    _, first, place = np.unique(cluster, return_index=True, return_inverse=True)
    size = np.bincount(place)
    of_offer = np.where(np.bincount(place, offer != offer[first][place]) > 0, SEVERAL, offer[first])
    means = [np.bincount(place, of_each) / size for of_each in (risk, value)]
    like = np.empty(len(size), dtype=np.int64)
    for name in np.unique(of_offer):
        rows = np.flatnonzero(of_offer == name)
        like[rows] = strata(*(mean[rows] for mean in means))
    doubled = np.ceil(np.log2(size)).astype(int)  # 1, 2, 3 to 4, 5 to 8, ...
    return drawn_lots(draw[first], 9 * ((of_offer + 1) * (doubled.max() + 1) + doubled) + like, share, rounding)[place]


def strata(risk: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the stratum of each customer: 3 times the third of the risk plus that of the value, from 0.

    >>> strata(np.array([0.1, 0.5, 0.9]), np.array([9.0, 5.0, 1.0])).tolist()
    [2, 4, 6]
    """
    return 3 * _third(risk) + _third(value)


def _third(values: np.ndarray) -> np.ndarray:
    """The third of each value; equal ones are in the same."""
    return np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)
