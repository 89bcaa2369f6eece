"""Populations: which customers get a row at a cutoff, from events in memory and as an expression, with one meaning."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import ibis
import numpy as np
import pyarrow.compute as pc
from ibis.expr.types import Table

from patron.features.compute.fold.event_arrays import EventArrays, window_opens
from patron.history.contracts import ENDS, STARTS
from patron.history.history import History
from patron.periods import EVER, Span

__all__ = ["ActiveIn", "EndedIn", "Population", "UnderContract"]


class Population(ABC):
    """Which customers get a row at a cutoff.

    Args:
        tables: the event tables that say so; the first has all customers who may get one.
    """

    tables: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def words(self) -> str:
        """What such a customer has, as the end of a sentence before a date."""

    @property
    @abstractmethod
    def everybody(self) -> "Population":
        """Return the population of all who might ever get a row."""

    @abstractmethod
    def present(self, events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
        """Return who gets a row when, shape (customers of the first table, moments).

        Args:
            events: the events of some customers, by event table.
            moments: the cutoffs in microseconds, oldest first.
        """

    @abstractmethod
    def spine(self, history: History, cutoff: datetime) -> Table:
        """Return the customers who get a row at a cutoff, each once."""


@dataclass(frozen=True)
class ActiveIn(Population):
    """Customers with an order in some time before the cutoff."""

    span: Span = EVER

    tables: ClassVar[tuple[str, ...]] = ("orders",)

    @property
    def words(self) -> str:
        """What such a customer has."""
        return f"had an order in the {self.span} before"

    @property
    def everybody(self) -> Population:
        """Return the population of all who ever ordered."""
        return ActiveIn()

    def present(self, events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
        """Return who ordered within the span before each moment."""
        return _within(events["orders"], self.span, moments)

    def spine(self, history: History, cutoff: datetime) -> Table:
        """Return the customers with an order in the span before a cutoff."""
        return history.past("orders", cutoff, self.span).select("customer").distinct()


@dataclass(frozen=True)
class UnderContract(Population):
    """Customers with a contract that began before the cutoff and has not ended before it, as far as is known then."""

    tables: ClassVar[tuple[str, ...]] = (STARTS, ENDS)

    @property
    def words(self) -> str:
        """What such a customer has."""
        return "was under contract at"

    @property
    def everybody(self) -> Population:
        """Return the population of all who ever had a contract."""
        return _EverUnderContract()

    def present(self, events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
        """Return who has more contracts begun than ended before each moment."""
        return _began(events, moments) > _ended(events, moments)

    def spine(self, history: History, cutoff: datetime) -> Table:
        """Return the customers with more contracts begun than ended before a cutoff."""
        contracts = _contracts(history, cutoff)
        return contracts.filter(contracts.began > contracts.ended).select("customer")


@dataclass(frozen=True)
class EndedIn(Population):
    """Customers without a contract, whose last one ended within some time before the cutoff."""

    span: Span = EVER

    tables: ClassVar[tuple[str, ...]] = (STARTS, ENDS)

    @property
    def words(self) -> str:
        """What such a customer has."""
        return f"had left in the {self.span} before"

    @property
    def everybody(self) -> Population:
        """Return the population of all who ever had a contract."""
        return _EverUnderContract()

    def present(self, events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
        """Return who has no contract left, and ended one within the span before each moment."""
        left = _began(events, moments) <= _ended(events, moments)
        return left & _aligned(events, _within(events[ENDS], self.span, moments))

    def spine(self, history: History, cutoff: datetime) -> Table:
        """Return the customers without a contract at a cutoff who ended one within the span before it."""
        contracts = _contracts(history, cutoff)
        left = contracts.filter(contracts.began <= contracts.ended).select("customer")
        return left.semi_join(history.past(ENDS, cutoff, self.span), "customer")


@dataclass(frozen=True)
class _EverUnderContract(UnderContract):
    """Customers with a contract that began before the cutoff, whether it ended or not."""

    def present(self, events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
        """Return who had a contract before each moment."""
        return _began(events, moments) > 0

    def spine(self, history: History, cutoff: datetime) -> Table:
        """Return the customers with a contract before a cutoff."""
        return history.past(STARTS, cutoff, EVER).select("customer").distinct()


def _within(events: EventArrays, span: Span, moments: np.ndarray) -> np.ndarray:
    """Return who had an event in a span before each moment, as far as was known then."""
    from patron.features.compute.fold.cutting import active

    opens = window_opens(moments, span)
    return _as_known(events, moments, lambda known, m: active(known.at, known.starts, opens[m], moments[m]))


def _counts(events: EventArrays, moments: np.ndarray) -> np.ndarray:
    """Return how many events each customer had before each moment, as far as was known then."""
    from patron.features.compute.fold.cutting import counts_before

    return _as_known(events, moments, lambda known, m: counts_before(known.at, known.starts, moments[m]))


def _as_known(
    events: EventArrays, moments: np.ndarray, compute: Callable[[EventArrays, slice], np.ndarray]
) -> np.ndarray:
    """Return what is computed of some events at all moments; of customers of whom more was heard later, at each one."""
    values = np.asarray(compute(events, slice(None)))
    changing = np.flatnonzero(events.changing)
    if len(changing):
        some = events.of_customers(changing)
        each = [compute(some.known_before(int(moment)), slice(m, m + 1)) for m, moment in enumerate(moments)]
        values[changing] = np.concatenate(each, axis=1)
    return values


def _began(events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
    return _counts(events[STARTS], moments)


def _ended(events: Mapping[str, EventArrays], moments: np.ndarray) -> np.ndarray:
    return _aligned(events, _counts(events[ENDS], moments))


def _aligned(events: Mapping[str, EventArrays], values: np.ndarray) -> np.ndarray:
    """Return values of the customers with an end for all customers with a start, none where there is no end."""
    place = pc.fill_null(pc.index_in(events[STARTS].customers, value_set=events[ENDS].customers), -1)
    position = np.asarray(place).astype(int)
    return np.vstack([values, np.zeros((1, values.shape[1]), values.dtype)])[position]


def _contracts(history: History, cutoff: datetime) -> Table:
    """Return how many contracts each customer had begun and ended before a cutoff."""
    starts, ends = (history.past(name, cutoff, EVER) for name in (STARTS, ENDS))
    began = starts.group_by("customer").aggregate(began=starts.count())
    ended = ends.group_by("customer").aggregate(ended=ends.count())
    joined = began.left_join(ended, "customer")
    return joined.select("customer", "began", ended=ibis.coalesce(joined.ended, 0))
