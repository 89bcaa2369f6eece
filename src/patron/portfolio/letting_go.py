"""Letting go: which relationships lose money, by what, what to try first, and what the option to end one is worth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["first_step", "loss_reason", "losses_by_reason", "option_to_end"]

ENDING = "_profit"
FIRST_STEPS = {
    "orders": "a fee for small orders, or other prices",
    "contacts": "fewer contacts, or cheaper ones",
    "offers": "fewer offers, and only those that earn their cost",
    "returns": "ask why goods come back; then a charge for returns",
}
OTHER_STEP = "self-service, or another level of service"


def loss_reason(customers: pd.DataFrame, parts: Sequence[str]) -> np.ndarray:
    """Return by which table each customer loses money, and nothing where they do not, shape (n,).

    A customer loses money whose profit is below zero both to date and over the last horizon of the tiers; by what cost
    most over that horizon.

    Args:
        customers: `profit`, `profit_lately`, and `<part>_lately` of each part.
        parts: what adds up to the profit, such as `returns_profit`.

    >>> customers = pd.DataFrame({"profit": [-9.0, 5.0], "profit_lately": [-3.0, -1.0],
    ...                           "orders_profit_lately": [2.0, 0.0], "returns_profit_lately": [-5.0, -1.0]})
    >>> loss_reason(customers, ["orders_profit", "returns_profit"]).tolist()
    ['returns', None]
    """
    names = np.array([part.removesuffix(ENDING) for part in parts], dtype=object)
    worst = names[customers[[f"{part}_lately" for part in parts]].to_numpy().argmin(axis=1)]
    loses = (customers.profit < 0) & (customers.profit_lately < 0)
    return np.asarray(np.where(loses, worst, None))


def losses_by_reason(customers: pd.DataFrame) -> pd.DataFrame:
    """Return how many customers lose money by each reason, and how much to date, the greatest loss first.

    Args:
        customers: `loses_by` and `profit` where profit is known.

    >>> losses_by_reason(pd.DataFrame({"loses_by": ["returns", None], "profit": [-9.0, 5.0]})).values.tolist()
    [['returns', 1, -9.0]]
    """
    if "loses_by" not in customers:
        return pd.DataFrame(columns=["reason", "customers", "profit"])
    grouped = customers.groupby("loses_by").profit
    table = pd.DataFrame({"customers": grouped.size(), "profit": grouped.sum()})
    return table.sort_values("profit").rename_axis("reason").reset_index()


def first_step(reason: str) -> str:
    """Return the gentlest step against a loss, before anybody thinks of an end.

    Args:
        reason: the table that costs most.

    >>> first_step("tickets")
    'self-service, or another level of service'
    """
    return FIRST_STEPS.get(reason, OTHER_STEP)


def option_to_end(moves: pd.DataFrame, profit: pd.Series, periods: int, discount: float) -> pd.DataFrame:
    """Return what a customer of each tier is worth over some periods, and what the option to end is worth on top.

    A customer brings the mean profit of the tier in each period, and then moves as customers did since the earlier
    cutoff. With the option, the relationship ends where it is worth less than nothing.

    Args:
        moves: what `patron.portfolio.migration.moves` returns, of tiers.
        profit: of a customer of each tier (index) in a period.
        periods: how many are looked ahead.
        discount: rate of a period by which later money counts less.

    Returns:
        by tier: `value`, `value_with_option`, and their difference `option`, for a customer.

    Source: backward induction on a Markov chain, as Pfeifer and Carraway 2000, Journal of Interactive Marketing 14.

    >>> moves = pd.DataFrame([[1, 1], [0, 2]], ["lead", "gold"], ["lead", "gold"])
    >>> option_to_end(moves, pd.Series({"lead": -6.0, "gold": 4.0}), 2, 0.0).values.tolist()
    [[-7.0, 0.0, 7.0], [8.0, 8.0, 0.0]]
    """
    names = list(moves.columns)
    counts = moves.loc[names].to_numpy(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    chance = np.where(total > 0, counts / np.maximum(total, 1.0), np.eye(len(names)))
    earned = profit.reindex(names).fillna(0.0).to_numpy()
    value, free = np.zeros(len(names)), np.zeros(len(names))
    for _ in range(periods):
        value = earned + chance @ value / (1.0 + discount)
        free = np.maximum(earned + chance @ free / (1.0 + discount), 0.0)
    return pd.DataFrame({"value": value, "value_with_option": free, "option": free - value}, index=names)
