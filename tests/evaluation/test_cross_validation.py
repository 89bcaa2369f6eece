"""Cross-validation: rows without dates are judged on customers held out, and every card says what that cannot see."""

from functools import cache

import numpy as np
import pandas as pd

from patron.evaluation.backtests import Backtest
from patron.evaluation.cards import Card
from patron.evaluation.cross_validation import UNCHECKED, cross_validate
from patron.explanations.contributions import contributions
from patron.features.definitions import Definition
from patron.metrics import auc
from patron.models.serving import encode
from patron.models.training import fit_by_customer
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix
from patron.questions.panels import SOURCE, Snapshot, snapshot

AT = pd.Timestamp("2024-06-01").to_pydatetime()
QUESTION = churn(30)


def members(count: int = 400) -> Snapshot:
    """A third leaves; the plan 'day' and few visits make it likely, the colour tells nothing."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"id": [f"m{i}" for i in range(count)], "visits": rng.poisson(4, count).astype(float)})
    rows = rows.assign(plan=rng.choice(["day", "year"], count), colour=rng.choice(["red", "blue"], count))
    rows.loc[::10, "visits"] = np.nan
    odds = 1.5 * (rows.plan == "day") - 0.6 * (rows.visits.fillna(4) - 3)
    return snapshot(rows.assign(left=rng.random(count) < 1 / (1 + np.exp(-odds))), 30, AT, "id", "left")


@cache
def judged() -> Backtest:
    source = members()
    return cross_validate(QUESTION, source, matrix(QUESTION, source, [AT]), labels(QUESTION, source, [AT]), seed=1)


def test_everybody_is_asked_five_times_by_models_that_never_saw_them():
    chosen = judged().predictions.query("champion")
    assert len(judged().predictions.turn.unique()) == 10
    assert (chosen.groupby("customer").size() == 5).all()
    assert 0.75 < auc(chosen.actual, chosen.churn_probability) < 0.9


def test_the_card_says_what_rows_without_dates_cannot_show_also_after_the_trip_through_json():
    card = Card.of(judged().pooled.plain())
    assert card.cutoffs == ()
    assert card.beware == UNCHECKED
    assert "nobody can check that a column was known before the outcome" in card.beware[0]
    assert card.customers == 400
    assert card.rows == 2000
    assert "held out" in repr(card)


def test_the_same_seed_gives_the_same_figures():
    source = members()
    again = cross_validate(QUESTION, source, matrix(QUESTION, source, [AT]), labels(QUESTION, source, [AT]), seed=1)
    pd.testing.assert_frame_equal(again.predictions, judged().predictions)


def test_the_formula_of_all_features_knows_kinds_and_what_is_unknown_and_its_reasons_add_up():
    source = members()
    rows = matrix(QUESTION, source, [AT])
    model = fit_by_customer(QUESTION, source, rows, labels(QUESTION, source, [AT])).bundles["logit_all"]
    kinds = model.spec["estimator"]["kinds"]
    assert [kind[:2] for kind in kinds] == [[1, 0.0], [1, 1.0], [2, 0.0], [2, 1.0], [0, None]]
    X = encode(rows.X, model.spec["features"])
    parts, log_odds = contributions(model, X)
    day = np.flatnonzero((rows.X.plan == "day").to_numpy())[0]
    year = np.flatnonzero((rows.X.plan == "year").to_numpy())[0]
    assert parts[day, 0, 0, 1] > 0 > parts[year, 0, 0, 1]
    assert log_odds.shape == (400, 1, 1)


def test_a_column_that_was_written_down_afterwards_is_suspected():
    source = members(120)
    label = labels(QUESTION, source, [AT])
    leaking = source.X.assign(closed=np.where(label == 1, 1.0, 0.0).astype(np.float32))
    meant = (*source.definitions, Definition("closed", "closed", "lifecycle", "", "panel", SOURCE))
    known = Snapshot(source.horizon, source.key, leaking, source.label, meant)
    test = cross_validate(QUESTION, known, matrix(QUESTION, known, [AT]), label)
    assert list(test.pooled.suspects) == ["closed"]
