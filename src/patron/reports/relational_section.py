"""The section of relationship types on the portfolio page: who they are, which contacts fit, what broke, what ties."""

from typing import Any

import pandas as pd

from patron.portfolio.broken_rules import RULES
from patron.portfolio.relationship_types import FACETS
from patron.portfolio.result import Portfolio
from patron.portfolio.segments import OTHERS
from patron.reports.relational_plots import fit_plot, type_map
from patron.reports.rendering import inline

__all__ = ["relational_values"]

SHOWN = 8  # moves between types


def relational_values(portfolio: Portfolio) -> dict[str, Any]:
    """Return what the template names of types of relationships and of ties between customers."""
    style = portfolio.relational
    mapped = style.where[style.where.begun.notna()]
    months = style.fit.groupby("month", as_index=False)[["contacts", "fitting"]].sum() if len(style.fit) else style.fit
    looked_at = dict.fromkeys(facet for kind in style.types for facet in kind.bounds)
    return {
        "types": _types(portfolio),
        "type_plot": inline(type_map(mapped)) if len(mapped) else "",
        "fit_months": months.to_dict("records"),
        "fit_plot": inline(fit_plot(months)) if len(months) > 1 else "",
        "facets": {facet: FACETS[facet][0] for facet in looked_at},
        "type_moves": style.moved_by.head(SHOWN).to_dict("records"),
        "type_movers": int(style.moved_by.customers.sum()) if len(style.moved_by) else 0,
        "broken": _broken(portfolio),
        "social": portfolio.social,
    }


def _types(portfolio: Portfolio) -> list[dict[str, Any]]:
    """The types with their rules, sizes and money, how many they were, and the share of their contacts that fit."""
    kinds = {kind.name: kind for kind in portfolio.relational.types}
    earlier = portfolio.before.relationship_type.value_counts() if len(portfolio.before) else {}
    fit = portfolio.relational.fit
    sums = fit.groupby("relationship_type")[["contacts", "fitting"]].sum() if len(fit) else pd.DataFrame()
    return [
        {
            **row,
            "name": row["relationship_type"],
            "rule": kinds[row["relationship_type"]].rule if row["relationship_type"] in kinds else "fits no rule",
            "asks": kinds[row["relationship_type"]].asks if row["relationship_type"] in kinds else "",
            "before": int(earlier.get(row["relationship_type"], 0)),
            "contacts": int(sums.contacts.get(row["relationship_type"], 0)) if len(sums) else 0,
            "fitting": int(sums.fitting.get(row["relationship_type"], 0)) if len(sums) else 0,
        }
        for row in portfolio.groups["relationship_type"].to_dict("records")
        if row["customers"] or row["relationship_type"] != OTHERS
    ]


def _broken(portfolio: Portfolio) -> list[dict[str, Any]]:
    """The rules with how many customers they are broken for now, and how usage went on where they were."""
    usage = portfolio.relational.usage
    after = usage[usage.period == 0].set_index("rule").to_dict("index") if len(usage) else {}
    return [
        {
            "rule": rule.replace("_", " "),
            "words": RULES[rule][0],
            "broken": int(portfolio.customers[rule].sum()),
            "applies": int(portfolio.customers[rule].notna().sum()),
            "after": after[rule]
            if after.get(rule, {}).get("customers") and after[rule]["p"] == after[rule]["p"]
            else None,
        }
        for rule in RULES
        if rule in portfolio.customers
    ]
