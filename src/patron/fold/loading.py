"""Loading: the events of a table from an engine into a track, at once or part by part.

The engine filters and computes; the order is made here, by counting, because that is several times faster than an
engine's sort of text keys and cannot depend on how an engine streams. A table is read once: where its events do not
fit in memory, they are parted on disk by a hash of the customer, and loaded one part after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from ibis.expr.types import Table, Value

from patron.doors import CUSTOMER_NUMBER, is_past
from patron.fold.codings import Column, coded, column, compact, instants
from patron.fold.tracks import Track
from patron.streams import THREADS, ahead, batches, opened, parted

__all__ = ["Reading"]

Batches = dict[str, list[pa.Array]]


@dataclass(frozen=True)
class Reading:
    """What is read of an event table: what is past at an instant.

    Args:
        events: the event table as measures see it.
        wanted: row-level expressions over it by key.
        latest: the end of what any cutoff looks at.
    """

    events: Table
    wanted: Mapping[Any, Value]
    latest: datetime

    def load(self) -> Track:
        """Read all events and sort them."""
        return self._sorted(batches(self._asked(self.events)))

    def part(self, parts: int, key: str, folder: Path) -> list[Path]:
        """Read all events once and part them on disk; a customer is always whole.

        Args:
            parts: into how many parts the customers are split.
            key: the column that is hashed, the same for all event tables.
            folder: where the files are made.
        """
        number = (self.events[key].hash() % parts + parts) % parts
        asked = self._asked(self.events.mutate(part=number.cast("int16")), "part")
        return parted(batches(asked), "part", parts, folder)

    def load_part(self, path: Path) -> Track:
        """Load the events of one part and sort them."""
        return self._sorted(opened(path))

    def _asked(self, events: Table, *beside: str) -> Table:
        named = {f"c{i}": value for i, value in enumerate(self.wanted.values())}
        times = {name: events[name].cast("timestamp(6)") for name in ("at", "known_at") if name in events.columns}
        key = events[CUSTOMER_NUMBER if CUSTOMER_NUMBER in events.columns else "customer"]
        asked = events.select(*beside, key=key, **times, **named)
        return asked.filter(is_past(asked["at"], self.latest))

    def _sorted(self, stream: pa.RecordBatchReader) -> Track:
        return _sorted(_compacted(stream), stream.schema, tuple(self.wanted))


def _compacted(stream: pa.RecordBatchReader) -> Batches:
    """Read all rows; batches are made compact while the next ones come."""
    made: Batches = {name: [] for name in stream.schema.names}
    for batch in ahead(_compact, stream):
        for name, values in batch.items():
            made[name].append(values)
    if not made["at"]:
        made = {name: [values] for name, values in _compact(pa.RecordBatch.from_pylist([], stream.schema)).items()}
    return made


def _compact(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    named = dict(zip(batch.schema.names, batch.columns, strict=True))
    return {"key": named.pop("key").dictionary_encode(), **{name: compact(values) for name, values in named.items()}}


def _sorted(read: Batches, kinds: pa.Schema, keys: Sequence[Any]) -> Track:
    def joined(name: str) -> Column:
        return column(read.pop(name), kinds.field(name).type)

    with ThreadPoolExecutor(THREADS) as pool:
        joining = [pool.submit(joined, f"c{i}") for i in range(len(keys))]
        customers, codes = coded(read.pop("key"))
        at = instants(read.pop("at"))
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(customers)))]).astype(np.int64)
        order = _order(pool, codes, at, starts)
        columns = {key: made.result() for key, made in zip(keys, joining, strict=True)}
        at = at[order]
        order = _settled(order, at, starts, columns)
        placed = [pool.submit(column.take, order) for column in columns.values()]
        known = instants(read.pop("known_at"))[order] if "known_at" in read else None
        return Track(customers, starts, at, known, {k: p.result() for k, p in zip(columns, placed, strict=True)})


def _order(pool: ThreadPoolExecutor, codes: np.ndarray, at: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the order by customer, then time; events of one customer and instant stay as they came."""
    from patron.fold.placing import arrange, sort_each

    order = np.empty(len(codes), np.int64)
    ends = (0, int(np.searchsorted(starts[:-1], len(codes) // 2)), len(starts) - 1)

    def halves(loop: Callable[..., Any], *events: np.ndarray) -> list[Any]:
        running = [pool.submit(loop, *events, starts, begin, end, order) for begin, end in pairwise(ends)]
        return [half.result() for half in running]

    if not all(halves(arrange, codes, at)):
        halves(sort_each, at)
    return order


def _settled(order: np.ndarray, at: np.ndarray, starts: np.ndarray, columns: Mapping[Any, Column]) -> np.ndarray:
    """Order events of one customer and instant by their values, so that sums of floats do not depend on row order."""
    from patron.fold.placing import tied

    sensitive = [c for c in columns.values() if c.values.dtype == np.float64 or c.scale != 1.0]
    among, group = tied(at, starts) if sensitive else (np.empty(0, np.int64), None)
    if not len(among):
        return order
    rows = order[among]
    keys = [key for c in sensitive for key in (c.values[rows], *(() if c.valid is None else (c.valid[rows],)))]
    settled = order.copy()
    settled[among] = rows[np.lexsort((*keys, group))]
    return settled
