"""Plots of relationship types: where they lie by who begins contact and how often they buy, and which contacts fit."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patron.reports.figure_style import BLUE, GREEN, GREY, INK, ORANGE, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["fit_plot", "type_map"]

HEIGHT, SMALL, LARGEST, WIDTH = 3.4, 9, 900.0, 0.6
ROOM = 0.07  # of the height of the map that a name takes
BAD = -0.25  # tone below which a type is shown as unfriendly


def type_map(types: pd.DataFrame) -> str:
    """Plot where types of relationships lie, as circles whose area is the number of customers.

    Args:
        types: by type `customers`, and the means `begun` and `orders` and, where it is known, `tone`.
    """

    def draw(ax: "Axes") -> None:
        size = LARGEST * types.customers / types.customers.max()
        tone = types.tone.to_numpy()
        colour = np.where(np.isnan(tone), GREY, np.where(tone < BAD, ORANGE, np.where(tone > 0, GREEN, BLUE)))
        ax.scatter(100 * types.begun, types.orders, size, c=colour, alpha=0.5, linewidths=0)
        ax.set(xlabel="Contacts that the customer began (%)", ylabel="Orders within a year")
        ax.margins(x=0.18, y=0.2)
        low, high = ax.get_ylim()
        room = ROOM * (high - low)
        heights = _apart(types.orders.to_numpy(float) + room, room)
        for name, begun, orders, height in zip(types.index, types.begun, types.orders, heights, strict=True):
            ax.plot([100 * begun, 100 * begun], [orders, height], color=GREY, linewidth=0.6)
            ax.text(100 * begun, height, name, ha="center", va="center", fontsize=SMALL, color=INK)

    return svg("types", "Who begins, and how often they buy", draw, HEIGHT)


def fit_plot(months: pd.DataFrame) -> str:
    """Plot which share of the contacts of each month fits the type of their customer.

    Args:
        months: `month`, `contacts` and `fitting`, the oldest first.
    """

    def draw(ax: "Axes") -> None:
        place = np.arange(len(months))
        ax.bar(place, 100 * months.fitting / months.contacts.clip(lower=1), WIDTH, color=BLUE, linewidth=0)
        first = pd.to_datetime(months.month)
        ax.set_xticks(place, [f"{month:%b}\n{month:%Y}" for month in first])
        ax.set(ylabel="Contacts that fit (%)", ylim=(0, 100))
        ax.grid(visible=False, axis="x")

    return svg("fit", "Contacts that fit the relationship", draw, HEIGHT)


def _apart(places: np.ndarray, room: float) -> np.ndarray:
    """Return the places, moved up as far as each needs to lie so much above the one below."""
    order = np.argsort(places, kind="stable")
    moved = places[order].copy()
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + room)
    result = np.empty_like(moved)
    result[order] = moved
    return result
