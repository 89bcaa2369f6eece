"""Event arrays: the events of one table in memory, by customer and time, with the columns that reductions read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from patron.features.compute.fold.encodings import Column
from patron.history.point_in_time import is_past
from patron.periods import Span

__all__ = ["DAY", "EventArrays", "horizon_ends", "window_opens"]

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
        columns: what reductions read, by key.
    """

    customers: pa.Array
    starts: np.ndarray
    at: np.ndarray
    known_at: np.ndarray | None
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

    def customer_slice(self, first: int, last: int) -> "EventArrays":
        """Return the events of the customers from *first* up to *last*, which is left out, without a copy."""
        begin, end = int(self.starts[first]), int(self.starts[last])
        event_slice = slice(begin, end)
        return EventArrays(
            self.customers[first:last],
            self.starts[first : last + 1] - begin,
            self.at[event_slice],
            None if self.known_at is None else self.known_at[event_slice],
            {key: column.take(event_slice) for key, column in self.columns.items()},
        )

    def known_before(self, moment: int) -> "EventArrays":
        """Return the events that were known before *moment*."""
        if self.known_at is None:
            return self
        kept = is_past(self.known_at, moment)
        before = np.concatenate([[0], np.cumsum(kept)])
        columns = {key: column.take(kept) for key, column in self.columns.items()}
        return EventArrays(self.customers, before[self.starts], self.at[kept], None, columns)
