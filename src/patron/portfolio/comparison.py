"""Comparison: the customers of a cutoff and of an earlier one, with all that is known of each of them.

What the columns do not suffice for is noted with the line that would mend it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from patron.errors import QuestionError
from patron.history.history import History
from patron.portfolio.classification import classified
from patron.portfolio.customers import customers_at, profit_parts
from patron.portfolio.equity import equity_of
from patron.portfolio.relational import Relational, relational
from patron.portfolio.social import Social, social
from patron.portfolio.terms import CAME_LATER, PortfolioTerms, check_names
from patron.questions.kinds import Tier, tier

__all__ = ["PROFITABLE", "WORTH", "Comparison", "comparison"]

PROFITABLE = "profit, tiers, relationships, tenure, payback, return on relationships, cash flow and letting go"
WORTH = "equity, bridge, concentration, value in time and headroom"
NO_AMOUNT = "The orders have no amount. Declare it at the door (amount = '...')."


@dataclass(frozen=True)
class Comparison:
    """Customers at one or two cutoffs.

    Args:
        times: the cutoffs, the later one last.
        frames: a row for each customer at each: what they bought and brought, equity, classes, relationship.
        question: which tiers of which profit; None where no profit is known.
        relational: the types of relationships, and what goes with them.
        social: what customers are worth to one another.
        left_out: what could not be told, and why.
    """

    times: tuple[datetime, ...]
    frames: tuple[pd.DataFrame, ...]
    question: Tier | None
    relational: Relational
    social: Social
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> pd.DataFrame:
        """The customers of the later cutoff."""
        return self.frames[-1]

    @property
    def before(self) -> pd.DataFrame:
        """The customers of the earlier cutoff; no rows where there is none."""
        return self.frames[0].head(len(self.frames[0]) if len(self.times) > 1 else 0)


def comparison(history: History, at: datetime, question: Tier | None, terms: PortfolioTerms) -> Comparison:
    """Return the customers of a cutoff beside those of the earlier one that the terms name, as far as there are any.

    Args:
        history: the checked event tables.
        at: only events before it are looked at.
        question: which tiers of which profit; by default those of `tier(90)`, where orders say what is left of them.
        terms: what it is compared with, and how customers are scored and named.

    Raises:
        QuestionError: nobody ordered before the cutoff, or the question does not fit the tables.
    """
    profit, left_out = _profit_question(history, question)
    times = (*_comparable(history, at, terms, left_out), at)
    known = customers_at(history, times, profit)
    if known[0].empty:
        left_out["moves and bridge"] = (
            f"They compare with {times[0]:%Y-%m-%d}, before which nobody had ordered. Compare with a later day, for "
            'example since = "1 month".'
        )
        times, known = times[1:], known[1:]
    frames = _with_equity(history, times, known, terms, left_out)
    typed, style = relational(history, times, classified(frames, profit, terms), terms, left_out)
    typed[-1], ties = social(history, at, typed, terms, left_out)
    return Comparison(times, tuple(typed), profit, style, ties, left_out)


def _profit_question(history: History, question: Tier | None) -> tuple[Tier | None, dict[str, str]]:
    """Return what profit is, and why none is told where nobody asks for it and the tables do not say it."""
    if question is not None:
        check_names("Tiers", question.names, CAME_LATER)
    try:
        profit_parts(history, question or tier(90))
    except QuestionError as error:
        if question is not None:
            raise
        return None, {PROFITABLE: f"{error}"}
    return question or tier(90), {}


def _comparable(
    history: History, at: datetime, terms: PortfolioTerms, left_out: dict[str, str]
) -> tuple[datetime, ...]:
    """Return the earlier cutoff, where there is anything before it; note else why there is none."""
    earlier = terms.since.before(at)
    if earlier > history.starts:
        return (earlier,)
    left_out["moves and bridge"] = (
        f"They compare with {earlier:%Y-%m-%d}, before which nothing is known: the first event is of "
        f'{history.starts:%Y-%m-%d}. Compare with a later day, for example since = "1 month".'
    )
    return ()


def _with_equity(
    history: History,
    times: Sequence[datetime],
    frames: Sequence[pd.DataFrame],
    terms: PortfolioTerms,
    left_out: dict[str, str],
) -> list[pd.DataFrame]:
    """Return customers with their equity at all cutoffs, or at the last, or at none, and note why."""
    results = list(frames)
    if "spend" not in frames[-1]:
        left_out[WORTH] = NO_AMOUNT
        return results
    for place in reversed(range(len(times))):
        about = (history, times[place], terms.horizon, terms.discount, frames[place])
        try:
            results[place] = pd.concat([frames[place], equity_of(*about)], axis=1)
        except QuestionError as error:
            left_out["equity" if place + 1 == len(times) else "bridge and moves of relationships"] = f"{error}"
            break
    return results
