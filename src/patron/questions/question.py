"""Questions: what is asked of a customer at a cutoff, how far ahead, and from which features."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from patron import features as built_in
from patron.errors import QuestionError
from patron.features.compute.populations import ActiveIn, Population
from patron.features.measures import Feature
from patron.history.history import History
from patron.periods import EVER, Span, span

__all__ = ["Question", "are_days_within", "days_within"]


def are_days_within(label: np.ndarray, horizon: Span) -> np.ndarray:
    """Return which values are days within a horizon, or unknown as nothing happened in it, shape (n,)."""
    return np.isnan(label) | ((label >= 0) & (label < float(horizon.days or 0)))


def days_within(within: int | str | Span | Iterable[int | str | Span]) -> tuple[int, ...]:
    """Return the days of what is asked within; of months, which a text names, the most that they can have.

    >>> days_within([30, "2 months"]), days_within("1 month")
    ((30, 62), (31,))
    """
    several = [within] if isinstance(within, str | Span) or not isinstance(within, Iterable) else within
    return tuple(span(each).days or 0 if isinstance(each, str | Span) else each for each in several)


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
    with_baskets = False  # whether its model tells what the next basket holds
    label_words = "a number"
    settled_column = ""  # that of `settled`
    population_hint = "Ask about a longer time (active_in)"

    def __post_init__(self) -> None:
        if self.horizon.days is None:
            raise QuestionError(f"The question {self.name!r} has no horizon. Give it days, for example horizon = 90.")

    def on(self, history: History, before: datetime | None = None) -> "Question":
        """Return the question with all its features: those named, or else the built-in ones, and the baselines'.

        Args:
            history: the checked event tables.
            before: what came from this instant on does not choose windows; the end of the history unless given.
        """
        chosen, rhythm = self.features, self.rhythm
        if not chosen:
            rhythm = rhythm or self.gap(history, before or history.ends)
            chosen = self.built_in(history, rhythm)
        named = (*chosen, *self.own)
        wanted = {feature.column(w): None for feature in named for w in feature.windows}
        missing = [f for f in self.baselines(history) if not {f.column(w) for w in f.windows} <= set(wanted)]
        return replace(self, features=(*named, *missing), own=(), rhythm=rhythm)

    @property
    def population(self) -> Population:
        """Who is asked about."""
        return ActiveIn(self.active_in)

    def gap(self, history: History, before: datetime) -> float:
        """Return the usual gap between orders, in days, from those before an instant."""
        return built_in.typical_gap(history, before)

    def built_in(self, history: History, rhythm: float | None) -> tuple[Feature, ...]:
        """Return the built-in features that a history can answer, over windows that fit a rhythm."""
        usual = built_in.fitted(built_in.available(history)[0], rhythm or 0.0)
        others = built_in.available(history, (*built_in.prepaid.ALL, *built_in.campaigns.ALL))[0]
        return (*usual, *others, *built_in.attributes.of(history))

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return what the baselines look at: activity in the last horizon first, then recency and frequency."""
        return (
            built_in.purchases.orders.over(self.horizon),
            built_in.purchases.recency,
            built_in.purchases.orders.over(EVER),
        )

    @property
    def baseline_columns(self) -> tuple[str, ...]:
        """The columns of `baselines`, in their order."""
        return f"orders_{self.horizon}", "recency", "orders"

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which the question cannot be answered."""
        return ()

    def cause(self, history: History) -> Feature | None:
        """Return the measure of the future that tells why it came to what is asked, where something tells it."""
        return None

    def settled(self, history: History) -> Feature | None:
        """Return the days for which the answer is no already; none where nothing tells that before it comes."""
        return None

    def is_label(self, label: np.ndarray) -> np.ndarray:
        """Return which values can be a label of this question, shape (n,)."""
        return np.isfinite(label)

    def label(self, history: History) -> Feature:
        """Return the measure of the future that answers the question."""
        raise QuestionError("This is no question of its own. Ask pt.churn, pt.next_purchase or pt.tier.")
