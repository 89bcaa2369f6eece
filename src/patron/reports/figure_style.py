"""The figure style: the look that all plots share, as SVG text that is the same for the same input.

Made for a phone and for paper: one narrow column, few marks, colours that the colour-blind can tell (Okabe and Ito
2008) beside line styles that need no colour. Texts stay texts, so the page that shows them chooses the font.
"""

from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "PURPLE", "groups", "percents", "shares", "svg", "thousands"]

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


def svg(name: str, title: str, draw: Callable[["Axes"], None], height: float = HEIGHT) -> str:
    """Return a plot as SVG text, drawn outside any window; its name salts the ids, so that several fit in one page."""
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
        _legend(figure, ax)
        FigureCanvasSVG(figure).print_svg(text, metadata=NO_METADATA)
    return text.getvalue()


def _legend(figure: "Figure", ax: "Axes") -> None:
    """Put the legend below the plot: there, it can hide none of its marks."""
    marks, words = ax.get_legend_handles_labels()
    if marks:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + LINE * -(-len(marks) // COLUMNS))
        figure.legend(marks, words, loc="outside lower left", ncols=COLUMNS, borderaxespad=0.2)


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
