"""Rate correction: what a purchase process that knew half of a history got wrong about the other half."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from patron.models.clv.gamma_gamma import Buying
from patron.models.clv.numerics import Moments, minimised
from patron.models.clv.transactions import Array, Transactions, equal_rows, take

__all__ = ["CorrectedProcess", "RateCorrection", "fit_rate_correction"]

TRUST = 100.0  # orders that count as if they had come as expected: a small shop hardly corrects itself
SHARE = 0.75  # the next days are another season: all of the correction made half of the development sets worse
LEAST = 1e-3


@dataclass(frozen=True)
class RateCorrection:
    """Describes by which factor the expected orders of all customers are off, and of some more than of others.

    Args:
        level: logarithm of the factor for the orders of all customers together.
        slope: what it changes with the logarithm of a customer's expected orders, 0 or less: below 0 those of whom
            little is expected come back more often than expected, and those of whom much is, less often.
    """

    level: float = 0.0
    slope: float = 0.0

    def factors(self, expected: Array) -> Array:
        """Return by how much to multiply each of some customers' orders, (n,), so that their sum changes by the level.

        Args:
            expected: orders of these customers by the process within the days that the correction was learned on, (n,).

        >>> RateCorrection(slope=-0.5).factors(np.array([1.0, 4.0])).round(2).tolist()
        [1.67, 0.83]
        """
        if not self.slope:
            return np.full(len(expected), np.exp(self.level))
        shape = np.maximum(expected, LEAST) ** self.slope
        return np.asarray(np.exp(self.level) * shape * expected.sum() / max(float(expected @ shape), LEAST))


@dataclass(frozen=True, eq=False)
class CorrectedProcess:
    """A purchase process whose purchases come faster or slower by a factor for each of n customers, (n,)."""

    process: Buying
    factor: Array

    def moments(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Moments:
        """Return the moments of the corrected process: counts grow with the factor, pairs with its square."""
        first, back = equal_rows(history)
        once = self.process.moments(take(history, first), horizon, yearly_rate)
        plain, factor = Moments(*(part[back] for part in once)), self.factor
        none = np.exp(factor * np.log1p(-np.minimum(plain.p_any, 1.0 - 1e-12)))
        return Moments(1.0 - none, plain.sum * factor, plain.squares * factor, plain.pairs * factor**2)


def fit_rate_correction(expected: Array, bought: Array) -> RateCorrection:
    """Estimate how orders differ from what a process expected that was fitted to nothing but what came before them.

    The level is the ratio of all orders, the slope a Poisson regression on the logarithm of the expected orders. Three
    quarters of both are kept. No slope above 0 is: it would be carried furthest by the few who buy most.

    Parameters
    ----------
    expected : (n,) orders of each customer that the process expected.
    bought : (n,) orders that came.

    Source: calibration by level and slope (Cox 1958, Two Further Applications of a Model for Binary Regression), of
    counts (McCullagh and Nelder 1989, Generalized Linear Models, chapter 6).

    Examples
    --------
    >>> fit_rate_correction(expected=np.full(900, 2.0), bought=np.full(900, 1.0)).factors(np.ones(1)).round(2)
    array([0.62])
    """
    log_expected = np.log(np.maximum(expected, LEAST))
    z = log_expected - float(expected @ log_expected) / max(float(expected.sum()), LEAST)

    def loss(beta: Array) -> tuple[float, Array]:
        log_mean = np.minimum(log_expected + beta[0] + beta[1] * z, 20.0)
        mean, pull = np.exp(log_mean), TRUST * beta
        value = float((mean - bought * log_mean).sum() + 0.5 * (pull * beta).sum())
        return value, np.array([(mean - bought).sum(), z @ (mean - bought)]) + pull

    slope = float(minimised(loss, np.zeros(2), jac=True)[1])
    level = float(np.log((bought.sum() + TRUST) / (expected.sum() + TRUST)))
    return RateCorrection(SHARE * level, SHARE * min(slope, 0.0))
