"""Event arrays: the events of one table in memory, by customer and time, with the columns that reductions read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from patron.features.compute.fold.encodings import Column
from patron.history.point_in_time import FOREVER, in_window, is_past
from patron.periods import Span

__all__ = ["DAY", "EventArrays", "horizon_ends", "window_opens"]

LAST = int(np.datetime64(FOREVER, "us").astype(np.int64))
DAY = 86_400_000_000
"""A day in microseconds, the unit of all times in arrays."""
ALWAYS = np.iinfo(np.int64).min


def window_opens(moments: np.ndarray, window: Span) -> np.ndarray:
    """Return when the window of each cutoff opens, in microseconds, shape (n,); before all times where it is `EVER`."""
    if window.days is None:
        return np.full(len(moments), ALWAYS)
    return _by_calendar(moments, window.before) if window.months else moments - window.days * DAY


def horizon_ends(moments: np.ndarray, horizon: Span) -> np.ndarray:
    """Return when the horizon of each cutoff ends, in microseconds, shape (n,)."""
    return _by_calendar(moments, horizon.after) if horizon.months else moments + (horizon.days or 0) * DAY


def _by_calendar(moments: np.ndarray, move: Callable[[datetime], datetime]) -> np.ndarray:
    """Return the moved instants; there are as many different ones as cutoffs, however many rows."""
    distinct, place = np.unique(moments, return_inverse=True)
    moved = [move(moment) for moment in distinct.astype("datetime64[us]").tolist()]
    return np.array(moved, "datetime64[us]").astype(np.int64)[place]


@dataclass(frozen=True)
class EventArrays:
    """Events sorted by customer, then time.

    Args:
        customers: the customers with events, sorted.
        starts: where each customer's events start, and where the last one's end; shape (customers + 1,).
        at: time of each event in microseconds since 1970.
        known_at: when each event became known, or none.
        until: from when on another event tells what is known in its place, or none.
        columns: what reductions read, by key.
    """

    customers: pa.Array
    starts: np.ndarray
    at: np.ndarray
    known_at: np.ndarray | None
    until: np.ndarray | None
    columns: Mapping[Any, Column]

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def all_events(self) -> np.ndarray:
        """The mask that keeps each event."""
        return np.ones(len(self.at), np.bool_)

    @cached_property
    def zeros(self) -> np.ndarray:
        """Zero for each event."""
        return np.zeros(len(self.at), np.int64)

    @cached_property
    def changing(self) -> np.ndarray:
        """Whether what is known of a customer's events is not just those that were before; shape (customers,)."""
        if self.known_at is None:
            return np.zeros(len(self.customers), np.bool_)
        late = in_window(self.known_at, self.at + 1)
        if self.until is not None:
            late |= is_past(self.until, LAST)
        before = np.concatenate([[0], np.cumsum(late)])
        return before[self.starts[1:]] > before[self.starts[:-1]]

    def of_customers(self, positions: np.ndarray) -> "EventArrays":
        """Return the events of the customers at some ascending positions."""
        lengths = np.diff(self.starts)[positions]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        events = np.repeat(self.starts[positions] - starts[:-1], lengths) + np.arange(starts[-1])
        columns = {key: column.take(events) for key, column in self.columns.items()}
        known, until = (None if times is None else times[events] for times in (self.known_at, self.until))
        return EventArrays(self.customers.take(pa.array(positions)), starts, self.at[events], known, until, columns)

    def customer_slice(self, first: int, last: int) -> "EventArrays":
        """Return the events of the customers from *first* up to *last*, which is left out, without a copy."""
        begin, end = int(self.starts[first]), int(self.starts[last])
        event_slice = slice(begin, end)
        return EventArrays(
            self.customers[first:last],
            self.starts[first : last + 1] - begin,
            self.at[event_slice],
            None if self.known_at is None else self.known_at[event_slice],
            None if self.until is None else self.until[event_slice],
            {key: column.take(event_slice) for key, column in self.columns.items()},
        )

    def known_before(self, moment: int) -> "EventArrays":
        """Return the events that were known before *moment*, and told then what was known."""
        if self.known_at is None:
            return self
        kept = is_past(self.known_at, moment)
        if self.until is not None:
            kept &= in_window(self.until, moment)
        before = np.concatenate([[0], np.cumsum(kept)])
        columns = {key: column.take(kept) for key, column in self.columns.items()}
        return EventArrays(self.customers, before[self.starts], self.at[kept], None, None, columns)
