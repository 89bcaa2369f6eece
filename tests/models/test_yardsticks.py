"""Yardsticks: classifiers of scikit-learn are judged like our own, never champion, and never kept."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from patron.errors import PatronError, QuestionError, RegistryError
from patron.evaluation.backtests import judge
from patron.explanations.drivers import drivers
from patron.models.candidates import Examples
from patron.models.selection import choose
from patron.models.training import Trained, train
from patron.models.yardsticks import fit_yardstick
from patron.periods import Split
from patron.questions.matrices import labels, matrix
from worlds.shop import CUTOFFS, SPLIT, shop
from worlds.shop_models import QUESTIONS

FOREST = RandomForestClassifier(n_estimators=10, min_samples_leaf=20)
LINE = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
FEW = Split(CUTOFFS[1:3], CUTOFFS[3:4], CUTOFFS[4:])


@cache
def trained(name: str) -> Trained:
    return train(QUESTIONS[name], shop(200), FEW, candidates=[FOREST, LINE])


@cache
def rows():
    return matrix(trained("churn").question, shop(200), SPLIT.test)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_classifier_answers_every_kind_of_question_and_is_never_champion(name):
    result = trained(name)
    assert {"RandomForestClassifier", "LogisticRegression"} < set(result.bundles)
    assert result.champion not in ("RandomForestClassifier", "LogisticRegression")
    assert "LogisticRegression, which is judged and never kept" in result.reason


def test_what_is_chosen_without_yardsticks_is_chosen_beside_them():
    alone = train(QUESTIONS["churn"], shop(200), FEW)
    assert alone.champion == trained("churn").champion
    assert alone.model.predict(rows().X).equals(trained("churn").model.predict(rows().X))


def test_the_card_has_the_figures_of_a_yardstick():
    label = labels(trained("churn").question, shop(200), SPLIT.test, rows=rows())
    card = judge(trained("churn"), rows(), label)
    assert 0.5 < card.measured["RandomForestClassifier"]["AUC"].value < 1.0
    assert "RandomForestClassifier" in card.table()


def test_a_yardstick_is_not_saved_and_says_what_can_be(tmp_path):
    with pytest.raises(RegistryError, match=r"RandomForestClassifier is a classifier .* trained\.model\.save\(path\)"):
        trained("churn").bundles["RandomForestClassifier"].save(tmp_path / "kept")
    assert list(tmp_path.iterdir()) == []


def test_a_yardstick_has_no_drivers_and_says_whose_there_are():
    with pytest.raises(PatronError, match=r"drivers of RandomForestClassifier are unknown.*trained\.model"):
        drivers(trained("churn").bundles["RandomForestClassifier"], rows())


def test_the_classifier_that_was_given_stays_unfitted_and_the_seed_makes_it_repeatable():
    assert not hasattr(FOREST, "estimators_")
    X, y = np.random.default_rng(0).normal(size=(100, 3)), np.tile([0, 1], 50)
    examples = Examples(np.arange(100), None, y, 2)
    first, again, other = (fit_yardstick(FOREST, X, examples, {}, s, "forest").log_odds(X, examples) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_unknown_numbers_are_the_median_and_say_so_and_each_kind_is_a_column():
    X = np.array([[1.0, 0.0], [3.0, 1.0], [np.nan, 2.0], [5.0, 0.0]])
    examples = Examples(np.arange(4), None, np.array([0, 1, 0, 1]), 2)
    fitted = fit_yardstick(LINE, X, examples, {1: 3}, 0, "line")
    columns = fitted.booster.pipeline[0].transform(X)
    assert columns[:, :2].tolist() == [[1.0, 0.0], [3.0, 0.0], [3.0, 1.0], [5.0, 0.0]]
    assert columns[:, 2:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (RandomForestClassifier, r"the class RandomForestClassifier.*candidates=\[RandomForestClassifier\(\)\]"),
        (LinearRegression(), "LinearRegression, which is no classifier"),
        (LinearSVC(), "LinearSVC, which gives no chances.*CalibratedClassifierCV"),
        ("forest", "str, which is no classifier"),
    ],
)
def test_what_is_no_classifier_with_chances_is_refused_before_any_work(candidate, words):
    with pytest.raises(QuestionError, match=words):
        train(QUESTIONS["churn"], None, FEW, candidates=[candidate])


def test_a_classifier_that_refuses_the_rows_is_named_with_its_own_words():
    with pytest.raises(QuestionError, match=r"LogisticRegression could not be fitted on \d+ examples x \d+ features"):
        train(QUESTIONS["churn"], shop(60), FEW, candidates=[LogisticRegression(C=-1.0)])


def test_a_yardstick_that_is_better_is_said_to_be_and_why_it_is_not_registered():
    lost = {"constant": np.full(200, 0.7), "lightgbm": np.full(200, 0.5), "Forest": np.full(200, 0.4)}
    choice = choose(lost, np.arange(200), np.ones(200))
    assert choice.champion == "lightgbm"
    assert "Forest, which is judged and never kept, lowers the log loss of lightgbm by 0.100" in choice.reason
    worse = choose(lost | {"Forest": np.full(200, 0.6)}, np.arange(200), np.ones(200))
    assert "Forest, which is judged and never kept, has a higher log loss than lightgbm by 0.100" in worse.reason


def test_the_challenger_is_one_of_our_own():
    result = replace(trained("churn"), champion="logit")
    assert result.challenger not in ("RandomForestClassifier", "LogisticRegression")
