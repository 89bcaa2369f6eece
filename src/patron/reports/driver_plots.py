"""Driver plots: what moves the answers of a model, of many customers and of one, as SVG text."""

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patron.reports.answer_words import AnswerWords
from patron.reports.figure_style import BLUE, GREY, INK, ORANGE, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["beeswarm_plot", "waterfall_plot"]

LETTERS, BAND = 50, 0.26
BINS = 80
ROW, LINE = 0.5, 0.4
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 9, "bbox": PAPER}


def beeswarm_plot(spread: pd.DataFrame, words: AnswerWords) -> str:
    """Plot how far the weightiest measures move the answers of single customers, each of them a dot.

    Args:
        spread: what `patron.explanations.spread.push_spread` gives, with one measure at least.
        words: how the answer is called.
    """
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("values", [BLUE, "#d3d8dd", ORANGE])
    measures = [part for _, part in spread.groupby("feature", sort=False)]
    labels = [fill(str(part.words.iloc[0]), LETTERS) for part in measures]
    positions = _positions(labels)

    def draw(ax: "Axes") -> None:
        ax.axvline(0, color=GREY, linewidth=0.8)
        for label, part, position in zip(labels, measures, positions, strict=True):
            known = part.level.notna()
            shades = np.where(known.to_numpy()[:, None], colours(part.level.fillna(0.5)), (*_rgb(GREY), 1.0))
            ax.scatter(part.push, position + _swarm(part.push.to_numpy()), s=7, c=shades, linewidths=0)
            ax.annotate(
                label,
                (0, position - BAND),
                (0, 1),
                ("axes fraction", "data"),
                "offset points",
                va="bottom",
                fontsize=10,
            )
        for label, colour in (("low value", BLUE), ("high value", ORANGE)):
            ax.scatter([], [], s=20, color=colour, label=label)
        if spread.level.isna().any():
            ax.scatter([], [], s=20, color=GREY, label="no number, or unknown")
        ax.set(xlabel=f"Moves {words.noun} (log-odds): left lowers, right raises", yticks=[])
        ax.set_ylim(positions.max() + 0.5, 0.15)
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False, axis="y")

    title = f"What moves {words.noun}, customer by customer"
    return svg("beeswarm", fill(title, LETTERS - 8), draw, 0.9 + ROW * positions.max())


def waterfall_plot(steps: pd.DataFrame, words: AnswerWords) -> str:
    """Plot how the answer of one customer comes about, from the average to it.

    Args:
        steps: what `patron.explanations.waterfall.waterfall` gives for the customer.
        words: how the answer is called and written.
    """
    scale = 100 if words.is_chance else 1
    reasons = steps[steps.step > 0]
    labels = [fill(text, LETTERS + 8) for text in reasons.text]
    positions = _positions(labels)
    ends = np.append(steps.after, reasons.before) * scale
    margin = 0.05 * np.ptp(ends) or 1.0

    def draw(ax: "Axes") -> None:
        lines: Any = reasons.itertuples()
        for step, label, position in zip(lines, labels, positions, strict=True):
            begin, length = min(step.before, step.after) * scale, abs(step.points) * scale
            ax.barh(position, length, left=begin, height=0.3, color=ORANGE if step.points > 0 else BLUE)
            ax.annotate(words.points(step.points), (begin + length, position), (4, 0), **BESIDE)
            _label(ax, label, position - 0.2, 9)
        for name, value, style in (("average", steps.after.iloc[0], ":"), ("answer", steps.after.iloc[-1], "--")):
            label = f"the {name}, {words.shown(float(value))}"
            ax.axvline(value * scale, color=INK, linestyle=style, linewidth=1, label=label, zorder=0.5)
        unit = "%" if words.is_chance else words.currency or "money"
        ax.set(xlabel=f"{words.capital} ({unit})", yticks=[], ylim=(positions.max(initial=1) + 0.4, 0.1))
        ax.set_xlim(ends.min() - margin, ends.max() + 4 * margin)
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False, axis="y")

    title = f"How {words.noun} of one customer comes about"
    return svg("waterfall", fill(title, LETTERS - 8), draw, 0.9 + ROW * positions.max(initial=1))


def _label(ax: "Axes", text: str, position: float, size: int) -> None:
    """Write words above a line, over whatever lies there."""
    ax.annotate(text, (0, position), xycoords=("axes fraction", "data"), va="bottom", fontsize=size, bbox=PAPER)


def _positions(labels: list[str]) -> np.ndarray:
    """Return where each measure stands; a label of two lines stands above it, so that it moves down by one."""
    return np.cumsum([1 + LINE * label.count("\n") for label in labels])


def _swarm(push: np.ndarray) -> np.ndarray:
    """Return by how much dots move off their line, so that those of equal pushes lie beside one another."""
    part = np.round((push - push.min()) / max(np.ptp(push), 1e-12) * BINS).astype(int)
    among = pd.Series(part).groupby(part).cumcount().to_numpy()
    side = np.where(among % 2, 1, -1) * ((among + 1) // 2)
    return side * min(BAND / max(np.abs(side).max(), 1), BAND / 6)


def _rgb(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
