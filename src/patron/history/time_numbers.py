"""Time numbers: seconds, days and digits that stand for times, recognised where all values can be only one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
from ibis.expr.types import Column, Table

from patron.engines.text_columns import parse_naive
from patron.errors import HistoryError, cell

__all__ = ["NUMBER_FORMS", "number_form", "number_time"]

FIRST, LAST = 315_532_800, 4_102_444_800  # 1980 and 2100 in seconds since 1970
EPOCH = 25_569  # 1 January 1970 as a spreadsheet counts days


@dataclass(frozen=True)
class NumberForm:
    """Numbers as times: from where to where they are plausible, how they are read, and whether they are instants."""

    first: float
    last: float
    read: Callable[[Column], Column]
    is_instant: bool = True


@ibis.udf.scalar.builtin(name="make_timestamp", signature=(("int64",), "timestamp(6)"))
def _since_1970(microseconds: Column) -> Column:
    """Give the time so many microseconds after the beginning of 1970."""


def _scaled(factor: int) -> Callable[[Column], Column]:
    return lambda number: _since_1970((number * factor).round().cast("int64"))


def _digits(form: str) -> Callable[[Column], Column]:
    return lambda number: parse_naive(number.cast("int64").cast("string"), form)


NUMBER_FORMS: Mapping[str, NumberForm] = {
    "seconds": NumberForm(FIRST, LAST, _scaled(1_000_000)),
    "milliseconds": NumberForm(FIRST * 1e3, LAST * 1e3, _scaled(1_000)),
    "microseconds": NumberForm(FIRST * 1e6, LAST * 1e6, _scaled(1)),
    "nanoseconds": NumberForm(FIRST * 1e9, LAST * 1e9, lambda n: _since_1970((n.cast("int64") // 1000).cast("int64"))),
    "yyyymmdd": NumberForm(19_800_101, 21_001_231, _digits("%Y%m%d"), False),
    "yyyymmddhhmmss": NumberForm(19_800_101_000_000, 21_001_231_235_959, _digits("%Y%m%d%H%M%S"), False),
    "spreadsheet days": NumberForm(
        29_221,
        73_051,
        lambda n: _since_1970(((n - EPOCH) * 86_400_000).round().cast("int64") * 1000),
        False,
    ),
}


def number_form(table: Table, column: Column, place: str, line: str) -> str:
    """Return the one form in which all numbers of a column are times between 1980 and 2100.

    Args:
        table: the rows; one query looks at all forms.
        column: the numbers.
        place: where they stand in a declaration, in words.
        line: the line that says their form, with {} for that.

    Raises:
        HistoryError: there is none.
    """
    number = column.cast("float64")
    known = number.isnan().ifelse(ibis.null("float64"), number)
    dated = {f"dated_{i}": form.read(_inside(column, form)).count() for i, form in enumerate(NUMBER_FORMS.values())}
    counts = table.aggregate(n=known.count(), least=known.min(), most=known.max(), **dated).to_pyarrow().to_pylist()[0]
    for i, name in enumerate(NUMBER_FORMS):
        if counts["n"] and counts[f"dated_{i}"] == counts["n"]:
            return name
    lines = " or ".join(line.replace("{}", name) for name in NUMBER_FORMS)
    span = f", from {cell(counts['least'], ',.15g')} to {cell(counts['most'], ',.15g')}" if counts["n"] else ""
    raise HistoryError(
        f"Column {column.get_name()!r}, {place}, must be a time, got {column.type()}: its numbers{span}, "
        f"are in no one way all times between 1980 and 2100. Name a column of times, or say what they are: {lines}."
    )


def number_time(column: Column, form: str) -> Column:
    """Return numbers as times on a clock; that of UTC where they count from 1970."""
    readable = column.cast("float64").between(-1e19, 1e19).ifelse(column, ibis.null(column.type()))
    return NUMBER_FORMS[form].read(readable)


def _inside(column: Column, form: NumberForm) -> Column:
    return column.cast("float64").between(form.first, form.last).ifelse(column, ibis.null(column.type()))
