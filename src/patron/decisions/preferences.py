"""Preferences: what customers said they like and what they do, in one table, and whether treatment agrees with it."""

import math
from typing import TypedDict

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.decisions.table_checks import check_columns
from patron.errors import QuestionError, listed
from patron.history.business_contacts import CONTACTS, ORDERS, begun_by_customer
from patron.history.history import History
from patron.metrics.intervals import Z_95
from patron.periods import EVER, Moment, instant

__all__ = ["TABLE", "Agreement", "agreement_sentence", "preference_agreement", "preferences"]

STATED, OBSERVED = "stated", "observed"
TABLE = "preferences"
ABOUT = ("channel", "topic", "frequency")
GOODS = (ORDERS, "lines")


class Agreement(TypedDict):
    """How many of those treated were treated by the channel that they had asked for."""

    treated: int
    customers: int
    share: float
    low: float
    high: float


def preferences(history: History, until: Moment | None = None) -> pd.DataFrame:
    """Return what each customer said to prefer, and what they were seen to do, up to a cutoff.

    Stated is the latest word of the event table `preferences` (customer, at, and those of channel, topic and frequency
    that there are). Observed is the channel that a customer orders and writes by most often, and as topic the category
    bought most often; how often somebody wants to be contacted no event tells.

    Args:
        history: the checked event tables.
        until: the cutoff; up to where the history is known unless it is said.

    Returns:
        customer, about (channel, topic or frequency), value, source (stated or observed), age (days since it was said
        or last seen), events (that it rests on) and share (of the events of the customer; 1 where it was said).

    Raises:
        QuestionError: no table tells any.

    >>> import patron as pt
    >>> said = pd.DataFrame({"customer": ["ann"] * 2, "at": ["2024-01-01", "2024-02-01"], "channel": ["mail", "call"]})
    >>> orders = pd.DataFrame({"customer": ["ann"] * 3, "at": ["2024-01-01", "2024-01-05", "2024-03-01"],
    ...                        "channel": ["web", "web", "shop"]})
    >>> table = preferences(pt.History.of(orders=pt.events(orders), preferences=pt.events(said)), "2024-03-02")
    >>> table[["value", "source", "age", "events"]].values.tolist()
    [['web', 'observed', 57.0, 2], ['call', 'stated', 30.0, 2]]
    """
    cutoff = history.ends if until is None else instant(until)
    known = {name: history.past(name, cutoff, EVER) for name in (*GOODS, CONTACTS, TABLE) if name in history.tables}
    tables = [*_stated(known), *_observed(known)]
    if not tables:
        raise QuestionError(
            f"No table tells a preference; the history has {listed(history.tables)}. Declare what customers said, "
            "preferences = pt.events(frame, customer='...', at='...') with a column channel, or the channel of orders."
        )
    table = ibis.union(*tables) if len(tables) > 1 else tables[0]
    return table.order_by("customer", "about", "source").to_pandas()


def preference_agreement(treated: pd.DataFrame, preferred: pd.DataFrame) -> Agreement:
    """Compute which share of treatments went by the channel that the customer had asked for.

    The 95 % interval is over customers, each with the share of the own treatments.

    Args:
        treated: customer and channel of each treatment: the table of a plan, or past contacts.
        preferred: `preferences`; customers who said no channel are left out, as are treatments without one.

    Raises:
        ScoreError: a column is missing.

    >>> treated = pd.DataFrame({"customer": ["ann", "bob", "cid"], "channel": ["mail", "call", "mail"]})
    >>> said = pd.DataFrame({"customer": ["ann", "bob"], "about": "channel", "value": "mail", "source": "stated"})
    >>> preference_agreement(treated, said)["share"]
    0.5
    """
    check_columns(treated, ("customer", "channel"), "treated", "Give the table of a plan, or contacts.")
    check_columns(preferred, ("customer", "about", "value", "source"), "preferred", "Give pt.preferences(history).")
    said = preferred[(preferred.source == STATED) & (preferred.about == "channel")].set_index("customer").value
    treated = treated.assign(customer=treated.customer.astype(str))
    rows = treated[treated.customer.isin(said.index) & treated.channel.notna() & (treated.channel != "")]
    agrees = (rows.channel.astype(str) == rows.customer.map(said).astype(str)).groupby(rows.customer).mean()
    share = float(agrees.mean())
    half = Z_95 * math.sqrt(float(agrees.var()) / len(agrees)) if len(agrees) > 1 else math.nan
    low, high = (max(share - half, 0.0), min(share + half, 1.0)) if math.isfinite(half) else (math.nan, math.nan)
    return {"treated": len(rows), "customers": len(agrees), "share": share, "low": low, "high": high}


def agreement_sentence(agreement: Agreement) -> str:
    """Return in words how many were treated as they had asked for.

    >>> agreement_sentence({"treated": 4, "customers": 4, "share": 0.75, "low": 0.26, "high": 1.0})
    'of 4 treated customers who had said by which channel, 75 % [26, 100] were treated by it'
    >>> agreement_sentence({"treated": 0, "customers": 0, "share": math.nan, "low": math.nan, "high": math.nan})
    'of those treated by a channel nobody had said which they prefer'
    """
    share, low, high = (100 * agreement[bound] for bound in ("share", "low", "high"))
    if not agreement["customers"]:
        return "of those treated by a channel nobody had said which they prefer"
    interval = f" [{low:.0f}, {high:.0f}]" if math.isfinite(low) else ""
    who = f"of {agreement['customers']:,} treated customers who had said by which channel"
    return f"{who}, {share:.0f} %{interval} were treated by it"


def _stated(known: dict[str, Table]) -> list[Table]:
    """Return the latest word of each customer on each thing; of several at once the first by the alphabet."""
    rows = known.get(TABLE)
    if rows is None:
        return []
    return [_latest(rows.filter(rows[about].notnull()), about) for about in ABOUT if about in rows.columns]


def _latest(rows: Table, about: str) -> Table:
    said = rows.select("at", "days_ago", customer=rows.customer.cast("string"), value=rows[about].cast("string"))
    said = said.mutate(last=said["at"].max().over(group_by=said.customer))
    words = said.group_by("customer").aggregate(
        value=said.value.min(where=said["at"] == said["last"]), age=said.days_ago.min(), events=said.count()
    )
    return _named(words.mutate(share=ibis.literal(1.0)), about, STATED)


def _observed(known: dict[str, Table]) -> list[Table]:
    """Return what each customer did most often."""
    contacts = {CONTACTS: begun_by_customer(known[CONTACTS])} if CONTACTS in known else {}
    goods = {name: known[name] for name in GOODS if name in known}
    columns = {"channel": ("channel", goods | contacts), "topic": ("category", goods)}
    return [
        _most_often([rows for rows in tables.values() if column in rows.columns], column, about)
        for about, (column, tables) in columns.items()
        if any(column in rows.columns for rows in tables.values())
    ]


def _most_often(tables: list[Table], column: str, about: str) -> Table:
    rows = [
        table.filter(table[column].notnull()).select(
            "days_ago", customer=table.customer.cast("string"), value=table[column].cast("string")
        )
        for table in tables
    ]
    seen = ibis.union(*rows) if len(rows) > 1 else rows[0]
    counts = seen.group_by("customer", "value").aggregate(age=seen.days_ago.min(), events=seen.count())
    own = ibis.window(group_by=counts.customer, order_by=[counts.events.desc(), counts.age, counts.value])
    whole = ibis.window(group_by=counts.customer)
    ranked = counts.mutate(rank=ibis.row_number().over(own), share=counts.events / counts.events.sum().over(whole))
    return _named(ranked.filter(ranked["rank"] == 0), about, OBSERVED)


def _named(rows: Table, about: str, source: str) -> Table:
    return rows.select(
        "customer",
        "value",
        "age",
        "events",
        about=ibis.literal(about),
        source=ibis.literal(source),
        share=rows.share.cast("float64"),
    ).select("customer", "about", "value", "source", "age", "events", "share")
