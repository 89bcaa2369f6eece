"""Partition: some customers with their events, who of them has a row at which cutoff, and what needs an engine.

A slice of a partition is a partition, so that no more rows are computed at once than fit in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.compute.fold.event_arrays import EventArrays
from patron.features.compute.fold.views import EventView
from patron.features.compute.generic import feature_table
from patron.features.compute.plan import ExecutionPlan
from patron.features.measures import Measure

__all__ = ["Partition", "customer_ranges", "position_range"]

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Partition:
    """Some customers.

    Its rows stand by customer, then cutoff; `destination` puts them in order by cutoff, then customer.

    Args:
        plan: what is computed.
        events: the events of these customers, by event table.
        active: who of them has a row when, shape (customers, cutoffs).
        engine_columns: columns that an engine computed, one value for each row.
    """

    plan: ExecutionPlan
    events: Mapping[str, EventArrays]
    active: np.ndarray
    engine_columns: Values

    @classmethod
    def of(cls, plan: ExecutionPlan, events: Mapping[str, EventArrays]) -> "Partition":
        """Return the partition of all customers of the events who may get a row."""
        moments = np.array(plan.cutoffs, "datetime64[us]").astype(np.int64)
        partition = cls(plan, events, plan.population.present(events, moments), {})
        return cls(plan, events, partition.active, {**_generic_columns(partition), **_cutoff_columns(partition)})

    def slices(self, max_rows: int) -> Iterator["Partition"]:
        """Return the partition in slices of about some rows, which split no customer."""
        for first, last in customer_ranges(self.offsets, max_rows):
            yield self._slice(first, last)

    def _slice(self, first: int, last: int) -> "Partition":
        if (first, last) == (0, len(self.customers)):
            return self
        rows = slice(self.offsets[first], self.offsets[last])
        events = {
            source: self.events[source].customer_slice(*position_range(position[first:last]))
            for source, position in self.positions.items()
        }
        columns = {name: values[rows] for name, values in self.engine_columns.items()}
        return Partition(self.plan, events, self.active[first:last], columns)

    def prepare(self) -> None:
        """Compute what all blocks of rows share, before they are worked on side by side."""
        for shared in (self.rows, self.offsets, self.destination, self.positions, self.views, self.plan.layout.names):
            len(shared)

    @property
    def customers(self) -> pa.Array:
        """The customers who may get a row, sorted."""
        return self.events[self.plan.base].customers

    @cached_property
    def cutoffs(self) -> np.ndarray:
        """The cutoffs, oldest first."""
        return np.array(self.plan.cutoffs, "datetime64[us]")

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The customer and the cutoff of each row, as positions among the customers and the cutoffs."""
        customer_index, cutoff_index = np.nonzero(self.active)
        return customer_index.astype(np.int32), cutoff_index.astype(np.int32)

    @cached_property
    def offsets(self) -> np.ndarray:
        """Where each customer's rows start, and where the last one's end."""
        return np.concatenate([[0], np.cumsum(self.active.sum(axis=1))])

    @cached_property
    def destination(self) -> np.ndarray:
        """Where each row stands when rows are sorted by cutoff, then customer."""
        by_cutoff = self.active.T
        numbered = np.cumsum(by_cutoff.ravel()) - 1  # in that order, each row has the number of rows before it
        return numbered.reshape(by_cutoff.shape).T[self.active]

    @cached_property
    def positions(self) -> dict[str, np.ndarray]:
        """The position of each customer in each event table; -1 where it has no event there."""
        positions = {
            source: np.asarray(pc.fill_null(pc.index_in(self.customers, value_set=events.customers), -1)).astype(int)
            for source, events in self.events.items()
            if source != self.plan.base
        }
        return {**positions, self.plan.base: np.arange(len(self.customers))}

    @cached_property
    def views(self) -> dict[str, tuple[EventView, ...]]:
        """What the kernels look at in each event table, of customers of whom what is known does not change."""
        calls = self.plan.layout.kernel_calls
        return {source: calls[source].views(events) for source, events in self.events.items() if source in calls}


def customer_ranges(offsets: np.ndarray, max_rows: int) -> list[tuple[int, int]]:
    """Return customers in ranges of about some rows: the first of each, and one past the last.

    Args:
        offsets: where each customer's rows start, and where the last one's end.
        max_rows: a customer belongs to the range that its first row falls into, so that none is ever split.

    >>> customer_ranges(np.array([0, 2, 4, 5, 6]), max_rows=3)
    [(0, 2), (2, 4)]
    """
    number = offsets[:-1] // max_rows
    ends = [*np.flatnonzero(np.diff(number)) + 1, len(number)] if len(number) else []
    return [(int(first), int(last)) for first, last in zip([0, *ends[:-1]], ends, strict=True)] if ends else []


def position_range(positions: np.ndarray) -> tuple[int, int]:
    """Return the first of some ascending positions, and one past the last; -1 stands for none."""
    present = positions[positions >= 0]
    return (int(present[0]), int(present[-1]) + 1) if len(present) else (0, 0)


def _generic_columns(partition: Partition) -> Values:
    """Compute the columns of the generic path, cutoff by cutoff."""
    plan = partition.plan
    measures: dict[str, Measure] = {m.column(w): m.over(w) for m, w in plan.generic_measures}
    if not measures:
        return {}
    customer_index, cutoff_index = partition.rows
    columns = {name: np.full(len(customer_index), np.nan, object) for name in measures}
    for c, cutoff in enumerate(plan.cutoffs):
        row_index = np.flatnonzero(cutoff_index == c)
        customers = partition.customers.take(pa.array(customer_index[row_index]))
        table = _feature_table(plan, customers, cutoff, tuple(measures.values()))
        row_of = pc.index_in(customers, value_set=table["customer"])
        for name, values in columns.items():
            values[row_index] = table[name].take(row_of).to_numpy(zero_copy_only=False)
    return {name: v if plan.is_text(measures[name]) else v.astype(np.float64) for name, v in columns.items()}


def _feature_table(
    plan: ExecutionPlan, customers: pa.Array, cutoff: datetime, measures: tuple[Measure, ...]
) -> pa.Table:
    spine = ibis.memtable(pa.table({"customer": customers})).mutate(cutoff=ibis.literal(cutoff))
    table = feature_table(spine, lambda name, w: plan.side.source_at(plan.history, name, cutoff, w), measures)
    return table.to_pyarrow().combine_chunks()


def _cutoff_columns(partition: Partition) -> Values:
    """Compute the measures of the cutoff itself, one value for each cutoff."""
    measures = partition.plan.cutoff_measures
    if not measures:
        return {}
    spine = ibis.memtable({"cutoff": list(partition.plan.cutoffs)})
    values = {name: m.compute(spine.cutoff).cast("float64") for name, m in measures.items()}
    table = spine.select("cutoff", **values).order_by("cutoff").to_pyarrow()
    _, cutoff_index = partition.rows
    return {name: table[name].to_numpy()[cutoff_index] for name in measures}
