"""The demo of subscriptions: it tells how near the answers come to the truth, and its pipeline can be read."""

from pathlib import Path

import numpy as np
import pandas as pd

from patron.datasets.subscribers import BEGIN, subscribers
from patron.jobs import subscription_demo
from patron.scoring.partitions import MANIFEST, Manifest, folder_of, write_part
from patron.settings import load

PIPELINE = Path(__file__).parents[2] / "pipelines" / "subscription" / "business.py"


def results(folder, world, error):
    """The files of a run whose champion is off by an error, for whoever was there."""
    test = subscription_demo.settings(folder, folder).split.test[0]
    day = (test - BEGIN).days
    there = np.flatnonzero((world.begin < day) & (world.begin + world.term * (world.left + 1) > day))
    key = pd.DataFrame({"customer": [f"c{i}" for i in there], "cutoff": pd.Timestamp(test)})
    truth = world.foreseeable(key.customer, test, 90)
    days = np.where(world.left[there] < 48, world.begin[there] + world.term[there] * (world.left[there] + 1) - day, 999)
    actual = np.where(days < 90, days, np.nan)
    answers = key.assign(champion=True, cancellation_probability=truth + error, actual=actual)
    answers.to_parquet(folder / "predictions_cancellation.parquet")
    at = subscription_demo.SCORED_AT
    part = folder_of(folder / "scores.parquet", at)
    part.mkdir(parents=True)
    line = {"file": "p.parquet", "rows": len(key), "sha256": write_part(key[["customer"]], part / "p.parquet")}
    manifest = Manifest("run", at.isoformat(), at.isoformat(), {}, "", "", len(key), [line], [])
    (part / MANIFEST).write_text(manifest.text)
    pd.DataFrame({"mrr": [100.0, 90.0], "at_risk": [10.0, 5.0]}).to_csv(folder / "mrr_at_risk.csv")


def test_answers_that_are_off_by_three_points_are_told_to_be(tmp_path):
    world = subscribers(400, seed=1)
    results(tmp_path, world, 0.03)
    lines = subscription_demo.truth_lines(tmp_path, world)
    order = lines[0].split()
    assert order[-1] == order[8].rstrip(",")  # the same order as the truth
    assert "farthest off 3.0 points" in lines[1]
    assert any(line.startswith("yearly terms: ") for line in lines)
    assert "15 of 100 predicted" in lines[-1]


def test_the_pipeline_asks_for_contracts_with_a_feature_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subscription_demo, "CUSTOMERS", 60)
    settings = load(PIPELINE)
    assert [feature.name for feature in settings.questions[0].own] == ["evening_logins"]
    assert settings.history().contracts
