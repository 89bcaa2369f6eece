"""Attribute tables: facts about customers, dated or timeless, held as event tables of what became known when.

An attribute that holds at any time became known before all events, so that the past of any cutoff has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
from ibis.expr.types import Column, Table

from patron.errors import HistoryError, cell, listed_columns, nearest
from patron.history.attribute_dates import with_dates
from patron.history.attribute_numbers import with_numbers
from patron.history.conditions import matches
from patron.history.event_tables import AS_PROVEN, EARLIEST, Events, Role, Where, declare_as
from patron.history.formats import Formats
from patron.history.keys import meeting, unlike
from patron.history.point_in_time import CUSTOMER_NUMBER
from patron.history.receipts import Receipt

__all__ = ["ABOUT", "Facts", "declare_attributes", "facts_of", "unknown_of"]

ALWAYS = EARLIEST
ABOUT = ("customer", "at", "known_at")  # the roles of its columns; all others are attributes
READ = 0.9  # of the known texts of a column; a few untidy cells must not turn numbers or dates into kinds
TYPES = {"numbers": "float64", "dates": "timestamp(6)"}
FEW, ALIKE = 10, 0.9  # more different texts than that, for nearly every customer another, are names and not kinds


@dataclass(frozen=True)
class Facts:
    """What an attribute table tells: its rows, the columns that can tell customers apart, and what was left out.

    Args:
        rows: texts without blanks around them, dates as times, an empty text as unknown.
        columns: those that features are made of.
        receipt: with a note on each column that is none of them, and without times where the facts are timeless.
    """

    rows: Table
    columns: tuple[str, ...]
    receipt: Receipt


def declare_attributes(
    table: Table,
    where: Where | None = None,
    timezone: str = "UTC",
    leave_out: Sequence[str] = (),
    formats: Formats = AS_PROVEN,
    **roles: Role,
) -> Events:
    """Fix the names of a table of attributes; each further column is a fact about the customer.

    Args:
        table: one row for each customer, or for each change of what is known of one.
        where: columns and the value (or list of values) that a row must have to be read at all.
        timezone: where the business lives; times with a zone are turned into its wall-clock time.
        leave_out: columns that are no attributes, for example because they were written after the outcome.
        formats: how texts are written, where somebody said so; otherwise the columns must prove it.
        **roles: the columns of `customer`, and of `at` (from when the row holds) and `known_at` where facts change.
            Without `at` the facts hold at any time.

    Raises:
        HistoryError: a column is missing, no attribute is left, or the time zone is unknown.

    >>> people = ibis.memtable({"id": ["a", "b"], "country": ["FR", "UK"]})
    >>> declare_attributes(people, customer="id").attributes
    ('country',)
    """
    timeless: dict[str, Role] = {} if "at" in {*roles, *table.columns} else {"at": lambda _: ibis.literal(ALWAYS)}
    _check_columns(table, leave_out)
    wanted = matches(table, where, roles.get("customer", "customer")) if where else None
    free = [column for column in table.columns if column not in (*ABOUT, *roles.values(), *leave_out)]
    dated, unread = with_dates(table, free, wanted, timezone, formats)
    read, assumed, untidy = with_numbers(dated, free, wanted, formats)
    declared = declare_as(read, where, None, timezone, ABOUT, roles | timeless, formats)
    left = {*leave_out, *(f"own_{column}" for column in leave_out if f"own_{column}" not in table.columns)}
    out = (*ABOUT, CUSTOMER_NUMBER, *left)
    columns = tuple(column for column in declared.used.columns if column not in out)
    if not columns:
        raise HistoryError(
            f"A table of attributes needs a column besides the customer's key and times. It has: "
            f"{listed_columns(table.columns)}. Add one, or leave the table out."
        )
    gone = [column for column in declared.used.columns if column in left]
    table, used = declared.table.drop(*gone), declared.used.drop(*gone)
    notes, assumed = (*declared.notes, *unread, *untidy), (*declared.assumed, *assumed)
    return replace(declared, table=table, used=used, attributes=columns, notes=notes, assumed=assumed)


def facts_of(name: str, declared: Events, receipt: Receipt) -> Facts:
    """Look through a declared table of attributes; runs two queries.

    Raises:
        HistoryError: a customer has several rows of one time, so that nobody can tell which one holds.
    """
    _check_once(name, declared.used)
    tidy = {column: _tidied(declared.used[column]) for column in declared.attributes}
    known = {column: value for column, value in tidy.items() if value is not None}
    rows = declared.used.mutate(**known).drop(*(column for column in tidy if column not in known))
    counts = _counted(rows, tuple(known))
    written = {c: kind for c in known if (kind := _written(counts[c], rows[c]))}
    rows = rows.mutate(**{column: rows[column].try_cast(TYPES[kind]) for column, kind in written.items()})
    why = {column: "is neither number, text nor date" for column in tidy if column not in known}
    why |= {column: reason for column in known if (reason := _says_nothing(counts[column], rows[column]))}
    notes = tuple(f"{column!r} {reason}, and is left out" for column, reason in why.items())
    unread = {column: counts[column]["known"] - counts[column][kind] for column, kind in written.items()}
    notes += tuple(f"{n:,} of {c!r} cannot be read as {written[c]}, and are unknown" for c, n in unread.items() if n)
    receipt = replace(receipt, notes=receipt.notes + notes)
    if receipt.first == receipt.last == ALWAYS:
        receipt = replace(receipt, first=None, last=None)
    return Facts(rows, tuple(c for c in known if c not in why), receipt)


def unknown_of(name: str, facts: Table, buyers: Table) -> tuple[str, ...]:
    """Describe how many customers with an order the attributes do not tell of, and the other way round.

    Raises:
        HistoryError: they tell of none of them, so that the keys must be others.
    """
    shared = meeting(facts, buyers)
    bought = shared.unknown + shared.both
    if not shared.both:
        raise HistoryError(
            f"Attribute table {name!r} tells of {shared.alone:,} customers, but of none of the {bought:,} with an "
            f"order: {unlike(facts, buyers)}"
        )
    doubt = f": {unlike(facts, buyers)}" if 2 * shared.unknown > bought else ""
    notes = {
        f"{shared.unknown:,} of {bought:,} customers with an order are not in it{doubt}": shared.unknown,
        f"{shared.alone:,} customers in it have no order": shared.alone,
    }
    return tuple(note for note, count in notes.items() if count)


def _check_columns(table: Table, leave_out: Sequence[str]) -> None:
    if isinstance(leave_out, str):
        raise HistoryError(f"Columns to leave out are given as a list, got {leave_out!r}; write [{leave_out!r}].")
    for column in leave_out:
        if column not in table.columns:
            raise HistoryError(
                f"The table of attributes has no column {column!r} to leave out.{nearest(column, table.columns)} "
                f"It has: {listed_columns(table.columns)}."
            )


def _check_once(name: str, rows: Table) -> None:
    key = [column for column in ABOUT if column in rows.columns]
    keys = rows.group_by(key).aggregate(n=rows.count())
    several = keys.filter(keys.n > 1)
    count = (
        several.aggregate(customers=several.customer.nunique(), first=several["at"].min()).to_pyarrow().to_pylist()[0]
    )
    if count["customers"]:
        when = "" if count["first"] == ALWAYS else f" of one time, the first {cell(count['first'], '%Y-%m-%d %H:%M')},"
        raise HistoryError(
            f"Attribute table {name!r} has several rows{when} for {count['customers']:,} customers, so which one holds "
            "cannot be told. Keep one row for each customer, or name the column with the time from which a row "
            "holds: at = '...' (rows that repeat another one: duplicates = \"drop\")."
        )


def _tidied(column: Column) -> Column | None:
    """Return the values as numbers, texts or times; none where they are something else."""
    kind = column.type()
    if kind.is_string() or kind.is_null():
        return column.cast("string").strip().nullif("")
    if kind.is_timestamp() or kind.is_date():
        return column.cast("timestamp(6)")
    return column.cast("float64") if kind.is_numeric() or kind.is_boolean() else None


def _counted(rows: Table, columns: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Count for each column the known values, the different ones, and the texts that are numbers or dates."""
    aggregates: dict[str, Any] = {}
    for i, column in enumerate(columns):
        value = rows[column]
        aggregates |= {f"known_{i}": value.count(), f"different_{i}": value.nunique()}
        text = value.type().is_string()
        aggregates |= {
            f"{kind}_{i}": value.try_cast(t).count() if text else ibis.literal(0) for kind, t in TYPES.items()
        }
    row = rows.aggregate(**aggregates).to_pyarrow().to_pylist()[0]
    kinds = ("known", "different", *TYPES)
    return {c: {k: row[f"{k}_{i}"] for k in kinds} for i, c in enumerate(columns)}


def _written(counted: Mapping[str, int], column: Column) -> str:
    """Return what the texts of a column are written for, numbers or dates, or nothing."""
    if not column.type().is_string() or not counted["known"]:
        return ""
    return next((kind for kind in TYPES if counted[kind] >= READ * counted["known"]), "")


def _says_nothing(counted: Mapping[str, int], column: Column) -> str:
    """Describe why a column cannot tell customers apart, or nothing.

    One that is the same for all may tell tomorrow, or did when a model was trained.
    """
    if not counted["known"]:
        return "is empty"
    names = column.type().is_string() and counted["different"] > max(FEW, ALIKE * counted["known"])
    return f"has {counted['different']:,} different texts in {counted['known']:,} rows" if names else ""
