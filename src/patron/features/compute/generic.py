"""The plan: many measures over many windows of one cutoff, as one expression.

The generic path: one filtered GROUP BY for each event table and window, beside the customers who are asked about.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import ibis
import ibis.expr.operations as ops
from ibis.expr.types import Column, Table

from patron.errors import MeasureError
from patron.features.definitions import columns, combined
from patron.features.measures import ON_CUTOFF, Combination, Feature, Measure, guarded
from patron.periods import Span

__all__ = ["Door", "answered", "grouped", "over"]

Door = Callable[[str, Span], Table]


def answered(spine: Table, door: Door, features: Sequence[Feature]) -> Table:
    """Put the features beside the spine: every row of the spine once, `empty` where there were no events.

    Args:
        spine: one row for each customer, with `customer` and one and the same `cutoff`.
        door: gives the events of a table that a window may see.
        features: what to compute.
    """
    wanted = columns(features)
    base = spine
    for (source, window), asked in grouped(features):
        base = _beside(base, source, window, asked, door)
    combined = {
        name: over(base, feature, window) for name, feature, window in wanted if isinstance(feature, Combination)
    }
    return base.mutate(**combined).select(*spine.columns, *(name for name, _, _ in wanted))


def over(base: Table, feature: Combination, window: Span) -> Column:
    """Return a combination as an expression over the finished columns of its parts."""
    inputs = feature.inputs(window)
    parts = ibis.table({f"part{i}": base[c].type() for i, c in enumerate(inputs)}, name="parts")
    made = guarded(combined(feature, [parts[c] for c in parts.columns])).op()
    swapped = {parts[part].op(): base[c].op() for part, c in zip(parts.columns, inputs, strict=True)}
    return made.replace(swapped, filter=ops.Value).to_expr()


def grouped(features: Sequence[Feature]) -> Iterable[tuple[tuple[str, Span], list[Measure]]]:
    """Return the measures by event table and window, each once, parts of combinations included."""
    asked: dict[tuple[str, Span, str], Measure] = {}
    meant: dict[str, Measure] = {}
    for feature in features:
        for part in feature.parts if isinstance(feature, Combination) else (feature,):
            for window in part.windows:
                asked[part.source, window, part.name] = part
                _check_same(part.column(window), meant.setdefault(part.column(window), part), part)
    ordered = sorted(asked.items(), key=lambda item: (item[0][0], item[0][1].days or 0, item[0][2]))
    for key, group in groupby(ordered, key=lambda item: item[0][:2]):
        yield key, [part for _, part in group]


def _check_same(column: str, one: Measure, other: Measure) -> None:
    if (one.source, one.compute, one.empty) != (other.source, other.compute, other.empty):
        raise MeasureError(
            f"Two measures make the column {column!r}, from event tables {one.source!r} and {other.source!r}, in "
            "different ways. Give one of them another name."
        )


def _beside(base: Table, source: str, window: Span, asked: list[Measure], door: Door) -> Table:
    if source == ON_CUTOFF:
        return base.mutate(**{m.column(window): m.compute(base.cutoff).cast("float64") for m in asked})
    events = door(source, window)
    made = {m.column(window): m.expression(events) for m in asked}
    found = events.group_by("customer").aggregate(**made)
    joined = base.left_join(found, "customer").drop("customer_right")
    filled = {m.column(window): ibis.coalesce(joined[m.column(window)], m.empty) for m in asked if m.empty is not None}
    return joined.mutate(**filled) if filled else joined
