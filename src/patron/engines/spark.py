"""Spark: a session as its settings describe it, tables of files, and work on some customers at a time in its tasks.

Spark distributes the rows of customers; what is computed of them is the work that is handed in, so that nothing is
computed in two ways. Only texts that tasks hand back come to the driver: counts and checks.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from patron import errors
from patron.engines.files import parquet_files
from patron.errors import HistoryError, PatronError

__all__ = ["Spark", "SparkWork", "refusals"]

SparkWork = Callable[[int, Mapping[str, pa.Table]], str]
"""What a task does: of the number of its part and the rows of its customers, by table, it makes a text."""

CUSTOMER, RESULT = "customer", "result"
DEFAULTS: Mapping[str, object] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # times are the business's own, in no zone
    "spark.sql.execution.arrow.maxRecordsPerBatch": 61_440,
    "spark.ui.showConsoleProgress": False,
}
PYTHON = "spark.pyspark.python"
ARRIVAL = 60.0  # seconds in which an executor has to come
OURS = re.compile(r"patron\.errors\.(\w+): (.*)")
NO_MODULE, NO_PYTHON = re.compile(r"No module named '([\w.]+)'"), re.compile(r'Cannot run program "([^"]+)"')
WITHOUT = "or score on this machine: leave out --engine spark"


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
        _check_installed()
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        os.environ["PYSPARK_PYTHON"] = str(self.conf.get(PYTHON) or os.environ.get("PYSPARK_PYTHON", sys.executable))
        builder = SparkSession.builder.master(self.master).appName("patron")
        for name, value in {**DEFAULTS, **self.conf}.items():
            builder = builder.config(name, str(value).lower() if isinstance(value, bool) else value)
        try:
            session = builder.getOrCreate()
        except PySparkException as error:
            raise HistoryError(_no_java("its Java does not start it")) from error
        except Exception as error:
            raise HistoryError(
                f"No Spark session begins at {self.master!r} ({type(error).__name__}). Check that the master runs "
                f'there ([engine] spark = {{ master = "spark://host:7077" }}), {WITHOUT}.'
            ) from None
        session.sparkContext.setLogLevel("ERROR")
        self._check_executors(session)
        return session

    @property
    def parts(self) -> int:
        """How many parts the customers are split into."""
        return int(self.session.conf.get("spark.sql.shuffle.partitions"))

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
        with refusals():
            rows = self.session.read.option("mergeSchema", True).parquet(*map(str, files))
            name = f"patron_{len(self.session.catalog.listTables())}"
            rows.createOrReplaceTempView(name)
            return self._connection.table(name)

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

    @cached_property
    def _connection(self) -> Any:
        return ibis.pyspark.connect(self.session)

    def _rows(self, name: str, table: Table) -> Any:
        """Return the rows of a table in one column of its name, beside the customer."""
        from pyspark.sql import functions

        self._connection._run_pre_execute_hooks(table)
        rows = self.session.sql(self._connection.compile(table))
        cells = [functions.col(f"`{column}`") for column in table.columns]
        return rows.select(functions.col(CUSTOMER), functions.struct(*cells).alias(name))

    def _check_executors(self, session: Any) -> None:
        """Refuse a cluster of which no executor comes, as Spark would wait for it without an end."""
        if self.master.startswith("local"):
            return
        status, until = session.sparkContext._jsc.sc().statusTracker(), time.monotonic() + ARRIVAL
        while len(status.getExecutorInfos()) < 2:  # the driver is one
            if time.monotonic() > until:
                session.stop()
                raise HistoryError(
                    f"No executor of {self.master!r} came within {ARRIVAL:.0f} s. Check on the page of the master that "
                    "workers run, and ask for no more than they have: [engine] spark = { conf = "
                    '{ "spark.executor.memory" = "1g", "spark.cores.max" = "2" } }.'
                )
            time.sleep(0.2)


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


def _check_installed() -> None:
    try:
        import pyspark  # noqa: F401
    except ModuleNotFoundError:
        raise HistoryError(f'Spark is not installed. Install it: pip install "patron[spark]", {WITHOUT}.') from None
    home = os.environ.get("JAVA_HOME", "")
    if not shutil.which(str(Path(home) / "bin" / "java") if home else "java"):
        raise HistoryError(_no_java(f"JAVA_HOME = {home!r} has no bin/java" if home else "there is no java"))


def _no_java(why: str) -> str:
    return (
        f"Spark needs Java 17 or later, and {why}. Install it, for example: apt-get install openjdk-17-jre-headless, "
        f"and let JAVA_HOME name its folder where it is not on the path; {WITHOUT}."
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Raise what Spark refuses as an error of Patron: a text of Spark may hold values of customers."""
    try:
        yield
    except PatronError:
        raise
    except Exception as error:
        raise _refusal(str(error), type(error).__name__) from None


def _refusal(text: str, kind: str) -> PatronError:
    if ours := OURS.search(text):
        return getattr(errors, ours[1], PatronError)(ours[2])
    if missing := NO_MODULE.search(text):
        return HistoryError(
            f"The executors of Spark lack {missing[1]!r}. Give them the environment of this program, packed by "
            'venv-pack or conda-pack: [engine] spark = { conf = { "spark.archives" = "environment.tar.gz#environment", '
            f'"{PYTHON}" = "./environment/bin/python" }} }}.'
        )
    if missing := NO_PYTHON.search(text):
        return HistoryError(
            f"The executors of Spark have no Python at {missing[1]!r}. Name that of theirs: "
            f'[engine] spark = {{ conf = {{ "{PYTHON}" = "/usr/bin/python3" }} }}.'
        )
    if "CANNOT_MERGE_SCHEMAS" in text:
        return HistoryError(
            "The parts of a folder hold one column in different types, so that they are not one table. Write all parts "
            "with the same types."
        )
    condition = re.match(r"\s*\[([A-Z_.]+)\]", text)
    return HistoryError(
        f"Spark could not finish ({condition[1] if condition else kind}). What happened stands in the logs of its "
        "executors: a table may have changed while it was read, or a part of the customers does not fit in memory; "
        'then more parts help: [engine] spark = { conf = { "spark.sql.shuffle.partitions" = 400 } }.'
    )
