"""Plots of the portfolio: the equity bridge and cohorts, the concentration curve, and how customers move."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patron.portfolio.migration import JOINED
from patron.reports.figure_style import BLUE, GREEN, GREY, INK, ORANGE, svg, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bridge_plot", "cohort_plot", "concentration_plot", "flow_plot", "tenure_plot"]

MONEY = "money"
HEIGHT, GAP, SMALL, TICKS = 3.2, 0.025, 8, 8
SHIFT = np.linspace(0.0, 1.0, 40)
EASE = SHIFT**2 * (3.0 - 2.0 * SHIFT)
LOOKS = {"spend": (BLUE, "-", "spend"), "profit": (ORANGE, "--", "profit")}
STEPS = {"before": GREY, "lost": ORANGE, "shrunk": ORANGE, "grown": BLUE, "new": GREEN, "now": GREY}


def bridge_plot(bridge: pd.DataFrame, currency: str) -> str:
    """Plot how the equity of an earlier day became that of today, step by step.

    Args:
        bridge: what `patron.portfolio.equity.equity_bridge` returns.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    money = bridge.set_index("part").money
    steps = money[["lost", "shrunk", "grown", "new"]].to_numpy()
    reached = money.before + np.cumsum(steps)
    starts = np.array([0.0, money.before, *reached[:-1], 0.0])

    def draw(ax: "Axes") -> None:
        for place, (part, colour) in enumerate(STEPS.items()):
            ax.bar(place, money[part], 0.62, starts[place], color=colour, linewidth=0)
            if place:
                ax.plot([place - 0.69, place - 0.31], [starts[place] or money.now] * 2, color=GREY, linewidth=0.8)
        ax.set_xticks(range(len(STEPS)), list(STEPS))
        ax.set(ylabel=f"Customer equity ({currency or MONEY})")
        ax.grid(visible=False, axis="x")
        thousands(ax.yaxis)

    return svg("bridge", "Customer equity, step by step", draw, HEIGHT)


def cohort_plot(cohorts: pd.DataFrame, currency: str) -> str:
    """Plot the equity of a customer of each cohort, with its interval.

    Args:
        cohorts: `cohort`, `customers`, `equity`, `low` and `high`, the oldest first.
        currency: code or sign written beside the numbers, empty where nobody said.
    """

    def draw(ax: "Axes") -> None:
        place = np.arange(len(cohorts))
        each = cohorts[["equity", "low", "high"]].div(cohorts.customers, axis=0)
        bars = np.nan_to_num([each.equity - each.low, each.high - each.equity])
        ax.errorbar(place, each.equity, np.maximum(bars, 0.0), fmt="none", ecolor=GREY, capsize=2)
        ax.scatter(place, each.equity, 26, color=BLUE, zorder=3)
        ax.axhline(0, color=GREY, linewidth=0.8)
        every = max(1, -(-len(cohorts) // TICKS))
        months = pd.to_datetime(cohorts.cohort.iloc[::every], format="%Y-%m")
        ax.set_xticks(place[::every], [f"{month:%b}\n{month:%Y}" for month in months])
        ax.set(xlabel="Month of the first order", ylabel=f"Equity of a customer ({currency or MONEY})")
        thousands(ax.yaxis)

    return svg("cohorts", "What a customer is worth, by cohort", draw, HEIGHT)


def concentration_plot(curves: Mapping[str, pd.DataFrame]) -> str:
    """Plot which share of the money the best customers bring.

    Args:
        curves: what `patron.portfolio.concentration.concentration_curve` returns, of spend and of profit.
    """

    def draw(ax: "Axes") -> None:
        for name, curve in curves.items():
            colour, line, words = LOOKS[name]
            ax.plot(100 * curve.customers, 100 * curve.money, line, color=colour, linewidth=2, label=words)
        ax.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle=":", label="if all were alike")
        ax.set(xlabel="Customers, the best first (%)", ylabel="Share of all money (%)", xlim=(0, 100), ylim=(0, None))

    return svg("concentration", "Share of the money, best customers first", draw, HEIGHT)


def tenure_plot(profile: pd.DataFrame, currency: str) -> str:
    """Plot the profit of a period by tenure: that of the same customers, and the mean over survivors.

    Args:
        profile: what `patron.portfolio.tenure.tenure_profile` returns.
        currency: code or sign written beside the numbers, empty where nobody said.
    """

    def draw(ax: "Axes") -> None:
        ax.plot(profile.age, profile.survivors, "--", color=ORANGE, linewidth=1.5, label="mean over survivors")
        ax.plot(profile.age, profile.profit, "o-", color=BLUE, linewidth=2, label="the same customers")
        ax.fill_between(profile.age, profile.low, profile.high, color=BLUE, alpha=0.2, linewidth=0)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set_xticks(profile.age)
        ax.set(xlabel="Periods after the first order", ylabel=f"Profit of a period ({currency or MONEY})")
        thousands(ax.yaxis)

    return svg("tenure", "Profit of a customer by tenure", draw, HEIGHT)


def flow_plot(moves: pd.DataFrame, name: str, title: str) -> str:
    """Plot how many customers went from which group to which: up, down, where they were, or joined since.

    Args:
        moves: what `patron.portfolio.migration.moves` returns, groups in the order in which they stand, from the top.
        name: of the plot.
        title: what stands above it.
    """
    kept = moves.loc[moves.sum(axis=1) > 0, moves.sum(axis=0) > 0]
    left, right = _places(kept.sum(axis=1)), _places(kept.sum(axis=0))

    def draw(ax: "Axes") -> None:
        tops = {"left": dict(left), "right": dict(right)}
        for origin, row in kept.iterrows():
            for group, count in row[row > 0].items():
                size = count / kept.to_numpy().sum()
                ends = (tops["left"][origin], tops["right"][group])
                _ribbon(ax, *ends, size, _colour(moves, origin, group))
                tops["left"][origin] -= size
                tops["right"][group] -= size
        _labels(ax, left, kept.sum(axis=1), -0.03, "right")
        _labels(ax, right, kept.sum(axis=0), 1.03, "left")
        for colour, words in ((BLUE, "up"), (ORANGE, "down"), (GREY, "as before"), (GREEN, JOINED)):
            ax.fill_between([], [], [], color=colour, alpha=0.6, linewidth=0, label=words)
        ax.set(xlim=(-0.75, 1.75))
        ax.axis("off")

    return svg(name, title, draw, HEIGHT + 0.16 * len(kept))


def _places(sizes: pd.Series) -> dict[Any, float]:
    """Return the upper edge of each group, in shares of all customers, with gaps between them."""
    shares = sizes / sizes.sum()
    return dict(zip(sizes.index, 1.0 - np.cumsum(shares) + shares - GAP * np.arange(len(sizes)), strict=True))


def _ribbon(ax: "Axes", begin: float, end: float, size: float, colour: str) -> None:
    top = begin + (end - begin) * EASE
    ax.fill_between(SHIFT, top - size, top, color=colour, alpha=0.55, linewidth=0)


def _colour(moves: pd.DataFrame, origin: Any, group: Any) -> str:
    if origin == JOINED:
        return GREEN
    order = list(moves.columns)
    step = order.index(group) - order.index(origin)
    return GREY if not step else BLUE if step < 0 else ORANGE


def _labels(ax: "Axes", places: Mapping[Any, float], sizes: pd.Series, x: float, side: str) -> None:
    for group, top in places.items():
        middle = top - sizes[group] / sizes.sum() / 2
        words = f"{group}, {sizes[group]:,}"
        ax.text(x, middle, words, ha=side, va="center", fontsize=SMALL, color=INK)
