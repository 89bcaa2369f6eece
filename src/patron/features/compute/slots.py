"""Layouts: in which slot of a block of rows each column stands, and the steps that lead there, written once for a pass.

Every slot holds one number for each row: what a loop leaves, what an engine gave, or what a step of the program makes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import numpy as np

from patron.features.compute.fold.formulas import Formula, translated
from patron.features.compute.fold.kernel_calls import Ask, Walk, walk_of
from patron.features.compute.fold.operations import Operation
from patron.features.compute.fold.program import Draft, Program
from patron.features.definitions import columns, combined
from patron.features.measures import Combination, Feature, Measure
from patron.periods import Span

__all__ = ["ByEngine", "Folded", "Layout", "Text", "asks_of", "laid_out"]


@dataclass(frozen=True)
class Folded:
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
        """Tell whether its values are texts."""
        return bool(self.formula.root.dtype.is_string())


@dataclass(frozen=True)
class Text:
    """A column of texts: the event table and the row-level value whose words its slot has codes of."""

    source: str
    value: ops.Value
    slot: int
    empty: str | None


@dataclass(frozen=True)
class ByEngine:
    """A combination that has more than arithmetic.

    Args:
        place: which of the columns of numbers it is.
        feature: how it is made.
        inputs: what it reads: slots of finished columns of numbers, and names of columns of texts.
    """

    place: int
    feature: Combination
    inputs: tuple[int | str, ...]


@dataclass(frozen=True)
class Layout:
    """Where everything stands.

    Args:
        walks: the loops over each event table.
        program: the steps over their slots.
        given: slots of columns that an engine gives, by column.
        names: the columns of numbers, as the program places them and the engine adds to them.
        texts: columns of texts that the fold picks.
        by_engine: combinations that an engine computes from finished columns.
    """

    walks: Mapping[str, Walk]
    program: Program
    given: Mapping[str, int]
    names: tuple[str, ...]
    texts: Mapping[str, Text]
    by_engine: tuple[ByEngine, ...]


def laid_out(features: Sequence[Feature], folded: Sequence[Folded], others: Sequence[str]) -> Layout:
    """Return the layout of a pass.

    Args:
        features: what is computed.
        folded: the columns that the fold computes.
        others: the columns of numbers that an engine computes.
    """
    draft = Draft()
    walks = {source: walk_of(asks, draft) for source, asks in asks_of(folded).items()}
    given = {name: draft.given() for name in others}
    texts = {one.name: _text(one, walks[one.measure.source], draft) for one in folded if one.is_text}
    inside = {one.name: one for one in folded if not one.is_text}
    combinations = {name: (made, window) for name, made, window in columns(features) if isinstance(made, Combination)}
    names = tuple(name for name, _, _ in columns(features) if name in {*given, *inside, *combinations})
    finished, by_engine = dict(given), []
    for name, one in inside.items():
        finished[name] = _column(one, walks[one.measure.source], draft)
        if name in names:
            draft.place(finished[name], names.index(name))
    for name, (feature, window) in combinations.items():
        inputs = [finished.get(column, column) for column in feature.inputs(window)]
        slot = _combined(feature, inputs, draft)
        if slot is None:
            kept = tuple(draft.keep(one) if isinstance(one, int) else one for one in inputs)
            by_engine.append(ByEngine(names.index(name), feature, kept))
        else:
            draft.place(slot, names.index(name))
    for name, slot in given.items():
        if name in names:
            draft.place(slot, names.index(name))
    return Layout(walks, draft.done(), given, names, texts, tuple(by_engine))


def asks_of(folded: Sequence[Folded]) -> dict[str, list[Ask]]:
    """Return the reductions and windows that are needed of each event table, each once."""
    found: dict[str, dict[Ask, None]] = defaultdict(dict)
    for one in folded:
        found[one.measure.source] |= dict.fromkeys((leaf, one.window) for leaf in one.formula.leaves.values())
    return {source: list(asks) for source, asks in found.items()}


def _text(one: Folded, walk: Walk, draft: Draft) -> Text:
    asked, empty = one.formula.leaves[one.formula.root], one.measure.empty
    assert asked.value is not None  # a text is picked from somewhere
    slot = walk.value(asked, one.window, draft)
    return Text(one.measure.source, asked.value, slot, None if empty is None else str(empty))


def _column(one: Folded, walk: Walk, draft: Draft) -> int:
    slots: dict[Any, int] = {node: walk.value(leaf, one.window, draft) for node, leaf in one.formula.leaves.items()}
    made = translated(one.formula.root, slots, draft)
    assert made is not None  # a formula has no unknown operation
    empty = np.nan if one.measure.empty is None else float(one.measure.empty)
    return draft.step(Operation.FILLED, made, walk.events(one.window), number=empty)


def _combined(feature: Combination, inputs: Sequence[int | str], draft: Draft) -> int | None:
    """Return the slot of a combination; none where it reads texts or has more than arithmetic."""
    parts = ibis.table({f"part{i}": "float64" for i in range(len(inputs))}, name="parts")
    fields: dict[Any, int] = {f"part{i}": slot for i, slot in enumerate(inputs) if isinstance(slot, int)}
    if len(fields) < len(inputs):
        return None
    return translated(combined(feature, [parts[name] for name in fields]).op(), fields, draft)
