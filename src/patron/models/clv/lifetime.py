"""Lifetime value: orders, spend and discounted money to expect of every customer over any horizon.

No label window is needed: a purchase process and a spread of order values are fitted to all customers before the
cutoff, and what earlier stretches of the history bought corrects the pace.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.features import attributes, purchases
from patron.features.measures import Feature
from patron.history.history import History
from patron.models.clv.covariates import coded, fit_with
from patron.models.clv.pareto_nbd import ParetoNBD, Transactions, fit_spend, worth
from patron.models.clv.rate_correction import Pace, Paced, fit_pace
from patron.models.clv.transactions import Array
from patron.models.serving import repeats
from patron.periods import EVER, Moment, Span, instant
from patron.questions.matrices import matrix
from patron.questions.panels import check_events
from patron.questions.question import Question

__all__ = ["lifetime_value"]

LIFE = (purchases.recency, purchases.tenure, purchases.orders.over(EVER))
MONEY = (purchases.spend.over(EVER), purchases.order_spread)
STRETCHES = 3
LEAST_DAYS = 7
FEWEST_REPEATS = 10
MOST = 200_000


@dataclass(frozen=True)
class Seen:
    """What was known of some customers at one instant: names, purchases, the money of these, and attributes."""

    customers: np.ndarray
    life: Transactions
    money: pd.DataFrame
    facts: pd.DataFrame


def lifetime_value(history: History, cutoff: Moment, horizon: int, discount: float = 0.1) -> pd.DataFrame:
    """Learn what every customer will order, spend and be worth within any horizon, however short the history.

    Attributes of customers that tell how often they buy or how soon they leave shift both; whoever has none counts as
    usual.

    Parameters
    ----------
    history : the checked tables; needs `orders`, and their `amount` for anything in money.
    cutoff : only events before it are looked at.
    horizon : days ahead; may be longer than the history.
    discount : rate a year by which later money counts less, 0.1 for 10 %.

    Returns
    -------
    One row for each customer with an order before the cutoff: `customer`, `expected_orders`, `expected_spend` (money
    of these orders, before returns and costs), `value` (the same discounted to the cutoff), and its 80 % interval
    `value_low` to `value_high`; and `median_orders`, which as many stay below as go beyond: nearest to what each
    customer orders, while the sum over many is nearest to that of `expected_orders`. Money is null where the orders
    have no amount.

    Raises
    ------
    QuestionError
        Where cutoff, horizon or discount lie outside their range.

    Source: Pareto/NBD with time-invariant covariates (Fader and Hardie 2007) and Gamma-Gamma spend (Fader, Hardie and
    Lee 2005, RFM and CLV), the expected orders corrected by half of what a Poisson regression finds off earlier on.

    Examples
    --------
    >>> from patron.datasets import online_retail
    >>> found = lifetime_value(online_retail(), "2011-09-09", horizon=365)
    >>> list(found.columns[:4])
    ['customer', 'expected_orders', 'expected_spend', 'value']
    >>> bool((found.value <= found.expected_spend).all() and (found.value_low <= found.value_high).all())
    True
    """
    check_events(history, "Lifetime value")
    at, days = instant(cutoff), Span(horizon).days
    if not discount >= 0:
        raise QuestionError(f"The discount is a rate a year of 0 or more, got {discount}. Write 0.1 for 10 %.")
    near, earlier = _stretches(history, at, days or 0)
    seen = _seen(history, (*earlier, at))
    _check_repeats(seen[at].life, at)
    process, chosen = fit_with(seen[at].life, seen[at].facts)
    if chosen:
        seen = {instant: _shifted(one, coded(one.facts, chosen)) for instant, one in seen.items()}
    now, life = seen[at], seen[at].life
    paced = Paced(process, _pace(process, seen, near))
    ahead = paced.moments(life, float(horizon), 0.0)
    found = {"customer": now.customers, "expected_orders": ahead.sum}
    money = _money(now, paced, ahead.sum, horizon, discount)
    return pd.DataFrame(found | money | {"median_orders": ahead.median()})


def _check_repeats(life: Transactions, at: datetime) -> None:
    """Refuse customers of whom hardly any ordered twice: whether and when the others come back is then a guess."""
    again = int((life.x > 0).sum())
    if again < FEWEST_REPEATS:
        raise QuestionError(
            f"A lifetime value is learned from customers who ordered again, and before {at:%Y-%m-%d} only {again} of "
            f"{len(life.x):,} did; at least {FEWEST_REPEATS} are needed. Use a later cutoff, or a longer history."
        )


def _stretches(history: History, at: datetime, days: int) -> tuple[Span, tuple[datetime, ...]]:
    """Return a horizon that the history can check, and the instants from which it can be, oldest first."""
    history.check_cutoff(at)
    known = min(at, history.ends)
    length = min(days, (known - history.starts).days // (STRETCHES + 1))
    if length < LEAST_DAYS:
        return Span(1), ()
    near = Span(length)
    return near, tuple(known - k * near.delta for k in range(STRETCHES, 0, -1))


def _seen(history: History, cutoffs: tuple[datetime, ...]) -> dict[datetime, Seen]:
    money = MONEY if "amount" in history["orders"].columns else ()
    known = attributes.of(history)
    rows = matrix(Question(Span(1), features=(*LIFE, *money, *known)), history, cutoffs)
    x, last, age = repeats(np.round(rows.X[_columns(LIFE)].to_numpy(dtype=np.float64)))
    customers = rows.key.customer.to_numpy()
    paid = rows.X[_columns(money)].astype("float64")
    made = {}
    for cutoff in cutoffs:
        here = rows.at(cutoff)
        life = Transactions(x[here], last[here], age[here])
        beside = (part[here].reset_index(drop=True) for part in (paid, rows.X[_columns(known)]))
        made[cutoff] = Seen(customers[here], life, *beside)
    return made


def _shifted(seen: Seen, z: Array) -> Seen:
    return replace(seen, life=Transactions(seen.life.x, seen.life.t_x, seen.life.T, z))


def _pace(process: ParetoNBD, seen: dict[datetime, Seen], near: Span) -> Pace:
    """Learn from each earlier stretch what came of it by the next: orders then less orders before."""
    instants = sorted(seen)
    if len(instants) == 1:
        return Pace()
    parts = [_stretch(process, seen[early], seen[late], near) for early, late in pairwise(instants)]
    x, last, age, expected, bought = np.concatenate(parts, axis=1)
    some = slice(None, None, 1 + len(x) // MOST)
    return fit_pace(Transactions(x[some], last[some], age[some]), expected[some], bought[some])


def _stretch(process: ParetoNBD, early: Seen, late: Seen, near: Span) -> Array:
    orders = pd.Series(late.life.x, index=late.customers).reindex(early.customers)
    bought = np.maximum(orders.fillna(0.0).to_numpy() - early.life.x, 0.0)
    life = early.life
    return np.stack([life.x, life.t_x, life.T, process.expected_purchases(life, float(near.days or 0)), bought])


def _money(now: Seen, paced: Paced, expected: Array, horizon: int, discount: float) -> dict[str, Array]:
    if now.money.empty:
        return dict.fromkeys(("expected_spend", "value", "value_low", "value_high"), np.full(len(expected), np.nan))
    n, (total, spread) = now.life.x + 1.0, np.nan_to_num(now.money.to_numpy().T)
    spend = fit_spend(n, total, total**2 / n + (n - 1.0) * spread**2)
    found = worth(paced, spend, now.life, total, float(horizon), discount)
    own = {"expected_spend": expected * spend.order_value(n, total)}
    return own | {"value": found.expected, "value_low": found.low, "value_high": found.high}


def _columns(features: tuple[Feature, ...]) -> list[str]:
    return [feature.column(feature.windows[0]) for feature in features]
