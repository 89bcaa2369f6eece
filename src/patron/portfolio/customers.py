"""Customers: everybody who ordered before a cutoff, with what they bought, brought and cost, in exact figures."""

from collections.abc import Sequence
from datetime import datetime

import ibis
import numpy as np
import pandas as pd

from patron.features import available, purchases
from patron.features.measures import Feature, Measure, measure
from patron.history.history import History
from patron.periods import EVER
from patron.questions.kinds import Tier
from patron.questions.matrices import exact_features
from patron.questions.profit import profit_over

__all__ = ["LATELY", "customers_at", "profit_parts"]

LATELY = "_lately"
"""Ends the names of columns that look back over the horizon of the tiers alone."""
SECONDS = 86_400


@measure(theme="lifecycle", unit="channel")
def channel(orders):
    """Channel of the first order."""
    return orders.channel.argmax(ibis.struct({"days_ago": orders.days_ago, "channel": orders.channel}))


def customers_at(history: History, cutoffs: Sequence[datetime], question: Tier | None) -> tuple[pd.DataFrame, ...]:
    """Return everybody who ordered before each cutoff, a table for each cutoff, a row for each customer.

    Args:
        history: the checked event tables.
        cutoffs: the instants at which customers are looked at, oldest first.
        question: what profit is; without it none is told.

    Returns:
        `customer`; `recency` and `tenure` in days, `orders`; `spend` net of returns where orders have amounts;
        `channel` of the first order where they have one; `cohort`, the month of the first order; and where there is a
        question, what each table that earns or costs brought to date (`<table>_profit`) and over its horizon
        (`<table>_profit_lately`), with their sums `profit` and `profit_lately`.

    Raises:
        QuestionError: a cutoff lies outside the history, or as `patron.questions.profit.profit_over`.
    """
    parts = profit_parts(history, question) if question else ()
    windows = (EVER, question.horizon) if question else ()
    shopping = available(history, (purchases.orders.over(EVER), purchases.spend.over(EVER), channel))[0]
    features: tuple[Feature, ...] = (purchases.recency, purchases.tenure, *shopping)
    table = exact_features(history, (*features, *(part.over(*windows) for part in parts)), cutoffs)
    renamed = {part.column(window): part.name + LATELY for part in parts for window in windows[1:]}
    table = table.rename(columns=renamed).assign(cohort=_month_of_first_order(table))
    for name, ending in (("profit", ""), (f"profit{LATELY}", LATELY)) if parts else ():
        table[name] = table[[part.name + ending for part in parts]].sum(axis=1)
    return tuple(table[table.cutoff == at].drop(columns="cutoff").reset_index(drop=True) for at in cutoffs)


def profit_parts(history: History, question: Tier) -> tuple[Measure, ...]:
    """Return what each table that earns or costs brings; they add up to the profit."""
    return profit_over(history, question.costs, EVER).parts


def _month_of_first_order(table: pd.DataFrame) -> pd.Series:
    """Return the month in which the first order lies, which is the tenure before the cutoff, to the second."""
    seconds = np.round(table.tenure.to_numpy(np.float64) * SECONDS).astype("timedelta64[s]")
    return (table.cutoff - seconds).dt.strftime("%Y-%m")
