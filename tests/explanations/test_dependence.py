"""What dependence promises: effects that add up along a measure, and pairs that move the answer only together."""

import numpy as np
import pytest

from explanations.test_drivers import FEATURES, people, straight, trained
from explanations.test_stability import of_two
from patron.errors import QuestionError, ScoreError
from patron.explanations.dependence import dependence, interactions
from patron.models.candidates import boosted
from patron.models.serving import Bundle, encode
from patron.models.targets import target_of


def test_the_effect_of_the_only_measure_is_the_answer_along_it():
    table = dependence(straight(), people(), "recency")
    odds = (table.value + 1) / 85
    expected = odds / (1 + odds)
    assert np.ptp(table.effect - expected) == pytest.approx(0.0, abs=1e-9)
    assert table["count"].sum() == len(people())
    middle = (table.effect[1:].to_numpy() + table.effect[:-1].to_numpy()) / 2
    assert middle @ table["count"][1:] == pytest.approx(0.0, abs=1e-9)


def test_a_measure_that_the_model_does_not_look_at_has_no_effect():
    assert (dependence(straight(), people(), "profit_90d").effect == 0.0).all()


def test_customers_without_a_value_are_left_out():
    known = people().X.profit_90d.notna().sum()
    assert dependence(trained("churn"), people(), "profit_90d", bins=4)["count"].sum() == known < len(people())


def test_what_adds_up_does_not_interact_and_what_only_both_tell_does():
    adding = interactions(of_two(1.0, 0.5), people())
    assert adding[["feature", "other"]].values.tolist() == [["recency", "profit_90d"]]
    assert adding.strength[0] == pytest.approx(0.0, abs=1e-6)
    crossed = interactions(_crossed(), people(), top=2)
    assert crossed.strength[0] > 0.7
    assert crossed.together[0] == 1


def _crossed() -> Bundle:
    """Trees of who is late and returns much, or neither."""
    X, spec = encode(people().X, FEATURES), trained("churn").spec
    label = ((X[:, 0] > 150) == (X[:, 2] > 0.5)).astype(float)
    target = target_of(spec["answer"]).examples(spec["answer"], label)
    parameters = {"num_leaves": 8, "min_data_in_leaf": 5, "learning_rate": 0.2, "verbose": -1}
    fitted = boosted(X, target, [f["name"] for f in FEATURES], [3], rounds=40, parameters=parameters)
    return Bundle(spec, fitted.booster)


def test_a_feature_that_is_unknown_or_a_category_is_refused():
    with pytest.raises(QuestionError, match=r"has no feature 'recencies'\..*recency"):
        dependence(trained("churn"), people(), "recencies")
    with pytest.raises(QuestionError, match=r"'country' is a category"):
        dependence(trained("churn"), people(), "country")


def test_nobody_and_nothing_are_refused():
    with pytest.raises(ScoreError, match="No customer has a value of 'recency'"):
        dependence(straight(), people().take(np.zeros(len(people()), dtype=bool)), "recency")
    with pytest.raises(QuestionError, match="in 0 bins"):
        dependence(straight(), people(), "recency", bins=0)
    with pytest.raises(QuestionError, match="got top=1"):
        interactions(straight(), people(), top=1)
