"""The figure style: the look that all plots share, as SVG text that is the same for the same input.

Made for a phone and for paper: one narrow column, few marks, colours that the colour-blind can tell (Okabe and Ito
2008) beside line styles that need no colour. Texts stay texts, so the page that shows them chooses the font.
"""

import re
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "PURPLE",
    "Draw",
    "groups",
    "percents",
    "shares",
    "svg",
    "svg_rows",
    "thousands",
]

WIDTH, HEIGHT, LINE, COLUMNS = 4.6, 3.7, 0.22, 2
BLUE, ORANGE, GREEN, PURPLE, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#1f2933", "#8a94a0"
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
Draw = Callable[["Axes"], None]


def svg(name: str, title: str, draw: Draw, height: float = HEIGHT) -> str:
    """Return a plot as SVG text, drawn outside any window; its name salts the ids, so that several fit in one page."""
    return svg_rows(name, title, [(draw, height)])


def svg_rows(name: str, title: str, rows: Sequence[tuple[Draw, float]]) -> str:
    """Return plots below one another that share what they have across; of each what draws it, and its height."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        style: Any = STYLE | {"svg.hashsalt": name}
        matplotlib.rcParams.update(style)
        heights = [height for _, height in rows]
        figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
        axes = list(figure.subplots(len(rows), sharex=True, squeeze=False, height_ratios=heights)[:, 0])
        for ax, (draw, _) in zip(axes, rows, strict=True):
            ax.grid(axis="both")
            draw(ax)
        axes[0].set_title(title, pad=10)
        _legend(figure, axes)
        text = _rendered(figure)
    return re.sub("(<svg[^>]*>)", rf"\1<title>{escape(title)}</title>", text, count=1)


def _rendered(figure: "Figure") -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text = StringIO()
    FigureCanvasSVG(figure).print_svg(text, metadata=NO_METADATA)
    return text.getvalue()


def _legend(figure: "Figure", axes: Sequence["Axes"]) -> None:
    """Put the legend below the plots, each label once: there, it can hide none of their marks."""
    marks = {word: mark for ax in axes for mark, word in zip(*ax.get_legend_handles_labels(), strict=True)}
    if marks:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + LINE * -(-len(marks) // COLUMNS))
        figure.legend(marks.values(), marks, loc="outside lower left", ncols=COLUMNS, borderaxespad=0.2)


def percents(ax: "Axes", across: str, up: str) -> None:
    """Set both axes to 0 to 100 %, with a little room for marks at the top."""
    ticks = range(0, 101, 20)
    ax.set(xlabel=across, ylabel=up, xlim=(0, 100), ylim=(0, 101.5), xticks=ticks, yticks=ticks)


def thousands(axis: Any) -> None:
    """Write the numbers of an axis with commas."""
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def groups(count: pd.Series) -> str:
    """Return the label of marks that stand for so many customers each: '120 to 130 customers, 95 % interval'."""
    low, high = f"{count.min():,}", f"{count.max():,}"
    return f"{low if low == high else f'{low} to {high}'} customers,\n95 % interval"


def shares(ax: "Axes", position: Any, share: pd.Series, bounds: pd.DataFrame) -> None:
    """Draw shares with their bounds, in hundredths."""
    bars = 100 * np.maximum([share - bounds.low, bounds.high - share], 0)
    marks = ax.errorbar(position, share * 100, bars, fmt="o", color=BLUE, markersize=6, capsize=3)
    marks.set_label(groups(bounds["count"]))
