"""After contacts: the contacts of a past campaign, and the events that came after each within a horizon of its own.

A contact is an instant like a cutoff: what was before it is its past, what came from it on is its future.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import ibis
from ibis.expr.types import BooleanValue, Column, Table, TimestampColumn

from patron.errors import QuestionError, cell, listed, nearest
from patron.history.history import History
from patron.history.offers import CONTROL, OFFERS, are_treated
from patron.history.point_in_time import in_window, is_past
from patron.periods import Span

__all__ = ["CONTACT", "LEFT_OUT", "contacted", "contacts_of", "events_after", "n_followed", "without_outcome"]

CONTACT, LEFT_OUT = "contact", "left_out"
DAY = 86_400_000_000
OF_CONTACT = ("__contact__", "__owner__", "__opens__", "__closes__")  # beside whatever columns events have
KEPT = ("propensity", "cost")
SHOWN = 60  # offers at most in a message
LINE = '[tables.offers] with arm = "the column", and offer = "the column" where there are several'


def contacts_of(history: History, offer: str, horizon: Span) -> Table:
    """Return the contacts of an offer, each with its number and why it tells nothing of the effect.

    Args:
        history: the checked event tables.
        offer: which offer; nothing where the table has one only.
        horizon: the time after each contact that its outcome looks at.

    Returns:
        `contact` (a number), `customer`, `at`, `arm`, the `propensity` and `cost` that the table has, and `left_out`:
        null where the contact can be used.

    Raises:
        QuestionError: there is no table of offers, or none of this offer, nobody was treated or control, or a cost is
            negative.
    """
    rows = _of_offer(history, offer)
    moment = [rows.customer, rows["at"]]
    again = ibis.row_number().over(ibis.window(group_by=moment, order_by=[rows[c] for c in rows.columns]))
    rows = rows.mutate(arms=rows.arm.nunique().over(ibis.window(group_by=moment)), again=again)
    reasons = [
        (rows.arm.isnull(), "no arm"),
        (rows.arms > 1, "in several arms at one time"),
        (rows.again > 0, "repeated contact"),
        *without_outcome(history, rows["at"], horizon, history.ends),
        *_without_chance(rows),
    ]
    marked = rows.mutate(**{LEFT_OUT: ibis.cases(*reasons, else_=ibis.null("string"))})
    numbered = ibis.row_number().over(ibis.window(order_by=[marked.customer, marked["at"], marked.again]))
    contacts = marked.mutate(**{CONTACT: numbered}).drop("arms", "again").cache()
    _check_arms(contacts, offer)
    _check_costs(contacts, offer)
    return contacts


def contacted(history: History, contacts: Table) -> History:
    """Return the history of those customers alone who were contacted."""
    keys = contacts.select("customer").distinct()
    tables = {name: table.semi_join(keys, "customer") for name, table in history.tables.items()}
    standing = None if history.standing is None else history.standing.semi_join(keys, "customer")
    return replace(history, tables=tables, standing=standing)


def events_after(history: History, name: str, contacts: Table, horizon: Span) -> Table:
    """Return the events of a table from each contact up to the end of its horizon, which is left out.

    The column `customer` holds the number of the contact: an event comes once for each contact that it came after.
    The column `days_ahead` tells how long after it.
    """
    number, owner, opens, closes = OF_CONTACT
    columns = {number: CONTACT, owner: "customer", opens: "at", closes: _after(contacts["at"], horizon)}
    opened, events = contacts.select(**columns), history.as_happened(name)
    joined = events.join(opened, events.customer == opened[owner])
    after = joined.filter(in_window(joined["at"], joined[opens]), is_past(joined["at"], joined[closes]))
    ahead = after["at"].delta(after[opens], unit="microsecond") / DAY
    return after.mutate(customer=after[number], days_ahead=ahead).drop(*OF_CONTACT)


def n_followed(history: History, contacts: Table, horizon: Span) -> int:
    """Return of how many contacts the customer was treated again, with any offer, before the horizon was over."""
    later = events_after(history, OFFERS, contacts, horizon)
    again = later.filter(later.days_ahead > 0)
    treated = are_treated(again)
    followed = again if treated is None else again.filter(treated)
    return int(followed.customer.nunique().to_pyarrow().as_py())


def without_outcome(
    history: History, at: TimestampColumn, horizon: Span, until: datetime
) -> list[tuple[BooleanValue, str]]:
    """Return which contacts have no outcome that is known, and why; and those before which nothing is known.

    Args:
        history: the checked event tables.
        at: the times of the contacts.
        horizon: the time after each that its outcome looks at.
        until: up to when it is known what customers did.
    """
    closes, ends, starts = _after(at, horizon), ibis.literal(until), ibis.literal(history.starts)
    reasons = [
        (~in_window(ends, closes), "horizon not over"),
        (~is_past(starts, at.truncate("D")), "nothing known before"),
    ]
    for first, after in history.holes:
        within = is_past(at, ibis.literal(after)) & is_past(ibis.literal(first), closes)
        reasons.append((within, "no orders are known within the horizon"))
    return reasons


def _of_offer(history: History, offer: str) -> Table:
    """Return the rows of an offer; refuse a history without arms, and an offer that it does not have."""
    if OFFERS not in history.tables or "arm" not in history[OFFERS].columns:
        what = "no arms" if OFFERS in history.tables else "none"
        raise QuestionError(
            f"Effects are learned from the event table {OFFERS!r}, and the history has {what}: "
            f"{listed(history.tables)}. Declare it: {LINE}."
        )
    rows = history[OFFERS]
    names = _offers(rows)
    if not offer and len(names) > 1:
        raise QuestionError(f"The table {OFFERS!r} has several offers: {_shown(names)}. Name one: offer={names[0]!r}.")
    if offer and offer not in names:
        raise QuestionError(
            f"No contact of the table {OFFERS!r} is of the offer {offer!r}.{nearest(offer, names)} It has: "
            f"{_shown(names)}. Its column is declared with offer = 'the column'."
        )
    rows = rows.filter(rows.offer == offer) if offer else rows
    return rows.select("customer", "at", "arm", *(column for column in KEPT if column in rows.columns))


def _offers(rows: Table) -> list[str]:
    if "offer" not in rows.columns:
        return []
    names = rows.select("offer").distinct().order_by("offer").to_pyarrow()["offer"].to_pylist()
    return [name for name in names if name is not None]


def _shown(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN:,} others" if len(names) > SHOWN else ""
    return f"{', '.join(map(cell, names[:SHOWN])) or 'none'}{rest}"


def _without_chance(rows: Table) -> list[tuple[BooleanValue, str]]:
    """Return which contacts have no chance to have gone otherwise, or none that is known where that of others is."""
    if "propensity" not in rows.columns:
        return []
    known = rows.propensity.count().over(ibis.window()) > 0
    return [
        (known & rows.propensity.isnull(), "no propensity, which others have"),
        (rows.propensity == 1, "could get one arm only"),
    ]


def _after(at: Column, horizon: Span) -> Column:
    """Return the end of the horizon of each contact."""
    return at + (ibis.interval(months=horizon.months) if horizon.months else ibis.interval(days=horizon.days))


def _check_arms(contacts: Table, offer: str) -> None:
    """Refuse contacts of which none can be used in one of the arms."""
    used = contacts[LEFT_OUT].isnull()
    counts = contacts.aggregate(
        all=contacts.count(),
        control=(used & (contacts.arm == CONTROL)).sum(),
        treated=(used & (contacts.arm != CONTROL)).sum(),
    )
    n = counts.to_pyarrow().to_pylist()[0]
    if n["control"] and n["treated"]:
        return
    aside = contacts.filter(contacts[LEFT_OUT].notnull())
    why = aside.group_by(LEFT_OUT).aggregate(n=aside.count())
    reasons = "".join(f" {row['n']:,}: {row[LEFT_OUT]}." for row in why.order_by(LEFT_OUT).to_pyarrow().to_pylist())
    raise QuestionError(
        f"Of the {n['all']:,} contacts of the offer {offer or OFFERS!r}, {n['treated'] or 0:,} treated and "
        f"{n['control'] or 0:,} control can be compared, and both are needed.{reasons} Ask with a shorter horizon, "
        'wait until it is over, or name the arm that got nothing: control = "...".'
    )


def _check_costs(contacts: Table, offer: str) -> None:
    """Refuse contacts that cost less than nothing."""
    if "cost" not in contacts.columns:
        return
    bad = int(contacts.filter(contacts.cost < 0).count().to_pyarrow().as_py())
    if bad:
        raise QuestionError(
            f"Of the {int(contacts.count().to_pyarrow().as_py()):,} contacts of the offer {offer or OFFERS!r}, {bad:,} "
            "have a cost below 0. The cost of a contact is money of 0 or more: write in the table what was paid, "
            'without a sign, or read no cost, [tables.offers] cost = "".'
        )
