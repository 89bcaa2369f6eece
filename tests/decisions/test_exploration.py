"""What exploring promises: a known chance of every offer and of nothing, within the budget, told with its cost."""

import numpy as np
import pandas as pd
import pytest

from patron.decisions import Offer, Rules, decide
from patron.decisions.clusters import Clusters
from patron.decisions.exploration import explore
from patron.errors import SettingsError

CALL = Offer("call", contact_cost=4.0, effect=0.2)
MAIL = Offer("mail", contact_cost=1.0, effect=0.1, consent="agreed")


@pytest.fixture(scope="module")
def scores():
    """A thousand customers, of whom the first half is worth an offer and each fourth has agreed to mails."""
    number = np.arange(1000)
    return pd.DataFrame(
        {
            "customer": [f"c{n:04}" for n in number],
            "cutoff": pd.Timestamp("2024-05-01"),
            "churn_probability": np.where(number < 500, 0.5, 0.1),
            "value": np.where(number < 500, 100.0, 1.0),
            "agreed": number % 4 == 0,
        }
    )


@pytest.fixture(scope="module")
def plan(scores):
    """A plan of which a lot chooses for a fifth."""
    return decide(scores, [CALL, MAIL], budget=1500.0, holdout=0.1, exploration=0.2)


def test_a_lot_gives_each_allowed_offer_alike_and_half_of_those_drawn_nothing(plan):
    drawn = plan.table[plan.table.explored]
    assert len(drawn) == pytest.approx(200, abs=40)
    assert (drawn.group == "treat").mean() == pytest.approx(0.5, abs=0.1)
    assert set(drawn.propensity) == {0.5}
    agreed = drawn[drawn.customer.str[1:].astype(int) % 4 == 0]
    assert set(drawn[drawn.offer == "mail"].customer) <= set(agreed.customer)  # nobody without consent
    assert (agreed.offer == "mail").mean() == pytest.approx(0.5, abs=0.2)
    assert (drawn.value == 1.0).mean() == pytest.approx(0.5, abs=0.1)  # also those whom no plan would choose


def test_the_hold_out_of_the_plan_is_the_share_it_was(plan):
    planned = plan.table[~plan.table.explored]
    assert planned.propensity.groupby(planned.group).unique().map(list).to_dict() == {
        "control": [pytest.approx(0.1)],
        "treat": [0.9],
    }
    assert (planned.group == "control").mean() == pytest.approx(0.1, abs=0.01)


def test_what_exploring_costs_is_told_and_comes_off_the_budget(scores, plan):
    told, table = plan.summary["exploration"], plan.table
    drawn = table[table.explored & (table.group == "treat")]
    assert (told["customers"], told["treated"]) == (table.explored.sum(), len(drawn))
    assert told["spent"] == drawn.cost.sum()
    assert told["expected_gain"] == pytest.approx(drawn.expected_gain.sum())
    assert plan.summary["spent"] + plan.summary["withheld"] <= 1500.0 + table.cost[table.explored].sum() - told["spent"]
    alone = decide(scores, [CALL, MAIL], budget=1500.0, holdout=0.0)
    with_lot = decide(scores, [CALL, MAIL], budget=1500.0, holdout=0.0, exploration=0.2)
    gained = with_lot.summary["expected_gain"]
    assert with_lot.summary["exploration"]["forgone"] == pytest.approx(alone.summary["expected_gain"] - gained)
    assert with_lot.summary["spent"] <= 1500.0
    asked = plan.summary["chosen"] + sum(plan.summary["left_alone"].values())
    assert plan.summary["asked"] == asked == 1000


def test_the_lot_belongs_to_the_seed_and_the_customer(scores):
    first, other = (decide(scores, [CALL], 900.0, exploration=0.1, seed=seed).table for seed in (0, 1))
    again = decide(scores[::-1], [CALL], 900.0, exploration=0.1).table
    pd.testing.assert_frame_equal(first, again)
    assert set(first.customer[first.explored]) != set(other.customer[other.explored])


def test_the_log_has_the_chance_of_what_each_customer_gets_by_plan_lot_and_hold_out(plan):
    log = plan.log.merge(plan.table[["customer", "explored"]], "left", "customer")
    assert len(log) == 1000
    number = log.customer.str[1:].astype(int)
    left = (number >= 500) & (number % 4 > 0)  # never planned, may get the call
    chance = log.propensity.groupby([log.offer.mask(~left), log.explored.fillna(False).astype(bool)]).unique()
    assert chance["", False] == pytest.approx([0.8 + 0.2 * 0.5])  # left alone by the plan, or the lot gives nothing
    assert chance["call", True] == pytest.approx([0.2 * 0.5])
    calls = log[(number < 500) & (number % 4 > 0) & (log.offer == "call") & (log.explored == False)]  # noqa: E712
    assert calls.propensity.unique() == pytest.approx([0.8 * 0.9 + 0.2 * 0.5])


def test_chances_of_all_that_may_happen_to_a_customer_add_up_to_one(scores):
    lot = explore(
        Clusters("", scores.customer), np.ones((1000, 3), bool), (np.ones((3, 1)), np.array([np.inf])), 0.3, 0
    )
    planned = np.arange(1000) % 4 - 1
    total = sum(lot.chances(planned, np.full(1000, offer), 0.1) for offer in (-1, 0, 1, 2))
    assert total == pytest.approx(np.ones(1000))


def test_scarce_things_end_the_lot_before_they_are_overdrawn(scores):
    offers = [Offer("call", 4.0, effect=0.2, channel="phone")]
    plan = decide(scores, offers, 1e6, exploration=1.0, rules=Rules(capacities={"phone": 50}))
    told = plan.summary["exploration"]
    assert told["customers"] == pytest.approx(1000 * told["share"], abs=1)
    mean, deviation = told["customers"] / 2, (told["customers"] / 2) ** 0.5
    assert mean + 4 * deviation == pytest.approx(49, abs=1)  # so many that fifty calls are sure to reach them
    assert told["treated"] < plan.summary["treated"] <= 50
    assert "budget or capacity end with" in " ".join(plan.summary["beware"])


def test_where_the_budget_cuts_the_lot_each_offer_comes_as_often_as_its_chance_says():
    people, limits = (
        Clusters("", pd.Series([f"c{n}" for n in range(40)])),
        (np.array([[40.0], [1.0]]), np.array([450.0])),
    )
    lots = [explore(people, np.ones((40, 2), bool), limits, 1.0, seed) for seed in range(600)]
    assert {lot.drawn.sum() for lot in lots} == {12, 13}
    assert max((40 * (lot.offer[lot.treated] == 0).sum()) for lot in lots) <= 450
    given = np.array([[(lot.offer == j) & lot.treated for j in (0, 1)] for lot in lots]).mean(axis=(0, 2))
    chance = lots[0].chances(np.full(40, -1), np.zeros(40, int), 0.0)[0]
    assert chance == pytest.approx(lots[0].share * 0.5 / 2)
    assert given == pytest.approx([chance, chance], rel=0.08)  # four standard errors


def test_without_exploring_nothing_changes_and_a_share_that_is_none_is_refused(scores):
    plain = decide(scores, [CALL], 900.0)
    assert not plain.table.explored.any()
    assert plain.summary["exploration"] == {
        **dict.fromkeys(("customers", "treated", "control"), 0),
        **dict.fromkeys(("share", "spent", "expected_gain", "forgone"), 0.0),
    }
    with pytest.raises(SettingsError, match=r"Exploration is a share from 0 to 1, got 5\. Write exploration=0\.05"):
        decide(scores, [CALL], 900.0, exploration=5)
