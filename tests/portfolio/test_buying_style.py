"""Buying style: discounts, prices and brands counted by hand; stages add up to all customers."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.portfolio.buying_style import STAGES, buying_style, with_style
from worlds.histories import history_from, small

AT = datetime(2024, 3, 1)


@pytest.fixture(scope="module")
def history():
    columns = ["customer", "at", "amount", "discount", "category", "price", "quantity", "brand"]
    rows = [
        ("ann", "2024-01-01", 30.0, 5.0, "tea", 3.0, 10.0, "x"),
        ("ann", "2024-01-09", 10.0, 0.0, "tea", 1.0, 10.0, "x"),
        ("ann", "2024-02-01", 20.0, 0.0, "soap", 2.0, 10.0, "x"),
        ("ann", "2024-02-03", 20.0, 0.0, "soap", 2.0, 10.0, "z"),
        ("bob", "2024-02-09", 40.0, None, "tea", 4.0, 10.0, "y"),
        ("cid", "2022-01-01", 9.0, 1.0, "tea", 9.0, 1.0, "x"),
        ("dan", "2024-02-29", 9.0, 9.0, "ink", 9.0, 1.0, "x"),
    ]
    return history_from(orders=pd.DataFrame(rows, columns=columns))


def test_shares_and_indices_of_a_year_counted_by_hand(history):
    style = buying_style(history, AT)
    assert "cid" not in style.index
    assert style.discount_share[["ann", "bob", "dan"]].tolist() == [30.0 / 80.0, 0.0, 1.0]
    usual_tea = (3.0 + 1.0 + 4.0) / 3
    assert style.price_index["ann"] == pytest.approx(80.0 / (20 * usual_tea + 20 * 2.0))
    assert style.brand_concentration[["ann", "bob"]].tolist() == pytest.approx([(2 * 1.0 + 2 * 0.5) / 4, 1.0])


def test_money_that_was_sent_back_is_no_share_of_anything():
    columns = ["customer", "at", "amount", "discount", "order"]
    orders = [("ann", "2024-01-01", 30.0, 5.0, "1"), ("ann", "2024-01-09", 10.0, 0.0, "2")]
    back = pd.DataFrame([("ann", "2024-01-20", 20.0, "1")], columns=["customer", "at", "amount", "order"])
    history = history_from(orders=pd.DataFrame(orders, columns=columns), returns=back)
    assert buying_style(history, AT).discount_share["ann"] == 10.0 / 20.0
    assert buying_style(history, datetime(2024, 1, 15)).discount_share["ann"] == 30.0 / 40.0


def test_lines_count_by_the_part_that_is_left_of_their_order():
    columns = ["customer", "at", "amount", "discount", "order"]
    lines = [
        ("ann", "2024-01-01", 30.0, 5.0, "1"),
        ("ann", "2024-01-01", 10.0, 0.0, "1"),
        ("ann", "2024-01-09", 20.0, 0.0, "2"),
        ("ann", "2024-01-20", -20.0, 0.0, "1"),
    ]
    history = history_from(lines=pd.DataFrame(lines, columns=columns))
    assert buying_style(history, AT).discount_share["ann"] == 15.0 / 40.0


def test_each_customer_has_a_stage_and_who_is_silent_has_none(history):
    customers = pd.DataFrame({"customer": ["cid", "ann", "bob", "dan"], "purchase_probability": [0.1, 0.9, 0.9, 0.9]})
    known, left_out = with_style(history, AT, customers)
    assert left_out == {}
    assert known.loyalty_stage.tolist() == ["silent", "action", "affective", "price-driven"]
    assert known.budget_conscious.tolist() == [False, False, False, True]
    assert known.brand_loyal.tolist() == [False, False, False, False]
    assert set(known.loyalty_stage) <= set(STAGES)
    assert np.isnan(known.discount_share[0])


def test_orders_without_discount_price_and_brand_have_no_style():
    customers = pd.DataFrame({"customer": ["ann"], "purchase_probability": 0.5})
    known, left_out = with_style(small(("ann", "2024-02-05", 10.0)), datetime(2024, 2, 6), customers)
    assert known.columns.tolist() == ["customer", "purchase_probability"]
    assert left_out == {
        "discount share": "It needs the discount and the amount of orders or lines. Declare them.",
        "price index": "It needs the price, quantity and category of orders or lines. Declare them.",
        "brand concentration": "It needs the brand and category of orders or lines. Declare them.",
    }


def test_without_equity_there_are_shares_and_no_stages_and_it_is_said_why(history):
    known, left_out = with_style(history, AT, pd.DataFrame({"customer": ["ann"]}))
    assert known.discount_share[0] == 30.0 / 80.0
    assert "loyalty_stage" not in known
    assert left_out["stages of loyalty"].startswith("They need the discount of orders, and equity")
