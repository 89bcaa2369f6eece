"""Loading: the events of a table from an engine into a track, at once or part by part.

The engine filters and computes; the order is made here, by counting, because that is several times faster than an
engine's sort of text keys and cannot depend on how an engine streams. A table is read once: where its events do not
fit in memory, they are parted on disk by a hash of the customer, and loaded one part after the other.
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
from patron.features.compute.fold.encodings import by_customer, column, compact, instants
from patron.features.compute.fold.event_arrays import Track
from patron.features.compute.fold.partitioning import PART, opened, parted
from patron.history.point_in_time import CUSTOMER_NUMBER, is_past

__all__ = ["Reading"]


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
        return _sorted(self._read(self.events), tuple(self.wanted))

    def part(self, parts: int, key: str, folder: Path) -> list[Path]:
        """Read all events once and part them on disk; a customer is always whole.

        Args:
            parts: into how many parts the customers are split.
            key: the column that is hashed, the same for all event tables.
            folder: where the files are made.
        """
        if key == CUSTOMER_NUMBER:
            return parted((_numbered(batch, parts) for batch in self._read(self.events)), parts, folder)
        number = (self.events[key].hash() % parts + parts) % parts
        return parted(self._read(self.events.mutate(**{PART: number.cast("int16")}), PART), parts, folder)

    def load_part(self, path: Path) -> Track:
        """Load the events of one part and sort them."""
        return _sorted(opened(path), tuple(self.wanted))

    def _read(self, events: Table, *beside: str) -> Iterator[pa.RecordBatch]:
        """Hand out what is wanted in batches, which are made compact while the next ones come."""
        named = {f"c{i}": value for i, value in enumerate(self.wanted.values())}
        times = {name: events[name].cast("timestamp(6)") for name in ("at", "known_at") if name in events.columns}
        key = events[CUSTOMER_NUMBER if CUSTOMER_NUMBER in events.columns else "customer"]
        asked = events.select(*beside, key=key, **times, **named)
        return ahead(_compact, batches(asked.filter(is_past(asked["at"], self.latest))))


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch([compact(values) for values in batch.columns], batch.schema.names)


def _numbered(batch: pa.RecordBatch, parts: int) -> pa.RecordBatch:
    """Add the part of each row, by multiplicative hashing of the customer's number (Knuth 1973, section 6.4)."""
    mixed = np.asarray(batch["key"]).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
    number = (mixed * np.uint64(parts) >> np.uint64(32)).astype(np.int16)
    return batch.append_column(PART, pa.array(number))


def _sorted(stream: Iterable[pa.RecordBatch], keys: Sequence[Any]) -> Track:
    batches = list(stream)
    read = {name: [batch[name] for batch in batches] for name in batches[0].schema.names}
    del batches
    customers, starts, place = by_customer(read.pop("key"))
    with ThreadPoolExecutor(THREADS) as pool:
        placing = [pool.submit(column, read.pop(f"c{i}"), place) for i in range(len(keys))]
        at = instants(read.pop("at"), place)
        known = instants(read.pop("known_at"), place) if "known_at" in read else None
        columns = {key: made.result() for key, made in zip(keys, placing, strict=True)}
    track = _by_time(Track(customers, starts, at, known, columns))
    _settle(track)
    return track


def _by_time(track: Track) -> Track:
    """Sort the events of each customer by time; those of one instant stay as they came."""
    from patron.features.compute.fold.sorting import sort_each

    at, starts = track.at, track.starts
    if not _beside(np.less, track).any():
        return track
    order, half = np.arange(len(at)), int(np.searchsorted(starts, len(at) // 2))
    list(ahead(lambda ends: sort_each(at, starts, *ends, order), [(0, half), (half, len(starts) - 1)]))
    known = None if track.known_at is None else track.known_at[order]
    columns = ahead(lambda one: one.take(order), track.columns.values())
    return Track(track.customers, starts, at[order], known, dict(zip(track.columns, columns, strict=True)))


def _settle(track: Track) -> None:
    """Order events of one customer and instant by their values, so that sums of floats do not depend on row order."""
    sensitive = [c for c in track.columns.values() if c.values.dtype == np.float64 or c.scale != 1.0]
    as_before = _beside(np.equal, track) if sensitive else np.zeros(len(track), np.bool_)
    among = np.flatnonzero(as_before | np.append(as_before[1:], False))
    if not len(among):
        return
    keys = [mask[among] for c in sensitive for mask in (c.values, c.valid) if mask is not None]
    settled = among[np.lexsort((*keys, np.cumsum(~as_before[among])))]
    for values in (
        track.known_at,
        *(values for c in track.columns.values() for values in (c.values, c.valid, c.exact)),
    ):
        if values is not None:
            values[among] = values[settled]


def _beside(compare: np.ufunc, track: Track) -> np.ndarray:
    """Compare the time of each event with that of the customer's event before; nothing holds of a first one."""
    found = np.zeros(len(track), np.bool_)
    compare(track.at[1:], track.at[:-1], out=found[1:])
    found[track.starts[:-1]] = False
    return found
