"""Sheets: the rows of many cutoffs, each event table read once, in parts of the customers that fit in memory.

Events are read and sorted part by part, folded block by block, and never is a customer split. What the fold does not
know comes cutoff by cutoff from the generic path and meets the folded columns on (customer, cutoff).
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.errors import HistoryError
from patron.fold.states import DAY
from patron.fold.tracks import Track, part_of
from patron.fold.walks import walked
from patron.measures import ON_CUTOFF, Combination, Measure, guarded
from patron.passes import Combined, Pass, Progress
from patron.plan import answered, columns, combined

__all__ = ["Sheet", "sheets"]

BLOCK = 16_384
THREADS = 2
Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sheet:
    """Rows of one part of the customers, sorted by cutoff, then customer.

    Args:
        customer: the customer of each row.
        cutoff: the cutoff of each row.
        numbers: columns of numbers, shape (columns, rows).
        names: the columns of *numbers*.
        texts: columns of texts.
    """

    customer: pa.Array
    cutoff: np.ndarray
    numbers: np.ndarray
    names: tuple[str, ...]
    texts: Mapping[str, np.ndarray]


def sheets(job: Pass) -> Iterator[Sheet]:
    """Compute the rows, part by part.

    Raises:
        HistoryError: an event table changed while it was read.
        MeasureError: a measure does not fit its event table.
    """
    parts = job.parts
    counts = {source: job.count(source) for source in job.sources}
    read: dict[str, int] = defaultdict(int)
    if "patron.fold.kernel" not in sys.modules:
        job.progress(Progress("Loading the loops; they are compiled once, in some seconds", 0.0, None))
    begun = time.perf_counter()
    for part in range(parts):
        left = (time.perf_counter() - begun) / part * (parts - part) if part else None
        job.progress(Progress(f"Reading events, part {part + 1} of {parts}", part / parts, left))
        tracks = {source: job.load(source, part, parts) for source in job.sources}
        for source, track in tracks.items():
            read[source] += len(track)
        if part == parts - 1:
            _check_unchanged(counts, read)
        yield _Part(job, tracks, part, parts).sheet()
    job.progress(Progress("Done", 1.0, 0.0))


def _check_unchanged(counts: Mapping[str, int], read: Mapping[str, int]) -> None:
    """Refuse events that are others than those that were counted before."""
    for source, count in counts.items():
        if read[source] != count:
            raise HistoryError(
                f"Event table {source!r} changed while it was read: {count} rows were counted, {read[source]} came. "
                "Nothing was kept. Wait until the table is written, or read a copy of it."
            )


@dataclass(frozen=True)
class _Part:
    """The work on one part of the customers."""

    job: Pass
    tracks: Mapping[str, Track]
    part: int
    parts: int

    def sheet(self) -> Sheet:
        self._run()
        order = np.empty(len(self.who), np.int64)
        order[self.position] = np.arange(len(self.who))
        customer, cutoff = self.customers.take(pa.array(self.who[order])), self.cutoffs[self.when[order]]
        texts = {name: values for name, values in self.targets.items() if values.dtype == object}
        return Sheet(customer, cutoff, self.numbers, self.names, texts)

    def _run(self) -> None:
        """Work block by block in some threads; each block has places of its own, so their order changes nothing."""
        blocks = self._blocks()
        self._prepare()
        with ThreadPoolExecutor(THREADS) as pool:
            for done, _ in enumerate(pool.map(self._write, blocks), start=1):
                share = (self.part + done / len(blocks)) / self.parts
                self.job.progress(Progress(f"Folding part {self.part + 1} of {self.parts}", share, None))

    def _prepare(self) -> None:
        """Compute once what all blocks share, before they run side by side."""
        shared = (self.job.groups, self.job.folded, self.job.combined, self.targets, self.kept, self.places)
        for made in (*shared, self.offsets, self.position, self.generic, self.seasons):
            len(made)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return tuple(name for name, feature, _ in columns(self.job.features) if not self.job.is_text(feature))

    @cached_property
    def numbers(self) -> np.ndarray:
        return np.empty((len(self.names), len(self.who)), self.job.kind)

    @cached_property
    def targets(self) -> Values:
        """Where each column is written to, in the order of the sheet."""
        wanted = dict.fromkeys(name for name, _, _ in columns(self.job.features))
        numbers = dict(zip(self.names, self.numbers, strict=True))
        return {name: numbers[name] if name in numbers else np.empty(len(self.who), object) for name in wanted}

    @cached_property
    def kept(self) -> set[str]:
        """The columns that others are made of, and texts: a block holds them until it is done."""
        read = {name for column in self.job.combined for name in column.inputs}
        return read | {name for name, values in self.targets.items() if values.dtype == object}

    @property
    def customers(self) -> pa.Array:
        return self.tracks["orders"].customers

    @cached_property
    def cutoffs(self) -> np.ndarray:
        return np.array(self.job.cutoffs, "datetime64[us]")

    @cached_property
    def active(self) -> np.ndarray:
        """Who is asked about when, shape (customers, cutoffs)."""
        from patron.fold.kernel import active

        orders, moments = self.tracks["orders"], self.cutoffs.astype(np.int64)
        days = self.job.active_in.days
        opens = moments - days * DAY if days is not None else np.full(len(moments), np.iinfo(np.int64).min)
        if orders.known_at is None:
            return np.asarray(active(orders.at, orders.starts, opens, moments))
        known = [orders.known(int(moment)) for moment in moments]
        found = [active(t.at, t.starts, opens[m : m + 1], moments[m : m + 1])[:, 0] for m, t in enumerate(known)]
        return np.stack(found, axis=1)

    @cached_property
    def who(self) -> np.ndarray:
        return np.nonzero(self.active)[0]

    @cached_property
    def when(self) -> np.ndarray:
        return np.nonzero(self.active)[1]

    @cached_property
    def offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.active.sum(axis=1))])

    @cached_property
    def position(self) -> np.ndarray:
        """Where each row stands when rows are sorted by cutoff, then customer."""
        counted = np.cumsum(self.active.T.ravel()) - 1
        return counted.reshape(self.active.T.shape).T[self.active]

    @cached_property
    def places(self) -> dict[str, np.ndarray]:
        """The place of each customer in each track; -1 where it has none."""
        return {
            source: np.asarray(pc.fill_null(pc.index_in(self.customers, value_set=track.customers), -1)).astype(int)
            for source, track in self.tracks.items()
        }

    @cached_property
    def generic(self) -> Values:
        """The columns of the generic path, in the order of the rows before they are sorted."""
        if not self.job.generic:
            return {}
        asked: dict[str, Measure] = {m.column(w): m.over(w) for m, w in self.job.generic}
        out = {name: np.full(len(self.who), np.nan, object) for name in asked}
        for c, cutoff in enumerate(self.job.cutoffs):
            rows = np.flatnonzero(self.when == c)
            made = self._answered(cutoff, tuple(asked.values()))
            at = pc.index_in(self.customers.take(pa.array(self.who[rows])), value_set=made["customer"])
            for name in asked:
                out[name][rows] = made[name].take(at).to_numpy(zero_copy_only=False)
        return {name: v if self.job.is_text(asked[name]) else v.astype(np.float64) for name, v in out.items()}

    def _answered(self, cutoff: datetime, measures: tuple[Measure, ...]) -> pa.Table:
        job = self.job
        spine = job.history.past("orders", cutoff, job.active_in).select("customer").distinct()
        spine = part_of(spine, self.part, self.parts).mutate(cutoff=ibis.literal(cutoff))
        made = answered(spine, lambda name, window: job.side.door(job.history, name, cutoff, window), measures)
        table = made.to_pyarrow()
        return table.combine_chunks()

    @cached_property
    def seasons(self) -> Values:
        """The measures of the cutoff itself, one value for each cutoff."""
        asked = {m.column(w): m for m, w in self.job.asked.get(ON_CUTOFF, ())}
        if not asked:
            return {}
        spine = ibis.memtable({"cutoff": list(self.job.cutoffs)})
        made = spine.select("cutoff", **{name: m.compute(spine.cutoff).cast("float64") for name, m in asked.items()})
        found = made.order_by("cutoff").to_pyarrow()
        return {name: found[name].to_numpy() for name in asked}

    def _blocks(self) -> list[tuple[int, int]]:
        """Part the customers so that each block has some thousand rows; no customer is ever split."""
        block = self.offsets // BLOCK
        ends = [*np.flatnonzero(np.diff(block[:-1])) + 1, len(self.customers)] if len(self.customers) else []
        return list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []

    def _write(self, block: tuple[int, int]) -> None:
        rows = slice(self.offsets[block[0]], self.offsets[block[1]])
        where, moments = self.position[rows], self.cutoffs.astype(np.int64)[self.when[rows]]
        made = {name: values[rows] for name, values in self.generic.items()}
        made |= {name: values[self.when[rows]] for name, values in self.seasons.items()}
        for source in self.job.folded:
            made |= self._folded(source, self.who[rows], moments, where)
        for column in self.job.combined:
            made[column.name] = self._combined(column, made)
        for name, values in made.items():
            if name in self.targets:
                _put(values, None, None, where, self.targets[name])

    def _folded(self, source: str, who: np.ndarray, moments: np.ndarray, where: np.ndarray) -> Values:
        place = self.places[source][who]
        met = place[place >= 0]
        low, high = (int(met[0]), int(met[-1]) + 1) if len(met) else (0, 0)
        track = self.tracks[source].part(low, high)
        place = np.where(place >= 0, place - low, -1)
        if track.known_at is None:
            return self._measured(source, track, place, moments, where)
        made: Values = {}
        for moment in np.unique(moments):
            some = np.flatnonzero(moments == moment)
            seen = self.job.side.seen(track, int(moment))
            for name, values in self._measured(source, seen, place[some], moments[some], where[some]).items():
                made.setdefault(name, np.empty(len(moments), values.dtype))[some] = values
        return made

    def _measured(self, source: str, track: Track, place: np.ndarray, moments: np.ndarray, where: np.ndarray) -> Values:
        """Write the folded measures of one event table to their places; return those that are kept."""
        asked = self.job.folded[source]
        windows = list(dict.fromkeys(column.window for column in asked))
        rows = self.job.side.rows(track, place, moments, windows)
        found = walked(track, rows, self.job.groups[source])
        seen = {window: rows.count(window) for window in windows}
        made: Values = {}
        for column in asked:
            values = column.run(found.__getitem__, len(place))
            if column.name in self.kept:
                made[column.name] = _filled(values, seen[column.window] > 0, column.empty)
            else:
                _put(values, seen[column.window], column.empty, where, self.targets[column.name])
        return made

    def _combined(self, column: Combined, made: Values) -> np.ndarray:
        parts = {f"part{i}": made[name] for i, name in enumerate(column.inputs)}
        if column.run is None:
            return self._by_engine(column.feature, parts)
        return column.run(parts.__getitem__, len(parts["part0"]))

    def _by_engine(self, feature: Combination, parts: Values) -> np.ndarray:
        """Compute a combination that has more than arithmetic."""
        rows = pa.table(
            {n: pa.array(v, from_pandas=True) for n, v in parts.items()} | {"row": range(len(parts["part0"]))}
        )
        table = ibis.memtable(rows)
        made = guarded(combined(feature, [table[name] for name in parts])).name("made")
        found = table.select("row", made).order_by("row").to_pyarrow()
        return found["made"].to_numpy()


def _put(values: Any, seen: np.ndarray | None, empty: Any, where: np.ndarray, target: np.ndarray) -> None:
    """Write values to their places, and *empty* where no event was seen or nothing is known."""
    from patron.fold.kernel import place

    if target.dtype == object:
        target[where] = values
        return
    counted = np.ones(len(where), np.int64) if seen is None else seen
    place(np.asarray(values, np.float64), counted, np.nan if empty is None else float(empty), where, target)


def _filled(values: Any, some: np.ndarray, empty: Any) -> np.ndarray:
    if values.dtype == object:
        unknown = np.array([value is None for value in values]) | ~some
        return np.where(unknown, empty, values)
    if empty is None:
        return np.where(some, values, np.nan)
    return np.where(some & (values == values), values, empty)
