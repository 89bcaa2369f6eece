"""The plan: many measures over many windows of one cutoff, as one expression.

The generic path: one filtered GROUP BY for each event table and window, beside the customers who are asked about.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import ibis
import ibis.expr.operations as ops
from ibis.expr.schema import Schema
from ibis.expr.types import Column, Table, Value

from patron.doors import blank
from patron.errors import MeasureError
from patron.fold.formulas import Formula, Unknown, taken_apart
from patron.measures import ON_CUTOFF, Combination, Feature, Measure, guarded
from patron.periods import EVER, Span

__all__ = [
    "Definition",
    "Door",
    "Path",
    "answered",
    "columns",
    "combined",
    "definitions",
    "explain_plan",
    "formula",
    "grouped",
    "is_text",
    "over",
    "unbound",
]

Door = Callable[[str, Span], Table]
SPINE = ibis.table({"customer": "string", "cutoff": "timestamp"}, name="spine")


@dataclass(frozen=True)
class Definition:
    """What one column means, to people and to a model that must only see what it was trained with.

    Args:
        name: the column.
        words: what it means, for the business, with its window.
        theme: one of `patron.measures.THEMES`.
        unit: what its values count.
        formula: how it is computed, as text that is the same whenever the computation is.
        source: the event tables that it looks at, or `cutoff` where all customers of a cutoff share it.
    """

    name: str
    words: str
    theme: str
    unit: str
    formula: str
    source: str


def columns(features: Sequence[Feature]) -> list[tuple[str, Feature, Span]]:
    """Return each column that the features make: its name, the feature, and the window.

    Raises:
        MeasureError: two features make a column of the same name.
    """
    made = [(feature.column(window), feature, window) for feature in features for window in feature.windows]
    names = [name for name, _, _ in made]
    for name in names:
        if names.count(name) > 1:
            raise MeasureError(f"Two features make the column {name!r}. Rename one of them, or list it once.")
        if name in ("customer", "cutoff"):
            raise MeasureError(f"A feature makes the column {name!r}, which tells whose row it is. Rename the feature.")
    return made


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


def combined(feature: Combination, parts: Sequence[Column]) -> Column:
    """Return a combination as an expression over columns of its parts, in their order.

    Raises:
        MeasureError: it gives no number for each row from that row alone.
    """
    made = feature.compute(*parts)
    wide = (ops.Reduction, ops.WindowFunction, ops.Analytic)
    if not isinstance(made, Column) or made.op().find(wide, filter=ops.Value):
        raise MeasureError(
            f"Combination {feature.name!r} must give one number for each row, from that row alone, "
            f"got {made.op().name if isinstance(made, Value) else repr(made)}. Leave out reductions and windows."
        )
    if not (made.type().is_numeric() or made.type().is_boolean()):
        raise MeasureError(f"Combination {feature.name!r} must give a number or a truth, got {made.type()}.")
    return made.cast("float64")


def formula(events: Table, measure: Measure) -> Formula | Unknown:
    """Return how the fold computes a measure, or why it takes the generic path.

    Args:
        events: its event table.
        measure: built-in or own.
    """
    return _taken_apart(measure.over(EVER), events.schema())


@lru_cache(maxsize=4096)
def _taken_apart(measure: Measure, schema: Schema) -> Formula | Unknown:
    """Return the formula over a table that has columns but no rows; kept, because questions come again."""
    return taken_apart(measure.expression(unbound(measure.source, schema)).op())


def is_text(tables: Mapping[str, Table], feature: Feature) -> bool:
    """Tell whether a feature's values are texts."""
    if isinstance(feature, Combination) or feature.source == ON_CUTOFF:
        return False
    return _is_text(feature.over(EVER), tables[feature.source].schema())


@lru_cache(maxsize=4096)
def _is_text(measure: Measure, schema: Schema) -> bool:
    return bool(measure.expression(unbound(measure.source, schema)).type().is_string())


def unbound(source: str, schema: Schema) -> Table:
    """Return a table without rows, with the columns that measures see: formulas are written over it."""
    return blank(ibis.table(schema, name=source))


@dataclass(frozen=True)
class Path:
    """Which way one column takes.

    Args:
        column: its name.
        path: `fold`, `engine` (the generic path), `combination` or `cutoff`.
        why: the reductions that the fold runs, or the reason why it cannot.
    """

    column: str
    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.column:<32} {self.path:<12} {self.why}"


def explain_plan(features: Sequence[Feature], tables: Mapping[str, Table]) -> tuple[Path, ...]:
    """Tell which path each column takes, and why, without running anything; the values are the same on both.

    Args:
        features: built-in or own.
        tables: event tables by name, for example those of a history.

    >>> from patron.datasets import online_retail
    >>> from patron.features import purchases
    >>> print(explain_plan((purchases.recency,), online_retail().tables)[0])
    recency                          fold         recency
    """
    return tuple(Path(name, *_path(feature, tables)) for name, feature, _ in columns(features))


def _path(feature: Feature, tables: Mapping[str, Table]) -> tuple[str, str]:
    if isinstance(feature, Combination):
        return "combination", " and ".join(part.name for part in feature.parts)
    if feature.source == ON_CUTOFF:
        return "cutoff", "one value for all customers of a cutoff"
    found = formula(tables[feature.source], feature)
    if isinstance(found, Unknown):
        return "engine", found.why
    return "fold", ", ".join(dict.fromkeys(leaf.reduction for leaf in found.leaves.values()))


def definitions(tables: Mapping[str, Table], features: Sequence[Feature]) -> tuple[Definition, ...]:
    """Return what each column of the features means, without running anything.

    Args:
        tables: event tables by name, with the columns that the measures see.
        features: built-in or own.
    """
    return tuple(
        Definition(
            name,
            _said(feature, window),
            feature.theme,
            feature.unit,
            _formula(tables, feature, window),
            " ".join(dict.fromkeys(part.source for part in _parts(feature))),
        )
        for name, feature, window in columns(features)
    )


def _parts(feature: Feature) -> tuple[Measure, ...]:
    return feature.parts if isinstance(feature, Combination) else (feature,)


def _said(feature: Feature, window: Span) -> str:
    own = window.days is None or feature.column(window) == feature.name
    return feature.words if own else f"{feature.words} {window.words}"


def _formula(tables: Mapping[str, Table], feature: Feature, window: Span) -> str:
    if isinstance(feature, Combination):
        parts = [(part, part.windows[0] if len(part.windows) == 1 else window) for part in feature.parts]
        made = _arithmetic(feature, tuple("string" if is_text(tables, part) else "float64" for part, _ in parts))
        return f"{made} of {'; '.join(_formula(tables, p, w) for p, w in parts)}"
    if feature.source == ON_CUTOFF:
        return _text(SPINE.select(value=feature.compute(SPINE.cutoff)))
    made = _reduced(feature.over(EVER), tables[feature.source].schema())
    return f"{made} over {window}, empty {feature.empty}"


@lru_cache(maxsize=4096)
def _arithmetic(feature: Combination, kinds: tuple[str, ...]) -> str:
    """Return a combination as text over columns of some types; kept, because many windows share it."""
    spine = ibis.table({f"part{i}": kind for i, kind in enumerate(kinds)}, name="parts")
    return _text(spine.select(value=combined(feature, [spine[c] for c in spine.columns])))


@lru_cache(maxsize=4096)
def _reduced(measure: Measure, schema: Schema) -> str:
    """Return the reduction of a measure as text; kept, because many windows share it.

    Columns that it does not read are none of its business: one more in the table is no other feature.
    """
    seen = unbound(measure.source, schema)
    made = measure.expression(seen).op()
    read = {field.name for field in made.find(ops.Field, filter=ops.Value)} | {"customer", "at"}
    few = unbound(measure.source, ibis.schema({name: kind for name, kind in schema.items() if name in read}))
    return _text(few.aggregate(value=made.replace({seen.op(): few.op()}).to_expr()))


def _text(table: Table) -> str:
    return " ".join(str(ibis.to_sql(table, dialect="duckdb")).split())


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
