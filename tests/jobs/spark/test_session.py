"""A real Spark session: tables, features and scores are those of one machine, to the last digit."""

from dataclasses import replace
from datetime import datetime

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from ibis.expr.types import Table

from patron.engines.files import read
from patron.engines.uniqueness import are_unique, count_repeated
from patron.errors import HistoryError
from patron.history.formats import FormSetting
from patron.history.history import History
from patron.history.some_customers import rows_before
from patron.history.sources import events
from patron.history.times import read_times
from patron.jobs import Job, job_of, score
from patron.scoring.partitions import LINEAGE, read_scores
from worlds.histories import CUTOFF
from worlds.spark_work import as_parquet, without_package

pytestmark = pytest.mark.spark


def test_the_door_finds_the_same_in_the_same_tables(warehouse, spark_history):
    one, other = History.of(**{name: events(path) for name, path in warehouse.items()}), spark_history
    assert one.receipts == other.receipts
    assert {name: table.schema() for name, table in one.tables.items()} == {
        name: table.schema() for name, table in other.tables.items()
    }


def test_times_of_every_form_are_the_same_instants(spark, tmp_path):
    at = pd.Series(
        pd.to_datetime(["1969-07-20 20:17:40.123456", "2024-03-31 01:30", "2024-07-01", None], format="mixed")
    )
    times = pa.table(
        {
            "micros": pa.array(at).cast(pa.timestamp("us")),
            "nanos": pa.array(at).cast(pa.timestamp("ns")),
            "instants": pa.array(at).cast(pa.timestamp("us", "UTC")),
            "nano_instants": pa.array(at).cast(pa.timestamp("ns", "UTC")),
            "days": pa.array(at).cast(pa.date32()),
            "texts": at.dt.strftime("%d/%m/%Y %H:%M"),
            "zoned": at.dt.strftime("%Y-%m-%d %H:%M:%S+02:00"),
            "seconds": pa.array([0, 1_711_848_600, 1_719_792_000, None]),
            "digits": pa.array([19_690_720, 20_240_331, 20_240_701, None]),
        }
    )
    pa.parquet.write_table(times, tmp_path / "times.parquet")
    one, other = (clocks(open_file(tmp_path / "times.parquet")) for open_file in (read, spark.open))
    assert one.equals(other)
    assert one["instants"].to_pylist()[1:] == [datetime(2024, 3, 31, 3, 30), datetime(2024, 7, 1, 2), None]


def clocks(table: Table) -> pa.Table:
    """Each column as the clock of a business in Berlin, in the order of the file."""
    forms = {"texts": "%d/%m/%Y %H:%M", "zoned": "%Y-%m-%d %H:%M:%S%z", "seconds": "seconds", "digits": "yyyymmdd"}
    read_as = {
        name: read_times(table, table[name], FormSetting.of("at"), "Europe/Berlin", forms.get(name, "")).clock
        for name in table.columns
    }
    return table.select(**read_as).order_by(ibis.asc("micros", nulls_first=False)).to_pyarrow()


def test_repeated_rows_are_counted_one_by_one(spark, tmp_path):
    many = [*range(200_000), None, None]  # of which a dozen share a hash of 32 bits
    pa.parquet.write_table(pa.table({"a": [*many, None, 7], "b": [*many, 7, None]}), tmp_path / "rows.parquet")
    rows = spark.open(tmp_path / "rows.parquet")
    assert count_repeated(rows) == 1
    assert (are_unique(rows, rows.a), are_unique(rows.filter(rows.a != 7), rows.a)) == (False, True)


def test_a_row_that_is_set_aside_has_no_place_in_what_many_machines_read(spark, tmp_path):
    frame = pd.DataFrame({"customer": ["a", None, "b"], "at": pd.to_datetime(["2024-01-01"] * 3).as_unit("us")})
    frame.to_parquet(tmp_path / "orders.parquet")
    history = History.of(orders=events(spark.open(tmp_path / "orders.parquet")))
    rows = history.set_aside["orders"].to_pyarrow().select(["reason", "row"]).to_pylist()
    assert rows == [{"reason": "no customer", "row": None}]


def test_scores_are_those_of_one_machine(spark, trained_job, tmp_path):
    settings = replace(as_parquet(trained_job.settings, tmp_path), spark=spark)
    one = Job(replace(settings, out=tmp_path / "one"), trained_job.now)
    other = job_of(replace(settings, out=tmp_path / "other"), trained_job.now, engine="spark")
    assert score(one)["customers"] == score(other)["customers"]
    left, right = (read_scores(job.out).drop(columns=list(LINEAGE)) for job in (one, other))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_files_of_a_folder_with_other_types_are_refused(spark, tmp_path):
    pa.parquet.write_table(pa.table({"customer": ["a"], "paid": [1.5]}), tmp_path / "1.parquet")
    pa.parquet.write_table(pa.table({"customer": ["b"], "paid": ["2"]}), tmp_path / "2.parquet")
    with pytest.raises(HistoryError, match="one column in different types"):
        spark.open(tmp_path)


def test_an_executor_without_a_package_is_told_how_to_get_it(spark, spark_history):
    rows = rows_before(spark_history, CUTOFF, {"orders": set()})
    with pytest.raises(HistoryError, match=r"executors of Spark lack 'patron_packed_elsewhere'.*spark.archives"):
        spark.each(rows, without_package)
