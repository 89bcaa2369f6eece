"""Spark as far as no session is needed: what is refused before one begins, and what its refusals become."""

import sys
from types import ModuleType

import ibis
import pandas as pd
import pytest

from patron.engines import spark
from patron.engines.spark import Spark
from patron.engines.spark_sql import COMPILER
from patron.errors import HistoryError, PatronError, ScoreError
from patron.history.clocks import of_zone, wall_clock
from patron.history.time_numbers import NUMBER_FORMS
from patron.history.time_parsing import parse_instant


def test_without_pyspark_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(HistoryError, match=r'pip install "patron\[spark\]"'):
        _ = Spark().session


def test_without_java_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(HistoryError, match=r"has no bin/java.*apt-get install openjdk-17-jre-headless"):
        _ = Spark().session


def test_a_session_in_another_time_zone_is_refused():
    with pytest.raises(
        HistoryError, match=r"spark.sql.session.timeZone = 'UTC'.*got 'Europe/Rome'. Take it out of conf"
    ):
        _ = Spark(conf={"spark.sql.session.timeZone": "Europe/Rome"}).session


def test_there_are_as_many_parts_as_the_files_ask_for_unless_somebody_said_how_many(tmp_path, monkeypatch):
    monkeypatch.setattr(spark, "PART_BYTES", 1_000)
    path = tmp_path / "orders.parquet"
    pd.DataFrame({"customer": [f"c{n}" for n in range(1_000)]}).to_parquet(path)
    many = 1 + path.stat().st_size // 1_000
    assert many > 3
    assert Spark().sized([path]).conf == {"spark.sql.shuffle.partitions": many}
    assert Spark(conf={"spark.sql.shuffle.partitions": 3}).sized([path]).conf == {"spark.sql.shuffle.partitions": 3}


def test_what_spark_lacks_is_written_in_its_own_functions():
    table = ibis.table({"day": "int64", "text": "string"}, name="orders")
    clock = parse_instant(table.text, "%Y-%m-%d %z")
    for value, words in (
        (table.text.hash(), "XXHASH64(`t0`.`text`)"),
        (NUMBER_FORMS["seconds"].read(table.day), "CAST(TIMESTAMP_MICROS("),
        (clock, "PATRON_READ_TIME(`t0`.`text`, '%Y-%m-%d %z')"),
        (wall_clock("Asia/Tokyo", clock), "CONVERT_TIMEZONE('UTC', 'Asia/Tokyo', PATRON_READ_TIME("),
        (of_zone("Asia/Tokyo", wall_clock("UTC", clock)), "CONVERT_TIMEZONE('Asia/Tokyo', 'UTC', CONVERT_TIMEZONE("),
    ):
        assert words in COMPILER.to_sqlglot(value.name("x").as_table()).sql("spark")


def test_a_csv_file_is_refused_with_the_line_that_makes_it_parquet(tmp_path):
    (tmp_path / "orders.csv").write_text("customer,at\na,2024-05-01\n")
    with pytest.raises(HistoryError, match=r"'orders.csv'.*pd.read_csv"):
        Spark().open(tmp_path / "orders.csv")


def test_parts_with_other_columns_are_refused_before_a_session_begins(tmp_path):
    pd.DataFrame({"customer": ["a"], "paid": [1.0]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"customer": ["a"], "cost": [1.0]}).to_parquet(tmp_path / "2.parquet")
    with pytest.raises(HistoryError, match=r"'1.parquet' and '2.parquet' have different columns"):
        Spark().open(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x\nModuleNotFoundError: No module named 'patron'\n", "lack 'patron'.*spark.archives"),
        ('java.io.IOException: Cannot run program "/opt/py": error=2', "no Python at '/opt/py'"),
        ("[CANNOT_MERGE_SCHEMAS] Failed merging schemas", "one column in different types"),
        (
            "[PARQUET_TYPE_ILLEGAL] Illegal Parquet type: INT64 (TIME(NANOS,true)). SQLSTATE: 42846",
            r"of the type INT64 \(TIME\(NANOS,true\)\), which Spark does not read. Write it in another type",
        ),
        ("[SPARK_JOB_CANCELLED] Job 3 of Anna Miller cancelled", "no executor was left and none came within a minute"),
        ("[JOB_CANCELLED.X] of Anna Miller", r"could not finish \(JOB_CANCELLED.X\)"),
    ],
)
def test_what_spark_refuses_is_said_with_a_way_out(text, sentence):
    with pytest.raises(HistoryError, match=sentence) as refusal, spark.refusals():
        raise RuntimeError(text)
    assert "Anna" not in str(refusal.value)


def test_what_a_task_refuses_comes_back_as_it_was_said():
    traceback = "Traceback:\n  File x\npatron.errors.ScoreError: The feature 'n' is gone. Train again.\n\tat java"
    with pytest.raises(ScoreError, match=r"^The feature 'n' is gone. Train again.$"), spark.refusals():
        raise RuntimeError(traceback)
    with pytest.raises(PatronError, match=r"^no room$"), spark.refusals():
        raise PatronError("no room")
