"""Plan: what is computed of whom at which cutoffs, and which path each measure takes.

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

from patron.features.compute.fold.event_arrays import EventArrays
from patron.features.compute.fold.formulas import Formula
from patron.features.compute.fold.kernel_calls import WindowedLeaf, locate_future, locate_past
from patron.features.compute.fold.loading import EventLoader
from patron.features.compute.fold.reductions import columns_of
from patron.features.compute.fold.views import EventRanges
from patron.features.compute.generic import group_measures
from patron.features.compute.paths import formula
from patron.features.compute.populations import Population
from patron.features.compute.slots import FoldColumn, Layout, layout_of, leaves_by_source
from patron.features.definitions import columns, is_text, unbound
from patron.features.measures import ON_CUTOFF, Feature, Measure
from patron.history.history import History
from patron.history.point_in_time import CUSTOMER_NUMBER, blank
from patron.periods import EVER, Span

__all__ = ["FUTURE", "PAST", "ExecutionPlan", "Progress", "TimeSide", "silent"]

GIGABYTE = 2**30
EVENT_BYTES, COLUMN_BYTES, ROW_BYTES = 60, 20, 60
MAX_PARTITIONS = 2**15 - 1
PARTITION_EVENTS = 2_000_000  # what is sorted fastest, as it stays near the processor


@dataclass(frozen=True)
class Progress:
    """How far an execution has come.

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
class TimeSide:
    """Which side of the cutoffs is looked at; each path has its own way to the same events.

    Args:
        table: returns an event table of a history with all that the fold reads.
        locate: finds the events of each row among those in memory, for the fold.
        source_at: returns the events of a table at a cutoff, over a window, for the generic path.
        latest: the end of what the cutoffs look at.
        known: the events in memory as they were known at an instant.
    """

    table: Callable[[History, str], Table]
    locate: Callable[[EventArrays, np.ndarray, np.ndarray, Sequence[Span]], EventRanges]
    source_at: Callable[[History, str, datetime, Span], Table]
    latest: Callable[[Sequence[datetime], Sequence[Span]], datetime]
    known: Callable[[EventArrays, int], EventArrays]


def _end_of_horizon(cutoffs: Sequence[datetime], windows: Sequence[Span]) -> datetime:
    return max(window.after(max(cutoffs)) for window in windows)


def _whenever_known(events: EventArrays, moment: int) -> EventArrays:
    """Return all events: what came of a customer is a fact, however late it was heard of."""
    return EventArrays(events.customers, events.starts, events.at, None, None, events.columns)


PAST = TimeSide(
    History.as_known, locate_past, History.past, lambda cutoffs, windows: max(cutoffs), EventArrays.known_before
)
FUTURE = TimeSide(History.as_happened, locate_future, History.future, _end_of_horizon, _whenever_known)


@dataclass(frozen=True)
class ExecutionPlan:
    """What is computed of whom at which cutoffs, and how.

    Args:
        history: the checked event tables.
        population: who gets a row at a cutoff.
        features: what is computed.
        cutoffs: the instants, each once, oldest first.
        side: the past for features, the future for labels.
        kind: type of the numbers.
        memory: gigabytes that the events in memory may take.
        progress: called with how far the work has come.
    """

    history: History
    population: Population
    features: tuple[Feature, ...]
    cutoffs: tuple[datetime, ...]
    side: TimeSide = PAST
    kind: type = np.float32
    memory: float = 2.0
    progress: Callable[[Progress], None] = field(default=silent, compare=False)

    @cached_property
    def measures(self) -> dict[str, list[tuple[Measure, Span]]]:
        """The measures and windows of each event table."""
        by_source: dict[str, list[tuple[Measure, Span]]] = defaultdict(list)
        for (source, window), measures in group_measures(self.features):
            by_source[source] += [(measure, window) for measure in measures]
        return by_source

    @cached_property
    def cutoff_measures(self) -> dict[str, Measure]:
        """The measures of the cutoff itself, by column."""
        return {m.column(w): m for m, w in self.measures.get(ON_CUTOFF, ())}

    @cached_property
    def event_measures(self) -> list[tuple[Measure, Span]]:
        """The measures of events, each over each of its windows."""
        return [pair for source, pairs in self.measures.items() if source != ON_CUTOFF for pair in pairs]

    @cached_property
    def formulas(self) -> dict[Measure, Formula]:
        """How the fold computes each measure that it knows, whatever its windows."""
        distinct = {_key(m): m for m, _ in self.event_measures}
        formulas = {key: formula(self.history[m.source], m) for key, m in distinct.items()}
        return {key: known for key, known in formulas.items() if isinstance(known, Formula)}

    @cached_property
    def fold_columns(self) -> list[FoldColumn]:
        """The columns that the fold computes."""
        formulas = [(m, w, self.formulas.get(_key(m))) for m, w in self.event_measures]
        return [FoldColumn(measure, window, known) for measure, window, known in formulas if known is not None]

    @cached_property
    def generic_measures(self) -> list[tuple[Measure, Span]]:
        """The measures that take the generic path."""
        return [(m, w) for m, w in self.event_measures if _key(m) not in self.formulas]

    @cached_property
    def layout(self) -> Layout:
        """Where each column stands in the slots of a block of rows, and the steps that lead there."""
        generic = [m.column(w) for m, w in self.generic_measures if not self.is_text(m)]
        return layout_of(self.features, self.fold_columns, [*generic, *self.cutoff_measures])

    def is_text(self, feature: Feature) -> bool:
        """Check whether a feature's values are texts."""
        return is_text(self.history.tables, feature)

    @cached_property
    def latest(self) -> datetime:
        """The end of what the cutoffs look at."""
        windows = [window for _, window in self.event_measures]
        return max(*self.cutoffs, self.side.latest(self.cutoffs, windows)) if windows else max(self.cutoffs)

    @cached_property
    def sources(self) -> list[str]:
        """The event tables that are read; those that decide who gets a row always."""
        return sorted({*self.population.tables, *(m.source for m in self.formulas)})

    @property
    def base(self) -> str:
        """The event table that has all customers who may get a row."""
        return self.population.tables[0]

    @cached_property
    def leaves(self) -> dict[str, list[WindowedLeaf]]:
        """The reductions and windows that are needed of each event table."""
        return leaves_by_source(self.fold_columns)

    @cached_property
    def expressions(self) -> dict[str, dict[Any, Any]]:
        """The row-level expressions that the fold reads of each table."""
        return {source: self._expressions(source) for source in self.sources}

    def _expressions(self, source: str) -> dict[Any, Any]:
        """Return them over the table itself: formulas are written over one that has its columns, but no rows."""
        swap = {unbound(source, self.history[source].schema()).op(): self._events(source).op()}
        values = dict.fromkeys(value for leaf, _ in self.leaves.get(source, ()) for value in columns_of(leaf))
        return {value: value.replace(swap).to_expr() for value in values}

    def loader(self, source: str) -> EventLoader:
        """Return what loads the events of a table."""
        return EventLoader(self._events(source), self.expressions[source], self.latest)

    def _events(self, source: str) -> Table:
        return blank(self.side.table(self.history, source))

    @property
    def partition_key(self) -> str:
        """The column by which customers are partitioned, the same in all event tables."""
        numbered = all(CUSTOMER_NUMBER in self.history[source].columns for source in self.sources)
        return CUSTOMER_NUMBER if numbered else "customer"

    @cached_property
    def n_partitions(self) -> int:
        """Into how many partitions the customers are split so that the events of each fit in memory."""
        used = {receipt.table: receipt.used for receipt in self.history.receipts}
        most = max(used.values())
        counts = {source: used.get(source, most) for source in self.sources}
        size = sum(n * (EVENT_BYTES + COLUMN_BYTES * len(self.expressions[source])) for source, n in counts.items())
        needed = -(-size // int(self.memory * GIGABYTE))
        return 1 if needed <= 1 else min(max(2 * needed, sum(counts.values()) // PARTITION_EVENTS), MAX_PARTITIONS)

    @cached_property
    def max_rows(self) -> int:
        """How many rows take half the memory that the events may."""
        width = len(list(columns(self.features))) * np.dtype(self.kind).itemsize + ROW_BYTES
        return max(1, int(self.memory * GIGABYTE / 2) // width)


def _key(measure: Measure) -> Measure:
    """Return the measure whatever its windows are."""
    return measure.over(EVER)
