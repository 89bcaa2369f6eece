"""Payback: after how many months new customers have brought what it cost to win them, and what they bring early."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

__all__ = ["EARLY", "cost_of_each", "early_value", "payback", "winning_costs"]

EARLY = 3  # months


def early_value(curves: pd.DataFrame) -> pd.DataFrame:
    """Return what a new customer of each channel brings within the first three months, the most first.

    Args:
        curves: what `patron.portfolio.value_curves.value_curve` returns by channel.

    >>> curves = pd.DataFrame({"channel": "web", "months": [1, 2, 3], "customers": 20, "value": [1.0, 2.0, 3.0]})
    >>> early_value(curves).values.tolist()
    [['web', 20, 3.0]]
    """
    early = curves[curves.months == EARLY].drop(columns="months")
    return early.sort_values("value", ascending=False, ignore_index=True)


def winning_costs(customers: pd.DataFrame, costs: float | Mapping[str, float], group: str) -> pd.Series:
    """Return what it cost on average to win a customer of each group; missing where a channel has no cost.

    Args:
        customers: the group, and `channel` where costs are by channel.
        costs: for each customer, or by channel of the first order.
        group: the column of the group.

    >>> customers = pd.DataFrame({"cohort": ["a", "a", "b"], "channel": ["web", "store", "web"]})
    >>> winning_costs(customers, {"web": 10.0, "store": 20.0}, "cohort").to_dict()
    {'a': 15.0, 'b': 10.0}
    """
    each = cost_of_each(customers, costs)
    return each.groupby(customers[group]).agg(lambda known: known.mean(skipna=False))


def cost_of_each(customers: pd.DataFrame, costs: float | Mapping[str, float]) -> pd.Series:
    """Return what it cost to win each customer; missing where a channel has no cost.

    Args:
        customers: `channel` where costs are by channel.
        costs: for each customer, or by channel of the first order.

    >>> cost_of_each(pd.DataFrame({"channel": ["web", "store"]}), {"web": 10.0}).tolist()
    [10.0, nan]
    """
    each = customers.channel.map(dict(costs)) if isinstance(costs, Mapping) else pd.Series(costs, customers.index)
    return each.astype(float)


def payback(curves: pd.DataFrame, costs: pd.Series) -> pd.DataFrame:
    """Return after how many months customers of each group have brought what it cost to win them.

    Args:
        curves: what `patron.portfolio.value_curves.value_curve` returns by one group.
        costs: to win a customer of each group (index).

    Returns:
        the group, `customers` of its first month, `cost`, `months`, missing where they have not yet, out of `observed`;
        and `soonest` to `latest`, the months by the bounds of the 95 % interval of what they brought.

    >>> curves = pd.DataFrame({"channel": "web", "months": [1, 2, 3], "customers": 20, "value": [4.0, 9.0, 12.0],
    ...                        "low": [3.0, 7.0, 9.0], "high": [5.0, 11.0, 15.0]})
    >>> payback(curves, pd.Series({"web": 9.0})).values.tolist()
    [['web', 20, 9.0, 2.0, 2.0, 3.0, 3]]
    """
    (group,) = curves.columns[:1]
    rows = []
    for name, curve in curves.groupby(group):
        cost = float(costs.get(name, np.nan))
        months = [_first(curve, bound, cost) for bound in ("value", "high", "low")]
        rows.append((name, curve.customers.iloc[0], cost, *months, curve.months.iloc[-1]))
    return pd.DataFrame(rows, columns=[group, "customers", "cost", "months", "soonest", "latest", "observed"])


def _first(curve: pd.DataFrame, bound: str, cost: float) -> float:
    reached = curve.months[curve[bound] >= cost]
    return float(reached.iloc[0]) if len(reached) else np.nan
