"""Deferred tables: what other programs hand over before its rows are read, so that only needed ones are."""

from collections.abc import Collection, Sequence
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.dataset
from ibis.expr.types import Table

from patron.engines.spark_tables import table_of_frame, with_own_functions

__all__ = ["collected", "deferred", "needed_of", "run_here", "scanned", "streamed_in"]


def deferred(source: object) -> Table | None:
    """Return an Arrow dataset or a frame of Spark as a table of the engine that will read it, none of anything else."""
    if isinstance(source, pa.dataset.Dataset):
        return scanned(source)
    return table_of_frame(source) if _kind(source) == ("pyspark", "DataFrame") else None


def collected(source: object, needed: Collection[str] = ()) -> object:
    """Return the rows of a lazy frame of polars, and anything else as it is.

    Args:
        source: whatever somebody hands over.
        needed: the columns of a lazy frame that are read, where it has them; none for all.
    """
    if _kind(source) != ("polars", "LazyFrame"):
        return source
    lazy: Any = source
    return lazy.select(needed_of(lazy.collect_schema().names(), needed)).collect()


def run_here(table: Table, needed: Collection[str] = ()) -> Table:
    """Return a table of Ibis whose engine knows too little, such as polars or SQLite, as rows of the engine here.

    Args:
        table: of any engine; those of DuckDB and Spark stay where they are.
        needed: the columns that are read of another, where it has them; none for all.
    """
    backends, _ = table._find_backends()
    names = {backend.name for backend in backends}
    if names <= {"duckdb"}:
        return table
    if names == {"pyspark"}:
        return with_own_functions(table)
    return streamed_in(table.select(*needed_of(table.columns, needed)).to_pyarrow_batches())


def needed_of(columns: Sequence[str], needed: Collection[str]) -> list[str]:
    """Return the columns that are needed; all where none is named, one where the table has none of them."""
    return [name for name in columns if not needed or name in needed] or list(columns[:1])


def scanned(dataset: pa.dataset.Dataset) -> Table:
    """Return an Arrow dataset as a table whose files are read as far as a query needs their columns and rows."""
    engine: Any = ibis.get_backend()
    name = ibis.util.gen_name("patron")
    engine.con.register(name, dataset)
    table: Table = engine.table(name)
    return table


def streamed_in(batches: object) -> Table:
    """Stream rows into a table of the engine, which parts with memory where there is too little."""
    engine: Any = ibis.get_backend()
    name = ibis.util.gen_name("patron")
    engine.con.register(f"{name}_rows", batches)
    engine.con.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_rows"')
    engine.con.unregister(f"{name}_rows")
    table: Table = engine.table(name, database=("temp", "main"))
    return table


def _kind(source: object) -> tuple[str, str]:
    return type(source).__module__.partition(".")[0], type(source).__name__
