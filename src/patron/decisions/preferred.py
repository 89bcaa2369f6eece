"""Preferred: what customers said and did, up to the latest plan, and whether its offers went as they had asked for."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from patron.decisions.outcomes.decision_tables import TREAT
from patron.decisions.preferences import TABLE, Agreement, agreement_sentence, preference_agreement, preferences
from patron.history.history import History

__all__ = ["Preferred", "preferred"]


@dataclass(frozen=True)
class Preferred:
    """Preferences as they were known when the latest plan was decided.

    Args:
        table: `patron.preferences` up to then.
        agreement: how many of those treated were so by the channel that they had asked for.
    """

    table: pd.DataFrame
    agreement: Agreement

    @property
    def sentence(self) -> str:
        """The agreement in words."""
        return agreement_sentence(self.agreement)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """By what it is about and where it comes from: how many customers, and how old it is in the middle."""
        by = self.table.groupby(["about", "source"]).agg(customers=("customer", "size"), age=("age", "median"))
        return by.reset_index().to_dict("records")


def preferred(history: History, decisions: pd.DataFrame) -> Preferred | None:
    """Return the preferences of customers beside the latest plan; None where no table tells what they said.

    Args:
        history: the checked event tables.
        decisions: of the past, with the channel of each.
    """
    if TABLE not in history.tables:
        return None
    cutoff = decisions.cutoff.max()
    table = preferences(history, cutoff.to_pydatetime())
    treated = decisions[(decisions.cutoff == cutoff) & (decisions.group == TREAT)]
    return Preferred(table, preference_agreement(treated, table))
