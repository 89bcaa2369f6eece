"""Guardrails: what a plan can look at of a relationship, so that no offer breaks its rules."""

from datetime import datetime

import pandas as pd

from patron.history.history import History
from patron.portfolio.broken_rules import BROKEN, RULES, broken_rules, unused_channels
from patron.portfolio.relational import relationships_at
from patron.portfolio.terms import PortfolioTerms

__all__ = ["GUARDRAILS", "guardrails"]

GUARDRAILS = ("relationship_type", BROKEN, *RULES)
"""The columns that conditions of offers may name: `eligible = "broken_rules == 0"`."""


def guardrails(history: History, cutoff: datetime, terms: PortfolioTerms) -> pd.DataFrame:
    """Return the type of each customer's relationship at a cutoff, and which rules are broken.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        terms: which types there are, and how kinds of contacts are called.

    Returns:
        `customer`, and those of `GUARDRAILS` that the columns suffice for; 0 too where a rule cannot apply.

    Raises:
        QuestionError: the cutoff lies outside the history, or nobody ordered before it.
    """
    table, types = relationships_at(history, [cutoff], terms)
    flags = broken_rules(table, unused_channels(history, cutoff), types).fillna(0.0)
    return pd.concat([table[["customer", "relationship_type"]], flags], axis=1)
