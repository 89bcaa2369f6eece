"""Training on Spark: one model from rows that never come together, the same on every run, and no hang."""

import re
from dataclasses import replace

import pandas as pd
import pytest

import patron as pt
from patron.engines.spark_teams import together, workers_of
from patron.errors import HistoryError
from patron.history.history import History
from patron.jobs import job_of, train, training
from patron.jobs.distributed_training import train_on_spark
from patron.models.serving import Bundle
from patron.models.training import fit
from patron.questions import spark_rows
from worlds.shop import SPLIT, orders, shop
from worlds.spark_work import as_parquet, grow_without_the_second

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


def test_training_beyond_the_memory_of_the_driver_registers_a_champion_with_trees_of_everybody(
    spark, trained_job, tmp_path, monkeypatch
):
    monkeypatch.setattr(spark_rows, "GIGABYTE", 30_000)  # so that the rows of 80 customers are too many
    monkeypatch.setattr(training, "fit", lambda *about, **more: replace(fit(*about, **more), champion="lightgbm"))
    orders = as_parquet(trained_job.settings, tmp_path)
    settings = replace(orders, name="crowd", root=tmp_path, out=tmp_path / "out", spark=spark, memory=1.0)
    said: list[str] = []
    result = train(job_of(settings, trained_job.now, said.append, engine="spark"))
    assert (result["champions"], result["models"]["churn"]["candidate"]) == ("promoted", "lightgbm")
    words = "\n".join(said)
    assert "sample    one customer in 2 comes to this machine" in words
    assert "'lightgbm', has trees of 160 examples of all customers" in words
    assert re.search(r"beware: the figures are those of a sample, \d\d of 80 customers", words)


def test_a_worker_that_dies_ends_the_work_of_the_others_with_a_message(spark):
    with pytest.raises(HistoryError, match=r"grow together came to nothing, as a worker was lost.*executor\.memory"):
        together(spark, 2, grow_without_the_second)


def test_more_workers_than_the_session_has_places_for_are_refused_at_once(spark):
    with pytest.raises(HistoryError, match=r"3 workers have to run at once, and the session has places for 2\."):
        together(spark, 3, grow_without_the_second)
