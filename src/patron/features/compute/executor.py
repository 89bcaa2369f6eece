"""Executor: the rows of many cutoffs, each event table read once, in partitions of the customers that fit in memory.

Events are read and sorted partition by partition, folded block by block, and never is a customer split. What the fold
does not know comes cutoff by cutoff from the generic path and meets the folded columns on (customer, cutoff).
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import numpy as np
import pyarrow as pa

from patron.engines.batches import ahead
from patron.features.compute.fold.event_arrays import EventArrays
from patron.features.compute.partition import Partition, customer_ranges
from patron.features.compute.plan import ExecutionPlan, Progress
from patron.features.compute.slots import TextColumn
from patron.features.definitions import columns, combination_column
from patron.features.measures import Combination, guarded

__all__ = ["UNLIMITED", "RowBlock", "execute"]

BLOCK_ROWS = 8_192
UNLIMITED = 2**62
Values = Mapping[str, np.ndarray]
EngineInputs = Sequence[Sequence[np.ndarray]]


@dataclass(frozen=True)
class RowBlock:
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
    texts: Values


def execute(plan: ExecutionPlan, max_rows: int = UNLIMITED, finished: int = 0) -> Iterator[RowBlock]:
    """Compute the rows, partition by partition.

    Args:
        plan: what is computed, of whom, at which cutoffs.
        max_rows: how many rows a block may have, about; all of a partition unless given.
        finished: how many blocks an earlier execution of the same plan has computed, which are left out.

    Raises:
        HistoryError: events do not fit in memory, and there is no room on disk.
        MeasureError: a measure does not fit its event table.
    """
    if "patron.features.compute.fold.kernel_calls" not in sys.modules:
        plan.progress(Progress("Loading the loops; they are compiled once, in some seconds", 0.0, None))
    with TemporaryDirectory(prefix="patron-") if plan.n_partitions > 1 else nullcontext("") as folder:
        begin, begun = time.perf_counter(), 0
        for number, events in enumerate(_load(plan, Path(folder))):
            left = (time.perf_counter() - begin) / number * (plan.n_partitions - number) if number else None
            what = f"Part {number + 1} of {plan.n_partitions} is read"
            plan.progress(Progress(what, number / plan.n_partitions, left))
            for block, compute in enumerate(_row_blocks(Partition.of(plan, events), number, max_rows), start=begun):
                begun = block + 1
                if block >= finished:
                    yield compute()
    plan.progress(Progress("Done", 1.0, 0.0))


def _load(plan: ExecutionPlan, folder: Path) -> Iterator[dict[str, EventArrays]]:
    """Load the events of each partition of the customers; each event table is read once."""
    loaders = {source: plan.loader(source) for source in plan.sources}
    plan.progress(Progress("Reading events", 0.0, None))
    if plan.n_partitions == 1:
        yield {source: loader.load() for source, loader in loaders.items()}
        return
    paths = {s: loader.partition(plan.n_partitions, plan.partition_key, folder / s) for s, loader in loaders.items()}

    def load(number: int) -> dict[str, EventArrays]:
        events = {source: loader.load_partition(paths[source][number]) for source, loader in loaders.items()}
        for files in paths.values():
            files[number].unlink()
        return events

    yield from ahead(load, range(plan.n_partitions), waiting=2)  # the next is loaded while one is folded


def _row_blocks(partition: Partition, number: int, max_rows: int) -> Iterator[Callable[[], RowBlock]]:
    """Yield what computes the rows of a partition, in slices of its customers."""
    plan, done = partition.plan, 0
    for some in partition.slices(max_rows):
        begin, size = number + done / len(partition.customers), len(some.customers) / len(partition.customers)
        yield partial(_row_block, some, partial(_report, plan, number, begin, size))
        done += len(some.customers)


def _report(plan: ExecutionPlan, number: int, begin: float, size: float, share: float) -> None:
    what = f"Folding part {number + 1} of {plan.n_partitions}"
    plan.progress(Progress(what, (begin + size * share) / plan.n_partitions, None))


def _row_block(partition: Partition, report: Callable[[float], None]) -> RowBlock:
    """Work in some threads; what each of them does has rows of its own, so that their order changes nothing."""
    partition.prepare()
    block, engine_inputs = _allocate(partition)
    ranges = customer_ranges(partition.offsets, BLOCK_ROWS)
    for done, _ in enumerate(ahead(partial(_write, partition, block, engine_inputs), ranges), start=1):
        report(done / len(ranges))
    for combination, inputs in zip(partition.plan.layout.engine_combinations, engine_inputs, strict=True):
        block.numbers[combination.position] = _combine_by_engine(combination.feature, inputs)
    return block


def _allocate(partition: Partition) -> tuple[RowBlock, EngineInputs]:
    """Return a block whose numbers and texts are still to be written, and room for what engine combinations read.

    An engine is asked for a combination once, not in every thread at once: its inputs are collected first.
    """
    layout, plan = partition.plan.layout, partition.plan
    cutoff_index, customer_index = np.nonzero(partition.active.T)
    size = len(customer_index)
    text_names = dict.fromkeys(name for name, _, _ in columns(plan.features) if name not in layout.names)
    block = RowBlock(
        partition.customers.take(pa.array(customer_index)),
        partition.cutoffs[cutoff_index],
        np.empty((len(layout.names), size), plan.kind),
        layout.names,
        {name: np.empty(size, object) for name in text_names},
    )
    engine_inputs = [
        [np.empty(size, object if isinstance(column, str) else np.float64) for column in combination.inputs]
        for combination in layout.engine_combinations
    ]
    return block, engine_inputs


def _write(partition: Partition, block: RowBlock, engine_inputs: EngineInputs, customers: tuple[int, int]) -> None:
    """Compute the rows of a range of customers, and write them to their destination in a block."""
    row_slice = slice(*partition.offsets[list(customers)])
    layout, destination = partition.plan.layout, partition.destination[row_slice]
    slots = layout.program.allocate(len(destination))
    for source, calls in layout.kernel_calls.items():
        _call_kernels(partition, source, row_slice, slots[calls.begin : calls.begin + calls.size])
    for name, slot in layout.engine_slots.items():
        slots[slot, : len(destination)] = partition.engine_columns[name][row_slice]
    layout.program.run(slots, destination, block.numbers)
    slots = slots[:, : len(destination)]
    texts = _texts(partition, row_slice, slots)
    for name, output in block.texts.items():
        output[destination] = texts[name]
    for combination, outputs in zip(layout.engine_combinations, engine_inputs, strict=True):
        for column, output in zip(combination.inputs, outputs, strict=True):
            output[destination] = texts[column] if isinstance(column, str) else slots[column]


def _call_kernels(partition: Partition, source: str, row_slice: slice, slots: np.ndarray) -> None:
    """Run the loops over the events of one table for some rows."""
    customer_index, cutoff_index = (index[row_slice] for index in partition.rows)
    position, moments = partition.positions[source][customer_index], partition.cutoffs.astype(np.int64)[cutoff_index]
    side, events = partition.plan.side, partition.events[source]
    calls = partition.plan.layout.kernel_calls[source]
    calls.fill(partition.views[source], side.locate(events, position, moments, calls.windows), slots)
    if not events.changing.any():
        return
    changing = np.flatnonzero((position >= 0) & events.changing[position])
    customers, position = np.unique(position[changing], return_inverse=True)
    events, moments = events.of_customers(customers), moments[changing]
    for moment in np.unique(moments):  # what was known differs from cutoff to cutoff
        row_index = np.flatnonzero(moments == moment)
        known, output = side.known(events, int(moment)), np.empty((len(slots), len(row_index)))
        ranges = side.locate(known, position[row_index], moments[row_index], calls.windows)
        calls.fill(calls.views(known), ranges, output)
        slots[:, changing[row_index]] = output


def _texts(partition: Partition, row_slice: slice, slots: np.ndarray) -> Values:
    """Return the columns of texts for some rows, from an engine or from codes of words."""
    from_engine = {n: values[row_slice] for n, values in partition.engine_columns.items() if values.dtype == object}
    picked = {name: _words(partition, text, slots[text.slot]) for name, text in partition.plan.layout.texts.items()}
    return {**from_engine, **picked}


def _words(partition: Partition, text: TextColumn, codes: np.ndarray) -> np.ndarray:
    words, known = partition.events[text.source].columns[text.value].words, ~np.isnan(codes)
    values = np.full(len(codes), text.empty, object)
    if words is not None:
        values[known] = words.take(pa.array(codes[known].astype(np.int64))).to_numpy(zero_copy_only=False)
    return values


def _combine_by_engine(feature: Combination, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """Compute a combination that has more than arithmetic."""
    kinds = [pa.string() if values.dtype == object else pa.float64() for values in inputs]
    parts = {f"part{i}": pa.array(inputs[i], kind, from_pandas=True) for i, kind in enumerate(kinds)}
    table = ibis.memtable(pa.table(parts | {"row": range(len(inputs[0]))}))
    value = guarded(combination_column(feature, [table[name] for name in parts])).name("value")
    return table.select("row", value).order_by("row").to_pyarrow()["value"].to_numpy()
