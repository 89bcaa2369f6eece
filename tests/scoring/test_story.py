"""One story: whatever the models say of a customer, their joint answers cannot contradict each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.models.serving import Bundle
from patron.scoring.story import bent_curve, joint_answers, joint_tiers, leading_models

CUSTOMERS = 4
EDGES, WITHIN = [0, 8, 15, 30, 60, 90], [30, 90]
LOWS = [0.0, 50.0]
CELL = {"name": "cell", "dtype": "float64", "levels": []}
EARNED = {"name": "profit_90d", "dtype": "float64", "levels": []}

log_odds = st.floats(-60.0, 60.0)
share = st.floats(0.0, 1.0)
loss, small, large = st.floats(-500.0, 0.0), st.floats(0.01, 49.0), st.floats(50.0, 1e5)


def tables(steps: int, classes: int) -> st.SearchStrategy:
    """Log-odds of each step, customer and class."""
    row = st.lists(log_odds, min_size=classes, max_size=classes)
    step = st.lists(row, min_size=CUSTOMERS, max_size=CUSTOMERS)
    return st.lists(step, min_size=steps, max_size=steps)


def bundle(kind: str, table: list, horizon: int = 90, **answer: object) -> Bundle:
    """A model that gives each of the customers log-odds of their own."""
    cells = [k + 0.5 for k in range(CUSTOMERS - 1)]
    return Bundle(
        {
            "features": [CELL, EARNED],
            "calibration": None,
            "estimator": {"kind": "rates", "input": 0, "edges": cells, "table": table},
            "answer": {"kind": kind, "horizon": horizon, **answer},
        }
    )


def waiting(table: list, horizon: int = 90) -> Bundle:
    return bundle("next_purchase", table, horizon, edges=EDGES, within=WITHIN)


def tiered(table: list, horizon: int = 90, **answer: object) -> Bundle:
    known = {
        "tiers": ["lead", "iron", "gold"],
        "lows": LOWS,
        "cuts": [0.5, 1.5],
        "profit_from": [[-2.0, 20.0, 90.0]] * 3,
        "spread_from": [[[-5.0, 0.0], [10.0, 30.0], [60.0, 120.0]]] * 3,
    }
    return bundle("tier", table, horizon, **(known | answer))


@st.composite
def profits(draw: st.DrawFn) -> dict[str, object]:
    """What a tier model remembers: profits of each outcome by the present tier, and how often buyers end at a loss."""
    outcomes = (loss, loss, small, large)
    spreads = [[sorted(draw(st.lists(kind, min_size=4, max_size=4))) for kind in outcomes] for _ in range(3)]
    means = [[float(np.mean(spread)) for spread in row] for row in spreads]
    parted = {
        "loss_if_bought": draw(st.lists(share, min_size=3, max_size=3)),
        "loss_profit_from": [row[:2] for row in means],
        "loss_spread_from": [row[:2] for row in spreads],
    }
    known = {"profit_from": [row[1:] for row in means], "spread_from": [row[1:] for row in spreads]}
    return known | (parted if draw(st.booleans()) else {})


def told(*models: Bundle) -> pd.DataFrame:
    X = pd.DataFrame({"cell": np.arange(CUSTOMERS), "profit_90d": [-3.0, 10.0, 70.0, np.nan]}, index=list("abcd"))
    return pd.concat(joint_answers({m.spec["answer"]["kind"]: m for m in models}, X), axis=1)


def check_waits(scores: pd.DataFrame) -> None:
    assert (scores.purchase_within_30d <= scores.purchase_within_90d + 1e-12).all()
    for name, reached in (("days_low", 0.1), ("days_median", 0.5), ("days_high", 0.9)):
        for days in WITHIN:
            chance = scores[f"purchase_within_{days}d"]
            assert (chance[scores[name] < days - 1e-6] >= reached - 1e-9).all()
            assert (chance[scores[name] > days + 1e-6] <= reached + 1e-9).all()
    assert (scores.days_low <= scores.days_median).all() and (scores.days_median <= scores.days_high).all()


def check_profits(scores: pd.DataFrame) -> None:
    chances = scores[["probability_lead", "probability_iron", "probability_gold"]]
    assert (chances >= 0).all(axis=None) and np.allclose(chances.sum(axis=1), 1.0, atol=1e-9)
    assert scores.expected_profit.between(scores.profit_low, scores.profit_high).all()
    assert scores.profit_if_active.between(scores.profit_if_active_low, scores.profit_if_active_high).all()


@settings(deadline=None)
@given(tables(1, 1), tables(5, 1), tables(1, 3), profits())
def test_whatever_three_models_say_their_answers_agree(churn, hazards, tiers, money):
    scores = told(bundle("churn", churn), waiting(hazards), tiered(tiers, **money))
    assert np.isfinite(scores.select_dtypes("number")).all(axis=None)
    assert np.abs(scores.churn_probability + scores.purchase_within_90d - 1.0).max() <= 1e-12
    assert (scores.probability_lead >= scores.churn_probability - 1e-12).all()
    check_waits(scores)
    check_profits(scores)


@settings(deadline=None, max_examples=50)
@given(tables(5, 1), tables(1, 3), profits())
def test_without_churn_the_next_purchase_leads_the_tier(hazards, tiers, money):
    scores, alone = told(tiered(tiers, **money), waiting(hazards)), waiting(hazards)
    own = alone.predict(pd.DataFrame({"cell": np.arange(CUSTOMERS), "profit_90d": 0.0}, index=list("abcd")))
    pd.testing.assert_frame_equal(scores[own.columns], own)
    assert (scores.probability_lead >= 1.0 - scores.purchase_within_90d - 1e-8).all()
    check_profits(scores)


@settings(deadline=None, max_examples=50)
@given(tables(1, 3), profits())
def test_a_tier_alone_keeps_its_chances_and_its_interval_holds_its_mean(tiers, money):
    X = pd.DataFrame({"cell": np.arange(CUSTOMERS), "profit_90d": 0.0})
    model = tiered(tiers, **money)
    scores, own = joint_answers({"tier": model}, X)[0], model.predict(X)
    chances = [name for name in own if name.startswith("probability_")]
    np.testing.assert_allclose(scores[chances], own[chances], atol=1e-9)
    check_profits(scores)


def test_a_profit_is_nothing_bought_or_what_a_buyer_brings():
    none, sure = [[[0.0]] * CUSTOMERS], np.log([0.5, 0.4, 0.1]).tolist()
    money = {
        "loss_if_bought": [0.1] * 3,
        "loss_profit_from": [[-1.0, -30.0]] * 3,
        "loss_spread_from": [[[-1.0, -1.0], [-30.0, -30.0]]] * 3,
    }
    scores = told(bundle("churn", none), tiered([[sure] * CUSTOMERS], **money)).iloc[0]
    assert scores[["probability_lead", "probability_iron", "probability_gold"]].round(6).tolist() == [0.55, 0.36, 0.09]
    bought = 0.1 * -30 + 0.72 * 20 + 0.18 * 90
    assert scores.profit_if_active == pytest.approx(bought)
    assert scores.expected_profit == pytest.approx(0.5 * -1 + 0.5 * bought)
    assert (scores.profit_if_active_low, scores.profit_if_active_high) == (-30.0, 30.0)


def test_who_hardly_buys_has_an_interval_that_reaches_the_mean_and_one_for_the_case_that_they_do():
    rare = [[[np.log(0.95 / 0.05)]] * CUSTOMERS]
    scores = told(bundle("churn", rare), tiered([[[0.0, 0.0, 0.0]] * CUSTOMERS], spread_from=[SURE] * 3)).iloc[0]
    assert (scores.profit_low, scores.profit_high) == (0.0, scores.expected_profit)
    assert (scores.profit_if_active_low, scores.profit_if_active_high) == (20.0, 90.0)


SURE = [[0.0, 0.0], [20.0, 20.0], [90.0, 90.0]]


def test_over_other_days_each_model_answers_as_if_it_were_alone():
    churn, hazards = [[[2.0]] * CUSTOMERS], [[[-1.0]] * CUSTOMERS] * 5
    X = pd.DataFrame({"cell": np.arange(CUSTOMERS), "profit_90d": 0.0})
    far, near = bundle("churn", churn, 180), waiting(hazards)
    alone, joint = near.predict(X), joint_answers({"next_purchase": near, "churn": far}, X)[0]
    pd.testing.assert_frame_equal(joint, alone)


def test_churn_over_the_first_days_of_a_longer_wait_is_met_by_its_curve_too():
    month = bundle("churn", [[[1.0]] * CUSTOMERS], 30)
    scores = told(waiting([[[-1.0]] * CUSTOMERS] * 5), month)
    assert np.allclose(scores.churn_probability + scores.purchase_within_30d, 1.0, atol=1e-12)
    check_waits(scores)


def test_a_question_from_outside_is_answered_beside_the_story():
    other, churn = bundle("two_orders", [[[0.5]] * CUSTOMERS], shape="binary", column="two"), [[[1.0]] * CUSTOMERS]
    assert list(told(other, bundle("churn", churn))) == ["two", "churn_probability"]


def test_the_past_tiers_are_found_from_the_models_that_lead_them_alone():
    churn, hazards, tiers = [[[1.0]] * CUSTOMERS], [[[0.0]] * CUSTOMERS] * 5, [[[0.0, 0.0, 0.0]] * CUSTOMERS]
    models = {"churn": bundle("churn", churn), "next_purchase": waiting(hazards), "tier": tiered(tiers)}
    assert list(leading_models(models, models["tier"])) == ["churn", "tier"]
    del models["churn"]
    assert list(leading_models(models, models["tier"])) == ["next_purchase", "tier"]
    apart = models | {"tier": tiered(tiers, 60)}
    assert list(leading_models(apart, apart["tier"])) == ["tier"]


@settings(deadline=None, max_examples=20)
@given(tables(1, 1), tables(1, 3), profits())
def test_the_tiers_alone_are_those_of_the_joint_answers(churn, tiers, money):
    models = {"tier": tiered(tiers, **money), "churn": bundle("churn", churn)}
    X = pd.DataFrame({"cell": np.arange(CUSTOMERS), "profit_90d": 0.0})
    assert joint_tiers(models, models["tier"], X).tolist() == joint_answers(models, X)[0].tier.tolist()


def test_a_bent_curve_moves_its_end_most_and_a_curve_that_meets_the_chance_not_at_all():
    curve, edges = np.array([[0.0, 0.2, 0.36, 0.488]]), np.array([0.0, 30.0, 60.0, 90.0])
    np.testing.assert_allclose(bent_curve(curve, edges, 90.0, np.array([0.512])), curve, atol=1e-12)
    bent = bent_curve(curve, edges, 90.0, np.array([0.4]))
    factors = np.diff(np.log(1 - bent)) / np.diff(np.log(1 - curve))
    assert factors[0, 0] < factors[0, 1] < factors[0, 2] and factors[0, 0] > 1


def test_a_day_between_the_edges_is_met():
    curve, edges = np.array([[0.0, 0.5, 0.75]]), np.array([0.0, 40.0, 80.0])
    bent = bent_curve(curve, edges, 60.0, np.array([0.3]))
    at_60 = (1 - bent[0, 1]) * ((1 - bent[0, 2]) / (1 - bent[0, 1])) ** 0.5
    assert at_60 == pytest.approx(0.3, abs=1e-12)
