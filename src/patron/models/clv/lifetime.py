"""Lifetime value: orders, spend and discounted money to expect of every customer over any horizon.

No label window is needed: a purchase process and a spread of order values are fitted to all customers before the
cutoff, and what the same process, fitted to the first half of the history, got wrong about the second corrects it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.features import attributes, purchases
from patron.features.measures import Feature
from patron.history.history import History
from patron.models.clv.answered_chance import answered_chances, answered_process
from patron.models.clv.covariates import Coding, coded, fit_coded, fit_with
from patron.models.clv.gamma_gamma import Buying, fit_spend, worth
from patron.models.clv.pareto_nbd import ParetoNBD
from patron.models.clv.rate_correction import CorrectedProcess, RateCorrection, fit_rate_correction
from patron.models.clv.transactions import Array, Transactions
from patron.models.serving import repeats
from patron.periods import EVER, Moment, Span, instant, span
from patron.questions.matrices import matrix, row_source
from patron.questions.question import Question

__all__ = ["lifetime_value"]

PURCHASES = (purchases.recency, purchases.tenure, purchases.orders.over(EVER))
MONEY = (purchases.spend.over(EVER), purchases.order_spread)
LEAST_DAYS = 7
MIN_REPEATERS = 10


@dataclass(frozen=True)
class Snapshot:
    """What was known of some customers at an instant: names, purchases, the money of these, and attributes."""

    customers: np.ndarray
    transactions: Transactions
    money: pd.DataFrame
    facts: pd.DataFrame


def lifetime_value(
    history: History, cutoff: Moment, horizon: int | str, discount: float = 0.1, answers: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Estimate what every customer will order, spend and be worth within any horizon, however short the history.

    Attributes of customers that tell how often they buy or how soon they leave shift both; whoever has none counts as
    usual.

    Parameters
    ----------
    history : the checked tables; needs `orders`, and their `amount` for anything in money.
    cutoff : only events before it are looked at.
    horizon : days ahead, or a text such as "2 years" by the calendar; may be longer than the history.
    discount : rate a year by which later money counts less, 0.1 for 10 %.
    answers : scores of a model at the same cutoff, with `customer` and `churn_probability` over the same horizon (or
        `purchase_within_<horizon>d`). Then the chance of any order is what they say, and what customers order if they
        order is told beside it, so that both are one story. Who has no answer is told by the process.

    Returns
    -------
    One row for each customer with an order before the cutoff: `customer`, `expected_orders`, `expected_spend` (money
    of these orders, before returns and costs), `value` (the same discounted to the cutoff), and its 80 % interval
    `value_low` to `value_high`; and `median_orders`, which as many stay below as go beyond: nearest to what each
    customer orders, while the sum over many is nearest to that of `expected_orders`; and `purchase_probability`, the
    chance of any order. Money is null where the orders have no amount, and nothing for customers who never paid any.

    Raises
    ------
    QuestionError
        Where cutoff, horizon or discount lie outside their range, or the answers are about something else.

    Source: Pareto/NBD with time-invariant covariates (Fader and Hardie 2007) and Gamma-Gamma spend (Fader, Hardie and
    Lee 2005, RFM and CLV), the expected orders corrected by three quarters of what the second half of the history
    shows to be off.

    Examples
    --------
    >>> from patron.datasets import online_retail
    >>> values = lifetime_value(online_retail(), "2011-09-09", horizon=365)
    >>> list(values.columns[:4])
    ['customer', 'expected_orders', 'expected_spend', 'value']
    >>> bool((values.value <= values.expected_spend).all() and (values.value_low <= values.value_high).all())
    True
    """
    row_source(history).check_events("Lifetime value")
    at = instant(cutoff)
    days = float(span(horizon).days_after(at))
    if not discount >= 0:
        raise QuestionError(f"The discount is a rate a year of 0 or more, got {discount}. Write 0.1 for 10 %.")
    history.check_cutoff(at)
    now = _snapshot(history, at)
    _check_repeats(now.transactions, at)
    process, chosen = fit_with(now.transactions, now.facts)
    now = _shifted(now, chosen)
    corrected: Buying = CorrectedProcess(process, _factors(history, at, process, now, chosen))
    if answers is not None:
        chance = answered_chances(answers, now.customers, at, int(days))
        corrected = answered_process(corrected, chance, now.transactions, days)
    ahead = corrected.moments(now.transactions, days, 0.0)
    orders = {"customer": now.customers, "expected_orders": ahead.sum}
    money = _money(now, corrected, ahead.sum, days, discount)
    return pd.DataFrame(orders | money | {"median_orders": ahead.median(), "purchase_probability": ahead.p_any})


def _check_repeats(transactions: Transactions, at: datetime) -> None:
    """Refuse customers of whom hardly any ordered twice: whether and when the others come back is then a guess."""
    again = int((transactions.x > 0).sum())
    if again < MIN_REPEATERS:
        raise QuestionError(
            f"A lifetime value is learned from customers who ordered again, and before {at:%Y-%m-%d} only {again} "
            f"of {len(transactions.x):,} did; at least {MIN_REPEATERS} are needed. Use a later cutoff, or a longer "
            "history."
        )


def _snapshot(history: History, cutoff: datetime) -> Snapshot:
    money = MONEY if "amount" in history["orders"].columns else ()
    known = attributes.of(history)
    rows = matrix(Question(Span(1), features=(*PURCHASES, *money, *known)), history, [cutoff])
    transactions = Transactions(*repeats(np.round(rows.X[_columns(PURCHASES)].to_numpy(dtype=np.float64))))
    paid = rows.X[_columns(money)].astype("float64")
    return Snapshot(rows.key.customer.to_numpy(), transactions, paid, rows.X[_columns(known)])


def _shifted(snapshot: Snapshot, chosen: Sequence[Coding]) -> Snapshot:
    if not chosen:
        return snapshot
    bare = snapshot.transactions
    return replace(snapshot, transactions=Transactions(bare.x, bare.t_x, bare.T, coded(snapshot.facts, chosen)))


def _factors(history: History, at: datetime, process: ParetoNBD, now: Snapshot, chosen: Sequence[Coding]) -> Array:
    """Return by how much to multiply the orders of each customer, 1 where the history is too short to tell, (n,)."""
    known = min(at, history.ends)
    half = (int(now.transactions.T.max()) - (at - known).days) // 2
    if half < LEAST_DAYS:
        return np.ones(len(now.customers))
    early = _shifted(_snapshot(history, known - timedelta(days=half)), chosen)
    correction = _rate_correction(early, now, chosen, float(half))
    return correction.factors(process.expected_purchases(now.transactions, float(half)))


def _rate_correction(early: Snapshot, late: Snapshot, chosen: Sequence[Coding], days: float) -> RateCorrection:
    """Estimate what a process that knew the first half only got wrong about the second: orders then less before."""
    before = early.transactions
    if (before.x > 0).sum() < MIN_REPEATERS:
        return RateCorrection()
    orders = pd.Series(late.transactions.x, index=late.customers).reindex(early.customers)
    bought = np.maximum(orders.fillna(0.0).to_numpy() - before.x, 0.0)
    process = fit_coded(before, early.facts, chosen)
    return fit_rate_correction(process.expected_purchases(before, days), bought)


def _money(now: Snapshot, process: Buying, expected: Array, days: float, discount: float) -> dict[str, Array]:
    if now.money.empty:
        return dict.fromkeys(("expected_spend", "value", "value_low", "value_high"), np.full(len(expected), np.nan))
    n, (total, spread) = now.transactions.x + 1.0, np.nan_to_num(now.money.to_numpy().T)
    spend = fit_spend(n, total, total**2 / n + (n - 1.0) * spread**2, expected)
    value = worth(process, spend, now.transactions, total, days, discount)
    own = {"expected_spend": expected * spend.order_value(n, total)}
    columns = own | {"value": value.expected, "value_low": value.low, "value_high": value.high}
    return {name: np.where(total > 0, column, 0.0) for name, column in columns.items()}  # who never paid brings nothing


def _columns(features: tuple[Feature, ...]) -> list[str]:
    return [feature.column(feature.windows[0]) for feature in features]
