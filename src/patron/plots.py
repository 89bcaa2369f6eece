"""Plots of cards, features, scores and decisions, as SVG text that is the same for the same input.

Made for a phone and for paper: one narrow column, few marks, colours that the colour-blind can tell (Okabe and Ito
2008) beside line styles that need no colour. Texts stay texts, so the page that shows them chooses the font.
"""

from collections.abc import Callable
from io import StringIO
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patron.cards import Card
from patron.decisions import Decisions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["event", "gain_plot", "importance_plot", "money_plot", "reliability_plot", "risk_plot"]

WIDTH, HEIGHT, ROW = 4.6, 3.7, 0.42
BLUE, ORANGE, GREEN, PURPLE, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#1f2933", "#8a94a0"
LINES = ((GREEN, "--"), (PURPLE, "-."), (GREY, ":"))
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 11,
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": "#e4e7eb",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 2.4,
}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
NAMES = {
    "constant": "chance",
    "activity": "rule: bought lately or not",
    "logit": "rule: how lately, how often",
    "parametric": "purchase process",
    "parametric_logit": "purchase process and rule",
    "lightgbm": "trees on all features",
    "hybrid": "purchase process and trees",
    "blend": "blend of the models",
    "chosen": "learned model",
}
EVENTS = {"churn": "left", "tier": "reached a top tier"}
POINTS, MOST_BARS, LETTERS = 101, 10, 50


def event(card: Card) -> str:
    """Say what the curves of a card are drawn for, as what customers did: 'left', 'bought within 30 days'."""
    return EVENTS.get(card.question) or next(iter(card.base))


def reliability_plot(card: Card) -> str:
    """See whether a predicted 30 % comes true 30 times in a hundred.

    Args:
        card: its `reliability` has shares from 0 to 1: predicted, observed, low and high (Wilson), and count.
    """
    told = card.reliability

    def draw(ax: "Axes") -> None:
        shares = told[["predicted", "observed", "low", "high"]] * 100
        ax.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="as predicted")
        bars = np.maximum([shares.observed - shares.low, shares.high - shares.observed], 0)
        ax.errorbar(shares.predicted, shares.observed, bars, fmt="none", ecolor=BLUE, elinewidth=1.5, capsize=3)
        size = 15 + 45 * told["count"] / told["count"].max()
        ax.scatter(shares.predicted, shares.observed, size, color=BLUE, label=_groups(told["count"]), zorder=3)
        _percent(ax, "Predicted probability (%)", f"Customers who {event(card)} (%)")
        ax.legend(loc="lower right", borderaxespad=0.2)

    return _drawn(f"reliability {card.question}", "Does what it predicts come true?", draw)


def gain_plot(card: Card) -> str:
    """See what share of the events is found by contacting a share of the customers, beside simple rules.

    Args:
        card: its `gains` has for each candidate the shares `contacted` and `found`, from 0 to 1. Drawn are the
            champion, the challenger, the best baseline and chance.
    """
    # The champion first, so that it has the same colour on every card whoever it is; all candidates would be a tangle.
    ranked = dict.fromkeys(n for n in (card.challenger, card.best_baseline, "constant") if n != card.champion)
    share = np.linspace(0, 1, POINTS)

    def curve(ax: "Axes", name: str, **style: Any) -> None:
        known = card.gains[name].astype(np.float64)
        found = np.interp(share, known.contacted, known.found)
        ax.plot(share * 100, found * 100, label=NAMES.get(name, name), **style)

    def draw(ax: "Axes") -> None:
        curve(ax, card.champion, color=BLUE, linewidth=2.6)
        for place, name in enumerate(ranked):
            colour, line = LINES[-1] if name == "constant" else LINES[place % (len(LINES) - 1)]
            curve(ax, name, color=colour, linestyle=line, linewidth=1.7)
        _percent(ax, "Customers contacted, surest first (% of all)", f"Found of all who {event(card)} (%)")
        ax.legend(loc="lower right", borderaxespad=0.2)

    return _drawn(f"gain {card.question}", "How many are found by contacting some", draw)


def importance_plot(importance: pd.DataFrame) -> str:
    """See which features move the answers most.

    Args:
        importance: what `patron.driver_tables.importance` gives: words and share (0 to 1), strongest first.
    """
    top = importance[importance.share > 0].head(MOST_BARS)
    words = [fill(text, LETTERS) for text in top.words]
    # A label of two lines stands above its bar, so the bar moves down by the second line.
    places = np.cumsum([1 + 0.45 * text.count("\n") for text in words])

    def draw(ax: "Axes") -> None:
        ax.barh(places, top.share * 100, height=0.34, color=BLUE)
        for place, text, share in zip(places, words, top.share * 100, strict=True):
            ax.text(0, place - 0.28, text, va="bottom", fontsize=10)
            ax.annotate(f"{share:.0f} %", (share, place), (4, 0), textcoords="offset points", va="center", fontsize=10)
        ax.set(xlabel="Share of all that moves the answers (%)", yticks=[], ylim=(places.max(initial=1) + 0.5, 0.15))
        ax.set_xlim(0, 1.15 * 100 * top.share.max() if len(top) else 1)
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)

    return _drawn("importance", "What the answers depend on most", draw, 0.9 + ROW * places.max(initial=1))


def risk_plot(scores: pd.DataFrame) -> str:
    """See how many of today's customers are at what risk.

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
        _thousands(ax.yaxis)

    return _drawn("risk", "How many customers are at what risk", draw, 3.0)


def money_plot(decisions: Decisions, currency: str = "currency") -> str:
    """See what each further bit of budget is expected to earn, the best use of it first.

    Args:
        decisions: its table has cost, expected_gain, gain_low and gain_high in currency, its summary the budget.
        currency: written beside the numbers.
    """
    spent = _cumulated(decisions.table)
    budget = float(decisions.summary["budget"])

    def draw(ax: "Axes") -> None:
        ax.fill_between(spent.cost, spent.gain_low, spent.gain_high, color=BLUE, alpha=0.18, linewidth=0, label="range")
        ax.plot(spent.cost, spent.expected_gain, color=BLUE, linewidth=2.6, label="expected gain")
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(budget, color=ORANGE, linestyle="--", linewidth=2, label="budget")
        ax.set(xlabel=f"Money spent ({currency})", ylabel=f"Gain after costs ({currency})", xlim=(0, None))
        ax.locator_params(nbins=6)
        _thousands(ax.xaxis)
        _thousands(ax.yaxis)
        ax.legend(loc="upper left", borderaxespad=0.2)

    return _drawn("money", "What the budget is expected to earn", draw, 3.4)


def _cumulated(table: pd.DataFrame) -> pd.DataFrame:
    """Money spent and gained so far over those who are treated, from nothing on, thinned to a few points."""
    treated = table[table.group == "treat"]
    worth = (treated.expected_gain / treated.cost.clip(lower=1e-9)).sort_values(ascending=False, kind="stable")
    columns = ["cost", "expected_gain", "gain_low", "gain_high"]
    sums = np.vstack([np.zeros(len(columns)), treated.loc[worth.index, columns].cumsum().to_numpy()])
    kept = np.unique(np.linspace(0, len(sums) - 1, POINTS).round().astype(int))
    return pd.DataFrame(sums[kept], columns=columns)


def _drawn(name: str, title: str, draw: Callable[["Axes"], None], height: float = HEIGHT) -> str:
    """Draw outside any window or global figure; the plot's name salts its ids, so that several fit in one page."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    text = StringIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        style: Any = STYLE | {"svg.hashsalt": name}
        matplotlib.rcParams.update(style)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        ax = figure.subplots()
        ax.grid(axis="both")
        draw(ax)
        ax.set_title(title, pad=10)
        FigureCanvasSVG(figure).print_svg(text, metadata=NO_METADATA)
    return text.getvalue()


def _percent(ax: "Axes", across: str, up: str) -> None:
    ticks = range(0, 101, 20)
    ax.set(xlabel=across, ylabel=up, xlim=(0, 100), ylim=(0, 101.5), xticks=ticks, yticks=ticks)


def _thousands(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def _groups(count: pd.Series) -> str:
    low, high = f"{count.min():,}", f"{count.max():,}"
    return f"{low if low == high else f'{low} to {high}'} customers,\n95 % interval"
