"""Promises kept: plans on learned effects, in a simulated business whose truth is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from patron.datasets.simulated import OFFERS, World, simulate
from patron.decisions import Decisions, Offer, decide
from patron.decisions.uplift import Effects, Trial, train_effects

CALL = next(offer for offer in OFFERS if offer.name == "call").stronger(4)
VALUE, COST = 60.0, 4.0
FEATURES = ["recency", "orders", "age"]


@dataclass(frozen=True)
class Outcome:
    """A campaign that was learned from, the plan on it, and the true gain of each customer."""

    effects: Effects
    plan: Decisions
    order: float
    earned: float


def known(world: World) -> pd.DataFrame:
    orders = world.tables["orders"]
    by = orders[orders.event_type != "return"].groupby("customer")
    rows = pd.DataFrame({"recency": (world.today - by["at"].max()).dt.days, "orders": by.size()})
    rows = rows.join(world.tables["customers"].set_index("customer").age).reset_index()
    return rows[rows.recency < 365].reset_index(drop=True)


def outcome(by_hearsay: float) -> Outcome:
    """Learn from a campaign that goes so much likelier to who is in truth still there, and plan on the day after."""
    before = simulate(3_000, 4, "2023-10-02", campaigns=(), offers=[CALL], spread=0.0)
    rows = known(before)
    there = before.truth(91).set_index("customer").state.loc[rows.customer].to_numpy() == "alive"
    treated = np.random.default_rng(4).random(len(rows)) < 0.5 + by_hearsay * (there - 0.5)
    world = before.act(pd.DataFrame({"customer": rows.customer[treated], "offer": "call"}), "2024-01-01")
    orders = world.tables["orders"]
    buyers = orders[(orders["at"] >= before.today) & (orders.event_type != "return")].customer
    rows = rows.assign(arm=np.where(treated, "call", "none"), bought=rows.customer.isin(buyers).astype(int))
    assignment = "observational" if by_hearsay else "randomised"
    past = Trial.of(rows, "arm", "none", "bought", FEATURES, assignment=assignment)
    return planned(train_effects(past, folds=3, repeats=5), world)


def planned(effects: Effects, world: World) -> Outcome:
    rows = known(world)
    table = effects.predict(rows).rename(columns={"arm": "offer"})
    for kept, effect in (("kept", "effect"), ("kept_low", "effect_low"), ("kept_high", "effect_high")):
        table[kept] = VALUE * table[effect]
    causes = [name for name in table if name.startswith("error_")]
    table[causes] *= VALUE
    scores = rows[["customer"]].assign(cutoff=pd.Timestamp(world.today), churn_probability=0.5, value=VALUE)
    plan = decide(scores, [Offer("call", COST, effect="learned")], 1_000.0, 0.0, effects=table)
    true = world.truth(91).set_index("customer").purchase_effect
    gains = VALUE * true.loc[plan.table.customer] - COST
    order = table.effect.rank().corr(pd.Series(true.loc[table.customer].to_numpy()).rank())
    return Outcome(effects, plan, float(order), float(gains.sum()))


@pytest.fixture(scope="module")
def by_lot() -> Outcome:
    return outcome(0.0)


def test_what_a_plan_truly_earns_lies_within_the_interval_that_it_promises(by_lot):
    low, high = by_lot.plan.summary["gain_low"], by_lot.plan.summary["gain_high"]
    assert by_lot.plan.summary["treated"] == 250
    assert low < by_lot.earned < high
    assert by_lot.plan.summary["evidence"] == "randomised"


def test_the_true_order_of_effects_is_learned_from_a_campaign_by_lot(by_lot):
    assert by_lot.order > 0.3


def test_a_plan_learned_from_whom_hearsay_chose_promises_too_much_and_never_passes_for_randomised(by_lot):
    fooled = outcome(0.7)
    assert fooled.plan.summary["gain_low"] > fooled.earned
    assert fooled.plan.summary["evidence"] == "observational with overlap"
    assert by_lot.plan.summary["expected_gain"] < fooled.plan.summary["expected_gain"]
