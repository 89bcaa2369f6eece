"""Training: every candidate, the choice among them, and a clear answer to bad input."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron import features
from patron.errors import QuestionError
from patron.history.tolerance import Tolerance
from patron.models import fitting
from patron.models.preparation import dated
from patron.models.selection import ALL_FEATURES, ORDER
from patron.models.serving import Bundle
from patron.models.targets import target_for
from patron.models.targets.ordinal import OrdinalTarget, _rank_cutpoints
from patron.models.training import fit, train
from patron.periods import Split
from patron.questions.kinds import churn, tier
from patron.questions.matrices import labels, matrix, row_source
from patron.questions.profit import CostModel
from patron.scoring.differences import breaks_of
from worlds.shop import CUTOFFS, HORIZON, SPLIT, START, coin, of, orders, shop
from worlds.shop_models import QUESTIONS, known, trained, unseen

ELSEWHERE = (ALL_FEATURES, "age", "geometric", "geometric_logit")  # which panels and contracts have alone
CANDIDATES = [name for name in ORDER if name not in ELSEWHERE]


def spec_of(question, label, features):
    return target_for(question).target_spec(question, label, features)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_candidate_is_there_for_every_question(name):
    assert set(trained(name).bundles) == set(CANDIDATES)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_candidate_answers_the_same_after_saving_and_loading(name, tmp_path):
    rows = unseen(name)[0].X
    for candidate, bundle in trained(name).bundles.items():
        loaded = Bundle.load(bundle.save(tmp_path / candidate))
        assert loaded.predict(rows[rows.columns[::-1]]).equals(bundle.predict(rows))


def test_a_model_that_is_held_to_its_tables_knows_amounts_in_cents_and_one_of_which_nobody_asked_that_carries_nothing(
    tmp_path,
):
    held = Bundle.load(trained("churn").held_to(shop()).model.save(tmp_path / "held"))
    in_cents = of(orders(400).assign(amount=lambda table: 100 * table.amount))
    seen = [breaks_of([held], tables, tables.ends, tables.ends, Tolerance()) for tables in (shop(), in_cents)]
    assert seen[0] == []
    assert {(broken.table, broken.column, broken.check) for broken in seen[1]} == {("orders", "amount", "range")}
    assert "trained_on" not in trained("churn").model.spec


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_the_chance_of_a_purchase_rises_with_the_days(candidate):
    made = trained("next_purchase").bundles[candidate].predict(unseen("next_purchase")[0].X)
    assert (made.purchase_within_30d <= made.purchase_within_60d + 1e-12).all()
    assert (made.days_low <= made.days_median).all() and (made.days_median <= made.days_high).all()


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_the_chances_of_the_tiers_add_up_to_one(candidate):
    made = trained("tier").bundles[candidate].predict(unseen("tier")[0].X)
    assert np.allclose(made.filter(like="probability_").sum(axis=1), 1.0)


def test_in_a_world_with_signal_the_champion_beats_the_best_baseline_or_is_as_simple():
    made = trained("churn")
    assert made.losses[made.champion].value <= made.losses[made.best_baseline].value
    assert made.losses[made.best_baseline].value < made.losses["constant"].value


def test_trees_start_from_what_their_base_says_of_all_features_even_of_those_that_name_the_cutoff():
    frame = orders(200)
    together = pd.DataFrame({"customer": frame.customer.unique(), "at": START, "amount": 10.0})
    cohort = of(pd.concat([together, frame]))  # at each cutoff all have one tenure, which is kept from the trees
    made = train(churn(HORIZON), cohort, SPLIT)
    rows = matrix(made.question, cohort, SPLIT.known).X
    base, hybrid = (made.bundles[name].predict(rows).churn_probability for name in ("parametric_logit", "hybrid"))
    assert hybrid.mean() == pytest.approx(base.mean(), abs=0.02)


def test_in_a_world_without_signal_the_champion_is_the_constant():
    made = train(churn(HORIZON), coin(), SPLIT)
    assert made.champion in ("constant", "activity")
    assert "nothing beats the best baseline" in made.reason


def test_the_same_seed_gives_the_same_answers():
    again = train(QUESTIONS["churn"], shop(), SPLIT)
    assert again.model.spec == trained("churn").model.spec
    rows = unseen("churn")[0].X
    assert again.model.predict(rows).equals(trained("churn").model.predict(rows))


def test_what_happens_after_the_known_labels_changes_nothing():
    late = orders(400)
    kept = late[late["at"] < SPLIT.test[0]]
    again = train(QUESTIONS["churn"], of(kept), SPLIT)
    assert again.model.spec == trained("churn").model.spec


def test_each_step_is_told_when_it_is_done():
    question, steps = trained("churn").question, []
    fit(question, shop(), *known("churn"), SPLIT, tell=steps.append)
    assert [step.split(" of ")[0] for step in steps[:-1]] == [f"later cutoff {k}" for k in range(1, len(steps))]
    assert steps[-1] == f"{len(trained('churn').bundles)} candidates fitted on all known cutoffs"


def test_one_train_and_one_valid_cutoff_suffice():
    made = train(churn(HORIZON), shop(), Split(CUTOFFS[2:3], CUTOFFS[3:4], CUTOFFS[4:]))
    assert set(made.bundles) == set(CANDIDATES)


def test_the_rates_of_the_training_cutoffs_are_kept_with_the_model():
    rates = trained("churn").model.spec["base_rates"]
    assert list(rates) == [f"{cutoff:%Y-%m-%d}" for cutoff in SPLIT.known]
    label = labels(QUESTIONS["churn"], shop(), SPLIT.train[:1])
    assert np.isclose(rates[f"{SPLIT.train[0]:%Y-%m-%d}"], label.mean())


def test_features_without_tenure_leave_out_the_purchase_process():
    asked = churn(HORIZON, features=(features.purchases.spend,))
    names = {f.column(w) for f in asked.on(shop()).features for w in f.windows}
    made = train(asked, shop(), SPLIT)
    assert ("parametric" in made.bundles) == ("tenure" in names)


def test_fewer_than_100_customers_get_a_simple_one_and_are_told_why():
    made = train(churn(HORIZON), shop(70), SPLIT)
    assert made.champion in CANDIDATES[:5]
    assert "too few to prove more" in made.reason


def test_one_answer_for_all_is_refused():
    asked = churn(HORIZON).on(shop())
    rows = matrix(asked, shop(), SPLIT.known)
    with pytest.raises(QuestionError, match=r"same answer for all \d+ rows .* \(\d\), so .* than 60 days"):
        fit(asked, shop(), rows, np.ones(len(rows)), SPLIT)


def test_a_handful_of_rows_is_refused():
    with pytest.raises(QuestionError, match=r"'churn' has \d+ rows at its train cutoffs; at least 20"):
        train(churn(HORIZON), shop(6), SPLIT)


def test_cutoffs_too_close_for_the_horizon_are_refused():
    asked = churn(HORIZON).on(shop())
    close = Split(CUTOFFS[:1], CUTOFFS[1:2], CUTOFFS[4:])
    rows, label = matrix(asked, shop(), close.known), labels(asked, shop(), close.known)
    with pytest.raises(QuestionError, match=r"(?s)looks 90 days ahead, but its known cutoffs.*Move the valid"):
        fit(replace(asked, horizon=churn(90).horizon).on(shop()), shop(), rows, label, close)


def test_features_that_are_missing_constant_or_infinite_do_no_harm():
    asked = churn(HORIZON).on(shop())
    rows, label = matrix(asked, shop(), (*SPLIT.known, *SPLIT.test)), None
    label = labels(asked, shop(), (*SPLIT.known, *SPLIT.test))
    X = rows.X.assign(spend=np.float32(np.inf), last_order=np.float32(np.nan), first_order=np.float32(7))
    made = fit(asked, shop(), replace(rows, X=X), label, SPLIT)
    for bundle in made.bundles.values():
        assert bundle.predict(X).churn_probability.between(0, 1).all()


def test_a_constant_tier_is_the_one_that_its_probabilities_lean_to() -> None:
    answer = {"kind": "tier", "tiers": ["lead", "iron", "gold"]}
    margins = np.log(np.tile([0.23, 0.58, 0.19], (50, 1)))
    cuts = OrdinalTarget().with_cutpoints(answer, margins)["cuts"]
    assert np.searchsorted(cuts, [0.96], side="right").tolist() == [1]


def test_ranks_that_tie_get_one_tier() -> None:
    assert _rank_cutpoints(np.repeat([0.2, 0.9], [60, 40]), np.array([0.6, 0.99])) == pytest.approx([0.55, 1.4])


def test_one_price_for_all_leaves_a_tier_empty_and_asks_for_thresholds_in_money():
    profit = np.array([4.0] * 90 + [8.0] * 10 + [0.0] * 50)
    seen = pd.DataFrame({"profit_60d": np.zeros(150)})
    with pytest.raises(
        QuestionError, match=r"'iron' would be empty: 90 of 100 .* profit, 4\.00, .* 8\.00, 4\.00\. Give"
    ):
        spec_of(tier(60, CostModel(margin_rate=0.4)), profit, seen)


def test_everybody_in_one_tier_is_refused_with_the_thresholds():
    asked = replace(tier(60, CostModel(margin_rate=0.4)), thresholds=(100.0, 50.0))
    with pytest.raises(
        QuestionError, match=r"All 3 .* tier 'lead': .* -9\.00 to 0\.00, .* 0\.00, 100\.00, 50\.00\. Check"
    ):
        spec_of(asked, np.array([-9.0, -2.0, 0.0]), pd.DataFrame({"profit_60d": np.zeros(3)}))


def test_profit_within_a_tier_leans_towards_those_who_stood_there():
    # 50 rows from lead end at 10, 50 from iron at 30; both lean on the 100 of all by as much as their own 50.
    profit, past = np.array([10.0] * 50 + [30.0] * 50 + [0.0]), np.array([0.0] * 50 + [5.0] * 50 + [0.0])
    asked = replace(tier(60, CostModel(margin_rate=0.4)), thresholds=(100.0, 50.0))
    answer = spec_of(asked, profit, pd.DataFrame({"profit_60d": past}))
    assert answer["profit_from"][0][1] == pytest.approx((10 + 20) / 2)
    assert answer["profit_from"][1][1] == pytest.approx((30 + 20) / 2)
    assert (np.array(answer["spread_from"][0][1]) == 10).mean() == pytest.approx(0.75, abs=0.01)


def test_tiers_are_bounded_by_the_train_cutoffs_and_bring_what_all_known_ones_brought():
    asked, answer = trained("tier").question, trained("tier").model.spec["answer"]
    rows = matrix(asked, shop(), SPLIT.known)
    label, at_train = labels(asked, shop(), SPLIT.known), rows.at(*SPLIT.train)
    bounded = spec_of(asked, label[at_train], rows.X[at_train])
    brought = spec_of(replace(asked, thresholds=tuple(reversed(bounded["lows"][1:]))), label, rows.X)
    assert answer["lows"] == bounded["lows"]
    assert answer["profit_from"] == brought["profit_from"] != bounded["profit_from"]
    assert answer["spread_from"] == brought["spread_from"] != bounded["spread_from"]


def test_who_buys_nothing_is_parted_from_who_buys_at_a_loss():
    # From lead, 50 buy nothing (at -1 each), 50 buy at a loss of 20, 100 buy with profit; no row comes from elsewhere.
    label, idle = np.array([-1.0] * 50 + [-20.0] * 50 + [10.0] * 100), np.array([1.0] * 50 + [0.0] * 150)
    seen = pd.DataFrame({"profit_60d": np.zeros(200)})
    asked = replace(tier(60, CostModel(margin_rate=0.4)), thresholds=(100.0, 50.0))
    spec = spec_of(asked, label, seen)
    parted = OrdinalTarget().with_idle(spec, label, seen, lambda: idle)
    assert parted["loss_if_bought"] == pytest.approx([1 / 3] * 4)
    assert parted["loss_profit_from"] == [[-1.0, -20.0]] * 4
    assert set(parted["loss_spread_from"][0][1]) == {-20.0}
    assert OrdinalTarget().with_idle(spec, label, seen, lambda: None) == spec


def test_training_on_a_history_knows_who_bought_at_a_loss():
    cheap = tier(HORIZON, CostModel(margin_rate=0.4, cost_per_order=6.0))
    answer = train(cheap, shop(), SPLIT).model.spec["answer"]
    assert min(answer["loss_if_bought"]) > 0.1
    assert all(nothing == 0.0 > bought for nothing, bought in answer["loss_profit_from"])


def test_in_quarter_steps_the_seed_moves_the_answers_of_few_rows_half_as_much(monkeypatch):
    question = trained("churn").question
    rows = matrix(question, shop(), SPLIT.known)
    label = labels(question, shop(), SPLIT.known, rows=rows)

    def moved():
        sets = [dated(question, row_source(shop()), rows, label, SPLIT, seed) for seed in (0, 1)]
        said = [each.refit_trees(None, 20).log_odds(each.tree_features, each.examples(label >= 0)) for each in sets]
        return np.abs(said[0] - said[1]).mean()

    few = moved()
    monkeypatch.setattr(fitting, "smaller_steps", lambda rows: 1)
    assert few == pytest.approx(moved() / 2, rel=0.1)
