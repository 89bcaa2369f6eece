"""What exact contributions of trees promise: they are those of Shapley, whatever the shape of model and batch."""

from itertools import combinations
from math import comb
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import ScoreError
from patron.explanations.treeshap.ensembles import UnknownShapeError
from patron.explanations.treeshap.exact import tree_contributions

PLAIN = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "learning_rate": 0.3, "num_leaves": 15}
ANY_LEAF = {"min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0, "min_data_in_bin": 1}
EXACT = PLAIN | ANY_LEAF | {"learning_rate": 1.0, "objective": "regression", "num_leaves": 4}
SUBSET = {"bagging_freq": 1, "bagging_fraction": 0.5}
SHAPES = {
    "numbers": {"objective": "binary"},
    "categories": {"objective": "binary", "categorical_feature": [3, 4], "cat_smooth": 1.0},
    "zero is missing": {"objective": "regression", "zero_as_missing": True},
    "nothing is missing": {"objective": "regression", "use_missing": False},
    "classes": {"objective": "multiclass", "num_class": 3, "categorical_feature": [3]},
    "dart": {"objective": "binary", "boosting": "dart"},
    "random forest": {"objective": "regression", "boosting": "rf"} | SUBSET,
    "forest of classes": {"objective": "multiclass", "num_class": 3, "boosting": "rf"} | SUBSET,
    "one-sided samples": {"objective": "binary", "data_sample_strategy": "goss"},
    "monotone": {"objective": "regression", "monotone_constraints": [1] + [0] * 7},
    "deep": {"objective": "regression", "num_leaves": 60, "min_data_in_leaf": 1, "feature_fraction_bynode": 0.3},
    "wide": {"objective": "regression", "num_leaves": 300, "min_data_in_leaf": 1},
    "single splits": {"objective": "regression", "num_leaves": 2},
    "no splits": {"objective": "regression", "min_data_in_leaf": 900},
}


def rows(count: int, seed: int, codes: int = 70) -> np.ndarray:
    """Numbers, some unknown, two columns of codes and one that is often zero."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 8)).astype(np.float32)
    X[:, 3], X[:, 4] = rng.integers(0, codes, count), rng.choice([0, 1, 2], count)
    X[:, 5] *= rng.random(count) < 0.5
    X[:, [2, 5]] = np.where(rng.random((count, 2)) < 0.2, np.nan, X[:, [2, 5]])
    return X


def odd_rows(count: int) -> np.ndarray:
    """Rows unlike those of the training: unknown codes, larger numbers, unknown where all was known, nearly zero."""
    X, rng = 3 * rows(count, 1), np.random.default_rng(2)
    X[:, 3], X[:, 4] = rng.integers(-3, 200, count), rng.choice([0, 2, 9, -1, -0.5, 1e9, np.nan], count)
    kind = rng.random(X.shape)
    return np.select([kind < 0.1, kind < 0.2, kind < 0.22], [np.nan, 0.0, 1e-36], X).astype(np.float32)


def trained(count: int = 800, rounds: int = 8, **parameters: Any) -> lgb.Booster:
    X, rng = rows(count, 0), np.random.default_rng(3)
    y = X[:, 0] * X[:, 1] + np.nan_to_num(X[:, 2]) + np.sin(X[:, 3]) + X[:, 4] + rng.normal(size=count)
    if parameters["objective"] != "regression":
        y = np.digitize(y, [1.0, 3.0]) if "num_class" in parameters else y > 1.0
    codes = parameters.pop("categorical_feature", "auto")
    booster = lgb.train(PLAIN | parameters, lgb.Dataset(X, y, categorical_feature=codes), rounds)
    return lgb.Booster(model_str=booster.model_to_string())


def grown(X: np.ndarray, y: np.ndarray, **parameters: Any) -> lgb.Booster:
    return lgb.train(EXACT | parameters, lgb.Dataset(X, y, params={"min_data_in_bin": 1}), 1)


def shapley(tree: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """Shapley's values of one tree, by his formula over all sets of features."""
    parts, everything = np.zeros(len(x)), range(len(x))
    for feature in everything:
        others = [other for other in everything if other != feature]
        for size in range(len(x)):
            for known in map(set, combinations(others, size)):
                step = mean(tree, x, known | {feature}) - mean(tree, x, known)
                parts[feature] += step / (len(x) * comb(len(x) - 1, size))
    return parts


def mean(node: dict[str, Any], x: np.ndarray, known: set[int]) -> float:
    """The mean of a tree over training rows, on the side of `x` where a feature is known."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = (mean(node[side], x, known) for side in ("left_child", "right_child"))
    if node["split_feature"] in known:
        return left if x[node["split_feature"]] <= node["threshold"] else right
    count = [node[s].get("leaf_count", node[s].get("internal_count")) for s in ("left_child", "right_child")]
    return (count[0] * left + count[1] * right) / sum(count)


def one_split() -> str:
    """Three rows of 0 on the left, one of 4 on the right."""
    return grown(np.array([[1.0], [2], [3], [9]]), np.array([0.0, 0, 0, 4]), num_leaves=2).model_to_string()


def test_one_split_moves_each_side_by_its_distance_from_the_mean():
    parts, base = tree_contributions(one_split(), np.array([[2.0], [8.0]]))
    assert base == pytest.approx([1.0])
    assert parts[:, 0, 0] == pytest.approx([-1.0, 3.0])


def test_two_features_that_matter_only_together_share_what_they_move():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, dtype=float)
    parts, base = tree_contributions(grown(X, X[:, 0] * X[:, 1]).model_to_string(), X[:4])
    assert base == pytest.approx([0.25])
    assert parts[3, 0] == pytest.approx([0.375, 0.375])  # alone each moves 0.25 -> 0.5, after the other 0.5 -> 1
    assert parts[1, 0] == pytest.approx([-0.375, 0.125])


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), leaves=st.integers(2, 12), features=st.integers(1, 5))
def test_parts_are_those_of_shapleys_formula(seed, leaves, features):
    X = np.random.default_rng(seed).integers(0, 4, (40, features)).astype(float)
    booster = grown(X, np.random.default_rng(seed + 1).normal(size=40), num_leaves=leaves)
    parts, _ = tree_contributions(booster.model_to_string(), X[:3])
    tree = booster.dump_model()["tree_info"][0]["tree_structure"]
    assert parts[:, 0] == pytest.approx(np.array([shapley(tree, x) for x in X[:3]]), abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_and_base_are_those_of_lightgbm(shape):
    booster, X = trained(**SHAPES[shape]), odd_rows(300)
    parts, base = tree_contributions(booster.model_to_string(), X)
    expected = booster.predict(X, pred_contrib=True).reshape(len(X), -1, 9)
    assert np.abs(parts - expected[:, :, :-1]).max() < 1e-11
    assert np.abs(base - expected[:, :, -1]).max() < 1e-11


@pytest.mark.parametrize("shape", ["numbers", "categories", "deep", "classes"])
def test_a_row_has_the_same_parts_to_the_last_bit_whatever_rows_are_beside_it(shape):
    text, X = trained(**SHAPES[shape]).model_to_string(), odd_rows(2500)
    together, _ = tree_contributions(text, X)
    for some in (slice(0, 1), slice(0, 40), slice(1000, 1100), slice(2400, 2500)):
        assert np.array_equal(tree_contributions(text, X[some])[0], together[some])


def chain(length: int) -> tuple[lgb.Booster, np.ndarray]:
    """A tree that parts one row from the rest at each split, by a feature of its own."""
    X = np.eye(length)
    return grown(X, 1.3 ** np.arange(length), num_leaves=length), X


def test_a_path_of_twenty_features_is_split_as_lightgbm_does():
    booster, X = chain(21)
    X = np.vstack([X, np.ones((1, 21)), np.zeros((1, 21)), np.tri(21)])
    parts, _ = tree_contributions(booster.model_to_string(), X)
    assert np.abs(parts[:, 0] - booster.predict(X, pred_contrib=True)[:, :-1]).max() < 1e-9


def test_a_path_of_more_features_than_a_number_has_bits_is_of_no_known_shape():
    with pytest.raises(UnknownShapeError, match=r"a path of 6\d features"):
        tree_contributions(chain(70)[0].model_to_string(), np.eye(70))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version=v4", "version=v9", "version 'v9'"),
        ("leaf_count=3 1", "leaf_count=3 2", "not those of its two children"),
        ("leaf_count=3 1", "leaf_count=4 0", "not those of its two children"),
        ("decision_type=2", "decision_type=14", "decision type 14"),
    ],
)
def test_a_text_that_may_be_misread_is_of_no_known_shape(old, new, said):
    text = one_split()
    assert old in text
    with pytest.raises(UnknownShapeError, match=said):
        tree_contributions(text.replace(old, new), np.array([[2.0]]))


def test_linear_trees_are_refused():
    fit = lgb.Dataset(rows(200, 0), rows(200, 1)[:, 0])
    booster = lgb.train(PLAIN | {"objective": "regression", "linear_tree": True}, fit, 2)
    with pytest.raises(ScoreError, match=r"linear function in each leaf .* Train it without: linear_tree=False\."):
        tree_contributions(booster.model_to_string(), rows(3, 0))
