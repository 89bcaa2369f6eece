"""Plots of cards, features, scores and decisions, each one a function that returns SVG text."""

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patron.decisions import Decisions
from patron.evaluation.cards import Card
from patron.models.serving import FeatureSpec
from patron.reports.figure_style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, groups, percents, shares, svg, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "decile_plot",
    "dependence_plot",
    "event",
    "gain_plot",
    "importance_plot",
    "interval_plot",
    "money_plot",
    "names",
    "reliability_plot",
    "risk_plot",
    "wait_plot",
]

ROW = 0.42
LINES = ((GREEN, "--"), (PURPLE, "-."), (GREY, ":"))
NAMES: Mapping[str, str] = {
    "constant": "chance",
    "age": "rule: how old the contract, or its end",
    "geometric": "law of renewals",
    "geometric_logit": "law of renewals and rule",
    "activity": "rule: bought lately or not",
    "logit": "rule: how lately, how often",
    "parametric": "purchase process",
    "parametric_logit": "purchase process and rule",
    "logit_all": "formula of all features",
    "lightgbm": "trees on all features",
    "hybrid": "purchase process and trees",
    "blend": "blend of the models",
    "tuned": "tuned trees",
    "chosen": "learned model",
    "persistence": "everybody stays in their tier",
}
OF_CONTRACTS: Mapping[str, Mapping[str, str]] = {
    "cancellation": {"logit": "rule: age, renewal, price and use", "hybrid": "law of renewals and trees"},
    "win_back": {"logit": "rule: how long gone, and what it was"},
}
EVENTS = {"churn": "left", "tier": "reached a top tier", "cancellation": "left", "win_back": "came back"}
REALISED, MONEY = "came in, 95 % interval", "money"
POINTS, MOST_BARS, LETTERS = 101, 10, 50
PROMISED = 80
WIDE = 20  # times the middle value, beyond which values are drawn by their logarithm


def names(question: str) -> Mapping[str, str]:
    """Return what the page calls each candidate of a question."""
    return {**NAMES, **OF_CONTRACTS.get(question, {})}


def event(card: Card) -> str:
    """Return what the curves of a card are drawn for, as what customers did: 'left', 'bought within 30 days'."""
    return EVENTS.get(card.question) or next(iter(card.base))


def reliability_plot(card: Card) -> str:
    """Plot whether a predicted 30 % comes true 30 times in a hundred.

    Args:
        card: its `reliability` has shares from 0 to 1: predicted, observed, low and high (Wilson), and count.
    """
    bins = card.reliability

    def draw(ax: "Axes") -> None:
        percent = bins[["predicted", "observed", "low", "high"]] * 100
        ax.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="as predicted")
        bars = np.maximum([percent.observed - percent.low, percent.high - percent.observed], 0)
        ax.errorbar(percent.predicted, percent.observed, bars, fmt="none", ecolor=BLUE, elinewidth=1.5, capsize=3)
        size = 15 + 45 * bins["count"] / bins["count"].max()
        ax.scatter(percent.predicted, percent.observed, size, color=BLUE, label=groups(bins["count"]), zorder=3)
        percents(ax, "Predicted probability (%)", f"Of them {event(card)} (%)")

    return svg(f"reliability {card.question}", "Does what it predicts come true?", draw)


def gain_plot(card: Card) -> str:
    """Plot what share of the events is found by contacting a share of the customers, beside simple rules.

    Args:
        card: its `gains` has for each candidate the shares `contacted` and `found`, from 0 to 1. Drawn are the
            champion, the challenger, the best baseline and chance.
    """
    # The champion first, so that it has the same colour on every card whoever it is; all candidates would be a tangle.
    ranked = dict.fromkeys(n for n in (card.challenger, card.best_baseline, "constant") if n != card.champion)
    share = np.linspace(0, 1, POINTS)

    def curve(ax: "Axes", name: str, **style: Any) -> None:
        gains = card.gains[name].astype(np.float64)
        gain = np.interp(share, gains.contacted, gains.found)
        ax.plot(share * 100, gain * 100, label=names(card.question).get(name, name), **style)

    def draw(ax: "Axes") -> None:
        curve(ax, card.champion, color=BLUE, linewidth=2.6)
        for position, name in enumerate(ranked):
            colour, line = LINES[-1] if name == "constant" else LINES[position % (len(LINES) - 1)]
            curve(ax, name, color=colour, linestyle=line, linewidth=1.7)
        percents(ax, "Customers contacted, surest first (% of all)", f"Of all who {event(card)} (%)")

    return svg(f"gain {card.question}", "How many are found by contacting some", draw)


def decile_plot(card: Card, currency: str) -> str:
    """Plot whether the profit that is expected of each tenth of the customers comes in.

    Args:
        card: its `deciles` have predicted, observed, low and high (money), and count, worst tenth first.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    deciles, unit = card.deciles, currency or MONEY

    def draw(ax: "Axes") -> None:
        position = np.arange(1, len(deciles) + 1)
        ax.bar(position, deciles.predicted, width=0.62, color=BLUE, alpha=0.35, linewidth=0, label="expected")
        bars = [deciles.observed - deciles.low, deciles.high - deciles.observed]
        ax.errorbar(position, deciles.observed, bars, fmt="o", color=ORANGE, markersize=5, capsize=3, label=REALISED)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set(
            xlabel="Groups of equal size, least profit expected first",
            ylabel=f"Profit per customer ({unit})",
        )
        ax.set_xticks(position)
        thousands(ax.yaxis)

    return svg(f"deciles {card.question}", "Does the expected profit come in?", draw)


def interval_plot(card: Card, currency: str) -> str:
    """Plot whether the 80 % interval of the profit holds 80 times in a hundred, for small and large profits alike.

    Args:
        card: its `intervals` have predicted (money), and held, low and high (shares), smallest first.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    bins, unit = card.intervals, currency or MONEY

    def draw(ax: "Axes") -> None:
        position = np.arange(len(bins))
        ax.axhline(PROMISED, color=GREY, linestyle="--", label="as promised")
        shares(ax, position, bins.held, bins)
        ax.set(
            xlabel=f"Mean profit expected of the group ({unit})",
            ylabel="Profit came into the interval (%)",
            ylim=(0, 101.5),
        )
        ax.set_xticks(position, [f"{value:,.0f}" for value in bins.predicted])
        ax.set_xlim(-0.5, len(bins) - 0.5)

    return svg(f"intervals {card.question}", "Does the 80 % interval hold?", draw)


def wait_plot(card: Card) -> str:
    """Plot whether so many are back by the first day, the middle day and the last day of their intervals as promised.

    Args:
        card: its `waits` have promised, observed, low and high (shares), and count.
    """
    waits = card.waits

    def draw(ax: "Axes") -> None:
        ax.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="as promised")
        shares(ax, waits.promised * 100, waits.observed, waits)
        percents(ax, "Promised to be back by their day (%)", "Were back by then (%)")

    return svg(f"waits {card.question}", "Are they back when they should be?", draw)


def importance_plot(importance: pd.DataFrame) -> str:
    """Plot which features move the answers most.

    Args:
        importance: what `patron.explanations.drivers.importance` gives: words and share (0 to 1), strongest first, and
            perhaps low and high, between which the share lay in refits.
    """
    top = importance[importance.share > 0].head(MOST_BARS)
    low, high = (top.get(bound, top.share) for bound in ("low", "high"))
    words = [fill(text, LETTERS) for text in top.words]
    # A label of two lines stands above its bar, so the bar moves down by the second line.
    positions = np.cumsum([1 + 0.45 * text.count("\n") for text in words])

    def draw(ax: "Axes") -> None:
        ax.barh(positions, top.share * 100, height=0.34, color=BLUE)
        if (high > top.share).any():
            around = 100 * np.stack([top.share - low, high - top.share])
            label = "lowest and highest of its refits"
            ax.errorbar(top.share * 100, positions, None, around, fmt="none", ecolor=INK, capsize=3, label=label)
        for position, text, share, end in zip(positions, words, top.share * 100, high * 100, strict=True):
            ax.text(0, position - 0.28, text, va="bottom", fontsize=10)
            ax.annotate(f"{share:.0f} %", (end, position), (4, 0), textcoords="offset points", va="center", fontsize=10)
        ax.set(xlabel="Share of all that moves the answers (%)", yticks=[], ylim=(positions.max(initial=1) + 0.5, 0.15))
        ax.set_xlim(0, 1.15 * 100 * high.max() if len(top) else 1)
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)

    return svg("importance", "What the answers depend on most", draw, 0.9 + ROW * positions.max(initial=1))


def dependence_plot(feature: FeatureSpec, effects: pd.DataFrame) -> str:
    """Plot how a probability goes with one measure, in points beside the mean of all customers.

    Args:
        feature: its name, words and unit.
        effects: what `patron.explanations.dependence.dependence` gives: value and effect, from the lowest value on.
    """

    def draw(ax: "Axes") -> None:
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.plot(effects.value, effects.effect * 100, color=BLUE, linewidth=2, marker="o", markersize=4)
        if effects.value.min() >= 0 and effects.value.max() > WIDE * max(effects.value.median(), 1):
            ax.set_xscale("symlog", linthresh=1)
        ax.set(
            xlabel="Share, 0 to 1" if feature["unit"] == "share" else feature["unit"].capitalize(),
            ylabel="Beside the mean (points)",
        )
        thousands(ax.xaxis)

    return svg(f"dependence {feature['name']}", fill(feature["words"], LETTERS), draw, 3.0)


def risk_plot(scores: pd.DataFrame) -> str:
    """Plot how many of today's customers are at what risk.

    Args:
        scores: with `churn_probability`, from 0 to 1.
    """
    chance = scores.churn_probability.to_numpy() * 100
    mean = chance.mean()

    def draw(ax: "Axes") -> None:
        ax.hist(chance, bins=list(range(0, 101, 5)), color=BLUE, edgecolor="white", linewidth=1)
        ax.axvline(mean, color=ORANGE, linestyle="--", linewidth=2)
        ax.margins(y=0.18)
        side, shift = ("right", -2) if mean > 50 else ("left", 2)
        ax.text(mean + shift, ax.get_ylim()[1], f"average {mean:.0f} %", color=ORANGE, ha=side, va="top", weight="bold")
        ax.set(xlabel="Probability to leave (%)", ylabel="Customers (number)", xlim=(0, 100))
        thousands(ax.yaxis)

    return svg("risk", "How many customers are at what risk", draw, 3.0)


def money_plot(decisions: Decisions, currency: str) -> str:
    """Plot what each further bit of budget is expected to earn, the best use of it first.

    Args:
        decisions: its table has cost, expected_gain, gain_low and gain_high in currency, its summary the budget.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    spent, unit = _cumulated(decisions.table), currency or MONEY
    budget = float(decisions.summary["budget"])

    def draw(ax: "Axes") -> None:
        ax.fill_between(spent.cost, spent.gain_low, spent.gain_high, color=BLUE, alpha=0.18, linewidth=0, label="range")
        ax.plot(spent.cost, spent.expected_gain, color=BLUE, linewidth=2.6, label="expected gain")
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(budget, color=ORANGE, linestyle="--", linewidth=2, label="budget")
        ax.set(xlabel=f"Spent ({unit})", ylabel=f"Gain after costs ({unit})", xlim=(0, None))
        ax.locator_params(nbins=6)
        thousands(ax.xaxis)
        thousands(ax.yaxis)

    return svg("money", "What the budget is expected to earn", draw, 3.4)


def _cumulated(table: pd.DataFrame) -> pd.DataFrame:
    """Money spent and gained so far over those who are treated, from nothing on, thinned to a few points."""
    treated = table[table.group == "treat"]
    worth = (treated.expected_gain / treated.cost.clip(lower=1e-9)).sort_values(ascending=False, kind="stable")
    columns = ["cost", "expected_gain", "gain_low", "gain_high"]
    sums = np.vstack([np.zeros(len(columns)), treated.loc[worth.index, columns].cumsum().to_numpy()])
    kept = np.unique(np.linspace(0, len(sums) - 1, POINTS).round().astype(int))
    return pd.DataFrame(sums[kept], columns=columns)
