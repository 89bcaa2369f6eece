"""Spark: tables of files on a session, and work on some customers at a time in its tasks.

Spark distributes the rows of customers; what is computed of them is the work that is handed in, so that nothing is
computed in two ways. Only texts that tasks hand back come to the driver: counts and checks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from patron.engines.spark_refusals import WITHOUT, refusals
from patron.engines.spark_session import begin_session
from patron.engines.spark_tables import connection_of, table_of
from patron.engines.table_files import parquet_files
from patron.errors import HistoryError

__all__ = ["Spark", "SparkWork", "refusals"]

SparkWork = Callable[[int, Mapping[str, pa.Table]], str]
"""What a task does: of the number of its part and the rows of its customers, by table, it makes a text."""

CUSTOMER, RESULT = "customer", "result"
PARTS = "spark.sql.shuffle.partitions"
PART_BYTES = 8 * 2**20  # of Parquet, which are some ten times as many in the memory of a task


@dataclass(frozen=True)
class Spark:
    """A Spark session, begun when it is first needed.

    Args:
        master: where it runs, for example "local[4]" or "spark://host:7077".
        conf: what Spark is told, by its own names; `spark.sql.shuffle.partitions` is the number of parts of the work.
    """

    master: str = "local[*]"
    conf: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def session(self) -> Any:
        """The session.

        Raises:
            HistoryError: pyspark or Java is missing, the master does not answer, or no executor comes.
        """
        return begin_session(self.master, self.conf)

    @property
    def parts(self) -> int:
        """How many parts the customers are split into."""
        return int(self.session.conf.get(PARTS))

    def sized(self, sources: Iterable[object]) -> "Spark":
        """Return the session with as many parts as the files of some tables ask for, where nobody said how many.

        >>> Spark().sized([]).conf
        {'spark.sql.shuffle.partitions': 1}
        """
        if PARTS in self.conf:
            return self
        size = sum(file.stat().st_size for source in sources for file in parquet_files(source))
        return replace(self, conf={**self.conf, PARTS: 1 + size // PART_BYTES})

    def open(self, source: object) -> Table:
        """Open a Parquet file, or a folder of the parts of one table.

        Raises:
            HistoryError: it is something else, or its parts have different columns or types.
        """
        files = parquet_files(source)
        if not files:
            raise HistoryError(
                f"Spark reads Parquet files and folders of such, got {Path(str(source)).name!r}. Write it as Parquet, "
                f"for example pd.read_csv('shop.csv').to_parquet('shop.parquet'), {WITHOUT}."
            )
        kinds = pq.read_schema(files[0])
        with refusals():
            rows = self.session.read.option("mergeSchema", True).parquet(*map(str, files))
            return table_of(_with_times(rows, kinds))

    def each(self, tables: Mapping[str, Table], work: SparkWork) -> list[str]:
        """Do some work in each part of the customers, and return what each came to, in the order of parts.

        Args:
            tables: of this session, each with the column `customer`, by which they are parted.
            work: what is done; it goes to the executors, and must not hold a table of the session.

        Raises:
            PatronError: what the work refuses, or what keeps the executors from it.
        """
        kinds = {name: table.schema().to_pyarrow() for name, table in tables.items()}
        with refusals():
            frames = [self._rows(name, table) for name, table in tables.items()]
            rows = reduce(lambda above, below: above.unionByName(below, allowMissingColumns=True), frames)
            parted = rows.repartition(self.parts, CUSTOMER).mapInArrow(_Task(kinds, work), f"part int, {RESULT} string")
            return [row[RESULT] for row in sorted(parted.collect())]

    def _rows(self, name: str, table: Table) -> Any:
        """Return the rows of a table in one column of its name, beside the customer."""
        from pyspark.sql import functions

        connection = connection_of(self.session)
        connection._run_pre_execute_hooks(table)
        rows = self.session.sql(connection.compile(table))
        cells = [functions.col(f"`{column}`") for column in table.columns]
        return rows.select(functions.col(CUSTOMER), functions.struct(*cells).alias(name))


@dataclass(frozen=True)
class _Task:
    """What an executor runs: the rows of a part come together, by table, and the work is done on them."""

    kinds: Mapping[str, pa.Schema]
    work: SparkWork

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        number = TaskContext.get().partitionId()
        pieces: dict[str, list[pa.Table]] = {name: [kind.empty_table()] for name, kind in self.kinds.items()}
        for batch in batches:
            for name, kind in self.kinds.items():
                cells = batch.column(name)
                rows = pa.Table.from_struct_array(cells.filter(cells.is_valid()))
                pieces[name].append(rows.cast(kind))
        text = self.work(number, {name: pa.concat_tables(rows) for name, rows in pieces.items()})
        yield pa.record_batch([pa.array([number], pa.int32()), pa.array([text])], ["part", RESULT])


def _with_times(rows: Any, kinds: pa.Schema) -> Any:
    """Return the columns that the first file has, with its nanoseconds as times, which have microseconds in Spark."""
    known = {field.name: field for field in rows.schema.fields}
    return rows.select(*(_cell(known[kind.name], kind.type) for kind in kinds))


def _cell(field: Any, kind: pa.DataType) -> Any:
    from pyspark.sql import functions
    from pyspark.sql.types import LongType

    cell = functions.col(f"`{field.name}`")
    if not pa.types.is_timestamp(kind) or not isinstance(field.dataType, LongType):
        return cell
    at = functions.timestamp_micros(functions.expr(f"`{field.name}` div 1000"))
    return (at if kind.tz else at.cast("timestamp_ntz")).alias(field.name)
