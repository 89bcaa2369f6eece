"""Serving: one text that answers alone, and answers what the models in training answer."""

import ast
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from patron.models import serving
from patron.models.clv.pareto_nbd import ParetoNBD, Transactions
from patron.models.serving import BY_REACH, Bundle, bought_by, encode, process_log_odds, repeats
from patron.models.serving.profits import _profit_span

LIFE = {"r": 0.55, "alpha": 74.0, "s": 0.61, "beta": 82.0}
FEATURES = [{"name": name, "dtype": "float64", "levels": []} for name in ("recency", "tenure", "orders", "month")]
SEEN = np.array([[10.0, 400.0, 9.0, 6.0], [300.0, 400.0, 2.0, 6.0], [40.0, 40.0, 1.0, 12.0]])


def constant(value: float) -> dict:
    return {"kind": "rates", "input": None, "edges": [], "table": [[[value]]]}


def churn(estimator: dict) -> Bundle:
    spec = {"format": 1, "features": FEATURES, "estimator": estimator, "calibration": None, "answer": {"kind": "churn"}}
    return Bundle(spec)


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


@pytest.mark.parametrize("days", [1, 30, 365, 3650])
def test_the_served_purchase_process_is_that_of_the_parametric_model(days):
    rng = np.random.default_rng(0)
    x, age = rng.poisson(2, 500) * 1.0, rng.uniform(1, 900, 500)
    t_x = np.where(x > 0, age * rng.uniform(0.01, 1, 500), 0)
    served = bought_by(LIFE, np.column_stack([age - t_x, age, x + 1]), days)
    np.testing.assert_allclose(served, ParetoNBD(**LIFE).p_purchase(Transactions(x, t_x, age), days), atol=1e-12)


def test_orders_at_one_instant_are_one_purchase_and_contradictions_are_mended():
    seen = np.array([[30.0, 30.0, 3.0], [50.0, 20.0, 2.0], [np.nan, np.nan, 0.0], [10.0, 90.0, 4.0]])
    assert [part.tolist() for part in repeats(seen)] == [[0, 0, 0, 3], [0, 0, 0, 80], [30, 50, 0, 90]]


def test_churn_is_the_opposite_of_a_purchase_within_the_horizon():
    life = LIFE | {"edges": [0, 90], "sign": -1, "inputs": [0, 1, 2]}
    linear = {"kind": "linear", "inputs": [], "mean": [], "scale": [], "coef": [[]], "intercept": [[0.0]]}
    made = churn({"kind": "parametric", "life": life, "slope": [1.0], "linear": linear})
    expected = 1 - bought_by(LIFE, SEEN[:, :3], 90)
    answered = made.predict(pd.DataFrame(SEEN, columns=[f["name"] for f in FEATURES]))
    np.testing.assert_allclose(answered.churn_probability, expected, atol=1e-6)


def test_fewer_nodes_where_the_reach_is_short_change_no_digit_that_counts():
    life = LIFE | {"edges": [0, 90], "sign": -1}
    recency, tenure, orders = (axis.ravel() for axis in np.meshgrid([0, 3, 40, 400], [1, 50, 900], [1, 2, 9, 300]))
    seen = np.column_stack([recency, np.maximum(tenure, recency), orders]).astype(float)
    few, all_nodes = process_log_odds(life, seen, None, BY_REACH), process_log_odds(life, seen, None)
    np.testing.assert_allclose(few, all_nodes, rtol=1e-9)
    assert (few != all_nodes).any()


def test_steps_of_the_horizon_multiply_to_the_chance_of_all_of_it():
    life = LIFE | {"edges": [0, 10, 40, 90], "sign": 1, "inputs": [0, 1, 2]}
    waits = [1 - serving.sigmoid(process_log_odds(life, SEEN[:, :3], step)) for step in range(3)]
    np.testing.assert_allclose(1 - np.prod(waits, axis=0), bought_by(LIFE, SEEN[:, :3], 90), rtol=1e-3)


def test_a_blend_is_the_mean_of_log_odds():
    made = churn({"kind": "blend", "of": [constant(1.0), constant(-2.0)]})
    assert made.log_odds(SEEN.astype(np.float32)).ravel().tolist() == [-0.5] * 3


def test_a_season_moves_only_its_own_month_and_an_unknown_month_by_nothing():
    shift = [[0.0]] * 5 + [[0.7]] + [[0.0]] * 6
    made = churn({"kind": "seasonal", "of": constant(0.0), "input": 3, "shift": shift})
    X = np.array([[0, 0, 1, month] for month in (6, 7, np.nan)], dtype=np.float32)
    assert made.log_odds(X).ravel().round(6).tolist() == [0.7, 0.0, 0.0]


def test_carrying_to_the_same_horizon_changes_nothing_and_to_a_longer_one_lowers_churn():
    near = LIFE | {"edges": [0, 90], "sign": -1, "inputs": [0, 1, 2]}
    carried = {"kind": "carried", "of": constant(0.3), "from": near, "slope": 1.0}
    same, far = (churn(carried | {"to": near | {"edges": [0, days]}}).log_odds(SEEN[:2]) for days in (90, 900))
    assert np.allclose(same, 0.3)
    expected = 0.3 + logit(1 - bought_by(LIFE, SEEN[:2, :3], 900)) - logit(1 - bought_by(LIFE, SEEN[:2, :3], 90))
    np.testing.assert_allclose(far.ravel(), expected, atol=1e-6)


def test_an_infinite_amount_is_unknown():
    frame = pd.DataFrame([[np.inf, 1.0, 1.0, 1.0]], columns=[f["name"] for f in FEATURES])
    assert np.isnan(encode(frame, FEATURES)).tolist() == [[True, False, False, False]]


def test_trees_without_their_file_are_refused():
    with pytest.raises(ValueError, match=r"has no booster\.txt"):
        churn({"kind": "trees"}).log_odds(SEEN)


def test_the_serving_file_answers_where_patron_is_not_installed(tmp_path):
    saved = churn({"kind": "blend", "of": [constant(1.0), constant(-1.0)]}).save(tmp_path / "bundle")
    (tmp_path / "alone.py").write_text(serving.standalone(), encoding="utf-8")
    code = (
        "import sys; sys.modules['patron'] = None; import alone, pandas as pd;"
        f"frame = pd.DataFrame({SEEN.tolist()}, columns={[f['name'] for f in FEATURES]});"
        f"print(alone.Bundle.load({str(saved)!r}).predict(frame).churn_probability.tolist())"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[0.5, 0.5, 0.5]"


def _given(part):
    if isinstance(part, ast.Assign):
        return [name for target in part.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [part] if isinstance(part, ast.FunctionDef | ast.ClassDef) else []


def test_no_name_of_serving_is_given_twice_so_that_its_parts_fit_into_one_text():
    given = [node for part in ast.parse(serving.standalone()).body for node in _given(part)]
    defined = [node.id if isinstance(node, ast.Name) else node.name for node in given]
    assert len(defined) > 30
    assert sorted(defined) == sorted(set(defined))


def waits(hazards: list[float]) -> pd.DataFrame:
    table = [[[logit(hazard)]] for hazard in hazards]
    answer = {"kind": "next_purchase", "horizon": 20, "edges": [0, 10, 20], "within": [20]}
    estimator = {"kind": "rates", "input": None, "edges": [], "table": table}
    spec = {"format": 1, "features": FEATURES, "estimator": estimator, "calibration": None, "answer": answer}
    return Bundle(spec).predict(pd.DataFrame(SEEN[:1], columns=[f["name"] for f in FEATURES]))


def test_those_who_are_back_within_the_horizon_are_back_by_their_own_median():
    # Half come in the first ten days, half of the rest in the next ten: of the 75 % back, 37.5 % come by this day.
    made = waits([0.5, 0.5]).iloc[0]
    assert np.isclose(made.days_if_back, 10 * np.log(1 - 0.375) / np.log(0.5))
    assert np.isclose(made.days_median, 10)


def test_the_mean_wait_counts_nobody_beyond_the_horizon():
    # Survival falls to a half, then to a quarter, each at a constant rate: its area is ten times (.5 + .25) / ln 2.
    assert np.isclose(waits([0.5, 0.5]).days_expected[0], 10 * 0.75 / np.log(2))
    assert np.isclose(waits([1e-12, 1e-12]).days_expected[0], 20)


def test_past_all_labels_a_purchase_process_goes_on():
    life = LIFE | {"edges": [0, 30, 90], "sign": 1, "inputs": [0, 1, 2]}
    made = churn({"kind": "reaching", "of": constant(0.3), "steps": 1, "life": life, "slope": 0.5, "intercept": 1.0})
    assert np.allclose(made.log_odds(SEEN, 0), 0.3)
    assert np.allclose(made.log_odds(SEEN, 1)[:, 0], 0.5 * process_log_odds(life, SEEN[:, :3], 1) + 1.0)


def test_the_interval_of_profit_holds_80_percent_also_where_most_earn_nothing():
    tenths = np.arange(1.0, 11.0)
    nothing = np.zeros(10)
    low, high = _profit_span(np.array([[0.0, 1.0], [0.5, 0.5], [0.9, 0.1]]), np.stack([nothing, tenths]))
    # All earn 1 to 10: the first tenth is 1, from there 80 % end at 8. Half earn nothing: 30 % more is 6 of the tenths.
    assert low.tolist() == [1, 0, 0]
    assert high.tolist() == [8, 6, 0]


def test_totals_are_seen_as_what_they_come_to_in_a_horizon_and_silence_in_usual_gaps():
    pace = {"recency": 0, "tenure": 1, "orders": 2, "totals": [2], "days": 100}
    row = np.array([[30.0, 100.0, 4.0]])  # 4 orders in 100 days and a horizon: 2; 30 days of a gap of 100 / 4 + 10
    np.testing.assert_allclose(serving.paces(pace, row), [[2.0, 30 / 35]])


def test_a_shift_moves_everybody_alike():
    spec = {"kind": "shifted", "of": constant(0.5), "shift": [-0.2]}
    assert churn(spec).log_odds(SEEN)[:, 0] == pytest.approx([0.3, 0.3, 0.3])


@pytest.fixture
def saved(tmp_path):
    rows = np.arange(200.0).reshape(100, 2)
    booster = lgb.train({"verbose": -1, "num_leaves": 4}, lgb.Dataset(rows, rows[:, 0]), 3)
    return Bundle({"format": 1, "features": [], "scale": 0.1}, booster).save(tmp_path / "bundle")


def test_a_bundle_that_was_saved_is_loaded_with_the_same_spec_and_trees(saved):
    loaded = Bundle.load(saved)
    assert loaded.spec == {"format": 1, "features": [], "scale": 0.1}
    assert loaded.booster.num_trees() == 3


def test_trees_of_an_earlier_release_that_break_off_are_refused_before_lightgbm_ends_the_process(saved):
    (saved / "spec.json").write_text('{"format": 1, "features": [], "scale": 0.1}')
    (saved / "booster.txt").write_text((saved / "booster.txt").read_text()[:300])
    with pytest.raises(ValueError, match=r"'booster.txt' breaks off before the end of its trees"):
        Bundle.load(saved)


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        ("booster.txt", lambda text: text.replace("leaf_value=", "leaf_value=1", 1)),
        ("booster.txt", lambda text: text[: len(text) // 2]),
        ("booster.txt", lambda text: None),
        ("next_item.txt", lambda text: "tree"),
        ("spec", lambda text: text.replace("0.1", "0.2")),
    ],
)
def test_a_changed_file_of_a_saved_bundle_is_refused_before_lightgbm_reads_it(saved, file, edit):
    path = saved / ("spec.json" if file == "spec" else file)
    content = edit(path.read_text() if path.exists() else "")
    path.unlink(missing_ok=True) if content is None else path.write_text(content)
    with pytest.raises(ValueError, match=f"'bundle' is not as it was saved: {file} changed, is missing or is new"):
        Bundle.load(saved)


def test_rows_are_read_alike_few_or_many_whatever_holds_their_numbers():
    names = ["whole", "part", "flag", "empty", "kind"]
    features = [{"name": name, "dtype": "float64", "levels": []} for name in names[:-1]]
    features.append({"name": "kind", "dtype": "category", "levels": ["a", "b"]})
    few = pd.DataFrame({"kind": ["b", "c"], "whole": [1, 2], "part": np.float32([0.5, np.inf]), "flag": [True, False]})
    few["empty"] = pd.array([7, None], dtype="Int64")
    many = pd.concat([few] * 100, ignore_index=True)
    np.testing.assert_array_equal(encode(few, features), [[1, 0.5, 1, 7, 1], [2, np.nan, 0, np.nan, np.nan]])
    np.testing.assert_array_equal(encode(many, features), np.tile(encode(few, features), (100, 1)))
