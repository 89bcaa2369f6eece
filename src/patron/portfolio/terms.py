"""Terms: how a relationship portfolio is told, as the settings of a business say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from patron.errors import QuestionError, is_number
from patron.periods import Span
from patron.portfolio.core_alarm import Change
from patron.portfolio.interaction import ContactKinds
from patron.portfolio.migration import JOINED
from patron.portfolio.relationship_types import TYPES, RelationshipType
from patron.portfolio.rfm import Thresholds, money_thresholds, quantile_thresholds
from patron.portfolio.segments import OTHERS, SEGMENTS, Segment

__all__ = ["CAME_LATER", "PortfolioTerms", "check_names"]

CAME_LATER = {JOINED: "came after the earlier day"}
OTHERS_AND_JOINED = {OTHERS: "fit none", **CAME_LATER}
WAYS = {"quantiles": quantile_thresholds, "money": money_thresholds}


@dataclass(frozen=True)
class PortfolioTerms:
    """What a portfolio compares with, how far it looks ahead, and how customers are scored and named.

    Args:
        since: how long before the cutoff the portfolio lies that it is compared with.
        horizon: how far ahead customer equity looks.
        discount: rate a year by which later money counts less, 0.1 for 10 %.
        scores: "quantiles" for fifths of the customers, "money" for fifths of the money, or thresholds of recency,
            frequency and money, four each.
        segments: in the order in which they are tried.
        acquisition_cost: what it costs to win a customer, or that by channel of the first order; None where nobody
            says.
        outside_total: the attribute of what a customer spends anywhere in a year, `<table>_<column>`.
        changes: of assortment or price, which may have driven the core of the customers away.
        types: of relationships, in the order in which they are tried.
        kinds: how kinds of contacts are called.
        referral_share: share of a customer's profit that is credited to who brought the customer.
        suggestion_value: what a customer's suggestion that was accepted is worth.

    Raises:
        QuestionError: the discount or a value is below 0, a share none, scores are told in no such way, two segments,
            types or changes have one name, or a segment or type has a word of the portfolio as its name.
    """

    since: Span = Span.of_months(3)
    horizon: Span = Span(365)
    discount: float = 0.1
    scores: str | Mapping[str, Sequence[float]] = "quantiles"
    segments: tuple[Segment, ...] = SEGMENTS
    acquisition_cost: float | Mapping[str, float] | None = None
    outside_total: str | None = None
    changes: tuple[Change, ...] = ()
    types: tuple[RelationshipType, ...] = TYPES
    kinds: ContactKinds = ContactKinds()
    referral_share: float = 0.25
    suggestion_value: float = 0.0

    def __post_init__(self) -> None:
        if not (is_number(self.discount) and self.discount >= 0):
            raise QuestionError(f"The discount is a rate a year of 0 or more, got {self.discount}. Write 0.1 for 10 %.")
        costs = self.acquisition_cost
        for cost in costs.values() if isinstance(costs, Mapping) else () if costs is None else (costs,):
            if not (is_number(cost) and cost >= 0):
                raise QuestionError(
                    f"What it costs to win a customer is a number of 0 or more, got {cost!r}. Write acquisition_cost = "
                    "12.0, or by channel of the first order: acquisition_cost = { web = 8.0, store = 20.0 }."
                )
        if not (is_number(self.referral_share) and 0 <= self.referral_share <= 1):
            raise QuestionError(
                f"The referral share is a share of a profit from 0 to 1, got {self.referral_share}. Write 0.25."
            )
        if not (is_number(self.suggestion_value) and self.suggestion_value >= 0):
            raise QuestionError(
                f"What an accepted suggestion is worth is 0 or more, got {self.suggestion_value}. Write 50.0."
            )
        if self.since.days is None or self.horizon.days is None:
            raise QuestionError(
                'A portfolio looks back and ahead by some time. Write since = "3 months", horizon = 365.'
            )
        if isinstance(self.scores, str) and self.scores not in WAYS:
            raise QuestionError(
                f'Scores are by "quantiles", by "money" or by thresholds of your own, got {self.scores!r}. Write for '
                'example scores = "quantiles".'
            )
        if not isinstance(self.scores, str):
            Thresholds.of(self.scores)
        _check_changes([change.name for change in self.changes])
        check_names("Segments", [segment.name for segment in self.segments], OTHERS_AND_JOINED)
        check_names("Relationship types", [kind.name for kind in self.types], OTHERS_AND_JOINED)

    def thresholds(self, customers: pd.DataFrame) -> Thresholds:
        """Return where one score ends and the next begins, for these customers."""
        return WAYS[self.scores](customers) if isinstance(self.scores, str) else Thresholds.of(self.scores)


def _check_changes(names: Sequence[str]) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise QuestionError(
            f"Changes have a name each, got {list(names)}. Rename one of those called {twice[0]!r}, for example "
            f"pt.Change('{twice[0]} of May', on='2024-05-01')."
        )


def check_names(what: str, names: Sequence[str], own: Mapping[str, str]) -> None:
    """Refuse names of groups that come twice, or that are the portfolio's own.

    Args:
        what: the groups.
        names: of the groups, at least one.
        own: words of the portfolio, and who is meant by them.

    Raises:
        QuestionError: a name comes twice or is the portfolio's own, or there is none.
    """
    wrong = [name for name in dict.fromkeys(names) if names.count(name) > 1 or name in own]
    if wrong or not names:
        meant = " and ".join(f"{word!r} are those who {who}" for word, who in own.items())
        mend = f"Rename {wrong[0]!r}" if wrong else "Give at least one"
        raise QuestionError(f"{what} have a name each, and {meant}, got {list(names)}. {mend}.")
