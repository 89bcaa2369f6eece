"""Return on relationships: what came back since an earlier cutoff for each unit of money that relationships cost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.metrics.ratios import ratio
from patron.portfolio.customers import LATELY
from patron.portfolio.migration import JOINED

__all__ = ["relationship_costs", "relationship_return"]

ENDING = "_profit"
TRADE = ("orders_profit", "returns_profit")


def relationship_costs(customers: pd.DataFrame) -> list[str]:
    """Return the columns of what relationships cost to date: every table that costs, but orders and returns.

    >>> relationship_costs(pd.DataFrame(columns=["orders_profit_lately", "tickets_profit_lately", "profit"]))
    ['tickets_profit']
    """
    tables = [name.removesuffix(LATELY) for name in map(str, customers) if name.endswith(ENDING + LATELY)]
    return [name for name in tables if name not in TRADE]


def relationship_return(before: pd.DataFrame, now: pd.DataFrame, tiers: Sequence[str]) -> pd.DataFrame:
    """Return profit and change of equity since an earlier cutoff, by what relationships cost in the same time.

    Args:
        before: customers at the earlier cutoff: `profit` to date, `equity`, `tier`, and what each table
            brought to date.
        now: the same now.
        tiers: all tiers, in the order of the rows.

    Returns:
        a row for all customers, then one for each `tier` of the earlier cutoff, who joined since last: `customers`,
        `profit` and `cost` of the time between, `equity`, its change; `value`, (profit + equity) / cost, with its 95 %
        interval over customers `low` to `high`; missing where nothing was spent. Of all the tier is missing.

    Source: R. Rust, K. Lemon and V. Zeithaml, Return on marketing, Journal of Marketing 68 (2004); the interval of a
    ratio by linearisation (Cochran 1977, Sampling Techniques, chapter 6).

    >>> before = pd.DataFrame({"customer": ["a"], "profit": 10.0, "equity": 20.0, "tier": "gold", "calls_profit": -1.0})
    >>> now = before.assign(profit=16.0, equity=24.0, calls_profit=-3.0, calls_profit_lately=-2.0)
    >>> table = relationship_return(before, now, ["lead", "gold"])
    >>> table[["tier", "profit", "equity", "cost", "value"]].values.tolist()
    [[nan, 6.0, 4.0, 2.0, 5.0], ['gold', 6.0, 4.0, 2.0, 5.0]]
    """
    columns = ["profit", "equity", *relationship_costs(now)]
    then = before.set_index("customer").reindex(now.customer)
    change = now[columns].to_numpy(np.float64) - np.nan_to_num(then[columns].to_numpy(np.float64))
    moved = pd.DataFrame({"profit": change[:, 0], "equity": change[:, 1], "cost": -change[:, 2:].sum(axis=1)})
    tier = then.tier.astype(object).fillna(JOINED).to_numpy()
    groups = [(None, moved), *((name, moved[tier == name]) for name in (*tiers, JOINED) if (tier == name).any())]
    return pd.DataFrame([_row(name, group) for name, group in groups])


def _row(tier: str | None, moved: pd.DataFrame) -> dict[str, object]:
    value, half = ratio(moved.profit + moved.equity, moved.cost)
    bounds = {"value": value, "low": value - half, "high": value + half}
    return {"tier": tier, "customers": len(moved), **moved.sum().to_dict(), **bounds}
