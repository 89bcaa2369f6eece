"""Plots of a plan: what is gained with ever more customers treated, and what ever finer strategies gain."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from patron.decisions import CurvePoint, Rung
from patron.reports.figure_style import BLUE, GREY, INK, ORANGE, svg, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RUNGS", "curve_plot", "ladder_plot"]

MONEY = "money"
ROW = 0.5
RUNGS: Mapping[str, str] = {
    "nobody": "Nobody",
    "everybody": "Everybody, by a draw",
    "by segment": "Best rule by segment",
    "model cut": "Highest risk × value",
    "individual": "Each customer: the plan",
}


def curve_plot(curve: Sequence[CurvePoint], currency: str) -> str:
    """Plot the gain with ever more customers treated, the point where it is highest, and that of the plan.

    Args:
        curve: of the summary of the decisions, with points.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    points = pd.DataFrame(curve)
    line, best, plan = (points[points.point.isin(names)] for names in (("", "best"), ("best",), ("plan",)))

    def draw(ax: "Axes") -> None:
        ax.fill_between(line.customers, line.gain_low, line.gain_high, color=BLUE, alpha=0.18, linewidth=0)
        ax.collections[0].set_label("range of the effects")
        ax.plot(line.customers, line.expected_gain, color=BLUE, linewidth=2.6, label="expected gain")
        ax.axhline(0, color=GREY, linewidth=0.8)
        mark: dict[str, Any] = {"linestyle": "none", "markersize": 9, "zorder": 5, "clip_on": False}
        most, here = int(best.customers.iloc[0]), int(plan.customers.iloc[0])
        ax.plot(best.customers, best.expected_gain, "^", color=INK, label=f"best: {most:,} treated", **mark)
        ax.plot(plan.customers, plan.expected_gain, "o", color=ORANGE, label=f"the plan: {here:,} chosen", **mark)
        ax.set(xlabel="Customers treated (number)", ylabel=f"Gain after costs ({currency or MONEY})")
        ax.set_xlim(0, max(int(line.customers.max()), 1))
        ax.locator_params(nbins=6)
        thousands(ax.xaxis)
        thousands(ax.yaxis)

    return svg("curve", "How many to treat", draw, 3.4)


def ladder_plot(rungs: Sequence[Rung], currency: str) -> str:
    """Plot what each strategy gains with its interval, the coarsest on top.

    Args:
        rungs: the ladder of the summary of the decisions.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    table = pd.DataFrame(rungs)
    places = range(len(table))

    def draw(ax: "Axes") -> None:
        gain = table.expected_gain
        around = [(gain - table.gain_low).clip(lower=0), (table.gain_high - gain).clip(lower=0)]
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.errorbar(gain, places, None, around, fmt="o", color=BLUE, markersize=7, capsize=4, linewidth=2)
        ax.set_yticks(places, [RUNGS[name] for name in table.rung])
        ax.set(xlabel=f"Gain after costs ({currency or MONEY})", ylim=(len(table) - 0.5, -0.5))
        ax.locator_params(axis="x", nbins=5)
        ax.grid(visible=False, axis="y")
        thousands(ax.xaxis)

    return svg("ladder", "What each strategy gains", draw, 0.9 + ROW * len(table))
