"""Questions of contracts: trained, chosen, judged and explained as others are, near the truth of a simulated world."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron import metrics
from patron.datasets.subscribers import subscribers
from patron.models.serving import Bundle

SPLIT = pt.Split.of(
    train=["2021-12-01", "2022-03-01", "2022-06-01", "2022-09-01"], valid=["2022-12-01"], test=["2023-03-02"]
)
CANDIDATES = {"constant", "age", "logit", "geometric", "geometric_logit", "lightgbm", "hybrid", "blend"}


@pytest.fixture(scope="module")
def world():
    return subscribers(700, seed=1)


@pytest.fixture(scope="module")
def trained(world):
    return pt.train(pt.cancellation(horizon=90), world.history, SPLIT)


@pytest.fixture(scope="module")
def tested(world, trained):
    return pt.matrix(trained.question, world.history, SPLIT.test)


def test_all_candidates_of_contracts_are_tried_and_one_is_chosen(trained):
    assert set(trained.bundles) == CANDIDATES
    assert "not tried" not in trained.reason
    assert trained.champion in ("geometric", "geometric_logit", "hybrid", "blend")


def test_the_chance_of_the_horizon_is_that_of_its_last_month_and_rises_by_month(trained, tested):
    answers = trained.model.predict(tested.X)
    assert list(answers) == [output["name"] for output in trained.model.spec["outputs"]]
    months = answers[[f"cancellation_within_{days}d" for days in (30, 60, 90)]]
    assert (months.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    np.testing.assert_array_equal(answers.cancellation_probability, months.iloc[:, -1])
    assert answers.cancellation_days_expected.between(0, 90).all()


def test_the_chances_by_cause_add_up_to_that_of_an_end_and_are_as_frequent_as_the_causes(world, trained, tested):
    answers = trained.model.predict(tested.X)
    by_cause = answers[["cancellation_by_cancelled", "cancellation_by_other"]]  # few payments failed
    np.testing.assert_allclose(by_cause.sum(axis=1), answers.cancellation_probability)
    failed = (world.contracts.cause == "payment failed").sum() / world.contracts.cause.notna().sum()
    share = by_cause.cancellation_by_other.sum() / answers.cancellation_probability.sum()
    assert share == pytest.approx(failed, abs=0.05)


def test_chances_are_near_the_truth(world, trained, tested):
    truth = world.chance(tested.key.customer, SPLIT.test[0], 90)
    answers = trained.model.predict(tested.X)
    chance = answers.cancellation_probability.to_numpy()
    plain = trained.bundles["logit"].predict(tested.X).cancellation_probability
    assert abs(chance.mean() - truth.mean()) < 0.05
    assert np.abs(chance - truth).mean() < 0.75 * np.abs(plain - truth).mean()
    assert np.corrcoef(chance, truth)[0, 1] > 0.6


def test_the_card_judges_the_chance_and_the_order(world, trained, tested):
    label = pt.answers(trained.question, world.history, SPLIT.test, rows=tested)
    card = pt.judge(trained, tested, label)
    assert list(card.measured["geometric"]) == ["AUC", "average precision", "log loss", "Brier", "bias", "C-index"]
    assert card.measured[trained.champion]["AUC"].value > card.measured["logit"]["AUC"].value + 0.02


def test_a_saved_model_answers_the_same(trained, tested, tmp_path):
    for name, bundle in trained.bundles.items():
        again = Bundle.load(bundle.save(tmp_path / name))
        pd.testing.assert_frame_equal(again.predict(tested.X), bundle.predict(tested.X))


def test_reasons_are_those_of_the_risk(trained, tested):
    why = pt.drivers(trained.model, tested, top=2)
    assert why.text.str.contains("the risk").all()
    assert {"contract_term", "contract_age"} & set(why.feature)


def test_a_customer_who_renews_far_ahead_hardly_leaves(trained, tested):
    far = tested.X.days_to_renewal > 120
    answers = trained.model.predict(tested.X)
    assert far.sum() > 30
    assert answers.cancellation_probability[far].mean() < 0.02


def test_those_who_left_and_came_back_are_learned_from():
    rng = np.random.default_rng(0)
    rows = []
    for c in range(400):
        day, keen = pd.Timestamp("2021-01-01") + pd.Timedelta(days=int(rng.integers(0, 300))), c % 2 == 0
        while day < pd.Timestamp("2024-01-01"):
            end = day + pd.Timedelta(days=int(rng.integers(60, 120)))
            rows.append((f"c{c}", day, end if end < pd.Timestamp("2024-01-01") else None, "plus" if keen else "basic"))
            day = end + pd.Timedelta(days=int(rng.integers(20, 60)) if keen else int(rng.integers(200, 500)))
    frame = pd.DataFrame(rows, columns=["customer", "start", "end", "plan"])
    history = pt.History.of(contracts=pt.subscriptions(frame, until="2024-01-01", **{c: c for c in frame}))
    trained = pt.train(pt.win_back(horizon=90, left_in=365), history, SPLIT)
    tested = pt.matrix(trained.question, history, SPLIT.test)
    label = pt.answers(trained.question, history, SPLIT.test, rows=tested)
    answers = trained.model.predict(tested.X)
    assert set(trained.bundles) == {"constant", "age", "logit", "lightgbm", "blend"}
    assert metrics.auc((~np.isnan(label)).astype(float), answers.win_back_probability.to_numpy()) > 0.8


def test_a_horizon_that_no_contract_ends_within_is_refused():
    frame = pd.DataFrame({"c": [f"c{i}" for i in range(50)], "s": "2021-01-01", "e": None})
    history = pt.History.of(contracts=pt.subscriptions(frame, customer="c", start="s", end="e", until="2024-01-01"))
    with pytest.raises(pt.PatronError, match="'cancellation' has the same answer for all 200 rows"):
        pt.train(pt.cancellation(horizon=90), history, SPLIT)


def test_the_label_of_a_cutoff_whose_horizon_has_not_passed_is_refused(world):
    with pytest.raises(pt.PatronError, match="looks 90 days ahead, to 2024-02-29, but the history ends 2023-12-31"):
        pt.answers(pt.cancellation(horizon=90), world.history, [datetime(2023, 12, 1)])


def test_within_a_horizon_longer_than_any_contract_everybody_leaves_and_only_the_month_tells_them_apart():
    rng = np.random.default_rng(0)
    begun = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1400, 400), unit="D")
    ended = begun + pd.to_timedelta(rng.integers(20, 80, 400), unit="D")
    table = pd.DataFrame({"member": range(400), "begun": begun, "ended": ended})
    contracts = pt.subscriptions(table, customer="member", start="begun", end="ended", until="2024-01-01")
    history = pt.History.of(contracts=contracts)
    split = pt.Split.of(train=["2021-06-01", "2021-12-01"], valid=["2022-06-01"], test=["2023-01-01"])
    trained = pt.train(pt.cancellation(horizon=120), history, split)
    chances = trained.model.predict(pt.matrix(trained.question, history, split.test).X)
    assert (chances.cancellation_probability > 0.99).all()
    assert chances.cancellation_within_30d.nunique() > 1
