"""Lifetime value: orders, spend and discounted money to expect of every customer over any horizon.

No label window is needed: a purchase process and a spread of order values are fitted to all customers before the
cutoff, and what earlier stretches of the history bought corrects the pace.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.features import purchases
from patron.history import History
from patron.matrices import matrix
from patron.measures import Feature
from patron.models.pace import Pace, Paced, fit_pace
from patron.models.parametric import ParetoNBD, Transactions, fit_pareto_nbd, fit_spend, worth
from patron.models.parametric_input import Array
from patron.models.serving import repeats
from patron.periods import EVER, Moment, Span, instant
from patron.questions import Question

__all__ = ["lifetime_value"]

LIFE = (purchases.recency, purchases.tenure, purchases.orders.over(EVER))
MONEY = (purchases.spend.over(EVER), purchases.order_spread)
STRETCHES = 3
LEAST_DAYS = 7
FEWEST_REPEATS = 10
MOST = 200_000


@dataclass(frozen=True)
class Seen:
    """What was known of some customers at one instant: their names, their purchases, and the money of these."""

    customers: np.ndarray
    life: Transactions
    money: pd.DataFrame


def lifetime_value(
    history: History,
    cutoff: Moment,
    horizon: int,
    discount: float = 0.1,
    attributes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Learn what every customer will order, spend and be worth within any horizon, however short the history.

    Parameters
    ----------
    history : the checked event tables; needs `orders`, and their `amount` for anything in money.
    cutoff : only events before it are looked at.
    horizon : days ahead; may be longer than the history.
    discount : rate a year by which later money counts less, 0.1 for 10 %.
    attributes : timeless facts about customers, one row each: `customer` beside columns of numbers or texts, which
        shift how often customers buy and how soon they leave. Whoever is not there counts as usual.

    Returns
    -------
    One row for each customer with an order before the cutoff: `customer`, `expected_orders`, `expected_spend` (money
    of these orders, before returns and costs), `value` (the same discounted to the cutoff), and its 80 % interval
    `value_low` to `value_high`. Money is null where the orders have no amount.

    Raises
    ------
    QuestionError
        Where cutoff, horizon or discount lie outside their range, or attributes name no or repeated customers.

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
    at, days = instant(cutoff), Span(horizon).days
    if not discount >= 0:
        raise QuestionError(f"The discount is a rate a year of 0 or more, got {discount}. Write 0.1 for 10 %.")
    near, earlier = _stretches(history, at, days or 0)
    seen = _seen(history, (*earlier, at), attributes)
    now = seen[at]
    life = now.life
    _check_repeats(life, at)
    process = fit_pareto_nbd(life.x, life.t_x, life.T, covariates=life.covariates)
    paced = Paced(process, _pace(process, seen, near))
    expected = paced.moments(life, float(horizon), 0.0).sum
    found = {"customer": now.customers, "expected_orders": expected}
    return pd.DataFrame(found | _money(now, paced, expected, horizon, discount))


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


def _seen(history: History, cutoffs: tuple[datetime, ...], attributes: pd.DataFrame | None) -> dict[datetime, Seen]:
    priced = "amount" in history["orders"].columns
    rows = matrix(Question(Span(1), features=(*LIFE, *(MONEY if priced else ()))), history, cutoffs)
    x, last, age = repeats(np.round(rows.X[_columns(LIFE)].to_numpy(dtype=np.float64)))
    customers = rows.key.customer.to_numpy()
    facts = _covariates(attributes, customers)
    money = rows.X[_columns(MONEY)].astype("float64") if priced else pd.DataFrame(index=rows.X.index)
    made = {}
    for cutoff in cutoffs:
        here = rows.at(cutoff)
        known = Transactions(x[here], last[here], age[here], None if facts is None else facts[here])
        made[cutoff] = Seen(customers[here], known, money[here].reset_index(drop=True))
    return made


def _covariates(attributes: pd.DataFrame | None, customers: np.ndarray) -> Array | None:
    """Numbers as they are and texts as one column for each, unknown ones at their mean."""
    if attributes is None:
        return None
    if "customer" not in attributes or attributes.customer.duplicated().any() or attributes.shape[1] < 2:
        raise QuestionError(
            f"Attributes need one row for each customer, with the column 'customer' and at least one other. Got "
            f"{len(attributes)} rows with {list(attributes.columns)}. "
            "Mend: attributes.rename(columns={...: 'customer'}).drop_duplicates('customer')."
        )
    coded = pd.get_dummies(attributes.set_index("customer"), drop_first=True, dtype=float)
    coded.index = coded.index.astype(str)
    found = coded.reindex(pd.Index(customers).astype(str))
    if found.isna().all(axis=None):
        raise QuestionError(
            f"The attributes are of none of the {len(customers)} customers: theirs are like {coded.index[0]!r}, those "
            f"of the history like {str(customers[0])!r}. Give the keys of the event tables."
        )
    return found.fillna(found.mean()).fillna(0.0).to_numpy(dtype=np.float64)


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
