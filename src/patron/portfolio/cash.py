"""Cash: what relationships bring in time, beside what they cost: returns, payback, early value, four figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from patron.errors import listed
from patron.history.history import History
from patron.portfolio.cash_flow import FLOW, cash_flow, monthly_profit
from patron.portfolio.payback import early_value, payback, winning_costs
from patron.portfolio.relationship_return import relationship_costs, relationship_return
from patron.portfolio.terms import PortfolioTerms
from patron.portfolio.value_curves import LEAST_CUSTOMERS, MONTH, monthly_values, value_curve
from patron.questions.kinds import Tier

__all__ = ["Cash", "cash_of"]


@dataclass(frozen=True)
class Cash:
    """What relationships bring in time; what is not known is empty.

    Args:
        curve: what a customer brought within so many months of the first order.
        channels: the same by `channel` of the first order.
        years: the same by `year` of the first order.
        early: the value of the first three months by channel.
        payback: by channel and by cohort, the months until customers brought what it cost to win them.
        returns: return on relationships since the earlier cutoff, see `relationship_return`.
        months: profit by month before the cutoff, 0 the last.
        flow: speed, size, volatility and residual, see `cash_flow`.
    """

    curve: pd.DataFrame = field(default_factory=pd.DataFrame)
    channels: pd.DataFrame = field(default_factory=pd.DataFrame)
    years: pd.DataFrame = field(default_factory=pd.DataFrame)
    early: pd.DataFrame = field(default_factory=pd.DataFrame)
    payback: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    returns: pd.DataFrame = field(default_factory=pd.DataFrame)
    months: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    flow: Mapping[str, float] = field(default_factory=dict)


def cash_of(
    history: History,
    cutoff: datetime,
    customers: tuple[pd.DataFrame, pd.DataFrame],
    bridge: pd.DataFrame,
    question: Tier | None,
    terms: PortfolioTerms,
) -> tuple[Cash, dict[str, str]]:
    """Return what relationships bring in time, and what could not be told of it, with why.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        customers: those of the earlier cutoff, empty where there is none, and those of now.
        bridge: how the equity before became that of now.
        question: what profit is; without it money is spend, and only its curves are told.
        terms: what it costs to win a customer, and how far is looked ahead.
    """
    before, now = customers
    if "spend" not in now:
        return Cash(), {}
    values = monthly_values(history, cutoff, question)
    whole = value_curve(values)
    by_channel = value_curve(values, ["channel"]) if "channel" in values else pd.DataFrame()
    by_year = value_curve(values.assign(year=values.cohort.str[:4]), ["year"])
    left_out = _few(whole, by_channel)
    early = early_value(by_channel) if len(by_channel) else pd.DataFrame()
    if question is None:
        return Cash(whole, by_channel, by_year, early), left_out
    months = monthly_profit(history, cutoff, question)
    costs = _payback(values, now, terms, left_out)
    returns = _returns(before, now, bridge, question, left_out)
    flow = cash_flow(months, whole, bridge, terms)
    if unknown := [name for name in FLOW if name not in flow]:
        left_out[f"cash flow: {listed(unknown)}"] = f"It needs {'; '.join(FLOW[name] for name in unknown)}."
    return Cash(whole, by_channel, by_year, early, costs, returns, months, flow), left_out


def _few(whole: pd.DataFrame, by_channel: pd.DataFrame) -> dict[str, str]:
    if whole.empty:
        return {
            "value in time": f"It needs {LEAST_CUSTOMERS} customers whose first order is at least a month "
            f"({MONTH:.0f} days) ago. Use a later cutoff."
        }
    if by_channel.empty:
        return {"early value by channel": "The orders have no channel. Declare it at the door (channel = '...')."}
    return {}


def _payback(
    values: pd.DataFrame, now: pd.DataFrame, terms: PortfolioTerms, left_out: dict[str, str]
) -> dict[str, pd.DataFrame]:
    costs, known = terms.acquisition_cost, [name for name in ("channel", "cohort") if name in values]
    if costs is None:
        left_out["payback"] = (
            "Nobody says what it costs to win a customer. Write below [portfolio]: acquisition_cost = 12.0, or by "
            "channel of the first order: acquisition_cost = { web = 8.0, store = 20.0 }."
        )
        return {}
    if isinstance(costs, Mapping) and "channel" not in known:
        left_out["payback"] = (
            "acquisition_cost is by channel, and the orders have none. Declare it at the door (channel = '...'), or "
            "write one number: acquisition_cost = 12.0."
        )
        return {}
    curves = {name: value_curve(values, [name]) for name in known}
    tables = {name: curve for name, curve in curves.items() if len(curve)}
    return {name: payback(curve, winning_costs(now, costs, name)) for name, curve in tables.items()}


def _returns(
    before: pd.DataFrame, now: pd.DataFrame, bridge: pd.DataFrame, question: Tier, left_out: dict[str, str]
) -> pd.DataFrame:
    if bridge.empty:
        left_out["return on relationships"] = "It needs the equity of both days, as the bridge does."
    elif not relationship_costs(now):
        left_out["return on relationships"] = (
            "No table says what relationships cost. Declare contacts, tickets or offers with their cost (cost = '...'),"
            " or write below [costs]: cost_per_event = { contacts = 0.5 }."
        )
    else:
        return relationship_return(before, now, question.names[::-1])
    return pd.DataFrame()
