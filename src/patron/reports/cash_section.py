"""The section of money in time: what customers bring by month, when that pays for winning them, what comes back."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from patron.portfolio.result import Portfolio
from patron.reports.figure_style import BLUE, GREEN, GREY, INK, ORANGE, svg, thousands
from patron.reports.rendering import inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cash_section"]

COLOURS = (BLUE, ORANGE, GREEN, GREY)
SHOWN_COHORTS = 6
HEIGHT = 3.2


def cash_section(portfolio: Portfolio, currency: str) -> dict[str, Any]:
    """Return what the section shows; empty where nothing is known.

    Args:
        portfolio: what relationships there are.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    cash = portfolio.cash
    if cash.curve.empty:
        return {}
    about = ("profit" if portfolio.question else "spend", currency)
    return {
        "flow": dict(cash.flow),
        "plot": inline(value_plot(cash.curve, cash.channels, *about)),
        "years": inline(value_plot(cash.curve, cash.years, *about)) if len(cash.years) else "",
        "early": cash.early.to_dict("records"),
        "payback": {name: _records(table.tail(SHOWN_COHORTS), name) for name, table in cash.payback.items()},
        "returns": cash.returns.to_dict("records"),
    }


def value_plot(whole: pd.DataFrame, groups: pd.DataFrame, basis: str, currency: str) -> str:
    """Plot what a customer brought within so many months of the first order, of all and by channel or year of it.

    Args:
        whole: `months`, `value`, `low` and `high`.
        groups: the same by `channel` or `year`, its first column, with `customers`; empty where none is known.
        basis: what the money is, profit or spend.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    by = "" if groups.empty else str(groups.columns[0])
    curves = dict(iter(groups.groupby(by))) if by else {}
    largest = sorted(curves, key=lambda name: -curves[name].customers.iloc[0])[: len(COLOURS)]

    def draw(ax: "Axes") -> None:
        ax.fill_between(whole.months, whole.low, whole.high, color=INK, alpha=0.12, linewidth=0)
        ax.plot(whole.months, whole.value, color=INK, linewidth=2, label="all customers")
        for colour, name in zip(COLOURS, sorted(largest) if by == "year" else largest, strict=False):
            curve = curves[name]
            ax.plot(curve.months, curve.value, "--", color=colour, linewidth=1.5, label=name)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set(xlabel="Months after the first order", ylabel=f"Mean {basis} to date ({currency or 'money'})")
        thousands(ax.yaxis)

    title = f"By {by} of the first order" if by else "What a customer has brought by month"
    return svg(f"cash{by}", title, draw, HEIGHT)


def _records(table: pd.DataFrame, group: str) -> list[dict[str, Any]]:
    return table.rename(columns={group: "name"}).to_dict("records")
