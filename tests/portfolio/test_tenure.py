"""Profit by tenure: changes of the same customers are true where the mean over survivors is not."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.portfolio.tenure import tenure_profile, tenure_rows
from patron.questions.kinds import tier
from patron.questions.profit import CostModel
from worlds.histories import history_from, small

GROWTH = 1.0


@pytest.fixture(scope="module")
def survivors():
    """Customers whose profit grows by 1 a period, of whom those with more to begin with stay longer."""
    rng = np.random.default_rng(0)
    level = rng.gamma(2.0, 10.0, 4000)
    stays = 1 + rng.geometric(np.clip(6.0 / (6.0 + level), 0.05, 0.9))
    who = np.repeat(np.arange(4000), stays)
    age = np.concatenate([np.arange(1, count + 1) for count in stays])
    profit = level[who] + GROWTH * age + rng.normal(0, 3.0, len(who))
    rows = pd.DataFrame({"customer": who.astype(str), "period": age - 1, "age": age, "orders_profit": profit})
    return rows.assign(other_profit=0.0, referral_profit=0.0, stayed=age < stays[who])


def test_the_growth_of_the_same_customers_is_recovered_where_survivors_seem_to_grow_faster(survivors):
    profile = tenure_profile(survivors).set_index("age")
    true = profile.profit[1] + GROWTH * 4
    assert profile.low[5] < true < profile.high[5]
    assert profile.profit[5] == pytest.approx(true, abs=0.5)
    assert profile.survivors[5] > true + 5


def test_what_profit_comes_from_adds_up_to_it(survivors):
    spend = survivors.orders_profit.abs() * np.where(survivors.age % 2, 2.0, 3.0)
    parts = {"other_profit": -0.5 * survivors.age, "referral_profit": 0.25 * survivors.age}
    profile = tenure_profile(survivors.assign(spend=spend, **parts))
    total = profile[["base", "growth", "price", "service", "referrals"]].sum(axis=1)
    assert total.to_numpy() == pytest.approx(profile.profit.to_numpy(), abs=1e-9)
    assert profile.service.iloc[2] == pytest.approx(-1.0)
    assert profile.referrals.iloc[2] == pytest.approx(0.5)
    assert profile.price.iloc[1] < 0


def test_periods_and_ages_counted_by_hand():
    ann = [("ann", "2024-01-05", 10.0), ("ann", "2024-02-20", 20.0), ("ann", "2024-03-20", 40.0)]
    question = tier(30, CostModel(margin_rate=0.5, cost_per_order=1.0))
    rows = tenure_rows(small(*ann, ("bob", "2024-02-10", 9.0)), datetime(2024, 4, 1), question, 0.25)
    columns = ["customer", "period", "age", "stayed", "orders_profit", "other_profit", "spend"]
    assert rows[columns].values.tolist() == [
        ["ann", 0, 1, True, 9.0, 0.0, 20.0],
        ["ann", 1, 2, False, 19.0, 0.0, 40.0],
        ["bob", 1, 1, False, 0.0, 0.0, 0.0],
    ]


def test_too_few_customers_have_no_profile():
    row = {"customer": "a", "period": 0, "age": 1, "stayed": True, "orders_profit": 1.0, "other_profit": 0.0}
    row["referral_profit"] = 0.0
    assert tenure_profile(pd.DataFrame([row])).empty


def test_of_a_period_a_share_of_what_was_brought_goes_to_who_brought_it_and_nothing_is_lost():
    orders = pd.DataFrame(
        [
            ("ann", "2024-01-05", 10.0),
            ("ann", "2024-03-20", 8.0),
            ("bob", "2024-02-01", 6.0),
            ("bob", "2024-03-10", 40.0),
        ],
        columns=["customer", "at", "amount"],
    )
    brought = pd.DataFrame({"customer": ["ann"], "at": ["2024-02-01"], "other": ["bob"]})
    rows = tenure_rows(
        history_from(orders=orders, referrals=brought), datetime(2024, 4, 1), tier(30, CostModel(margin_rate=0.5)), 0.25
    )
    last = rows[rows.period == rows.period.max()].set_index("customer")
    assert last.orders_profit.to_dict() == {"ann": 4.0, "bob": 20.0}
    assert last.referral_profit.to_dict() == {"ann": 5.0, "bob": -5.0}
