"""Passes: what is computed of whom at which cutoffs, and which path each measure takes.

Measures that the fold knows are folded; the others take the generic path of `patron.plan`. Both have one meaning.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.operations as ops
import numpy as np
from ibis.expr.types import Table

from patron.doors import CUSTOMER_NUMBER, blank
from patron.fold.formulas import Formula, Run, prepared
from patron.fold.loading import Reading
from patron.fold.reductions import columns_of
from patron.fold.tracks import Track
from patron.fold.views import Rows
from patron.fold.walks import Ask, Group, rows_ahead, rows_before, together
from patron.history import History
from patron.measures import ON_CUTOFF, Combination, Feature, Measure
from patron.periods import EVER, Span
from patron.plan import columns, combined, formula, grouped, unbound

__all__ = ["AHEAD", "BEFORE", "Pass", "Progress", "Side", "silent"]

GIGABYTE = 2**30
EVENT_BYTES, COLUMN_BYTES, ROW_BYTES = 60, 20, 60
PART_EVENTS = 2_000_000  # what is sorted fastest, as it stays near the processor


@dataclass(frozen=True)
class Progress:
    """How far a pass has come.

    Args:
        what: what it is doing, as a short sentence.
        share: share of the work that is done, from 0 to 1.
        seconds_left: time to go at the pace so far; none before there is a pace.
    """

    what: str
    share: float
    seconds_left: float | None


def silent(progress: Progress) -> None:
    """Take no notice of progress."""


@dataclass(frozen=True)
class Side:
    """Which side of the cutoffs is looked at, and through which door.

    Args:
        rows: finds the events of each row in a track.
        door: the same for the generic path: the events of a table at a cutoff, over a window.
        latest: the end of what the cutoffs look at.
        seen: the track as it was known at an instant.
    """

    rows: Callable[[Track, np.ndarray, np.ndarray, Sequence[Span]], Rows]
    door: Callable[[History, str, datetime, Span], Table]
    latest: Callable[[Sequence[datetime], Sequence[Span]], datetime]
    seen: Callable[[Track, int], Track]


BEFORE = Side(rows_before, History.past, lambda cutoffs, windows: max(cutoffs), Track.known)
AHEAD = Side(
    rows_ahead,
    History.future,
    lambda cutoffs, windows: max(cutoffs) + max(window.delta for window in windows),
    lambda track, moment: Track(track.customers, track.starts, track.at, None, track.columns),
)


@dataclass(frozen=True)
class Folded:
    """A column that the fold computes: its name, how, over which window, and its value where there is nothing."""

    name: str
    run: Run
    window: Span
    empty: float | str | None


@dataclass(frozen=True)
class Combined:
    """A column made of others: its name, the feature, the columns it reads, and how (none: the engine)."""

    name: str
    feature: Combination
    inputs: tuple[str, ...]
    run: Run | None


@dataclass(frozen=True)
class Pass:
    """What is computed of whom at which cutoffs, and how.

    Args:
        history: the checked event tables.
        active_in: who gets a row: customers with an order in this time before the cutoff.
        features: what is computed.
        cutoffs: the instants, each once, oldest first.
        side: the past for features, the future for labels.
        kind: type of the numbers.
        memory: gigabytes that the events in memory may take.
        progress: told how far the work has come.
    """

    history: History
    active_in: Span
    features: tuple[Feature, ...]
    cutoffs: tuple[datetime, ...]
    side: Side = BEFORE
    kind: type = np.float32
    memory: float = 2.0
    progress: Callable[[Progress], None] = field(default=silent, compare=False)

    @cached_property
    def asked(self) -> dict[str, list[tuple[Measure, Span]]]:
        """The measures and windows of each event table."""
        found: dict[str, list[tuple[Measure, Span]]] = defaultdict(list)
        for (source, window), measures in grouped(self.features):
            found[source] += [(measure, window) for measure in measures]
        return found

    @cached_property
    def formulas(self) -> dict[Measure, Formula]:
        """How the fold computes each measure that it knows, whatever its windows."""
        distinct = {key_of(m): m for source, asked in self.asked.items() if source != ON_CUTOFF for m, _ in asked}
        made = {key: formula(self.history[m.source], m) for key, m in distinct.items()}
        return {key: found for key, found in made.items() if isinstance(found, Formula)}

    @cached_property
    def generic(self) -> list[tuple[Measure, Span]]:
        """The measures that take the generic path."""
        return [
            (m, w) for source, asked in self.asked.items() for m, w in asked
            if source != ON_CUTOFF and key_of(m) not in self.formulas
        ]  # fmt: skip

    @cached_property
    def folded(self) -> dict[str, list[Folded]]:
        """The columns of each event table that the fold computes."""
        return {
            source: [self._column(m, w, self.asks[source]) for m, w in asked if key_of(m) in self.formulas]
            for source, asked in self.asked.items()
            if source in self.asks
        }

    def _column(self, measure: Measure, window: Span, asks: Mapping[Ask, int]) -> Folded:
        known = self.formulas[key_of(measure)]
        run = prepared(known.root, {node: asks[leaf, window] for node, leaf in known.leaves.items()})
        assert run is not None  # a formula has no unknown operation
        return Folded(measure.column(window), run, window, measure.empty)

    @cached_property
    def asks(self) -> dict[str, dict[Ask, int]]:
        """The reductions and windows that the columns of each event table need, each once, numbered."""
        found: dict[str, dict[Ask, int]] = defaultdict(dict)
        for source, asked in self.asked.items():
            for measure, window in asked:
                for leaf in self.formulas[key_of(measure)].leaves.values() if key_of(measure) in self.formulas else ():
                    found[source].setdefault((leaf, window), len(found[source]))
        return found

    @cached_property
    def groups(self) -> dict[str, tuple[Group, ...]]:
        """The loops to run over each event table."""
        return {source: together(tuple(asks)) for source, asks in self.asks.items()}

    @cached_property
    def combined(self) -> list[Combined]:
        """The columns that are made of others."""
        return [
            Combined(name, feature, tuple(feature.inputs(window)), prepared(self._over(feature), {}))
            for name, feature, window in columns(self.features)
            if isinstance(feature, Combination)
        ]

    def _over(self, feature: Combination) -> ops.Value:
        kinds = {f"part{i}": "string" if self.is_text(part) else "float64" for i, part in enumerate(feature.parts)}
        parts = ibis.table(kinds, name="parts")
        return combined(feature, [parts[name] for name in kinds]).op()

    def is_text(self, feature: Feature) -> bool:
        """Tell whether a feature's values are texts."""
        if isinstance(feature, Combination) or feature.source == ON_CUTOFF:
            return False
        known = self.formulas.get(key_of(feature))
        kind = known.root.dtype if known else feature.expression(blank(self.history[feature.source])).type()
        return bool(kind.is_string())

    @cached_property
    def latest(self) -> datetime:
        """The end of what the cutoffs look at."""
        windows = [w for source, asked in self.asked.items() if source != ON_CUTOFF for _, w in asked]
        return max(*self.cutoffs, self.side.latest(self.cutoffs, windows)) if windows else max(self.cutoffs)

    @cached_property
    def sources(self) -> list[str]:
        """The event tables that are read; orders always, as they tell who is asked about."""
        return sorted({"orders", *(m.source for m in self.formulas)})

    @cached_property
    def wanted(self) -> dict[str, dict[Any, Any]]:
        """The row-level expressions that the fold reads of each table."""
        return {source: self._wanted(source) for source in self.sources}

    def _wanted(self, source: str) -> dict[Any, Any]:
        table = self.history[source]
        swap = {unbound(source, table.schema()).op(): blank(table).op()}
        read = dict.fromkeys(value for leaf, _ in self.asks.get(source, ()) for value in columns_of(leaf))
        return {value: value.replace(swap).to_expr() for value in read}

    def reading(self, source: str) -> Reading:
        """Return what is read of an event table."""
        return Reading(blank(self.history[source]), self.wanted[source], self.latest)

    @property
    def key(self) -> str:
        """The column by which customers are parted, the same in all event tables."""
        numbered = all(CUSTOMER_NUMBER in self.history[source].columns for source in self.sources)
        return CUSTOMER_NUMBER if numbered else "customer"

    @cached_property
    def parts(self) -> int:
        """Into how many parts the customers are split so that the events of one fit in memory."""
        used = {receipt.table: receipt.used for receipt in self.history.receipts}
        most = max(used.values())
        counts = {source: used.get(source, most) for source in self.sources}
        size = sum(n * (EVENT_BYTES + COLUMN_BYTES * len(self.wanted[source])) for source, n in counts.items())
        needed = -(-size // int(self.memory * GIGABYTE))
        return 1 if needed <= 1 else max(needed, sum(counts.values()) // PART_EVENTS)

    @cached_property
    def rows(self) -> int:
        """How many rows take half the memory that the events may."""
        wide = len(list(columns(self.features))) * np.dtype(self.kind).itemsize + ROW_BYTES
        return max(1, int(self.memory * GIGABYTE / 2) // wide)


def key_of(measure: Measure) -> Measure:
    """Return the measure whatever its windows are."""
    return measure.over(EVER)
