"""Portfolio: what relationships there are, what they are worth and how they move; tables in, tables out.

The room can be called: `patron.portfolio(history, cutoff)` is `patron.portfolio.portfolio(history, cutoff)`.
"""

import sys
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patron.history.history import History
    from patron.periods import Moment
    from patron.portfolio.result import Portfolio
    from patron.portfolio.terms import PortfolioTerms
    from patron.questions.kinds import Tier

__all__ = ["portfolio"]


def portfolio(
    history: "History", cutoff: "Moment", question: "Tier | None" = None, terms: "PortfolioTerms | None" = None
) -> "Portfolio":
    """Return the relationship portfolio of a business at a cutoff, beside that of an earlier one.

    Nothing that happened at or after a cutoff changes what is known of customers at it. Those of the earlier cutoff
    are scored by the thresholds of the later one, so that it is customers who move, and no threshold.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        question: which tiers of which profit; by default those of `tier(90)`, where orders say what is left of them.
        terms: what it is compared with, how far it looks ahead, and how customers are scored and named; by default
            those of `PortfolioTerms()`.

    Raises:
        QuestionError: there are no orders, the cutoff lies outside the history, nobody ordered before it, a segment
            asks for a score of money that orders do not have, or the cost model does not fit the tables.

    >>> import patron as pt
    >>> from patron.datasets import simulate
    >>> portfolio = pt.portfolio(simulate(customers=60, seed=1).history(), "2023-09-01", pt.tier(90))
    >>> portfolio.bridge.part.tolist()
    ['before', 'lost', 'shrunk', 'grown', 'new', 'now', 'kept']
    """
    from patron.portfolio.composition import portfolio_at
    from patron.portfolio.terms import PortfolioTerms

    return portfolio_at(history, cutoff, question, terms or PortfolioTerms())


class Room(ModuleType):
    """A folder of modules that is called like the function of its name."""

    __call__ = staticmethod(portfolio)
    __signature__ = signature(portfolio)


sys.modules[__name__].__class__ = Room
