"""CSV checks: texts that are no numbers, times or dates, told by the first wrong value, its column and its row."""

import re
from collections.abc import Mapping

import ibis
from ibis.expr.types import BooleanValue, Table

from patron.engines.csv_files import LOOKED_AT, largest_day_and_month
from patron.errors import HistoryError
from patron.history.event_tables import INSTANT, NUMBER_ROLES, UNREADABLE_TIME, Events, Role

__all__ = ["check_dates", "check_numbers", "check_times"]

UNREADABLE_SHARE = 0.01
PARTED = r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b"
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
        if column and example and max(largest_day_and_month(table, column, PARTED)) <= 12:
            raise HistoryError(
                f"Column {column!r}, declared as {role!r}, has dates like {example[0]!r}{example[1]}, and none "
                f"that tells whether the day or the month comes first. {ISO}."
            )


def _text_column(table: Table, named: Role) -> str:
    """The name of a column that holds texts, or nothing."""
    known = isinstance(named, str) and named in table.columns and table[named].type().is_string()
    return str(named) if known else ""


def _first(table: Table, column: str, wrong: BooleanValue, numbered: bool) -> tuple[str, str] | None:
    """The first value for which something is wrong, and its place in words."""
    rows = table.select(value=table[column], wrong=wrong, row=ibis.row_number())
    found = rows.filter(rows.wrong).order_by("row").limit(1).to_pyarrow().to_pylist()
    return (found[0]["value"], f" in row {found[0]['row'] + 1:,}" if numbered else "") if found else None
