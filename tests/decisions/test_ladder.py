"""What the ladder promises: each strategy keeps to the limits, and its gain and its step can be counted by hand."""

import math

import pandas as pd
import pytest

from patron.decisions import Offer, Rules, decide

CALL = Offer("call", contact_cost=4.0, effect=0.2, channel="phone")
MAIL = Offer("mail", contact_cost=1.0, effect=0.1, channel="mail")
FIGURES = ["expected_gain", "gain_low", "gain_high"]


def rungs(scores, offers, budget=math.inf, **more):
    return pd.DataFrame(decide(scores, offers, budget, holdout=0.0, **more).summary["ladder"]).set_index("rung")


@pytest.fixture(scope="module")
def shop():
    """A hundred customers, half of them worth 100 and half 28; of each half every second one surely leaves."""
    numbers = pd.Series(range(100))
    risk, value = (numbers % 2 == 0).astype(float), 100.0 - 72.0 * (numbers >= 50)
    table = {"customer": "c" + numbers.astype(str), "churn_probability": risk, "value": value}
    return pd.DataFrame(table).assign(cutoff=pd.Timestamp("2024-05-01"))


def test_without_limits_each_rung_gains_what_a_person_counts(shop):
    # 25 x 100 + 25 x 28 = 3,200 at stake. A call to all keeps 640 for 400. Of those who leave the dear ones are worth a
    # call (20 - 4 > 10 - 1), the others a mail (2.8 - 1 > 5.6 - 4); the best single offer to both is a call.
    table = rungs(shop, [CALL, MAIL])
    assert table.index.tolist() == ["nobody", "everybody", "by segment", "model cut", "individual"]
    assert table.customers.tolist() == [0, 100, 50, 50, 50]
    assert table.cost.tolist() == [0.0, 400.0, 125.0, 200.0, 125.0]
    assert table.expected_gain.tolist() == pytest.approx([0.0, 240.0, 445.0, 440.0, 445.0])
    assert table.more.tolist() == pytest.approx([0.0, 240.0, 205.0, -5.0, 5.0])


def test_the_range_of_a_rung_with_one_offer_is_that_of_its_effect_and_a_step_between_equal_rungs_has_none(shop):
    table = rungs(shop, [CALL], budget=80.0)
    # Twenty calls keep 20 each: 400, and 200 or 600 at the bounds of the effect.
    assert table.loc["individual", FIGURES].tolist() == pytest.approx([320.0, 120.0, 520.0])
    assert table.loc["individual", ["more", "more_low", "more_high"]].tolist() == [0.0, 0.0, 0.0]


def test_every_rung_keeps_to_budget_and_capacity(shop):
    table = rungs(shop, [CALL, MAIL], budget=90.0, rules=Rules({"phone": 12}))
    assert table.cost.max() <= 90.0
    assert table.customers["model cut"] == 50  # mails: 25 x 9 + 25 x 1.8 are more than 12 calls of 16
    assert table.expected_gain["individual"] == pytest.approx(12 * 16 + 13 * 9 + 25 * 1.8)
    assert table.expected_gain["individual"] == table.expected_gain.max()


def test_where_nothing_pays_everybody_loses_and_finer_strategies_treat_nobody(shop):
    table = rungs(shop, [Offer("gift", 50.0, effect=0.2)])
    assert table.expected_gain.tolist() == [0.0, 640.0 - 5_000.0, 0.0, 0.0, 0.0]
    assert table.customers.tolist() == [0, 100, 0, 0, 0]
