"""Contacts that a business began: each with what was before it, and whether it was answered in time."""

import pandas as pd
import pytest

from patron.history.business_contacts import answered_contacts
from patron.history.history import History
from patron.history.sources import events
from patron.periods import span
from worlds.histories import CUTOFF, TICK, ago, frame_of

ORDERS = [("ann", ago(400), 1.0), ("bob", ago(50), 1.0), ("bob", ago(45), 1.0), ("bob", ago(30), 1.0)]
SENT = [(name, CUTOFF, "mail", "out") for name in ("ann", "bob", "cid")] + [("ann", ago(100), "mail", "out")]


def contacts(*orders: tuple, sent=(), offers=(), answer="orders") -> pd.DataFrame:
    end = ("end", ago(-200), 1.0)
    tables = {
        "orders": events(frame_of([*ORDERS, *orders, end], ("customer", "at", "amount"))),
        "contacts": events(frame_of([*SENT, *sent], ("customer", "at", "channel", "direction"))),
    }
    if offers:
        tables["offers"] = events(frame_of(offers, ("customer", "at", "arm")), arm="arm")
    history = History.of(**tables)
    rows = answered_contacts(history, answer, span(10), history.ends).to_pandas()
    return rows.sort_values(["at", "customer", "channel"]).set_index("customer")


def test_an_order_answers_from_the_contact_on_and_no_longer_than_the_horizon():
    late, last = CUTOFF + pd.Timedelta(days=10), CUTOFF + pd.Timedelta(days=10) - TICK
    rows = contacts(("ann", late, 1.0), ("bob", last, 1.0), ("cid", CUTOFF, 1.0))
    assert rows[rows["at"] == CUTOFF].answered.to_dict() == {"ann": False, "bob": True, "cid": True}


def test_an_answer_may_be_a_contact_that_the_customer_begins_which_is_no_contact_of_the_business():
    rows = contacts(sent=[("ann", ago(-3), "phone", "in")], answer="contacts")
    assert rows[rows["at"] == CUTOFF].answered.to_dict() == {"ann": True, "bob": False, "cid": False}
    assert len(rows) == 4


def test_how_a_customer_stood_is_looked_at_as_of_thirty_days_before_the_contact():
    rows = contacts().loc["bob"]
    assert (rows.orders, rows.recency) == (2, 15)


def test_contacts_of_thirty_days_are_counted_with_treated_offers_and_without_those_at_the_same_time():
    sent = [("bob", at, "letter", "out") for at in (CUTOFF, ago(30), ago(30) - TICK, CUTOFF - TICK)]
    offers = [("bob", ago(20), "call"), ("bob", ago(10), "control")]
    rows = contacts(sent=sent, offers=offers)
    assert rows[rows["at"] == CUTOFF].lately.to_dict() == {"ann": 1, "bob": 4, "cid": 1}


def test_of_the_first_thirty_days_with_contacts_it_is_unknown_how_many_there_were():
    first = contacts().iloc[0]
    assert (first["at"], pd.isna(first.lately)) == (ago(100), True)


def test_contacts_whose_horizon_is_not_over_are_left_out():
    rows = contacts(sent=[("ann", ago(-195), "mail", "out")])
    assert rows.left_out.dropna().tolist() == ["horizon not over"]


@pytest.mark.parametrize(("hour", "known"), [(0, False), (9, True)])
def test_hours_are_known_where_times_have_them(hour, known):
    sent = [("cid", CUTOFF + pd.Timedelta(days=day, hours=hour), "mail", "out") for day in range(1, 9)]
    rows = contacts(sent=sent)
    assert rows.hour.notna().all() == known
    assert rows[rows["at"] == CUTOFF].weekday.tolist() == [0, 0, 0]  # 1 July 2024 was a Monday
