"""Response to contacts: the shares of past contacts that were answered, and the advice that they bear.

It is a comparison of those who were contacted so with those who were contacted otherwise, unless a lot decided.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.decisions.response.advice import Enough, best_group, enough_contacts, lines_of_enough, lines_of_group
from patron.decisions.response.shares import STRATUM, Shares, group_shares, strata
from patron.errors import QuestionError, listed, nearest
from patron.history.after_contacts import LEFT_OUT
from patron.history.business_contacts import CONTACTS, LATELY, ORDERS, answered_contacts
from patron.history.history import History
from patron.history.offers import OFFERS
from patron.periods import Moment, Span, instant, span

__all__ = ["ContactResponse", "ResponseSummary", "contact_response"]

MOST = 8  # contacts within 30 days that are told apart
GROUPS = ("channel", "hour", "weekday")
ASSIGNMENTS = ("observational", "randomised")
VERBS = {ORDERS: "order", CONTACTS: "answer"}


class ResponseGroup(TypedDict):
    """The contacts by one channel, at one hour, on one weekday, or the so manieth of 30 days."""

    group: str
    contacts: int
    customers: int
    answered: float
    share: float
    low: float
    high: float


class ResponseSummary(TypedDict):
    """Which past contacts were answered, and what that says of when and how: advice, which nothing applies."""

    evidence: str
    answer: str
    horizon: str
    contacts: int
    left_out: dict[str, int]
    best: dict[str, str | None]
    enough: int | None
    one_more_at_most: float
    groups: dict[str, list[ResponseGroup]]
    sentences: list[str]


@dataclass(frozen=True, repr=False)
class ContactResponse:
    """Which past contacts were answered, by channel, hour, weekday and number.

    Args:
        channel: a line for each: `group`, `contacts`, `customers`, `answered` (the share as it is), `share`
            (standardised over who was contacted; null where the group is too small to be compared), `low` and `high`
            (95 %, over customers).
        hour: the same by hour; empty where the times of contacts have none.
        weekday: the same by weekday; 0 is Monday.
        lately: the saturation curve: the same by how many contacts the customer had within the 30 days up to this
            one, itself included; 8 are 8 or more.
        best: the channel, hour and weekday answered clearly more than each other; None where that is unknown.
        enough: after how many contacts in 30 days one more brings nothing beyond noise.
        contacts: how many are used.
        left_out: how many are not, by reason.
        evidence: "observational" or "randomised".
        answer: the event table that an answer is in.
        horizon: the time after a contact within which an answer counts.
        sentences: all of it in words.
    """

    channel: pd.DataFrame
    hour: pd.DataFrame
    weekday: pd.DataFrame
    lately: pd.DataFrame
    best: Mapping[str, str | None]
    enough: Enough
    contacts: int
    left_out: Mapping[str, int]
    evidence: str
    answer: str
    horizon: Span
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        """Return what to make of it, a line for each sentence."""
        return "\n".join([f"ContactResponse({self.contacts:,} contacts; {self.evidence})", *self.sentences])

    def summary(self) -> ResponseSummary:
        """Return all of it as plain values."""
        tables = {name: getattr(self, name) for name in (*GROUPS, "lately")}
        groups: dict[str, Any] = {
            name: table.assign(group=table.group.astype(str)).to_dict("records") for name, table in tables.items()
        }
        return {
            "evidence": self.evidence,
            "answer": self.answer,
            "horizon": str(self.horizon),
            "contacts": self.contacts,
            "left_out": dict(self.left_out),
            "best": dict(self.best),
            "enough": self.enough.contacts,
            "one_more_at_most": self.enough.at_most,
            "groups": groups,
            "sentences": list(self.sentences),
        }


def contact_response(
    history: History,
    horizon: int | str | Span = 30,
    answer: str = "",
    until: Moment | None = None,
    assignment: str = "observational",
) -> ContactResponse:
    """Return which past contacts that the business began were answered, by channel, hour, weekday and number.

    Contacts are the rows of `contacts` that the customer did not begin, and those of `offers` but for its control.
    Unless a lot decided who was contacted when and how, shares are standardised over thirds of the days since the last
    order and of the orders before, as both were 30 days before the contact, and what is advised must hold also where
    each customer is compared with itself. What is not clear is unknown.

    Args:
        history: the checked event tables.
        horizon: the time after each contact within which an answer counts.
        answer: the table an event of which is an answer, "orders" or "contacts" (those that the customer began);
            orders where there are any.
        until: the cutoff up to which it is looked at; up to where the history is known unless it is said.
        assignment: "randomised" where channel, time and number of contacts were drawn by lot.

    Raises:
        QuestionError: there are no contacts, or no table of answers, or the assignment is no such word.
    """
    length, answer = span(horizon), answer or (ORDERS if ORDERS in history.tables else CONTACTS)
    _check(history, length, answer, assignment)
    ends = history.ends if until is None else min(history.ends, instant(until))
    contacts = answered_contacts(history, answer, length, ends)
    counted = contacts.group_by(LEFT_OUT).aggregate(n=contacts.count()).to_pyarrow().to_pylist()
    reasons = {row[LEFT_OUT] or "": row["n"] for row in sorted(counted, key=lambda row: row[LEFT_OUT] or "")}
    shares = _shares(contacts.filter(contacts[LEFT_OUT].isnull()), assignment)
    verb = f"{VERBS[answer]} within {length.length}"
    return ContactResponse(
        **{name: grouped.table for name, grouped in shares.items()},
        best={name: best_group(shares[name]) for name in GROUPS},
        enough=enough_contacts(shares["lately"]),
        contacts=reasons.pop("", 0),
        left_out=reasons,
        evidence=assignment,
        answer=answer,
        horizon=length,
        sentences=tuple(_sentences(shares, verb, assignment)),
    )


def _check(history: History, horizon: Span, answer: str, assignment: str) -> None:
    """Refuse a history without contacts or answers, and words that are none."""
    if not {CONTACTS, OFFERS} & {*history.tables}:
        raise QuestionError(
            f"Responses are those to the event tables 'contacts' and 'offers', and the history has neither: "
            f"{listed(history.tables)}. Declare one: contacts = pt.events(frame, customer='...', at='...')"
        )
    if answer not in VERBS or answer not in history.tables:
        raise QuestionError(
            f"An answer is an event of {listed(VERBS)}, got {answer!r}; the history has {listed(history.tables)}. "
            'Write answer="orders"'
        )
    if horizon.days is None:
        raise QuestionError("An answer has a time within which it counts, got no end. Write horizon=30")
    if assignment not in ASSIGNMENTS:
        raise QuestionError(
            f"An assignment is {listed(ASSIGNMENTS)}, got {assignment!r}.{nearest(assignment, ASSIGNMENTS)} Write "
            'assignment="observational"'
        )


def _shares(contacts: Table, assignment: str) -> dict[str, Shares]:
    """Return the shares of the groups of each column."""
    stratum = ibis.literal(0) if assignment == "randomised" else strata(contacts)
    lately = ibis.least(contacts.lately, ibis.literal(MOST))
    rows = contacts.mutate(**{STRATUM: stratum}, lately=contacts.lately.isnull().ifelse(ibis.null("int64"), lately))
    return {name: group_shares(rows, name, assignment) for name in (*GROUPS, "lately")}


def _sentences(shares: Mapping[str, Shares], verb: str, assignment: str) -> Iterator[str]:
    if shares["weekday"].table.empty:
        yield f"when and how to contact is unknown: of no contact it is known who {verb}"
        return
    for name in GROUPS:
        yield from lines_of_group(name, shares[name], verb)
    yield from lines_of_enough(shares["lately"], LATELY, verb)
    if assignment == "observational":
        yield (
            "evidence: observational, as no lot decided who was contacted when and how; shares are standardised over "
            "thirds of the days since the last order and of the orders before, and what is advised holds also within "
            "customers"
        )
