"""Passes: what is computed of whom at which cutoffs, and which path each measure takes.

Measures that the fold knows are folded; the others take the generic path. Both have one meaning.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from ibis.expr.types import Table

from patron.features.compute.fold.event_arrays import Track
from patron.features.compute.fold.formulas import Formula
from patron.features.compute.fold.kernel_calls import Ask, rows_ahead, rows_before
from patron.features.compute.fold.loading import Reading
from patron.features.compute.fold.reductions import columns_of
from patron.features.compute.fold.views import Rows
from patron.features.compute.generic import grouped
from patron.features.compute.paths import formula
from patron.features.compute.slots import Folded, Layout, asks_of, laid_out
from patron.features.definitions import columns, is_text, unbound
from patron.features.measures import ON_CUTOFF, Feature, Measure
from patron.history.history import History
from patron.history.point_in_time import CUSTOMER_NUMBER, blank
from patron.periods import EVER, Span

__all__ = ["AHEAD", "BEFORE", "Pass", "Progress", "Side", "silent"]

GIGABYTE = 2**30
EVENT_BYTES, COLUMN_BYTES, ROW_BYTES = 60, 20, 60
MOST_PARTS = 2**15 - 1
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
    def folded(self) -> list[Folded]:
        """The columns that the fold computes."""
        return [
            Folded(m, w, self.formulas[key_of(m)])
            for asked in self.asked.values() for m, w in asked if key_of(m) in self.formulas
        ]  # fmt: skip

    @cached_property
    def generic(self) -> list[tuple[Measure, Span]]:
        """The measures that take the generic path."""
        return [
            (m, w) for source, asked in self.asked.items() for m, w in asked
            if source != ON_CUTOFF and key_of(m) not in self.formulas
        ]  # fmt: skip

    @cached_property
    def layout(self) -> Layout:
        """Where each column stands in the slots of a block of rows, and the steps that lead there."""
        others = [m.column(w) for m, w in (*self.generic, *self.asked.get(ON_CUTOFF, ())) if not self.is_text(m)]
        return laid_out(self.features, self.folded, others)

    def is_text(self, feature: Feature) -> bool:
        """Tell whether a feature's values are texts."""
        return is_text(self.history.tables, feature)

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
    def asks(self) -> dict[str, list[Ask]]:
        """The reductions and windows that are needed of each event table."""
        return asks_of(self.folded)

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
        return 1 if needed <= 1 else min(max(2 * needed, sum(counts.values()) // PART_EVENTS), MOST_PARTS)

    @cached_property
    def rows(self) -> int:
        """How many rows take half the memory that the events may."""
        wide = len(list(columns(self.features))) * np.dtype(self.kind).itemsize + ROW_BYTES
        return max(1, int(self.memory * GIGABYTE / 2) // wide)


def key_of(measure: Measure) -> Measure:
    """Return the measure whatever its windows are."""
    return measure.over(EVER)
