"""Tiers over time: counted moves, and tiers that hold."""

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.models.training import train
from patron.periods import Split
from patron.portfolio.migration import migration
from patron.questions.kinds import tier
from patron.questions.matrices import matrix
from patron.questions.profit import CostModel
from patron.scoring.model import score
from patron.scoring.stable_tiers import earlier_cutoffs, score_stable_tiers, stable_tiers

TIERS = ("lead", "iron", "gold", "platinum")


def months(*tiers: str) -> list[pd.Series]:
    return [pd.Series({"ann": one}) for one in tiers]


@pytest.mark.parametrize(
    ("seen", "stands"),
    [
        (("gold", "gold", "gold"), "gold"),
        (("gold", "gold", "iron"), "gold"),
        (("gold", "iron", "iron"), "iron"),
        (("gold", "iron", "gold"), "gold"),
        (("gold", "iron", "lead"), "gold"),
    ],
)
def test_a_tier_changes_when_two_periods_running_say_so(seen, stands):
    assert stable_tiers(months(*seen)).to_dict() == {"ann": stands}


def test_a_customer_who_joined_today_has_the_tier_of_today():
    assert stable_tiers([*months("gold", "gold"), pd.Series({"ann": "iron", "new": "lead"})]).to_dict() == {
        "ann": "gold",
        "new": "lead",
    }


@given(st.lists(st.sampled_from(TIERS), min_size=1, max_size=8))
def test_a_stable_tier_is_one_that_was_seen(seen):
    assert stable_tiers(months(*seen))["ann"] in seen


@given(st.lists(st.tuples(st.sampled_from(TIERS), st.sampled_from(TIERS)), max_size=30))
def test_every_customer_is_counted_once_in_the_migration(moves):
    scores = pd.DataFrame(moves, columns=["present_tier", "tier"])
    assert migration(scores, TIERS).to_numpy().sum() == len(moves)


def test_tiers_come_with_where_customers_stand_and_an_interval_that_covers(world):
    history = world.history
    end = history.ends
    cutoffs = [end - timedelta(days=60 * k) for k in (6, 5, 4, 3, 2)]
    question = tier(60, CostModel(margin_rate=0.5)).on(history)
    trained = train(question, history, Split.of(cutoffs[:-2], cutoffs[-2:-1], cutoffs[-1:]))
    rows = matrix(question, history, [end])
    scores = score(trained.model, rows)
    assert set(scores.present_tier) <= set(trained.model.spec["answer"]["tiers"])
    assert (scores.profit_low <= scores.profit_high).all()
    earned = rows.X["profit_60d"]
    assert (scores.present_tier[earned <= 0] == "lead").all()
    earlier = matrix(question, history, earlier_cutoffs(question, end, history.starts))
    stands = score_stable_tiers({"tier": trained.model}, trained.model, earlier, scores)
    agrees = (stands == scores.tier).mean()
    assert stands.notna().all()
    assert 0.5 < agrees <= 1.0
