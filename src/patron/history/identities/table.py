"""The identity table: one line for each key that belongs to a customer of another name, checked at the door.

A key that it does not name stays itself, so taking a line out parts what the line had merged. No message shows a key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr.types import BooleanValue, StringValue, Table

from patron.engines.files import FileFormat, Source, open_source
from patron.errors import HistoryError, listed_columns, nearest
from patron.history.customer_keys import check_key_type, check_keys_written, customer_key
from patron.history.event_tables import Events
from patron.history.keys import with_keys

__all__ = ["CUSTOMER", "KEY", "LINE", "TABLE", "Identities", "check_identities", "identities", "silo_key"]

TABLE_COLUMN = "table"  # which an identity table may lack
TABLE, KEY, CUSTOMER, LINE = "identity_table", "identity_key", "identity_customer", "identity_line"


@dataclass(frozen=True)
class Identities:
    """Which keys are which customer.

    Args:
        lines: the table in which a key is one, null where it is in all but silos, the key, its customer, and the line.
        largest: the number of keys that one customer may have; 0 where it may not have more than a third of all.
        silos: the tables whose keys are their own: the same key elsewhere is somebody else.
    """

    lines: Table
    largest: int = 0
    silos: tuple[str, ...] = ()

    def moves(self, name: str) -> Table:
        """Return the keys of an event table that the lines name, each with its customer."""
        lines = self.lines
        holds = lines[TABLE] == name
        return (
            lines.filter(holds if name in self.silos else holds | lines[TABLE].isnull())
            .select(KEY, CUSTOMER)
            .distinct()
        )

    def unnamed(self, name: str, key: StringValue) -> StringValue:
        """Return the customer of a key that no line names: the key, with the name of its table where that is a silo."""
        return ibis.literal(silo_key(name, "")).concat(key) if name in self.silos else key


def silo_key(table: str, key: str) -> str:
    """Return what the key of a silo is called among the keys of all tables.

    >>> silo_key("tickets", "17")
    'tickets:17'
    """
    return f"{table}:{key}"


def check_identities(declared: object) -> None:
    """Refuse as an identity table what is none, such as a frame or an event table.

    Raises:
        HistoryError: it was not declared as one.
    """
    if not isinstance(declared, Identities):
        raise HistoryError(
            f"The identities of a history are no declared identity table, got {type(declared).__name__}. Declare them "
            "first: identities=pt.identities(frame); an event table needs another name."
        )


def identities(
    source: Source,
    key: str = "key",
    customer: str = "customer",
    table: str = TABLE_COLUMN,
    customer_case: str = "keep",
    largest: int = 0,
    silos: Sequence[str] = (),
    encoding: str = "",
    sheet: str = "",
) -> Identities:
    """Read an identity table: which keys of your tables are the same customer.

    It holds at all times, as a timeless attribute does, and no event moves: each stays at its own time.

    Args:
        source: path of a Parquet, CSV or Excel file, a pandas frame, or an Ibis table.
        key: the column of keys, as the event tables have them.
        customer: the column of the customer that each key belongs to.
        table: the column of the event table that a line holds for, where there is such a column; empty for all.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer; as the
            event tables say.
        largest: the number of keys that one customer may have, where that is more than a third of all.
        silos: the tables whose keys are their own, so that the same key in another table is somebody else: only lines
            that name the table hold for them, and a key that none names is called table:key.
        encoding: how the bytes of a CSV file are read, for example "cp1252".
        sheet: the sheet of an Excel file.

    Raises:
        HistoryError: the file cannot be read, a column is missing, a line has no key or no customer, a key has two
            customers, or the customer of one line is a key of another line with another customer.

    >>> import pandas as pd
    >>> lines = pd.DataFrame({"key": ["a", "b"], "customer": ["a", "a"]})
    >>> sorted(identities(lines).moves("orders").to_pyarrow()["identity_key"].to_pylist())
    ['a', 'b']
    """
    _check_largest(largest)
    _check_silos(silos)
    read = open_source(source, FileFormat(encoding, sheet))
    opened = read.table
    _check_columns(opened.columns, key, customer, table)
    check_keys_written(read.shapeless, key, customer)
    for column in (key, customer):
        check_key_type(column, opened[column].type())
    lines = _lines(opened, key, customer, table)
    _check_filled(lines, key, customer)
    for side in (KEY, CUSTOMER):
        lines = _tidied(lines, side, key if side == KEY else customer, customer_case)
    lines = lines.cache()
    _check_single(lines, silos)
    _check_chains(lines, silos)
    return Identities(ibis.memtable(lines.to_pyarrow()), largest, tuple(silos))


def _check_largest(largest: int) -> None:
    if not isinstance(largest, int) or isinstance(largest, bool) or largest < 0:
        raise HistoryError(
            f"The largest number of keys of one customer is a whole number, got {largest!r}. Write for example "
            "largest = 50."
        )


def _check_silos(silos: Sequence[str]) -> None:
    if isinstance(silos, str):
        raise HistoryError(f"Tables whose keys are their own are a list, got {silos!r}. Write silos = [{silos!r}].")


def _check_columns(columns: Sequence[str], key: str, customer: str, table: str) -> None:
    for role, column in (("key", key), ("customer", customer), ("table", table)):
        if column not in columns and column != TABLE_COLUMN:
            raise HistoryError(
                f"The identity table lacks the column {column!r} (its {role}).{nearest(column, columns)} It has: "
                f"{listed_columns(columns)}. Name the right one: {role} = '...'."
            )
    if key == customer:
        raise HistoryError(
            f"The column {key!r} of the identity table is declared as its key and as its customer. Name another "
            "column for one of them, for example customer = '...'."
        )


def _lines(opened: Table, key: str, customer: str, table: str) -> Table:
    """Return the lines with names of our own, in memory, so that the engine of any event table can join them."""
    scope = opened[table].cast("string").strip().nullif("") if table in opened.columns else ibis.null("string")
    sides = {TABLE: scope, KEY: customer_key(opened[key]), CUSTOMER: customer_key(opened[customer])}
    rows = opened.select(**sides).to_pyarrow()
    return ibis.memtable(rows.append_column(LINE, pa.array(range(1, len(rows) + 1), pa.int64())))


def _check_filled(lines: Table, key: str, customer: str) -> None:
    bare = lines.filter(lines[KEY].isnull() | lines[CUSTOMER].isnull())
    n, first = _count(bare)
    if n:
        raise HistoryError(
            f"{n:,} lines of the identity table have no {key!r} or no {customer!r}, the first is row {first:,}. "
            "Fill them, or leave them out: frame.dropna()."
        )


def _tidied(lines: Table, side: str, named: str, customer_case: str) -> Table:
    """Return the lines with one of their sides as the keys of event tables are tidied."""
    rows = lines.mutate(customer=lines[side], set_aside=ibis.null("string"))
    used = with_keys(Events(rows, rows.drop("set_aside")), named, (), customer_case).used
    return used.mutate(**{side: used.customer}).drop("customer")


def _check_single(lines: Table, silos: Sequence[str]) -> None:
    """Refuse a key with two customers, also where one line holds for all tables and the other for one."""
    other = lines.view()
    keys, first = _pairs(lines, other, [lines[KEY] == other[KEY], lines[CUSTOMER] < other[CUSTOMER]], silos)
    if first:
        raise HistoryError(
            f"{keys:,} keys of the identity table stand twice with different customers, the first in rows "
            f"{first['one_line']:,} and {first['other_line']:,}. Leave out one of the rows, or name on each the table "
            "that it holds for: table = '...'."
        )


def _check_chains(lines: Table, silos: Sequence[str]) -> None:
    """Refuse a customer who is a key with another customer: nobody can tell which of the two is meant."""
    onward = lines.view()
    same = [lines[CUSTOMER] == onward[KEY], onward[KEY] != onward[CUSTOMER], lines[KEY] != lines[CUSTOMER]]
    count, first = _pairs(lines, onward, same, silos)
    if first:
        raise HistoryError(
            f"{count:,} lines of the identity table form a chain: the customer of row {first['one_line']:,} is the key "
            f"of row {first['other_line']:,}, which has another customer. Write the customer of row "
            f"{first['other_line']:,} in row {first['one_line']:,} too, or leave out one of the rows."
        )


def _meet(lines: Table, other: Table, silos: Sequence[str]) -> BooleanValue:
    """Check where two lines hold for the same table."""
    sides = [table[TABLE].isnull() | table[TABLE].notin(silos) for table in (lines, other)]
    both = lines[TABLE].isnull() | other[TABLE].isnull()
    return (both & sides[0] & sides[1]) | (lines[TABLE] == other[TABLE]).fill_null(False)


def _pairs(
    lines: Table, other: Table, conditions: Sequence[BooleanValue], silos: Sequence[str]
) -> tuple[int, dict[str, Any]]:
    """Count the keys of pairs of lines that meet and fulfil some conditions, with the rows of the first pair."""
    met = lines.join(other, [*conditions, _meet(lines, other, silos)])
    rows = met.select(key=lines[KEY], one_line=lines[LINE], other_line=other[LINE])
    first = rows.order_by(["one_line", "other_line"]).limit(1).to_pyarrow().to_pylist()
    return (rows.key.nunique().to_pyarrow().as_py(), first[0]) if first else (0, {})


def _count(rows: Table) -> tuple[int, int]:
    counts = rows.aggregate(n=rows.count(), first=rows[LINE].min()).to_pyarrow().to_pylist()[0]
    return counts["n"], counts["first"] or 0
