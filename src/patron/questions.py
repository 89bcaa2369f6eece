"""Questions: what is asked of a customer at a cutoff, and the rows that answer it.

`rows` makes the features and `labels` what came of them. Training and scoring both go through `rows`, so a feature
cannot mean one thing in one place and another elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from numbers import Integral

import ibis
from ibis.expr.types import Table

from patron import features as built_in
from patron.errors import QuestionError, listed
from patron.history import History
from patron.measures import Feature, Measure, measure
from patron.panels import Panel
from patron.periods import EVER, Span
from patron.plan import answered, definitions
from patron.profit import CostModel, profit_over

__all__ = ["Churn", "NextPurchase", "Question", "Tier", "churn", "labels", "next_purchase", "rows", "tier", "together"]

TIERS: Mapping[str, float] = {"platinum": 0.05, "gold": 0.20}


@dataclass(frozen=True)
class Question:
    """Of whom is asked what, how far ahead, from which features.

    Args:
        horizon: the time after the cutoff that the label looks at.
        active_in: who is asked about: customers with an order in this time before the cutoff.
        features: what the answer is found from; empty for all built-in ones that the history can answer.
        own: features of your own, beside those.
        rhythm: the usual gap between orders, in days, that the windows of the built-in features are fitted to; found
            from the orders where it is not given. A trained question has that of its model.
    """

    horizon: Span
    active_in: Span = EVER
    features: tuple[Feature, ...] = ()
    own: tuple[Feature, ...] = field(default=(), kw_only=True)
    rhythm: float | None = field(default=None, kw_only=True)

    name = "question"

    def __post_init__(self) -> None:
        if self.horizon.days is None:
            raise QuestionError(f"The question {self.name!r} has no horizon. Give it days, for example horizon = 90.")

    def on(self, history: History | Panel, before: datetime | None = None) -> "Question":
        """Return the question with all its features: those named, or else the built-in ones, and the baselines'.

        Args:
            history: the checked event tables, or a panel, which has its own features.
            before: what came from this instant on does not choose windows; the end of the history unless given.
        """
        if isinstance(history, Panel):
            history.check_asked(self.name, self.horizon, self.active_in, len(self.features) + len(self.own))
            return self
        chosen, rhythm = self.features, self.rhythm
        if not chosen:
            rhythm = rhythm or built_in.typical_gap(history, before or history.ends)
            chosen = (*built_in.fitted(built_in.available(history)[0], rhythm), *built_in.attributes.of(history))
        named = (*chosen, *self.own)
        wanted = {feature.column(w): None for feature in named for w in feature.windows}
        missing = [f for f in self.baselines(history) if not {f.column(w) for w in f.windows} <= set(wanted)]
        return replace(self, features=(*named, *missing), own=(), rhythm=rhythm)

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return what the baselines look at: activity in the last horizon first, then recency and frequency."""
        return (
            built_in.purchases.orders.over(self.horizon),
            built_in.purchases.recency,
            built_in.purchases.orders.over(EVER),
        )

    def label(self, history: History) -> Feature:
        """Return the measure of the future that answers the question."""
        raise QuestionError("This is no question of its own. Ask pt.churn, pt.next_purchase or pt.tier.")


@dataclass(frozen=True)
class Churn(Question):
    """Will this customer leave: no order within the horizon."""

    name = "churn"

    def label(self, history: History) -> Feature:
        """Return 1 where no order came within the horizon, else 0."""

        @measure(windows=(self.horizon,), empty=1)
        def churned(orders):
            """No order within the horizon."""
            return (orders.count() == 0).cast("int8")

        return churned


@dataclass(frozen=True)
class NextPurchase(Question):
    """When will this customer buy next; the horizon is the longest time that is looked at.

    Args:
        within: the days for which a probability of purchase is given, each at most the horizon.
    """

    within: tuple[int, ...] = (30,)

    name = "next_purchase"

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

    def __post_init__(self) -> None:
        super().__post_init__()
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

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return the profit of the last horizon, then recency, frequency and money."""
        money = built_in.purchases.spend.over(EVER)
        return (profit_over(history, self.costs, self.horizon), *super().baselines(history)[1:], money)

    def label(self, history: History) -> Feature:
        """Return the profit over the horizon, in currency."""
        return profit_over(history, self.costs, self.horizon)


def churn(
    horizon: int, active_in: int | None = None, features: tuple[Feature, ...] = (), own: tuple[Feature, ...] = ()
) -> Churn:
    """Ask who will place no order within *horizon* days, of customers with an order in the last *active_in* days.

    >>> churn(horizon=90, active_in=365).horizon.days
    90
    """
    return Churn(Span(horizon), Span(active_in), tuple(features), own=tuple(own))


def next_purchase(
    horizon: int,
    within: int | Sequence[int] = (30,),
    active_in: int | None = None,
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> NextPurchase:
    """Ask when the next order comes, up to *horizon* days ahead, and how likely it is *within* fewer days.

    >>> next_purchase(horizon=90, within=(30,)).within
    (30,)
    """
    asked = tuple(within) if isinstance(within, Iterable) else (within,)
    return NextPurchase(Span(horizon), Span(active_in), tuple(features), asked, own=tuple(own))


def tier(
    horizon: int,
    costs: CostModel = CostModel(),
    tiers: Mapping[str, float] | None = None,
    active_in: int | None = None,
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> Tier:
    """Ask what customers will be worth over *horizon* days, in tiers of profit.

    Without *costs* the orders must say in a `margin` or `cost` of their own what is left of their amounts.

    >>> tier(horizon=90, costs=CostModel(margin_rate=0.4)).names
    ('lead', 'iron', 'gold', 'platinum')
    """
    return Tier(Span(horizon), Span(active_in), tuple(features), costs, dict(tiers or TIERS), own=tuple(own))


def rows(question: Question, history: History, cutoff: datetime) -> Table:
    """Return one row for each customer asked about at *cutoff*, with its features.

    Raises:
        QuestionError: the cutoff lies outside the history.
    """
    history.check_cutoff(cutoff)

    def before(name: str, window: Span) -> Table:
        return history.past(name, cutoff, window)

    return answered(_spine(question, history, cutoff), before, question.on(history, cutoff).features)


def labels(question: Question, history: History, cutoff: datetime) -> Table:
    """Return the same rows with their one label, named `label`.

    Raises:
        QuestionError: the cutoff lies outside the history, or the horizon has not passed.
    """
    history.check_cutoff(cutoff)
    history.check_passed(cutoff, question.horizon)
    label = question.label(history)

    def after(name: str, horizon: Span) -> Table:
        return history.future(name, cutoff, horizon)

    made = answered(_spine(question, history, cutoff), after, (label,))
    return made.rename(label=label.column(question.horizon))


def _spine(question: Question, history: History, cutoff: datetime) -> Table:
    asked = history.past("orders", cutoff, question.active_in).select("customer").distinct()
    return asked.mutate(cutoff=ibis.literal(cutoff))


def together(questions: Sequence[Question], history: History, before: datetime | None = None) -> tuple[Question, ...]:
    """Return the questions with the features of all of them, so that their rows are made once.

    Args:
        questions: asked of the same customers.
        history: the checked event tables.
        before: as in `Question.on`.

    Raises:
        QuestionError: the questions are asked of different customers, or mean different things by one column.
    """
    asked = {question.active_in for question in questions}
    if len(asked) != 1:
        raise QuestionError(
            f"The questions are asked of customers active in {listed(asked)}. Ask them of the same customers "
            "(active_in), or one by one."
        )
    features: list[Feature] = []
    seen: dict[str, Feature] = {}
    whole: list[Question] = []
    for question in questions:
        whole.append(_in_step(question, whole).on(history, before))
        for feature in whole[-1].features:
            features += _unseen(feature, seen, history)
    return tuple(replace(question, features=tuple(features)) for question in whole)


def _in_step(question: Question, others: Sequence[Question]) -> Question:
    """Return a question with the rhythm that another one has found, so that the orders are looked through once."""
    if question.features or question.rhythm is not None:
        return question
    return replace(question, rhythm=next((other.rhythm for other in others if other.rhythm is not None), None))


def _unseen(feature: Feature, seen: dict[str, Feature], history: History) -> tuple[Feature, ...]:
    """Return the feature for the columns that nobody has made yet, and note that they are made."""
    windows = tuple(w for w in feature.windows if feature.column(w) not in seen)
    for other in {id(f): f for f in map(seen.get, map(feature.column, feature.windows)) if f}.values():
        _check_same(feature, other, history)
    seen.update(dict.fromkeys(map(feature.column, windows), feature))
    if windows == feature.windows:
        return (feature,)
    return (feature.over(*windows),) if windows and isinstance(feature, Measure) else ()


def _check_same(one: Feature, other: Feature, history: History) -> None:
    if one == other:
        return
    meant = {d.name: d.formula for d in definitions(history.tables, (other,))}
    for name, formula in ((d.name, d.formula) for d in definitions(history.tables, (one,))):
        if meant.get(name, formula) != formula:
            raise QuestionError(
                f"Two questions make the column {name!r} in different ways. "
                "Give their features different names, or questions of profit the same costs."
            )
