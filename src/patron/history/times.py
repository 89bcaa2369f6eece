"""Times: how a column of them is written, proven by the column itself, or asked of the user; never guessed.

Each row is read by one of the forms that the whole column proves, and none of its text is passed over. A time that
names a zone is an instant; one that names none is the wall clock of the business.
"""

from dataclasses import replace

import ibis
from ibis.expr.types import Column, Table

from patron.errors import HistoryError, values_shown
from patron.history.clocks import INSTANT, Times, of_zone, wall_clock
from patron.history.formats import FormSetting
from patron.history.time_forms import is_form
from patron.history.time_numbers import NUMBER_FORMS, number_form, number_time
from patron.history.time_texts import TimeTexts
from patron.history.unwritten_times import is_unwritten, none_of

__all__ = ["read_times"]

LOOKED_AT = 1000  # texts that must all be numbers, if the column is to be read as numbers


def read_times(
    table: Table, column: Column, setting: FormSetting, timezone: str, form: str = "", numbered: bool = False
) -> Times:
    """Return the times of a column as the wall clock of the business; texts and numbers run a few queries.

    Args:
        table: the rows.
        column: texts, numbers, dates or times of it.
        setting: where it stands in a declaration.
        timezone: where the business lives.
        form: how they are written, where somebody said so.
        numbered: whether rows have a place that a person can find.

    Raises:
        HistoryError: the column holds no times, can be read in two ways, or more than one text in a hundred is none.

    >>> rows = ibis.memtable({"ts": ["13/01/2024", "02/03/2024"]})
    >>> times = read_times(rows, rows.ts, FormSetting.of("at"), "UTC")
    >>> clock = rows.select(at=times.clock).to_pyarrow()["at"].to_pylist()
    >>> [f"{at:%d %b}" for at in clock]
    ['13 Jan', '02 Mar']
    """
    kind = column.type()
    if form:
        _check_form(column, setting, form)
    if kind.is_numeric() and form:
        return _numbers(table, column, setting, timezone, form)
    if kind.is_string() or kind.is_numeric():
        return _written(table, column, setting, timezone, form, numbered)
    if form and not kind.is_date():
        raise HistoryError(
            f"Column {column.get_name()!r}, {setting.place}, holds times already ({kind}), so that none of it can "
            f"be read as {form!r}. Take the line {setting.line_for(form)} away."
        )
    if (kind.is_timestamp() and kind.timezone is not None) or "TIMESTAMPTZ" in str(kind):
        instants = column.cast(INSTANT)
        return Times(wall_clock(timezone, instants), instants)
    if kind.is_timestamp() or kind.is_date():
        return Times(column.cast("timestamp(6)"))
    raise HistoryError(
        f"Column {column.get_name()!r}, {setting.place}, must be a time, got {kind}. "
        "Name a column of times, or write times like 2024-05-31 17:45:00 into the table."
    )


def _written(table: Table, column: Column, setting: FormSetting, timezone: str, form: str, numbered: bool) -> Times:
    """Read texts or numbers, those that stand for no time as missing."""
    blank = is_unwritten(column.strip() if column.type().is_string() else column)
    count = table.aggregate(n=blank.sum()).to_pyarrow()["n"][0].as_py() or 0
    known = blank.ifelse(ibis.null(column.type()), column).name(column.get_name()) if count else column
    if column.type().is_string():
        times = _texts(table, known, setting, timezone, form, numbered)
    else:
        times = _numbers(table, known, setting, timezone, form)
    if not count:
        return times
    value = table.select(value=column, blank=blank).filter(lambda t: t.blank).limit(1).to_pyarrow()["value"][0].as_py()
    shown = f"{value}" if values_shown() else none_of(value)
    words = f"{count:,} times of {column.get_name()!r} such as {shown!r} stand for none, and count as missing"
    return replace(times, assumed=(*times.assumed, (words, "")), missing=blank)


def _check_form(column: Column, setting: FormSetting, form: str) -> None:
    if form not in NUMBER_FORMS and not is_form(form):
        raise HistoryError(
            f"Column {column.get_name()!r}, {setting.place}, cannot be read as {form!r}. Write the year as %Y or "
            f"%y, the month as %m or %b, the day as %d, for example {setting.line_for('%d/%m/%Y %H:%M')}, or one of: "
            f"{', '.join(NUMBER_FORMS)}."
        )


def _texts(table: Table, column: Column, setting: FormSetting, timezone: str, form: str, numbered: bool) -> Times:
    """Read texts by their form, or as numbers where all of the first are."""
    if form in NUMBER_FORMS or (not form and _are_numbers(table, column.strip())):
        number = column.strip().try_cast("float64").name(column.get_name())
        return _numbers(table, number, setting, timezone, form)
    return TimeTexts(table, column, setting, timezone, numbered).read(form)


def _are_numbers(table: Table, text: Column) -> bool:
    begun = table.select(text=text).filter(lambda t: t.text.notnull() & (t.text != "")).limit(LOOKED_AT)
    counts = begun.aggregate(n=begun.count(), plain=begun.text.re_search(r"^\d+(\.\d+)?$").sum()).to_pyarrow()
    return bool(counts["n"][0].as_py() == counts["plain"][0].as_py() != 0)


def _numbers(table: Table, column: Column, setting: FormSetting, timezone: str, form: str) -> Times:
    """Read whole numbers, or spreadsheet days, as the times that all of them can be."""
    if form and form not in NUMBER_FORMS:
        text = column.cast("int64").cast("string")
        return TimeTexts(table, text.name(column.get_name()), setting, timezone, False).read(form)
    chosen = form or number_form(table, column, setting.place, setting.line)
    naive = number_time(column, chosen)
    name = column.get_name()
    assumed = () if form else ((f"the numbers of {name!r} are read as {_words(chosen)}", setting.line_for(chosen)),)
    if not NUMBER_FORMS[chosen].is_instant:
        return Times(naive, None, assumed)
    instants = of_zone("UTC", naive)
    return Times(wall_clock(timezone, instants), instants, assumed)


def _words(form: str) -> str:
    return f"{form} since 1970" if NUMBER_FORMS[form].is_instant else form
