"""Spend: what an order of each customer is worth, and what a customer is worth over a horizon, with its doubt."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betaincinv, gammaln, psi

from patron.errors import QuestionError
from patron.models.clv.numerics import FREE, Moments, Plain, minimised
from patron.models.clv.transactions import Array, Transactions, column, refuse_where, same_length

SAMPLE = 100_000  # customers that pin three numbers down far below a percent
LIMIT = 6.0  # log-parameters stay within e^6 of the data's own scale


class Buying(Protocol):
    """What a value forecast needs of a buy-till-you-die model."""

    def moments(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Moments:
        """Return the moments of the discounted number of purchases."""
        ...


class Worth(NamedTuple):
    """Money within the horizon, (n,) each: its mean, and the bounds of the interval."""

    expected: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Spend(Plain):
    """Describes the expected value of each customer's next order, from all their orders including the first.

    Orders of one customer vary as a Gamma with shape ``p``, and its rate varies between customers as a Gamma with
    shape ``q`` and rate ``gamma``. The expected order value is then the customer's own mean, shrunk towards
    ``mean`` as if ``prior_orders`` more orders of that value had been seen.

    Source: the Gamma-Gamma model of Colombo and Jiang (1999) and Fader, Hardie and Lee (2005), RFM and CLV, used
    here as an empirical-Bayes prior on all orders, with its mean set to the precision-weighted mean of the data.

    Examples
    --------
    >>> spend = Spend(p=2.0, q=5.0, mean=50.0)
    >>> spend.prior_orders
    2.0
    >>> spend.order_value(orders=[1, 8], total=[20.0, 800.0])
    array([40., 90.])
    """

    p: float
    q: float
    mean: float

    @property
    def prior_orders(self) -> float:
        """How many orders of the general mean count as much as the customer's own: (q - 1) / p."""
        return (self.q - 1.0) / self.p

    def order_value(self, orders: ArrayLike, total: ArrayLike) -> Array:
        """Return the expected value of the next order from ``orders`` (n,) with the sum ``total`` (n,), (n,)."""
        n, money = _checked(orders, total)
        return np.asarray((money + self.prior_orders * self.mean) / (n + self.prior_orders))


def fit_spend(
    orders: ArrayLike, total: ArrayLike, squares: ArrayLike | None = None, ahead: ArrayLike | None = None
) -> Spend:
    """Estimate how far order values differ within and between customers; it ends with a usable model on any amounts.

    Amounts of zero and below count for the general mean, not for the spread; means far beyond the usual (five
    robust standard deviations of the logarithm) are capped in the fit, so that one whale moves no one else.
    Give ``squares`` wherever you can: means alone hold little about the spread within a customer.

    Parameters
    ----------
    orders : (n,) orders of each customer, the first included; 0 or more, prospects take the general mean.
    total : (n,) sum of their values, in money; any sign.
    squares : (n,) sum of their squared values, or None where it is not known.
    ahead : (n,) orders that are expected of each, or None for equally many: who orders often may order for more, and
        the general mean is that of the orders to come.

    Raises
    ------
    HistoryError
        Where the arrays differ in length, hold gaps, or count negative orders.

    Source: shares of a customer's total are Dirichlet(p, ..., p) whatever the customer's level, so the sum of
    their squares has mean (p + 1) / (n p + 1), which gives p; the likelihood of the totals gives q.

    Examples
    --------
    >>> spend = fit_spend(orders=[1, 4, 2, 9], total=[10.0, 80.0, 60.0, 90.0])
    >>> bool(10.0 < spend.order_value([1], [10.0])[0] < spend.mean)
    True
    """
    n, money = _checked(orders, total)
    even = None if squares is None else _evenness(n, money, column(squares, "squares"))
    to_come = np.ones(len(n)) if ahead is None else column(ahead, "ahead")
    same_length({"orders": n, "ahead": to_come})
    n, money, to_come = n[n > 0], money[n > 0], to_come[n > 0]
    own = money / n
    cap = _cap(own[own > 0])
    own = np.clip(own, -cap, cap)
    p, q = _climb(n[own > 0], own[own > 0], even)
    trust = n / (n + (q - 1.0) / p) * to_come
    return Spend(p, q, float((trust * own).sum() / trust.sum()) if trust.sum() > 0 else 0.0)


def worth(
    model: Buying,
    spend: Spend,
    history: Transactions,
    total: ArrayLike,
    horizon: ArrayLike,
    yearly_rate: float = 0.1,
    level: float = 0.8,
) -> Worth:
    """Estimate what each customer will be worth within a horizon, discounted to the cutoff, with an interval.

    The interval is analytic, so the same customer gets the same bytes in any batch: the discounted sum of order
    sizes, given that there is an order, is matched by a Gamma, and divided by the customer's own Gamma of the
    order level; that ratio is a Beta prime distribution, with the chance of no order as a mass at 0.

    Parameters
    ----------
    model : a fitted ``ParetoNBD``, or one with a ``RateCorrection``.
    spend : a fitted ``Spend``.
    history : purchase histories of n customers; each has x + 1 orders.
    total : (n,) sum of all their orders, the first included, in money.
    horizon : days ahead, one number or (n,).
    yearly_rate : discount rate a year, 0.1 for 10 %.
    level : share of customers whose value should fall within the interval.

    Raises
    ------
    HistoryError, QuestionError
        Where lengths differ; where rate, horizon or level lie outside their range.

    Examples
    --------
    >>> from patron.models.clv.pareto_nbd import ParetoNBD
    >>> history = Transactions(x=[0, 4], t_x=[0, 200], T=[270, 270])
    >>> model, spend = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0), Spend(p=2.0, q=5.0, mean=50.0)
    >>> value = worth(model, spend, history, total=[20.0, 300.0], horizon=365)
    >>> value.expected.round(1)
    array([  5.2, 166.1])
    """
    n, money = _checked(history.x + 1.0, total)
    if not 0.0 < level < 1.0:
        raise QuestionError(
            f"The level of the interval must lie between 0 and 1. Got {level}. Pass level=0.8 for 80 %."
        )
    moments = model.moments(history, horizon, yearly_rate)
    expected = spend.order_value(n, money) * moments.sum
    tail = 0.5 * (1.0 - level)
    bounds = [_quantile(spend, moments, n, money, share) for share in (tail, 1.0 - tail)]
    return Worth(expected, np.minimum(*bounds), np.maximum(*bounds))


def _checked(orders: ArrayLike, total: ArrayLike) -> tuple[Array, Array]:
    columns = {"orders": column(orders, "orders"), "total": column(total, "total")}
    same_length(columns)
    refuse_where(
        columns["orders"] < 0,
        columns["orders"],
        "the number of orders is negative",
        "count orders: 0 or more",
    )
    return columns["orders"], columns["total"]


def _cap(own: Array) -> float:
    if not len(own):
        return np.inf
    logs = np.log(own)
    middle = np.median(logs)
    width = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.5)
    return float(np.exp(middle + 5.0 * width))


def _evenness(n: Array, money: Array, squares: Array) -> float | None:
    """Find the logarithm of p that explains how unequal the orders of one customer are; None if nobody tells."""
    same_length({"total": money, "squares": squares})
    # Squares above the squared total mean that returns were netted: such shares say nothing.
    telling = (n > 1) & (money > 0) & (squares <= money**2)
    if not telling.any():
        return None
    n, uneven = n[telling], squares[telling] / money[telling] ** 2

    def excess(log_p: float) -> float:
        p = np.exp(log_p)
        return float(((n - 1.0) * (uneven - (p + 1.0) / (n * p + 1.0))).sum())

    low, high = -LIMIT, LIMIT
    if excess(low) >= 0.0 or excess(high) <= 0.0:
        return low if excess(low) >= 0.0 else high
    return float(brentq(excess, low, high))


def _climb(n: Array, own: Array, even: float | None) -> tuple[float, float]:
    """Find the most likely p (unless ``even`` gives it) and q; free within the usual, pulled beyond."""
    if not len(n):
        return 1.0, 3.0
    some = slice(None, None, 1 + len(n) // SAMPLE)
    n, money = n[some], n[some] * own[some] / np.median(own)

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = _likelihood(theta, n, money)
        beyond = np.sign(theta) * np.maximum(np.abs(theta) - FREE, 0.0)
        return (0.5 * float((beyond**2).sum()) - value) / len(n), (beyond - slope) / len(n)

    bounds = [(-LIMIT, LIMIT) if even is None else (even, even)] + [(-LIMIT, LIMIT)] * 2
    stop = {"ftol": 1e-12, "gtol": 1e-7, "maxiter": 300}
    start = np.array([0.0 if even is None else even, 0.0, 0.0])
    best = minimised(loss, start, jac=True, bounds=bounds, options=stop)
    p, above, _ = np.exp(best).tolist()
    return p, 1.0 + above


def _likelihood(theta: Array, n: Array, money: Array) -> tuple[float, Array]:
    """Log-likelihood of the totals (up to a constant) and its slopes in log p, log(q - 1), log gamma."""
    p, above, gamma = np.exp(theta)
    q, shape = 1.0 + above, p * n
    share, rest = np.log(money / (gamma + money)), np.log(gamma / (gamma + money))
    value = gammaln(shape + q) - gammaln(shape) - gammaln(q) + shape * share + q * rest
    together = psi(shape + q)
    by_p = shape * (together - psi(shape) + share)
    by_q = above * (together - psi(q) + rest)
    by_gamma = q - gamma * (shape + q) / (gamma + money)
    return float(value.sum()), np.array([by_p.sum(), by_q.sum(), by_gamma.sum()])


def _quantile(spend: Spend, moments: Moments, n: Array, money: Array, share: float) -> Array:
    """Value that the spend within the horizon stays below with the chance ``share``, (n,)."""
    some = np.maximum(moments.p_any, 1e-12)
    middle = spend.p * moments.sum / some
    square = (spend.p * (1.0 + spend.p) * moments.squares + spend.p**2 * moments.pairs) / some
    variance = np.maximum(square - middle**2, 1e-9 * middle**2)
    within = np.clip((share - (1.0 - moments.p_any)) / some, 0.0, 1.0 - 1e-12)
    shape = np.where(middle > 0, middle**2 / np.where(middle > 0, variance, 1.0), 1.0)
    unit = np.where(middle > 0, variance / np.where(middle > 0, middle, 1.0), 0.0)
    y = betaincinv(shape, spend.q + spend.p * n, within)
    return np.asarray((spend.prior_orders * spend.mean + money) * unit * y / (1.0 - y))
