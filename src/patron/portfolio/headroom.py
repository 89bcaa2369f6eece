"""Headroom: how much more a customer could spend, by an outside total where there is one, else by the like of them.

What one in ten customers like this will exceed is no promise: how often that came true a period ago is told beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from patron.errors import QuestionError, listed, nearest
from patron.features import attributes, purchases
from patron.history.history import History
from patron.metrics.intervals import Estimate
from patron.metrics.ratios import ratio
from patron.periods import EVER, Span
from patron.questions.matrices import exact_features

__all__ = ["LEAST_PEERS", "Headroom", "headroom_by", "headroom_of", "share_of_customer", "with_headroom"]

QUANTILE = 0.9
LEAST_PEERS, MOST_PEERS = 200, 3_000  # customers who are learned from
YEAR = Span(365)
SHAPE = (purchases.recency, purchases.tenure, purchases.orders.over(EVER), purchases.first_order)


@dataclass(frozen=True)
class Headroom:
    """How well the headroom of customers was foreseen a period ago; what is not known is empty.

    Args:
        period: how far ahead and back it looks.
        above: the share of customers who spent more in the last period than had been predicted before it, with its
            95 % interval; a tenth where the potential is right.
        better: by which share the error of the quantile is smaller than that of one quantile for all.
    """

    period: Span
    above: Estimate | None = None
    better: float = np.nan


def with_headroom(
    history: History, cutoff: datetime, customers: pd.DataFrame, period: Span, outside_total: str | None
) -> tuple[pd.DataFrame, Headroom, dict[str, str]]:
    """Return customers with their headroom, how well it was foreseen before, and what could not be told, with why.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        customers: everybody who ordered before it, with `spend` where orders have amounts.
        period: how far ahead and back.
        outside_total: the attribute of what a customer spends anywhere in a year; None where nobody says.

    Returns:
        the customers with `potential`, what one in ten of the like of them exceeds in the next period, `headroom`, by
        how much it lies above what they spent in the last, and `share_of_customer`, as far as they are known.

    Raises:
        QuestionError: as `share_of_customer`.
    """
    if "spend" not in customers:
        return customers, Headroom(period), {}
    if outside_total is not None:
        share = share_of_customer(history, cutoff, outside_total)
        customers = customers.assign(share_of_customer=share.reindex(customers.customer).to_numpy())
    result = headroom_of(history, cutoff, period)
    if result is None:
        why = f"It is learned from {LEAST_PEERS} customers who ordered before the last two periods of {period.length}."
        return customers, Headroom(period), {"headroom": f"{why} Use a later cutoff, or a shorter horizon of tiers."}
    columns, foreseen = result
    return pd.concat([customers, columns.set_axis(customers.index)], axis=1), foreseen, {}


def headroom_by(customers: pd.DataFrame, group: str) -> pd.DataFrame:
    """Return the headroom of each group, and the mean share of customer; empty where neither is known.

    Args:
        customers: the group, and `potential`, `headroom` and `share_of_customer` where they are known.
        group: the column of the group.

    >>> customers = pd.DataFrame({"segment": ["new", "new"], "potential": [9.0, 1.0], "headroom": [4.0, 0.0]})
    >>> headroom_by(customers, "segment").values.tolist()
    [['new', 2, 10.0, 4.0]]
    """
    how = {"potential": "sum", "headroom": "sum", "share_of_customer": "mean"}
    known = {name: (name, way) for name, way in how.items() if name in customers}
    if group not in customers or not known:
        return pd.DataFrame()
    return customers.groupby(group).agg(customers=(group, "size"), **known).reset_index()


def headroom_of(history: History, cutoff: datetime, period: Span) -> tuple[pd.DataFrame, Headroom] | None:
    """Return the headroom of each customer by a regression of the 90 % quantile on peers, and how it did before.

    It is fitted to what customers spent in the last period, by what was known of them before it; and, to be judged, to
    the period before that.

    Args:
        history: the checked event tables; orders have amounts.
        cutoff: only events before it are looked at.
        period: how far ahead and back.

    Returns:
        `potential` and `headroom`, by customer in the order of their keys, and how well it was foreseen a period ago;
        nothing where fewer than 200 customers are known from two periods ago.

    Source: R. Koenker and G. Bassett, Regression quantiles, Econometrica 46 (1978); as size of wallet: C. Perlich, S.
    Rosset, R. D. Lawrence and B. Zadrozny, High-quantile modeling for customer wallet estimation, KDD (2007).
    """
    times = [cutoff - timedelta(days=(period.days or 1) * back) for back in (2, 1, 0)]
    if times[0] <= history.starts:
        return None
    spent = purchases.spend.over(EVER, period)
    table = exact_features(history, (*SHAPE, spent), times)
    frames = [table[table.cutoff == at].drop(columns="cutoff").set_index("customer").fillna(0.0) for at in times]
    if len(frames[0]) < LEAST_PEERS:
        return None
    lately = purchases.spend.column(period)
    came = [later[lately].reindex(frame.index).to_numpy() for frame, later in pairwise(frames)]
    predicted, flat = _predicted(frames[0], came[0], frames[1]), np.full(len(frames[1]), np.quantile(came[0], QUANTILE))
    exceeded = came[1] > predicted
    potential = _predicted(frames[1], came[1], frames[2])
    room = np.maximum(potential - frames[2][lately].to_numpy(), 0.0)
    worst = _error(came[1], flat)
    share, half = ratio(exceeded, np.ones(len(exceeded)))
    above = Estimate(share, max(share - half, 0.0), share + half)
    better = 1.0 - _error(came[1], predicted) / worst if worst > 0 else np.nan
    return pd.DataFrame({"potential": potential, "headroom": room}), Headroom(period, above, better)


def share_of_customer(history: History, cutoff: datetime, column: str) -> pd.Series:
    """Return the share of what each customer spends anywhere in a year that is spent here, by customer.

    Args:
        history: the checked event tables; orders have amounts.
        cutoff: only events before it are looked at.
        column: the attribute that tells what a customer spends anywhere in a year, `<table>_<column>`.

    Raises:
        QuestionError: no attribute is called so, or it is no number.
    """
    known: Mapping[str, attributes.Feature] = {feature.name: feature for feature in attributes.of(history)}
    if column not in known:
        raise QuestionError(
            f"outside_total names {column!r}, which is no attribute of customers.{nearest(column, known)} There are: "
            f"{listed(known) or 'none'}. Write the table and its column, for example outside_total = "
            '"customers_category_spend".'
        )
    table = exact_features(history, (purchases.spend.over(YEAR), known[column]), [cutoff]).set_index("customer")
    if not pd.api.types.is_numeric_dtype(table[column]):
        raise QuestionError(
            f"outside_total names {column!r}, which holds texts, and is the money of a year. Turn it into numbers."
        )
    total = table[column].where(table[column] > 0)
    return (table[purchases.spend.column(YEAR)].clip(lower=0.0) / total).rename("share_of_customer")


def _predicted(known: pd.DataFrame, spent: np.ndarray, others: pd.DataFrame) -> np.ndarray:
    """Return the quantile of what customers spend next, learned from those of whom it is known."""
    from sklearn.linear_model import QuantileRegressor
    from sklearn.preprocessing import StandardScaler

    known, others = (frame.loc[:, known.nunique() > 1] for frame in (known, others))
    if not known.shape[1]:
        return np.full(len(others), max(np.quantile(spent, QUANTILE), 0.0))
    taken = np.linspace(0, len(known) - 1, min(len(known), MOST_PEERS)).astype(int)
    scaler = StandardScaler().fit(_inputs(known.iloc[taken]))
    model = QuantileRegressor(quantile=QUANTILE, alpha=0.0, solver="highs-ipm")
    model.fit(scaler.transform(_inputs(known.iloc[taken])), spent[taken])
    return np.maximum(model.predict(scaler.transform(_inputs(others))), 0.0)


def _inputs(known: pd.DataFrame) -> np.ndarray:
    values = known.to_numpy(np.float64)
    return np.column_stack([values, np.sign(values) * np.log1p(np.abs(values))])


def _error(spent: np.ndarray, predicted: np.ndarray) -> float:
    """Return the error that the quantile makes smallest: what lies above counts nine times what lies below."""
    above = spent - predicted
    return float(np.maximum(QUANTILE * above, (QUANTILE - 1.0) * above).mean())
