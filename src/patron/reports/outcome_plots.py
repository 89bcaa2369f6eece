"""Plots of outcomes: what each campaign earned with its interval, beside what was promised."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patron.reports.figure_style import BLUE, GREY, INK, ORANGE, svg, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_CAMPAIGNS", "earned_plot", "familiar_plot", "promised_plot"]

MONEY = "money"
MOST_CAMPAIGNS = 12  # of which there is room in a plot
ROW, FRAME = 0.55, 1.3  # inches
APART = 0.16


def earned_plot(campaigns: pd.DataFrame, currency: str) -> str:
    """Plot the incremental profit of each campaign with its interval, and what was promised.

    Args:
        campaigns: lines of `Outcomes.table`, those that have a figure.
        currency: code or sign written beside the numbers, empty where nobody said.
    """

    def draw(ax: "Axes") -> None:
        rows = np.arange(len(campaigns))[::-1]
        ax.axvline(0, color=INK, linewidth=0.8)
        _spans(ax, campaigns, "incremental", rows, BLUE, "o", "earned, 95 % interval")
        if campaigns.promised.notna().any():
            _spans(ax, campaigns, "promised", rows - 2 * APART, GREY, "D", "promised")
        names = [f"{line.offer}\n{line.cutoff:%-d %b %Y}" for line in campaigns.itertuples()]
        ax.set_yticks(rows - APART, names)
        ax.set(xlabel=f"Incremental profit after costs ({currency or MONEY})", ylim=(-0.8, len(campaigns) - 0.4))
        ax.grid(visible=False, axis="y")
        thousands(ax.xaxis)

    return svg("earned", "What each campaign earned", draw, FRAME + ROW * len(campaigns))


def familiar_plot(tenths: pd.DataFrame) -> str:
    """Plot the error about the next purchase by tenths of the interactions known, beside that of their mean rate.

    Args:
        tenths: `Familiarity.table`.
    """

    def draw(ax: "Axes") -> None:
        middle = np.maximum((tenths.fewest + tenths.most) / 2, 0.5)  # zero has no place where doublings are alike
        ax.plot(middle, tenths.log_loss, color=BLUE, marker="o", label="answers")
        ax.plot(middle, tenths.usual, color=GREY, marker="D", label="the mean rate of as many")
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(lambda count, _: f"{count:g}")
        ax.set(xlabel="Interactions known at the cutoff", ylabel="Log loss of who buys")
        ax.set_ylim(bottom=0)

    return svg("familiar", "Error by interactions known", draw)


def promised_plot(calibration: pd.DataFrame, currency: str) -> str:
    """Plot delivered over promised gain of each treated customer, by thirds of what was promised.

    Args:
        calibration: `Outcomes.calibration`, those lines that have a figure.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    unit = currency or MONEY

    def draw(ax: "Axes") -> None:
        position = np.arange(len(calibration))
        bars = [
            calibration.delivered - calibration.delivered_low,
            calibration.delivered_high - calibration.delivered,
        ]
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.errorbar(
            position, calibration.delivered, bars, fmt="o", color=BLUE, markersize=6, capsize=3, label="delivered, 95 %"
        )
        ax.plot(position, calibration.promised, "D", color=ORANGE, label="promised")
        ax.set(xlabel="Third of what was promised", ylabel=f"Gain of each treated ({unit})")
        ax.set_xticks(position, calibration.third)
        ax.set_xlim(-0.5, len(calibration) - 0.5)
        thousands(ax.yaxis)

    return svg("promised", "Was the promise kept?", draw)


def _spans(ax: "Axes", campaigns: pd.DataFrame, name: str, rows: np.ndarray, color: str, mark: str, label: str) -> None:
    value, low, high = (campaigns[f"{name}{end}"] for end in ("", "_low", "_high"))
    bars = [(value - low).clip(lower=0), (high - value).clip(lower=0)]
    ax.errorbar(value, rows, xerr=bars, fmt=mark, color=color, markersize=6, capsize=3, label=label)
