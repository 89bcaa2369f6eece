"""Tracks: the events of one table in memory, sorted by customer and time, with the columns that reductions read.

The engine filters and computes; the order is made here, by counting, because that is several times faster than an
engine's sort of text keys and cannot depend on how an engine streams.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from ibis.expr.types import Table, Value

from patron.doors import CUSTOMER_NUMBER, is_past
from patron.fold.codings import Column, coded, column, compact, instants
from patron.streams import batches

__all__ = ["WHOLE", "Cut", "Track", "load", "micros"]

EPOCH = datetime(1970, 1, 1)
BATCH = 262_144
THREADS, WAITING = 2, 4


@dataclass(frozen=True)
class Cut:
    """One of some parts of the customers, by a hash of their key; a customer is always whole.

    Args:
        part: which part, from 0.
        parts: into how many the customers are split.
        key: the column that is hashed, the same for all event tables.
    """

    part: int
    parts: int
    key: str

    def of(self, table: Table) -> Table:
        """Return the rows of these customers."""
        if self.parts == 1:
            return table
        return table.filter((table[self.key].hash() % self.parts + self.parts) % self.parts == self.part)


WHOLE = Cut(0, 1, "customer")


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


def load(events: Table, wanted: Mapping[Any, Value], latest: datetime, cut: Cut = WHOLE) -> Track:
    """Read what is past at *latest*, of some of the customers, and sort it.

    Args:
        events: the event table as measures see it.
        wanted: row-level expressions over it by key.
        latest: the end of what any cutoff looks at.
        cut: which customers.
    """
    named = {f"c{i}": value for i, value in enumerate(wanted.values())}
    times = {name: events[name].cast("timestamp(6)") for name in ("at", "known_at") if name in events.columns}
    key = events[CUSTOMER_NUMBER if CUSTOMER_NUMBER in events.columns else "customer"]
    seen = events.select(cut.key, key=key, **times, **named)
    seen = cut.of(seen.filter(is_past(seen["at"], latest)))
    return _sorted(_read(seen.select("key", *times, *named)), tuple(wanted))


Batches = dict[str, list[pa.Array]]


@dataclass(frozen=True)
class _Read:
    """What came from the engine: the type of each column, and its batches in compact form."""

    kinds: pa.Schema
    batches: Batches


def _read(asked: Table) -> _Read:
    """Read all rows; batches are made compact while the engine is at work on the next ones."""
    stream = batches(asked, BATCH)
    made: Batches = {name: [] for name in stream.schema.names}
    waiting: deque[Future[dict[str, pa.Array]]] = deque()

    def keep() -> None:
        for name, values in waiting.popleft().result().items():
            made[name].append(values)

    with ThreadPoolExecutor(THREADS) as pool:
        for batch in stream:
            waiting.append(pool.submit(_compact, batch))
            if len(waiting) == WAITING:
                keep()
        while waiting:
            keep()
    if not made["at"]:
        made = {name: [values] for name, values in _compact(pa.RecordBatch.from_pylist([], stream.schema)).items()}
    return _Read(stream.schema, made)


def _compact(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    named = dict(zip(batch.schema.names, batch.columns, strict=True))
    return {"key": named.pop("key").dictionary_encode(), **{name: compact(values) for name, values in named.items()}}


def _sorted(read: _Read, keys: Sequence[Any]) -> Track:
    from patron.fold.kernel import arrange

    def joined(name: str) -> Column:
        return column(read.batches.pop(name), read.kinds.field(name).type)

    with ThreadPoolExecutor(THREADS) as pool:
        joining = [pool.submit(joined, f"c{i}") for i in range(len(keys))]
        customers, codes = coded(read.batches.pop("key"))
        at = instants(read.batches.pop("at"))
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(customers)))]).astype(np.int64)
        order = np.empty(len(codes), np.int64)
        middle = int(np.searchsorted(starts[:-1], len(codes) // 2))
        halves = [
            pool.submit(arrange, codes, at, starts, begin, end, order)
            for begin, end in ((0, middle), (middle, len(customers)))
        ]
        columns = {key: made.result() for key, made in zip(keys, joining, strict=True)}
        wait(halves)
        at = at[order]
        order = _settled(order, at, starts, columns)
        placed = [pool.submit(column.take, order) for column in columns.values()]
        known = instants(read.batches.pop("known_at"))[order] if "known_at" in read.batches else None
        return Track(customers, starts, at, known, {k: p.result() for k, p in zip(columns, placed, strict=True)})


def _settled(order: np.ndarray, at: np.ndarray, starts: np.ndarray, columns: Mapping[Any, Column]) -> np.ndarray:
    """Order events of one customer and instant by their values, so that sums of floats do not depend on row order."""
    from patron.fold.kernel import tied

    sensitive = [c for c in columns.values() if c.values.dtype == np.float64 or c.scale != 1.0]
    among, group = tied(at, starts) if sensitive else (np.empty(0, np.int64), None)
    if not len(among):
        return order
    rows = order[among]
    keys = [key for c in sensitive for key in (c.values[rows], *(() if c.valid is None else (c.valid[rows],)))]
    settled = order.copy()
    settled[among] = rows[np.lexsort((*keys, group))]
    return settled
