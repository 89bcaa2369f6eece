"""Interaction: what can be seen of how a customer and the business deal with each other, in facets at any cutoff."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import ibis
import pandas as pd
from ibis.expr.types import BooleanValue, NumericValue, Scalar, Table

from patron.features import available, purchases
from patron.features.measures import Measure
from patron.history.business_contacts import from_business
from patron.history.complaints import complains
from patron.history.directions import INCOMING
from patron.history.history import History
from patron.periods import EVER, Span
from patron.questions.matrices import exact_features

__all__ = ["MONTH", "QUARTER", "ContactKinds", "interactions_at"]

MONTH, QUARTER, YEAR = Span.of_months(1), Span(90), Span(365)
LEAST_GAP = 30.0  # days: orders that lie closer are no habit
SENTIMENTS = {"negative": -1, "positive": 1}


@dataclass(frozen=True)
class ContactKinds:
    """How the business calls kinds of contacts, whatever their capitals.

    Args:
        promotion: contacts of the business that promote; offers always do.
        suggestion: contacts of a customer who suggests something.
        praise: contacts and requests that praise.
    """

    promotion: tuple[str, ...] = ("mailing", "newsletter", "promotion", "offer", "campaign", "advertisement")
    suggestion: tuple[str, ...] = ("suggestion", "idea")
    praise: tuple[str, ...] = ("praise", "compliment", "thanks")


def interactions_at(history: History, cutoffs: Sequence[datetime], kinds: ContactKinds) -> pd.DataFrame:
    """Return what can be seen of the interaction with everybody who ordered before each cutoff.

    Args:
        history: the checked event tables.
        cutoffs: the instants at which customers are looked at.
        kinds: how contacts are called.

    Returns:
        `customer` and `cutoff`; those of `patron.portfolio.relationship_types.FACETS` that the columns suffice for;
        `orders_1mo`; and, where there are such contacts, `heard_1mo` and `heard_90d` (by the business),
        `promoted_1mo` and `promoted_90d` (of them those that promote), `suggested_90d`.

    Raises:
        QuestionError: a cutoff lies outside the history, or nobody ordered before it.
    """
    shopping = (purchases.recency, purchases.tenure, purchases.orders.over(MONTH, YEAR, EVER))
    measures = available(history, (*shopping, *_measures(kinds)))[0]
    table = exact_features(history, measures, cutoffs)
    gaps = (table.tenure - table.recency) / (table.orders - 1).where(table.orders > 1)
    facets = {
        "orders": table.orders_365d,
        "orders_1mo": table.orders_1mo,
        "silence": table.recency / gaps.clip(lower=LEAST_GAP),
        **_contacts(table),
    }
    return table[["customer", "cutoff", "recency", "tenure"]].assign(**facets)


def _contacts(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the facets of contacts, those of several tables together."""
    names = ("heard_1mo", "heard_90d", "heard_365d", "promoted_1mo", "promoted_90d", "suggested_90d", "talk_365d")
    sums = {name.removesuffix("_365d"): _of_tables(table, name) for name in names}
    known = {name: columns.sum(axis=1) for name, columns in sums.items() if columns.shape[1]}
    goods, last, moods = (_of_tables(table, name) for name in ("breadth_365d", "unheard", "mood_365d"))
    if goods.shape[1]:
        known["breadth"] = goods.iloc[:, 0]
    if last.shape[1]:
        known["unheard"] = last.min(axis=1)
    if moods.shape[1]:
        spoken = table[[name.replace("mood", "talk") for name in moods]].sum(axis=1)
        known["tone"] = moods.sum(axis=1) / spoken.where(spoken > 0)
    if "tickets_talk_365d" in table:
        known["demand"] = table.tickets_talk_365d / table.orders_365d.clip(lower=1)
    if {"talk", "heard"} <= set(known):
        both = known["talk"] + known["heard"]
        known["begun"] = known["talk"] / both.where(both > 0)
        known["reciprocity"] = 1 - (2 * known["begun"] - 1).abs()
    return known


def _of_tables(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[[column for column in table if column.endswith(f"_{name}")]]


def _measures(kinds: ContactKinds) -> tuple[Measure, ...]:
    """Return the measures of each table that may hold contacts, and of how widely a customer buys."""
    counts: Sequence[tuple[str, str, Callable[[Table], Scalar], tuple[Span, ...]]] = (
        ("contacts", "heard", _heard, (MONTH, QUARTER, YEAR)),
        ("offers", "heard", _heard, (MONTH, QUARTER, YEAR)),
        ("contacts", "promoted", partial(_promoted, kinds), (MONTH, QUARTER)),
        ("offers", "promoted", _heard, (MONTH, QUARTER)),
        ("contacts", "unheard", _unheard, (EVER,)),
        ("offers", "unheard", _unheard, (EVER,)),
        ("contacts", "suggested", partial(_suggested, kinds), (QUARTER,)),
        ("contacts", "talk", _talk, (YEAR,)),
        ("tickets", "talk", _requests, (YEAR,)),
        ("contacts", "mood", partial(_mood, kinds), (YEAR,)),
        ("tickets", "mood", partial(_mood_of_requests, kinds), (YEAR,)),
        ("lines", "breadth", _breadth, (YEAR,)),
        ("orders", "breadth", _breadth, (YEAR,)),
    )
    return tuple(
        Measure(f"{table}_{name}", table, compute, windows, None if name == "unheard" else 0, name, "contact", "number")
        for table, name, compute, windows in counts
    )


def _heard(rows: Table) -> Scalar:
    return rows.count(where=from_business(rows))


def _promoted(kinds: ContactKinds, contacts: Table) -> Scalar:
    return contacts.count(where=from_business(contacts) & contacts.kind.lower().isin(kinds.promotion))


def _unheard(rows: Table) -> Scalar:
    return rows.days_ago.min(where=from_business(rows))


def _suggested(kinds: ContactKinds, contacts: Table) -> Scalar:
    return contacts.count(where=_from_customer(contacts) & contacts.kind.lower().isin(kinds.suggestion))


def _talk(contacts: Table) -> Scalar:
    return contacts.count(where=_from_customer(contacts))


def _requests(tickets: Table) -> Scalar:
    return tickets.count()


def _mood(kinds: ContactKinds, contacts: Table) -> Scalar:
    return _tone(kinds, contacts).sum(where=_from_customer(contacts))


def _mood_of_requests(kinds: ContactKinds, tickets: Table) -> Scalar:
    return _tone(kinds, tickets).sum()


def _breadth(rows: Table) -> Scalar:
    return rows.category.nunique()


def _from_customer(contacts: Table) -> BooleanValue:
    return contacts.direction == INCOMING


def _tone(kinds: ContactKinds, rows: Table) -> NumericValue:
    """Return 1 where a contact praises, -1 where it complains: by its sentiment where that is known, else by kind."""
    if "sentiment" not in rows.columns:
        return _tone_of_kind(kinds, rows)
    by_kind = _tone_of_kind(kinds, rows) if "kind" in rows.columns else ibis.literal(0)
    if rows.sentiment.type().is_numeric():
        unknown = rows.sentiment.isnull() | rows.sentiment.cast("float64").isnan()
        return unknown.ifelse(by_kind, rows.sentiment.sign().cast("int64"))
    said = ((rows.sentiment.lower() == word, sign) for word, sign in SENTIMENTS.items())
    return ibis.cases((rows.sentiment.isnull(), by_kind), *said, else_=0)


def _tone_of_kind(kinds: ContactKinds, rows: Table) -> NumericValue:
    return ibis.cases((complains(rows), -1), (rows.kind.lower().isin(kinds.praise), 1), else_=0)
