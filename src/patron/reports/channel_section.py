"""The section of channels: where customers and business meet, how they are handed over, and the four C's of groups."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from patron.formatting import MINUS, percent, rough
from patron.portfolio.result import Portfolio
from patron.portfolio.scorecard import RATIOS
from patron.portfolio.segments import OTHERS

__all__ = ["channel_section", "scorecard_table"]

SHARES, MONEY = ("kept", "serve"), ("win",)


def channel_section(portfolio: Portfolio, currency: str) -> dict[str, Any]:
    """Return what the section shows; empty where nothing is known.

    Args:
        portfolio: what relationships there are.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    channels = portfolio.channels
    segments = [*(segment.name for segment in portfolio.terms.segments), OTHERS]
    if channels.mix.empty and portfolio.scorecard.empty:
        return {}
    return {
        "tables": list(channels.mix),
        "mix": channels.records(),
        "hand_over": _heat(channels.hand_over),
        "repeats": [row for row in channels.repeats.to_dict("records") if row["contacts"]],
        "card": scorecard_table(portfolio.scorecard, segments, currency),
    }


def scorecard_table(card: pd.DataFrame, groups: Sequence[str], currency: str) -> dict[str, Any]:
    """Return a scorecard as a table: its figures, and a row for each group; empty where nothing is known.

    Args:
        card: what `patron.portfolio.scorecard.scorecard` returns.
        groups: the names of the groups, in their order.
        currency: code or sign of all money in it.
    """
    if card.empty:
        return {}
    known = dict(iter(card.groupby(card.columns[0])))
    return {
        "ratios": [ratio for ratio in RATIOS if ratio.name in set(card.figure)],
        "rows": [{"name": name, "cells": _cells(known[name], currency)} for name in groups if name in known],
    }


def _heat(counts: pd.DataFrame) -> list[dict[str, Any]]:
    shares = counts.div(counts.sum(axis=1), axis=0)
    return [
        {"name": name, "cells": list(zip(row, shares.loc[name], strict=True))}
        for name, row in counts.iterrows()
        if row.sum() > 0
    ]


def _cells(figures: pd.DataFrame, currency: str) -> dict[str, dict[str, str]]:
    """The figures of a group, in words, with what they were."""
    rows = figures.set_index("figure").to_dict("index")
    return {name: {key: _words(name, row[key], currency) for key in ("value", "before")} for name, row in rows.items()}


def _words(name: str, value: float, currency: str) -> str:
    if value != value:
        return ""
    shown = percent(value) if name in SHARES else rough(value, currency) if name in MONEY else f"{value:.2f}"
    return shown.replace("-", MINUS)
