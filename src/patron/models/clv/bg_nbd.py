"""BG/NBD: customers who may leave only right after a purchase, the simpler second opinion to Pareto/NBD."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, exprel, gammaln, psi

from patron.models.clv.numerics import Moments, Plain, by_rows, maximise, nodes, pile, scales, tamed
from patron.models.clv.transactions import Array, Transactions, daily, distinct, each

CHANCE_NODES = 16


@dataclass(frozen=True)
class BGNBD(Plain):
    """Tells when and how often customers buy again, if they leave only right after a purchase.

    Purchases come at a constant rate, which varies between customers as a Gamma with shape ``r`` and rate
    ``alpha`` (days); after each repeat purchase the customer leaves with a chance that varies as a Beta with
    ``a`` and ``b``. A customer without repeat purchase is therefore always alive: never read ``p_alive`` as
    the opposite of churn.

    Source: Fader, Hardie and Lee (2005), Counting Your Customers the Easy Way, Marketing Science 24(2).

    Examples
    --------
    >>> model = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)
    >>> history = Transactions(x=[0, 4], t_x=[0, 200], T=[270, 270])
    >>> model.p_purchase(history, horizon=90).round(3)
    array([0.062, 0.463])
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float | None = None

    def p_alive(self, history: Transactions) -> Array:
        """Tell how likely each customer has not left yet at the cutoff, (n,): 1 without repeat purchase."""
        return np.asarray(expit(-_log_left(self.r, self.alpha, self.a, self.b, history)))

    def p_purchase(self, history: Transactions, horizon: ArrayLike) -> Array:
        """Tell how likely each customer buys at least once within ``horizon`` days (one, or (n,)), (n,)."""
        days = each(horizon, "horizon", len(history.x))
        silent = np.exp(-(self.r + history.x) * np.log1p(days / (self.alpha + history.T)))
        return np.asarray(self.p_alive(history) * (1.0 - silent))

    def expected_purchases(self, history: Transactions, horizon: ArrayLike) -> Array:
        """Tell how many purchases to expect within ``horizon`` days (one, or (n,)), (n,)."""
        return self.discounted_purchases(history, horizon, yearly_rate=0.0)

    def discounted_purchases(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Array:
        """Tell the present number of purchases within ``horizon`` days, each discounted to the cutoff, (n,)."""
        return self.moments(history, horizon, yearly_rate).sum

    def moments(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Moments:
        """Give what an interval around a sum over the purchases within ``horizon`` days needs, (n,) each."""
        days = each(horizon, "horizon", len(history.x))
        counts, place = np.unique(history.x, return_inverse=True)
        chance, weight = _beta_nodes(self.a, self.b + counts)
        sums = partial(_sums, daily(yearly_rate))
        columns = chance[place].T, weight[place].T, self.r + history.x, self.alpha + history.T, days
        once, squares, pairs = by_rows(sums, *columns) * self.p_alive(history)
        return Moments(self.p_purchase(history, days), once, squares, pairs)


def fit_bg_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> BGNBD:
    """Learn how customers buy and leave from one line each; it ends with a usable model on any valid input.

    Parameters
    ----------
    x, t_x, T : (n,) repeat purchases, days from first to last purchase, days from first purchase to the cutoff.
    weights : (n,) customers that each line stands for; one each if None.

    Raises
    ------
    HistoryError
        Where the arrays do not fit together or contradict themselves (see ``Transactions``).

    Source: maximum likelihood (Fader, Hardie and Lee 2005), with a prior that only acts on degenerate data.

    Examples
    --------
    >>> model = fit_bg_nbd(x=[0, 1, 5, 0], t_x=[0, 60, 300, 0], T=[360, 360, 330, 90])
    >>> bool(model.alpha > 0)
    True
    """
    raw = Transactions(x, t_x, T)
    history, counts = distinct(raw, each(1.0 if weights is None else weights, "weights", len(raw.x)))
    unit, pace = scales(history, counts)
    seen = Transactions(tamed(history.x, counts), history.t_x / unit, history.T / unit)
    theta, value = maximise(_score, seen, counts, np.log([1.0, pace, 1.0, 1.0]), effects=0)
    r, rate, a, b = np.exp(theta).tolist()
    value -= float((counts * seen.x).sum()) * float(np.log(unit))
    return BGNBD(r, r / rate * unit, a, b, value)


def _log_left(r: float, alpha: float, a: float, b: float, history: Transactions) -> Array:
    """Log odds of having left after the last purchase, (n,); minus infinity without repeat purchase."""
    grown = (r + history.x) * np.log((alpha + history.T) / (alpha + history.t_x))
    return np.where(history.x > 0, np.log(a / np.maximum(b + history.x - 1.0, b)) + grown, -np.inf)


def _score(theta: Array, history: Transactions, counts: Array) -> tuple[float, Array]:
    """Log-likelihood and slopes in log r, log r/alpha, log a, log b."""
    r, rate, a, b = np.exp(theta)
    alpha, x = r / rate, history.x
    now, last = alpha + history.T, alpha + history.t_x
    odds = _log_left(r, alpha, a, b, history)
    left, stayed = expit(odds), expit(-odds)
    rates = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(now)
    stays = gammaln(b + x) - gammaln(b) + gammaln(a + b) - gammaln(a + b + x)
    by_r = r * (psi(r + x) - psi(r) + np.log(alpha) - stayed * np.log(now) - left * np.log(last))
    by_alpha = r - alpha * (r + x) * (stayed / now + left / last)
    by_a = a * (psi(a + b) - psi(a + b + x)) + left
    by_b = b * (psi(b + x) - psi(b) + psi(a + b) - psi(a + b + x) - left / np.maximum(b + x - 1.0, b))
    value = (rates + stays + np.logaddexp(0.0, odds)) * counts
    slopes = np.stack([by_r + by_alpha, -by_alpha, by_a, by_b]) * counts
    return float(value.sum()), slopes.sum(axis=1)


def _beta_nodes(a: float, b: Array) -> tuple[Array, Array]:
    """Gauss-Jacobi nodes and weights for means over Beta(a, b), (m, K) each, after Golub and Welsch (1969)."""
    k, t = np.arange(CHANCE_NODES)[:, None], a + b
    d = 2.0 * k + t - 2.0
    middle = 0.5 + 0.5 * (a - b) * (t - 2.0) / np.where(k == 0, 1.0, d * (d + 2.0))
    middle[0] = a / t
    side = k * (k + a - 1.0) * (k + b - 1.0) * (k + t - 2.0) / np.where(k < 2, 1.0, d**2 * (d + 1.0) * (d - 1.0))
    side[1] = a * b / (t**2 * (t + 1.0))
    matrix = np.zeros((len(b), CHANCE_NODES, CHANCE_NODES))
    rows = np.arange(CHANCE_NODES)
    matrix[:, rows, rows] = middle.T
    matrix[:, rows[1:], rows[:-1]] = np.sqrt(side[1:]).T
    chance, vectors = np.linalg.eigh(matrix)
    return np.clip(chance, 0.0, 1.0), vectors[:, 0, :] ** 2


def _sums(rate: float, chance: Array, weight: Array, shape: Array, scale: Array, days: Array) -> Array:
    """Discounted purchases, twice discounted ones, pairs of them, for customers alive at the cutoff, (3, n)."""
    u, step = nodes(days, (shape + 1.0) / scale + rate)
    kept, p = step * np.exp(-rate * u), chance[:, None, :]
    fall = np.exp(-(shape + 1.0) * np.log1p(p * u / scale))
    often = shape / scale * np.einsum("kn,kjn->jn", weight, fall)
    earlier = u * exprel(-rate * u)
    both = np.einsum("kn,kjn->jn", weight * (1.0 - chance), fall / (1.0 + p * u / scale))
    pairs = 2.0 * shape * (shape + 1.0) / scale**2 * kept * earlier * both
    return np.stack([pile(kept * often), pile(kept * np.exp(-rate * u) * often), pile(pairs)])
