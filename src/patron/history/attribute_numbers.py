"""Attribute numbers: texts with a decimal comma or a currency, read as the amounts of events are."""

from collections.abc import Sequence
from typing import TypeAlias

from ibis.expr.types import BooleanValue, Table

from patron.history.assumptions import Assumption
from patron.history.formats import Formats
from patron.history.numbers import recognised_numbers
from patron.history.readings import wanted_only

__all__ = ["with_numbers"]

READ = 0.9  # of the known texts of a column; a few untidy cells must not turn numbers into kinds
Seen: TypeAlias = tuple[Table, tuple[Assumption, ...], tuple[str, ...]]


def with_numbers(table: Table, columns: Sequence[str], wanted: BooleanValue | None, formats: Formats) -> Seen:
    """Turn the columns of texts that are numbers into such, with what was assumed and a note on what was unreadable.

    Args:
        table: the rows.
        columns: those that may be attributes.
        wanted: the rows that are read; none where all are.
        formats: how numbers are written, where somebody said so.

    Raises:
        HistoryError: numbers can be read in two ways.
    """
    texts = {column: wanted_only(table[column], wanted) for column in columns if table[column].type().is_string()}
    numbers = recognised_numbers(table, texts, READ, formats.decimal, formats.delimiter, formats.numbered)
    assumed = tuple(Assumption(number.words, number.change) for number in numbers.values())
    notes = tuple(
        f"{number.unread:,} of {column!r} cannot be read as numbers, and are unknown"
        for column, number in numbers.items()
        if number.unread
    )
    return table.mutate(**{column: number.values for column, number in numbers.items()}), assumed, notes
