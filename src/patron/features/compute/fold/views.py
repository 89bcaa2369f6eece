"""Views: what a loop looks at: the events of each row, the column that is read, and those that count."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis.expr.operations as ops
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.compute.fold.encodings import Column
from patron.features.compute.fold.event_arrays import DAY, EventArrays
from patron.features.compute.fold.reductions import KNOWN, Leaf, one_kind
from patron.history.point_in_time import BETWEEN
from patron.periods import Span

__all__ = ["EventRanges", "EventView", "code_of", "column_of", "is_between", "used_mask"]


@dataclass(frozen=True)
class EventRanges:
    """Where the events of each row lie among those of a table: those of window w at `lows[w]:stop`.

    Args:
        moments: the cutoff of each row, in microseconds since 1970.
        stop: one past the last event that the row sees.
        windows: what is looked at.
        lows: the first event of each window and row.
    """

    moments: np.ndarray
    stop: np.ndarray
    windows: tuple[Span, ...]
    lows: np.ndarray


@dataclass(frozen=True)
class EventView:
    """What a loop looks at: events of a table, the column it reads, the events that count, and for which reduction."""

    events: EventArrays
    column: Column
    used: np.ndarray
    leaf: Leaf

    def lows(self, ranges: EventRanges, windows: Sequence[Span]) -> np.ndarray:
        """Return where windows start; the time since the event before is not known of the first event of one."""
        chosen = [ranges.windows.index(window) for window in windows]
        whole = chosen == list(range(chosen[0], chosen[0] + len(chosen)))
        lows = ranges.lows[chosen[0] : chosen[0] + len(chosen)] if whole else ranges.lows[chosen]
        shifted = is_between(self.leaf.value) and not _is_picked(self.leaf)
        return np.minimum(lows + 1, ranges.stop) if shifted else lows

    @cached_property
    def kinds(self) -> tuple[np.ndarray, int]:
        """A code for each value, and how many there are."""
        if self.column.words is not None:
            return self.column.values, max(len(self.column.words), 1)
        exact = self.column.values if self.column.exact is None else self.column.exact
        different, codes = np.unique(exact, return_inverse=True)
        return codes.astype(np.int32), max(len(different), 1)

    @cached_property
    def steps(self) -> np.ndarray:
        """By how much m log2 m grows with each further event, up to the most that a customer has."""
        most = int(np.diff(self.events.starts).max(initial=0)) + 1
        counts = np.arange(1, most + 1, dtype=np.float64)
        return np.diff(counts * np.log2(counts), prepend=0.0)


def is_between(value: Any) -> bool:
    """Check whether a value is the time since the event before."""
    return isinstance(value, ops.Field) and value.name == BETWEEN


def column_of(events: EventArrays, leaf: Leaf) -> Column:
    """Return the column that a reduction reads; zeros where it reads none."""
    if leaf.value is None:
        return Column(events.zeros)
    if is_between(leaf.value):
        return _between(events)
    return events.columns[leaf.value]


def _between(events: EventArrays) -> Column:
    """Return the time since the customer's event before, in microseconds to the day."""
    gone, valid = np.zeros(len(events), np.int64), np.ones(len(events), np.bool_)
    np.subtract(events.at[1:], events.at[:-1], out=gone[1:])
    first = events.starts[:-1][events.starts[:-1] < len(events)]
    gone[first], valid[first] = 0, False
    return Column(gone, valid, float(DAY))


def used_mask(events: EventArrays, leaf: Leaf, column: Column) -> np.ndarray:
    """Return the events that a reduction of a column counts: those of its `where`; a picked value may be unknown."""
    valid = None if leaf.value is None or _is_picked(leaf) else column.valid
    where = None if leaf.where is None else _holds(events, leaf.where)
    kept = [mask for mask in (valid, where) if mask is not None]
    return np.logical_and.reduce(kept) if kept else events.all_events


def _is_picked(leaf: Leaf) -> bool:
    """Check whether a reduction picks one event, whose value may be unknown."""
    return KNOWN[leaf.reduction].state in ("newest", "oldest")


def _holds(events: EventArrays, where: ops.Value) -> np.ndarray:
    """Return the events for which a condition holds; a word is compared by its code."""
    kind = one_kind(where)
    if kind is not None:
        return events.columns[kind[0]].values == code_of(events.columns[kind[0]], kind[1])
    column = events.columns[where]
    holds = column.values != 0
    return holds if column.valid is None else holds & column.valid


def code_of(column: Column, word: str) -> int:
    """Return the code of a word, or one that no event has where the word never came."""
    code = pc.index(column.words, pa.scalar(word, column.words.type)).as_py() if column.words is not None else -1
    return code if code >= 0 else -2
