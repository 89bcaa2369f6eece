"""Examples: one real customer's events around a cutoff, to see what is past, what is horizon, and what is neither."""

from dataclasses import dataclass
from datetime import datetime

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.history.history import History
from patron.history.point_in_time import is_past
from patron.periods import EVER, LONGEST, Span

__all__ = ["Example", "example"]

SEVERAL = 4


@dataclass(frozen=True)
class Example:
    """The events of one customer around a cutoff.

    Args:
        customer: the key; whoever shows the example gives it a pseudonym.
        cutoff: the instant a prediction is made.
        horizon: the time after it that a label looks at.
        events: with the columns `table`, `days` (from the cutoff on; below zero before it) and `part`: "past" what
            features see, "horizon" what the label sees, "later" what neither does, up to twice the horizon.
    """

    customer: str
    cutoff: datetime
    horizon: Span
    events: pd.DataFrame


def example(history: History, cutoff: datetime, active_in: Span, horizon: Span) -> Example | None:
    """Return the events of a customer with several orders around a cutoff, or nothing where nobody ordered before it.

    Customers with orders on both sides of the cutoff come first, and of them one whose number of orders is the median,
    but at least four where somebody has so many.

    Args:
        history: the checked event tables.
        cutoff: the instant a prediction is made.
        active_in: the customer has an order in this time before it.
        horizon: the time after it.
    """
    if "orders" not in history.tables:
        return None
    customer = _several(history.past("orders", cutoff, active_in), history.future("orders", cutoff, horizon))
    if customer is None:
        return None
    names = [name for name in history.tables if name not in history.attributes]
    ahead = Span(min(2 * (horizon.days or 1), LONGEST))
    events = pd.concat([_around(history, name, customer, cutoff, ahead) for name in names], ignore_index=True)
    inside = is_past(events.days, horizon.days_after(cutoff))
    part = events.part.where(inside, "later")
    return Example(customer, cutoff, horizon, events.assign(part=part))


def _several(past: Table, future: Table) -> str | None:
    """Return the customer to show: two counts for each in the engine, then one of those with the usual number."""
    sides = [
        past.select("customer", before=ibis.literal(1), after=ibis.literal(0)),
        future.select("customer", before=ibis.literal(0), after=ibis.literal(1)),
    ]
    both = ibis.union(*sides)
    counts = both.group_by("customer").aggregate(before=both.before.sum(), after=both.after.sum())
    eligible = counts.filter(counts.before > 0)
    counts = eligible.mutate(n=eligible.before + eligible.after, again=eligible.after > 0)
    sizes = counts.group_by("again", "n").aggregate(customers=counts.count(), customer=counts.customer.min())
    table = sizes.to_pyarrow().to_pandas()
    if table.empty:
        return None
    best = table[table.again == table.again.max()].sort_values("n")
    usual = best.n.repeat(best.customers).median()
    return str(best.customer[(best.n - max(usual, SEVERAL)).abs().idxmin()])


def _around(history: History, name: str, customer: str, cutoff: datetime, ahead: Span) -> pd.DataFrame:
    """Return the days and sides of a customer's events in one table."""
    past, future = history.past(name, cutoff, EVER), history.future(name, cutoff, ahead)
    before = past.filter(past.customer == customer).select(days=-past.days_ago)
    after = future.filter(future.customer == customer).select(days=future.days_ahead)
    frames = {part: rows.to_pyarrow().to_pandas() for part, rows in (("past", before), ("horizon", after))}
    return pd.concat([frame.assign(table=name, part=part) for part, frame in frames.items()], ignore_index=True)
