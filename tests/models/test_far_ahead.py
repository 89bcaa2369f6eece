"""Churn far ahead: no candidate is trusted alone, and where nothing is told customers stay alike."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np

from patron.models.extrapolation import train_beyond
from patron.models.serving import encode
from patron.models.training import Trained
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from worlds.shop import START, coin, shop

AT = START + timedelta(days=280)


@cache
def far() -> Trained:
    return train_beyond(churn(270), shop(), AT)


def test_the_champion_is_the_mean_of_logit_and_hybrid_before_their_slopes():
    made = far()
    rows = encode(matrix(made.question, shop(), [AT]).X, made.model.spec["features"])
    alone = [made.bundles[name] for name in ("logit", "hybrid")]
    raw = [replace(bundle, spec=bundle.spec | {"calibration": None}).log_odds(rows) for bundle in alone]
    np.testing.assert_allclose(made.model.log_odds(rows), np.mean(raw, axis=0))
    assert made.champion == "blend"
    assert made.reason.endswith("so far ahead a blend of logit and hybrid is used")


def test_the_figures_are_of_candidates_that_were_compared():
    made = far()
    assert set(made.bundles) - set(made.losses) == {"blend"}
    assert set(made.losses) == set(made.gains)


def test_where_no_customer_differs_none_is_told_from_another():
    made = train_beyond(churn(300), coin(), AT)
    chance = made.model.predict(matrix(made.question, coin(), [AT]).X).churn_probability
    assert chance.std() < 0.05
