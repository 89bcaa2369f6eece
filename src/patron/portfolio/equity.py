"""Customer equity: what customers are expected to bring, by group with its doubt, and what changed since a cutoff."""

from datetime import datetime
from statistics import NormalDist

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.metrics.columns import by_draw
from patron.metrics.intervals import Estimate, estimate
from patron.models.clv.lifetime import lifetime_value
from patron.periods import Span
from patron.portfolio.loyalty import LIKELY

__all__ = ["equity_bridge", "equity_by", "equity_of", "margin_shares", "total"]

SHOWN = ("equity", "equity_low", "equity_high", "purchase_probability")
DRAWN, REPEATS = 10_000, 200  # customers up to which they are drawn, and how often


def equity_of(
    history: History, cutoff: datetime, horizon: Span, discount: float, customers: pd.DataFrame
) -> pd.DataFrame:
    """Return what each customer is expected to bring within a horizon, discounted to the cutoff, with its interval.

    It is the lifetime value times the share of the customer's spend that is left as profit; where no profit is known,
    the lifetime value.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        horizon: how far ahead.
        discount: rate a year by which later money counts less.
        customers: everybody who ordered before the cutoff, with `spend`, and `profit` where it is known.

    Returns:
        `equity`, its 80 % interval `equity_low` to `equity_high`, and `purchase_probability`, in the order of
        *customers*.

    Raises:
        QuestionError: as `patron.models.clv.lifetime.lifetime_value`.
    """
    days = horizon.days_after(cutoff)
    values = lifetime_value(history, cutoff, days, discount).set_index("customer").loc[customers.customer]
    share = margin_shares(customers)
    low, high = (values[bound].to_numpy() * share for bound in ("value_low", "value_high"))
    columns = (values.value.to_numpy() * share, np.minimum(low, high), np.maximum(low, high))
    chance = values.purchase_probability.to_numpy()
    return pd.DataFrame(dict(zip(SHOWN, (*columns, chance), strict=True)), index=customers.index)


def margin_shares(customers: pd.DataFrame) -> np.ndarray:
    """Return the share of each customer's spend that is left as profit, shape (n,); 1 where no profit is known.

    A customer's own share counts as much as that of all together once they spent what a customer spends on average.

    Args:
        customers: `spend`, and `profit` where it is known.

    >>> margin_shares(pd.DataFrame({"spend": [100.0, 300.0], "profit": [50.0, 50.0]})).round(3).tolist()
    [0.333, 0.2]
    """
    if "profit" not in customers:
        return np.ones(len(customers))
    spend = np.maximum(customers.spend.fillna(0.0).to_numpy(), 0.0)
    usual = spend.mean()
    if not usual > 0:
        return np.zeros(len(customers))
    overall = customers.profit.sum() / spend.sum()
    return np.asarray((customers.profit.to_numpy() + usual * overall) / (spend + usual))


def equity_by(customers: pd.DataFrame, group: str) -> pd.DataFrame:
    """Return the money and the equity of each group of customers, with its 95 % interval over customers.

    Args:
        customers: the group, and of `spend`, `profit` and `equity` those that are known.
        group: the column of the group.

    Returns:
        the group, `customers`, `spend` and `profit` to date, `equity` with `low` and `high`, and `mean`, that of a
        customer, as far as they are known.

    >>> customers = pd.DataFrame({"tier": ["gold", "gold", "iron"], "spend": [5.0, 7.0, 1.0]})
    >>> equity_by(customers, "tier").values.tolist()
    [['gold', 2, 12.0], ['iron', 1, 1.0]]
    """
    grouped = customers.groupby(group, sort=True, observed=False)
    money = [name for name in ("spend", "profit", "equity") if name in customers]
    table = pd.concat([grouped.size().rename("customers"), grouped[money].sum()], axis=1)
    if "equity" in customers:
        bounds = {name: _bounds(values.to_numpy()) for name, values in grouped.equity}
        table = table.join(pd.DataFrame.from_dict(bounds, orient="index", columns=["low", "high"]))
        table = table.assign(mean=grouped.equity.mean())
    return table.rename_axis(group).reset_index()


def total(money: np.ndarray, level: float = 0.95) -> Estimate:
    """Estimate a sum over customers, with its interval if they were drawn again from the like of them.

    Of many customers the bounds are those that drawing them would come to.

    Args:
        money: of each customer, shape (n,).
        level: of the interval.

    Source: B. Efron and R. J. Tibshirani, An introduction to the bootstrap (1993); for many, its normal limit.
    """
    if len(money) <= DRAWN:
        return estimate(_sum, np.arange(len(money)), money, repeats=REPEATS, level=level)
    value = float(money.sum())
    spread = NormalDist().inv_cdf((1 + level) / 2) * float(money.std()) * np.sqrt(len(money))
    return Estimate(value, value - spread, value + spread)


def equity_bridge(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return how the equity at an earlier cutoff became that of now.

    Args:
        before: `customer`, `equity` and `purchase_probability` at the earlier cutoff.
        now: the same now.

    Returns:
        `part`, `customers` and `money`: what it was *before*; less what is gone with those *lost*, who were expected
        back and are no longer; less by what others *shrunk*; more by what customers have *grown*, and by *new* ones,
        who had no order before the earlier cutoff; which is what it is *now*. And of it *kept*, what customers have in
        common at both.

    >>> before = pd.DataFrame({"customer": ["a", "b", "c"], "equity": 10.0, "purchase_probability": [0.9, 0.9, 0.9]})
    >>> now = pd.DataFrame({"customer": ["a", "b", "c", "d"], "equity": [15.0, 4.0, 1.0, 7.0],
    ...                     "purchase_probability": [0.9, 0.6, 0.1, 0.8]})
    >>> equity_bridge(before, now).set_index("part").money.to_dict()
    {'before': 30.0, 'lost': -9.0, 'shrunk': -6.0, 'grown': 5.0, 'new': 7.0, 'now': 27.0, 'kept': 15.0}
    """
    then = before.set_index("customer").reindex(now.customer)
    was, equity = then.equity.to_numpy(), now.equity.to_numpy()
    is_new, change = np.isnan(was), equity - np.nan_to_num(was)
    fell = ~is_new & (change < 0)
    lost = fell & (then.purchase_probability.to_numpy() >= LIKELY) & (now.purchase_probability.to_numpy() < LIKELY)
    masks = {"lost": lost, "shrunk": fell & ~lost, "grown": ~is_new & (change > 0), "new": is_new}
    parts = [("before", len(before), float(before.equity.sum()))]
    parts += [(name, int(mask.sum()), float(change[mask].sum())) for name, mask in masks.items()]
    kept = float(np.minimum(was, equity)[~is_new].sum())
    parts += [("now", len(now), float(equity.sum())), ("kept", int((~is_new).sum()), kept)]
    return pd.DataFrame(parts, columns=["part", "customers", "money"])


def _bounds(money: np.ndarray) -> tuple[float, float]:
    whole = total(money)
    return whole.low, whole.high


@by_draw
def _sum(money: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return the sum of money; on each draw of customers where there are draws."""
    return float(money.sum()) if weight is None else money @ weight
