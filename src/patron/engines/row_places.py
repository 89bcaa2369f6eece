"""Row places: where a row stands among those that were read, on engines that read a table from its top to its end."""

import ibis
from ibis.expr.types import Table, Value

__all__ = ["row_place"]


def row_place(table: Table) -> Value:
    """Return 1 for the first row of a table, and so on; unknown where many machines read it in no order.

    >>> rows = ibis.memtable({"x": ["a", "b"]})
    >>> rows.select(row_place(rows).name("row")).to_pyarrow()["row"].to_pylist()
    [1, 2]
    """
    return ibis.row_number() + 1 if table.get_backend().name == "duckdb" else ibis.null("int64")
