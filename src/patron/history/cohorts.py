"""Cohorts: customers by the period of their first order, and how many of them ordered again in each later one."""

import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.history.timeline import UNITS, as_periods

__all__ = ["cohorts"]


def cohorts(orders: Table, unit: str, most: int) -> pd.DataFrame:
    """Return how many customers of each cohort had an order in each period since; the engine counts them.

    Args:
        orders: a table with the columns `customer` and `at`.
        unit: of `patron.history.timeline.UNITS`.
        most: how many cohorts; where there are more, the latest.

    Returns:
        a row for each cohort, named by its first midnight, and a column for each number of periods since: how many
        customers ordered then (those of column 0 are all of the cohort); missing where that lies beyond the last order.

    >>> import ibis
    >>> days = pd.to_datetime(["2024-01-05", "2024-03-02", "2024-02-01"])
    >>> cohorts(ibis.memtable({"customer": ["a", "a", "b"], "at": days}), "month", 12).fillna(-1).astype(int).values
    array([[ 1,  0,  1],
           [ 1,  0, -1],
           [ 0, -1, -1]])
    """
    active = orders.select("customer", period=orders["at"].truncate(UNITS[unit])).distinct()
    first = active.group_by("customer").mutate(cohort=active.period.min())
    counted = first.group_by("cohort", "period").aggregate(customers=first.count()).to_pyarrow().to_pandas()
    came, bought = (as_periods(counted[name], unit) for name in ("cohort", "period"))
    every = pd.period_range(came.min(), bought.max(), freq=UNITS[unit])
    table = np.zeros((len(every), len(every)))
    start = every[0].ordinal
    table[came.asi8 - start, bought.asi8 - came.asi8] = counted.customers
    beyond = np.add.outer(np.arange(len(every)), np.arange(len(every))) >= len(every)
    kept = pd.DataFrame(np.where(beyond, np.nan, table), index=every.start_time).tail(most)
    return kept.iloc[:, : len(kept)]
