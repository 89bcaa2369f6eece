"""Value curves: what customers brought within so many months of their first order, with its interval.

A customer counts in a month only once it is over, so that who came lately does not look poor.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import NumericValue, Table

from patron.features import purchases
from patron.features.measures import Measure
from patron.history.history import History
from patron.metrics.intervals import Z_95
from patron.periods import EVER
from patron.portfolio.customers import channel, profit_parts
from patron.portfolio.exact_sums import exact
from patron.questions.kinds import Tier

__all__ = ["LEAST_CUSTOMERS", "MONTH", "monthly_values", "value_curve"]

MONTH = 30.4375
MOST = 36
LEAST_CUSTOMERS = 10  # of whom a mean is a figure
SUMS = ["money", "squares"]


def monthly_values(history: History, cutoff: datetime, question: Tier | None) -> pd.DataFrame:
    """Return by cohort, channel and month after the first order how the money to date of customers changed.

    Money is profit, or where no question says what that is, spend.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        question: what profit is.

    Returns:
        `cohort`, `channel` of the first order where there is one; `month`, counted from 0; `entered`, 1 where customers
        changed what they brought and 0 where they are no longer looked at from that month on; `customers`; `money` and
        `squares`, the changes of the sum of what customers brought and of the sum of its squares.
    """
    groups = _first_orders(history, cutoff).cache()
    parts = profit_parts(history, question) if question else (purchases.spend,)
    moved = reduce(Table.union, [_by_month(history, cutoff, part, groups) for part in parts])
    sums = moved.group_by(["customer", "month"]).aggregate(money=moved.money.sum()).cache()
    by_customer = ibis.window(group_by="customer", order_by="month", rows=(None, 0))
    reached = sums.mutate(after=sums.money.sum().over(by_customer)).inner_join(groups, "customer")
    steps = reached.mutate(squares=_squared(reached.after) - _squared(reached.after - reached.money))
    names = [name for name in ("cohort", "channel") if name in groups.columns]
    totals = {"customers": steps.count(), "money": steps.money.sum(), "squares": steps.squares.sum()}
    changes = steps.group_by([*names, "month"]).aggregate(**totals)
    finals = sums.group_by("customer").aggregate(money=sums.money.sum()).inner_join(groups, "customer")
    squares = _squared(finals.money).sum()
    leaving = finals.group_by([*names, finals.observed.name("month")])
    exits = leaving.aggregate(customers=finals.count(), money=finals.money.sum(), squares=squares)
    tables = [(changes, 1), (exits, 0)]
    frame = pd.concat([table.to_pandas().assign(entered=entered) for table, entered in tables], ignore_index=True)
    return frame.astype(dict.fromkeys(SUMS, float)).astype({"month": int}).sort_values([*names, "month"])


def value_curve(values: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the mean of what a customer brought within the first months, by group, with its 95 % interval.

    Args:
        values: what `monthly_values` returns.
        by: `cohort`, `channel`, both or none.

    Returns:
        the groups; `months` since the first order; `customers` who came so long ago, at least ten; `value`, their mean
        to date, and its interval `low` to `high`.
    """
    groups = values.groupby(list(by)) if by else [((), values)]
    curves = [_curve(group).assign(**dict(zip(by, names, strict=True))) for names, group in groups]
    table = pd.concat(curves, ignore_index=True) if curves else _curve(values).head(0).assign(**dict.fromkeys(by))
    return table[[*by, *(name for name in table if name not in by)]]


def _curve(group: pd.DataFrame) -> pd.DataFrame:
    entered = group.entered.to_numpy() == 1
    money, squares = (_by_place(group, entered, name) for name in SUMS)
    gone = {name: _by_place(group, ~entered, name) for name in ("customers", *SUMS)}
    left = {name: np.cumsum(values)[:-1] for name, values in gone.items()}
    count = gone["customers"].sum() - left["customers"]
    few = np.flatnonzero(count < LEAST_CUSTOMERS)
    known = slice(0, few[0] if len(few) else None)
    count = count[known]
    mean = (np.cumsum(money)[:-1] - left["money"])[known] / count
    spread = np.maximum((np.cumsum(squares)[:-1] - left["squares"])[known] / count - mean**2, 0.0)
    half = Z_95 * np.sqrt(spread / count)
    months = np.arange(1, len(count) + 1)
    return pd.DataFrame(
        {"months": months, "customers": count.astype(int), "value": mean, "low": mean - half, "high": mean + half}
    )


def _squared(money: NumericValue) -> NumericValue:
    return exact(money.cast("float64") ** 2)


def _by_place(group: pd.DataFrame, rows: np.ndarray, name: str) -> np.ndarray:
    """Return the sums of a column by month, from 0 to the most."""
    return np.bincount(group.month.to_numpy()[rows], group[name].to_numpy()[rows], MOST + 1)


def _first_orders(history: History, cutoff: datetime) -> Table:
    """Return when each customer came, by which channel, and how many months of them are over."""
    orders = history.past("orders", cutoff, EVER)
    known = {"channel": channel.compute(orders)} if "channel" in orders.columns else {}
    came = orders.group_by("customer").aggregate(
        first=orders.days_ago.max(), cohort=orders["at"].min().strftime("%Y-%m"), **known
    )
    months = ibis.least((came["first"] / MONTH).floor().cast("int64"), MOST)
    return came.mutate(observed=months).filter(months > 0)


def _by_month(history: History, cutoff: datetime, part: Measure, groups: Table) -> Table:
    """Return what one table brought of each customer in each whole month; what came before them counts as the first."""
    events = history.past(part.source, cutoff, EVER).inner_join(
        groups.select("customer", "first", "observed"), "customer"
    )
    month = ibis.greatest(((events["first"] - events.days_ago) / MONTH).floor().cast("int64"), 0)
    dated = events.mutate(month=month).filter(lambda rows: rows.month < rows.observed)
    return dated.group_by(["customer", "month"]).aggregate(money=exact(part.expression(dated)))
