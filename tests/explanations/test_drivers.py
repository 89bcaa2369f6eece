"""What drivers promise: they are exact, they add up, and their sentences say what the numbers say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import DriverError, QuestionError, ScoreError
from patron.explanations import pushes as module
from patron.explanations.drivers import COLUMNS, drivers, importance
from patron.formatting import amount
from patron.models.candidates import boosted
from patron.models.serving import Bundle, encode, linear_inputs
from patron.models.targets import target_of
from worlds.explained import FEATURES, SLOPE, customer, people, straight, trained


def by_feature(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.pivot(index="customer", columns="feature", values=column).fillna(0.0)


def test_a_driver_is_a_sentence_with_the_value_and_what_is_usual():
    row = drivers(straight(), customer()).iloc[0]
    assert row.text == "Days since the last order: 212 (usual: 84), raises the risk by 21 points"
    assert (row["rank"], row.value, row.shown, row.usual) == (1, 212.0, "212 days", "84 days")
    assert (row.theme, row.evidence) == ("habit", "association, not a lever")
    assert row.push == pytest.approx(np.log(213 / 85))


def test_without_a_push_the_answer_is_lower_by_the_change():
    row = drivers(straight(), customer()).iloc[0]
    odds = 213 / 85
    assert row.change == pytest.approx(odds / (1 + odds) - 1 / 2)


def test_calibration_scales_the_push():
    calibrated = straight(calibration={"slope": 0.5, "intercept": [3.0]})
    assert drivers(calibrated, customer()).push[0] == pytest.approx(np.log(213 / 85) / 2)


def test_a_rate_is_told_beside_the_rate_of_the_usual_customer():
    rates = {"kind": "rates", "input": 0, "edges": [100.0], "table": [[[-1.0], [0.5]]]}
    table = drivers(straight(estimator=rates), customer())
    assert table.push.tolist() == [1.5]
    assert drivers(straight(estimator=rates), customer(recency=99.0)).empty


def test_a_constant_has_no_drivers():
    table = drivers(trained("churn", "constant"), people())
    assert (len(table), table.columns.tolist()) == (0, list(COLUMNS))


def test_no_rows_have_no_drivers():
    nobody = people().take(np.zeros(len(people()), dtype=bool))
    assert drivers(straight(), nobody).columns.tolist() == list(COLUMNS)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1234.5, "money", "1,234.50"),
        (0.35, "share", "35 %"),
        (0.0042, "share", "0.42 %"),
        (212.4, "days", "212 days"),
        (1.0, "days", "1 day"),
        (0.606, "days", "less than a day"),
        (1.0, "categories", "1 category"),
        (2.6, "orders", "3 orders"),
        (0.03, "orders", "0.03 orders"),
        (2.25, "times", "2.2 times"),
        (3.0, "times", "3 times"),
        (7301.2, "times", "over 100 times"),
        (-0.0, "number", "0"),
        (11.0, "month", "month 11"),
        (float("nan"), "days", "unknown"),
        (None, "money", "unknown"),
        ("uk", "country", "uk"),
    ],
)
def test_a_value_is_shown_with_its_unit(value, unit, shown):
    row = drivers(straight(features=[FEATURES[0] | {"unit": unit, "usual": value}]), customer()).iloc[0]
    assert row.usual == shown


def test_what_is_as_usual_is_not_said_twice():
    row = drivers(straight(features=[FEATURES[0] | {"usual": 212.3}]), customer()).iloc[0]
    assert row.text == "Days since the last order: 212, raises the risk by 21 points"


def several(all_words, coef, *values, groups=()):
    """A churn model on features of these words, with these values, and its drivers."""
    features = [FEATURES[0] | {"name": f"f{i}", "words": words} for i, words in enumerate(all_words)]
    features = [f | {"group": group} for f, group in zip(features, groups or [None] * len(features), strict=True)]
    scaling = {"inputs": list(range(len(all_words))), "mean": [0.0] * len(all_words), "scale": [1.0] * len(all_words)}
    estimator = straight().spec["estimator"] | scaling | {"coef": [coef]}
    rows = replace(customer(), X=pd.DataFrame([{f"f{i}": float(value) for i, value in enumerate(values)}]))
    return drivers(straight(features=features, estimator=estimator), rows)[["side", "rank", "feature", "push"]]


def test_one_fact_over_several_windows_is_one_reason_with_the_push_of_all_and_the_strongest_speaks():
    words = ("Days since the last order", "Time since the last order, in usual gaps", "Orders in the last 30 days")
    table = several((*words, "Orders"), [1.0, 2.0, -4.0, 3.0], 1, 2, 3, 4)
    assert table.values[:, :3].tolist() == [["for", 1, "f1"], ["against", 1, "f2"]]
    orders, time = 3 * np.log(5) - 4 * np.log(4), np.log(2) + 2 * np.log(3)
    assert table.push.to_numpy() == pytest.approx([time, orders], abs=1e-6)


def test_times_that_are_equal_for_a_customer_are_told_once():
    words = ("Days since the last order", "Days since the first order", "Longest gap")
    assert several(words, [1.0, 2.0, 0.5], 30, 30, 7).feature.tolist() == ["f1", "f2"]
    assert several(words, [1.0, 2.0, 0.5], 30, 31, 7).feature.tolist() == ["f1", "f0", "f2"]


def test_features_that_went_together_in_training_are_one_reason():
    words = ("Orders placed", "Money spent", "Complaints")
    together = several(words, [1.0, -3.0, 1.0], 3, 5, 7, groups=(7, 7, None))
    assert together.values[:, :3].tolist() == [["for", 1, "f2"], ["against", 1, "f1"]]
    assert together.push.to_numpy() == pytest.approx([np.log(8), np.log(4) - 3 * np.log(6)], abs=1e-6)


def test_orders_and_the_time_in_which_they_came_are_one_reason():
    features = [
        FEATURES[0] | {"name": "tenure", "words": "Days known"},
        FEATURES[0] | {"name": "orders", "words": "Orders"},
    ]
    scaling = {"inputs": [0, 1], "mean": [0.0, 0.0], "scale": [1.0, 1.0], "coef": [[2.0, -3.0]]}
    model = straight(features=features, estimator=straight().spec["estimator"] | scaling)
    table = drivers(model, replace(customer(), X=pd.DataFrame([{"tenure": 399.0, "orders": 3.0}])))
    assert table.feature.tolist() == ["tenure"]
    assert table.push.to_numpy() == pytest.approx([2 * np.log(400) - 3 * np.log(4)], abs=1e-6)


def test_what_is_usual_is_that_of_customers_known_about_as_long():
    usual = FEATURES[0] | {"usual_in": [10.0, 20.0, 30.0]}
    standing = {"feature": 1, "edges": [100.0, 200.0]}
    asked = straight(features=[usual, FEATURES[1], *FEATURES[2:]], standing=standing)
    told = {days: drivers(asked, customer(profit_90d=days)).iloc[0] for days in (100.0, 101.0, 900.0, np.nan)}
    assert [row.usual for row in told.values()] == ["10 days", "20 days", "30 days", "84 days"]
    assert told[900.0].text.startswith("Days since the last order: 212 (usual for long-standing customers: 30), raises")
    assert told[np.nan].text.startswith("Days since the last order: 212 (usual: 84), raises")


def test_categories_and_unknown_values_are_told_as_text():
    table = drivers(trained("churn"), people(), top=4)
    country = table[table.feature == "country"]
    assert set(country.shown) == {"de", "uk", "unknown"}
    assert country.value.isna().all()
    unknown = table[(table.feature == "profit_90d") & table.value.isna()].iloc[0]
    assert unknown.text.startswith("Money spent in 90 days: unknown (usual: 1,234.50), ")


@settings(max_examples=100, deadline=None)
@given(st.floats(), st.sampled_from(["money", "share", "month", "number", "days", "times", "categories"]))
def test_any_number_can_be_shown(value, unit):
    shown = amount(value, unit)
    assert shown.strip() == shown != ""
    assert ("unknown" in shown) == bool(np.isnan(value))


def test_reasons_for_stand_before_those_against_each_by_strength_and_in_the_order_of_the_rows():
    table = drivers(trained("churn"), people(), top=2)
    assert table.customer.unique().tolist() == people().key.customer.tolist()
    assert (table.push > 0).tolist() == (table.side == "for").tolist()
    assert table.groupby("customer").side.apply(lambda side: side.tolist() == sorted(side, reverse=True)).all()
    sides = table.groupby(["customer", "side"])
    assert sides["rank"].apply(list).isin([[1], [1, 2]]).all()
    assert sides.push.apply(lambda push: push.abs().is_monotonic_decreasing).all()


@pytest.mark.parametrize("estimator", ["trees", "linear", "paced", "rates"])
def test_pushes_lead_from_one_base_to_every_calibrated_margin(estimator):
    model = trained("churn", estimator)
    pushes = by_feature(drivers(model, people(), top=4), "push").sum(axis=1)
    pushes = pushes.reindex(people().key.customer, fill_value=0.0)
    margins = model.log_odds(encode(people().X, FEATURES))[:, 0]
    assert np.ptp(margins - pushes) == pytest.approx(0.0, abs=1e-6)


def test_trees_are_split_as_the_shap_library_splits_them():
    shap = pytest.importorskip("shap")
    X = encode(people().X, FEATURES)[:, :3]
    spec = trained("churn").spec
    target = target_of(spec["answer"]).examples(spec["answer"], (X[:, 0] > 150).astype(float))
    fitted = boosted(X, target, ["recency", "profit_90d", "returned"], [], rounds=12)
    explainer = shap.TreeExplainer(fitted.booster)
    explainer.model.model_type = "internal"  # else shap asks LightGBM, and LightGBM would be compared with itself
    expected = explainer.shap_values(X) * SLOPE
    table = drivers(Bundle(spec | {"features": FEATURES[:3]}, fitted.booster), people(), top=3)
    ours = by_feature(table, "push").reindex(columns=["recency", "profit_90d", "returned"], fill_value=0.0)
    assert np.abs(expected).max() > 0.1
    assert np.abs(ours.to_numpy() - expected).max() < 1e-6


def test_the_next_purchase_is_told_as_the_mean_over_the_steps_of_the_first_days_asked():
    model = trained("next_purchase", "linear")
    steps = model.spec["answer"]["edges"].index(30)
    X = encode(people().X, FEATURES)
    margins = np.mean([model.log_odds(X, step)[:, 0] for step in range(steps)], axis=0)
    table = drivers(model, people(), top=4)
    pushes = by_feature(table, "push").sum(axis=1).to_numpy()
    assert np.ptp(margins - pushes) == pytest.approx(0.0, abs=1e-9)
    assert table.text.str.contains("s the chance of an order within 30 days by ").all()


def test_without_its_push_the_chance_of_a_purchase_is_that_of_even_odds_at_each_step():
    answer = {"kind": "next_purchase", "horizon": 90, "edges": [0, 10, 30, 90], "within": [30, 90]}
    steady = straight().spec["estimator"] | {"intercept": [[0.0]] * 3}
    row = drivers(straight(answer=answer, estimator=steady), customer()).iloc[0]
    assert row.push == pytest.approx(np.log(213 / 85))
    assert row.change == pytest.approx((1 / 2) ** 2 - (85 / 298) ** 2)


def test_a_push_on_the_tier_is_weighted_by_rank():
    model = trained("tier", "linear")
    coef = np.array(model.spec["estimator"]["coef"])
    table = drivers(model, people(), top=4)
    ratio = table[table.feature == "recency"].set_index("customer").push
    z = linear_inputs(model.spec["estimator"], encode(people().X, FEATURES))[:, 0]
    expected = pd.Series(z * SLOPE * ([-1.5, -0.5, 0.5, 1.5] @ coef[:, 0]), people().key.customer)
    assert np.abs(ratio - expected[ratio.index]).max() < 1e-9


def test_late_customers_are_told_that_it_lowers_their_tier_and_profit():
    table = drivers(trained("tier"), people(), top=4)
    late = table[(table.feature == "recency") & (table.value > 250)]
    assert set(late.side) == {"against"}
    assert (late.change < 0).all()
    assert late.text.str.endswith("lowers the expected tier").all()


def test_the_change_of_a_tier_is_that_of_the_profit_it_expects():
    model, row = trained("tier", "linear"), people().take(np.arange(300) == 7)
    without = [[0.0, *rest] for _, *rest in model.spec["estimator"]["coef"]]
    silent = Bundle(model.spec | {"estimator": model.spec["estimator"] | {"coef": without}})
    expected = model.predict(row.X).expected_profit[0] - silent.predict(row.X).expected_profit[0]
    change = drivers(model, row, top=4).set_index("feature").change
    assert change["recency"] == pytest.approx(expected) != 0


@pytest.mark.parametrize("size", [7, 100, 299])
@pytest.mark.parametrize("estimator", ["trees", "linear", "rates"])
def test_batches_of_any_size_give_the_same_table(size, estimator, monkeypatch):
    whole = drivers(trained("churn", estimator), people())
    monkeypatch.setattr(module, "BATCH", size)
    pd.testing.assert_frame_equal(drivers(trained("churn", estimator), people()), whole)


def test_importance_is_the_mean_absolute_push():
    table = importance(trained("churn"), people())
    pushes = by_feature(drivers(trained("churn"), people(), top=4), "push").abs().mean()
    assert table.feature[0] == "recency"
    assert table.share.sum() == pytest.approx(1.0)
    assert table.set_index("feature").push.to_dict() == pytest.approx(pushes.to_dict())


def test_the_season_is_told_as_no_lever_and_stands_apart_from_all_themes():
    model = trained("churn")
    calendar = [f | {"source": "cutoff"} if f["name"] == "recency" else f for f in FEATURES]
    marked = Bundle(model.spec | {"features": calendar}, model.booster)
    table = importance(marked, people()).set_index("feature")
    assert (table.theme["recency"], table.words["recency"]) == (
        "season",
        "Days since the last order (season, no lever)",
    )


def test_importance_of_a_sample_depends_on_the_seed_alone():
    first, again, other = (importance(trained("churn"), people(), most=50, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first.push[0] != other.push[0]


def test_a_model_that_never_moves_has_no_important_feature():
    table = importance(trained("churn", "constant"), people())
    assert table.push.tolist() == table.share.tolist() == [0.0] * 4


class Lying:
    """A booster whose answers are half a log-odds higher than its trees."""

    def __init__(self, booster: Any) -> None:
        self.booster = booster

    def predict(self, X: np.ndarray, **settings: Any) -> np.ndarray:
        return self.booster.predict(X, **settings) + 0.5

    def model_to_string(self, **settings: Any) -> str:
        return self.booster.model_to_string(**settings)


@pytest.mark.parametrize("function", [drivers, importance])
def test_contributions_that_do_not_add_up_are_refused_with_their_rows(function):
    lying = replace(trained("churn"), booster=Lying(trained("churn").booster))
    said = r"drivers of 300 rows do not add up .* model of churn: the worst is off by 0\.4, 1e-06 is allowed"
    with pytest.raises(DriverError, match=said) as refused:
        function(lying, people())
    assert sorted(refused.value.batch.customer) == people().key.customer.tolist()
    assert {"cutoff", "recency", "country"} <= set(refused.value.batch)


def test_rows_without_a_feature_of_the_model_are_refused():
    rows = replace(people(), X=people().X.drop(columns="profit_90d"))
    for function in (drivers, importance):
        with pytest.raises(ScoreError, match=r"these rows lack profit_90d\. They have: country, recency, returned\."):
            function(straight(), rows)


def test_fewer_than_one_driver_is_refused():
    with pytest.raises(QuestionError, match=r"top 0; the least is 1\. Write top=3\."):
        drivers(straight(), people(), top=0)


def test_importance_of_nobody_is_refused():
    with pytest.raises(ScoreError, match=r"got 300 rows and most=0\."):
        importance(straight(), people(), most=0)


def test_what_all_customers_share_is_no_reason_for_one_of_them():
    model = trained("churn")
    shared = [f | {"source": "cutoff"} if f["name"] == "recency" else f for f in FEATURES]
    table = drivers(Bundle(model.spec | {"features": shared}, model.booster), people(), top=4)
    assert set(table.feature) == {"profit_90d", "returned", "country"}
    assert "recency" in set(drivers(model, people(), top=4).feature)
