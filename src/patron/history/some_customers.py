"""Some customers: their rows of a checked history, as a history of its own, where all rows do not come together.

What was found at the door holds of all customers: when the history ends, how it was read, what its tables are.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from patron.history.history import History
from patron.history.order_lines import BEGAN
from patron.history.point_in_time import CUSTOMER_NUMBER, STANDING, UNTIL, is_past
from patron.history.roles import KEPT_OF_EVENTS

__all__ = ["history_of", "part_of", "rows_before", "without_rows"]

STOOD = "standing orders"  # no table of a business has such a name: roles are one word
ALWAYS = ("customer", "at", "known_at", "amount", BEGAN, CUSTOMER_NUMBER, STANDING, UNTIL, *KEPT_OF_EVENTS)


def rows_before(history: History, cutoff: datetime, read: Mapping[str, set[str]]) -> dict[str, Table]:
    """Return what must be read to look at customers at a cutoff: of the tables the columns and rows that count.

    Args:
        history: the checked event tables.
        cutoff: the latest; what came from it on is left out.
        read: by table the columns that features read.
    """
    tables = {name: history.tables[name] for name in read}
    if history.standing is not None and "orders" in read:
        tables[STOOD] = history.standing
    rows = {}
    for name, table in tables.items():
        columns = [c for c in table.columns if c in ALWAYS or c in read["orders" if name == STOOD else name]]
        rows[name] = table.filter(is_past(table["at"], cutoff)).select(columns)
    return rows


def part_of(history: History, number: int, parts: int) -> History:
    """Return the rows of some customers, who fall into parts by a hash of their key.

    Args:
        history: the checked event tables.
        number: which part, from 0.
        parts: how many there are.
    """

    def some(table: Table) -> Table:
        return table.filter((table["customer"].hash() % parts + parts) % parts == number)

    standing = None if history.standing is None else some(history.standing)
    return replace(history, tables={name: some(table) for name, table in history.tables.items()}, standing=standing)


def without_rows(history: History) -> History:
    """Return what is known of a history beside its rows, which goes wherever rows of it are."""
    return replace(history, tables={}, standing=None, set_aside={})


def history_of(known: History, rows: Mapping[str, pa.Table]) -> History:
    """Return the history of those customers whose rows are given.

    Args:
        known: what is known of the whole, as `without_rows` returns it.
        rows: those of `rows_before`.
    """
    tables = {name: ibis.memtable(table) for name, table in rows.items()}
    receipts = tuple(
        replace(receipt, used=len(rows[receipt.table]) if receipt.table in rows else 0) for receipt in known.receipts
    )
    return replace(known, standing=tables.pop(STOOD, None), tables=tables, receipts=receipts)
