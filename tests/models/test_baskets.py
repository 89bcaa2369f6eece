"""What is bought next: counted by hand, never from the future, and judged beside the two simple ways."""

import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.history.history import History
from patron.history.sources import events
from patron.models.baskets import Basket, asked_by, fit_basket, judge_basket, suggest
from patron.periods import EVER, Span
from worlds.histories import CUTOFF, ago

BOUGHT = [
    ("ann", 20, "tea"),
    ("ann", 20, "cup"),
    ("ann", 10, "tea"),
    ("bob", 5, "jam"),
    ("cat", 4, "jam"),
    ("dan", 3, "jam"),
    ("ann", -2, "tea"),
    ("bob", -3, "jam"),
    ("bob", -9, "cup"),
    ("end", -60, "jam"),
]


def shop(bought=BOUGHT) -> History:
    frame = pd.DataFrame(bought, columns=["customer", "days", "category"])
    frame["at"] = [ago(days) for days in frame.days]
    return History.of(lines=events(frame.drop(columns="days").assign(amount=1.0)))


def likely(history: History, **how) -> dict[str, list[str]]:
    made = suggest(history, CUTOFF, EVER, Basket("category", 1e9, **how))
    return made.groupby("customer").category.agg(list).to_dict()


def test_the_chance_leans_from_the_own_past_to_what_everybody_buys():
    made = suggest(shop(), CUTOFF, EVER, Basket("category", 1e9, weight=1.0)).set_index(["customer", "category"]).chance
    assert made["ann", "tea"] == pytest.approx((2 + 2 / 5) / (2 + 1))
    assert made["ann", "cup"] == pytest.approx((1 + 1 / 5) / (2 + 1))
    assert made["ann", "jam"] == pytest.approx((0 + 3 / 5) / (2 + 1))


def test_without_weight_the_own_past_leads_and_with_much_of_it_popularity_does():
    assert likely(shop(), weight=1e-6)["ann"] == ["tea", "cup", "jam"]
    assert likely(shop(), weight=1e9)["ann"] == ["jam", "tea", "cup"]


def test_what_is_bought_from_the_cutoff_on_changes_no_suggestion():
    past = [row for row in BOUGHT if row[1] > 0]
    assert likely(shop(), weight=1.0) == likely(shop([*past, ("ann", 0, "jam"), ("bob", -1, "tea")]), weight=1.0)


def test_an_old_basket_counts_half_after_its_half_life():
    made = suggest(shop(), CUTOFF, EVER, Basket("category", 10.0, weight=1e-9)).set_index(["customer", "category"])
    assert made.chance["ann", "cup"] == pytest.approx(0.25 / (0.25 + 0.5))


def test_suggestions_are_judged_by_the_first_basket_of_the_horizon():
    card = judge_basket(shop(), [CUTOFF], EVER, Span(30), Basket("category", 1e9, weight=1.0, top=1))
    assert card.rows == 2
    assert card.hit["ours"].value == 1.0
    assert card.hit["popular"].value == 0.5
    assert card.recall["own past"].value == 1.0


def test_the_way_is_chosen_that_foretells_most():
    assert fit_basket(shop(), [CUTOFF], EVER, Span(30), "category").weight < 100


def test_baskets_are_told_in_what_the_lines_have():
    assert asked_by(shop()) == ("category",)
    with pytest.raises(QuestionError, match=r"What is bought next needs the item of each order line."):
        suggest(shop(), CUTOFF, EVER, Basket("item"))


def test_what_nobody_ever_bought_before_is_counted_apart():
    card = judge_basket(shop([*BOUGHT, ("ann", -2, "hat")]), [CUTOFF], EVER, Span(30), Basket("category", 1e9, top=1))
    assert card.unseen == pytest.approx(1 / 3)  # ann's tea and hat, bob's jam


def test_the_lines_of_one_order_are_one_basket_though_they_were_noted_at_different_seconds():
    second = 1 / 86_400
    bought = [("ann", 20.0, "tea", "1"), ("bob", 9.0, "cup", "2"), ("end", -60.0, "jam", "9")]
    bought += [("ann", -2.0, "tea", "3"), ("ann", -2.0 - second, "cup", "3"), ("ann", -5.0, "jam", "4")]
    frame = pd.DataFrame(bought, columns=["customer", "days", "category", "order"])
    frame["at"] = [ago(days) for days in frame.days]
    history = History.of(lines=events(frame.drop(columns="days").assign(amount=1.0)))
    card = judge_basket(history, [CUTOFF], EVER, Span(30), Basket("category", 1e9, weight=1.0, top=1))
    assert (card.rows, card.recall["own past"].value) == (1, 0.5)
