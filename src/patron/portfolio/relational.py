"""Relational intelligence: types of relationships at some cutoffs, which contacts fit them, and which rules broke."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from patron.errors import listed
from patron.history.history import History
from patron.portfolio.broken_rules import RULES, broken_rules, unused_channels, usage_after
from patron.portfolio.interaction import MONTH, interactions_at
from patron.portfolio.relationship_types import FACETS, RelationshipType, known_types, type_of, what_moved
from patron.portfolio.terms import PortfolioTerms

__all__ = ["Relational", "fitting_contacts", "relational", "relationships_at"]

MONTHS = 6  # that are looked at: half of them before rules broke, half after
MAPPED = ("orders", "begun", "tone")
KEPT = ("talk", "heard", "begun", "tone", "demand", "silence")


@dataclass(frozen=True)
class Relational:
    """What is known of types of relationships beside the type of each customer.

    Args:
        types: those whose rules look at nothing but what is known, in the order in which they are tried.
        where: by type `customers`, and the means of the facets `orders`, `begun` and `tone`, as far as they are known.
        moved_by: what `patron.portfolio.relationship_types.what_moved` returns.
        fit: by month (its first day) and type at its beginning the `contacts` of the business, and those `fitting`.
        usage: what `patron.portfolio.broken_rules.usage_after` returns, of rules that were broken three months ago.
    """

    types: tuple[RelationshipType, ...]
    where: pd.DataFrame
    moved_by: pd.DataFrame
    fit: pd.DataFrame
    usage: pd.DataFrame


def relational(
    history: History,
    times: Sequence[datetime],
    frames: Sequence[pd.DataFrame],
    terms: PortfolioTerms,
    left_out: dict[str, str],
) -> tuple[list[pd.DataFrame], Relational]:
    """Return customers with the type of their relationship and the rules that are broken, and what is known beside it.

    Args:
        history: the checked event tables.
        times: the cutoffs, oldest first.
        frames: what `patron.portfolio.customers.customers_at` returns of them.
        terms: which types there are, and how kinds of contacts are called.
        left_out: what could not be told, and why; it is added to.
    """
    months = _months(history, times[-1], float(frames[-1].tenure.max()))
    table, types = relationships_at(history, sorted({*times, *months}), terms)
    at = {cutoff: part.reset_index(drop=True) for cutoff, part in table.groupby("cutoff")}
    flags = broken_rules(at[times[-1]], unused_channels(history, times[-1]), types)
    left_out |= _unknown(terms.types, list(table), flags)
    shown = [at[time][["customer", "relationship_type", *(name for name in KEPT if name in table)]] for time in times]
    shown[-1] = pd.concat([shown[-1], flags], axis=1)
    results = [frame.merge(known, "left", "customer") for frame, known in zip(frames, shown, strict=True)]
    moved_by = what_moved(at[times[0]], at[times[-1]], types) if len(times) > 1 else pd.DataFrame()
    by_month = [at[month] for month in months]
    fit = fitting_contacts(by_month, types) if "heard" in table else pd.DataFrame()
    usage = _usage(history, months, by_month, types, left_out)
    return results, Relational(types, _where(at[times[-1]]), moved_by, fit, usage)


def relationships_at(
    history: History, cutoffs: Sequence[datetime], terms: PortfolioTerms
) -> tuple[pd.DataFrame, tuple[RelationshipType, ...]]:
    """Return what `interactions_at` does with the `relationship_type` of each customer, and the types that were tried.

    Args:
        history: the checked event tables.
        cutoffs: the instants at which customers are looked at.
        terms: which types there are, and how kinds of contacts are called.

    Raises:
        QuestionError: a cutoff lies outside the history, or nobody ordered before it.
    """
    table = interactions_at(history, cutoffs, terms.kinds)
    types = known_types(terms.types, list(table))
    return table.assign(relationship_type=type_of(table, types)), types


def fitting_contacts(months: Sequence[pd.DataFrame], types: Sequence[RelationshipType]) -> pd.DataFrame:
    """Return how many contacts of the business fit the type that their customer had at the beginning of the month.

    Of a customer's contacts in a month as many fit as the type bears, of those that promote as many as it bears of
    them. Customers without an order before the month have no type yet.

    Args:
        months: customers with their type and contacts at the first day of each month, the last one's end included.
        types: the types that were tried.

    Returns:
        `month`, `relationship_type`, `contacts` and `fitting`.

    Source: J. Avery, S. Fournier and J. Wittenbraker, Unlock the mysteries of your customer relationships, Harvard
    Business Review 92 (2014): relational intelligence. The figure is Patron's.

    >>> first = pd.DataFrame({"customer": ["a"], "cutoff": [datetime(2024, 3, 1)], "relationship_type": ["friend"]})
    >>> after = first.assign(cutoff=datetime(2024, 4, 1), heard_1mo=[5.0], promoted_1mo=[3.0])
    >>> kinds = [RelationshipType("friend", contacts=4, promotions=1)]
    >>> fitting_contacts([first, after], kinds)[["month", "contacts", "fitting"]].values.tolist()
    [['2024-03-01', 5, 3]]
    """
    bears = {kind.name: kind.contacts for kind in types}
    bears_promotions = {kind.name: kind.promotions for kind in types}
    tables = []
    for first, after in pairwise(months):
        rows = first[["customer", "relationship_type"]].merge(after, on="customer", suffixes=("", "_after"))
        most, promotions = (
            rows.relationship_type.map(limits).astype(float).fillna(np.inf) for limits in (bears, bears_promotions)
        )
        promoted = rows.get("promoted_1mo", pd.Series(0.0, rows.index))
        fitting = np.minimum(most, rows.heard_1mo - promoted + np.minimum(promoted, promotions))
        counts = rows.assign(contacts=rows.heard_1mo, fitting=fitting).groupby("relationship_type", as_index=False)
        sums = counts[["contacts", "fitting"]].sum().astype({"contacts": int, "fitting": int})
        tables.append(sums.assign(month=f"{first.cutoff.iloc[0]:%Y-%m-%d}"))
    columns = ["month", "relationship_type", "contacts", "fitting"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _where(customers: pd.DataFrame) -> pd.DataFrame:
    """Return where the types lie by what can be seen of them on average."""
    grouped = customers.reindex(columns=["relationship_type", *MAPPED]).groupby("relationship_type")
    return pd.concat([grouped.size().rename("customers"), grouped.mean()], axis=1)


def _months(history: History, at: datetime, days: float) -> list[datetime]:
    """Return the ends of the last months after the first order, where there are contacts to look at in them.

    Each month begins where the one before it ends, also where months are of different lengths.
    """
    if not {"contacts", "offers"} & set(history.tables):
        return []
    ends = [at]
    while len(ends) <= MONTHS and (end := MONTH.before(ends[-1])) > at - timedelta(days=days):
        ends.append(end)
    return ends[::-1]


def _usage(
    history: History,
    months: Sequence[datetime],
    frames: Sequence[pd.DataFrame],
    types: Sequence[RelationshipType],
    left_out: dict[str, str],
) -> pd.DataFrame:
    """Return how usage went on after rules that were broken in the middle of the months, where all are known."""
    if len(months) < MONTHS:
        what = "usage after broken rules" if len(months) > 1 else "contacts that fit and usage after broken rules"
        left_out[what] = f"They look at up to {MONTHS} months of contacts or offers after the first order."
        return usage_after(pd.DataFrame({"relationship_type": []}), pd.DataFrame(), np.zeros((0, MONTHS)))
    middle, people = months[-MONTHS // 2 - 1], frames[-MONTHS // 2 - 1]
    flags = broken_rules(people, unused_channels(history, middle), types)
    orders = [frame.set_index("customer").orders_1mo.reindex(people.customer) for frame in frames[-MONTHS:]]
    usage = usage_after(people, flags, np.nan_to_num(np.column_stack(orders)))
    alone = [rule for rule in RULES if rule in flags and flags[rule].eq(1).any() and rule not in set(usage.rule)]
    if alone:
        left_out[f"usage after {listed(alone)}"] = (
            "It is held against customers of the same type who had ordered as often and whose rule was kept, and there "
            "was none."
        )
    return usage


def _unknown(types: Sequence[RelationshipType], known: Sequence[str], flags: pd.DataFrame) -> dict[str, str]:
    """Return the types and the rules that the columns do not suffice for, and why."""
    lacking = {kind.name: [facet for facet in kind.bounds if facet not in known] for kind in types}
    unknown = [name for name, facets in lacking.items() if facets]
    needs = (
        f"{facet} ({FACETS[facet][1]})" for facet in dict.fromkeys(f for facets in lacking.values() for f in facets)
    )
    rules = [rule for rule in RULES if rule not in flags]
    left_out = {f"relationship types {listed(unknown)}": f"Their rules look at {'; '.join(needs)}."} if unknown else {}
    if rules:
        needs = (RULES[rule][1] for rule in rules)
        left_out[f"broken rules {listed(rules)}"] = f"They need {'; '.join(needs)}."
    return left_out
