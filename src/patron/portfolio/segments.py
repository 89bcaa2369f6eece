"""Segments: names for groups of scores of recency, frequency and money, each with its rule in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.errors import QuestionError

__all__ = ["OTHERS", "SEGMENTS", "Segment", "segment_names", "segment_of"]

OTHERS = "others"
LOWEST, HIGHEST = 1, 5
ANY = (LOWEST, HIGHEST)
Range = tuple[int, int]


@dataclass(frozen=True)
class Segment:
    """Customers whose scores lie within some bounds, both included; 5 is the best score.

    Args:
        name: what the business calls them.
        recency: bounds of the score of the time since the last order, 5 for the latest.
        frequency: bounds of the score of the number of orders.
        money: bounds of the score of the money spent.

    Raises:
        QuestionError: bounds are no two whole numbers from 1 to 5, the lower one first.

    >>> Segment("champions", recency=(5, 5), frequency=(4, 5)).rule
    'recency 5, frequency 4 to 5'
    """

    name: str
    recency: Range = ANY
    frequency: Range = ANY
    money: Range = ANY

    def __post_init__(self) -> None:
        for score, bounds in self.bounds.items():
            whole = len(bounds) == len(ANY) and all(isinstance(bound, int) for bound in bounds)
            if not (whole and LOWEST <= bounds[0] <= bounds[1] <= HIGHEST):
                raise QuestionError(
                    f"The segment {self.name!r} has the bounds {list(bounds)} of {score}. Give the lowest and the "
                    f"highest score, from {LOWEST} to {HIGHEST}, for example {score} = [4, 5]."
                )

    @property
    def bounds(self) -> dict[str, Range]:
        """The bounds of each score."""
        return {"recency": self.recency, "frequency": self.frequency, "money": self.money}

    @property
    def rule(self) -> str:
        """Who belongs to it, in words."""
        parts = [_words(score, *bounds) for score, bounds in self.bounds.items() if tuple(bounds) != ANY]
        return ", ".join(parts) or "everybody"

    def fits(self, scores: pd.DataFrame) -> np.ndarray:
        """Return which customers have scores within the bounds, shape (n,)."""
        within = [scores[score].between(*bounds) for score, bounds in self.bounds.items() if tuple(bounds) != ANY]
        return np.logical_and.reduce([np.ones(len(scores), bool), *within])


SEGMENTS = (
    Segment("champions", recency=(5, 5), frequency=(4, 5)),
    Segment("loyal", recency=(3, 4), frequency=(4, 5)),
    Segment("potential loyalists", recency=(4, 5), frequency=(2, 3)),
    Segment("new", recency=(5, 5), frequency=(1, 1)),
    Segment("promising", recency=(4, 4), frequency=(1, 1)),
    Segment("need attention", recency=(3, 3), frequency=(3, 3)),
    Segment("about to sleep", recency=(3, 3), frequency=(1, 2)),
    Segment("cannot lose", recency=(1, 2), frequency=(5, 5)),
    Segment("at risk", recency=(1, 2), frequency=(3, 4)),
    Segment("hibernating", recency=(1, 2), frequency=(1, 2)),
)


def segment_of(scores: pd.DataFrame, segments: Sequence[Segment] = SEGMENTS) -> np.ndarray:
    """Return the segment of each customer: the first whose bounds hold the scores, or `others`, shape (n,).

    Args:
        scores: `recency`, `frequency` and, where a segment asks for it, `money`, from 1 to 5.
        segments: in the order in which they are tried.

    Raises:
        QuestionError: a segment asks for the score of money, and orders have no amount.

    >>> segment_of(pd.DataFrame({"recency": [5, 1], "frequency": [5, 1]})).tolist()
    ['champions', 'hibernating']
    """
    for segment in segments:
        if tuple(segment.money) != ANY and "money" not in scores:
            raise QuestionError(
                f"The segment {segment.name!r} asks for a score of money, and the orders have no amount. Declare it "
                "at the door (amount = '...'), or leave money out of the segment."
            )
    names = np.array([*(segment.name for segment in segments), OTHERS], dtype=object)
    return names[np.select([segment.fits(scores) for segment in segments], range(len(segments)), len(segments))]


def segment_names(segments: Sequence[Segment]) -> tuple[str, ...]:
    """Return the names of the segments, and that of those who fit none, where scores leave room for such.

    >>> segment_names([Segment("fresh", recency=(4, 5))]), OTHERS in segment_names(SEGMENTS)
    (('fresh', 'others'), False)
    """
    scores = pd.MultiIndex.from_product([range(LOWEST, HIGHEST + 1)] * 3, names=["recency", "frequency", "money"])
    rest = OTHERS in segment_of(scores.to_frame(index=False), segments)
    return (*(segment.name for segment in segments), *((OTHERS,) if rest else ()))


def _words(score: str, low: int, high: int) -> str:
    return f"{score} {low}" if low == high else f"{score} {low} to {high}"
