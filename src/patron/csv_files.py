"""CSV files and texts: what is wrong with them, told by the first value that is wrong, its column and its row."""

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError
from patron.event_tables import INSTANT, NUMBER_ROLES, UNREADABLE_TIME, Events, Role

__all__ = ["check_dates", "check_file", "check_numbers", "check_times", "with_times"]

DELIMITERS = ",;\t|"
NAMELESS = "column0"  # as an engine calls the first column of a file without a header
LOOKED_AT = 1000  # dates of one column look alike
UNREADABLE_SHARE = 0.01
PARTED = r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b"
MINUTES = r"^\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})[ T]+(\d{1,2}:\d\d(:\d\d)?)\s*$"
ORDERS = (r"\3-\2-\1 \4", r"\3-\1-\2 \4")  # day first, month first
ISO = "Write times like 2024-05-31 or 2024-05-31 17:45:00"
# What a text is that should be a number; the first fitting line counts.
STRANGE = (
    (
        re.compile(r"[^\w\s.,+-]|^[A-Z]{3}\s?[\d+-]|\d\s?[A-Z]{3}$"),
        "has a currency or another sign beside it",
    ),
    (re.compile(r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$"), "has a comma between the thousands, or a decimal comma"),
    (re.compile(r"^[-+]?[\d.\s]*\d,\d+$"), "has a decimal comma"),
)


def check_file(path: Path, columns: Sequence[str]) -> None:
    """Refuse a CSV file that is empty, or of which a row has more or fewer columns than its header, or an open quote.

    Args:
        path: the file, which may be packed (.gz).
        columns: what an engine takes for its columns; rows are only walked where they are not the first line's.

    Raises:
        HistoryError: with the line that is wrong.
    """
    with _opened(path) as file:
        first = file.readline()
        if not first.strip():
            raise HistoryError(f"{path.name!r} is empty. Its first line must name the columns.")
        delimiter = max(DELIMITERS, key=first.count)
        header = next(csv.reader([first], delimiter=delimiter))
        if set(header) <= set(columns) or columns[0] == NAMELESS:
            return
        for line, last, row in _rows(path.name, file, delimiter):
            if row and len(row) != len(header):
                far = f" goes on to line {last}, where a quote that it opens is closed, and" if last > line else ""
                raise HistoryError(
                    f"{path.name!r}, line {line}: this row{far} has {len(row)} columns, but the first line has "
                    f'{len(header)}. Mend that line; a text that holds {delimiter!r} must stand in "quotes".'
                )


def with_times(table: Table) -> Table:
    """Turn times such as 13.05.2024 17:45, which an engine reads only with seconds, into 2024-05-13 17:45.

    A column in which none tells whether the day or the month comes first stays as it is.
    """
    begun = table.limit(LOOKED_AT)
    seen = {c: begun[c].re_search(MINUTES).any() for c in table.columns if table[c].type().is_string()}
    found = begun.aggregate(**seen).to_pyarrow().to_pylist()[0] if seen else {}
    return table.mutate(**{column: _turned(table, column) for column in found if found[column]})


def _turned(table: Table, column: str) -> Column:
    day, month = _most(table, column, MINUTES)
    if (day > 12) == (month > 12):
        return table[column]
    return table[column].re_replace(MINUTES, ORDERS[month > 12])


def check_numbers(table: Table, roles: Mapping[str, Role], numbered: bool) -> None:
    """Refuse a column of texts that should be numbers, with the first that is none.

    Args:
        table: as it was read.
        roles: the column of each role.
        numbered: whether rows have a place that a person can find.

    Raises:
        HistoryError: a decimal comma, a currency sign, or anything else that is no number.
    """
    for role in NUMBER_ROLES:
        column = _text_column(table, roles.get(role, role))
        if column:
            text = table[column].strip()
            found = _first(table, column, (text != "") & text.try_cast("float64").isnull(), numbered)
            if found:
                value, place = found
                why = next((why for strange, why in STRANGE if strange.search(value.strip())), "is no number")
                raise HistoryError(
                    f"Column {column!r}, declared as {role!r}, must be a number, but {value!r}{place} {why}. "
                    "Write numbers like 1234.50: a decimal point, nothing between the thousands, no other signs."
                )


def check_times(declared: Events, table: Table, roles: Mapping[str, Role], numbered: bool) -> None:
    """Refuse an event table of which more than one time in a hundred cannot be read, with the first of them.

    Raises:
        HistoryError: times are written in a way that can be misread, or are no times.
    """
    column = _text_column(table, roles.get("at", "at"))
    if not column:
        return
    rows = declared.table
    counted = rows.aggregate(n=rows.count(), bad=(rows.set_aside == UNREADABLE_TIME).sum()).to_pyarrow().to_pylist()[0]
    text = table[column]
    unread = text.notnull() & text.try_cast("timestamp(6)").isnull() & text.try_cast(INSTANT).isnull()
    found = _first(table, column, unread, numbered) if (counted["bad"] or 0) > UNREADABLE_SHARE * counted["n"] else None
    if found:
        value, place = found
        why = "; days, months and years may stand in any order there" if re.search(PARTED, value) else ""
        raise HistoryError(
            f"Column {column!r}, declared as 'at', has {counted['bad']} of {counted['n']} times that cannot be read "
            f"as a time; the first is {value!r}{place}{why}. {ISO}, or name the column that holds times."
        )


def check_dates(table: Table, roles: Mapping[str, Role]) -> None:
    """Refuse dates such as 03/05/2024 where none of the column tells whether the day or the month comes first.

    Args:
        table: a CSV file, all of whose columns are texts.
        roles: the column of each role.

    Raises:
        HistoryError: the dates can be read in two ways.
    """
    for role in ("at", "known_at"):
        column = _text_column(table, roles.get(role, role))
        begun = table.limit(LOOKED_AT)
        example = _first(begun, column, begun[column].re_search(PARTED), numbered=True) if column else None
        if column and example and max(_most(table, column, PARTED)) <= 12:
            raise HistoryError(
                f"Column {column!r}, declared as {role!r}, has dates like {example[0]!r}{example[1]}, and none "
                f"that tells whether the day or the month comes first. {ISO}."
            )


def _most(table: Table, column: str, pattern: str) -> tuple[int, int]:
    """The largest first and second number of a column's dates; a day can be larger than a month."""
    one, other = (table[column].re_extract(pattern, k).try_cast("int32").max() for k in (1, 2))
    most = table.aggregate(one=one, other=other).to_pyarrow().to_pylist()[0]
    return most["one"] or 0, most["other"] or 0


def _text_column(table: Table, named: Role) -> str:
    """The name of a column that holds texts, or nothing."""
    known = isinstance(named, str) and named in table.columns and table[named].type().is_string()
    return str(named) if known else ""


def _first(table: Table, column: str, wrong: BooleanValue, numbered: bool) -> tuple[str, str] | None:
    """The first value for which something is wrong, and its place in words."""
    rows = table.select(value=table[column], wrong=wrong, row=ibis.row_number())
    found = rows.filter(rows.wrong).order_by("row").limit(1).to_pyarrow().to_pylist()
    return (found[0]["value"], f" in row {found[0]['row'] + 1:,}" if numbered else "") if found else None


def _rows(name: str, file: IO[str], delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Walk the rows below the first line, each with the lines of the file that it begins and ends in."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    line = 2
    try:
        for row in reader:
            yield line, reader.line_num + 1, row
            line = reader.line_num + 2
    except csv.Error:
        raise HistoryError(
            f"{name!r}, line {line}: a quote that opens in the row that begins there is not closed. "
            'Close it, or take it away; a quote within a text in "quotes" is written twice.'
        ) from None


def _opened(path: Path) -> IO[str]:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    return opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
