"""Business contacts: those that a business began, what was before each, and whether the customer answered.

A contact is an instant: what was before it is its past, what came from it on is its future.
"""

from datetime import datetime

import ibis
from ibis.expr.types import BooleanValue, Table

from patron.history.after_contacts import CONTACT, LEFT_OUT, events_after, without_outcome
from patron.history.directions import INCOMING
from patron.history.history import History
from patron.history.offers import OFFERS, are_treated
from patron.history.point_in_time import in_window, is_past
from patron.periods import Span

__all__ = [
    "CONTACTS",
    "LATELY",
    "ORDERS",
    "answered_contacts",
    "begun_by_business",
    "begun_by_customer",
    "from_business",
]

CONTACTS, ORDERS, LATELY = "contacts", "orders", 30  # days
HALF = 0.5  # of the contacts: where fewer have a time of day, midnight is what the others are called


def from_business(rows: Table) -> BooleanValue:
    """Return which contacts reached the customer and were begun by the business."""
    begun = ibis.literal(True)
    if "direction" in rows.columns:
        begun = (rows.direction != INCOMING) | rows.direction.isnull()
    treated = are_treated(rows)
    return begun if treated is None else begun & treated


def begun_by_business(rows: Table) -> Table:
    """Return those contacts that reached the customer and were begun by the business."""
    return rows.filter(from_business(rows))


def begun_by_customer(rows: Table) -> Table:
    """Return those contacts that the customer began; none where nothing says who did."""
    return rows.filter(rows.direction == INCOMING if "direction" in rows.columns else ibis.literal(False))


def answered_contacts(history: History, answer: str, horizon: Span, until: datetime) -> Table:
    """Return the contacts that the business began, each with what was before it and whether it was answered.

    How the customer stood is looked at as of 30 days before the contact, so that no contact of these days had a hand
    in it.

    Args:
        history: the checked event tables, `contacts` or `offers` among them.
        answer: the table an event of which is an answer; of the contacts those that the customer began.
        horizon: the time after each contact within which an answer counts.
        until: up to when it is known what customers did.

    Returns:
        `contact` (a number), `customer`, `at`, `channel`, `weekday` (0 is Monday) and `hour` (null where times have
        none), `lately` (how many contacts of the 30 days up to this one, itself included; null where that is not
        known), `recency` (days since the last order, 30 days before the contact), `orders` (before then), `answered`
        and `left_out`: null where the contact can be used.
    """
    rows = _all_contacts(history)
    number = ibis.row_number().over(ibis.window(order_by=[rows.customer, rows["at"], rows.channel]))
    contacts = rows.mutate(**{CONTACT: number}).cache()
    after = events_after(history, answer, contacts, horizon)
    after = begun_by_customer(after) if answer == CONTACTS else after
    answers = after.select("customer").distinct()
    marked = contacts.mutate(answered=contacts[CONTACT].isin(answers.customer), **_times(contacts))
    reasons = without_outcome(history, marked["at"], horizon, until)
    marked = marked.mutate(**{LEFT_OUT: ibis.cases(*reasons, else_=ibis.null("string"))})
    return _with_columns(_with_columns(marked, _lately(contacts)), _standing(history, contacts)).cache()


def _all_contacts(history: History) -> Table:
    """Return who was contacted when and by which channel, each contact once."""
    tables = [begun_by_business(history.as_happened(name)) for name in (CONTACTS, OFFERS) if name in history.tables]
    rows = [
        table.select("customer", "at", channel=table.channel if "channel" in table.columns else ibis.null("string"))
        for table in tables
    ]
    return (ibis.union(*rows) if len(rows) > 1 else rows[0]).distinct()


def _times(contacts: Table) -> dict[str, ibis.Value]:
    """Return the day of the week and the hour of contacts, which is unknown where few have a time of day."""
    timed: BooleanValue = contacts["at"] != contacts["at"].truncate("D")
    most = timed.cast("float64").mean().over(ibis.window()) >= HALF
    return {
        "weekday": contacts["at"].day_of_week.index(),
        "hour": most.ifelse(contacts["at"].hour(), ibis.null("int32")),
    }


def _lately(contacts: Table) -> Table:
    """Return how many contacts each customer had in the 30 days up to each, itself included.

    Of the first 30 days with contacts that is unknown: a list of contacts need not begin with the first one.
    """
    edge = contacts["at"] - ibis.interval(days=LATELY)
    opened = contacts.mutate(edge=edge, first=contacts["at"].min().over(ibis.window()))
    opened = opened.filter(in_window(opened.edge, opened.first)).select(CONTACT, "edge", owner="customer", closes="at")
    joined = contacts.select("customer", "at").join(opened, contacts.customer == opened.owner)
    before = joined.filter(in_window(joined["at"], joined.edge), is_past(joined["at"], joined.closes))
    earlier = before.group_by(CONTACT).aggregate(earlier=before.count())
    counts = _with_columns(opened, earlier)
    return counts.select(CONTACT, lately=counts.earlier.fill_null(0) + 1)


def _standing(history: History, contacts: Table) -> Table:
    """Return how many orders each customer had made 30 days before each contact, and how long before the last was."""
    edge = contacts["at"] - ibis.interval(days=LATELY)
    opened = contacts.select(CONTACT, owner="customer", edge=edge)
    if ORDERS not in history.tables:
        return opened.select(CONTACT, recency=ibis.null("int64"), orders=ibis.literal(0, "int64"))
    orders = history[ORDERS].select("customer", "at")
    joined = orders.join(opened, orders.customer == opened.owner)
    before = joined.filter(is_past(joined["at"], joined.edge))
    counts = before.group_by(CONTACT, "edge").aggregate(last=before["at"].max(), orders=before.count())
    return counts.select(CONTACT, "orders", recency=counts.edge.delta(counts["last"], unit="day"))


def _with_columns(contacts: Table, others: Table) -> Table:
    """Return contacts with the columns that others tell of some of them."""
    names = [name for name in others.columns if name != CONTACT]
    joined = contacts.left_join(others, CONTACT)
    return joined.select(*contacts.columns, *names)
