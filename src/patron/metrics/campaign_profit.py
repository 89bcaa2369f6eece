"""Compute what a retention campaign earns that treats the riskiest customers first, from columns alone.

Campaign money has no defaults here: a figure with another business's money in it is no figure of this one.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from patron.errors import PatronError, is_number
from patron.metrics.columns import Column, Floats, binary, rows

__all__ = ["CampaignProfit", "expected_maximum_profit", "maximum_profit"]


class CampaignProfit(NamedTuple):
    """What a campaign earns at its best size.

    Args:
        profit: for each customer of all, treated or not, in currency.
        share: of all customers who are treated, the riskiest first.
    """

    profit: float
    share: float


def maximum_profit(
    actual: Column, score: Column, *, value: float, incentive: float, contact: float, accepted: float
) -> CampaignProfit:
    """Compute the profit of treating just as many of the riskiest customers as earns the most (MPC).

    `actual` (n,) is 1 for who leaves, `score` (n,) rises with the risk, `value` the profit of a kept customer,
    `incentive` the cost of the offer where it is taken, `contact` that of making it, all in currency; `accepted` is the
    share of leavers who take it and stay; those who would stay all take it. Customers of one score are treated as one.
    Raises PatronError for money that is negative, a share out of [0, 1] and columns that do not fit. Source: Verbeke et
    al. (2012), "New insights into churn prediction in the telecommunication sector".

    >>> maximum_profit([1, 0, 1, 0], [0.9, 0.7, 0.7, 0.1], value=200, incentive=10, contact=1, accepted=0.3)
    CampaignProfit(profit=25.25, share=0.75)
    """
    _check(value=value, incentive=incentive, contact=contact)
    if not (is_number(accepted) and 0 <= accepted <= 1):
        raise PatronError(f"accepted is a share from 0 to 1, got {accepted!r}. Write accepted=0.3.")
    slope, base, share = _lines(actual, score, value, incentive, contact)
    profit = slope * accepted + base
    best = int(profit.argmax())
    return CampaignProfit(float(profit[best]), float(share[best]))


def expected_maximum_profit(
    actual: Column, score: Column, *, value: float, incentive: float, contact: float, alpha: float, beta: float
) -> CampaignProfit:
    """Compute the same where the share who take the offer is Beta(alpha, beta), and known when treating (EMPC).

    Arguments as for `maximum_profit`; the mean of the share is alpha / (alpha + beta). Source: Verbraken, Verbeke and
    Baesens (2013), "A novel profit maximizing metric for measuring classification performance of customer churn
    prediction models", who take 200, 10 and 1 for value, incentive and contact, and Beta(6, 14).

    >>> figure = expected_maximum_profit(
    ...     [1, 0, 1, 0], [0.9, 0.7, 0.7, 0.1], value=200, incentive=10, contact=1, alpha=6, beta=14
    ... )
    >>> round(figure.profit, 6), round(figure.share, 6)
    (25.250396, 0.74958)
    """
    from scipy.special import betainc

    _check(value=value, incentive=incentive, contact=contact)
    for name, shape in (("alpha", alpha), ("beta", beta)):
        if not (is_number(shape) and shape > 0):
            raise PatronError(f"{name} of Beta(alpha, beta) is a number above 0, got {shape!r}. Write {name}=6.")
    slope, base, share = _lines(actual, score, value, incentive, contact)
    edges = np.clip(-np.diff(base) / np.where(np.diff(slope) > 0, np.diff(slope), 1.0), 0.0, 1.0)
    edges = np.maximum.accumulate(np.concatenate([[0.0], edges, [1.0]]))
    chance, mass = np.diff(betainc(alpha, beta, edges)), np.diff(betainc(alpha + 1, beta, edges))
    mean = alpha / (alpha + beta)
    return CampaignProfit(float((slope * mean * mass + base * chance).sum()), float((share * chance).sum()))


def _lines(
    actual: Column, score: Column, value: float, incentive: float, contact: float
) -> tuple[Floats, Floats, Floats]:
    """The profit of each size of campaign that can be the best, as a line over the share that accepts.

    Returns:
        slope and value at none, and the share of customers treated; sizes are the corners of the ROC hull.
    """
    _, true, guess = rows(None, actual=actual, score=score)
    leavers, stayers = _hull(binary("actual", true), guess)
    if value <= incentive:
        leavers, stayers = leavers[:1], stayers[:1]  # whoever is kept costs more than it brings
    total = len(true)
    slope = (value - incentive) * leavers / total
    base = -(contact * leavers + (incentive + contact) * stayers) / total
    return slope, base, (leavers + stayers) / total


def _hull(true: Floats, guess: Floats) -> tuple[Floats, Floats]:
    """Leavers and stayers treated at each corner of the ROC hull, from nobody to the last corner with more leavers."""
    from sklearn.isotonic import isotonic_regression

    _, group = np.unique(-guess, return_inverse=True)
    leavers = np.bincount(group, weights=true)
    count = np.bincount(group).astype(float)
    rate = isotonic_regression(leavers / count, sample_weight=count, increasing=False)
    ends = np.append(np.flatnonzero(np.diff(rate)), len(rate) - 1)
    ends = ends[rate[ends] > 0]
    reached: tuple[npt.NDArray[np.float64], ...] = (leavers.cumsum()[ends], (count - leavers).cumsum()[ends])
    return np.append(0.0, reached[0]), np.append(0.0, reached[1])


def _check(**money: float) -> None:
    for name, amount in money.items():
        if not (is_number(amount) and amount >= 0):
            raise PatronError(f"{name} is money of 0 or more, got {amount!r}. Write {name}=10.0, what yours is.")
