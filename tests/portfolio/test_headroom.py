"""Headroom: its quantile is exceeded by a tenth where periods are alike, and shares are counted by hand."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.errors import QuestionError
from patron.periods import Span
from patron.portfolio.customers import customers_at
from patron.portfolio.headroom import LEAST_PEERS, headroom_of, share_of_customer, with_headroom
from worlds.histories import history_from, small

AT = datetime(2024, 7, 1)


@pytest.fixture(scope="module")
def history():
    """Customers who come over a year and then order in each period of 30 days, each with a level of their own."""
    rng = np.random.default_rng(0)
    level, came = rng.gamma(2.0, 50.0, 500), rng.integers(4, 12, 500)
    who = np.repeat(np.arange(500), came)
    back = np.concatenate([np.arange(count) for count in came])
    at = [AT - timedelta(days=15 + 30 * int(periods)) for periods in back]
    amount = (level[who] * rng.uniform(0.5, 1.5, len(who))).round(2)
    frame = pd.DataFrame({"customer": [f"c{i:03}" for i in who], "at": at, "amount": amount})
    return history_from(orders=frame)


def test_a_tenth_spends_more_than_was_predicted_where_periods_are_alike(history):
    columns, foreseen = headroom_of(history, AT, Span(30))
    assert foreseen.above.low < 0.1 < foreseen.above.high
    assert foreseen.better > 0.3
    assert (columns.headroom >= 0).all()
    assert (columns.headroom <= columns.potential).all()
    share, customers = foreseen.above.value, 500
    assert foreseen.above.high - share == pytest.approx(1.96 * (share * (1 - share) / customers) ** 0.5, rel=1e-3)


def test_customers_keep_their_order_and_headroom_is_what_lies_above_the_last_period(history):
    (known,) = customers_at(history, [AT], None)
    customers, _, left_out = with_headroom(history, AT, known, Span(30), None)
    assert left_out == {}
    orders = history["orders"].to_pandas()
    lately = orders[orders["at"] >= AT - timedelta(days=30)].groupby("customer").amount.sum()
    expected = np.maximum(customers.potential - customers.customer.map(lately).astype(float), 0.0)
    assert customers.headroom.to_numpy() == pytest.approx(expected.to_numpy())


def test_too_few_customers_have_none_and_are_told_how_many_it_needs():
    customers = pd.DataFrame({"customer": ["ann"], "spend": [10.0]})
    _, foreseen, left_out = with_headroom(
        small(("ann", "2024-01-05", 10.0)), datetime(2024, 1, 6), customers, Span(30), None
    )
    assert foreseen.above is None
    assert f"{LEAST_PEERS} customers who ordered before the last two periods of 30 days" in left_out["headroom"]


def test_the_share_of_customer_is_spend_of_a_year_by_the_outside_total():
    orders = pd.DataFrame({"customer": ["ann", "bob", "ann"], "at": ["2024-01-05", "2024-01-06", "2022-01-01"]})
    facts = pd.DataFrame({"customer": ["ann", "bob"], "anywhere": [400.0, 0.0], "town": ["Ulm", "Bonn"]})
    history = pt.History.of(orders=pt.events(orders.assign(amount=100.0)), facts=pt.attributes(facts))
    share = share_of_customer(history, datetime(2024, 1, 7), "facts_anywhere")
    assert share["ann"] == 0.25
    assert np.isnan(share["bob"])
    with pytest.raises(QuestionError, match="outside_total names 'facts_wallet', which is no attribute"):
        share_of_customer(history, datetime(2024, 1, 7), "facts_wallet")
    with pytest.raises(QuestionError, match="outside_total names 'facts_town', which holds texts"):
        share_of_customer(history, datetime(2024, 1, 7), "facts_town")


def test_peers_who_are_all_alike_have_the_quantile_of_all_as_potential():
    first = [(f"c{i:03}", AT - timedelta(days=90), 5.0) for i in range(LEAST_PEERS)]
    orders = pd.DataFrame([*first, ("c000", AT - timedelta(days=1), 5.0)], columns=["customer", "at", "amount"])
    columns, _ = headroom_of(history_from(orders=orders), AT, Span(30))
    assert (columns.potential == 0.0).all()
