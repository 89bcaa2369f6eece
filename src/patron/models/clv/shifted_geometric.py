"""Shifted-beta-geometric: how long contracts last when each customer has an own chance to leave at a renewal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln

from patron.errors import ScoreError
from patron.models.clv.numerics import minimised

__all__ = ["ShiftedGeometric", "fit_shifted_geometric"]

START, BOUNDS = (0.0, 1.0), ((-6.0, 8.0),) * 2  # of the logarithms of alpha and beta


@dataclass(frozen=True)
class ShiftedGeometric:
    """Describes how many periods contracts last, from two numbers.

    A customer leaves at each renewal with a constant chance, which varies between customers as a Beta with ``alpha``
    and ``beta``. So those who are left over time are those who seldom leave, and retention rises with age.

    Source: Fader and Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1).

    >>> regular = ShiftedGeometric(alpha=0.704, beta=1.182)
    >>> regular.survival([1, 2, 7]).round(2).tolist(), regular.retention([1, 7]).round(2).tolist()
    ([0.63, 0.47, 0.24], [0.63, 0.91])
    """

    alpha: float
    beta: float

    def survival(self, periods: ArrayLike) -> np.ndarray:
        """Return the chance to renew at least so many times, (n,)."""
        n = np.asarray(periods, np.float64)
        return np.asarray(np.exp(betaln(self.alpha, self.beta + n) - betaln(self.alpha, self.beta)))

    def retention(self, periods: ArrayLike) -> np.ndarray:
        """Return the chance of the n-th renewal, of those who renewed before, (n,)."""
        n = np.asarray(periods, np.float64)
        return np.asarray((self.beta + n - 1.0) / (self.alpha + self.beta + n - 1.0))


def fit_shifted_geometric(ended: ArrayLike, running: ArrayLike) -> ShiftedGeometric:
    """Estimate the law by maximum likelihood.

    Args:
        ended: contracts that ended at the first, second, ... renewal, (n,).
        running: contracts that were seen to renew 0, 1, 2, ... times and run on, (m,).

    Raises:
        ScoreError: a number of contracts is negative, or none was seen at a renewal.

    >>> years = np.array([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> law = fit_shifted_geometric(-np.diff(years), [0] * 7 + [years[-1]])
    >>> round(law.alpha, 3), round(law.beta, 3)
    (0.668, 3.806)
    """
    gone, left = (np.asarray(counts, np.float64) for counts in (ended, running))
    if min(gone.min(initial=0.0), left.min(initial=0.0)) < 0 or gone.sum() + left[1:].sum() <= 0:
        raise ScoreError(
            f"The law of renewals needs contracts that were seen at a renewal, got {gone.sum():,.0f} that ended and "
            f"{left[1:].sum():,.0f} that renewed. Give the numbers of contracts, each 0 or more."
        )
    at, passed = np.arange(1.0, len(gone) + 1.0), np.arange(float(len(left)))

    def loss(logs: np.ndarray) -> float:
        alpha, beta = np.exp(logs)
        whole = betaln(alpha, beta)
        likelihood = gone @ (betaln(alpha + 1.0, beta + at - 1.0) - whole)
        return float(-(likelihood + left @ (betaln(alpha, beta + passed) - whole)) / (gone.sum() + left.sum()))

    alpha, beta = np.exp(minimised(loss, np.array(START), bounds=BOUNDS))
    return ShiftedGeometric(float(alpha), float(beta))
