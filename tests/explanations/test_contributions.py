"""What contributions promise: whatever a model is made of, its parts lead from one base to every margin."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.explanations.contributions import contributions
from patron.models.serving import Bundle

# Days since the last order (usually 40), days since the first (200), orders (3), month (5).
FEATURES = [{"usual": 40.0}, {"usual": 200.0}, {"usual": 3.0}, {"usual": 5.0}]
LIFE = {"inputs": [0, 1, 2], "r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "edges": [0, 30, 90], "sign": -1}
LINEAR = {"kind": "linear", "inputs": [2], "mean": [1.0], "scale": [0.5], "coef": [[0.3]], "intercept": [[-1.0]] * 2}
PARAMETRIC = {"kind": "parametric", "life": LIFE, "slope": [0.9], "linear": LINEAR}
KINDS = {
    "parametric": PARAMETRIC,
    "hybrid": {"kind": "hybrid", "base": PARAMETRIC, "rest": LINEAR},
    "blend": {"kind": "blend", "of": [PARAMETRIC, LINEAR]},
    "seasonal": {"kind": "seasonal", "of": LINEAR, "input": 3, "shift": [[m / 10] for m in range(12)]},
    "carried": {"kind": "carried", "of": LINEAR, "from": LIFE, "to": LIFE | {"edges": [0, 365]}, "slope": 0.8},
}


def model(estimator: dict[str, Any]) -> Bundle:
    return Bundle({"features": FEATURES, "calibration": None, "estimator": estimator})


def people(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


days = st.integers(0, 400)
customers = st.tuples(days, days, st.integers(0, 30), st.integers(1, 12))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(rows=st.lists(customers, min_size=1, max_size=8))
def test_parts_lead_from_one_base_to_every_margin(kind, rows):
    steps = (None,) if kind == "carried" else (0, 1)
    parts, margins = contributions(model(KINDS[kind]), people(*rows), steps)
    assert np.ptp(margins - parts.sum(axis=3), axis=0) == pytest.approx(0.0, abs=1e-6)


@given(row=customers)
def test_a_feature_at_its_usual_value_moves_nothing_in_a_purchase_process(row):
    parts, _ = contributions(model(PARAMETRIC | {"linear": LINEAR | {"coef": [[0.0]]}}), people((40, *row[1:])))
    assert parts[0, 0, 0, 0] == 0.0


def test_a_single_unusual_feature_moves_all_of_the_margin():
    parts, margins = contributions(model(PARAMETRIC), people((300, 200, 3, 5), (40, 200, 3, 5)))
    assert parts[0, 0, 0, 0] == pytest.approx(margins[0, 0, 0] - margins[1, 0, 0])
    assert parts[0, 0, 0, 0] > 0.5


def test_a_blend_of_two_moves_by_their_mean():
    once, _ = contributions(model(LINEAR), people((300, 200, 9, 5)))
    rows = people((300, 200, 9, 5))
    parts, _ = contributions(model({"kind": "blend", "of": [LINEAR, LINEAR | {"coef": [[0.9]]}]}), rows)
    assert parts == pytest.approx(2 * once)


def test_what_a_hybrid_moves_is_added_up():
    once, _ = contributions(model(LINEAR), people((300, 200, 9, 5)))
    parts, _ = contributions(model({"kind": "hybrid", "base": LINEAR, "rest": LINEAR}), people((300, 200, 9, 5)))
    assert parts == pytest.approx(2 * once)


def test_the_season_is_told_by_the_month():
    parts, _ = contributions(model(KINDS["seasonal"]), people((40, 200, 3, 8)))
    assert parts[0, 0, 0, 3] == pytest.approx(0.7)


class Newer:
    """A booster that writes its text in a way of tomorrow."""

    def __init__(self, booster: lgb.Booster) -> None:
        self.booster = booster

    def model_to_string(self, **settings: Any) -> str:
        return self.booster.model_to_string(**settings).replace("version=v4", "version=v5")

    def predict(self, X: np.ndarray, **settings: Any) -> np.ndarray:
        return self.booster.predict(X, **settings)


def test_trees_of_no_known_shape_are_split_by_lightgbm():
    X = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    booster = lgb.train(
        {"objective": "regression", "verbose": -1, "num_threads": 1}, lgb.Dataset(X, X[:, 0] * X[:, 1]), 3
    )
    spec = {"features": FEATURES, "calibration": None, "estimator": {"kind": "trees", "threads": 1}}
    parts, _ = contributions(Bundle(spec, Newer(booster)), X)
    assert np.array_equal(parts[:, 0, 0], booster.predict(X, pred_contrib=True)[:, :-1])
