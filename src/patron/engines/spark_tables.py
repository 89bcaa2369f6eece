"""Spark tables: frames of a session as tables that the queries of Patron run on, with the same values as on DuckDB."""

from functools import cache
from typing import Any

import ibis
from ibis.expr.types import Table

from patron.engines.spark_session import REQUIRED
from patron.engines.spark_sql import COMPILER, INSTANT, READ_TIME, read_times

__all__ = ["connection_of", "table_of", "table_of_frame", "with_own_functions"]


def table_of_frame(frame: Any) -> Table:
    """Return a frame of somebody's session as a table that runs beside it, so that the clock of theirs stays theirs."""
    session, name = _beside(frame.sparkSession), ibis.util.gen_name("patron")
    frame.createOrReplaceGlobalTempView(name)
    return table_of(session.table(f"global_temp.{name}"))


def with_own_functions(table: Table) -> Table:
    """Return a table of Spark as one whose queries may use what Ibis alone does not know there."""
    connection: Any = table.get_backend()
    if connection.compiler is COMPILER:
        return table
    connection._run_pre_execute_hooks(table)
    return table_of_frame(connection._session.sql(connection.compile(table)))


def table_of(rows: Any) -> Table:
    """Return rows of a session whose clock is that of UTC as a table of it.

    Its times in a zone are instants, whatever clock shows them: they lie there as the clock of UTC.
    """
    from pyspark.sql.types import TimestampType

    zoned = {field.name for field in rows.schema.fields if isinstance(field.dataType, TimestampType)}
    cells = [rows[_quoted(c)].cast("timestamp_ntz").alias(c) if c in zoned else rows[_quoted(c)] for c in rows.columns]
    name = ibis.util.gen_name("patron")
    rows.select(*cells).createOrReplaceTempView(name)
    table: Table = connection_of(rows.sparkSession).table(name)
    schema = {column: INSTANT if column in zoned else kind for column, kind in table.schema().items()}
    return table.op().copy(schema=ibis.schema(schema)).to_expr()


@cache
def connection_of(session: Any) -> Any:
    """Return what runs queries of Patron in a session; tables of one session can meet in a query."""
    from pyspark.sql.functions import arrow_udf

    session.udf.register(READ_TIME, arrow_udf(read_times, "timestamp_ntz"))
    connection = ibis.pyspark.connect(session)
    connection.compiler = COMPILER
    return connection


@cache
def _beside(session: Any) -> Any:
    """Return a session on the same Spark, told what this one was told, but for what Patron needs to be otherwise."""
    own = session.newSession()
    for name, value in (session.conf.getAll | REQUIRED).items():
        if own.conf.isModifiable(name):
            own.conf.set(name, value)
    return own


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"
