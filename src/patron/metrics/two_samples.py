"""Two samples: how far apart the values of two groups lie, and how often chance alone would part them as far.

Numbers are compared by the largest gap of their distributions (Kolmogorov 1933, Smirnov 1948), kinds by half the sum of
the differences of their shares (total variation) with Pearson's test; many tests at once by Holm (1979), as a screen of
many features wants it (Rabanser, Günnemann and Lipton 2019, "Failing Loudly", arXiv:1810.11953).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from scipy.special import kolmogorov
from scipy.stats import chi2

from patron.metrics.columns import Floats

__all__ = ["Distance", "gap_of_kinds", "gap_of_numbers", "gap_of_shares", "gap_of_spread", "holm"]

FEW = 5  # expected rows of a kind, below which it counts with the others


@dataclass(frozen=True)
class Distance:
    """How far two groups lie apart.

    Args:
        value: from 0, alike, to 1, nothing shared.
        p: how often two samples of one population lie at least as far apart.
    """

    value: float
    p: float


def gap_of_numbers(first: Floats, second: Floats) -> Distance:
    """Compare two groups of known numbers.

    >>> gap_of_numbers(np.arange(4.0), np.arange(4.0) + 2).value
    0.5
    """
    ordered, other = np.sort(first), np.sort(second)
    steps = np.concatenate([ordered, other])
    places = [np.searchsorted(values, steps, side="right") / len(values) for values in (ordered, other)]
    value = float(np.abs(places[0] - places[1]).max())
    return Distance(value, _chance(value, _size(len(first), len(second))))


def gap_of_spread(values: Floats, quantiles: Floats, ranks: Floats, others: int) -> Distance:
    """Compare known numbers with a group of which only quantiles are kept; what lies between these is not seen.

    Args:
        values: the numbers.
        quantiles: of the other group, each the least value that its share of the group does not exceed.
        ranks: these shares, from 0 to 1.
        others: the size of the other group.
    """
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, quantiles, side=side) / len(values) for side in ("left", "right"))
    value = max(float(np.maximum(below - ranks, ranks - up_to).max()), 0.0)
    return Distance(value, _chance(value, _size(len(values), others)))


def gap_of_shares(first: float, second: float, sizes: tuple[int, int]) -> Distance:
    """Compare how many of two groups have something.

    >>> gap_of_shares(0.5, 0.5, (100, 100))
    Distance(value=0.0, p=1.0)
    """
    value, both = abs(first - second), (first * sizes[0] + second * sizes[1]) / sum(sizes)
    error = sqrt(both * (1 - both) * (1 / sizes[0] + 1 / sizes[1]))
    return Distance(value, erfc(value / error / sqrt(2)) if error else 1.0)


def gap_of_kinds(first: Floats, second: Floats, sizes: tuple[int, int]) -> Distance:
    """Compare the shares of kinds in two groups, which add up to 1 in each.

    >>> gap_of_kinds(np.array([0.5, 0.5]), np.array([0.25, 0.75]), (100, 100)).value
    0.25
    """
    both = (first * sizes[0] + second * sizes[1]) / sum(sizes)
    often = both * min(sizes) >= FEW
    pairs = [np.append(shares[often], shares[~often].sum()) for shares in (first, second, both)]
    known = pairs[2] > 0
    excess = ((pairs[0] - pairs[1])[known] ** 2 / pairs[2][known]).sum() * _size(*sizes)
    free = int(known.sum()) - 1
    return Distance(float(np.abs(first - second).sum() / 2), float(chi2.sf(excess, free)) if free else 1.0)


def holm(chances: Sequence[float], level: float) -> list[bool]:
    """Return which of several tests say more than chance, with one false alarm among all in *level* of the cases.

    >>> holm([0.01, 0.04, 0.03], 0.05)
    [True, False, False]
    """
    beyond, left = [False] * len(chances), len(chances)
    for place in np.argsort(chances, kind="stable"):
        if chances[place] * left > level:
            break
        beyond[place], left = True, left - 1
    return beyond


def _size(first: int, second: int) -> float:
    """Return how many rows two groups are worth for a comparison."""
    return first * second / (first + second)


def _chance(gap: float, size: float) -> float:
    return float(kolmogorov(sqrt(size) * gap))
