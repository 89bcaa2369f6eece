"""Pushdown: only the columns, rows and files of a table that are needed are read; the engine counts what it reads."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import patron as pt

COUNT, DAYS = 20_000, 200
GROUPS = 10


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """Return orders in the order of their times, a hundred for each of 200 days, with a long text that nobody needs."""
    rng = np.random.default_rng(0)
    days = np.repeat(np.arange(DAYS), COUNT // DAYS)
    return pd.DataFrame(
        {
            "customer": rng.integers(0, 500, COUNT).astype(str),
            "at": (pd.Timestamp("2023-12-01") + pd.to_timedelta(days, unit="D")).astype("datetime64[us]"),
            "amount": rng.integers(100, 10**6, COUNT) / 100,
            "note": [rng.bytes(100).hex() for _ in range(COUNT)],
        }
    )


@pytest.fixture(scope="module")
def file(orders, tmp_path_factory) -> Path:
    """Write the orders as one file of ten row groups."""
    path = tmp_path_factory.mktemp("one") / "orders.parquet"
    pq.write_table(pa.Table.from_pandas(orders), path, row_group_size=COUNT // GROUPS)
    return path


@pytest.fixture(scope="module")
def months(orders, tmp_path_factory) -> Path:
    """Write the orders as a folder of months: month=2023-12 and so on."""
    path = tmp_path_factory.mktemp("months") / "orders"
    month = pa.Table.from_pandas(orders.assign(month=orders["at"].dt.strftime("%Y-%m")))
    pa.dataset.write_dataset(month, path, format="parquet", partitioning=["month"], partitioning_flavor="hive")
    return path


@pytest.fixture
def reads() -> Iterator["Reads"]:
    """Have the engine note what it reads of files, and keep nothing of them."""
    reads = Reads(ibis.get_backend().con)
    yield reads
    reads.end()


class Reads:
    """The bytes that the engine reads, by file."""

    def __init__(self, engine: duckdb.DuckDBPyConnection):
        self.engine = engine
        engine.execute("CALL enable_logging('FileSystem')")
        engine.execute("SET enable_external_file_cache = false")

    def of(self, history: pt.History, cutoff: datetime) -> Counter[str]:
        """Return the bytes that features at a cutoff read, by path, but for the end of a file, about its columns."""
        self.engine.execute("CALL truncate_duckdb_logs()")
        pt.matrix(pt.churn(30), history, [cutoff])
        logged = self.engine.execute("SELECT path, bytes, pos FROM duckdb_logs_parsed('FileSystem') WHERE op = 'READ'")
        read: Counter[str] = Counter()
        for path, size, place in logged.fetchall():
            read[path] += size * (place + size < Path(path).stat().st_size)
        return +read

    def end(self) -> None:
        """Note and keep as before."""
        self.engine.execute("CALL disable_logging()")
        self.engine.execute("RESET enable_external_file_cache")


def test_features_read_no_column_that_no_measure_needs(file, reads):
    read = reads.of(pt.History.of(orders=pt.events(file)), datetime(2024, 6, 1))
    assert sum(read.values()) < file.stat().st_size / 5, "the note alone is more than four fifths of the file"


def test_features_read_no_rows_after_the_cutoff(file, reads):
    history = pt.History.of(orders=pt.events(file))
    late, early = (sum(reads.of(history, datetime(2024, month, 1)).values()) for month in (6, 1))
    assert early < late / 2, "31 of the 183 days before June lie before January"


def test_a_condition_on_the_folders_of_a_table_reads_the_rows_of_no_other_folder(months, reads):
    history = pt.History.of(orders=pt.events(months, where={"month": ["2024-03", "2024-04"]}))
    rows = {Path(path).parent.name for path in reads.of(history, datetime(2024, 5, 1))}
    assert rows == {"month=2024-03", "month=2024-04"}


def test_of_a_dataset_of_arrow_a_query_scans_its_columns_and_rows_alone(months):
    dataset = pa.dataset.dataset(months, partitioning="hive")
    used = pt.events(dataset).used
    query = used.filter(used["at"] < datetime(2024, 1, 1)).amount.sum()
    plan = ibis.get_backend()._to_duckdb_relation(query.as_table()).explain()
    scan = plan[plan.index("ARROW_SCAN") :]
    assert "amount" in scan and "note" not in scan
    assert """"at"<TIMESTAMP'2024-01-01""" in "".join(scan.split())
