"""Set aside: the rows that the door does not let in, each with its reason and its place among those that were read."""

from collections.abc import Mapping, Sequence
from functools import reduce

import ibis
from ibis.expr.types import Table

from patron.engines.row_places import row_place
from patron.history.identities.merging import MERGED_ROW
from patron.history.keys import NO_CUSTOMER
from patron.history.point_in_time import CUSTOMER_NUMBER
from patron.history.row_counts import RowCounts
from patron.history.sources import REPEATED
from patron.history.span import UNDECLARED
from patron.history.whole_orders import EARLIER

__all__ = ["BY_CHOICE", "REASON", "ROW", "lost_customers", "set_aside_rows"]

REASON, ROW = "reason", "row"
BY_CHOICE = (REPEATED, UNDECLARED, EARLIER, MERGED_ROW)  # reasons of rows that can be used and that nobody wants


def set_aside_rows(counts: Mapping[str, RowCounts]) -> dict[str, Table]:
    """Return the rows of each table that are not used, where there are any; nothing is read before it is asked for.

    Args:
        counts: the tables by name, their rows counted.

    Returns:
        tables with `reason` and `row`, 1 for the first row that was read (unknown on Spark, which reads in no order),
        before the columns of the declared table.
    """
    return {name: _rows(count.declared.table) for name, count in counts.items() if count.receipt.set_aside}


def _rows(table: Table) -> Table:
    numbered = table.mutate(**{f"set_aside_{ROW}": row_place(table)})
    kept = numbered.filter(numbered.set_aside.notnull())
    own = {
        f"own_{c}" if c in (REASON, ROW) else c: kept[c]
        for c in table.columns
        if c not in (CUSTOMER_NUMBER, "set_aside")
    }
    return kept.select(**{REASON: kept.set_aside, ROW: kept[f"set_aside_{ROW}"]}, **own)


def lost_customers(set_aside: Sequence[Table], used: Sequence[Table]) -> int:
    """Count the customers of whom every event was set aside, so that nothing can be answered about them.

    Args:
        set_aside: rows of event tables that are not used, as `set_aside_rows` has them.
        used: the event tables.
    """
    if not set_aside:
        return 0
    nobody = [table.filter(table[REASON] == NO_CUSTOMER) for table in set_aside]
    named = [table.filter(table.customer.notnull()) for table in set_aside]
    keys, others = (
        reduce(ibis.union, [table.select("customer") for table in tables]) for tables in (named, [*used, *nobody])
    )
    return int(keys.distinct().anti_join(others, "customer").count().to_pyarrow().as_py())
