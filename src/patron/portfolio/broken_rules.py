"""Broken rules: where contacts of the business go against the relationship, and how usage went on after that."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import erfc, sqrt

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.history.business_contacts import CONTACTS, begun_by_business, begun_by_customer
from patron.history.history import History
from patron.history.offers import OFFERS
from patron.metrics.intervals import Z_95
from patron.periods import EVER, Span
from patron.portfolio.interaction import QUARTER
from patron.portfolio.relationship_types import RelationshipType

__all__ = ["BROKEN", "RULES", "broken_rules", "unused_channels", "usage_after"]

RULES: Mapping[str, tuple[str, str]] = {
    "only_promotions": (
        "suggested something in the last 90 days, and all that the business said in them were promotions",
        "a kind and a direction of contacts",
    ),
    "unused_channel": (
        "contacted in the last 90 days through a channel that the customer never used for contacts or requests",
        "a channel of contacts, and tickets or a direction",
    ),
    "pushed": (
        "an exchange relationship with more contacts in the last month than it bears",
        "a table of contacts or offers, a type 'exchange' with a limit of contacts",
    ),
}
"""Each rule: when it is broken, in words, and the columns without which it is not known."""
BROKEN = "broken_rules"
MOST_BEFORE = 3  # orders of three months up to which customers are compared with those who had as many


def unused_channels(history: History, cutoff: datetime) -> pd.DataFrame | None:
    """Return whom the business contacted lately through a channel that the customer never used; None if unknown.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.

    Returns:
        `customer` and `unused`, of those who used a channel and were contacted through a known one in 90 days.
    """
    used = _channels(history, cutoff, "tickets", lambda rows: rows, EVER)
    used += _channels(history, cutoff, CONTACTS, begun_by_customer, EVER)
    heard = _channels(history, cutoff, CONTACTS, begun_by_business, QUARTER)
    heard += _channels(history, cutoff, OFFERS, begun_by_business, QUARTER)
    if not used or not heard:
        return None
    known, through = (
        ibis.union(*rows, distinct=True) if len(rows) > 1 else rows[0].distinct() for rows in (used, heard)
    )
    theirs = through.semi_join(known, "customer")
    odd = theirs.anti_join(known, ["customer", "channel"]).select("customer").distinct().mutate(odd=True)
    customers = theirs.select("customer").distinct().left_join(odd, "customer")
    return customers.select("customer", unused=customers.odd.fill_null(False)).to_pandas()


def broken_rules(
    customers: pd.DataFrame, unused: pd.DataFrame | None, types: Sequence[RelationshipType]
) -> pd.DataFrame:
    """Return for each customer which rules are broken: 1 broken, 0 kept, missing where the rule cannot apply.

    Args:
        customers: what `patron.portfolio.interaction.interactions_at` returns of one cutoff, with `relationship_type`.
        unused: what `unused_channels` returns of the same cutoff.
        types: the types that were tried.

    Returns:
        those rules of `RULES` that the columns suffice for, and `broken_rules`, how many are broken.

    >>> people = pd.DataFrame({"customer": ["a", "b"], "relationship_type": "exchange", "heard_1mo": [3, 0]})
    >>> broken_rules(people, None, [RelationshipType("exchange", contacts=2)]).values.tolist()
    [[1.0, 1.0], [nan, 0.0]]
    """
    flags = pd.DataFrame(index=customers.index)
    if {"suggested_90d", "promoted_90d"} <= set(customers):
        heard = customers.heard_90d
        broken = (heard > 0) & (customers.promoted_90d == heard)
        flags["only_promotions"] = broken.astype(float).where(customers.suggested_90d > 0)
    if unused is not None:
        flags["unused_channel"] = unused.set_index("customer").unused.reindex(customers.customer).astype(float).array
    most = {kind.name: kind.contacts for kind in types}.get("exchange", np.inf)
    if "heard_1mo" in customers and np.isfinite(most):
        heard = customers.heard_1mo
        flags["pushed"] = (heard > most).astype(float).where((customers.relationship_type == "exchange") & (heard > 0))
    return flags.assign(**{BROKEN: flags.sum(axis=1)}) if flags.shape[1] else flags


def usage_after(customers: pd.DataFrame, flags: pd.DataFrame, usage: np.ndarray) -> pd.DataFrame:
    """Return how usage went on after rules were broken, beside that of customers like them whose rules were kept.

    Like are customers of one type who ordered as often in the time before. The interval and the p-value are those of a
    permutation of who was broken among customers who are alike, by its moments.

    Args:
        customers: `relationship_type` at the cutoff of the flags.
        flags: what `broken_rules` returns.
        usage: orders in as many periods before that cutoff as after it, shape (n, periods).

    Returns:
        for each rule and `period` (below zero before the cutoff, above it after; 0 all after it together): `customers`
        whose rule was broken while that of some like them was kept; of such a customer the orders `broken`, those of
        the like `kept`, the `difference` with its 95 % interval `low` to `high`, and `p`. Without the rules of which
        there are no such customers.

    Source: matching by strata; P. R. Rosenbaum, Observational Studies (2002), chapter 2 (permutation within strata).

    >>> people = pd.DataFrame({"relationship_type": ["friend"] * 4})
    >>> usage = np.array([[1, 0], [1, 0], [1, 1], [1, 1]])
    >>> table = usage_after(people, pd.DataFrame({"pushed": [1.0, 1.0, 0.0, 0.0]}), usage)
    >>> table[["period", "broken", "kept", "difference"]].values.tolist()
    [[-1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, -1.0], [1.0, 0.0, 1.0, -1.0]]
    """
    half = usage.shape[1] // 2
    periods = [*range(-half, 0), 0, *range(1, half + 1)]
    looks = np.column_stack([usage[:, :half], usage[:, half:].sum(axis=1), usage[:, half:]]).astype(float)
    before = np.minimum(usage[:, :half].sum(axis=1), MOST_BEFORE).astype(int).astype(str)
    alike = customers.relationship_type.astype(str).to_numpy() + before
    tables = [
        _compared(alike[like], broken[like].to_numpy(), looks[like]).assign(rule=rule, period=periods)
        for rule, broken in flags.drop(columns=BROKEN, errors="ignore").items()
        for like in [(broken.notna() & (broken.groupby(alike).transform("nunique") == 2)).to_numpy()]
        if like.any()
    ]
    columns = ["rule", "period", "customers", "broken", "kept", "difference", "low", "high", "p"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _compared(alike: np.ndarray, broken: np.ndarray, looks: np.ndarray) -> pd.DataFrame:
    """Compare what was seen of those with and without a mark; of all who are alike some have it and some have not."""
    codes = np.unique(alike, return_inverse=True)[1]
    size, marked = (np.bincount(codes, weight) for weight in (np.ones(len(codes)), broken))
    kept, weight = size - marked, marked / marked.sum()
    rows = []
    for seen in looks.T:
        total, square, of_marked = (np.bincount(codes, w) for w in (seen, seen**2, seen * broken))
        means = float(weight @ (of_marked / marked)), float(weight @ ((total - of_marked) / kept))
        spread = (square - total**2 / size) / (size - 1)
        error = sqrt(float(weight**2 @ (spread * size / (marked * kept))))
        gap = means[0] - means[1]
        p = erfc(abs(gap) / error / sqrt(2.0)) if error else np.nan
        rows.append((int(marked.sum()), *means, gap, gap - Z_95 * error, gap + Z_95 * error, p))
    return pd.DataFrame(rows, columns=["customers", "broken", "kept", "difference", "low", "high", "p"])


def _channels(
    history: History, cutoff: datetime, name: str, begun: Callable[[Table], Table], window: Span
) -> list[Table]:
    """Return whom a table shows in contact through which channel, nothing where it does not tell."""
    columns = history[name].columns if name in history.tables else ()
    if "channel" not in columns or (begun is begun_by_customer and "direction" not in columns):
        return []
    rows = begun(history.past(name, cutoff, window))
    return [rows.filter(rows.channel.notnull()).select("customer", "channel")]
