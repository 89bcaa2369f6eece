"""Spark SQL: what the queries of Patron ask for and Spark has in no function of its own, or in one of another meaning.

Instants are times without a zone that show the clock of UTC. Texts are read as times by DuckDB, in the tasks of Spark,
so that both engines read them alike.
"""

from typing import Any

import duckdb
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

__all__ = ["COMPILER", "INSTANT", "READ_TIME", "read_times"]

READ_TIME = "patron_read_time"
"""The name by which a session knows `read_times`."""
INSTANT = "timestamp('UTC')"
"""The type of instants."""
UTC = "UTC"


class _Compiler(PySparkCompiler):
    """Ibis's compiler for Spark, with the functions of DuckDB that Patron names."""

    __slots__ = ()
    SIMPLE_OPS = PySparkCompiler.SIMPLE_OPS | {
        ops.Hash: "xxhash64"
    }  # that of 32 bits is shared by rows of a large table

    def visit_ScalarUDF(self, op: ops.ScalarUDF, **given: Any) -> Any:  # noqa: N802, as Ibis calls it
        """Compile a function of the engine; those that Spark lacks are told in its own."""
        arguments = tuple(given.values())
        match op.__func_name__:
            case "timezone":
                zone, clock = arguments
                ends = (zone, UTC) if op.dtype.timezone else (UTC, zone)
                return self.f.anon.convert_timezone(*ends, clock)
            case "make_timestamp":
                return self.cast(self.f.anon.timestamp_micros(*arguments), op.dtype)
            case "try_strptime":
                return self.f.anon[READ_TIME](*arguments)
        return super().visit_ScalarUDF(op, **given)


COMPILER = _Compiler()


def read_times(text: pa.Array, form: pa.Array) -> pa.Array:
    """Read texts by a form as times, those of a zone as the clock of UTC; what cannot be read is missing.

    Args:
        text: what is written.
        form: how, as `strptime` has it; the same in each row.

    >>> read_times(pa.array(["05/02/2024", "soon"]), pa.array(["%d/%m/%Y"] * 2)).to_pylist()
    [datetime.datetime(2024, 2, 5, 0, 0), None]
    >>> read_times(pa.array(["2024-02-05 01:00 +02"]), pa.array(["%Y-%m-%d %H:%M %z"])).to_pylist()
    [datetime.datetime(2024, 2, 4, 23, 0)]
    """
    if not len(text):
        return pa.array([], pa.timestamp("us"))
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.register("texts", pa.table({"text": text}))
        read = engine.sql("SELECT try_strptime(text, $form) AS at FROM texts", params={"form": form[0].as_py()})
        return read.to_arrow_table()["at"].combine_chunks().cast(pa.timestamp("us"))
