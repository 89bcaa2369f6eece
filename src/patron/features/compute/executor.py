"""Sheets: the rows of many cutoffs, each event table read once, in parts of the customers that fit in memory.

Events are read and sorted part by part, folded block by block, and never is a customer split. What the fold does not
know comes cutoff by cutoff from the generic path and meets the folded columns on (customer, cutoff).
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import numpy as np
import pyarrow as pa

from patron.engines.batches import ahead
from patron.features.compute.fold.event_arrays import Track
from patron.features.compute.partition import Part, Values
from patron.features.compute.plan import Pass, Progress
from patron.features.compute.slots import Text
from patron.features.definitions import columns, combined
from patron.features.measures import Combination, guarded

__all__ = ["Sheet", "sheets"]

BLOCK = 8_192
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
    if "patron.features.compute.fold.compiling" not in sys.modules:
        job.progress(Progress("Loading the loops; they are compiled once, in some seconds", 0.0, None))
    with TemporaryDirectory(prefix="patron-") if job.parts > 1 else nullcontext("") as folder:
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

    def load(number: int) -> dict[str, Track]:
        found = {source: reading.load_part(paths[source][number]) for source, reading in readings.items()}
        for files in paths.values():
            files[number].unlink()
        return found

    yield from ahead(load, range(job.parts), waiting=2)  # the next part is loaded while one is folded


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
        for column, read in zip(self.job.layout.by_engine, self.read, strict=True):
            self.numbers[column.place] = _by_engine(column.feature, read)
        when, who = np.nonzero(self.part.active[self.first : self.last].T)
        customer, cutoff = self.part.customers.take(pa.array(who + self.first)), self.part.cutoffs[when]
        return Sheet(customer, cutoff, self.numbers, self.job.layout.names, self.texts)

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
        shared = (self.job.layout.names, self.numbers, self.texts, self.read, self.position, self.part.rows)
        for made in (*shared, self.part.places, self.part.views, self.part.generic, self.part.seasons):
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
    def numbers(self) -> np.ndarray:
        return np.empty((len(self.job.layout.names), len(self.who)), self.job.kind)

    @cached_property
    def texts(self) -> Values:
        """Where columns of texts are written to, in the order of the sheet."""
        wanted = dict.fromkeys(name for name, _, _ in columns(self.job.features))
        return {name: np.empty(len(self.who), object) for name in wanted if name not in self.job.layout.names}

    @cached_property
    def read(self) -> list[list[np.ndarray]]:
        """What each combination that an engine computes reads: it is asked once, not in every block at once."""
        return [
            [np.empty(len(self.who), object if isinstance(one, str) else np.float64) for one in column.inputs]
            for column in self.job.layout.by_engine
        ]

    def _write(self, block: tuple[int, int]) -> None:
        rows = slice(self.offsets[block[0]], self.offsets[block[1]])
        where, when, layout = self.position[rows], self.when[rows], self.job.layout
        slots, moments = layout.program.room(len(where)), self.part.cutoffs.astype(np.int64)[when]
        for source, walk in layout.walks.items():
            self._walk(source, self.who[rows], moments, slots[walk.begin : walk.begin + walk.size])
        whole = slice(rows.start + self.rows.start, rows.stop + self.rows.start)
        for name, slot in layout.given.items():
            given = self.part.seasons[name][when] if name in self.part.seasons else self.part.generic[name][whole]
            slots[slot, : len(where)] = given
        layout.program.run(slots, where, self.numbers)
        self._write_texts(slots[:, : len(where)], whole, where)

    def _walk(self, source: str, who: np.ndarray, moments: np.ndarray, slots: np.ndarray) -> None:
        """Run the loops over one event table for the rows of a block."""
        place, track, side = self.part.places[source][who], self.part.tracks[source], self.job.side
        walk = self.job.layout.walks[source]
        if track.known_at is None:
            walk.fill(self.part.views[source], side.rows(track, place, moments, walk.windows), slots)
            return
        met = place[place >= 0]
        low, high = (int(met[0]), int(met[-1]) + 1) if len(met) else (0, 0)
        track, place = track.part(low, high), np.where(place >= 0, place - low, -1)
        for moment in np.unique(moments):
            some = np.flatnonzero(moments == moment)
            known, room = side.seen(track, int(moment)), np.empty((len(slots), len(some)))
            walk.fill(walk.views(known), side.rows(known, place[some], moments[some], walk.windows), room)
            slots[:, some] = room

    def _write_texts(self, slots: np.ndarray, whole: slice, where: np.ndarray) -> None:
        """Write texts, and what combinations that an engine computes read."""
        made = {name: values[whole] for name, values in self.part.generic.items() if values.dtype == object}
        made |= {name: self._words(text, slots[text.slot]) for name, text in self.job.layout.texts.items()}
        for name, target in self.texts.items():
            target[where] = made[name]
        for column, read in zip(self.job.layout.by_engine, self.read, strict=True):
            for one, target in zip(column.inputs, read, strict=True):
                target[where] = made[one] if isinstance(one, str) else slots[one]

    def _words(self, text: Text, codes: np.ndarray) -> np.ndarray:
        words, known = self.part.tracks[text.source].columns[text.value].words, codes == codes
        values = np.full(len(codes), text.empty, object)
        if words is not None:
            values[known] = words.take(pa.array(codes[known].astype(np.int64))).to_numpy(zero_copy_only=False)
        return values


def _by_engine(feature: Combination, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Compute a combination that has more than arithmetic."""
    kinds = [pa.string() if values.dtype == object else pa.float64() for values in parts]
    named = {f"part{i}": pa.array(parts[i], kind, from_pandas=True) for i, kind in enumerate(kinds)}
    table = ibis.memtable(pa.table(named | {"row": range(len(parts[0]))}))
    made = guarded(combined(feature, [table[name] for name in named])).name("made")
    found = table.select("row", made).order_by("row").to_pyarrow()
    return found["made"].to_numpy()
