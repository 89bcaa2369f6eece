"""The portfolio page: who the customers are, what they are worth, how they moved, and what each kind asks for.

The page is one HTML file that needs no network and no script, and names no customer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.portfolio.buying_style import STAGES
from patron.portfolio.figures import FIGURES
from patron.portfolio.letting_go import first_step, losses_by_reason
from patron.portfolio.loyalty import RELATIONSHIPS
from patron.portfolio.migration import JOINED
from patron.portfolio.result import Portfolio
from patron.portfolio.tiers import next_tiers
from patron.reports import portfolio_plots as plots
from patron.reports.cash_section import cash_section
from patron.reports.channel_section import channel_section, scorecard_table
from patron.reports.headroom_section import headroom_section
from patron.reports.relational_section import relational_values
from patron.reports.rendering import inline, render

__all__ = ["PortfolioReport", "page"]

COHORTS = 24  # what a plot has room for


@dataclass(frozen=True)
class PortfolioReport:
    """A portfolio, as the page shows it.

    Args:
        name: the business.
        made_at: when the page was made.
        currency: code or sign of the currency that all money is in; empty where nobody said.
        portfolio: what relationships there are.
    """

    name: str
    made_at: datetime
    currency: str
    portfolio: Portfolio


def page(report: PortfolioReport) -> str:
    """Return the page of a portfolio; the same report gives the same page to the last byte."""
    portfolio = report.portfolio
    money = next((name for name in ("equity", "profit", "spend") if name in portfolio.customers), None)
    return render(
        "portfolio.html.j2",
        report.currency,
        report=report,
        p=portfolio,
        basis="profit" if portfolio.question else "revenue",
        parts=_bridge(portfolio),
        best=next(iter(portfolio.tops.items()), None),
        grid=_grid(portfolio.grid, money) if money or len(portfolio.grid) else [],
        money=money,
        segments=_segments(portfolio),
        tiers=_tiers(portfolio),
        asked=scorecard_table(portfolio.tier_card, _tier_names(portfolio), report.currency),
        earners=[name for name in portfolio.parts if name != "profit"],
        channels=_records(portfolio, "channel"),
        cohorts=_records(portfolio, "cohort"),
        kinds=_relationships(portfolio),
        segment_moves=_heat(portfolio.moved["segment"]) if "segment" in portfolio.moved else [],
        tier_moves=_heat(_best_first(portfolio.moved["tier"])) if "tier" in portfolio.moved else [],
        ages=portfolio.tenure.to_dict("records"),
        losses=_losses(portfolio),
        ending=portfolio.ending[::-1].rename_axis("tier").reset_index().to_dict("records"),
        cash=cash_section(portfolio, report.currency),
        channel=channel_section(portfolio, report.currency),
        room=headroom_section(portfolio),
        stages=[{**row, "rule": STAGES[row["loyalty_stage"]]} for row in _records(portfolio, "loyalty_stage")],
        figures=FIGURES,
        joined=JOINED,
        **relational_values(portfolio),
        **_plots(report),
    )


def _plots(report: PortfolioReport) -> dict[str, Any]:
    """The plots of what there is; of what there is not, nothing."""
    portfolio, currency = report.portfolio, report.currency
    cohorts = portfolio.groups["cohort"].tail(COHORTS) if portfolio.equity else None
    tiers, segments = (portfolio.moved.get(name) for name in ("tier", "segment"))
    svgs = {
        "bridge": plots.bridge_plot(portfolio.bridge, currency) if len(portfolio.bridge) else "",
        "cohort_plot": plots.cohort_plot(cohorts, currency) if cohorts is not None else "",
        "tenure_plot": plots.tenure_plot(portfolio.tenure, currency) if len(portfolio.tenure) else "",
        "curve": plots.concentration_plot(portfolio.curves) if portfolio.curves else "",
        "tier_flow": "" if tiers is None else plots.flow_plot(_best_first(tiers), "tiers", "Moves between tiers"),
        "flow": "" if segments is None else plots.flow_plot(segments, "segments", "Moves between segments"),
    }
    return {name: inline(svg) if svg else "" for name, svg in svgs.items()}


def _bridge(portfolio: Portfolio) -> dict[str, Any]:
    return portfolio.bridge.set_index("part").to_dict("index") if len(portfolio.bridge) else {}


def _grid(grid: pd.DataFrame, money: str | None) -> list[dict[str, Any]]:
    """The rows of the grid, the latest customers first: of each field its customers and the share of the money."""
    if grid.empty:
        return []
    brought = grid[money].clip(lower=0.0) if money else pd.Series(0.0, grid.index)
    shaded = grid.assign(
        share=grid[money] / grid[money].sum() if money and grid[money].sum() > 0 else np.nan,
        size=grid.customers / max(grid.customers.max(), 1),
        worth=brought / (brought.max() or 1.0),
    )
    return [
        {"recency": recency, "fields": fields.to_dict("records")}
        for recency, fields in shaded.groupby("recency", sort=False)
    ]


def _segments(portfolio: Portfolio) -> list[dict[str, Any]]:
    """The segments with their rules, sizes and money, and how many they were."""
    if "segment" not in portfolio.groups:
        return []
    rules = {segment.name: segment.rule for segment in portfolio.terms.segments}
    before = portfolio.before.segment.value_counts() if "segment" in portfolio.moved else {}
    return [
        {**row, "rule": rules.get(row["segment"], "fits no rule"), "before": int(before.get(row["segment"], 0))}
        for row in _records(portfolio, "segment")
    ]


def _tiers(portfolio: Portfolio) -> list[dict[str, Any]]:
    """The tiers, best first, with what each table brought and cost, and where they lead."""
    if "tier" not in portfolio.groups:
        return []
    leads = next_tiers(portfolio.moved["tier"]).to_dict("index") if "tier" in portfolio.moved else {}
    rows = _records(portfolio, "tier")[::-1]
    return [{**row, "parts": portfolio.parts.loc[row["tier"]], "leads": leads.get(row["tier"])} for row in rows]


def _tier_names(portfolio: Portfolio) -> list[str]:
    """The tiers, best first."""
    return list(portfolio.question.names[::-1]) if portfolio.question else []


def _relationships(portfolio: Portfolio) -> list[dict[str, Any]]:
    return [
        {**row, "rule": RELATIONSHIPS[row["relationship"]][0], "advice": RELATIONSHIPS[row["relationship"]][1]}
        for row in _records(portfolio, "relationship")
    ]


def _losses(portfolio: Portfolio) -> list[dict[str, Any]]:
    """The reasons of losses with the gentlest step against each."""
    rows = losses_by_reason(portfolio.customers).to_dict("records")
    return [{**row, "step": first_step(row["reason"])} for row in rows]


def _records(portfolio: Portfolio, name: str) -> list[dict[str, Any]]:
    return portfolio.groups[name].to_dict("records") if name in portfolio.groups else []


def _best_first(moves: pd.DataFrame) -> pd.DataFrame:
    return moves.loc[[*moves.columns[::-1], JOINED], moves.columns[::-1]]


def _heat(moves: pd.DataFrame) -> list[dict[str, Any]]:
    """The moves from each group that had anybody: how many, and the share of those who stood there."""
    kept = moves[moves.sum(axis=1) > 0]
    shares = kept.div(kept.sum(axis=1), axis=0)
    return [
        {"name": name, "size": int(row.sum()), "cells": list(zip(row, shares.loc[name], strict=True))}
        for name, row in kept.iterrows()
    ]
