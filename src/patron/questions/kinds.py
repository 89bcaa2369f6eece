"""Kinds of question: churn, the next purchase, the tier of profit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np

from patron import features as built_in
from patron.errors import QuestionError
from patron.features.measures import Feature, measure
from patron.history.history import History
from patron.periods import EVER, span
from patron.questions.profit import CostModel, profit_over
from patron.questions.question import Question, are_days_within, days_within

__all__ = ["Churn", "NextPurchase", "Tier", "churn", "next_purchase", "tier"]

TIERS: Mapping[str, float] = {"platinum": 0.05, "gold": 0.20}


@dataclass(frozen=True)
class Churn(Question):
    """Will this customer leave: no order within the horizon, and not paid up for all of it."""

    name = "churn"
    settled_column = built_in.prepaid.PAID_AHEAD
    label_words = "1 for left, 0 for stayed"

    def is_label(self, label: np.ndarray) -> np.ndarray:
        """Return which values are 0 or 1."""
        return np.isin(label, (0.0, 1.0))

    def label(self, history: History) -> Feature:
        """Return 1 where no order came within the horizon, else 0."""

        @measure(windows=(self.horizon,), empty=1)
        def churned(orders):
            """No order within the horizon."""
            return (orders.count() == 0).cast("int8")

        return churned

    def settled(self, history: History) -> Feature | None:
        """Return the days for which is paid in advance, where orders carry a term."""
        return next(iter(built_in.available(history, built_in.prepaid.ALL)[0]), None)

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return those of every question, and the days for which is paid in advance."""
        return (*super().baselines(history), *built_in.available(history, built_in.prepaid.ALL)[0])


@dataclass(frozen=True)
class NextPurchase(Question):
    """When will this customer buy next; the horizon is the longest time that is looked at.

    Args:
        within: the days for which a probability of purchase is given, each at most the horizon.
    """

    within: tuple[int, ...] = (30,)

    name = "next_purchase"
    with_baskets = True
    label_words = "the days until the next order, from 0 to below the horizon, and empty where none came"

    def is_label(self, label: np.ndarray) -> np.ndarray:
        """Return which values are days within the horizon, or unknown."""
        return are_days_within(label, self.horizon)

    def __post_init__(self) -> None:
        super().__post_init__()
        longest = self.horizon.days or 0
        if not self.within or not all(isinstance(day, Integral) and 1 <= day <= longest for day in self.within):
            raise QuestionError(
                f"Next purchase is asked within {self.within} days, but its horizon is {self.horizon}. "
                "Ask for whole days from 1 to the horizon."
            )

    def label(self, history: History) -> Feature:
        """Return the days until the next order; null where none came within the horizon."""

        @measure(windows=(self.horizon,), unit="days")
        def days_until(orders):
            """Days until the next order."""
            return orders.days_ahead.min()

        return days_until


@dataclass(frozen=True)
class Tier(Question):
    """What will this customer be worth, after what they cost.

    Args:
        costs: what is left of money that comes in.
        tiers: share of the profitable customers in each tier, best first; the rest of them are `rest`.
        thresholds: lowest profit of each tier of `tiers`, in currency; found from the shares on training rows
            where it is not given.
        rest: name of the tier of the other customers with a profit.
        unprofitable: name of the tier of customers with no profit or a loss.
    """

    costs: CostModel = field(default_factory=CostModel)
    tiers: Mapping[str, float] = field(default_factory=lambda: dict(TIERS))
    thresholds: tuple[float, ...] = ()
    rest: str = "iron"
    unprofitable: str = "lead"

    name = "tier"
    label_words = "the profit over the horizon"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.costs, CostModel):
            raise QuestionError(
                f"What is left of an order is said by a cost model, got {type(self.costs).__name__}. "
                "Write for example costs=pt.CostModel(margin_rate=0.35)."
            )
        if not self.tiers or min(self.tiers.values()) <= 0 or sum(self.tiers.values()) >= 1:
            raise QuestionError(
                f"The shares of the tiers must be above 0 and leave room for {self.rest!r}, got {dict(self.tiers)}. "
                "Write for example platinum = 0.05, gold = 0.20."
            )
        given = list(self.thresholds)
        if given and (len(given) != len(self.tiers) or given != sorted(given, reverse=True) or given[-1] <= 0):
            raise QuestionError(
                f"Thresholds are the lowest profit of each tier ({', '.join(self.tiers)}), falling and above 0, "
                f"got {given}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The tiers, worst first."""
        return (self.unprofitable, self.rest, *reversed(list(self.tiers)))

    @property
    def baseline_columns(self) -> tuple[str, ...]:
        """The columns of `baselines`, in their order."""
        return *self.required_columns, "recency", "orders", "spend"

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The profit of the last horizon, beside which a tier is told."""
        return (f"profit_{self.horizon}",)

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return the profit of the last horizon, then recency, frequency and money."""
        money = built_in.purchases.spend.over(EVER)
        return (profit_over(history, self.costs, self.horizon), *super().baselines(history)[1:], money)

    def label(self, history: History) -> Feature:
        """Return the profit over the horizon, in currency."""
        return profit_over(history, self.costs, self.horizon)


def churn(
    horizon: int | str,
    active_in: int | str | None = None,
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> Churn:
    """Ask who will place no order within the *horizon*, of customers with an order in the last *active_in*.

    Both are days, or a text such as "3 months", which are those of the calendar.

    >>> churn(horizon=90, active_in=365).horizon.days
    90
    >>> churn(horizon="3 months", active_in="1 year").active_in.months
    12
    """
    return Churn(span(horizon), span(active_in), tuple(features), own=tuple(own))


def next_purchase(
    horizon: int | str,
    within: int | str | Sequence[int | str] = (30,),
    active_in: int | str | None = None,
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> NextPurchase:
    """Ask when the next order comes, up to *horizon* days ahead, and how likely it is *within* fewer days or months.

    >>> next_purchase(horizon=90, within=(30,)).within
    (30,)
    """
    return NextPurchase(span(horizon), span(active_in), tuple(features), days_within(within), own=tuple(own))


def tier(
    horizon: int | str,
    costs: CostModel = CostModel(),
    tiers: Mapping[str, float] | None = None,
    active_in: int | str | None = None,
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> Tier:
    """Ask what customers will be worth over *horizon* days, in tiers of profit.

    Without *costs* the orders must say in a `margin` or `cost` of their own what is left of their amounts.

    >>> tier(horizon=90, costs=CostModel(margin_rate=0.4)).names
    ('lead', 'iron', 'gold', 'platinum')
    """
    return Tier(span(horizon), span(active_in), tuple(features), costs, dict(tiers or TIERS), own=tuple(own))
