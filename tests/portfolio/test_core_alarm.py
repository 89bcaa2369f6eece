"""Core alarm: it rings where a change drove those away who were there long before, and nowhere else."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.periods import Span
from patron.portfolio.core_alarm import Change, core_alarm
from worlds.histories import history_from

ON, PERIOD = datetime(2024, 4, 1), Span(30)


def world(stays):
    """Customers who order in 6 of 10 months: half for years, half for some months; half of each buy tea, half soap.

    From the change on, the core orders in a month with the chance *stays* times .6.
    """
    rng = np.random.default_rng(1)
    rows = []
    for i in range(900):
        old, tea = i % 2 == 0, i % 4 < 2
        for month in range(-18 if old else -8, 2):
            chance = 0.6 * (stays(old, tea) if month >= 0 else 1.0)
            if rng.random() < chance or month in (-18, -8):
                rows.append((f"c{i}", ON + timedelta(days=30 * month + 10), 10.0, "tea" if tea else "soap"))
    return history_from(orders=pd.DataFrame(rows, columns=["customer", "at", "amount", "category"]))


@pytest.fixture(scope="module")
def driven():
    return world(lambda old, tea: 0.25 if old and tea else 1.0)


@pytest.fixture(scope="module")
def steady():
    return world(lambda old, tea: 1.0)


AT = ON + timedelta(days=50)


def test_the_alarm_rings_where_the_core_was_driven_away_and_the_effect_is_about_right(driven):
    alarm = core_alarm(driven, AT, Change("new prices", ON, ("tea",)), PERIOD)
    assert alarm.rings
    assert alarm.low < -0.45 < alarm.high < 0
    assert alarm.table.date.iloc[0] == ON
    assert (alarm.table.effect.iloc[1:] > -0.2).all()


def test_it_rings_too_when_the_core_is_held_against_newer_customers(driven):
    assert core_alarm(driven, AT, Change("new prices", ON), PERIOD).rings


def test_it_does_not_ring_where_nothing_changed(steady):
    for categories in ((), ("tea",)):
        alarm = core_alarm(steady, AT, Change("none", ON, categories), PERIOD)
        assert not alarm.rings
        assert alarm.low < 0 < alarm.high


def test_the_difference_is_counted_by_hand(steady):
    table = core_alarm(steady, AT, Change("none", ON), PERIOD).table
    orders = steady["orders"].to_pandas()
    first = orders.groupby("customer")["at"].min()
    begin = ON - timedelta(days=30)
    past = orders[(orders["at"] < begin) & (orders["at"] >= begin - timedelta(days=365))].customer.unique()
    core = [c for c in past if first[c] <= begin - timedelta(days=365)]
    shares = [
        orders[(orders["at"] >= day) & (orders["at"] < day + timedelta(days=30)) & orders.customer.isin(core)].customer
        for day in (begin, ON)
    ]
    assert table.core.iloc[0] == len(core)
    assert table.core_change.iloc[0] == pytest.approx((shares[1].nunique() - shares[0].nunique()) / len(core))


def test_what_cannot_be_told_says_why(steady):
    assert core_alarm(steady, ON + timedelta(days=9), Change("x", ON), PERIOD) == (
        "Not yet: the 30 days after 2024-04-01 are not over."
    )
    assert core_alarm(steady, AT, Change("x", ON, ("milk",)), PERIOD).startswith("It needs 30 customers on each side")
    assert core_alarm(steady, AT, Change("x", "2022-10-05"), PERIOD).startswith("Nothing is known of 30 days before")
    with pytest.raises(QuestionError, match="A change has a name"):
        Change("", ON)


def test_a_day_around_which_something_else_changed_is_no_day_when_nothing_did(steady):
    month, change = timedelta(days=30), Change("none", ON)
    others = [Change("tea", ON - 2 * month + timedelta(days=9)), Change("soap", ON)]
    alarm = core_alarm(steady, AT, change, PERIOD, others)
    assert alarm.table.date.tolist() == [ON, ON - 3 * month, ON - 4 * month]


def test_days_before_anybody_had_ordered_are_no_placebos_and_no_error(steady):
    orders = steady["orders"].select("customer", "at", "amount").to_pandas()
    contacts = pd.DataFrame({"customer": ["c0"], "at": [ON - timedelta(days=2_000)]})
    on = ON - timedelta(days=50)
    alarm = core_alarm(history_from(orders=orders, contacts=contacts), AT, Change("none", on), Span(100))
    assert alarm.table.date.tolist() == [on]
