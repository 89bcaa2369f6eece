"""Slots: where each column stands in a block of rows, and the steps that lead there, written once for a plan.

Every slot holds one number for each row: what a kernel leaves, what an engine gave, or the result of a step.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import numpy as np

from patron.features.compute.fold.formulas import Formula, translate
from patron.features.compute.fold.kernel_calls import KernelCalls, WindowedLeaf, kernel_calls_of
from patron.features.compute.fold.operations import Operation
from patron.features.compute.fold.program import Draft, Program
from patron.features.definitions import columns, combination_column
from patron.features.measures import Combination, Feature, Measure
from patron.periods import Span

__all__ = ["EngineCombination", "FoldColumn", "Layout", "TextColumn", "layout_of", "leaves_by_source"]


@dataclass(frozen=True)
class FoldColumn:
    """A column that the fold computes: the measure, the window, and the formula."""

    measure: Measure
    window: Span
    formula: Formula

    @property
    def name(self) -> str:
        """The column."""
        return self.measure.column(self.window)

    @property
    def is_text(self) -> bool:
        """Check whether its values are texts."""
        return bool(self.formula.root.dtype.is_string())


@dataclass(frozen=True)
class TextColumn:
    """A column of texts: the event table and the row-level value whose words its slot has codes of."""

    source: str
    value: ops.Value
    slot: int
    empty: str | None


@dataclass(frozen=True)
class EngineCombination:
    """A combination that has more than arithmetic, and is left to an engine.

    Args:
        position: which of the columns of numbers it is.
        feature: what is computed.
        inputs: what it reads: slots of finished columns of numbers, and names of columns of texts.
    """

    position: int
    feature: Combination
    inputs: tuple[int | str, ...]


@dataclass(frozen=True)
class Layout:
    """Where everything stands.

    Args:
        kernel_calls: the loops over each event table.
        program: the steps over their slots.
        engine_slots: slots of columns that an engine computes, by column.
        names: the columns of numbers, in the order in which they are written.
        texts: columns of texts that the fold picks.
        engine_combinations: combinations that an engine computes from finished columns.
    """

    kernel_calls: Mapping[str, KernelCalls]
    program: Program
    engine_slots: Mapping[str, int]
    names: tuple[str, ...]
    texts: Mapping[str, TextColumn]
    engine_combinations: tuple[EngineCombination, ...]


def layout_of(features: Sequence[Feature], fold_columns: Sequence[FoldColumn], engine_columns: Sequence[str]) -> Layout:
    """Return the layout of a plan.

    Args:
        features: what is computed.
        fold_columns: the columns that the fold computes.
        engine_columns: the columns of numbers that an engine computes.
    """
    draft = Draft()
    calls = {source: kernel_calls_of(leaves, draft) for source, leaves in leaves_by_source(fold_columns).items()}
    engine_slots = {name: draft.reserve() for name in engine_columns}
    texts = {c.name: _text(c, calls[c.measure.source], draft) for c in fold_columns if c.is_text}
    numbers = {c.name: c for c in fold_columns if not c.is_text}
    combinations = {n: (f, window) for n, f, window in columns(features) if isinstance(f, Combination)}
    # Parts of combinations have slots, but no column of their own unless they are features too.
    names = [name for name, _, _ in columns(features) if name in {*engine_slots, *numbers, *combinations}]
    slots = dict(engine_slots)
    for name, column in numbers.items():
        slots[name] = _number(column, calls[column.measure.source], draft)
        if name in names:
            draft.output(slots[name], names.index(name))
    left_over = []
    for name, (feature, window) in combinations.items():
        inputs = [slots.get(column, column) for column in feature.inputs(window)]
        combination = _combination(feature, inputs, draft)
        if combination is None:
            left_over.append(EngineCombination(names.index(name), feature, _keep(inputs, draft)))
        else:
            draft.output(combination, names.index(name))
    for name, slot in engine_slots.items():
        if name in names:
            draft.output(slot, names.index(name))
    return Layout(calls, draft.program(), engine_slots, tuple(names), texts, tuple(left_over))


def leaves_by_source(fold_columns: Sequence[FoldColumn]) -> dict[str, list[WindowedLeaf]]:
    """Return the reductions and windows that are needed of each event table, each once."""
    leaves: dict[str, dict[WindowedLeaf, None]] = defaultdict(dict)
    for column in fold_columns:
        leaves[column.measure.source] |= dict.fromkeys((leaf, column.window) for leaf in column.formula.leaves.values())
    return {source: list(distinct) for source, distinct in leaves.items()}


def _text(column: FoldColumn, calls: KernelCalls, draft: Draft) -> TextColumn:
    leaf, empty = column.formula.leaves[column.formula.root], column.measure.empty
    assert leaf.value is not None  # a text is picked from somewhere
    slot = calls.value(leaf, column.window, draft)
    return TextColumn(column.measure.source, leaf.value, slot, None if empty is None else str(empty))


def _number(column: FoldColumn, calls: KernelCalls, draft: Draft) -> int:
    leaves = column.formula.leaves
    slots: dict[Any, int] = {node: calls.value(leaf, column.window, draft) for node, leaf in leaves.items()}
    value = translate(column.formula.root, slots, draft)
    assert value is not None  # a formula has no unknown operation
    empty = np.nan if column.measure.empty is None else float(column.measure.empty)
    return draft.step(Operation.FILLED, value, calls.events(column.window), number=empty)


def _combination(feature: Combination, inputs: Sequence[int | str], draft: Draft) -> int | None:
    """Return the slot of a combination; none where it reads texts or has more than arithmetic."""
    parts = ibis.table({f"part{i}": "float64" for i in range(len(inputs))}, name="parts")
    fields: dict[Any, int] = {f"part{i}": slot for i, slot in enumerate(inputs) if isinstance(slot, int)}
    if len(fields) < len(inputs):
        return None
    return translate(combination_column(feature, [parts[name] for name in fields]).op(), fields, draft)


def _keep(inputs: Sequence[int | str], draft: Draft) -> tuple[int | str, ...]:
    """Return the inputs in slots that are still theirs when the program has run."""
    return tuple(draft.keep(slot) if isinstance(slot, int) else slot for slot in inputs)
