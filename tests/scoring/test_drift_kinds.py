"""Kinds of drift: a shop that stays as it is says nothing, and each of four changes is named."""

from dataclasses import replace
from datetime import timedelta

import pytest

from patron.datasets.changing_shop import END, HORIZON, LAST_RUN, changing_shop
from patron.evaluation.realised import realised_figures
from patron.history.profiles import profile
from patron.history.tolerance import Tolerance
from patron.models.training import train
from patron.periods import Split
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix
from patron.scoring.differences import breaks_of
from patron.scoring.drift_kinds import HALF, LAST, REFERENCE, YEAR, drifts_of, flagged, verdict
from patron.scoring.model import score
from worlds.shop import of

SPLIT = Split.of(train=["2022-03-01", "2022-08-01"], valid=["2023-02-01"], test=["2023-07-01"])
PASSED = END - timedelta(days=61)
ROWS = {REFERENCE: SPLIT.test[0], LAST: LAST_RUN, YEAR: END - timedelta(days=365), HALF: END - timedelta(days=182)}


@pytest.fixture(scope="module")
def trained():
    return train(churn(HORIZON, active_in=180), of(changing_shop("none", seed=90)), SPLIT)


@pytest.mark.parametrize("change", ["none", "source", "season", "new customers", "behaviour"])
def test_each_change_is_named(trained, change):
    history, model, question = of(changing_shop(change, seed=5)), trained.model, trained.question
    tables = profile(history, model.spec["features"], cutoff=SPLIT.test[0]) | {"age": 0.0}
    breaks = breaks_of([replace(model, spec=model.spec | {"trained_on": tables})], history, END, END, Tolerance())
    rows = matrix(question, history, sorted({END, PASSED, *ROWS.values()}))
    today, past = rows.take(rows.at(END)), rows.take(rows.at(PASSED))
    named = {name: rows.take(rows.at(cutoff)) for name, cutoff in ROWS.items()}
    label = labels(question, history, [PASSED], rows=past)
    figures = realised_figures(model, score(model, past), label, PASSED, {}, 0)
    drifts, figures = flagged(drifts_of(model, today, named), figures)
    assert verdict(model, today, named, drifts, figures, breaks).kind == change
