"""What past baskets held: counted by hand, and never from the future."""

import pandas as pd
import pytest

from models.baskets.shops import BOUGHT, shop
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.sources import events
from patron.models.baskets.contents import (
    basket_kinds,
    baskets_of,
    check_contents,
    customer_items,
    customer_visits,
    item_sales,
    latest_baskets,
    next_baskets,
    next_baskets_before,
)
from patron.periods import Span
from worlds.histories import CUTOFF, ago


def baskets(history: History):
    return baskets_of(history, CUTOFF, "item", ["ann", "bob"])


def test_what_a_customer_bought_of_an_item_is_counted_by_baskets():
    pairs = customer_items(baskets(shop())).set_index(["customer", "item"])
    assert pairs.n.to_dict() == {("ann", "cup"): 1, ("ann", "tea"): 2, ("bob", "jam"): 1}
    assert pairs["last"].to_dict() == {("ann", "cup"): 20, ("ann", "tea"): 10, ("bob", "jam"): 5}
    assert pairs.place["ann", "cup"] == 1  # one basket ago
    assert pairs.grouped["ann", "tea"] == pytest.approx(1 + 0.95)
    assert pairs.faded_21["ann", "cup"] == pytest.approx(0.5 ** (20 / 21), abs=1e-8)


def test_baskets_are_counted_with_how_much_they_held():
    visits = customer_visits(baskets(shop()))
    assert visits.visits.to_dict() == {"ann": 2, "bob": 1}
    assert visits["size"].to_dict() == {"ann": 1.5, "bob": 1.0}
    assert (visits.recency["ann"], visits.age["ann"]) == (10, 20)


def test_how_an_item_sells_is_counted_over_all_customers():
    sales = item_sales(shop(), CUTOFF, "item")
    assert sales.sold_30.to_dict() == {"cup": 1, "jam": 3, "tea": 2}
    assert sales.rebuy_rate.to_dict() == {"cup": 0.0, "jam": 0.0, "tea": 1.0}
    assert sales.item_gap["tea"] == pytest.approx(10)
    assert pd.isna(sales.item_gap["cup"])


def test_what_is_bought_from_the_cutoff_on_changes_nothing_that_is_known():
    past = [row for row in BOUGHT if row[1] > 0]
    altered = [*past, ("ann", 0, "jam"), ("bob", -1, "tea"), ("end", -60, "cup")]
    for known in (customer_items, customer_visits, latest_baskets):
        pd.testing.assert_frame_equal(known(baskets(shop())), known(baskets(shop(altered))))
    pd.testing.assert_frame_equal(item_sales(shop(), CUTOFF, "item"), item_sales(shop(altered), CUTOFF, "item"))


def test_the_next_basket_is_the_first_within_the_horizon():
    held = next_baskets(shop(), CUTOFF, Span(30), "item")
    assert held.to_dict("list") == {"customer": ["ann", "bob"], "item": ["tea", "jam"]}


def test_the_basket_that_came_since_a_horizon_ago_is_told_from_the_past_alone():
    held = next_baskets_before(shop(), CUTOFF, Span(15), "item")
    assert held.to_dict("list") == {"customer": ["ann", "bob", "cat", "dan"], "item": ["tea", "jam", "jam", "jam"]}


def test_a_line_that_became_known_late_is_no_basket_that_others_are_likened_to():
    late = shop(known_at=[ago(-1) if customer == "cat" else ago(days) for customer, days, _ in BOUGHT])
    assert "cat" not in set(next_baskets_before(late, CUTOFF, Span(15), "item").customer)


def test_the_lines_of_one_order_are_one_basket_though_they_were_noted_at_different_seconds():
    second = 1 / 86_400
    bought = [("ann", 20.0, "tea", "1"), ("ann", 20.0 - second, "cup", "1"), ("end", -60.0, "jam", "9")]
    bought += [("ann", -2.0, "tea", "3"), ("ann", -2.0 - second, "cup", "3"), ("ann", -5.0, "jam", "4")]
    frame = pd.DataFrame(bought, columns=["customer", "days", "item", "order"])
    frame["at"] = [ago(days) for days in frame.days]
    history = History.of(lines=events(frame.drop(columns="days").assign(amount=1.0)))
    assert customer_visits(baskets(history)).visits["ann"] == 1
    assert next_baskets(history, CUTOFF, Span(30), "item")["item"].tolist() == ["cup", "tea"]
    assert latest_baskets(baskets(history)).basket.tolist() == [0, 0]


def test_baskets_are_told_in_what_the_lines_have():
    assert basket_kinds(shop()) == ("item",)
    assert basket_kinds(shop(by="category")) == ("category",)
    with pytest.raises(QuestionError, match=r"needs the category of each order line. This history has: .*item"):
        check_contents(shop(), "category")
