"""Loading: the events of a table from an engine into arrays, at once or partition by partition.

The engine filters and computes; the order is made here, by counting, because that is several times faster than an
engine's sort of text keys and cannot depend on how an engine streams. A table is read once: where its events do not
fit in memory, they are split on disk by a hash of the customer, and loaded one partition after the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from ibis.expr.types import Table, Value

from patron.engines.batches import THREADS, ahead, batches
from patron.features.compute.fold.encodings import column, compact, group_by_customer, instants
from patron.features.compute.fold.event_arrays import EventArrays
from patron.features.compute.fold.partitioning import PARTITION, read_partition, write_partitions
from patron.history.point_in_time import CUSTOMER_NUMBER, UNTIL, is_past

__all__ = ["EventLoader"]


@dataclass(frozen=True)
class EventLoader:
    """What is read of an event table: what was past at an instant.

    Args:
        events: the event table as measures see it.
        expressions: row-level expressions over it by key.
        latest: the end of what any cutoff looks at.
    """

    events: Table
    expressions: Mapping[Any, Value]
    latest: datetime

    def load(self) -> EventArrays:
        """Read all events and sort them."""
        return _sort(self._read(self.events), tuple(self.expressions))

    def partition(self, n_partitions: int, key: str, folder: Path) -> list[Path]:
        """Read all events once and split them on disk; a customer is always whole.

        Args:
            n_partitions: into how many partitions the customers are split.
            key: the column that is hashed, the same for all event tables.
            folder: where the files are written.
        """
        if key == CUSTOMER_NUMBER:
            return write_partitions(
                (_with_partition(batch, n_partitions) for batch in self._read(self.events)), n_partitions, folder
            )
        number = (self.events[key].hash() % n_partitions + n_partitions) % n_partitions
        return write_partitions(
            self._read(self.events.mutate(**{PARTITION: number.cast("int16")}), PARTITION), n_partitions, folder
        )

    def load_partition(self, path: Path) -> EventArrays:
        """Load the events of one partition and sort them."""
        return _sort(read_partition(path), tuple(self.expressions))

    def _read(self, events: Table, *beside: str) -> Iterator[pa.RecordBatch]:
        """Yield what is read in batches, which are compacted while the next ones come."""
        named = {f"c{i}": value for i, value in enumerate(self.expressions.values())}
        times = {
            name: events[name].cast("timestamp(6)") for name in ("at", "known_at", UNTIL) if name in events.columns
        }
        key = events[CUSTOMER_NUMBER if CUSTOMER_NUMBER in events.columns else "customer"]
        selected = events.select(*beside, key=key, **times, **named)
        return ahead(_compact, batches(selected.filter(is_past(selected["at"], self.latest))))


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch([compact(values) for values in batch.columns], batch.schema.names)


def _with_partition(batch: pa.RecordBatch, n_partitions: int) -> pa.RecordBatch:
    """Add the partition of each row, by multiplicative hashing of the customer's number (Knuth 1973, section 6.4)."""
    mixed = np.asarray(batch["key"]).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
    number = (mixed * np.uint64(n_partitions) >> np.uint64(32)).astype(np.int16)
    return batch.append_column(PARTITION, pa.array(number))


def _sort(stream: Iterable[pa.RecordBatch], keys: Sequence[Any]) -> EventArrays:
    batches = list(stream)
    read = {name: [batch[name] for batch in batches] for name in batches[0].schema.names}
    del batches
    customers, starts, position = group_by_customer(read.pop("key"))
    with ThreadPoolExecutor(THREADS) as pool:
        pending = [pool.submit(column, read.pop(f"c{i}"), position) for i in range(len(keys))]
        at = instants(read.pop("at"), position)
        known, until = (instants(read.pop(c), position) if c in read else None for c in ("known_at", UNTIL))
        columns = {key: future.result() for key, future in zip(keys, pending, strict=True)}
    events = _by_time(EventArrays(customers, starts, at, known, until, columns))
    _order_ties(events)
    return events


def _by_time(events: EventArrays) -> EventArrays:
    """Sort the events of each customer by time; those of one instant stay as they came."""
    from patron.features.compute.fold.sorting import sort_each

    at, starts = events.at, events.starts
    if not _compare_with_previous(np.less, events).any():
        return events
    order, half = np.arange(len(at)), int(np.searchsorted(starts, len(at) // 2))
    list(ahead(lambda ends: sort_each(at, starts, *ends, order), [(0, half), (half, len(starts) - 1)]))
    known, until = (None if times is None else times[order] for times in (events.known_at, events.until))
    columns = ahead(lambda each: each.take(order), events.columns.values())
    columns_by_key = dict(zip(events.columns, columns, strict=True))
    return EventArrays(events.customers, starts, at[order], known, until, columns_by_key)


def _order_ties(events: EventArrays) -> None:
    """Order events of one customer and instant by their values, so that sums of floats do not depend on row order."""
    sensitive = [c for c in events.columns.values() if c.values.dtype == np.float64 or c.scale != 1.0]
    as_before = _compare_with_previous(np.equal, events) if sensitive else np.zeros(len(events), np.bool_)
    among = np.flatnonzero(as_before | np.append(as_before[1:], False))
    if not len(among):
        return
    keys = [mask[among] for c in sensitive for mask in (c.values, c.valid) if mask is not None]
    in_order = among[np.lexsort((*keys, np.cumsum(~as_before[among])))]
    for values in (
        events.known_at,
        events.until,
        *(values for c in events.columns.values() for values in (c.values, c.valid, c.exact)),
    ):
        if values is not None:
            values[among] = values[in_order]


def _compare_with_previous(compare: np.ufunc, events: EventArrays) -> np.ndarray:
    """Compare the time of each event with that of the customer's event before; nothing holds of a first one."""
    holds = np.zeros(len(events), np.bool_)
    compare(events.at[1:], events.at[:-1], out=holds[1:])
    holds[events.starts[:-1]] = False
    return holds
