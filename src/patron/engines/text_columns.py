"""Text columns: what the texts of a CSV file are beyond doubt, proven by every row of the column.

Whole numbers, numbers with a decimal point, truth values, clock times, and dates with the year first become such;
whatever could be read in two ways stays a text, for the door to prove or to ask about.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
from ibis.expr.types import BooleanValue, Column, Table

__all__ = ["parse_naive", "typed", "typed_pointless"]

LOOKED_AT = 1000
OLDEST = date(100, 1, 1)
DOUBT = "doubt_of_column_"
ISO = r"\d{4}-\d{1,2}-\d{1,2}"
WHOLE = r"^-?(0|[1-9]\d{0,17})$"  # what begins with more zeros, or is longer, is a key
NUMBER = r"^(-?(0|[1-9]\d*)?\.\d+|-?(0|[1-9]\d{0,17})\.?|-?(0|[1-9]\d*)?(\.\d+)?[eE][+-]?\d+|(?i:nan|-?inf))$"
TRUTH = r"^(?i:true|false|t|f|yes|no|y|n)$"
CLOCK = r"^\d{1,2}:\d\d:\d\d$"
POINTED = r"\.(\d{1,2}|\d{4,})$|^-?\d{4,}\.|^-?0?\.|[eEnN]"
DATES = {rf"^{ISO}$": "%Y-%m-%d", r"^\d{4}/\d{1,2}/\d{1,2}$": "%Y/%m/%d"}
TIMES = {
    rf"^{ISO}{between}\d{{1,2}}:\d\d{seconds}$": f"%Y-%m-%d{between}%H:%M{form}"
    for between in " T"
    for seconds, form in (("", ""), (r":\d\d", ":%S"), (r":\d\d\.\d{1,6}", ":%S.%f"))
}


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp(6)"))
def parse_naive(text: Column, form: str) -> Column:
    """Read a time that is written in a form such as %Y-%m-%d; null where it is not."""


@dataclass(frozen=True)
class _Kind:
    """What texts can be: what each looks like, a proof for a column of them, and the values that they become."""

    look: re.Pattern[str]
    proves: Callable[[Column], BooleanValue]
    values: Callable[[Column], Column]


def _matching(pattern: str, kind: str) -> _Kind:
    return _Kind(re.compile(pattern), lambda text: text.re_search(pattern), lambda text: text.try_cast(kind))


def _dated(pattern: str, form: str, kind: str) -> _Kind:
    """Prove by reading, which is quicker; an engine takes a year of two digits for one of the first century."""

    def values(text: Column) -> Column:
        return parse_naive(text, form).cast(kind)

    return _Kind(re.compile(pattern), lambda text: (values(text) >= OLDEST).fill_null(False), values)


KINDS: Mapping[str, _Kind] = {
    "whole": _matching(WHOLE, "int64"),
    "number": _matching(NUMBER, "float64"),
    "truth": _matching(TRUTH, "boolean"),
    "clock": _matching(CLOCK, "time"),
    **{form: _dated(pattern, form, "date") for pattern, form in DATES.items()},
    **{form: _dated(pattern, form, "timestamp(6)") for pattern, form in TIMES.items()},
}


def typed(table: Table, kept: Collection[str] = ()) -> Table:
    """Turn texts into what every row of their column proves them to be.

    Args:
        table: columns of texts; runs two queries, of which the second reads all rows and keeps them.
        kept: columns that stay texts.

    >>> rows = ibis.memtable({"n": ["1", "2"], "day": ["2024-05-01", "2024-05-02"], "odd": ["01/02/2024", "x"]})
    >>> [str(kind) for kind in typed(rows).schema().types]
    ['int64', 'date', 'string']
    """
    return _proven(table, {column: kinds for column, kinds in _looks(table).items() if column not in kept}, "")


def typed_pointless(table: Table, kept: Collection[str] = ()) -> Table:
    """Turn texts into what they are, but numbers such as 1.234 only where the column shows that a point is no comma.

    Where columns are parted by semicolons, a point may stand between thousands.
    """
    looks = {column: kinds for column, kinds in _looks(table).items() if column not in kept}
    return _proven(table, looks, POINTED)


def _proven(table: Table, looks: Mapping[str, Sequence[str]], point: str) -> Table:
    """Give each column the first of its kinds that all of its rows prove, and keep the rows that were read.

    A file is taken apart once, by the kinds that its columns look like; only where a row proves otherwise, once more.

    Args:
        table: columns of texts.
        looks: the kinds that each column looks like.
        point: what one of its numbers must look like, so that a point in them stands before decimals.
    """
    while True:
        kinds = {column: likely[0] for column, likely in looks.items() if likely}
        values = {column: KINDS[kind].values(table[column]) for column, kind in kinds.items()}
        doubts = {f"{DOUBT}{i}": _doubt(table[c], kind, point) for i, (c, kind) in enumerate(kinds.items())}
        kept = table.select(**{c: values.get(c, table[c]) for c in table.columns}, **doubts).cache()
        wrong = _wrong(kept, kinds)
        if not wrong:
            return kept.select(*table.columns)
        looks = {c: likely[1:] if c in wrong else likely for c, likely in looks.items()}


def _doubt(text: Column, kind: str, point: str) -> Column:
    """Return 2 where a text is not of a kind, 1 where it is no number that shows what its point is, else 0."""
    pointless = ~text.re_search(point) if kind == "number" and point else ibis.literal(False)
    unproven = text.notnull() & ~KINDS[kind].proves(text)
    return ibis.cases((unproven, 2), (text.isnull() | pointless, 1), else_=0).cast("int8")


def _wrong(kept: Table, kinds: Mapping[str, str]) -> set[str]:
    """Return the columns of which some row proves another kind, or none proves the one that they look like."""
    if not kinds:
        return set()
    ends = {f"{end}_{i}": getattr(kept[f"{DOUBT}{i}"], end)() for i in range(len(kinds)) for end in ("min", "max")}
    result = kept.aggregate(**ends).to_pyarrow().to_pylist()[0]
    return {c for i, c in enumerate(kinds) if result[f"max_{i}"] == 2 or result[f"min_{i}"] != 0}


def _looks(table: Table) -> dict[str, tuple[str, ...]]:
    """Return what the texts of each column look like in its first rows; where these are empty, in two others."""
    rows = table.limit(LOOKED_AT).to_pyarrow().to_pydict()
    texts = {column: [text for text in values if text is not None] for column, values in rows.items()}
    empty = [column for column in texts if not texts[column]]
    if empty and len(rows[empty[0]]) == LOOKED_AT:
        ends = {f"{end}_{i}": getattr(table[c], end)() for i, c in enumerate(empty) for end in ("min", "max")}
        result = table.aggregate(**ends).to_pyarrow().to_pylist()[0]
        for i, column in enumerate(empty):
            texts[column] = [text for end in ("min", "max") if (text := result[f"{end}_{i}"]) is not None]
    return {column: kinds for column, values in texts.items() if (kinds := _kinds(values))}


def _kinds(texts: list[str]) -> tuple[str, ...]:
    """Return the kinds that all of some texts look like; a number may come late in a column of whole ones."""
    return tuple(kind for kind in KINDS if texts and all(map(KINDS[kind].look.search, texts)))
