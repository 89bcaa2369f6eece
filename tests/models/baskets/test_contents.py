"""What past baskets held: counted by hand, and never from the future."""

import numpy as np
import pandas as pd
import pytest

from models.baskets.shops import BOUGHT, bought, shop
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.sources import events
from patron.models.baskets.contents import basket_kinds, check_contents
from patron.models.baskets.counting import (
    Baskets,
    baskets_of,
    customer_items,
    customer_visits,
    latest_baskets,
)
from patron.models.baskets.lines import Lines, next_baskets, next_baskets_before
from patron.models.baskets.reading import read_lines
from patron.models.baskets.sales import Sales
from patron.periods import Span
from worlds.histories import CUTOFF, ago

FEW = np.array(["ann", "bob"], dtype=object)


def baskets(lines: Lines) -> Baskets:
    return baskets_of(lines, CUTOFF, FEW)


def sales_of(lines: Lines) -> pd.DataFrame:
    return Sales.of(len(lines.items)).plus(lines, CUTOFF).table(lines.items)


def pairs_of(lines: Lines) -> pd.DataFrame:
    pairs = customer_items(baskets(lines))
    return pairs.assign(customer=FEW[pairs.pop("row")], item=lines.items[pairs["item"]])


def test_what_a_customer_bought_of_an_item_is_counted_by_baskets():
    pairs = pairs_of(bought()).set_index(["customer", "item"])
    assert pairs.n.to_dict() == {("ann", "cup"): 1, ("ann", "tea"): 2, ("bob", "jam"): 1}
    assert pairs["last"].to_dict() == {("ann", "cup"): 20, ("ann", "tea"): 10, ("bob", "jam"): 5}
    assert pairs.place["ann", "cup"] == 1  # one basket ago
    assert pairs.grouped["ann", "tea"] == pytest.approx(1 + 0.95)
    assert pairs.faded_21["ann", "cup"] == pytest.approx(0.5 ** (20 / 21), abs=1e-8)


def test_baskets_are_counted_with_how_much_they_held():
    visits = customer_visits(baskets(bought()))
    assert visits.visits.to_dict() == {"ann": 2, "bob": 1}
    assert visits["size"].to_dict() == {"ann": 1.5, "bob": 1.0}
    assert (visits.recency["ann"], visits.age["ann"]) == (10, 20)


def test_how_an_item_sells_is_counted_over_all_customers():
    sales = sales_of(bought())
    assert sales.sold_30.to_dict() == {"cup": 1, "jam": 3, "tea": 2}
    assert sales.rebuy_rate.to_dict() == {"cup": 0.0, "jam": 0.0, "tea": 1.0}
    assert sales.item_gap["tea"] == pytest.approx(10)
    assert pd.isna(sales.item_gap["cup"])


def test_what_is_bought_from_the_cutoff_on_changes_nothing_that_is_known():
    past = [row for row in BOUGHT if row[1] > 0]
    altered = [*past, ("ann", 0, "jam"), ("bob", -1, "tea"), ("end", -60, "cup")]
    for known in (customer_items, customer_visits, latest_baskets):
        pd.testing.assert_frame_equal(known(baskets(bought())), known(baskets(bought(altered))))
    pd.testing.assert_frame_equal(sales_of(bought()), sales_of(bought(altered)))


def test_the_next_basket_is_the_first_within_the_horizon():
    held = next_baskets(bought(), CUTOFF, Span(30))
    assert held.to_dict("list") == {"customer": ["ann", "bob"], "item": ["tea", "jam"]}


def test_the_basket_that_came_since_a_horizon_ago_is_told_from_the_past_alone():
    held = next_baskets_before(bought(), CUTOFF, Span(15))
    assert held.to_dict("list") == {"customer": ["ann", "bob", "cat", "dan"], "item": ["tea", "jam", "jam", "jam"]}


def test_a_line_that_became_known_late_is_no_basket_that_others_are_likened_to():
    late = bought(known_at=[ago(-1) if customer == "cat" else ago(days) for customer, days, _ in BOUGHT])
    assert "cat" not in set(next_baskets_before(late, CUTOFF, Span(15)).customer)


def test_the_lines_of_one_order_are_one_basket_though_they_were_noted_at_different_seconds():
    second = 1 / 86_400
    rows = [("ann", 20.0, "tea", "1"), ("ann", 20.0 - second, "cup", "1"), ("end", -60.0, "jam", "9")]
    rows += [("ann", -2.0, "tea", "3"), ("ann", -2.0 - second, "cup", "3"), ("ann", -5.0, "jam", "4")]
    frame = pd.DataFrame(rows, columns=["customer", "days", "item", "order"])
    frame["at"] = [ago(days) for days in frame.days]
    lines = read_lines(History.of(lines=events(frame.drop(columns="days").assign(amount=1.0))), "item")
    assert customer_visits(baskets(lines)).visits["ann"] == 1
    assert next_baskets(lines, CUTOFF, Span(30))["item"].tolist() == ["cup", "tea"]
    assert latest_baskets(baskets(lines)).basket.tolist() == [0, 0]


def test_baskets_are_told_in_what_the_lines_have():
    assert basket_kinds(shop()) == ("item",)
    assert basket_kinds(shop(by="category")) == ("category",)
    with pytest.raises(QuestionError, match=r"needs the category of each order line. This history has: .*item"):
        check_contents(shop(), "category")


def test_lines_are_the_same_in_whatever_order_they_come():
    those, back = bought(price=2.5, quantity=3), bought(BOUGHT[::-1], price=2.5, quantity=3)
    for name in ("customer", "item", "basket", "at", "price", "quantity"):
        np.testing.assert_array_equal(getattr(those, name), getattr(back, name))
    assert those.customers[those.customer].tolist()[:5] == ["ann", "ann", "ann", "ann", "bob"]
    assert those.items[those.item].tolist()[:5] == ["cup", "tea", "tea", "tea", "cup"]


def test_who_ordered_within_the_window_is_active_as_far_as_it_was_known():
    assert bought().active(CUTOFF, Span(10)).tolist() == ["ann", "bob", "cat", "dan"]
    assert bought().active(CUTOFF, Span(4)).tolist() == ["cat", "dan"]
    late = bought(known_at=[ago(-1) if customer == "cat" else ago(days) for customer, days, _ in BOUGHT])
    assert late.active(CUTOFF, Span(4)).tolist() == ["dan"]


def test_of_an_item_that_was_bought_twice_for_a_basket_the_pieces_are_added_up():
    rows = [("ann", 5, "tea"), ("ann", 5, "tea"), ("end", -60, "jam")]
    pairs = pairs_of(bought(rows, price=[4.0, 2.0, 1.0], quantity=[1.0, 2.0, 1.0])).set_index(["customer", "item"])
    assert pairs.loc[("ann", "tea"), ["n", "price", "quantity", "spent"]].tolist() == [1, 2.0, 3.0, 6.0]
