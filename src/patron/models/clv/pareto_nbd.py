"""Pareto/NBD: how often customers buy while they stay, how fast they leave, and what follows for any horizon."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exprel, gammaln, psi

from patron.errors import ScoreError
from patron.models.clv.numerics import (
    Decay,
    Moments,
    Plain,
    by_rows,
    decay,
    integrate,
    maximise,
    nodes,
    scales,
    winsorized,
)
from patron.models.clv.transactions import Array, Transactions, daily, distinct, each

__all__ = ["DropoutPrior", "ParetoNBD", "fit_pareto_nbd"]


@dataclass(frozen=True)
class DropoutPrior:
    """Describes what is known of the shape ``s`` of leaving before a history tells: its logarithm is about normal."""

    middle: float
    spread: float

    def penalty(self, theta: Array) -> tuple[float, Array]:
        """Return what the parameters of a fit cost, and its slopes."""
        off = (theta[2] - np.log(self.middle)) / self.spread
        slopes = np.zeros(len(theta))
        slopes[2] = off / self.spread
        return 0.5 * float(off**2), slopes


@dataclass(frozen=True)
class ParetoNBD(Plain):
    """Describes when and how often customers buy again, from three numbers each.

    While customers stay, their purchases come at a constant rate, which varies between them as a Gamma with shape
    ``r`` and rate ``alpha`` (days); they leave at another constant rate, a Gamma with shape ``s`` and rate
    ``beta`` (days). Where covariates were given, each is standardised with ``centre`` and ``scale`` to z, and
    alpha becomes alpha exp(-z g), beta becomes beta exp(-z b), with g the ``purchase_effects`` and b the
    ``dropout_effects``: a positive effect means more purchases, or an earlier end.

    Source: Schmittlein, Morrison and Colombo (1987), Counting Your Customers, Management Science 33(1); Fader and
    Hardie (2005), A Note on Deriving the Pareto/NBD Model; Fader and Hardie (2007), Incorporating Time-Invariant
    Covariates into the Pareto/NBD and BG/NBD Models.

    Examples
    --------
    >>> model = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0)
    >>> history = Transactions(x=[0, 4], t_x=[0, 200], T=[270, 270])
    >>> model.p_purchase(history, horizon=90).round(3)
    array([0.033, 0.491])
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float | None = None
    purchase_effects: tuple[float, ...] = ()
    dropout_effects: tuple[float, ...] = ()
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    def p_alive(self, history: Transactions) -> Array:
        """Return how likely each customer has not left yet at the cutoff, (n,); for churn use ``p_purchase``."""
        alpha, beta = self._rates(history)
        return by_rows(partial(_p_alive, self.r, self.s), history.x, history.t_x, history.T, alpha, beta)

    def p_purchase(self, history: Transactions, horizon: ArrayLike) -> Array:
        """Return how likely each customer buys at least once within ``horizon`` days (one, or (n,)), (n,)."""
        alpha, beta = self._rates(history)
        days = each(horizon, "horizon", len(alpha))
        chance = partial(_p_purchase_alive, self.s)
        return self.p_alive(history) * by_rows(chance, self.r + history.x, alpha + history.T, beta + history.T, days)

    def expected_purchases(self, history: Transactions, horizon: ArrayLike) -> Array:
        """Return how many purchases to expect within ``horizon`` days (one, or (n,)), (n,)."""
        alpha, beta = self._rates(history)
        b = beta + history.T
        y = np.log1p(each(horizon, "horizon", len(b)) / b)
        days_stayed = b * y * exprel((1.0 - self.s) * y)
        return np.asarray(self.p_alive(history) * (self.r + history.x) / (alpha + history.T) * days_stayed)

    def discounted_purchases(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Array:
        """Return the present number of purchases within ``horizon`` days, each discounted to the cutoff, (n,)."""
        return self.moments(history, horizon, yearly_rate).sum

    def moments(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Moments:
        """Return what an interval around a sum over the purchases within ``horizon`` days needs, (n,) each."""
        alpha, beta = self._rates(history)
        days = each(horizon, "horizon", len(beta))
        once, squares, pairs = by_rows(partial(_stay, self.s, daily(yearly_rate)), beta + history.T, days)
        shape, rate, alive = self.r + history.x, alpha + history.T, self.p_alive(history)
        often, often_squared = alive * shape / rate, alive * shape * (shape + 1.0) / rate**2
        return Moments(self.p_purchase(history, horizon), often * once, often * squares, often_squared * pairs)

    def _rates(self, history: Transactions) -> tuple[Array, Array]:
        if history.z.shape[1] != len(self.centre):
            raise ScoreError(
                f"This Pareto/NBD was fitted with {len(self.centre)} covariates. The histories to score have "
                f"{history.z.shape[1]}. Pass Transactions(x, t_x, T, covariates) with the columns of the fit."
            )
        z = (history.z - np.array(self.centre)) / np.array(self.scale)
        alpha = _scaled(self.alpha, z, np.array(self.purchase_effects))
        return alpha, _scaled(self.beta, z, np.array(self.dropout_effects))


def fit_pareto_nbd(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    prior: DropoutPrior | None = None,
) -> ParetoNBD:
    """Estimate how customers buy and leave from one line each; it ends with a usable model on any valid input.

    Parameters
    ----------
    x, t_x, T : (n,) repeat purchases, days from first to last purchase, days from first purchase to the cutoff.
    weights : (n,) customers that each line stands for; one each if None.
    covariates : (n, k) timeless numbers about the customers; standardised inside.
    prior : of the shape of leaving, which short histories hardly tell; None for none.

    Raises
    ------
    HistoryError
        Where the arrays do not fit together or contradict themselves (see ``Transactions``).

    Source: maximum likelihood (Fader and Hardie 2005), its gradient as the posterior mean of the gradient given
    the time of leaving (Fisher's identity, Louis 1982), with a prior that only acts on degenerate data.

    Examples
    --------
    >>> model = fit_pareto_nbd(x=[0, 1, 5, 0], t_x=[0, 60, 300, 0], T=[360, 360, 330, 90])
    >>> bool(model.alpha > 0)
    True
    """
    raw = Transactions(x, t_x, T, covariates)
    each_counts = each(1.0 if weights is None else weights, "weights", len(raw.x))
    z, centre, scale = _standards(raw.z, each_counts)
    history, counts = distinct(Transactions(raw.x, raw.t_x, raw.T, z), each_counts)
    unit, rate_centre = scales(history, counts)
    seen = Transactions(winsorized(history.x, counts), history.t_x / unit, history.T / unit, history.covariates)
    theta, _ = maximise(
        partial(_posterior, prior), seen, counts, np.log([1.0, rate_centre, 1.0, 1.0]), effects=2 * len(centre)
    )
    r, rate, s, dropout = np.exp(theta[:4]).tolist()
    gain, loss = (tuple(part.tolist()) for part in np.split(theta[4:], 2))
    value = _score(theta, seen, counts)[0] - float((counts * seen.x).sum()) * float(np.log(unit))
    return ParetoNBD(r, r / rate * unit, s, s / dropout * unit, value, gain, loss, centre, scale)


def _standards(z: Array, counts: Array) -> tuple[Array, tuple[float, ...], tuple[float, ...]]:
    share = (counts / max(counts.sum(), 1e-300))[:, None]
    centre = (share * z).sum(axis=0)
    scale = np.sqrt((share * (z - centre) ** 2).sum(axis=0))
    # A constant column keeps its unit, so that its effect stays at the prior's 0.
    scale = np.where(scale > 1e-12 * (1.0 + np.abs(centre)), scale, 1.0)
    return (z - centre) / scale, tuple(centre.tolist()), tuple(scale.tolist())


def _scaled(scale: float, z: Array, effects: Array) -> Array:
    # Beyond e^20 a factor means never or at once; the limit keeps one absurd covariate from overflowing.
    return np.asarray(scale * np.exp(-np.clip(z @ effects, -20.0, 20.0)))


def _posterior(prior: DropoutPrior | None, theta: Array, history: Transactions, counts: Array) -> tuple[float, Array]:
    value, slopes = _score(theta, history, counts)
    if prior is None:
        return value, slopes
    cost, pull = prior.penalty(theta)
    return value - cost, slopes - pull


def _score(theta: Array, history: Transactions, counts: Array) -> tuple[float, Array]:
    """Log-likelihood and slopes in log r, log r/alpha, log s, log s/beta and the effects.

    Mean rates instead of scales, because r and alpha, s and beta are nearly collinear.
    """
    z = history.z
    (r, rate, s, dropout), (gain, loss) = np.exp(theta[:4]), np.split(theta[4:], 2)
    shifted = _scaled(r / rate, z, gain), _scaled(s / dropout, z, loss)
    rows = by_rows(partial(_row_score, r, s), history.x, history.t_x, history.T, *shifted) * counts
    value, by_r, by_alpha, by_s, by_beta = rows.sum(axis=1)
    slopes = [by_r + by_alpha, -by_alpha, by_s + by_beta, -by_beta]
    return float(value), np.concatenate([slopes, -(rows[2] @ z), -(rows[4] @ z)])


def _row_score(r: float, s: float, x: Array, t_x: Array, T: Array, alpha: Array, beta: Array) -> Array:
    """Log-likelihood and its slopes in log r, log alpha, log s, log beta, (5, n)."""
    a, b = alpha + t_x, beta + t_x
    stayed, left, seen = _fates(r, s, x, a, b, T - t_x)
    total = stayed + left.sum(axis=0)
    stayed, left = stayed / total, left / total
    gone = left.sum(axis=0)
    log_a = np.log(a) + stayed * np.log1p((T - t_x) / a) + (left * seen.log_a).sum(axis=0)
    log_b = np.log(b) + stayed * np.log1p((T - t_x) / b) + (left * seen.log_b).sum(axis=0)
    per_a = stayed / (alpha + T) + (left / (a + seen.u)).sum(axis=0)
    per_b = s * stayed / (beta + T) + (s + 1.0) * (left / (b + seen.u)).sum(axis=0)
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return np.stack(
        [
            start - (r + x) * np.log(a) - s * np.log(b) + np.log(total),
            r * (psi(r + x) - psi(r) + np.log(alpha) - log_a),
            r - alpha * (r + x) * per_a,
            s * (np.log(beta) - log_b) + gone,
            s - beta * per_b,
        ]
    )


def _fates(r: float, s: float, x: Array, a: Array, b: Array, wait: Array) -> tuple[Array, Array, Decay]:
    """Likelihood of having stayed (n,), of having left at each node (K, n), relative to leaving after t_x."""
    stayed = np.exp(-(r + x) * np.log1p(wait / a) - s * np.log1p(wait / b))
    seen = decay(wait, r + x, a, s + 1.0, b)
    return stayed, s / b * seen.weight, seen


def _p_alive(r: float, s: float, x: Array, t_x: Array, T: Array, alpha: Array, beta: Array) -> Array:
    stayed, left, _ = _fates(r, s, x, alpha + t_x, beta + t_x, T - t_x)
    return np.asarray(stayed / (stayed + left.sum(axis=0)))


def _p_purchase_alive(s: float, shape: Array, a: Array, b: Array, days: Array) -> Array:
    """Chance that the next event within the horizon is a purchase: the integral of its density while staying."""
    return np.minimum(1.0, integrate(shape / a * decay(days, shape + 1.0, a, s, b).weight))


def _stay(s: float, rate: float, b: Array, days: Array) -> Array:
    """Integrals over the time stayed: discounted days, twice discounted days, pairs of discounted days, (3, n)."""
    u, step = nodes(days, (s + 1.0) / b + rate)
    stay = step * np.exp(-s * np.log1p(u / b) - rate * u)
    earlier = u * exprel(-rate * u)
    return np.stack([integrate(stay), integrate(stay * np.exp(-rate * u)), integrate(2.0 * stay * earlier)])
