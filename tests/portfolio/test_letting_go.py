"""Letting go: who loses money and by what, what to try first, and an option that is never worth less than nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.portfolio.letting_go import first_step, loss_reason, option_to_end

PARTS = ["orders_profit", "tickets_profit"]


def customers(*rows):
    columns = ["profit", "profit_lately", "orders_profit_lately", "tickets_profit_lately"]
    return pd.DataFrame(rows, columns=columns, dtype=float)


def test_who_lost_money_once_or_only_lately_is_not_on_the_list():
    frame = customers((-9, -2, 1, -3), (-9, 2, 2, 0), (9, -2, 1, -3), (-9, -2, -2, 0))
    assert loss_reason(frame, PARTS).tolist() == ["tickets", None, None, "orders"]


def test_a_gentler_step_comes_first():
    assert first_step("returns").startswith("ask why")
    assert first_step("tickets") == "self-service, or another level of service"


def test_a_customer_who_costs_two_in_each_of_three_periods_is_worth_ending():
    table = option_to_end(pd.DataFrame([[5]], ["lead"], ["lead"]), pd.Series({"lead": -2.0}), 3, 0.0)
    assert table.loc["lead"].tolist() == [-6.0, 0.0, 6.0]


def test_a_loss_that_is_likely_to_turn_is_kept():
    moves = pd.DataFrame([[1, 9], [0, 5]], ["lead", "gold"], ["lead", "gold"])
    table = option_to_end(moves, pd.Series({"lead": -1.0, "gold": 10.0}), 2, 0.0)
    assert table.loc["lead"].tolist() == pytest.approx([-1 + 0.9 * 10 - 0.1, -1 + 0.9 * 10, 0.1])


def test_a_tier_in_which_nobody_stood_stays_as_it_is():
    moves = pd.DataFrame(0, ["lead", "gold"], ["lead", "gold"])
    assert option_to_end(moves, pd.Series({"gold": 4.0}), 2, 1.0).value.tolist() == [0.0, 6.0]


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 9), min_size=9, max_size=9),
    st.lists(st.floats(-100, 100), min_size=3, max_size=3),
    st.integers(1, 8),
)
def test_the_option_is_worth_nothing_or_more(counts, profit, periods):
    names = ["a", "b", "c"]
    moves = pd.DataFrame(np.reshape(counts, (3, 3)), names, names)
    assert (option_to_end(moves, pd.Series(profit, names), periods, 0.1).option >= -1e-9).all()
