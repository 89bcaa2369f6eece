"""Streams: the rows of an engine's table in batches, so that a table never stands in memory twice."""

import pyarrow as pa
from ibis.expr.types import Table

__all__ = ["batches"]


def batches(table: Table, rows: int) -> pa.RecordBatchReader:
    """Run a query and hand out its rows in batches, in any order.

    Args:
        table: what is asked.
        rows: the most rows of a batch.

    >>> import ibis
    >>> [batch.num_rows for batch in batches(ibis.memtable({"x": [1, 2, 3]}), rows=2048)]
    [3]
    """
    engine = table.get_backend()
    if engine.name == "duckdb":  # Ibis 12 asks it for a reader by a name that is gone since DuckDB 2
        return engine._to_duckdb_relation(table).to_arrow_reader(rows)
    return table.to_pyarrow_batches(chunk_size=rows)
