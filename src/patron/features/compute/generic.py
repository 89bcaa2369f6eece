"""The generic path: many measures over many windows of one cutoff, as one expression that an engine runs.

It is one filtered GROUP BY for each event table and window, joined to the customers who are asked about.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import ibis
import ibis.expr.operations as ops
from ibis.expr.types import Column, Table

from patron.errors import MeasureError
from patron.features.definitions import columns, combination_column
from patron.features.measures import ON_CUTOFF, Combination, Feature, Measure, guarded
from patron.periods import Span

__all__ = ["EventSource", "feature_table", "group_measures", "over"]

EventSource = Callable[[str, Span], Table]


def feature_table(spine: Table, source_at: EventSource, features: Sequence[Feature]) -> Table:
    """Return the features beside the spine: every row of the spine once, `empty` where there were no events.

    Args:
        spine: one row for each customer, with `customer` and one and the same `cutoff`.
        source_at: returns the events of a table that a window may see.
        features: what to compute.
    """
    outputs = columns(features)
    base = spine
    for (source, window), measures in group_measures(features):
        base = _join_measures(base, source, window, measures, source_at)
    combinations = {
        name: over(base, feature, window) for name, feature, window in outputs if isinstance(feature, Combination)
    }
    return base.mutate(**combinations).select(*spine.columns, *(name for name, _, _ in outputs))


def over(base: Table, feature: Combination, window: Span) -> Column:
    """Return a combination as an expression over the finished columns of its parts."""
    inputs = feature.inputs(window)
    parts = ibis.table({f"part{i}": base[c].type() for i, c in enumerate(inputs)}, name="parts")
    column = guarded(combination_column(feature, [parts[c] for c in parts.columns])).op()
    swap = {parts[part].op(): base[c].op() for part, c in zip(parts.columns, inputs, strict=True)}
    return column.replace(swap, filter=ops.Value).to_expr()


def group_measures(features: Sequence[Feature]) -> Iterable[tuple[tuple[str, Span], list[Measure]]]:
    """Return the measures by event table and window, each once, parts of combinations included.

    Raises:
        MeasureError: two different measures make one column.
    """
    distinct: dict[tuple[str, Span, str], Measure] = {}
    by_column: dict[str, Measure] = {}
    for feature in features:
        for part in feature.parts if isinstance(feature, Combination) else (feature,):
            for window in part.windows:
                distinct[part.source, window, part.name] = part
                _check_same(part.column(window), by_column.setdefault(part.column(window), part), part)
    in_order = sorted(distinct.items(), key=lambda item: (item[0][0], item[0][1].days or 0, item[0][2]))
    for key, group in groupby(in_order, key=lambda item: item[0][:2]):
        yield key, [part for _, part in group]


def _check_same(column: str, first: Measure, second: Measure) -> None:
    if (first.source, first.compute, first.empty) != (second.source, second.compute, second.empty):
        raise MeasureError(
            f"Two measures make the column {column!r}, from event tables {first.source!r} and {second.source!r}, in "
            "different ways. Give one of them another name."
        )


def _join_measures(base: Table, source: str, window: Span, measures: list[Measure], source_at: EventSource) -> Table:
    if source == ON_CUTOFF:
        return base.mutate(**{m.column(window): m.compute(base.cutoff).cast("float64") for m in measures})
    events = source_at(source, window)
    aggregates = events.group_by("customer").aggregate(**{m.column(window): m.expression(events) for m in measures})
    joined = base.left_join(aggregates, "customer").drop("customer_right")
    filled = {
        m.column(window): ibis.coalesce(joined[m.column(window)], m.empty) for m in measures if m.empty is not None
    }
    return joined.mutate(**filled) if filled else joined
