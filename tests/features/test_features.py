"""Every built-in feature, counted by hand on one small history, and by plain loops on generated ones."""

import math
import re
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron import features
from patron.features import ALL, available, fitted, purchases, service
from patron.features.definitions import columns, definitions
from patron.features.measures import THEMES, Combination
from patron.history.history import History
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from worlds.histories import CUTOFF, TIMES, ago, features_at, history_from, history_of

ORDERS = [("ann", ago(10), 40.0), ("ann", ago(40), 20.0), ("ann", ago(100), 30.0), ("ann", ago(400), 10.0)]
RETURNS = [("ann", ago(5), 8.0), ("ann", ago(200), 2.0)]
LINES = [
    ("ann", ago(10), "4", "cup", "red", 2, 10.0),
    ("ann", ago(10), "4", "pot", "blue", 1, 20.0),
    ("ann", ago(40), "3", "cup", "red", 2, 10.0),
    ("ann", ago(100), "2", "jar", "red", 3, 10.0),
    ("ann", ago(400), "1", "pot", "blue", 1, 10.0),
]
ANN = {
    "orders_30d": 1, "orders_90d": 2, "orders_180d": 3, "orders_365d": 3, "orders": 4,
    "recency": 10, "tenure": 400, "active_months_365d": 3,
    "spend_30d": 40, "spend_90d": 60, "spend_365d": 90, "spend": 100,
    "mean_order_90d": 30, "mean_order_365d": 30, "mean_order": 25,
    "largest_order": 40, "order_spread": math.sqrt((15**2 + 5**2 + 5**2 + 15**2) / 3),
    "last_order": 40, "first_order": 10,
    "usual_gap": 390 / 3, "overdue": 10 / 130,
    "order_trend": 2 / 3, "spend_trend": 60 / 90,
    "returns_90d": 1, "returns_365d": 2, "returns": 2,
    "refunded_90d": 8, "refunded_365d": 10, "refunded": 10, "last_return": 5,
    "return_rate_90d": 1 / 2, "return_rate_365d": 2 / 3, "return_rate": 2 / 4,
    "refund_share_90d": 8 / 60, "refund_share_365d": 10 / 90, "refund_share": 10 / 100,
    "lines_90d": 3, "lines_365d": 4, "lines": 5,
    "items_90d": 2, "items_365d": 3, "items": 3,
    "categories_90d": 2, "categories_365d": 2, "categories": 2,
    "usual_quantity_90d": 5 / 3, "usual_quantity_365d": 8 / 4, "usual_quantity": 9 / 5,
    "usual_price_90d": 40 / 3, "usual_price_365d": 50 / 4, "usual_price": 60 / 5,
    "basket_90d": 3 / 2, "basket_365d": 4 / 3, "basket": 5 / 4,
    "novelty_90d": 2 / 3, "novelty_365d": 3 / 4, "novelty": 3 / 5,
    "month": 7,
}  # fmt: skip
LAPSED = {
    "orders": 1, "recency": 500, "tenure": 500, "spend": 5, "mean_order": 5, "largest_order": 5,
    "last_order": 5, "first_order": 5, "return_rate": 0, "refund_share": 0, "basket": 0, "month": 7,
}  # fmt: skip
CONTACTS = [
    ("ann", ago(10), "mail", "complaint", 2.0, "out"),
    ("ann", ago(80), "call", "question", 3.0, "in"),
    ("ann", ago(200), "call", "complaint", 4.0, "in"),
    ("ann", ago(300), "call", "complaint", 5.0, "in"),
    ("ann", ago(500), "shop", "question", 7.0, "out"),
]
ANN_CONTACTS = {
    "contacts_30d": 1, "contacts_90d": 2, "contacts_365d": 4, "last_contact": 10,
    "contact_channels_365d": 2, "contact_channels": 3, "contact_kinds_365d": 2, "contact_kinds": 2,
    "contact_cost_365d": 14, "contact_cost": 21, "contact_complaints_365d": 3 / 4, "contact_complaints": 3 / 5,
    "contacts_begun_30d": 0, "contacts_begun_90d": 1, "contacts_begun_365d": 3, "contacts_begun_share_365d": 3 / 4,
    "contacts_begun_share": 3 / 5, "contact_trend": 2 / 4, "contacts_per_order_365d": 4 / 3,
    "tickets_30d": 1, "tickets_90d": 2, "tickets_365d": 4, "last_ticket": 10, "ticket_channels_365d": 2,
    "ticket_channels": 3, "ticket_cost_365d": 14, "ticket_cost": 21, "ticket_complaints_365d": 3 / 4,
    "ticket_complaints": 3 / 5,
}  # fmt: skip
REFERRALS = [("ann", ago(20)), ("ann", ago(500))]
ANN_REFERRALS = {"referrals_365d": 1, "referrals": 2, "last_referral": 20}
GONE = {10: 40, 40: 20, 100: 30, 400: 10}  # ann's orders: days ago and money; a Friday, Wednesday, Saturday, Sunday
ANN_WIDE = {
    "fresh_orders": sum(0.5 ** (d / 30) for d in GONE), "warm_orders": sum(0.5 ** (d / 180) for d in GONE),
    "gap_spread": math.sqrt((100**2 + 70**2 + 170**2) / 2), "longest_gap": 300, "last_gap": 30,
    "unsteadiness": math.sqrt(21900) / 130, "gap_change": 30 / 130, "overdue_longest": 10 / 300,
    "weekend_share": 2 / 4, "month_trend": 1 / 2, "order_rate": 4 / 400, "quiet_share": 10 / 400,
    "median_order_365d": 30, "median_order": 25, "smallest_order": 10, "largest_order_365d": 40,
    "order_spread_365d": 10, "last_order_size": 40 / 25, "first_order_size": 10 / 25, "value_trend": 30 / 25,
    "fresh_spend": sum(a * 0.5 ** (d / 30) for d, a in GONE.items()),
    "warm_spend": sum(a * 0.5 ** (d / 180) for d, a in GONE.items()),
    "spend_month_trend": 40 / 60, "mean_return": 5, "largest_return": 8,
    "warm_returns": 0.5 ** (5 / 180) + 0.5 ** (200 / 180), "return_trend": 1 / 2,
    "pieces_90d": 5, "pieces_365d": 8, "pieces": 9, "largest_line": 3,
    "category_evenness_365d": -(3 / 4 * math.log2(3 / 4) + 1 / 4 * math.log2(1 / 4)),
    "category_evenness": -(3 / 5 * math.log2(3 / 5) + 2 / 5 * math.log2(2 / 5)),
    "price_spread_365d": 5, "price_spread": math.sqrt(20), "highest_price": 20, "lowest_price": 10,
    "price_trend": 40 / 3 / 12, "line_trend": 3 / 4, "item_trend": 2 / 3,
}  # fmt: skip
COUNTED = {"orders", "active_months", "spend", "returns", "refunded", "lines", "items", "categories"}


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    """Ann, and bob whose one order is 500 days old and of whom no lines are known."""
    history = history_of([*ORDERS, ("bob", ago(500), 5.0)], returns=RETURNS, lines=LINES)
    return features_at(history, CUTOFF, *features.BASIC)


def test_every_basic_feature_is_counted_here(found: pd.DataFrame) -> None:
    assert [name for name, _, _ in columns(features.BASIC)] == list(ANN)
    assert found.columns.tolist() == list(ANN)


@pytest.mark.parametrize("name", ANN)
def test_a_built_in_feature_is_what_a_person_counts(found: pd.DataFrame, name: str) -> None:
    assert found.loc["ann", name] == pytest.approx(ANN[name], rel=1e-12)


def test_a_lapsed_customer_counts_zero_and_has_no_means(found: pd.DataFrame) -> None:
    bob = found.loc["bob"]
    counts = {name: 0 for name in ANN if name.partition("_3")[0].partition("_9")[0].partition("_18")[0] in COUNTED}
    expected = counts | LAPSED
    assert bob[list(expected)].to_dict() == expected
    assert bob.drop(list(expected)).isna().all()


def test_one_order_has_no_gap_and_no_spread() -> None:
    history = history_of([("a", ago(9), 3.0), ("b", ago(9), 3.0), ("b", ago(9), 5.0)])
    asked = features_at(history, CUTOFF, purchases.usual_gap, purchases.overdue, purchases.order_spread)
    assert asked.loc["a"].isna()[["usual_gap", "overdue", "order_spread"]].all()
    assert asked.loc["b", "usual_gap"] == 0.0
    assert math.isnan(asked.loc["b", "overdue"])
    assert asked.loc["b", "order_spread"] == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize("turn", [1, -1])
def test_of_orders_at_one_instant_the_same_one_counts_in_every_order_of_rows(turn: int) -> None:
    tied = [("a", ago(9), 3.0), ("a", ago(9), 7.0), ("a", ago(2), 8.0), ("a", ago(2), 4.0), ("a", ago(2), 6.0)][::turn]
    asked = features_at(history_of(tied), CUTOFF, purchases.first_order, purchases.last_order)
    assert asked.loc["a", ["first_order", "last_order"]].tolist() == [7.0, 4.0]


def test_orders_without_an_amount_count_but_bring_no_money() -> None:
    asked = features_at(
        history_of([("a", ago(9), None)]), CUTOFF, purchases.orders, purchases.spend, purchases.mean_order
    )
    assert asked.loc["a", ["orders_30d", "spend"]].tolist() == [1, 0]
    assert math.isnan(asked.loc["a", "mean_order"])


def test_money_is_added_up_to_the_cent() -> None:
    many = [("a", ago(9), 0.1)] * 10 + [("a", ago(8), -0.25)] * 4
    asked = features_at(history_of(many), CUTOFF, purchases.spend, service.refund_share)
    assert asked.loc["a", ["spend", "refund_share"]].tolist() == [1.0, 1.0]


def test_contacts_and_tickets_are_counted_by_hand():
    assert set(ANN_CONTACTS) == {name for name, _, _ in columns(features.contacts.ALL)}
    history = history_of(ORDERS, contacts=CONTACTS, tickets=CONTACTS)
    made = features_at(history, CUTOFF, *features.contacts.ALL).loc["ann"].to_dict()
    assert {name: made[name] for name in ANN_CONTACTS} == pytest.approx(ANN_CONTACTS)


def test_referrals_are_counted_by_hand():
    made = features_at(history_of(ORDERS, referrals=REFERRALS), CUTOFF, *features.social.ALL).loc["ann"].to_dict()
    assert {name: made[name] for name in ANN_REFERRALS} == pytest.approx(ANN_REFERRALS)


def test_habits_values_and_baskets_are_counted_by_hand():
    asked = (*features.habits.ALL, *features.values.ALL, *features.baskets.ALL)
    history = history_of(ORDERS, returns=RETURNS, lines=LINES)
    made = features_at(history, CUTOFF, *asked).loc["ann"].to_dict()
    assert {name: made[name] for name, _, _ in columns(asked)} == pytest.approx(ANN_WIDE)


def test_the_fold_gives_what_was_counted_by_hand():
    history = history_of(ORDERS, returns=RETURNS, lines=LINES, contacts=CONTACTS, tickets=CONTACTS, referrals=REFERRALS)
    made = matrix(churn(90, features=features.ALL), history, [CUTOFF])
    assert made.X.iloc[0].to_dict() == pytest.approx(ANN | ANN_WIDE | ANN_CONTACTS | ANN_REFERRALS, rel=1e-6)


def test_features_without_their_table_or_role_are_left_out_and_named() -> None:
    kept, left_out = available(history_of(ORDERS), features.BASIC)
    assert {feature.name for feature in kept} == {feature.name for feature in purchases.ALL} | {"month"}
    assert left_out == tuple(feature.name for feature in (*service.ALL, *features.breadth.ALL))


def test_every_built_in_feature_has_words_a_theme_and_a_unit() -> None:
    history = history_of(ORDERS, returns=RETURNS, lines=LINES, contacts=CONTACTS, tickets=CONTACTS, referrals=REFERRALS)
    for told in definitions(history.tables, features.ALL):
        assert told.words[0].isupper()
        assert told.theme in THEMES
        assert told.unit


SOLD = st.tuples(st.sampled_from("abc"), TIMES, st.integers(1, 20_000).map(lambda cents: cents / 100))


@given(st.lists(SOLD, max_size=30))
@settings(max_examples=10, deadline=None)
def test_windows_hold_what_a_plain_loop_finds(sold: list[tuple]) -> None:
    history = history_of([*sold, ("end", ago(3), 1.0)])
    asked = features_at(history, CUTOFF, purchases.orders, purchases.spend, purchases.recency, purchases.tenure)
    for customer, row in asked.iterrows():
        past = [(at, amount) for who, at, amount in [*sold, ("end", ago(3), 1.0)] if who == customer and at < CUTOFF]
        ages = [(CUTOFF - at) / timedelta(days=1) for at, _ in past]
        near = [(at, amount) for at, amount in past if at >= CUTOFF - timedelta(days=90)]
        assert (row.orders, row.orders_90d) == (len(past), len(near))
        assert row.spend == pytest.approx(sum(amount for _, amount in past))
        assert row.spend_90d == pytest.approx(sum(amount for _, amount in near))
        assert (row.recency, row.tenure) == (pytest.approx(min(ages)), pytest.approx(max(ages)))


@given(st.lists(SOLD, min_size=1, max_size=12))
@settings(max_examples=8, deadline=None)
def test_a_wider_window_never_holds_less(sold: list[tuple]) -> None:
    history: History = history_of([*sold, ("end", ago(3), 1.0)])
    asked = features_at(history, CUTOFF, purchases.orders)
    widening = asked[["orders_30d", "orders_90d", "orders_180d", "orders_365d", "orders"]]
    assert (widening.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_a_feature_that_cannot_be_made_is_named_once_whatever_its_variants():
    bare = history_from(orders=pd.DataFrame({"customer": ["a"], "at": ["2024-05-01"]}))
    left_out = features.available(bare)[1]
    assert "largest_order" in left_out
    assert len(left_out) == len(set(left_out))


@pytest.mark.parametrize(
    ("gap", "name", "words"),
    [
        (10.0, "order_trend", "Share of the last 90 days' orders that fell in the last 30 days"),
        (10.0, "month_trend", "Share of the last 30 days' orders that fell in the last 14 days"),
        (10.0, "price_trend", "Usual price in the last 30 days, in usual prices of all time"),
        (100.0, "order_trend", "Share of the last 1095 days' orders that fell in the last 365 days"),
        (100.0, "month_trend", "Share of the last 365 days' orders that fell in the last 90 days"),
        (30.0, "order_trend", "Share of the year's orders that fell in the last 90 days"),
    ],
)
def test_the_words_of_a_comparison_follow_its_windows(gap, name, words):
    (feature,) = (f for f in fitted(ALL, gap) if f.name == name)
    assert feature.words == words


@pytest.mark.parametrize("gap", [3.0, 10.0, 30.0, 100.0, 400.0])
def test_every_window_that_words_name_is_one_that_is_looked_at(gap):
    for feature in (f for f in fitted(ALL, gap) if isinstance(f, Combination)):
        looked_at = {part.windows[0].days for part in feature.parts}
        named = {int(n) for n in re.findall(r"last (\d+) days", feature.words)}
        named |= {365} if "the year's" in feature.words else set()
        assert named <= looked_at, feature.words


def test_no_measure_speaks_of_a_currency():
    assert not [f.words for f in ALL if re.search("pound|euro|dollar|[£€$]", f.words.lower())]
