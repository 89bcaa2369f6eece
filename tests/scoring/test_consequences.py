"""Consequences: features that look otherwise than in training are ranked by how far that moves the answers."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from patron.jobs.contracting import tell_ranked_shifts
from patron.models.serving import Bundle, shares
from patron.models.usual import SPREAD, with_spread
from patron.questions.matrices import Matrix
from patron.scoring.consequences import ranked_shifts
from worlds.explained import FEATURES, people, straight, trained

NAMES = [feature["name"] for feature in FEATURES]
DAYS, MONEY, AGE, COUNTRY = NAMES
WEIGHTS = [1.0, 0.1, 0.0]


def customers(seed: int, **changed: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({DAYS: rng.integers(0, 60, 4000), MONEY: rng.gamma(2, 50, 4000), AGE: rng.normal(40, 9, 4000)})
    kinds = rng.choice(["de", "uk"], 4000, p=[0.2, 0.8])
    return X.astype("float32").assign(**{COUNTRY: kinds}).assign(**changed)


TRAINING = customers(0)


def model() -> Bundle:
    """A churn model that looks most at the days, little at the money, not at the age, and at the country as well."""
    known = [f | shares(TRAINING[f["name"]], f["levels"]) for f in FEATURES]
    estimator = {
        "kind": "linear", "inputs": [0, 1, 2, 3], "mean": [0.0] * 4, "scale": [1.0] * 4,
        "coef": [[*WEIGHTS, 0.5]], "intercept": [[-3.0]],
    }  # fmt: skip
    return straight(question="churn", features=with_spread(known, TRAINING), estimator=estimator)


def rows(X: pd.DataFrame) -> Matrix:
    return Matrix(pd.DataFrame({"customer": X.index.astype(str), "cutoff": pd.Timestamp("2024-05-01")}), X, ())


def shifted(X: pd.DataFrame) -> dict[str, object]:
    return {shift.feature: shift for shift in ranked_shifts(model(), rows(X))}


def test_a_model_keeps_how_numbers_and_kinds_were_spread():
    days, *_, country = model().spec["features"]
    assert len(days["spread"]) == len(SPREAD) == 41
    assert (days["spread"][0], days["spread"][-1]) == (0.0, 59.0)
    assert country["level_shares"] == pytest.approx([0.2, 0.8], abs=0.02)


def test_other_customers_of_the_same_kind_shift_nothing():
    assert shifted(customers(1)) == {}


def test_shifts_are_ranked_by_what_they_do_to_the_answers_and_not_by_how_large_they_are():
    X = customers(1)
    X = X.assign(**{DAYS: X[DAYS] + 10, MONEY: X[MONEY] * 3, AGE: X[AGE] * 10})
    shifts = ranked_shifts(model(), rows(X))
    assert [shift.feature for shift in shifts] == [DAYS, MONEY]
    assert shifts[0].moved == pytest.approx(shifts[0].mean)  # each customer's answer rises
    truth = model().predict(X).churn_probability - model().predict(X.assign(**{DAYS: X[DAYS] - 10})).churn_probability
    assert shifts[0].mean == pytest.approx(100 * truth.mean(), rel=0.1)


def test_values_that_are_no_longer_known_and_kinds_that_are_more_frequent_shift_the_answers():
    X = customers(1)
    gone = X.assign(**{DAYS: X[DAYS].where(X.index % 2 == 0)})
    (unknown,) = shifted(gone).values()
    assert re.search(r"(49|50|51)\s% unknown$", unknown.now)
    (more,) = shifted(X.assign(**{COUNTRY: ["de", "uk"] * 2000})).values()
    assert (more.feature, more.mean < 0) == (COUNTRY, True)
    assert more.was[-4:] in ("'de'", "'uk'")


def test_a_shift_is_told_in_a_sentence_and_found_again_by_the_same_seed():
    X = customers(1).assign(**{DAYS: customers(1)[DAYS] + 10})
    (shift,) = ranked_shifts(model(), rows(X), seed=5)
    assert ranked_shifts(model(), rows(X), seed=5) == [shift]
    assert shift.sentence.startswith(f"{DAYS} is ")
    assert f"points, {shift.mean:.1f} points up on average" in shift.sentence


def test_of_few_customers_and_of_models_that_keep_no_spread_nothing_is_told():
    X = customers(1).assign(**{DAYS: 59.0})
    assert ranked_shifts(model(), rows(X.head(49))) == []
    assert ranked_shifts(straight(), rows(X)) == []


def test_what_grows_with_the_age_of_the_data_is_returned_and_not_reported():
    X = customers(1)
    moved, told = rows(X.assign(**{DAYS: X[DAYS] + 30, MONEY: X[MONEY] * 3})), []
    ever = model()
    formulas = ["SELECT MAX(age)", "SELECT SUM(amount) over 90d"]
    for feature, formula in zip(ever.spec["features"], formulas, strict=False):
        feature["formula"] = formula
    part = SimpleNamespace(models={"churn": ever}, sample=moved)
    shifts = tell_ranked_shifts(SimpleNamespace(parts=[part], settings=SimpleNamespace(seed=0), tell=told.append))
    assert [(shift["feature"], shift["grows"]) for shift in shifts] == [(DAYS, True), (MONEY, False)]
    assert [sentence.split()[1] for sentence in told] == [MONEY]


def test_of_money_the_shift_is_per_cent_of_the_mean():
    now = people()
    tier = trained("tier", "linear")
    known = [f | shares(now.X[f["name"]], f["levels"]) for f in tier.spec["features"]]
    model = Bundle(tier.spec | {"question": "tier", "features": with_spread(known, now.X)}, tier.booster)
    assert ranked_shifts(model, now) == []
    later = Matrix(now.key, now.X.assign(**{DAYS: now.X[DAYS] * 4}), now.definitions)
    (shift,) = ranked_shifts(model, later)
    before, after = (model.predict(rows.X).expected_profit.mean() for rows in (now, later))
    assert (shift.feature, shift.mean) == (DAYS, pytest.approx(100 * (after - before) / after, rel=0.1))
