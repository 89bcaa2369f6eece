"""Back-tests: honest folds, cards that survive the trip through JSON, and what they show of shifts and pockets."""

import json
from functools import cache
from html import escape

import numpy as np
import pytest

from patron.errors import QuestionError
from patron.evaluation.backtests import Backtest, Card, backtest, judge, predict_candidates, prediction_table
from patron.metrics import auc, bias
from patron.models.serving import Bundle
from patron.periods import Split
from patron.questions.kinds import churn
from patron.questions.matrices import Matrix
from worlds.shop import CUTOFFS, HORIZON, SPLIT, shop
from worlds.shop_models import QUESTIONS, trained, unseen


@cache
def card(name: str = "churn") -> Card:
    return judge(trained(name), *unseen(name))


@cache
def rolled() -> tuple[Backtest, int]:
    """Return a back-test, and how many rows were answered for it."""
    sizes, predict = [], Bundle.predict

    def counted(bundle, X):
        sizes.append(len(X))
        return predict(bundle, X)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Bundle, "predict", counted)
        return backtest(QUESTIONS["churn"], shop(), SPLIT), sum(sizes)


def test_a_card_comes_back_from_json_as_it_went():
    assert json.loads(card().text) == json.loads(json.dumps(card().plain()))
    again = Card.of(json.loads(card().text))
    assert again.plain() == card().plain()
    assert again.table().equals(card().table())


def test_a_card_shows_itself_in_a_line_and_in_a_notebook_with_its_reason_and_figures():
    assert repr(card()).startswith(f"Card(churn over {HORIZON} days: {card().rows:,} rows of ")
    assert repr(card()).endswith(f"champion {card().champion})")
    page = card()._repr_html_()
    assert f"<p>Why: {escape(card().reason)}</p>" in page
    assert str(card().measured[card().champion]["AUC"]) in page


def test_a_card_written_before_there_were_segments_can_still_be_read():
    old = {k: v for k, v in card().plain().items() if k not in ("challenger", "shift", "lift", "segments", "suspects")}
    assert Card.of(old).challenger == "lightgbm"


def test_figures_of_a_card_are_those_of_its_predictions():
    table = prediction_table(trained("churn"), *unseen("churn"))
    ours = table[table.champion]
    assert np.isclose(card().measured[card().champion]["AUC"].value, auc(ours.actual, ours.churn_probability))
    assert np.isclose(card().measured[card().champion]["bias"].value, bias(ours.actual, ours.churn_probability))


def test_the_shift_shows_training_rates_beside_what_was_predicted_and_came_true():
    rows, label = unseen("churn")
    day = f"{SPLIT.test[0]:%Y-%m-%d}"
    assert np.isclose(card().shift["observed"][day], label.mean())
    assert np.isclose(card().shift["predicted"][day], trained("churn").model.predict(rows.X).churn_probability.mean())
    assert list(card().shift["trained"]) == [f"{cutoff:%Y-%m-%d}" for cutoff in SPLIT.known]


def test_predictions_are_made_once_and_give_the_same_card_and_table(monkeypatch):
    rows, label = unseen("churn")
    known, table = predict_candidates(trained("churn"), rows), prediction_table(trained("churn"), rows, label)
    monkeypatch.setattr(Bundle, "predict", None)  # whoever predicts again now fails
    assert judge(trained("churn"), rows, label, predictions=known).plain() == card().plain()
    assert prediction_table(trained("churn"), rows, label, known).equals(table)


def test_a_back_test_asks_each_candidate_once_for_each_test_row():
    result, answered = rolled()
    assert answered == len(result.predictions)


def test_each_fold_knows_only_what_came_before_it():
    result, _ = rolled()
    assert [fold.cutoffs for fold in result.folds] == [(cutoff,) for cutoff in CUTOFFS[2:]]
    for fold in result.folds:
        assert max(fold.shift["trained"]) < min(fold.shift["observed"])


def test_the_pooled_card_holds_the_rows_of_all_folds():
    result, _ = rolled()
    assert result.pooled.rows == sum(fold.rows for fold in result.folds)
    assert result.pooled.champion == "chosen"
    assert len(result.predictions) == result.pooled.rows * 8


def test_a_tier_means_the_same_in_all_folds():
    result = backtest(QUESTIONS["tier"], shop(150), SPLIT)
    known = result.predictions.groupby(["candidate", "cutoff"], observed=True).tier.unique()
    assert set(known.explode()) <= {"lead", "iron", "gold", "platinum"}
    assert result.pooled.base["mean profit"] > 0


def test_a_tier_is_judged_beside_the_guess_that_everybody_stays():
    stay, ahead = card("tier").measured["persistence"], card("tier").persistence
    ours = card("tier").measured[card("tier").champion]
    assert set(stay) == set(ahead) == {"quadratic kappa", "macro F1"}
    assert np.isclose(ahead["macro F1"].value, ours["macro F1"].value - stay["macro F1"].value)


def test_the_interval_of_profit_holds_as_often_as_it_says():
    held = card("tier").measured[card("tier").champion]["coverage of the interval"]
    assert held.high >= 0.8
    assert np.isclose(np.average(card("tier").intervals.held, weights=card("tier").intervals["count"]), held.value)


def test_expected_profit_comes_in_by_groups_of_all_customers():
    deciles = card("tier").deciles
    assert deciles["count"].sum() == card("tier").rows
    assert np.isclose(np.average(deciles.observed, weights=deciles["count"]), card("tier").base["mean profit"])
    assert Card.of(json.loads(json.dumps(card("tier").plain()))).plain() == card("tier").plain()


def test_the_days_are_judged_by_who_was_back_when_and_beside_one_day_for_all():
    days = card("next_purchase")
    ours, same = (days.measured[name]["error of the date (days)"].value for name in (days.champion, "constant"))
    assert ours < same
    assert 0.02 < days.measured[days.champion]["before the interval"].value < 0.2
    assert days.waits.promised.tolist() == [0.1, 0.5, 0.9]
    assert (days.waits["count"].diff().dropna() < 0).all()


def test_too_few_cutoffs_for_a_back_test_are_refused():
    some = Split(CUTOFFS[:1], (CUTOFFS[1],), (CUTOFFS[2],))
    with pytest.raises(QuestionError, match="two cutoffs with labels that end before a third, got 3 cutoffs"):
        backtest(churn(90), shop(), some)


def test_a_feature_that_knows_the_outcome_is_named_on_the_card():
    rows, label = unseen("churn")
    knowing = Matrix(rows.key, rows.X.assign(closed=label.astype(np.float32)), rows.definitions)
    assert list(judge(trained("churn"), knowing, label).suspects) == ["closed"]
    assert not card().suspects
