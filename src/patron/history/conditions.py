"""Conditions: which rows a declaration means, how many these are, and the spellings that it passes over."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, cell, listed_columns, nearest

__all__ = ["Where", "condition_notes", "line", "matches"]

Where = Mapping[str, object]
ODD_BLANKS = 2
FEW, SHOWN = 50, 5  # of a column with more different values none is shown: they may be keys


def matches(table: Table, where: Where, key: object = "") -> BooleanValue:
    """Return whether a row meets all conditions.

    Args:
        table: as it was read.
        where: columns and the values that they must have.
        key: the column of the customer, whose values are never shown.

    Raises:
        HistoryError: a condition names a column that is not there, or compares it with a value of another type.
    """
    return ibis.and_(*(_meets(table, column, value, key) for column, value in where.items()))


def condition_notes(table: Table, where: Where | None, returns: Where | None, key: object = "") -> tuple[str, ...]:
    """Count what each condition matches and leaves out, with the spellings that it passes over; runs one query.

    Args:
        table: as it was read.
        where: the condition of the rows that are read.
        returns: the condition of the rows that take a purchase back; none of them need be there.
        key: the column of the customer, whose values are never shown.

    Raises:
        HistoryError: no row meets *where*.
    """
    parts = [_Part("where", c, _values(v)) for c, v in (where or {}).items()]
    parts += [_Part("returns", c, _values(v)) for c, v in (returns or {}).items()]
    if not parts:
        return ()
    groups = _counted(table, parts, key)
    kept = [group for group in groups if all(group.met[i] for i, part in enumerate(parts) if part.name == "where")]
    if groups and not kept:
        raise HistoryError(_matches_none(table, groups, [part for part in parts if part.name == "where"], key))
    notes: list[str] = []
    for i, part in enumerate(parts):
        notes += _notes(table, part, i, groups if part.name == "where" else kept, key)
    return tuple(notes)


def line(name: str, where: Where) -> str:
    """Return a condition as a settings file writes it.

    >>> line("where", {"status": ["Paid", "paid "]})
    'where = { status = ["Paid", "paid "] }'
    """
    inner = ", ".join(f"{_key(column)} = [{', '.join(map(_literal, _values(v)))}]" for column, v in where.items())
    return f"{name} = {{ {inner} }}"


@dataclass(frozen=True)
class _Part:
    """One column of a condition, with the values that it wants."""

    name: str
    column: str
    values: Sequence[object]

    def is_near(self, value: str) -> bool:
        """Check whether a text is a wanted one but for capitals, blanks and accents."""
        return value not in self.values and _folded(value) in {_folded(v) for v in self.values if isinstance(v, str)}


@dataclass(frozen=True)
class _Group:
    """Rows that meet the same parts, and have the same texts where one of these may be a wanted one misspelt."""

    met: Sequence[bool]
    texts: Sequence[str | None]
    n: int


def _counted(table: Table, parts: Sequence[_Part], key: object) -> list[_Group]:
    keys: dict[str, Any] = {}
    for i, part in enumerate(parts):
        met = _meets(table, part.column, part.values, key).fill_null(False)
        keys |= {f"met_{i}": met, f"text_{i}": (~met & _may_be(table[part.column], part)).ifelse(*_text(table, part))}
    rows = table.select(**keys)
    counts = rows.group_by(list(keys)).aggregate(n=rows.count()).to_pyarrow().to_pylist()
    each = range(len(parts))
    return [_Group([c[f"met_{i}"] for i in each], [c[f"text_{i}"] for i in each], c["n"]) for c in counts]


def _text(table: Table, part: _Part) -> tuple[Any, Any]:
    column = table[part.column]
    return (column if column.type().is_string() else ibis.null("string")), ibis.null("string")


def _may_be(column: Column, part: _Part) -> BooleanValue:
    """Check where a text is as long as a wanted one: of those few, Python compares capitals and accents."""
    lengths = {len(_folded(value)) for value in part.values if isinstance(value, str)}
    if not column.type().is_string() or not lengths:
        return ibis.literal(False)
    inner = column.strip().length()  # an engine leaves the blanks around a text that are no plain ones
    return reduce(or_, (inner.between(length, length + ODD_BLANKS) for length in sorted(lengths))).fill_null(False)


def _notes(table: Table, part: _Part, i: int, groups: Sequence[_Group], key: object) -> list[str]:
    total, met = sum(group.n for group in groups), sum(group.n for group in groups if group.met[i])
    near = _near(part, i, groups)
    if part.name == "where":
        notes = [f"{total:,} rows read, {met:,} matched and {total - met:,} left out by where {part.column}"]
    elif met:
        notes = [f"{met:,} of {total:,} rows matched by returns {part.column}"]
    else:
        notes = [f"none of {total:,} rows matched by returns {part.column}{_held(table, part.column, key)}"]
    if near:
        spelt = line(part.name, _shown({part.column: [*part.values, *near]}, key))
        written = "" if part.column == key else f" ({', '.join(map(repr, near))})"
        notes.append(
            f"{sum(near.values()):,} rows passed over by {part.name} {part.column} are written nearly the same"
            f"{written}; to take them too: {spelt}"
        )
    return notes


def _near(part: _Part, i: int, groups: Sequence[_Group]) -> dict[str, int]:
    """Return the texts that are a wanted one but for capitals, blanks and accents, each with its rows."""
    rows: dict[str, int] = {}
    for group in groups:
        text = group.texts[i]
        if text is not None and part.is_near(text):
            rows[text] = rows.get(text, 0) + group.n
    return dict(sorted(rows.items()))


def _matches_none(table: Table, groups: Sequence[_Group], parts: Sequence[_Part], key: object) -> str:
    total = sum(group.n for group in groups)
    where = {part.column: part.values for part in parts}
    near = {part.column: [*part.values, *_near(part, i, groups)] for i, part in enumerate(parts)}
    same = near == {c: list(v) for c, v in where.items()}
    mend = "Write one of these." if same else f"Write {line('where', _shown(near, key))}."
    held = "".join(_held(table, column, key) for column in where)
    return f"The condition {line('where', _shown(where, key))} is met by none of the {total:,} rows read{held}. {mend}"


def _shown(where: Where, key: object) -> dict[str, object]:
    """Return conditions as they may be shown: without the keys of customers."""
    return {column: "..." if column == key else values for column, values in where.items()}


def _held(table: Table, column: str, key: object) -> str:
    """Return the most frequent values of a column, in words, where they are few and no keys."""
    rows = table.select(value=table[column])
    counts = rows.group_by("value").aggregate(n=rows.count())
    values = counts.order_by(counts.n.desc(), counts.value).limit(FEW + 1).to_pyarrow()["value"].to_pylist()
    if column == key or len(values) > FEW:
        return f"; column {column!r} holds {'keys' if column == key else f'more than {FEW} different values'}"
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return f"; column {column!r} holds {', '.join(map(cell, values[:SHOWN]))}{more}"


def _meets(table: Table, column: str, value: object, key: object) -> BooleanValue:
    if column not in table.columns:
        raise HistoryError(
            f"A condition names the column {column!r}, which the event table lacks."
            f"{nearest(column, table.columns)} It has: {listed_columns(table.columns)}."
        )
    values = _values(value)
    _check_comparable(table[column], values, key)
    return table[column].isin(values)


def _check_comparable(column: Column, values: Sequence[object], key: object) -> None:
    kind = column.type()
    strange = [value for value in values if isinstance(value, str) != kind.is_string()]
    if strange:
        got = f"a {type(strange[0]).__name__}" if column.get_name() == key else repr(strange[0])
        raise HistoryError(
            f"A condition compares the column {column.get_name()!r}, which holds {kind}, with {got}. "
            "Give values of the column's own type."
        )


def _values(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.strip())
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()


def _key(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else json.dumps(column, ensure_ascii=False)


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float) else str(value)
