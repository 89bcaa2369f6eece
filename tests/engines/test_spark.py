"""Spark as far as no session is needed: what is refused before one begins, and what its refusals become."""

import sys
from types import ModuleType

import pandas as pd
import pytest

from patron.engines import spark
from patron.engines.spark import Spark
from patron.errors import HistoryError, PatronError, ScoreError


def test_without_pyspark_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(HistoryError, match=r'pip install "patron\[spark\]"'):
        _ = Spark().session


def test_without_java_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(HistoryError, match=r"has no bin/java.*apt-get install openjdk-17-jre-headless"):
        _ = Spark().session


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
