"""The section of channels: where customers and business meet, how they are handed over, and the four C's by segment."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from patron.formatting import percent, rough
from patron.portfolio.result import Portfolio
from patron.portfolio.scorecard import RATIOS
from patron.portfolio.segments import OTHERS

__all__ = ["channel_section"]

SHARES, MONEY = ("kept", "serve"), ("win",)


def channel_section(portfolio: Portfolio, currency: str) -> dict[str, Any]:
    """Return what the section shows; empty where nothing is known.

    Args:
        portfolio: what relationships there are.
        currency: code or sign written beside the numbers, empty where nobody said.
    """
    channels, card = portfolio.channels, portfolio.scorecard
    if channels.mix.empty and card.empty:
        return {}
    return {
        "tables": list(channels.mix),
        "mix": channels.records(),
        "hand_over": _heat(channels.hand_over),
        "repeats": [row for row in channels.repeats.to_dict("records") if row["contacts"]],
        "ratios": [ratio for ratio in RATIOS if len(card) and ratio.name in set(card.figure)],
        "card": _card(card, [segment.name for segment in portfolio.terms.segments], currency),
    }


def _heat(counts: pd.DataFrame) -> list[dict[str, Any]]:
    shares = counts.div(counts.sum(axis=1), axis=0)
    return [
        {"name": name, "cells": list(zip(row, shares.loc[name], strict=True))}
        for name, row in counts.iterrows()
        if row.sum() > 0
    ]


def _card(card: pd.DataFrame, segments: Sequence[str], currency: str) -> list[dict[str, Any]]:
    """The rows of the scorecard: of each segment its figures, in words, with what they were."""
    rows: list[dict[str, Any]] = []
    known = dict(iter(card.groupby("segment"))) if len(card) else {}
    for segment in (name for name in (*segments, OTHERS) if name in known):
        named = known[segment].set_index("figure").to_dict("index")
        cells = {
            name: {key: _words(name, row[key], currency) for key in ("value", "before")} for name, row in named.items()
        }
        rows.append({"segment": segment, "cells": cells})
    return rows


def _words(name: str, value: float, currency: str) -> str:
    if value != value:
        return ""
    return percent(value) if name in SHARES else rough(value, currency) if name in MONEY else f"{value:.2f}"
