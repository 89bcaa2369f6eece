"""Figures of the portfolio on a few customers, counted by hand: concentration, tiers, bridge, loyalty, moves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.portfolio.concentration import concentration_curve, herfindahl, top_shares
from patron.portfolio.equity import equity_bridge, equity_by, margin_shares, total
from patron.portfolio.figures import figure_table
from patron.portfolio.loyalty import relationship_of, usual_profit
from patron.portfolio.migration import JOINED, adjusted_rand, moves
from patron.portfolio.tiers import next_tiers, tier_lows, tier_of
from patron.questions.kinds import Tier, tier
from patron.questions.profit import CostModel

TIERS = tier(90, CostModel(margin_rate=0.4))
CENTS = st.integers(-(10**7), 10**9).map(lambda cents: cents / 100)
WORTH = st.tuples(st.sampled_from("abcdefgh"), CENTS, st.floats(0, 1))


def of_customers(rows):
    return pd.DataFrame(rows, columns=["customer", "equity", "purchase_probability"]).drop_duplicates("customer")


def test_the_best_of_200_customers_with_half_of_the_money_are_the_top_percent():
    money = np.array([49.5, 49.5, *[0.5] * 198])
    shares = top_shares(money)
    assert shares[0.01] == pytest.approx(0.5)
    assert shares[0.05] == pytest.approx((99 + 4) / 198)


def test_the_herfindahl_index_counts_customers_of_one_size_and_leaves_losses_out():
    assert 1 / herfindahl(np.array([10.0] * 8)) == pytest.approx(8)
    assert herfindahl(np.array([10.0, -90.0])) == 1.0


def test_the_curve_of_profit_rises_above_all_of_it_where_some_customers_lose_money():
    curve = concentration_curve(np.array([150.0, -50.0]))
    assert curve.money.max() == 1.5
    assert curve.money.iloc[-1] == 1.0


def test_tiers_hold_their_shares_of_the_customers_with_a_profit():
    profit = np.array([-5.0, 0.0, *range(1, 101)], dtype=float)
    counts = pd.Series(tier_of(TIERS, tier_lows(TIERS, profit), profit)).value_counts()
    assert counts.to_dict() == {"iron": 75, "gold": 20, "platinum": 5, "lead": 2}


def test_where_nobody_brings_a_profit_all_are_in_the_lowest_tier():
    profit = np.array([-1.0, -2.0, 0.0])
    assert set(tier_of(TIERS, tier_lows(TIERS, profit), profit)) == {"lead"}


def test_thresholds_of_the_question_count_before_shares():
    question = Tier(TIERS.horizon, costs=TIERS.costs, thresholds=(100.0, 10.0))
    assert tier_lows(question, np.array([1.0])) == [0.0, 10.0, 100.0]


def test_moves_count_every_customer_of_now_once_and_those_who_joined_apart():
    before, now = pd.Series({"a": "x", "b": "y"}), pd.Series({"a": "y", "b": "y", "c": "x"})
    table = moves(before, now, ["x", "y"])
    assert table.loc["x", "y"] == 1
    assert table.loc[JOINED, "x"] == 1
    assert table.to_numpy().sum() == 3


def test_groups_that_only_changed_their_names_agree_fully_and_a_split_by_halves_does_not():
    before = pd.Series(list("xxyy"), list("abcd"))
    assert adjusted_rand(before, before.map({"x": "p", "y": "q"})) == 1.0
    assert adjusted_rand(before, pd.Series(list("xyxy"), list("abcd"))) == pytest.approx(-0.5)
    assert adjusted_rand(before, before.map(lambda group: "x")) == 0.0


def test_a_tier_in_which_nobody_stood_leads_nowhere():
    table = next_tiers(pd.DataFrame(0, ["lead", "gold", JOINED], ["lead", "gold"]))
    assert table.next.isna().all()
    assert table.stayed.isna().all()


@settings(max_examples=40)
@given(st.lists(WORTH, min_size=1), st.lists(WORTH, min_size=1))
def test_the_bridge_leads_from_the_equity_before_to_that_of_now_to_the_cent(before, later):
    earlier, now = of_customers(before), of_customers([*later, *((c, 1.0, 0.5) for c, _, _ in before)])
    money = equity_bridge(earlier, now).set_index("part").money
    steps = money[["lost", "shrunk", "grown", "new"]].sum()
    assert money.before + steps == pytest.approx(money.now, abs=0.005)
    assert money.before == pytest.approx(money.kept - money.lost - money.shrunk, abs=0.005)
    assert money.now == pytest.approx(money.kept + money.grown + money.new, abs=0.005)


def test_a_margin_is_drawn_towards_that_of_all_the_more_the_less_a_customer_spent():
    customers = pd.DataFrame({"spend": [1.0, 1000.0, 499.0], "profit": [1.0, 100.0, 49.0]})
    small, large, _ = margin_shares(customers)
    assert small == pytest.approx((1 + 500 * 0.1) / 501)
    assert large == pytest.approx((100 + 500 * 0.1) / 1500)


def test_margins_of_customers_who_lose_money_are_below_zero():
    assert (margin_shares(pd.DataFrame({"spend": [10.0, 20.0], "profit": [-1.0, -4.0]})) < 0).all()


def test_equity_by_group_adds_up_and_holds_the_sum_in_its_interval():
    customers = pd.DataFrame({"cohort": ["x"] * 30 + ["y"] * 20, "equity": np.arange(50.0)})
    table = equity_by(customers, "cohort")
    assert table.equity.sum() == 1225.0
    assert table.customers.tolist() == [30, 20]
    assert (table.low < table.equity).all()
    assert (table.equity < table.high).all()


def test_bounds_of_many_customers_are_those_that_drawing_them_comes_to():
    money = np.tile([0.0, 10.0], 4000)
    drawn, limit = total(money), total(np.tile(money, 2))
    assert drawn.high - drawn.low == pytest.approx((limit.high - limit.low) / np.sqrt(2), rel=0.1)


def test_a_single_customer_has_a_sum_and_no_bounds():
    assert np.isnan(total(np.array([7.0])).low)
    assert total(np.array([7.0])).value == 7.0


def test_of_customers_who_only_lose_money_none_is_a_friend_or_a_butterfly():
    customers = pd.DataFrame({"profit": [-5.0, -1.0], "tenure": [10.0, 800.0], "purchase_probability": [0.9, 0.1]})
    assert relationship_of(customers, usual_profit(customers)).tolist() == ["barnacles", "strangers"]


def test_the_page_of_figures_has_the_table_that_the_code_has():
    page = (Path(__file__).parents[2] / "docs" / "portfolio.md").read_text()
    assert figure_table() in page
