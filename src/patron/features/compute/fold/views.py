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
from patron.features.compute.fold.event_arrays import Track
from patron.features.compute.fold.reductions import KNOWN, Leaf, one_kind
from patron.history.point_in_time import BETWEEN
from patron.periods import Span

__all__ = ["DAY", "Rows", "Seen", "code_of", "column_of", "is_between", "used_by"]

DAY = 86_400_000_000


@dataclass(frozen=True)
class Rows:
    """Where the events of each row lie in a track: those of window w at `lows[w]:stop`.

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
class Seen:
    """What a loop looks at: a track, the column it reads, the events that count, and for which reduction."""

    track: Track
    column: Column
    used: np.ndarray
    leaf: Leaf

    def lows(self, rows: Rows, windows: Sequence[Span]) -> np.ndarray:
        """Return where windows start; the time since the event before is not known of the first event of one."""
        chosen = [rows.windows.index(window) for window in windows]
        whole = chosen == list(range(chosen[0], chosen[0] + len(chosen)))
        lows = rows.lows[chosen[0] : chosen[0] + len(chosen)] if whole else rows.lows[chosen]
        shifted = is_between(self.leaf.value) and not _is_picked(self.leaf)
        return np.minimum(lows + 1, rows.stop) if shifted else lows

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
        most = int(np.diff(self.track.starts).max(initial=0)) + 1
        counts = np.arange(1, most + 1, dtype=np.float64)
        return np.diff(counts * np.log2(counts), prepend=0.0)


def is_between(value: Any) -> bool:
    """Tell whether a value is the time since the event before."""
    return isinstance(value, ops.Field) and value.name == BETWEEN


def column_of(track: Track, asked: Leaf) -> Column:
    """Return the column that a reduction reads; zeros where it reads none."""
    if asked.value is None:
        return Column(track.nothing)
    if is_between(asked.value):
        return _between(track)
    return track.columns[asked.value]


def _between(track: Track) -> Column:
    """Return the time since the customer's event before, in microseconds to the day."""
    gone, valid = np.zeros(len(track), np.int64), np.ones(len(track), np.bool_)
    np.subtract(track.at[1:], track.at[:-1], out=gone[1:])
    first = track.starts[:-1][track.starts[:-1] < len(track)]
    gone[first], valid[first] = 0, False
    return Column(gone, valid, float(DAY))


def used_by(track: Track, asked: Leaf, column: Column) -> np.ndarray:
    """Return the events that a reduction of a column counts: those of its `where`; a picked value may be unknown."""
    valid = None if asked.value is None or _is_picked(asked) else column.valid
    where = None if asked.where is None else _true(track, asked.where)
    kept = [mask for mask in (valid, where) if mask is not None]
    return np.logical_and.reduce(kept) if kept else track.everything


def _is_picked(asked: Leaf) -> bool:
    """Tell whether a reduction picks one event, whose value may be unknown."""
    return KNOWN[asked.reduction].state in ("newest", "oldest")


def _true(track: Track, where: ops.Value) -> np.ndarray:
    """Return the events for which a condition holds; one kind of a text is told by its code."""
    kind = one_kind(where)
    if kind is not None:
        return track.columns[kind[0]].values == code_of(track.columns[kind[0]], kind[1])
    column = track.columns[where]
    holds = column.values != 0
    return holds if column.valid is None else holds & column.valid


def code_of(column: Column, word: str) -> int:
    """Return the code of a word, or one that no event has where the word never came."""
    found = pc.index(column.words, pa.scalar(word, column.words.type)).as_py() if column.words is not None else -1
    return found if found >= 0 else -2
