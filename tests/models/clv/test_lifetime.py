"""Lifetime value: totals come true in a world of its kind, later events change nothing, attributes tell."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.history.sources import attributes, events
from patron.models.clv.lifetime import lifetime_value
from patron.models.clv.pareto_nbd import fit_pareto_nbd
from patron.models.clv.transactions import Transactions
from worlds.shop import START, of, orders, shop

AT = START + timedelta(days=280)


def spent(frame, customers, days):
    """Money of each customer in the days from AT on."""
    later = frame[(frame["at"] >= AT) & (frame["at"] < AT + timedelta(days=days))]
    return pd.Series(customers).map(later.groupby("customer").amount.sum()).fillna(0.0).to_numpy()


def test_orders_and_spend_of_all_customers_come_true_as_far_ahead_as_the_history_is_long():
    frame = orders(800)
    values = lifetime_value(of(frame), AT, horizon=270, discount=0.0)
    actual = spent(frame, values.customer, 270)
    assert values.expected_spend.sum() == pytest.approx(actual.sum(), rel=0.1)
    assert np.corrcoef(values.expected_spend, actual)[0, 1] > 0.7
    assert 0.75 < ((values.value_low <= actual) & (actual <= values.value_high)).mean() < 0.95


def slowing(customers=600, days=720):
    """Orders of customers all there from the start, who need a fifth more days for each order than for the last."""
    rng = np.random.default_rng(3)
    found = []
    for i in range(customers):
        at, gap = rng.uniform(0, 30), rng.uniform(10, 60)
        while at < days:
            found.append((f"c{i}", START + timedelta(days=at), 10.0))
            at, gap = at + rng.exponential(gap), 1.2 * gap
    return pd.DataFrame(found, columns=["customer", "at", "amount"])


def test_what_no_process_of_constant_pace_foresees_is_learned_from_the_second_half_of_the_history():
    frame, at = slowing(), START + timedelta(days=360)
    actual = ((frame["at"] >= at) & (frame["at"] < at + timedelta(days=360))).sum()
    before = frame[frame["at"] < at].groupby("customer")["at"].agg(["min", "max", "size"])
    first, last = ((at - before[end]) / timedelta(days=1) for end in ("min", "max"))
    plain = fit_pareto_nbd(before["size"] - 1, first - last, first)
    expected = plain.expected_purchases(Transactions(before["size"] - 1, first - last, first), 360).sum()
    ours = lifetime_value(of(frame), at, 360).expected_orders.sum()
    assert abs(ours / actual - 1) < abs(expected / actual - 1) / 2


def test_every_customer_is_expected_to_order_more_in_more_days():
    days = [lifetime_value(shop(), AT, horizon).expected_orders.to_numpy() for horizon in (30, 90, 365, 1460)]
    assert all((later > earlier).all() for earlier, later in pairwise(days))


def test_a_horizon_of_a_year_is_that_of_the_calendar():
    history, cutoff = of(orders(60)), "2023-06-01"
    leap = lifetime_value(history, cutoff, "1 year")  # through February 2024
    assert leap.equals(lifetime_value(history, cutoff, 366))


def test_events_from_the_cutoff_on_change_no_value():
    frame = orders(300)
    whole, cut = (lifetime_value(of(part), AT, 365) for part in (frame, frame[frame["at"] < AT]))
    pd.testing.assert_frame_equal(whole, cut)


def test_discounting_lowers_the_value_and_not_the_spend():
    none, some = (lifetime_value(shop(), AT, 365, discount) for discount in (0.0, 0.2))
    np.testing.assert_allclose(none.value, none.expected_spend)
    np.testing.assert_allclose(some.expected_spend, none.expected_spend)
    assert (some.value < none.value).all()


def test_orders_without_amounts_are_expected_and_have_no_value():
    history = of(orders(200).assign(amount=1.0))
    bare = lifetime_value(type(history)({"orders": history["orders"].drop("amount")}, history.receipts), AT, 90)
    np.testing.assert_allclose(bare.expected_orders, lifetime_value(history, AT, 90).expected_orders)
    assert bare.value.isna().all()


def kinds(frame):
    """Who buys more than half of the others, and a coin that tells nothing."""
    often = frame.groupby("customer").size()
    people = pd.DataFrame({"customer": often.index, "kind": np.where(often > often.median(), "keen", "calm")})
    return people.assign(coin=np.random.default_rng(0).choice(["heads", "tails"], len(people)))


def test_an_attribute_of_those_who_buy_more_raises_what_newcomers_are_expected_to_buy():
    frame = orders(400)
    known = kinds(frame)
    values = lifetime_value(of(frame, people=attributes(known)), AT, 180).merge(known, on="customer")
    once = frame[frame["at"] < AT].groupby("customer").size()
    new = values[values.customer.isin(once[once == 1].index)].groupby("kind").expected_orders.mean()
    assert new["keen"] > 1.5 * new["calm"]


def test_an_attribute_that_tells_nothing_changes_no_value():
    frame = orders(400)
    known = attributes(kinds(frame).drop(columns="kind"))
    pd.testing.assert_frame_equal(lifetime_value(of(frame, people=known), AT, 90), lifetime_value(of(frame), AT, 90))


def test_a_history_of_three_weeks_is_answered_by_the_process_alone():
    start = shop().starts
    assert (lifetime_value(shop(), start + timedelta(days=20), 90).expected_orders > 0).all()


def test_a_table_that_begins_years_before_the_first_order_changes_no_value():
    visit = pd.DataFrame({"customer": ["c1"], "at": [START - timedelta(days=900)]})
    history = of(orders(200), visits=events(visit, customer="customer", at="at"))
    pd.testing.assert_frame_equal(lifetime_value(history, AT, 90), lifetime_value(of(orders(200)), AT, 90))


def test_the_median_of_orders_is_nearer_to_what_each_customer_orders_and_the_mean_to_what_all_do():
    frame = orders(800)
    values = lifetime_value(of(frame), AT, 270)
    came = frame[(frame["at"] >= AT) & (frame["at"] < AT + timedelta(days=270))].groupby("customer").size()
    came = came.reindex(values.customer).fillna(0).to_numpy()
    off = {name: values[name].to_numpy() - came for name in ("expected_orders", "median_orders")}
    assert np.abs(off["median_orders"]).mean() < np.abs(off["expected_orders"]).mean()
    assert abs(off["expected_orders"].mean()) < abs(off["median_orders"].mean())


def test_customers_of_whom_hardly_any_came_back_are_refused_rather_than_worth_nothing():
    once = pd.DataFrame({"customer": [f"c{i}" for i in range(50)], "at": START, "amount": 5.0})
    frame = pd.concat([once, once.head(9).assign(at=START + timedelta(days=30))])
    with pytest.raises(QuestionError, match=r"only 9 of 50 did; at least 10 are needed"):
        lifetime_value(of(frame), START + timedelta(days=60), 90)


def test_a_discount_below_zero_is_refused_by_its_own_name():
    with pytest.raises(QuestionError, match=r"The discount is a rate a year of 0 or more, got -0\.1"):
        lifetime_value(of(orders(50)), AT, 90, discount=-0.1)


def test_who_never_paid_is_expected_to_order_and_is_worth_nothing():
    frame = orders(200)
    free = frame.customer.isin(["c1", "c2"])
    values = lifetime_value(of(frame.assign(amount=frame.amount.mask(free, 0.0))), AT, 90).set_index("customer")
    nothing = values.loc[[c for c in ("c1", "c2") if c in values.index]]
    assert len(nothing) and (nothing.expected_orders > 0).all()
    assert (nothing[["expected_spend", "value", "value_low", "value_high"]] == 0).all().all()
    assert (values.drop(nothing.index).value > 0).all()
