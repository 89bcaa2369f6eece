"""Learned effects: a lot recovers the true order, people who chose whom to treat fool nobody, meanings are checked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron import features
from patron.datasets import simulate
from patron.datasets.simulated.offers import OFFERS, Campaign
from patron.decisions import Offer, decide
from patron.decisions.uplift import train_effects
from patron.decisions.uplift.campaigns import campaign_trial
from patron.errors import QuestionError, RegistryError, ScoreError, SettingsError
from patron.periods import days
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from patron.scoring.learned_effects import effects_today, kept_effects, learned_effect

HORIZON = 91
CALL = OFFERS[1].stronger(5)  # older customers stay for it, younger ones leave


def business(assignment: str):
    """A world with two campaigns, the calls of which are learned from, and what truly comes of a call today."""
    campaigns = [Campaign("call", week=week, reach=1.0, assignment=assignment) for week in (110, 140)]
    world = simulate(customers=2_000, seed=1, offers=(CALL,), campaigns=campaigns)
    history = world.history()
    known = (
        features.purchases.recency,
        features.purchases.orders.over(*days(HORIZON)),
        *features.attributes.of(history),
    )
    trial = campaign_trial(churn(HORIZON, features=known), history, "call")
    return world, history, trial, train_effects(replace(trial, cost=None), folds=3, repeats=5)


@pytest.fixture(scope="module")
def drawn():
    """Customers by lot."""
    return business("randomised")


@pytest.fixture(scope="module")
def learned(drawn):
    """What was learned of them."""
    _, _, trial, effects = drawn
    return learned_effect("call", trial, effects)


@pytest.fixture(scope="module")
def today(drawn):
    """Everybody's rows of today, and a chance to leave and a value for each."""
    world, history, trial, _ = drawn
    rows = matrix(trial.question, history, [world.today])
    return rows, rows.key.assign(churn_probability=0.5, value=100.0)


def test_the_order_of_effects_that_a_lot_shows_is_the_true_one(drawn, learned, today):
    truth = drawn[0].truth(HORIZON).merge(effects_today([learned], *today), on="customer")
    assert truth[["purchase_effect", "kept"]].corr(method="spearman").iloc[0, 1] > 0.4
    assert set(truth.evidence) == {"randomised"}
    best = truth.kept >= truth.kept.quantile(0.8)
    assert truth.purchase_effect[best].mean() > 0.03 > 0 > truth.purchase_effect[truth.kept < 0].mean()


def test_people_who_chose_whom_to_call_are_told_from_a_lot_and_do_not_fool_beyond_the_interval():
    _, _, trial, effects = business("confounded")
    treated = trial.arm != trial.control
    naive = trial.outcome[treated].mean() - trial.outcome[~treated].mean()
    (line,) = effects.card.effects.to_dict("records")
    assert (trial.assignment, effects.card.evidence) == ("observational", "observational with overlap")
    assert naive < -0.1  # those at risk were called
    assert line["effect_low"] <= true_effect(trial) <= line["effect_high"]
    assert not line["effect_low"] <= naive <= line["effect_high"]


def true_effect(trial) -> float:
    """What the call truly changed on average, by what nobody could know on the days of the campaigns."""
    known = [
        simulate(customers=2_000, seed=1, until=at, offers=(CALL,), campaigns=()).truth(HORIZON).assign(at=at)
        for at in trial.key["at"].unique()
    ]
    return float(trial.key.merge(pd.concat(known), on=["customer", "at"]).purchase_effect.mean())


def test_an_uplift_is_worth_its_part_of_the_value_and_no_more_than_the_risk(learned, today):
    rows, scores = today
    effect = learned.model.predict(rows.X).effect.to_numpy()
    few = effects_today([learned], rows, scores.assign(churn_probability=0.01, value=-50.0))
    assert few.kept.to_numpy() == pytest.approx(-50 * np.clip(effect, -0.99, 0.01))
    assert (few.kept_low <= few.kept).all() and (few.kept <= few.kept_high).all()
    assert few.kept.min() == -0.5


def test_what_was_kept_beside_a_model_answers_alike_and_is_text(learned, today, tmp_path):
    learned.save(tmp_path)
    (again,) = kept_effects(tmp_path, ["call"], "model 'shop-churn' version 1")
    pd.testing.assert_frame_equal(effects_today([again], *today), effects_today([learned], *today), check_exact=True)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".json", ".txt"}
    assert (again.card, again.figures["differs"]) == (learned.card, 1.0)


def test_an_offer_that_the_model_was_trained_without_is_refused(tmp_path):
    with pytest.raises(RegistryError, match=r"effect of call is to be learned, and model 'm' was .*: patron train, or"):
        kept_effects(tmp_path, ["call"], "model 'm'")


def test_a_feature_that_means_something_else_now_is_refused(learned, today):
    rows, scores = today
    changed = tuple(
        replace(meant, formula=meant.formula.replace("orders", "lines")) if meant.name == "recency" else meant
        for meant in rows.definitions
    )
    with pytest.raises(
        ScoreError, match=r"The feature 'recency' .* for 'the effect of call' is computed otherwise now"
    ):
        effects_today([learned], replace(rows, definitions=changed), scores)


def test_a_plan_takes_learned_effects_and_calls_nobody_who_is_expected_to_leave_for_it(learned, today):
    rows, scores = today
    effects = effects_today([learned], rows, scores)
    plan = decide(scores, [Offer("call", 1.0, effect="learned")], budget=1e6, holdout=0.0, effects=effects)
    kept = effects.set_index("customer").kept[plan.table.customer].to_numpy()
    assert plan.table.expected_gain.to_numpy() == pytest.approx(kept - 1.0)
    assert (set(plan.table.evidence), plan.table.expected_gain.gt(0).all()) == ({"randomised"}, True)


def test_a_learned_offer_without_what_was_learned_is_refused_and_never_made_where_nothing_is_known(learned, today):
    rows, scores = today
    call = Offer("call", 1.0, effect="learned")
    with pytest.raises(SettingsError, match=r"The effect of call is to be learned, and no learned effects of it are"):
        decide(scores, [call], budget=10.0)
    some = effects_today([learned], rows, scores.head(3)).assign(kept=50.0, kept_low=40.0, kept_high=60.0)
    some = some.drop(columns=some.filter(like="error_"))
    plan = decide(scores, [call], budget=1e6, holdout=0.0, effects=some)
    assert set(plan.table.customer) == set(scores.customer.head(3))


def test_bounds_beside_a_learned_effect_are_refused():
    with pytest.raises(SettingsError, match=r"a learned effect has its own bounds, got effect_low=0.1 and"):
        Offer("call", 1.0, effect="learned", effect_low=0.1)


def test_an_offer_with_several_arms_is_refused(drawn, learned):
    _, _, trial, effects = drawn
    arms = trial.arm.copy()
    arms[np.flatnonzero(arms == "treated")[:9]] = "mail"
    with pytest.raises(
        QuestionError, match=r"'call' has several arms beside control \(mail, treated\), and a decision"
    ):
        learned_effect("call", replace(trial, arm=arms, propensity=None), effects)
