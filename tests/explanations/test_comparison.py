"""What a comparison promises: by which facts some customers' answers differ from others', each fact once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.errors import ScoreError
from patron.explanations.comparison import COLUMNS, compare_drivers, compare_models
from patron.explanations.drivers import drivers
from patron.questions.matrices import Matrix
from worlds.explained import FEATURES, customer, people, straight, trained


def test_the_fact_that_parts_two_groups_most_stands_first_with_both_means():
    table = compare_drivers(straight(), customer(recency=212.0), customer(recency=84.0))
    first = table.iloc[0]
    assert (first.feature, first.value, first.other_value) == ("recency", "212 days", "84 days")
    assert (first.change, first.other_change) == pytest.approx((213 / 298 - 0.5, 0.0))
    assert first.difference == pytest.approx(213 / 298 - 0.5)
    assert table.difference.tolist()[1:] == [0.0, 0.0, 0.0]
    assert table.columns.tolist() == list(COLUMNS)


def test_means_are_those_of_the_changes_that_drivers_tell():
    rows = people()
    uk = (rows.X.country == "uk").to_numpy()
    table = compare_drivers(trained("churn"), rows.take(uk), rows.take(~uk)).set_index("feature")
    told = drivers(trained("churn"), rows, top=4)
    own = told[(told.feature == "country") & told.customer.isin(rows.key.customer[uk])]
    assert table.change["country"] == pytest.approx(own.change.sum() / uk.sum())
    assert table.index[0] == "country"


def test_the_windows_of_a_measure_are_one_fact_and_the_season_is_one_too():
    words = ("Orders in the last 30 days", "Orders in the last 90 days", "Month")
    features = [FEATURES[0] | {"name": f"f{i}", "words": w} for i, w in enumerate(words)]
    features[2] |= {"source": "cutoff"}
    scaling = {"inputs": [0, 1, 2], "mean": [0.0] * 3, "scale": [1.0] * 3, "coef": [[1.0, 2.0, 1.0]]}
    model = straight(features=features, estimator=straight().spec["estimator"] | scaling)
    today, before = (
        Matrix(customer().key, pd.DataFrame([values]), ())
        for values in ({"f0": 1.0, "f1": 1.0, "f2": 4.0}, {"f0": 1.0, "f1": 0.0, "f2": 1.0})
    )
    table = compare_drivers(model, today, before)
    assert sorted(table.words) == ["Month (the time of the year)", "Orders in the last 90 days"]


def test_an_interval_holds_the_difference_and_is_none_where_both_sides_are_the_same_customers():
    rows = people()
    uk = (rows.X.country == "uk").to_numpy()
    table = compare_drivers(trained("churn"), rows.take(uk), rows.take(~uk)).iloc[0]
    assert table.low < table.difference < table.high
    assert table.high - table.low < 0.5 * abs(table.difference)
    same = compare_drivers(trained("churn"), rows, rows)
    assert (same[["difference", "low", "high"]] == 0.0).all(axis=None)


def test_two_models_are_compared_on_the_same_customers_by_the_facts_of_both():
    other = straight(estimator=straight().spec["estimator"] | {"inputs": [1], "mean": [np.log1p(1234.5)]})
    renamed = [FEATURES[0] | {"name": "days"}, *FEATURES[1:]]
    rows = customer()
    rows = Matrix(rows.key, rows.X.assign(days=84.0), rows.definitions)
    table = compare_models(straight(), replace(other, spec=other.spec | {"features": renamed}), rows)
    by_feature = table.set_index("feature")
    assert set(by_feature.index) == {"recency", "profit_90d", "returned", "country", "days"} - {"days"}
    assert by_feature.change["recency"] == pytest.approx(213 / 298 - 0.5)
    assert (by_feature.other_change["recency"], by_feature.change["profit_90d"]) == (0.0, 0.0)
    assert by_feature.other_change["profit_90d"] == pytest.approx(6 / 1241.5 - 0.5)


def test_a_comparison_with_nobody_is_refused():
    nobody = people().take(np.zeros(300, dtype=bool))
    with pytest.raises(ScoreError, match="got none on one side"):
        compare_drivers(straight(), people(), nobody)
