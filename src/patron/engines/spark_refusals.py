"""Spark refusals: what a session or its executors refuse, as sentences that show no value of a table."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from patron import errors
from patron.errors import HistoryError, PatronError

__all__ = ["LOST", "PYTHON", "WITHOUT", "refusals"]

PYTHON = "spark.pyspark.python"
"""What Spark calls the Python of its executors."""
WITHOUT = "or run it on this machine: leave out --engine spark"
"""The way out of everything that Spark refuses."""
LOST = (
    "Trees that several workers grow together came to nothing, as a worker was lost or could not go on; no model was "
    "registered. Mostly its memory does not suffice: the logs of the executors tell. Let more workers share the rows, "
    'or give them more: [engine] spark = { conf = { "spark.executor.memory" = "8g" } }. Then run it again.'
)
"""What is said where work comes to nothing that tasks do together."""
ILLEGAL = re.compile(r"Illegal Parquet type: (.+?)\.? SQLSTATE")
OURS = re.compile(r"patron\.errors\.(\w+): (.*)")
NO_MODULE, NO_PYTHON = re.compile(r"No module named '([\w.]+)'"), re.compile(r'Cannot run program "([^"]+)"')


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
    if illegal := ILLEGAL.search(text):
        return HistoryError(
            f"A Parquet file has a column of the type {illegal[1]}, which Spark does not read. Write it in another "
            f"type, {WITHOUT}."
        )
    if "barrier" in text:
        return HistoryError(LOST)
    if "SPARK_JOB_CANCELLED" in text:
        return HistoryError(
            "A job of Spark was cancelled: by somebody, or because no executor was left and none came within a minute. "
            "Nothing was published. Check on the page of the master that workers run, and begin again."
        )
    condition = re.match(r"\s*\[([A-Z_.]+)\]", text)
    return HistoryError(
        f"Spark could not finish ({condition[1] if condition else kind}). What happened stands in the logs of its "
        "executors: a table may have changed while it was read, or a part of the customers does not fit in memory; "
        'then more parts help: [engine] spark = { conf = { "spark.sql.shuffle.partitions" = 400 } }.'
    )
