"""Cash flow: how soon customers bring their money, how much, how evenly, and what is left beyond the horizon."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.periods import EVER
from patron.portfolio.customers import profit_parts
from patron.portfolio.terms import PortfolioTerms
from patron.portfolio.value_curves import MONTH
from patron.questions.kinds import Tier

__all__ = ["FLOW", "cash_flow", "monthly_profit"]

YEAR, YEAR_MONTHS, LEAST_MONTHS = 365.25, 12, 6
FLOW: Mapping[str, str] = {
    "speed": "a year since the first order of customers who brought a profit in it",
    "size": f"{LEAST_MONTHS} months before the cutoff",
    "volatility": f"{LEAST_MONTHS} months that together brought a profit",
    "residual": "less equity of the customers of the earlier day than they had, as what grows on and on has no end",
}
"""The figures of the cash flow, and what each needs."""


def monthly_profit(history: History, cutoff: datetime, question: Tier) -> pd.Series:
    """Return the profit of all events by month before the cutoff (0 the last), of the last twelve that are whole.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        question: what profit is.
    """
    months = min(YEAR_MONTHS, int((cutoff - history.starts).total_seconds() / 86_400 / MONTH))
    total = pd.Series(0.0, range(months))
    for part in profit_parts(history, question):
        events = history.past(part.source, cutoff, EVER)
        dated = events.mutate(month=(events.days_ago / MONTH).floor().cast("int64"))
        dated = dated.filter(dated.month < months)
        sums = dated.group_by("month").aggregate(money=part.expression(dated)).to_pandas()
        total = total.add(sums.set_index("month").money.astype(float), fill_value=0.0)
    return total


def cash_flow(
    months: pd.Series, curve: pd.DataFrame, bridge: pd.DataFrame, terms: PortfolioTerms
) -> Mapping[str, float]:
    """Return the cash flow of customers in four figures, those that are known.

    Args:
        months: what `monthly_profit` returns.
        curve: what `patron.portfolio.value_curves.value_curve` returns of all customers.
        bridge: what `patron.portfolio.equity.equity_bridge` returns; empty where it is not known.
        terms: the horizon of the equity, what it is compared with, and the discount.

    Returns:
        `speed`, the months after the first order within which a customer brings half of what a year brings; `size`,
        the profit of a month; `volatility`, the spread of months by their mean; `residual`, what customers are expected
        to bring beyond the horizon, if their equity goes on as it did since the earlier cutoff, discounted.

    Source: R. K. Srivastava, T. A. Shervani and L. Fahey, Market-based assets and shareholder value, Journal of
    Marketing 62 (1998).

    >>> curve = pd.DataFrame({"months": range(1, 13), "value": [6.0, *range(7, 13), *[12.0] * 5]})
    >>> cash_flow(pd.Series([4.0, 6.0] * 6), curve, pd.DataFrame(), PortfolioTerms())
    {'speed': 1.0, 'size': 5.0, 'volatility': 0.2}
    """
    figures: dict[str, float] = {}
    year = curve.set_index("months").value.get(YEAR_MONTHS, np.nan)
    if year > 0:
        figures["speed"] = float(curve.months[curve.value >= year / 2].iloc[0])
    if len(months) >= LEAST_MONTHS:
        figures["size"] = float(months.mean())
        if months.mean() > 0:
            figures["volatility"] = float(months.std(ddof=0) / months.mean())
    kept = _kept(bridge, terms)
    if 0 < kept < 1:
        money = bridge.set_index("part").money
        figures["residual"] = float(money.now * kept / (1.0 - kept))
    return figures


def _kept(bridge: pd.DataFrame, terms: PortfolioTerms) -> float:
    """Return what a horizon later is left of the equity of the same customers, discounted."""
    if bridge.empty:
        return np.nan
    money, horizon, since = bridge.set_index("part").money, terms.horizon.days or 1, terms.since.days or 1
    if not (money.before > 0 and money.now - money.new > 0):
        return np.nan
    share = (money.now - money.new) / money.before
    return float(share ** (horizon / since) / (1.0 + terms.discount) ** (horizon / YEAR))
