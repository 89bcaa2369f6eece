"""What a campaign could earn at best with a score, under money that the user states."""

from dataclasses import dataclass

import numpy as np

from patron.errors import PatronError
from patron.metrics.curves import gain

__all__ = ["Campaign", "expected_maximum_profit"]

STEPS = 2000


@dataclass(frozen=True)
class Campaign:
    """The money of a retention campaign; nothing of it is assumed.

    Args:
        value: what a kept customer is worth, in currency.
        incentive: what an accepted offer costs.
        contact: what contacting one customer costs.
        accepts: the two parameters of the Beta distribution of the share of leavers who accept and stay.

    Raises:
        PatronError: an amount is negative, or the value is not above the incentive.
    """

    value: float
    incentive: float
    contact: float
    accepts: tuple[float, float]

    def __post_init__(self) -> None:
        if min(self.incentive, self.contact) < 0 or self.value <= self.incentive or min(self.accepts) <= 0:
            raise PatronError(
                f"A campaign needs costs of 0 or more, a value above the incentive, and accepts above 0, got {self}. "
                "Write for example Campaign(value=200, incentive=10, contact=1, accepts=(6, 14))."
            )


def expected_maximum_profit(actual: np.ndarray, score: np.ndarray, campaign: Campaign) -> tuple[float, float]:
    """Learn what a score can earn for each customer when the best share of them is contacted.

    For every share of leavers who accept, the best cut on the convex hull of the ROC curve is taken, and its profit
    is averaged over what is believed of that share.

    Args:
        actual: 1 for leavers, shape (n,).
        score: higher is likelier to leave, shape (n,).
        campaign: the money.

    Returns:
        profit for each customer of the base in currency, and the share of customers to contact.

    Source: EMPC of Verbraken, Verbeke and Baesens (2013), A novel profit maximizing metric for measuring
    classification performance of customer churn prediction models, IEEE TKDE 25(5).

    >>> money = Campaign(value=200, incentive=10, contact=1, accepts=(6, 14))
    >>> profit, share = expected_maximum_profit(np.array([1, 0, 0, 0]), np.array([0.9, 0.2, 0.2, 0.1]), money)
    >>> round(profit, 2), round(share, 2)
    (14.0, 0.25)
    """
    actual = np.asarray(actual, dtype=np.float64)
    curve = gain(actual, score).to_numpy(dtype=np.float64)
    contacted, found = curve[:, 0], curve[:, 1] * actual.mean()
    accepted = (np.arange(STEPS) + 0.5) / STEPS
    belief = _beta(accepted, *campaign.accepts)
    kept = accepted * (campaign.value - campaign.incentive)
    profit = np.outer(kept, found) - campaign.incentive * (contacted - found) - campaign.contact * contacted
    best = profit.argmax(axis=1)
    return float(belief @ profit[np.arange(STEPS), best]), float(belief @ contacted[best])


def _beta(x: np.ndarray, a: float, b: float) -> np.ndarray:
    """Weights of the Beta distribution at equal steps, adding up to one."""
    logs = (a - 1.0) * np.log(x) + (b - 1.0) * np.log1p(-x)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())
