"""Tracks: the events of one table in memory, sorted by customer and time, with the columns that reductions read.

The engine filters and computes; the order is made here, by counting, because that is several times faster than an
engine's sort of text keys and cannot depend on how an engine streams.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table, Value

from patron.doors import is_past

__all__ = ["Column", "Track", "load", "micros", "part_of"]

EPOCH = datetime(1970, 1, 1)
SAFE = 2.0**62


@dataclass(frozen=True)
class Column:
    """One value for each event.

    Args:
        values: int64 (whole numbers, or money in its smallest unit), float64, or int32 codes of *words*.
        valid: which values are known; none where all are.
        scale: how many of the smallest unit make one.
        words: what the codes stand for, sorted; none where the values are numbers.
    """

    values: np.ndarray
    valid: np.ndarray | None = None
    scale: float = 1.0
    words: pa.Array | None = None

    def take(self, chosen: Any) -> "Column":
        """Return the chosen events."""
        valid = None if self.valid is None else self.valid[chosen]
        return replace(self, values=self.values[chosen], valid=valid)


@dataclass(frozen=True)
class Track:
    """Events sorted by customer, then time.

    Args:
        customers: the customers met, sorted.
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
    def everything(self) -> np.ndarray:
        """The mask that keeps each event."""
        return np.ones(len(self.at), np.bool_)

    def part(self, first: int, last: int) -> "Track":
        """Return the track of the customers from *first* up to *last*, as views."""
        begin, end = int(self.starts[first]), int(self.starts[last])
        cutout = slice(begin, end)
        return Track(
            self.customers[first:last],
            self.starts[first : last + 1] - begin,
            self.at[cutout],
            None if self.known_at is None else self.known_at[cutout],
            {key: column.take(cutout) for key, column in self.columns.items()},
        )

    def known(self, moment: int) -> "Track":
        """Return the track of the events that were known before *moment*."""
        if self.known_at is None:
            return self
        kept = is_past(self.known_at, moment)
        before = np.concatenate([[0], np.cumsum(kept)])
        columns = {key: column.take(kept) for key, column in self.columns.items()}
        return Track(self.customers, before[self.starts], self.at[kept], None, columns)


def micros(moment: datetime) -> int:
    """Return an instant in microseconds since 1970.

    >>> micros(datetime(1970, 1, 2))
    86400000000
    """
    gone = moment - EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


def load(events: Table, wanted: Mapping[Any, Value], latest: datetime, part: int, parts: int) -> Track:
    """Read what is past at *latest*, of one of some parts of the customers, and sort it.

    Args:
        events: the event table as measures see it.
        wanted: row-level expressions over it by key.
        latest: the end of what any cutoff looks at.
        part: which part of the customers, from 0.
        parts: into how many parts they are split, by a hash of their key.
    """
    named = {f"c{i}": value for i, value in enumerate(wanted.values())}
    times = {name: events[name].cast("timestamp(6)") for name in ("at", "known_at") if name in events.columns}
    asked = events.select(customer=events.customer, **times, **named)
    asked = asked.filter(is_past(asked["at"], latest))
    return _sorted(part_of(asked, part, parts).to_pyarrow(), tuple(wanted))


def part_of(table: Table, part: int, parts: int) -> Table:
    """Return the rows of one of some parts of the customers; a customer is always whole."""
    return table if parts == 1 else table.filter((table.customer.hash() % parts + parts) % parts == part)


def _sorted(table: pa.Table, keys: Sequence[Any]) -> Track:
    from patron.fold.kernel import arrange

    with ThreadPoolExecutor(2) as pool:  # coding texts is most of the work, and waits for nothing
        read = [pool.submit(column, table[f"c{i}"]) for i in range(len(keys))]
        customers, codes = _coded(table["customer"])
        at = _instants(table["at"])
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(customers)))]).astype(np.int64)
        order = arrange(codes, at, starts)
        columns = {key: made.result() for key, made in zip(keys, read, strict=True)}
    order = _settled(order, codes, at, columns)
    known = _instants(table["known_at"])[order] if "known_at" in table.column_names else None
    return Track(customers, starts, at[order], known, {key: c.take(order) for key, c in columns.items()})


def _settled(order: np.ndarray, codes: np.ndarray, at: np.ndarray, columns: Mapping[Any, Column]) -> np.ndarray:
    """Order events of one customer and instant by their values, so that sums of floats do not depend on row order."""
    sensitive = [c for c in columns.values() if c.values.dtype == np.float64 or c.scale != 1.0]
    who, when = codes[order], at[order]
    tied = (who[1:] == who[:-1]) & (when[1:] == when[:-1])
    if not sensitive or not tied.any():
        return order
    group = np.concatenate([[0], np.cumsum(~tied)])
    among = np.concatenate([[False], tied]) | np.concatenate([tied, [False]])
    rows = order[among]
    keys = [key for c in sensitive for key in (c.values[rows], *(() if c.valid is None else (c.valid[rows],)))]
    settled = order.copy()
    settled[among] = rows[np.lexsort((*keys, group[among]))]
    return settled


def column(values: pa.ChunkedArray) -> Column:
    """Turn a column of an engine into an array: numbers as they are, decimals in their smallest unit, others coded."""
    kind = values.type
    valid = np.asarray(pc.is_valid(values)) if values.null_count else None
    if pa.types.is_decimal(kind):
        return _decimal(values, valid)
    if pa.types.is_floating(kind):
        return Column(_filled(values, 0.0).astype(np.float64, copy=False), valid)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return _whole(_filled(values.cast(pa.int64()), 0), valid, 1.0)
    words, codes = _coded(values)
    return Column(codes, valid, words=words)


def _decimal(values: pa.ChunkedArray, valid: np.ndarray | None) -> Column:
    """Read decimals as the number of their smallest units, where each fits into one word; as floats elsewhere."""
    chunks = [_low_words(chunk) for chunk in values.chunks] if values.type.bit_width >= 64 else [None]
    if not chunks or any(chunk is None for chunk in chunks):
        return Column(_filled(values.cast(pa.float64()), 0.0), valid)
    low = np.concatenate([chunk for chunk in chunks if chunk is not None])
    return _whole(low if valid is None else np.where(valid, low, 0), valid, 10.0**values.type.scale)


def _low_words(chunk: pa.Array) -> np.ndarray | None:
    """Return the low word of each decimal, or none where a higher word holds more than its sign."""
    width = chunk.type.bit_width // 64
    words = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset * width : (chunk.offset + len(chunk)) * width]
    low, unknown = words[::width], np.asarray(chunk.is_null()) if chunk.null_count else False
    fits = all(np.all((words[i::width] == low >> 63) | unknown) for i in range(1, width))
    return low if fits else None


def _whole(values: np.ndarray, valid: np.ndarray | None, scale: float) -> Column:
    """Keep whole numbers while no sum of them can overflow."""
    largest = max(abs(float(values.max(initial=0))), abs(float(values.min(initial=0))))
    if largest * max(len(values), 1) >= SAFE:
        return Column(values / scale, valid)
    return Column(values, valid, scale)


def _coded(values: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Return the different values, sorted, and for each value its place among them; -1 for unknown."""
    coded = values.dictionary_encode().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], values.type).dictionary_encode()
    order = np.asarray(pc.sort_indices(coded.dictionary))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    codes = _filled(coded.indices, -1).astype(np.int32, copy=False)
    placed = np.where(codes >= 0, rank[codes], -1) if len(order) else codes
    return coded.dictionary.take(pa.array(order)), placed.astype(np.int32, copy=False)


def _filled(values: Any, by: float) -> np.ndarray:
    return np.asarray(pc.fill_null(values, by) if values.null_count else values)


def _instants(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(values.cast(pa.timestamp("us")).cast(pa.int64()))
