"""Sheets: the rows of many cutoffs, each event table read once, in parts of the customers that fit in memory.

Events are read and sorted part by part, folded block by block, and never is a customer split. What the fold does not
know comes cutoff by cutoff from the generic path and meets the folded columns on (customer, cutoff).
"""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from patron.fold.tracks import Track
from patron.fold.walks import walked
from patron.measures import Combination, guarded
from patron.parts import Part, Values
from patron.passes import Combined, Pass, Progress
from patron.plan import columns, combined
from patron.streams import ahead

__all__ = ["Sheet", "sheets"]

BLOCK = 32_768
ALL = 2**62


@dataclass(frozen=True)
class Sheet:
    """Rows of some customers, sorted by cutoff, then customer.

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


def sheets(job: Pass, rows: int = ALL) -> Iterator[Sheet]:
    """Compute the rows, part by part.

    Args:
        job: what is computed, of whom, at which cutoffs.
        rows: how many rows a sheet may have, about; all of a part unless given.

    Raises:
        HistoryError: events do not fit in memory, and there is no room on disk.
        MeasureError: a measure does not fit its event table.
    """
    if "patron.fold.compiling" not in sys.modules:
        job.progress(Progress("Loading the loops; they are compiled once, in some seconds", 0.0, None))
    with TemporaryDirectory(prefix="patron-") as folder:
        begun = time.perf_counter()
        for number, tracks in enumerate(_tracks(job, Path(folder))):
            left = (time.perf_counter() - begun) / number * (job.parts - number) if number else None
            job.progress(Progress(f"Part {number + 1} of {job.parts} is read", number / job.parts, left))
            part = Part(job, tracks, number)
            for first, last in _cut(part.offsets, rows):
                yield _Piece(part, first, last).sheet()
    job.progress(Progress("Done", 1.0, 0.0))


def _tracks(job: Pass, folder: Path) -> Iterator[dict[str, Track]]:
    """Load the events of each part of the customers; each event table is read once."""
    readings = {source: job.reading(source) for source in job.sources}
    job.progress(Progress("Reading events", 0.0, None))
    if job.parts == 1:
        yield {source: reading.load() for source, reading in readings.items()}
        return
    paths = {source: reading.part(job.parts, job.key, folder / source) for source, reading in readings.items()}
    for number in range(job.parts):
        yield {source: reading.load_part(paths[source][number]) for source, reading in readings.items()}
        for files in paths.values():
            files[number].unlink()


def _cut(offsets: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """Cut customers into stretches of about some rows; no customer is ever split."""
    block = offsets[:-1] // rows
    ends = [*np.flatnonzero(np.diff(block)) + 1, len(block)] if len(block) else []
    return list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []


@dataclass(frozen=True)
class _Piece:
    """The work on some customers of a part that stand side by side."""

    part: Part
    first: int
    last: int

    def sheet(self) -> Sheet:
        self._run()
        when, who = np.nonzero(self.part.active[self.first : self.last].T)
        customer, cutoff = self.part.customers.take(pa.array(who + self.first)), self.part.cutoffs[when]
        texts = {name: values for name, values in self.targets.items() if values.dtype == object}
        return Sheet(customer, cutoff, self.numbers, self.names, texts)

    def _run(self) -> None:
        """Work block by block in some threads; each block has places of its own, so their order changes nothing."""
        blocks = _cut(self.offsets, BLOCK)
        self._prepare()
        for done, _ in enumerate(ahead(self._write, blocks), start=1):
            gone = (self.first + (self.last - self.first) * done / len(blocks)) / len(self.part.customers)
            share = (self.part.number + gone) / self.job.parts
            self.job.progress(Progress(f"Folding part {self.part.number + 1} of {self.job.parts}", share, None))

    def _prepare(self) -> None:
        """Compute once what all blocks share, before they run side by side."""
        shared = (self.job.groups, self.job.folded, self.job.combined, self.targets, self.kept, self.position)
        for made in (*shared, self.part.places, self.part.generic, self.part.seasons):
            len(made)

    @property
    def job(self) -> Pass:
        return self.part.job

    @cached_property
    def rows(self) -> slice:
        """The rows of the part that are those of the piece."""
        return slice(int(self.part.offsets[self.first]), int(self.part.offsets[self.last]))

    @cached_property
    def who(self) -> np.ndarray:
        return self.part.rows[0][self.rows]

    @cached_property
    def when(self) -> np.ndarray:
        return self.part.rows[1][self.rows]

    @cached_property
    def offsets(self) -> np.ndarray:
        return self.part.offsets[self.first : self.last + 1] - self.rows.start

    @cached_property
    def position(self) -> np.ndarray:
        """Where each row stands when rows are sorted by cutoff, then customer."""
        active = self.part.active[self.first : self.last]
        counted = np.cumsum(active.T.ravel()) - 1
        return counted.reshape(active.T.shape).T[active]

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

    def _write(self, block: tuple[int, int]) -> None:
        rows = slice(self.offsets[block[0]], self.offsets[block[1]])
        whole = slice(rows.start + self.rows.start, rows.stop + self.rows.start)
        where, moments = self.position[rows], self.part.cutoffs.astype(np.int64)[self.when[rows]]
        made = {name: values[whole] for name, values in self.part.generic.items()}
        made |= {name: values[self.when[rows]] for name, values in self.part.seasons.items()}
        for source in self.job.folded:
            made |= self._folded(source, self.who[rows], moments, where)
        for column in self.job.combined:
            made[column.name] = self._combined(column, made)
        for name, values in made.items():
            if name in self.targets:
                _put(values, None, None, where, self.targets[name])

    def _folded(self, source: str, who: np.ndarray, moments: np.ndarray, where: np.ndarray) -> Values:
        place = self.part.places[source][who]
        met = place[place >= 0]
        low, high = (int(met[0]), int(met[-1]) + 1) if len(met) else (0, 0)
        track = self.part.tracks[source].part(low, high)
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
    from patron.fold.placing import place

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
