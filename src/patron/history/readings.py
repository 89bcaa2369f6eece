"""Readings: the columns of the roles as numbers and times, of whatever they are written in."""

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.history.assumptions import Assumption
from patron.history.clocks import Times
from patron.history.formats import Formats, FormSetting
from patron.history.money import in_one_currency, without_sign
from patron.history.numbers import read_numbers
from patron.history.roles import NUMBER_ROLES, SHARE_ROLES
from patron.history.times import read_times

__all__ = ["Readings", "read_roles", "wanted_only"]


@dataclass(frozen=True)
class Readings:
    """The columns of the roles, numbers as such and in one currency, their times, and what was assumed."""

    columns: Mapping[str, Column]
    times: Mapping[str, Times]
    assumed: tuple[Assumption, ...]


def read_roles(
    table: Table, columns: Mapping[str, Column], wanted: BooleanValue | None, timezone: str, formats: Formats
) -> Readings:
    """Read the columns of the roles as the rows that are wanted prove them to be written.

    Args:
        table: the rows.
        columns: the column of each role.
        wanted: the rows that are read; none where all are.
        timezone: where the business lives.
        formats: how texts are written, where somebody said so.

    Raises:
        HistoryError: a column can be read in two ways, or not at all.
    """
    texts = {role: wanted_only(columns[role], wanted) for role in (*NUMBER_ROLES, *SHARE_ROLES) if role in columns}
    numbers, written = read_numbers(table, texts, formats.decimal, formats.delimiter, formats.numbered)
    result = {**columns, **numbers}
    turned, rated = in_one_currency(table, result, formats.rates, wanted)
    result |= turned
    signless, signed = without_sign(table, result, wanted)
    result |= signless
    forms = {"at": formats.at, "known_at": formats.known_at}
    times = {
        role: read_times(
            table, wanted_only(column, wanted), FormSetting.of(role), timezone, forms[role], formats.numbered
        )
        for role, column in result.items()
        if role in forms
    }
    words = (*written, *rated, *signed, *(assumed for read in times.values() for assumed in read.assumed))
    return Readings(result, times, tuple(Assumption(what, change) for what, change in words))


def wanted_only(column: Column, wanted: BooleanValue | None) -> Column:
    """Return a column that is unknown in the rows that a condition leaves out, so that these prove nothing."""
    if wanted is None or not column.type().is_string():
        return column
    return wanted.ifelse(column, ibis.null("string")).name(column.get_name())
