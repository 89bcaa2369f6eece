"""Spark tables: a frame of somebody's session, whose clock is another one, has the values that DuckDB has."""

from datetime import UTC, datetime

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.history.history import History
from patron.history.sources import events
from patron.questions.kinds import churn
from patron.questions.matrices import matrix

pytestmark = pytest.mark.spark
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def orders() -> pa.Table:
    """Ten days of orders of three customers, whose times are written in every way; one is an hour that comes twice."""
    clocks = [datetime(2024, 10, day, 23, 30) for day in range(25, 32)] + [datetime(2024, 11, day, 1) for day in (1, 2)]
    instants = [*(at.replace(tzinfo=UTC) for at in clocks), datetime(2024, 11, 3, 6, 30, tzinfo=UTC)]
    columns = {
        "customer": [f"c{n % 3}" for n in range(10)],
        "at": pa.array([*clocks, datetime(2024, 11, 3, 1, 30)], pa.timestamp("us")),
        "seen": pa.array(instants, pa.timestamp("us", "UTC")),
        "text": [f"{at:%d/%m/%Y %H:%M}" for at in instants],
        "amount": [n / 10 for n in range(10)],
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def session(spark, orders, tmp_path_factory):
    """Somebody's session in New York, in which a view has the orders."""
    path = tmp_path_factory.mktemp("orders") / "orders.parquet"
    pq.write_table(orders, path)
    own = spark.session.newSession()
    own.conf.set("spark.sql.session.timeZone", ZONE)
    own.conf.unset("spark.sql.timestampType")
    own.read.parquet(str(path)).createOrReplaceTempView("orders")
    return own


@pytest.mark.parametrize("at", ["at", "seen", "text"])
def test_a_frame_has_the_times_and_features_that_duckdb_has(session, orders, at):
    frames = (session.table("orders"), orders)
    far, near = (History.of(orders=events(frame, at=at, timezone=ZONE)) for frame in frames)
    assert far.receipts == near.receipts
    rows, expected = (matrix(churn(5), history, ["2024-11-02"]) for history in (far, near))
    pd.testing.assert_frame_equal(rows.X, expected.X, check_exact=True)
    assert len(rows) == 3


def test_the_clock_of_the_session_stays_what_it_was(session):
    events(session.table("orders"), at="seen")
    assert session.conf.get("spark.sql.session.timeZone") == ZONE
    assert [view.name for view in session.catalog.listTables()] == ["orders"]


def test_a_table_of_ibis_on_spark_knows_the_functions_of_patron(spark, orders):
    own = spark.session.newSession()
    own.createDataFrame(orders.select(["customer", "text"]).to_pandas()).createOrReplaceTempView("orders")
    history = History.of(orders=events(ibis.pyspark.connect(own).table("orders"), at="text"))
    assert (history.receipts[0].first, history.receipts[0].last) == (
        datetime(2024, 10, 25, 23, 30),
        datetime(2024, 11, 3, 6, 30),
    )
