"""Questions of different customers in one settings file: each has rows of its own, and their answers one table."""

import shutil
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.datasets.subscribers import subscribers
from patron.errors import SettingsError
from patron.jobs import VERBS, event_answers, job_of
from patron.scoring.partitions import read_scores
from patron.settings import load

SETTINGS = """
name = "club"
[tables.orders]
path = "orders.parquet"
customer = "customer"
at = "at"
amount = "amount"
[subscriptions.contracts]
path = "contracts.parquet"
customer = "customer"
start = "start"
end = "end"
price = "price"
until = "2023-12-31"
[questions]
churn = { horizon = 90 }
cancellation = { horizon = 90, within = [90] }
[cutoffs]
train = ["2022-09-01", "2022-12-01"]
valid = "2023-03-02"
test = "2023-06-01"
[decisions]
budget = 50.0
value = 20.0
[offers.call]
contact_cost = 1.0
effect = 0.2
"""


def write(folder, text=SETTINGS):
    """Members who use what they pay for, and as many again who only order."""
    world = subscribers(150, seed=1)
    world.contracts.to_parquet(folder / "contracts.parquet")
    few = world.logins.iloc[::8]
    guests = few.assign(customer="guest " + few.customer)
    pd.concat([few, guests]).assign(amount=10.0).to_parquet(folder / "orders.parquet")
    (folder / "club.toml").write_text(text)
    return load(folder / "club.toml")


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    sentences: list[str] = []
    job = job_of(write(tmp_path_factory.mktemp("club")), datetime(2024, 1, 1), sentences.append)
    for verb in ("check", "train", "score", "explain", "decide", "report"):
        VERBS[verb](job)
    return job, sentences


@pytest.fixture(scope="module")
def scores(job):
    return pd.read_parquet(job[0].settings.out / "scores.parquet").set_index("customer")


def test_each_question_is_answered_for_whom_it_is_asked(job, scores):
    members, guests = job[0].parts
    assert set(scores.index[scores.cancellation_probability.notna()]) == set(members.today.key.customer)
    assert set(scores.index[scores.churn_probability.notna()]) == set(guests.today.key.customer)
    assert scores.index.is_unique


def test_drift_is_told_for_each_question(job):
    summary = VERBS["drift"](job[0])
    assert set(summary["questions"]) == set(job[0].models)
    assert {drift["question"] for drift in summary["drifts"]} == set(job[0].models)


def test_the_risk_of_a_member_is_the_cancellation_and_that_of_others_churn(job, scores):
    decisions = job[0].plan.table
    risk = scores.cancellation_probability.fillna(scores.churn_probability)
    np.testing.assert_allclose(decisions.churn_probability, risk[decisions.customer])
    assert decisions.customer.str.startswith("guest").nunique() == 2


def test_each_customer_has_reasons_once(job, scores):
    why = pd.read_parquet(job[0].settings.out / "drivers.parquet")
    assert not why.duplicated(["customer", "side", "rank"]).any()
    assert set(why.customer) == set(scores.index)


def test_models_of_all_parts_become_champions_of_one_training(job):
    assert {champion.training for champion in job[0].champions.values()} == {job[0].now.isoformat() + "+00:00"}
    assert sum("champions" in sentence for sentence in job[1]) == 1


def test_who_only_orders_needs_a_value_beside_the_price_of_contracts(tmp_path):
    with pytest.raises(SettingsError, match="what a kept customer is worth"):
        write(tmp_path, SETTINGS.replace("value = 20.0\n", ""))


def test_parts_of_both_kinds_hold_what_one_part_held_to_the_last_byte(job, monkeypatch):
    settings = job[0].settings
    whole = read_scores(settings.out)
    reasons = job[0].reasons_of(whole.customer)
    shutil.rmtree(settings.out / "scores.parquet")
    shutil.rmtree(settings.out / ".scores")
    monkeypatch.setattr(event_answers, "PART_ROWS", 200)
    again = job_of(settings, job[0].now)
    assert again.scored.is_new
    parts = sorted(again.scored.path.glob("part-*.parquet"))
    assert len(parts) > 3
    assert all(len(set(pd.read_parquet(part).cancellation_probability.isna())) == 2 for part in parts)
    pd.testing.assert_frame_equal(read_scores(settings.out), whole, check_exact=True)
    by = ["customer", "side", "rank"]
    pd.testing.assert_frame_equal(
        again.reasons_of(whole.customer).sort_values(by, ignore_index=True),
        reasons.sort_values(by, ignore_index=True),
        check_exact=True,
    )
    assert again.scored.manifest.warnings == job[0].scored.manifest.warnings
