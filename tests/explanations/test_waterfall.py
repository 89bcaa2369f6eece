"""What a waterfall promises: base and points add up to the answer exactly, each fact once, the strongest first."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.explanations.drivers import drivers
from patron.explanations.levers import with_levers
from patron.explanations.waterfall import COLUMNS, FAINT, waterfall
from patron.models.serving import encode, sigmoid
from worlds.explained import FEATURES, customer, people, straight, trained


def test_from_the_average_each_reason_leads_to_the_answer():
    steps = waterfall(straight(), customer())
    odds = 213 / 85
    assert steps.step.tolist() == [0, 1]
    assert steps.text.tolist() == [
        "The average of the customers that the model learned from",
        "Days since the last order: 212 (usual: 84)",
    ]
    assert steps.points.to_numpy() == pytest.approx([0.5, odds / (1 + odds) - 0.5])
    assert steps.push.to_numpy() == pytest.approx([0.0, np.log(odds)])
    assert steps.columns.tolist() == list(COLUMNS)


@pytest.mark.parametrize("kind", ["churn", "next_purchase", "tier"])
def test_points_add_up_to_the_answer_of_every_customer(kind):
    model, some = trained(kind), people().take(np.arange(300) < 30)
    steps = waterfall(model, some).groupby("customer", sort=False)
    names = {"churn": "churn_probability", "next_purchase": "purchase_within_30d", "tier": "expected_profit"}
    answer = model.predict(some.X)[names[kind]].to_numpy()
    assert steps.points.sum().to_numpy() == pytest.approx(answer, abs=1e-9)
    assert steps.after.last().to_numpy() == pytest.approx(answer, abs=1e-9)
    assert (steps.after.first() == steps.points.first()).all()


def test_pushes_add_up_to_the_log_odds_and_are_those_of_drivers():
    model, some = trained("churn"), people().take(np.arange(300) < 30)
    steps = waterfall(model, some)
    log_odds = model.log_odds(encode(some.X, FEATURES))[:, 0]
    assert steps.groupby("customer", sort=False).push.sum().to_numpy() == pytest.approx(log_odds, abs=1e-9)
    keys = ["customer", "feature"]
    both = steps.merge(drivers(model, some, top=4), on=keys, suffixes=("", "_driver"))
    assert len(both) > 60
    assert both.push.to_numpy() == pytest.approx(both.push_driver.to_numpy())


def test_the_strongest_stand_first_and_what_is_faint_or_beyond_the_top_is_one_line():
    steps = waterfall(trained("churn"), people(), top=1)
    for _, lines in steps.groupby("customer"):
        assert lines.text.iloc[2:].tolist() in (["All other facts together"], [])
    every = waterfall(trained("churn"), people()).query("step > 0 and feature != ''")
    assert (every.groupby("customer").push.apply(lambda p: p.abs().is_monotonic_decreasing)).all()
    assert (every.push.abs() / every.groupby("customer").push.transform(lambda p: p.abs().sum()) > FAINT).all()


def test_what_all_customers_share_is_a_line_of_its_own():
    features = [FEATURES[0] | {"name": "month", "source": "cutoff"}, FEATURES[0]]
    scaling = {"inputs": [0, 1], "mean": [0.0, 0.0], "scale": [1.0, 1.0], "coef": [[1.0, 2.0]]}
    model = straight(features=features, estimator=straight().spec["estimator"] | scaling)
    steps = waterfall(model, replace(customer(), X=pd.DataFrame({"month": [3.0], "recency": [1.0]})))
    assert steps.text.iloc[2] == "The time of the year, which all customers share"
    assert steps.push.to_numpy() == pytest.approx([0.0, 2 * np.log(2), np.log(4)])
    assert steps.after.iloc[2] == pytest.approx(float(sigmoid(np.log(16.0))))


def test_a_line_says_what_can_be_done_about_it():
    steps = waterfall(with_levers(straight(), {"recency": "a call"}), customer())
    assert steps[["lever", "evidence"]].values.tolist() == [["", ""], ["a call", "association, lever untested"]]


def test_nobody_has_no_lines_and_no_reasons_are_refused():
    assert waterfall(straight(), people().take(np.zeros(300, dtype=bool))).columns.tolist() == list(COLUMNS)
    with pytest.raises(QuestionError, match="top 0; the least is 1"):
        waterfall(straight(), customer(), top=0)
