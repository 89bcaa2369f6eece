"""Definitions: the columns that features make, and what each means, as text that tells one computation from another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ibis
import ibis.expr.operations as ops
from ibis.expr.schema import Schema
from ibis.expr.types import Column, Scalar, Table, Value

from patron.errors import MeasureError
from patron.features.measures import ON_CUTOFF, Combination, Feature, Measure
from patron.history.point_in_time import STANDING, blank
from patron.periods import EVER, Span

__all__ = ["Definition", "columns", "columns_read", "combination_column", "definitions", "is_text", "unbound"]

SPINE = ibis.table({"customer": "string", "cutoff": "timestamp"}, name="spine")


@dataclass(frozen=True)
class Definition:
    """What one column means, to people and to a model that must only see what it was trained with.

    Args:
        name: the column.
        words: what it means, for the business, with its window.
        theme: one of `patron.features.measures.THEMES`.
        unit: what its values count.
        formula: how it is computed, as text that is the same whenever the computation is.
        source: the event tables that it looks at, or `cutoff` where all customers of a cutoff share it.
        lever: what the business does to change it, in words; empty where nobody can.
    """

    name: str
    words: str
    theme: str
    unit: str
    formula: str
    source: str
    lever: str = ""


def columns(features: Sequence[Feature]) -> list[tuple[str, Feature, Span]]:
    """Return each column that the features make: its name, the feature, and the window.

    Raises:
        MeasureError: two features make a column of the same name.
    """
    outputs = [(feature.column(window), feature, window) for feature in features for window in feature.windows]
    names = [name for name, _, _ in outputs]
    for name in names:
        if names.count(name) > 1:
            raise MeasureError(f"Two features make the column {name!r}. Rename one of them, or list it once.")
        if name in ("customer", "cutoff"):
            raise MeasureError(f"A feature makes the column {name!r}, which tells whose row it is. Rename the feature.")
    return outputs


def combination_column(feature: Combination, parts: Sequence[Column]) -> Column:
    """Return a combination as an expression over columns of its parts, in their order.

    Raises:
        MeasureError: it gives no number for each row from that row alone.
    """
    column = feature.compute(*parts)
    wide = (ops.Reduction, ops.WindowFunction, ops.Analytic)
    if not isinstance(column, Column) or column.op().find(wide, filter=ops.Value):
        raise MeasureError(
            f"Combination {feature.name!r} must give one number for each row, from that row alone, "
            f"got {column.op().name if isinstance(column, Value) else repr(column)}. Leave out reductions and windows."
        )
    if not (column.type().is_numeric() or column.type().is_boolean()):
        raise MeasureError(
            f"Combination {feature.name!r} must give a number or a truth, got {column.type()}. End it with one, for "
            f"example {feature.parts[0].name} == 'web' for a text, or a difference in days for a time."
        )
    return column.cast("float64")


def is_text(tables: Mapping[str, Table], feature: Feature) -> bool:
    """Check whether a feature's values are texts."""
    if isinstance(feature, Combination) or feature.source == ON_CUTOFF:
        return False
    return bool(expression(feature.over(EVER), tables[feature.source].schema()).type().is_string())


@lru_cache(maxsize=4096)
def expression(measure: Measure, schema: Schema) -> Scalar:
    """Return what a measure computes over a table that has columns but no rows; kept, because questions come again.

    Raises:
        MeasureError: the table lacks what the measure reads.
    """
    return measure.expression(unbound(measure.source, schema))


def unbound(source: str, schema: Schema) -> Table:
    """Return a table without rows, with the columns that measures see: formulas are written over it."""
    return blank(ibis.table(schema, name=source))


def columns_read(tables: Mapping[str, Table], features: Sequence[Feature]) -> dict[str, set[str]]:
    """Return by event table the columns that some features read, of those that the tables have.

    Args:
        tables: event tables by name, with the columns that the measures see.
        features: built-in or own.

    >>> from patron.features import purchases
    >>> orders = ibis.table({"customer": "string", "at": "timestamp", "amount": "float64", "note": "string"})
    >>> sorted(columns_read({"orders": orders}, [purchases.recency])["orders"])
    ['days_ago']
    """
    read: dict[str, set[str]] = {}
    for part in (part for feature in features for part in _parts(feature) if part.source != ON_CUTOFF):
        seen = ibis.table(unbound(part.source, tables[part.source].schema()).schema(), name=part.source)
        value = part.over(EVER).expression(seen).op()
        read.setdefault(part.source, set()).update(field.name for field in value.find(ops.Field))
    return read


def definitions(tables: Mapping[str, Table], features: Sequence[Feature]) -> tuple[Definition, ...]:
    """Return what each column of the features means, without running anything.

    Args:
        tables: event tables by name, with the columns that the measures see.
        features: built-in or own.
    """
    return tuple(
        Definition(
            name,
            _words(feature, window),
            feature.theme,
            feature.unit,
            _formula(tables, feature, window),
            " ".join(dict.fromkeys(part.source for part in _parts(feature))),
            feature.lever,
        )
        for name, feature, window in columns(features)
    )


def _parts(feature: Feature) -> tuple[Measure, ...]:
    return feature.parts if isinstance(feature, Combination) else (feature,)


def _words(feature: Feature, window: Span) -> str:
    own = window.days is None or feature.column(window) == feature.name
    return feature.words if own else f"{feature.words} {window.words}"


def _formula(tables: Mapping[str, Table], feature: Feature, window: Span) -> str:
    if isinstance(feature, Combination):
        parts = [(part, part.windows[0] if len(part.windows) == 1 else window) for part in feature.parts]
        kinds = tuple("string" if is_text(tables, part) else "float64" for part, _ in parts)
        return f"{_combination_text(feature, kinds)} of {'; '.join(_formula(tables, p, w) for p, w in parts)}"
    if feature.source == ON_CUTOFF:
        return _text(SPINE.select(value=feature.compute(SPINE.cutoff)))
    reduction = _reduction_text(feature.over(EVER), tables[feature.source].schema())
    return f"{reduction} over {window}, empty {feature.empty}"


@lru_cache(maxsize=4096)
def _combination_text(feature: Combination, kinds: tuple[str, ...]) -> str:
    """Return a combination as text over columns of some types; kept, because many windows share it."""
    spine = ibis.table({f"part{i}": kind for i, kind in enumerate(kinds)}, name="parts")
    return _text(spine.select(value=combination_column(feature, [spine[c] for c in spine.columns])))


@lru_cache(maxsize=4096)
def _reduction_text(measure: Measure, schema: Schema) -> str:
    """Return the reduction of a measure as text; kept, because many windows share it.

    Columns that it does not read are none of its business: one more in the table is no other feature.
    """
    table = unbound(measure.source, schema)
    reduction = measure.expression(table).op()
    read = {field.name for field in reduction.find(ops.Field, filter=ops.Value)} | {"customer", "at"}
    read |= {"amount"} if STANDING in read else set()
    narrow = unbound(measure.source, ibis.schema({name: kind for name, kind in schema.items() if name in read}))
    return _text(narrow.aggregate(value=reduction.replace({table.op(): narrow.op()}).to_expr()))


def _text(table: Table) -> str:
    return " ".join(str(ibis.to_sql(table, dialect="duckdb")).split())
