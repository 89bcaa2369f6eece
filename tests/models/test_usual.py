"""What is usual: of customers known about as long, and which features tell one fact."""

import numpy as np
import pandas as pd
import pytest

from patron.models.usual import standing, third_of, with_groups, with_plausible, with_usual

ROWS = pd.DataFrame(
    {
        "tenure": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
        "orders": [1.0, 3.0, 4.0, 6.0, np.nan, 9.0],
        "country": ["de", "de", "uk", "uk", "uk", "uk"],
    }
)
FEATURES = [
    {"name": name, "dtype": "category" if levels else "float64", "levels": levels, "usual": None}
    for name, levels in (("tenure", []), ("orders", []), ("country", ["de", "uk"]))
]


def test_what_is_usual_is_told_for_each_third_of_customers():
    described = with_usual(FEATURES, ROWS, standing(ROWS))
    assert [f["usual_in"] for f in described] == [[15.0, 35.0, 55.0], [2.0, 5.0, 9.0], ["de", "uk", "uk"]]


def test_a_customer_nobody_knows_how_long_belongs_to_no_third():
    thirds = standing(ROWS)
    assert third_of(np.array([20.0, 20.5, 41.0, np.nan]), thirds).tolist() == [0, 1, 2, -1]


def test_what_is_plausible_is_where_most_of_each_third_lie_and_what_was_seen_at_all():
    X = pd.DataFrame({"tenure": np.repeat([10.0, 20.0, 30.0], 101), "share": np.tile(np.arange(101) / 10, 3)})
    X.loc[:100, "share"] = np.nan
    described = with_plausible([{"name": name, "dtype": "float64"} for name in X], X, {"feature": 0, "edges": [10, 20]})
    assert described[1]["plausible"] == {"whole": False, "all": [0.0, 10.0], "thirds": [None, [0.5, 9.5], [0.5, 9.5]]}
    assert described[0]["plausible"]["whole"]
    (alone,) = with_plausible([{"name": "share", "dtype": "float64"}], X, None)
    assert alone["plausible"]["thirds"] == [[0.5, 9.5]]


@pytest.mark.parametrize(
    "rows",
    [
        ROWS.drop(columns="tenure"),
        ROWS.assign(tenure=7.0),
        ROWS.assign(tenure=[1.0, 1.0, 1.0, 1.0, 2.0, 2.0]),
        ROWS.assign(tenure=np.nan),
        ROWS.assign(tenure="long"),
    ],
)
def test_where_standing_tells_nobody_apart_there_are_no_thirds(rows):
    assert standing(rows) is None


def test_features_that_rise_or_fall_together_are_one_group_and_others_stay_alone():
    rng = np.random.default_rng(0)
    orders = rng.random(400)
    X = pd.DataFrame({"orders": orders, "spend": orders**3, "gap": -orders, "noise": rng.random(400), "same": 1.0})
    X.loc[:9, "spend"] = np.nan
    described = with_groups([{"name": name, "dtype": "float64"} for name in X], X)
    groups = [f.get("group") for f in described]
    assert groups[0] == groups[1] == groups[2] is not None
    assert groups[3:] == [None, None]
