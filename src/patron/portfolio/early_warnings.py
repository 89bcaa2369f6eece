"""Early warnings: customers whose use fell against their own former level, and whose chance to leave is up."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

__all__ = ["early_warnings", "use_declines"]

COUNT = "_count_"
WINDOWS = ((30, 90), (90, 365))  # days, and those that the former level is taken from, the first among them
FELL = 0.5
LUCK = 0.05
CHANCE = "cancellation_probability"
COLUMNS = [
    *("customer", "cutoff", "use", "days", "events", "usual"),
    *("chance", "chance_before", "monthly_price", "at_risk"),
]


def use_declines(known: pd.DataFrame, tables: Sequence[str]) -> pd.DataFrame:
    """Return who uses something half as much as before or less, by more than luck explains.

    The last 30 days are held against the 60 before them, and the last 90 against the 275 before them, or as many of
    these as the customer was there. Use fell by more than luck where so few of the events of the whole time, or fewer,
    come into its last part in less than one case in 20, if each day is as likely as any other (a binomial law).

    Args:
        known: features of n customers: member_since, and of each table `<table>_count_30d`, `_90d` and `_365d`.
        tables: of events that are use.

    Returns:
        `row` (its position), `use` (the table), `days` (30 or 90), `events` in them and `usual`, the former level over
        as many days; of each customer the decline that luck explains least.

    >>> known = pd.DataFrame({"member_since": [400.0, 400.0], "visits_count_30d": [1.0, 8.0],
    ...                       "visits_count_90d": [21.0, 24.0], "visits_count_365d": [90.0, 90.0]})
    >>> use_declines(known, ["visits"]).values.tolist()
    [[0, 'visits', 30, 1.0, 10.0]]
    """
    declines = pd.concat(_declines(known, tables), ignore_index=True) if len(tables) else pd.DataFrame(columns=["row"])
    if declines.empty:
        return pd.DataFrame(columns=["row", "use", "days", "events", "usual"])
    least = declines.sort_values(["row", "luck", "days"], kind="stable").drop_duplicates("row")
    return least.drop(columns="luck").reset_index(drop=True)


def early_warnings(
    scores: pd.DataFrame, before: pd.DataFrame, known: pd.DataFrame, tables: Sequence[str]
) -> pd.DataFrame:
    """Return the customers whose use fell and whose chance to leave is higher than it was, the most money first.

    Args:
        scores: today's answers of the customers under contract.
        before: the answers of the same model at an earlier cutoff, of those who were under contract then.
        known: features of the customers of *scores*, in their order.
        tables: of events that are use.

    Returns:
        `customer`, `cutoff`, the columns of `use_declines`; `chance`, to leave within the horizon, `chance_before`,
        that at the earlier cutoff; `monthly_price` where it is known, and `at_risk`, price times chance.
    """
    fallen = use_declines(known, tables)
    rows = scores[["customer", "cutoff", CHANCE]].rename(columns={CHANCE: "chance"}).reset_index(drop=True)
    rows = rows.assign(monthly_price=known.get("monthly_price", pd.Series(np.nan, known.index)).to_numpy(np.float64))
    earlier = before[["customer", CHANCE]].rename(columns={CHANCE: "chance_before"})
    table = fallen.merge(rows, left_on="row", right_index=True).merge(earlier, on="customer").drop(columns="row")
    table = table[table.chance > table.chance_before]
    table = table.assign(at_risk=table.monthly_price * table.chance)
    order = {"at_risk": False, "chance": False, "customer": True}
    return table[COLUMNS].sort_values(list(order), ascending=list(order.values()), ignore_index=True)


def _declines(known: pd.DataFrame, tables: Sequence[str]) -> Iterator[pd.DataFrame]:
    from scipy.stats import binom

    for table in tables:
        for short, long in WINDOWS:
            late, all_ = (known[f"{table}{COUNT}{days}d"].to_numpy(np.float64) for days in (short, long))
            former = np.minimum(known.member_since.to_numpy(np.float64), long) - short
            usual = (all_ - late) * short / np.maximum(former, short)
            luck = binom.cdf(late, all_, short / (short + np.maximum(former, short)))
            fell = (former >= short) & (late <= FELL * usual) & (luck <= LUCK)
            yield pd.DataFrame(
                {"row": np.flatnonzero(fell), "use": table, "days": short, "events": late[fell], "usual": usual[fell]}
            ).assign(luck=luck[fell])
