"""Plots of a checked history: its events over time with holes and cutoffs, and a cutoff on one customer's events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patron.formatting import count, date
from patron.history.example import Example
from patron.history.span import Hole
from patron.periods import Span, Split
from patron.reports.figure_style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, Draw, svg, svg_rows, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Timeline", "cutoff_plot", "timeline_plot"]

GROUPS = {"train": BLUE, "valid": PURPLE, "test": GREEN, "today": GREY}
HOLE = "hole: nothing, where there usually is something"
BAR, BARS, EVENTS, ROW = 0.5, 1.5, 1.35, 0.32
TICKS, NAME = (3, 8), 24
ROOM, RIGHT, WIDE = 1.3, 0.22, 0.45
SIDES = {
    "past": (BLUE, "o", "seen by features"),
    "horizon": (ORANGE, "s", "seen by the label"),
    "later": (GREY, "x", "seen by neither"),
}


@dataclass(frozen=True)
class Timeline:
    """The events of one table over time.

    Args:
        table: its name.
        counts: what `patron.history.timeline.timeline` gives: period and events.
        holes: the stretches without any event in which events are usual.
    """

    table: str
    counts: pd.DataFrame
    holes: Sequence[Hole] = ()


def timeline_plot(timelines: Sequence[Timeline], unit: str, split: Split, horizon: Span, today: datetime) -> str:
    """Plot when the questions are asked, and below it the events of each table over the same time.

    Args:
        timelines: of each table.
        unit: the length of a period, for example "week".
        split: the cutoffs by what they are used for.
        horizon: how far ahead the labels look.
        today: the cutoff that is scored.
    """
    groups = split.groups | {"today": (today,)}

    def asked_when(ax: "Axes") -> None:
        for row, (name, cutoffs) in enumerate(groups.items()):
            spans = [(_day(cutoff), horizon.days_after(cutoff)) for cutoff in cutoffs]
            ax.broken_barh(spans, (row - BAR / 2, BAR), color=GROUPS[name], alpha=0.35, linewidth=0)
            ax.vlines([day for day, _ in spans], row - BAR / 2, row + BAR / 2, color=GROUPS[name], linewidth=2)
        ax.set(yticks=range(len(groups)), yticklabels=groups, ylim=(len(groups) - 0.5, -0.5))
        ax.grid(visible=False, axis="y")

    rows = [(asked_when, BARS), *((_events(line, unit, groups), EVENTS) for line in timelines)]
    return svg_rows("timeline", "Questions and events over time", rows)


def _events(line: Timeline, unit: str, groups: Mapping[str, Sequence[datetime]]) -> Draw:
    """Return what draws the events of one table, its holes and the cutoffs."""

    def draw(ax: "Axes") -> None:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        days = np.array([_day(period) for period in line.counts.period])
        edges = np.append(days, _day((line.counts.period.iloc[-1].to_period(unit[0].upper()) + 1).start_time))
        for first, after in line.holes:
            ax.axvspan(
                _day(first), _day(after), facecolor="#fbe3d2", edgecolor=ORANGE, hatch="//", linewidth=0, label=HOLE
            )
        ax.stairs(line.counts.events, edges, fill=True, color=GREY)
        for name, cutoffs in groups.items():
            ax.vlines(
                [_day(c) for c in cutoffs], 0, 1, transform=ax.get_xaxis_transform(), color=GROUPS[name], linewidth=1.2
            )
        ax.set_title(f"{_named(line.table)}: events per {unit}", fontsize=10, weight="normal", pad=4)
        ax.set_ylim(0, 1.08 * max(line.counts.events.max(), 1))
        ax.locator_params(axis="y", nbins=3, integer=True)
        thousands(ax.yaxis)
        places = AutoDateLocator(minticks=TICKS[0], maxticks=TICKS[1])
        ax.xaxis.set_major_locator(places)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(places))

    return draw


def cutoff_plot(example: Example, windows: Sequence[int]) -> str:
    """Plot what a cutoff parts: which events of one customer features see, which the label, and which neither.

    Args:
        example: the customer's events.
        windows: the days that the windows of features look back.
    """
    events, ahead = example.events, example.horizon.days_after(example.cutoff)
    tables = list(dict.fromkeys(events.table))
    back = max(*windows, ahead) if windows else max(ahead, -float(events.days.min()))
    right = max(ahead * ROOM, back * RIGHT)

    def draw(ax: "Axes") -> None:
        shown = events[events.days.between(-back, right)].drop_duplicates()
        for part, seen in shown.groupby("part", sort=False):
            colour, mark, words = SIDES[part]
            ax.scatter(seen.days, seen.table.map(tables.index), 34, color=colour, marker=mark, label=words, zorder=3)
        _spans(ax, example, sorted(windows), len(tables))
        ax.axvline(0, color=INK, linewidth=2)
        ax.set(xlabel=f"Days from the cutoff, {date(example.cutoff)}", xlim=(-back, right))
        ax.set_ylim(len(tables) + max(len(windows), 2) - 0.4, -0.7)
        ax.set_yticks(range(len(tables)), [_named(table) for table in tables])
        ax.grid(visible=False, axis="y")

    return svg("cutoff", "One customer around a cutoff", draw, 1.3 + ROW * (len(tables) + max(len(windows), 2)))


def _spans(ax: "Axes", example: Example, windows: Sequence[int], top: int) -> None:
    """Draw the windows with the orders that each sees to the left of the cutoff, and the horizon to its right."""
    ahead, orders = example.horizon.days_after(example.cutoff), example.events[example.events.table == "orders"]
    for place, days in enumerate(windows, top):
        ax.barh(place, days, left=-days, height=0.7, color=BLUE, alpha=0.22, linewidth=0)
        inside = days > max(windows) * WIDE
        words = f"{days} days: {count(int(orders.days.between(-days, 0, inclusive='left').sum()), 'order')}"
        ax.annotate(
            words,
            (0 if inside else -days, place),
            (-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9,
        )
    ax.barh(top + 0.5, ahead, left=0, height=1.7, color=ORANGE, alpha=0.22, linewidth=0)
    ax.annotate(
        f"horizon\n{example.horizon.length}",
        (0, top + 0.5),
        (4, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
    )


def _named(table: str) -> str:
    """Return the name of a table as a plot can hold it, short and with no sign that stands for a formula."""
    short = table if len(table) <= NAME else f"{table[: NAME - 1]}…"
    return short.replace("$", r"\$")


def _day(moment: datetime) -> float:
    from matplotlib.dates import date2num

    return float(date2num(moment))
