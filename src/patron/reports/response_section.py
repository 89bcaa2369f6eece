"""Response section: the values of the part of the page about when and how to contact, as past contacts tell it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patron.decisions.response import MOST, ContactResponse
from patron.reports.figure_style import BLUE, svg
from patron.reports.rendering import inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["response_plot", "response_section"]

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEADS = {"channel": "Channel", "hour": "Hour", "weekday": "Weekday", "lately": "Contacts in 30 days"}
UNKNOWN = "unknown"


def response_section(response: ContactResponse | None) -> dict[str, Any]:
    """Return the values that the template of responses names.

    Args:
        response: how past contacts were answered; None where no table tells of any.
    """
    if response is None:
        return {"response": None}
    tables = {name: table[table.share.notna()] for name in HEADS if len(table := getattr(response, name))}
    curve = tables.get("lately", pd.DataFrame())
    return {
        "response": response,
        "advice": _advice(response),
        "answered": [(HEADS[name], _lines(name, table)) for name, table in tables.items() if len(table) > 1],
        "saturation": inline(response_plot(curve)) if len(curve) > 1 else "",
    }


def response_plot(curve: pd.DataFrame) -> str:
    """Plot the share of contacts that were answered by how many contacts the customer had within 30 days.

    Args:
        curve: group, share, low and high.
    """

    def draw(ax: "Axes") -> None:
        place, share = np.arange(len(curve)), 100 * curve.share
        around = [(share - 100 * curve.low).clip(lower=0), (100 * curve.high - share).clip(lower=0)]
        ax.errorbar(place, share, around, fmt="o-", color=BLUE, markersize=6, capsize=4, label="answered, 95 %")
        ax.set_xticks(place, [_group("lately", group) for group in curve.group])
        ax.set(xlabel="Contacts within 30 days (number)", ylabel="Answered (% of contacts)")
        ax.set_ylim(bottom=0)

    return svg("saturation", "Does one more contact help?", draw, 3.0)


def _advice(response: ContactResponse) -> list[tuple[str, str]]:
    """Return what is known of when and how to contact, each with a word where nothing is."""
    best = {name: response.best.get(name) for name in ("channel", "hour", "weekday")}
    words = {name: UNKNOWN if group is None else _group(name, group) for name, group in best.items()}
    enough = UNKNOWN if response.enough.contacts is None else f"{response.enough.contacts} in 30 days"
    heads = {"channel": "Best channel", "hour": "Best hour", "weekday": "Best weekday"}
    return [*((head, words[name]) for name, head in heads.items()), ("Contacts that are enough", enough)]


def _lines(name: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.assign(name=[_group(name, group) for group in table.group]).to_dict("records")


def _group(name: str, group: Any) -> str:
    """Return a group as people read it."""
    if name == "hour":
        return f"{group}:00"
    if name == "weekday":
        return DAYS[int(group)]
    return f"{group} or more" if name == "lately" and int(group) >= MOST else str(group)
