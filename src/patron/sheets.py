"""Sheets: the rows of many cutoffs, each event table read once, in parts of the customers that fit in memory.

Events are read and sorted part by part, folded block by block, and never is a customer split. What the fold does not
know comes cutoff by cutoff from the generic path and meets the folded columns on (customer, cutoff).
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.errors import HistoryError
from patron.fold.formulas import evaluated
from patron.fold.tracks import Track, micros, part_of
from patron.fold.walks import rows_before, walked
from patron.measures import ON_CUTOFF, Combination, Measure, guarded
from patron.passes import Combined, Pass, Progress
from patron.plan import answered, columns, combined

__all__ = ["Sheet", "sheets"]

BLOCK = 16_384
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
    counts = {source: job.count(source) for source in job.sources} if parts > 1 else {}
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
    """Refuse parts that were read from different states of a table; what is read at once has one state."""
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
        wanted = columns(self.job.features)
        texts = {name for name, feature, _ in wanted if self.job.is_text(feature)}
        names = tuple(name for name, _, _ in wanted if name not in texts)
        numbers: np.ndarray = np.empty((len(names), len(self.who)), self.job.kind)
        words = {name: np.empty(len(self.who), object) for name in texts}
        targets = {**dict(zip(names, numbers, strict=True)), **words}

        def work(block: tuple[int, int]) -> None:
            rows = slice(self.offsets[block[0]], self.offsets[block[1]])
            made = self._computed(*block)
            for name, target in targets.items():
                target[self.position[rows]] = made[name]

        self._run(work)
        order = np.empty(len(self.who), np.int64)
        order[self.position] = np.arange(len(self.who))
        return Sheet(
            self.customers.take(pa.array(self.who[order])), self.cutoffs[self.when[order]], numbers, names, words
        )

    def _run(self, work: Callable[[tuple[int, int]], None]) -> None:
        """Work block by block in one thread: the loops are short, and threads cost more in waiting than they save."""
        blocks = self._blocks()
        for done, block in enumerate(blocks, start=1):
            work(block)
            share = (self.part + done / len(blocks)) / self.parts
            self.job.progress(Progress(f"Folding part {self.part + 1} of {self.parts}", share, None))

    @property
    def customers(self) -> pa.Array:
        return self.tracks["orders"].customers

    @cached_property
    def cutoffs(self) -> np.ndarray:
        return np.array(self.job.cutoffs, "datetime64[us]")

    @cached_property
    def active(self) -> np.ndarray:
        """Who is asked about when, shape (customers, cutoffs)."""
        orders, window = self.tracks["orders"], self.job.active_in
        everyone = np.arange(len(orders.customers))
        found = []
        for cutoff in self.job.cutoffs:
            moment = micros(cutoff)
            moments = np.full(len(everyone), moment)
            found.append(rows_before(orders.known(moment), everyone, moments, [window]).count(window) > 0)
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

    def _computed(self, first: int, last: int) -> Values:
        rows = slice(self.offsets[first], self.offsets[last])
        moments = self.cutoffs.astype(np.int64)[self.when[rows]]
        made = {name: values[rows] for name, values in self.generic.items()}
        made |= {name: values[self.when[rows]] for name, values in self.seasons.items()}
        for source in self.job.folded:
            made |= self._folded(source, self.who[rows], moments)
        for column in self.job.combined:
            made[column.name] = self._combined(column, made)
        return made

    def _folded(self, source: str, who: np.ndarray, moments: np.ndarray) -> Values:
        place = self.places[source][who]
        met = place[place >= 0]
        low, high = (int(met[0]), int(met[-1]) + 1) if len(met) else (0, 0)
        track = self.tracks[source].part(low, high)
        place = np.where(place >= 0, place - low, -1)
        if track.known_at is None:
            return _measured(self.job, source, track, place, moments)
        made: Values = {}
        for moment in np.unique(moments):
            some = np.flatnonzero(moments == moment)
            seen = self.job.side.seen(track, int(moment))
            for name, values in _measured(self.job, source, seen, place[some], moments[some]).items():
                made.setdefault(name, np.empty(len(moments), values.dtype))[some] = values
        return made

    def _combined(self, column: Combined, made: Values) -> np.ndarray:
        parts = {f"part{i}": made[name] for i, name in enumerate(column.inputs)}
        found = evaluated(column.root, parts, len(parts["part0"]))
        return self._by_engine(column.feature, parts) if found is None else found

    def _by_engine(self, feature: Combination, parts: Values) -> np.ndarray:
        """Compute a combination that has more than arithmetic."""
        rows = pa.table(
            {n: pa.array(v, from_pandas=True) for n, v in parts.items()} | {"row": range(len(parts["part0"]))}
        )
        table = ibis.memtable(rows)
        made = guarded(combined(feature, [table[name] for name in parts])).name("made")
        found = table.select("row", made).order_by("row").to_pyarrow()
        return found["made"].to_numpy()


def _measured(job: Pass, source: str, track: Track, place: np.ndarray, moments: np.ndarray) -> Values:
    """Compute the folded measures of one event table: `empty` where a window has no event or no value."""
    asked = job.folded[source]
    windows = list(dict.fromkeys(column.window for column in asked))
    rows = job.side.rows(track, place, moments, windows)
    found = walked(track, rows, {(x, c.window): None for c in asked for x in c.formula.leaves.values()})
    some = {window: rows.count(window) > 0 for window in windows}
    made: Values = {}
    for column in asked:
        leaves = {node: found[leaf, column.window] for node, leaf in column.formula.leaves.items()}
        values = evaluated(column.formula.root, leaves, len(place))
        made[column.name] = _filled(values, some[column.window], column.empty)
    return made


def _filled(values: Any, some: np.ndarray, empty: Any) -> np.ndarray:
    if values.dtype == object:
        unknown = np.array([value is None for value in values]) | ~some
        return np.where(unknown, empty, values)
    if empty is None:
        return np.where(some, values, np.nan)
    return np.where(some & (values == values), values, empty)
