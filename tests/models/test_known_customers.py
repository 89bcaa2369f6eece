"""Attributes in models: one that knows the outcome is told, a reason has words of its own, no name is kept."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import ScoreError
from patron.evaluation.backtests import judge
from patron.explanations.drivers import drivers
from patron.history.sources import attributes
from patron.models.training import train
from patron.questions.kinds import churn, next_purchase
from patron.questions.matrices import labels, matrix
from patron.scoring.contract import shifts
from patron.scoring.model import score
from worlds.shop import SPLIT, of, orders

FRAME = orders(300)
LAST = FRAME.groupby("customer")["at"].max()


@pytest.fixture(scope="module")
def answered():
    """A shop that knows of its customers how they are today, where they live, and what they are called."""
    quiet = FRAME["at"].max() - LAST > timedelta(days=90)
    known = pd.DataFrame({"customer": LAST.index, "status": np.where(quiet, "inactive", "active")})
    region = np.random.default_rng(1).choice(["north", "south"], len(known))
    known = known.assign(region=region, town=[f"town {i // 2}" for i in range(len(known))])
    history = of(FRAME, people=attributes(known))
    trained = train(churn(60), history, SPLIT)
    rows = matrix(trained.question, history, SPLIT.test)
    return trained, rows, judge(trained, rows, labels(trained.question, history, SPLIT.test)), known


def test_a_status_of_today_is_told_as_a_feature_that_knows_the_outcome_and_an_honest_attribute_is_not(answered):
    assert list(answered[2].suspects) == ["people_status"]


def test_who_never_came_back_is_told_by_it_whatever_was_asked(answered):
    history = of(FRAME, people=attributes(answered[3]))
    trained = train(next_purchase(60, within=(7,)), history, SPLIT)
    rows = matrix(trained.question, history, SPLIT.test)
    assert list(judge(trained, rows, labels(trained.question, history, SPLIT.test)).suspects) == ["people_status"]


def test_texts_that_no_model_knows_are_counted_and_texts_for_numbers_refused(answered):
    model, rows = answered[0].bundles["lightgbm"], answered[1]
    assert not any(sentence.startswith("people_region") for sentence in shifts(model, rows))
    renamed = replace(rows, X=rows.X.assign(people_region=rows.X.people_region.str.upper()))
    assert shifts(model, renamed)[0].startswith("people_region: 100% of the customers have a value that the model does")
    with pytest.raises(ScoreError, match=r"'recency' .* was a number in training and holds texts now\. Mend"):
        score(model, replace(rows, X=rows.X.assign(recency="long ago")))


def test_a_model_keeps_no_text_that_few_customers_share(answered):
    features = {f["name"]: f for f in answered[0].bundles["lightgbm"].spec["features"]}
    assert features["people_region"]["levels"] == ["north", "south"]
    assert (features["people_town"]["levels"], features["people_town"]["usual"]) == ([], None)


def test_an_attribute_is_told_as_a_reason_in_its_own_words(answered):
    told = drivers(answered[0].bundles["lightgbm"], answered[1], top=40)
    assert told.text[told.feature == "people_status"].str.match(r"Status: (in)?active").all()
    assert (told.feature == "people_status").any()
    assert not (told.feature == "people_town").any()
