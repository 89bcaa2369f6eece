"""Rate correction: how much more or less often than a purchase process expects customers have bought so far."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from patron.models.clv.gamma_gamma import Buying
from patron.models.clv.numerics import Moments
from patron.models.clv.transactions import Array, Transactions

__all__ = ["CorrectedProcess", "RateCorrection", "fit_rate_correction"]

TRUST = 20.0  # prior rows in favour of no effect, on inputs of unit spread
NARROW = 0.25
SHARE = 0.5  # the next horizon is another season: all of the correction made some of them much worse
FURTHEST = 3.0
LEAST = 1e-3


@dataclass(frozen=True)
class RateCorrection:
    """Describes by which factor a customer's expected number of purchases is off.

    The logarithm of the factor is linear in the logarithms of purchases, days since the last and days since the
    first, each less its ``centre`` and over its ``scale``.
    """

    intercept: float = 0.0
    effects: tuple[float, ...] = (0.0, 0.0, 0.0)
    centre: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)

    def factor(self, history: Transactions) -> Array:
        """Return by how much to multiply what the process expects of each customer, (n,)."""
        z = (_inputs(history) - np.array(self.centre)) / np.array(self.scale)
        return np.exp(np.clip(self.intercept + z @ np.array(self.effects), -FURTHEST, FURTHEST))


@dataclass(frozen=True)
class CorrectedProcess:
    """A purchase process whose purchases come faster or slower for each customer by the factor of a correction."""

    process: Buying
    correction: RateCorrection

    def moments(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Moments:
        """Return the moments of the corrected process: counts grow with the factor, pairs with its square."""
        plain, factor = self.process.moments(history, horizon, yearly_rate), self.correction.factor(history)
        none = np.exp(factor * np.log1p(-np.minimum(plain.p_any, 1.0 - 1e-12)))
        return Moments(1.0 - none, plain.sum * factor, plain.squares * factor, plain.pairs * factor**2)


def fit_rate_correction(history: Transactions, expected: Array, bought: Array) -> RateCorrection:
    """Estimate where a process was off from what it expected and what customers then bought.

    Poisson regression of the counts on the three numbers of a history, starting from the logarithm of what was
    expected, with a normal prior on the effects, so that few customers change little. Half of the estimate is kept.

    Parameters
    ----------
    history : n customers as they were before the purchases counted.
    expected : (n,) purchases that the process expected.
    bought : (n,) purchases that came.

    Source: Poisson regression with an offset (McCullagh and Nelder 1989, Generalized Linear Models, chapter 6).

    Examples
    --------
    >>> past = Transactions(x=[0, 1, 2, 3] * 50, t_x=[0, 30, 60, 90] * 50, T=[120] * 200)
    >>> correction = fit_rate_correction(past, expected=np.full(200, 2.0), bought=np.full(200, 1.0))
    >>> correction.factor(past)[:2].round(2)
    array([0.71, 0.71])
    """
    inputs = _inputs(history)
    centre, scale = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), NARROW)
    z = np.column_stack([np.ones(len(inputs)), (inputs - centre) / scale])
    start = np.log(np.maximum(expected, LEAST))

    def loss(beta: Array) -> tuple[float, Array]:
        log_mean = np.minimum(z @ beta + start, 20.0)
        mean, pull = np.exp(log_mean), TRUST * np.concatenate([[0.0], beta[1:]])
        value = float((mean - bought * log_mean).sum() + 0.5 * (pull * beta).sum())
        return value, z.T @ (mean - bought) + pull

    beta = SHARE * minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B").x
    return RateCorrection(float(beta[0]), tuple(beta[1:].tolist()), tuple(centre.tolist()), tuple(scale.tolist()))


def _inputs(history: Transactions) -> Array:
    return np.log1p(np.column_stack([history.x + 1.0, history.T - history.t_x, history.T]))
