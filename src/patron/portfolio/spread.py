"""Spread: whether customers leave together along ties more often than chance would have it."""

from dataclasses import dataclass

import numpy as np

__all__ = ["LEAST_PAIRS", "Spread", "spread_of"]

LEAST_PAIRS = 20
REPEATS = 999


@dataclass(frozen=True)
class Spread:
    """How often both ends of a tie left.

    Args:
        pairs: ties both ends of which were active before.
        both: those of which both left.
        expected: how many that would be if leaving had nothing to do with ties.
        p: the chance of as many or more by chance alone.
        after: the share that left among customers with a tie who left.
        otherwise: the share that left among those with ties of whom none left.
    """

    pairs: int
    both: int
    expected: float
    p: float
    after: float
    otherwise: float

    @property
    def excess(self) -> float:
        """How much likelier a customer leaves where a tie has left; nothing where that may be chance."""
        return max(self.after - self.otherwise, 0.0) if self.p < LEVEL else 0.0


LEVEL = 0.05


def spread_of(pairs: np.ndarray, left: np.ndarray, alike: np.ndarray, seed: int = 0) -> Spread | None:
    """Test whether leaving spreads along ties, by permuting who left among customers who are alike.

    That both ends of a tie left can have other reasons too, such as a street where the shop closed: what is tested is
    that it happens more often than chance has it.

    Args:
        pairs: the places of both ends of each tie, shape (pairs, 2), each pair once.
        left: whether each customer left, shape (n,).
        alike: a number for each customer, the same for those who are alike, shape (n,).
        seed: what chance starts from.

    Returns:
        None where there are too few ties, or nobody or everybody left.

    Source: a permutation test as in F. Pesarin and L. Salmaso, Permutation tests for complex data (2010); the idea of
    contagious leaving: Nitzan and Libai, Social effects on customer retention, J. Marketing 75 (2011).
    """
    tied, ends = np.unique(pairs, return_inverse=True)
    ends, gone, group = ends.reshape(-1, 2), left[tied], alike[tied]
    if len(pairs) < LEAST_PAIRS or gone.all() or not gone.any():
        return None
    rng = np.random.default_rng(seed)
    in_order = np.argsort(group, kind="stable")
    by_chance = np.empty(REPEATS)
    for repeat in range(REPEATS):
        drawn = np.empty_like(gone)
        drawn[in_order] = gone[np.lexsort((rng.random(len(gone)), group))]
        by_chance[repeat] = (drawn[ends[:, 0]] & drawn[ends[:, 1]]).sum()
    both = int((gone[ends[:, 0]] & gone[ends[:, 1]]).sum())
    beside = np.zeros(len(tied), bool)
    for own, other in ((0, 1), (1, 0)):
        np.logical_or.at(beside, ends[:, own], gone[ends[:, other]])
    after, otherwise = (float(gone[mask].mean()) if mask.any() else 0.0 for mask in (beside, ~beside))
    p = float((1 + (by_chance >= both).sum()) / (1 + REPEATS))
    return Spread(len(pairs), both, float(by_chance.mean()), p, after, otherwise)
