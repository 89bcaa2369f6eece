"""Profit by tenure: how the profit of the same customers changes with the time they are there, and what it comes from.

Who stays longer was often worth more from the start, so the mean over those who are still there rises even where
nobody's profit does. Changes of the same customers do not have that bias.
"""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from patron.features import available, purchases
from patron.history.history import History
from patron.history.ties import referrals_of, ties_before
from patron.metrics.intervals import Z_95
from patron.periods import EVER, Span
from patron.portfolio.customers import profit_parts
from patron.portfolio.referral_value import referral_value
from patron.questions.kinds import Tier
from patron.questions.matrices import exact_features

__all__ = ["LEAST_PAIRS", "tenure_profile", "tenure_rows"]

MOST = 9  # periods that are looked at
LEAST_PAIRS = 10  # customers of whom a change is a figure
MONEY = ["orders_profit", "other_profit", "referral_profit"]  # which add up to the profit
STEPS = ["growth", "price", "service", "referrals"]  # by which it changes
COLUMNS = ["age", "customers", "survivors", "profit", "low", "high", "base", *STEPS]


def tenure_rows(history: History, cutoff: datetime, question: Tier, referral_share: float) -> pd.DataFrame:
    """Return what customers brought in each of the last periods, those after the one of their first order.

    A period is as long as the horizon of the question; the last ends at the cutoff.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        question: what profit is, and how long a period is.
        referral_share: share of a customer's profit that is credited to who brought the customer.

    Returns:
        a row for each customer and period: `customer`, `period` (counted, the earliest 0), `age`, how many periods
        after that of the first order; `orders_profit`, `other_profit` and, where orders have amounts, `spend` of the
        period; `referral_profit`, what is credited of it for whom the customer brought, less what is passed on; and
        `stayed`, whether the customer ordered after it, still before the cutoff.
    """
    period = Span(question.horizon.days)
    times = list(_ends(history, cutoff, period))
    parts = profit_parts(history, question)
    shopping = available(history, (purchases.spend.over(period),))[0]
    known = (purchases.tenure, purchases.orders.over(EVER), *shopping, *(part.over(period) for part in parts))
    table = exact_features(history, known, times)
    columns = [part.column(period) for part in parts]
    rows = table.assign(
        period=np.searchsorted(np.array(times, "datetime64[us]"), table.cutoff.to_numpy()),
        age=np.ceil(table.tenure / period.days).astype(int) - 1,
        orders_profit=table[columns[0]],
        other_profit=table[columns[1:]].sum(axis=1),
        stayed=table.groupby("customer").orders.transform("max") > table.orders,
    ).rename(columns={f"spend_{period}": "spend"})
    rows["referral_profit"] = _credited(history, cutoff, rows, referral_share)
    money = [*MONEY, *(("spend",) if len(shopping) else ())]
    return rows.loc[rows.age > 0, ["customer", "period", "age", "stayed", *money]].reset_index(drop=True)


def tenure_profile(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the profit of a period by how many periods after the first order it lies.

    Only periods after which a customer ordered again count, so that a silence at the end is taken neither for a loss
    nor for the end. From one age to the next the profit changes by the mean change of the same customers.

    Args:
        rows: what `tenure_rows` returns.

    Returns:
        `age`; `customers`, whose change to that age is known; `survivors`, the mean of all who stayed, which is biased;
        `profit`, that of the same customers, from that of the first age on, with its 95 % interval; and what adds up to
        it: `base`, the profit of the first age, and what came on top by `growth` (more spend, at the same share of
        profit), `price` (more of the spend left as profit: prices, discounts, mix), `service` (returns, contacts and
        all else that costs) and `referrals` (credited for whom they brought, less what is passed on).

    Source: F. F. Reichheld and W. E. Sasser, Zero defections, Harvard Business Review 68 (1990), with changes within
    customers in place of means over them (a first-difference estimate, as in Wooldridge 2010, chapter 10).

    >>> rows = pd.DataFrame({"customer": ["a", "a"] * 10, "period": [0, 1] * 10, "age": [1, 2] * 10, "stayed": True,
    ...                      "orders_profit": [5.0, 8.0] * 10, "other_profit": [0.0, -1.0] * 10,
    ...                      "referral_profit": [0.0, 0.5] * 10})
    >>> profile = tenure_profile(rows.assign(customer=[f"{i // 2}" for i in range(20)]))
    >>> profile[["profit", "growth", "service", "referrals"]].values
    array([[ 5. ,  0. ,  0. ,  0. ],
           [ 7.5,  3. , -1. ,  0.5]])
    """
    there = rows[rows.stayed].assign(profit=lambda frame: frame[MONEY].sum(axis=1))
    changes = _changes(there)
    first = there[there.age == 1]
    known = [1, *_gapless(changes.groupby("age").size())]
    if len(first) < LEAST_PAIRS:
        return pd.DataFrame(columns=COLUMNS)
    changes = changes[changes.age.isin(known)]
    means = changes.groupby("age")[["profit", *STEPS]].mean()
    steps = means.reindex(known, fill_value=0.0).cumsum()
    base = float(first.profit.mean())
    half = Z_95 * _spread(first, changes, len(known))
    return pd.DataFrame(
        {
            "age": known,
            "customers": [len(first), *changes.groupby("age").size()],
            "survivors": there.groupby("age").profit.mean().reindex(known).to_numpy(),
            "profit": base + steps.profit.to_numpy(),
            "low": base + steps.profit.to_numpy() - half,
            "high": base + steps.profit.to_numpy() + half,
            "base": base,
            **{name: steps[name].to_numpy() for name in STEPS},
        }
    )


def _ends(history: History, cutoff: datetime, period: Span) -> Iterator[datetime]:
    """Return the ends of the last periods that lie in the history, the earliest first."""
    ends = [cutoff]
    while len(ends) < MOST and period.before(period.before(ends[-1])) > history.starts:
        ends.append(period.before(ends[-1]))
    return reversed(ends)


def _credited(history: History, cutoff: datetime, rows: pd.DataFrame, share: float) -> np.ndarray:
    """Return what is credited to each customer of each period less what is passed on, by all referrals before now."""
    ties = ties_before(history, cutoff)
    if ties is None:
        return np.zeros(len(rows))
    now = rows[rows.period == rows.period.max()]
    referrals = referrals_of(ties, now.customer, now.tenure.to_numpy())
    at = (rows.period.to_numpy(), pd.Index(now.customer).get_indexer(rows.customer))
    profit = np.zeros((int(rows.period.max()) + 1, len(now)))
    profit[at] = rows.orders_profit + rows.other_profit
    values = (referral_value(money, referrals, share) for money in profit)
    return np.asarray(np.stack([value.credited - value.passed_on for value in values])[at])


def _changes(there: pd.DataFrame) -> pd.DataFrame:
    """Return how the money of each customer changed from one period to the next, by what, and at which age."""
    before = there.assign(period=there.period + 1)
    pairs = there.merge(before, on=["customer", "period"], suffixes=("", "_before"))
    by_orders, price = pairs.orders_profit - pairs.orders_profit_before, 0.0
    if "spend" in pairs:
        share, share_before = (
            pairs[f"orders_profit{end}"] / pairs[f"spend{end}"].where(pairs[f"spend{end}"] > 0)
            for end in ("", "_before")
        )
        price = ((share - share_before) * (pairs.spend + pairs.spend_before) / 2).fillna(0.0)
    return pd.DataFrame(
        {
            "customer": pairs.customer,
            "age": pairs.age,
            "profit": pairs.profit - pairs.profit_before,
            "growth": by_orders - price,
            "price": price,
            "service": pairs.other_profit - pairs.other_profit_before,
            "referrals": pairs.referral_profit - pairs.referral_profit_before,
        }
    )


def _gapless(counts: pd.Series) -> list[int]:
    """Return the ages from 2 on as far as enough customers are known at each.

    >>> _gapless(pd.Series({2: 50, 3: 20, 4: 9, 5: 30}))
    [2, 3]
    """
    ages: list[int] = []
    while counts.get(len(ages) + 2, 0) >= LEAST_PAIRS:
        ages.append(len(ages) + 2)
    return ages


def _spread(first: pd.DataFrame, changes: pd.DataFrame, ages: int) -> np.ndarray:
    """Return the standard error of the profit at each age, by what each customer adds to it."""
    parts = pd.concat([first.assign(age=1), changes])[["customer", "age", "profit"]]
    by_age = parts.groupby("age").profit
    pull = (parts.profit - by_age.transform("mean")) / by_age.transform("size")
    place = parts.customer.astype("category").cat.codes.to_numpy()
    added = np.zeros((int(place.max()) + 1, ages))
    np.add.at(added, (place, parts.age.to_numpy() - 1), pull.to_numpy())
    return np.asarray(np.sqrt((added.cumsum(axis=1) ** 2).sum(axis=0)))
