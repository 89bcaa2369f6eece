"""Questions of contracts: when a customer under contract leaves, and when one who left comes back."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from numbers import Integral

import numpy as np

from patron import features as built_in
from patron.errors import QuestionError, listed
from patron.features.compute.populations import EndedIn, Population, UnderContract
from patron.features.measures import Feature, measure
from patron.history.contracts import LEAVINGS
from patron.history.history import History
from patron.periods import EVER, Span, span
from patron.questions.question import Question, are_days_within, days_within

__all__ = ["Cancellation", "ContractQuestion", "WinBack", "cancellation", "win_back"]

MONTH = 30


@dataclass(frozen=True)
class ContractQuestion(Question):
    """A question about contracts whose label is the days until something happens.

    Args:
        within: the days for which a chance is given, each at most the horizon; each month of it unless given.
    """

    within: tuple[int, ...] = field(default=(), kw_only=True)

    needs = "contracts=pt.subscriptions('contracts.parquet', customer='...', start='...', end='...')"

    def __post_init__(self) -> None:
        super().__post_init__()
        longest = self.horizon.days or 0
        if not self.within:
            months = tuple(range(MONTH, longest, MONTH))
            object.__setattr__(self, "within", (*months, longest))
        if not all(isinstance(day, Integral) and 1 <= day <= longest for day in self.within):
            raise QuestionError(
                f"{self.name!r} is asked within {self.within} days, but its horizon is {self.horizon}. "
                "Ask for whole days from 1 to the horizon, for example within=(30,)."
            )

    @property
    @abstractmethod
    def population(self) -> Population:
        """Who is asked about."""

    def is_label(self, label: np.ndarray) -> np.ndarray:
        """Return which values are days within the horizon, or unknown."""
        return are_days_within(label, self.horizon)

    def on(self, history: History, before: datetime | None = None) -> "Question":
        """Return the question with all its features; arguments are those of `Question.on`.

        Raises:
            QuestionError: the history has no contracts, or none ended for the causes that are asked about.
        """
        if not history.contracts:
            raise QuestionError(
                f"The question {self.name!r} is about contracts, and the history has none: {listed(history.tables)}. "
                f"Declare them: {self.needs}."
            )
        return super().on(history, before)

    def gap(self, history: History, before: datetime) -> float:
        """Return the usual gap between orders, in days; a month where there are none."""
        return super().gap(history, before) if "orders" in history.tables else built_in.USUAL_GAP

    def built_in(self, history: History, rhythm: float | None) -> tuple[Feature, ...]:
        """Return the features of the contracts, those of tables of your own, and the usual ones."""
        own = (*built_in.available(history, built_in.subscriptions.ALL)[0], *built_in.usage.of(history))
        return (*own, *super().built_in(history, rhythm))

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return what the baselines look at: the age of the contract first, then its renewal, price and number."""
        return built_in.available(history, built_in.subscriptions.BASELINES)[0]

    @property
    def baseline_columns(self) -> tuple[str, ...]:
        """The columns of `baselines`, those that there are in their order, and how much your own tables are used."""
        columns = tuple(feature.column(EVER) for feature in built_in.subscriptions.BASELINES)
        return (*columns, *built_in.usage.counts(self.features))


@dataclass(frozen=True)
class Cancellation(ContractQuestion):
    """When will this customer be without a contract; the horizon is the longest time that is looked at.

    Args:
        causes: the causes of an end that count; all unless given.
    """

    causes: tuple[str, ...] = field(default=(), kw_only=True)

    name = "cancellation"
    label_words = "the days until the customer had no contract, from 0 to below the horizon, and empty where one ran on"
    population_hint = "Check the starts and ends of the contracts"

    @property
    def population(self) -> Population:
        """Customers under contract at the cutoff."""
        return UnderContract()

    def on(self, history: History, before: datetime | None = None) -> "Question":
        """Return the question with all its features; arguments are those of `Question.on`.

        Raises:
            QuestionError: the history has no contracts, or none ended for the causes that are asked about.
        """
        complete = super().on(history, before)
        if self.causes:
            _check_causes(self.causes, history)
        return complete

    def label(self, history: History) -> Feature:
        """Return the days until the customer has no contract; null where one runs on beyond the horizon."""
        causes = self.causes

        @measure(windows=(self.horizon,), unit="days")
        def days_until(contract_leavings):
            """Days until the customer has no contract."""
            where = contract_leavings.cause.isin(causes) if causes else None
            return contract_leavings.days_ahead.min(where=where)

        return days_until

    def cause(self, history: History) -> Feature:
        """Return the cause of the first end within the horizon that counts."""
        causes = self.causes

        @measure(windows=(self.horizon,), unit="kinds")
        def cause_of_end(contract_leavings):
            """Cause of the end."""
            where = contract_leavings.cause.isin(causes) if causes else None
            return contract_leavings.cause.argmin(contract_leavings["at"], where=where)

        return cause_of_end


@dataclass(frozen=True)
class WinBack(ContractQuestion):
    """When will a customer who left come back: a contract that begins within the horizon.

    Args:
        left_in: who is asked about: customers without a contract, whose last ended in this time before the cutoff.
    """

    left_in: Span = field(default=EVER, kw_only=True)

    name = "win_back"
    label_words = "the days until the next contract, from 0 to below the horizon, and empty where none began"
    population_hint = "Ask about a longer time (left_in)"

    @property
    def population(self) -> Population:
        """Customers who left within the time asked about."""
        return EndedIn(self.left_in)

    def baselines(self, history: History) -> tuple[Feature, ...]:
        """Return what the baselines look at: how long ago the last contract ended first, then what it was."""
        return built_in.available(history, built_in.subscriptions.GONE)[0]

    @property
    def baseline_columns(self) -> tuple[str, ...]:
        """The columns of `baselines`, those that there are in their order, and how much your own tables are used."""
        return (*(f.column(EVER) for f in built_in.subscriptions.GONE), *built_in.usage.counts(self.features))

    def label(self, history: History) -> Feature:
        """Return the days until the next contract; null where none begins within the horizon."""

        @measure(windows=(self.horizon,), unit="days")
        def days_until(contracts):
            """Days until the next contract."""
            return contracts.days_ahead.min()

        return days_until


def cancellation(
    horizon: int | str | Span,
    causes: str | Sequence[str] = (),
    within: int | str | Sequence[int | str] = (),
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> Cancellation:
    """Ask which customers under contract will be without any, up to *horizon* days ahead, and for which *causes*.

    A chance is given for each month of the horizon, or *within* the days or months that are named.

    >>> cancellation(horizon=90).within
    (30, 60, 90)
    """
    return Cancellation(
        span(horizon), EVER, tuple(features), own=tuple(own), within=days_within(within), causes=_texts(causes)
    )


def win_back(
    horizon: int | str | Span,
    left_in: int | str | Span | None = None,
    within: int | str | Sequence[int | str] = (),
    features: tuple[Feature, ...] = (),
    own: tuple[Feature, ...] = (),
) -> WinBack:
    """Ask which customers who left in the last *left_in* days will have a contract again within *horizon* days.

    >>> win_back(horizon=90, left_in=365).left_in.days
    365
    """
    return WinBack(
        span(horizon), EVER, tuple(features), own=tuple(own), within=days_within(within), left_in=span(left_in)
    )


def _texts(causes: str | Sequence[str]) -> tuple[str, ...]:
    return (causes,) if isinstance(causes, str) else tuple(causes)


def _check_causes(causes: Sequence[str], history: History) -> None:
    """Refuse causes that no end has."""
    causing = history[LEAVINGS].select("cause").distinct().to_pyarrow()["cause"].to_pylist()
    known = sorted(cause for cause in causing if cause is not None)
    missing = [cause for cause in causes if cause not in known]
    if missing:
        raise QuestionError(
            f"No contract ended for {listed(missing)}. The causes are: {listed(known)}. Name those that count, or name "
            "the column of causes at the door: cause = 'the column'."
        )
