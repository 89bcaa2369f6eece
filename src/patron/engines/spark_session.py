"""Spark session: begun as its settings describe it, or refused with what is missing and how to install it."""

import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from getpass import getuser
from pathlib import Path
from typing import Any

from patron.engines.spark_executors import check_executors, watch_executors
from patron.engines.spark_refusals import PYTHON, WITHOUT
from patron.errors import HistoryError

__all__ = ["REQUIRED", "begin_session", "check_installed"]

TIME_ZONE = "spark.sql.session.timeZone"
REQUIRED: Mapping[str, str] = {
    TIME_ZONE: "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # times are the business's own, in no zone
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # else Spark refuses what pandas writes
}
DEFAULTS: Mapping[str, object] = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": 61_440,
    "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir()) / "patron-spark-warehouse"),
    "spark.ui.showConsoleProgress": False,
    "spark.barrier.sync.timeout": 300,  # seconds that workers wait for each other; Spark alone would wait for a year
    "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures": 4,  # a minute without a place for all
}
JAVA_LOG = Path(tempfile.gettempdir()) / f"patron-spark-{getuser()}.log"


def begin_session(master: str, conf: Mapping[str, object]) -> Any:
    """Return the session, begun if there is none in this process.

    Raises:
        HistoryError: pyspark or Java is missing, the master does not answer, no executor comes, or its times would be
            those of a zone.
    """
    _check_required(conf)
    check_installed()
    from pyspark.errors import PySparkException

    os.environ["PYSPARK_PYTHON"] = str(conf.get(PYTHON) or os.environ.get("PYSPARK_PYTHON", sys.executable))
    _silence()
    try:
        session = _begun(master, {**DEFAULTS, **conf, **REQUIRED})
    except PySparkException as error:
        raise HistoryError(_no_java(f"its Java does not start it ({JAVA_LOG} has why)")) from error
    except Exception as error:
        raise HistoryError(
            f"No Spark session begins at {master!r} ({type(error).__name__}). Check that the master runs "
            f'there ([engine] spark = {{ master = "spark://host:7077" }}), {WITHOUT}.'
        ) from None
    session.sparkContext.setLogLevel("ERROR")
    if not master.startswith("local"):
        check_executors(session, master)
        watch_executors(session)
    return session


def check_installed() -> None:
    """Refuse to go on where pyspark or Java is missing.

    Raises:
        HistoryError: one of them is.
    """
    try:
        import pyspark  # noqa: F401
    except ModuleNotFoundError:
        raise HistoryError(f'Spark is not installed. Install it: pip install "patron[spark]", {WITHOUT}.') from None
    home = os.environ.get("JAVA_HOME", "")
    if not shutil.which(str(Path(home) / "bin" / "java") if home else "java"):
        raise HistoryError(_no_java(f"JAVA_HOME = {home!r} has no bin/java" if home else "there is no java"))


def _check_required(conf: Mapping[str, object]) -> None:
    for name, value in REQUIRED.items():
        if str(conf.get(name, value)).lower() != value.lower():
            raise HistoryError(
                f"Patron needs {name} = {value!r}, as it has the clocks of a business itself (timezone of a table), "
                f"got {conf[name]!r}. Take it out of conf: [engine] spark = {{ conf = {{ ... }} }}."
            )


def _begun(master: str, conf: Mapping[str, object]) -> Any:
    """Return the session of a Java whose own lines go to a file; they may hold values of tables."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in conf.items()}
    if SparkContext._gateway is None:
        with JAVA_LOG.open("ab") as log:
            gateway = launch_gateway(SparkConf().setAll([*texts.items()]), {"stderr": log})
        SparkContext._ensure_initialized(gateway=gateway)
    builder = SparkSession.builder.master(master).appName("patron")
    for name, text in texts.items():
        builder = builder.config(name, text)
    return builder.getOrCreate()


def _silence() -> None:
    """Silence what Spark says beside its errors, which come as sentences of Patron."""
    from pyspark.logger import PySparkLogger

    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


def _no_java(why: str) -> str:
    return (
        f"Spark needs Java 17 or later, and {why}. Install it, for example: apt-get install openjdk-17-jre-headless, "
        f"and let JAVA_HOME name its folder where it is not on the path; {WITHOUT}."
    )
