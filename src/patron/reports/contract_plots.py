"""Plots of contracts: what revenue is at risk in which month, and what comes up for renewal."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patron.reports.figure_style import BLUE, GREY, INK, ORANGE, svg, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["mrr_plot", "renewal_plot"]

MONEY, NUMBER = "money", "customers"
HEIGHT = 3.2


def mrr_plot(months: pd.DataFrame, currency: str) -> str:
    """Plot the monthly recurring revenue that is expected to end in each month, with its interval.

    Args:
        months: what `patron.portfolio.renewals.mrr_at_risk` returns.
        currency: code or sign written beside the numbers, empty where nobody said.
    """

    def draw(ax: "Axes") -> None:
        position = np.arange(len(months))
        bars = [months.at_risk - months.low, months.high - months.at_risk]
        ax.bar(position, months.at_risk, width=0.6, color=ORANGE, linewidth=0, label="expected to end")
        ax.errorbar(position, months.at_risk, bars, fmt="none", ecolor=INK, capsize=4, label="80 % interval")
        ax.set(ylabel=f"Revenue a month ({currency or MONEY})", ylim=(0, None))
        ax.set_xticks(position, [f"{begin:%b}\n{begin:%-d}–{_last(end):%-d}" for begin, end in _spans(months)])
        ax.grid(visible=False, axis="x")
        thousands(ax.yaxis)

    return svg("mrr", "Monthly recurring revenue at risk", draw, HEIGHT)


def renewal_plot(table: pd.DataFrame, currency: str) -> str:
    """Plot what comes up for renewal in each month, and how much of it is expected to be lost there.

    Args:
        table: month, monthly_price and at_risk, a row for each month.
        currency: code or sign written beside the numbers, empty where nobody said or no price is known.
    """

    def draw(ax: "Axes") -> None:
        position = np.arange(len(table))
        kept = table.monthly_price - table.at_risk
        ax.bar(position, kept, width=0.6, color=BLUE, alpha=0.55, linewidth=0, label="expected to renew")
        ax.bar(position, table.at_risk, 0.6, kept, color=ORANGE, linewidth=0, label="expected not to")
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set(ylabel=f"Revenue a month ({currency or MONEY})")
        ax.set_xticks(position, [f"{month:%b %Y}" for month in table.month])
        ax.grid(visible=False, axis="x")
        thousands(ax.yaxis)

    return svg("renewals", "What comes up for renewal", draw, HEIGHT)


def _spans(months: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    return list(zip(months.begin, months.end, strict=True))


def _last(end: pd.Timestamp) -> pd.Timestamp:
    """Return the last day of a month that ends before an instant."""
    return end - pd.Timedelta(seconds=1)
