"""What is suggested: the likeliest first, of what was wanted, each with a reason."""

import pandas as pd
import pytest

from models.baskets.shops import BOUGHT, ranking, shop
from patron.errors import QuestionError, ScoreError
from patron.history.history import History
from patron.history.sources import events
from patron.models.baskets import what
from worlds.histories import CUTOFF, ago


def items(history: History, **how) -> dict[str, list[str]]:
    return what(ranking(), history, CUTOFF, **how).groupby("customer")["item"].agg(list).to_dict()


def test_the_own_past_comes_first_and_then_what_others_buy():
    assert items(shop()) == {
        "ann": ["tea", "cup", "jam"],
        "bob": ["jam", "cup", "tea"],
        "cat": ["jam", "cup", "tea"],
        "dan": ["jam", "cup", "tea"],
    }


def test_a_share_of_late_baskets_weighs_more_than_of_early_ones():
    chance = what(ranking(own_weight=1.0), shop(), CUTOFF).set_index(["customer", "item"]).chance
    assert chance["ann", "tea"] == pytest.approx(1.0)
    assert chance["ann", "cup"] == pytest.approx(0.95 / 1.95)


def test_what_is_bought_from_the_cutoff_on_changes_no_suggestion():
    past = [row for row in BOUGHT if row[1] > 0]
    assert items(shop()) == items(shop([*past, ("ann", 0, "jam"), ("bob", -1, "tea"), ("end", -9, "jam")]))


def test_a_customer_gets_no_more_than_was_wanted():
    assert items(shop(), k=1) == {"ann": ["tea"], "bob": ["jam"], "cat": ["jam"], "dan": ["jam"]}


def test_only_what_may_be_suggested_is():
    assert items(shop(), only=["cup", "jam"])["ann"] == ["cup", "jam"]


def test_what_was_bought_lately_can_be_left_out():
    assert items(shop(), without_bought_in=15)["ann"] == ["cup", "jam"]


def test_repeats_and_what_is_new_are_lists_of_their_own():
    assert items(shop(), among="repeat")["ann"] == ["tea", "cup"]
    assert items(shop(), among="new")["ann"] == ["jam"]
    assert set(what(ranking(), shop(), CUTOFF, among="new").kind) == {"new"}


def test_each_suggestion_has_its_reason():
    reason = what(ranking(), shop(), CUTOFF).set_index(["customer", "item"]).reason
    assert reason["ann", "tea"] == "bought 2 times, every 10 days, last 10 days ago"
    assert reason["ann", "cup"] == "bought once, 3 weeks ago"
    assert reason["ann", "jam"] == "popular: in 3 baskets of the last 30 days"


def test_names_of_items_are_told_where_a_column_gives_them():
    named = shop(item_name=[f"a {thing}" for _, _, thing in BOUGHT])
    table = what(ranking(), named, CUTOFF, k=1)
    assert table.set_index("customer").name.to_dict() == {
        "ann": "a tea",
        "bob": "a jam",
        "cat": "a jam",
        "dan": "a jam",
    }
    assert "name" not in what(ranking(), shop(), CUTOFF)


def test_an_item_never_seen_is_refused_with_the_nearest():
    with pytest.raises(QuestionError, match=r"the item 'teas', which nobody had bought before 2024-07-01 .* 'tea'"):
        what(ranking(), shop(), CUTOFF, only=["teas"])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"k": 0}, r"k is a whole number from 1, got 0. Write k=10"),
        ({"without_bought_in": 1.5}, r"without_bought_in is a whole number from 1, got 1.5"),
        ({"among": "old"}, r"among all, repeat, new, got 'old'"),
        ({"only": "tea"}, r"as a list, got the text 'tea'. Write only=\['tea'\]"),
    ],
)
def test_an_option_that_cannot_be_read_is_refused(how, message):
    with pytest.raises(QuestionError, match=message):
        what(ranking(), shop(), CUTOFF, **how)


def test_a_model_that_ranks_no_baskets_is_refused():
    with pytest.raises(ScoreError, match=r"'next_purchase' ranks no next basket by 'category'; it ranks by item"):
        what(ranking(), shop(by="category"), CUTOFF, by="category")


def test_without_order_lines_nothing_is_suggested():
    orders = pd.DataFrame({"customer": ["ann", "bob"], "at": [ago(9), ago(5)], "amount": [1.0, 2.0]})
    with pytest.raises(QuestionError, match=r"needs the item of each order line. This history has: no order lines"):
        what(ranking(), History.of(orders=events(orders)), CUTOFF)


def test_with_one_category_only_that_is_suggested_to_all():
    history = shop([("ann", 5, "tea"), ("bob", 3, "tea")], by="category")
    table = what(ranking(by="category"), history, by="category")
    assert table.category.tolist() == ["tea", "tea"]


def test_a_customer_with_returns_only_gets_no_suggestion():
    frame = pd.DataFrame({"customer": ["ann", "bob"], "at": [ago(9), ago(5)], "item": "tea", "amount": [1.0, -2.0]})
    history = History.of(lines=events(frame, order=lambda lines: lines.customer))
    assert what(ranking(), history, CUTOFF).customer.tolist() == ["ann"]


def test_a_customer_whose_lines_name_no_item_gets_what_is_popular():
    history = shop([("ann", 5, "tea"), ("bob", 3, None)])
    assert what(ranking(), history, CUTOFF).set_index("customer")["item"].to_dict() == {"ann": "tea", "bob": "tea"}


def test_where_no_customer_asked_about_ever_named_an_item_what_is_popular_is_suggested():
    history = shop([("ann", 90, "tea"), ("bob", 3, None)])
    table = what(ranking(active_in="30 days"), history, CUTOFF)
    assert table[["customer", "item", "kind"]].to_numpy().tolist() == [["bob", "tea", "new"]]


def test_where_no_line_names_an_item_nothing_is_suggested():
    history = shop([("ann", 20, None), ("bob", 15, None), ("ann", 3, "tea")])
    assert what(ranking(), history, ago(10)).empty
