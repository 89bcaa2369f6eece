"""Attribute dates: texts that are dates, read by the one form that their column proves, or asked about."""

from collections.abc import Mapping, Sequence

from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, listed_columns, nearest
from patron.history.formats import Formats, FormSetting
from patron.history.readings import wanted_only
from patron.history.time_forms import family_of
from patron.history.times import read_times

__all__ = ["with_dates"]

LOOKED_AT = 1000
READ = 0.9  # of the known texts of a column; a few untidy cells must not turn dates into kinds


def with_dates(
    table: Table, columns: Sequence[str], wanted: BooleanValue | None, timezone: str, formats: Formats
) -> tuple[Table, tuple[str, ...]]:
    """Turn the columns of texts that are dates into times, with a note on what was unreadable.

    Args:
        table: the rows.
        columns: those that may be attributes.
        wanted: the rows that are read; none where all are.
        timezone: where the business lives.
        formats: how dates are written, where somebody said so.

    Raises:
        HistoryError: dates can be read in two ways, or a form is given for a column that is none of these.
    """
    for column in formats.columns:
        if column not in columns:
            raise HistoryError(
                f"There is a form for the dates of {column!r}, which is no attribute of the table."
                f"{nearest(column, columns)} Its attributes are: {listed_columns(columns)}."
            )
    texts = {column: wanted_only(table[column], wanted) for column in columns if table[column].type().is_string()}
    dated = [c for c in _looking_dated(table, texts) if c not in formats.columns]
    clocks: dict[str, Column] = {}
    for column in (*formats.columns, *dated):
        setting = FormSetting("an attribute", f'formats = {{ "{column}" = "{{}}" }}', 1 - READ)
        form, value = formats.columns.get(column, ""), texts.get(column, table[column])
        clocks[column] = read_times(table, value, setting, timezone, form, formats.numbered).clock
    return table.mutate(**clocks), _unread(table, {c: (texts[c], clocks[c]) for c in clocks if c in texts})


def _looking_dated(table: Table, texts: Mapping[str, Column]) -> list[str]:
    """Return the columns whose first texts are nearly all dates."""
    dated = []
    for name, column in texts.items():
        rows = table.select(text=column.strip().nullif(""))
        values = rows.filter(rows.text.notnull()).limit(LOOKED_AT).to_pyarrow()["text"].to_pylist()
        if values and sum(bool(family_of(text)) and not text.isdigit() for text in values) >= READ * len(values):
            dated.append(name)
    return dated


def _unread(table: Table, dates: Mapping[str, tuple[Column, Column]]) -> tuple[str, ...]:
    if not dates:
        return ()
    missed = {
        f"n{i}": (text.strip().nullif("").notnull() & clock.isnull()).sum()
        for i, (text, clock) in enumerate(dates.values())
    }
    counts = table.aggregate(**missed).to_pyarrow().to_pylist()[0].values()
    return tuple(
        f"{n:,} of {c!r} cannot be read as dates, and are unknown" for c, n in zip(dates, counts, strict=True) if n
    )
