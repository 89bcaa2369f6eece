"""Training on Spark: one model from rows that never come together, the same on every run, and no hang."""

import pandas as pd
import pytest

import patron as pt
from patron.engines.spark_teams import together, workers_of
from patron.errors import HistoryError
from patron.history.history import History
from patron.jobs.distributed_training import train_on_spark
from patron.models.serving import Bundle
from worlds.shop import SPLIT, orders, shop
from worlds.spark_work import grow_without_the_second

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def history(spark, tmp_path_factory) -> History:
    path = tmp_path_factory.mktemp("shop") / "orders.parquet"
    orders(400).astype({"at": "datetime64[us]"}).to_parquet(path)
    return History.of(orders=pt.events(spark.open(path), customer="customer", at="at", amount="amount"))


def test_two_workers_grow_the_same_trees_on_every_run_of_an_ordinary_model(spark, history, tmp_path):
    assert workers_of(spark) == 2
    runs = [
        train_on_spark(pt.churn(60), history, SPLIT, spark, tmp_path / name, parts=2, candidate="hybrid")
        for name in ("first", "second")
    ]
    one, other = (run.model.booster.model_to_string() for run in runs)
    assert one == other
    assert "127.0.0.1" not in one
    assert runs[0].examples == 1600, "400 customers at four known cutoffs"
    assert 150 < runs[0].sampled < 250, "half of 400"
    rows = pt.matrix(runs[0].trained.question, shop(), SPLIT.test)
    loaded = Bundle.load(runs[0].model.save(tmp_path / "bundle"))
    pd.testing.assert_frame_equal(loaded.predict(rows.X), runs[1].model.predict(rows.X), check_exact=True)


def test_a_worker_that_dies_ends_the_work_of_the_others_with_a_message(spark):
    with pytest.raises(HistoryError, match=r"grow together came to nothing, as a worker was lost.*executor\.memory"):
        together(spark, 2, grow_without_the_second)


def test_more_workers_than_the_session_has_places_for_are_refused_at_once(spark):
    with pytest.raises(HistoryError, match=r"3 workers have to run at once, and the session has places for 2\."):
        together(spark, 3, grow_without_the_second)
