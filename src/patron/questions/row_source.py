"""Row sources: what rows of customers at cutoffs come from, be it the events of a history or a panel."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.features.compute.plan import Progress
from patron.features.definitions import Definition
from patron.features.measures import Feature
from patron.periods import Moment, Span, instants
from patron.questions.question import Question

__all__ = ["KEY", "Matrix", "RowSource", "in_order"]

KEY = ["customer", "cutoff"]


@dataclass(frozen=True)
class Matrix:
    """Rows in memory: who and when, and what was known of them.

    Args:
        key: `customer` and `cutoff` of each row, sorted by cutoff, then customer.
        X: features in the same order; numbers as float32 with NaN for unknown, texts as str.
        definitions: what each column of X means.
    """

    key: pd.DataFrame
    X: pd.DataFrame
    definitions: tuple[Definition, ...]

    def __len__(self) -> int:
        return len(self.key)

    def at(self, *cutoffs: datetime) -> np.ndarray:
        """Return which rows belong to the given cutoffs, as a mask."""
        return self.key.cutoff.isin(cutoffs).to_numpy()

    def take(self, mask: np.ndarray) -> "Matrix":
        """Return the rows that the mask keeps."""
        return Matrix(self.key[mask].reset_index(drop=True), self.X[mask].reset_index(drop=True), self.definitions)

    def between(self, begin: int, end: int) -> "Matrix":
        """Return the rows from one place up to another."""
        key, X = (frame.iloc[begin:end].reset_index(drop=True) for frame in (self.key, self.X))
        return Matrix(key, X, self.definitions)


class RowSource(ABC):
    """What rows come from; arguments are those of `matrix` and `labels`, which go through it.

    Rows that are `dated` are judged by later cutoffs, all others by customers held out.
    """

    dated: ClassVar[bool] = True

    @property
    @abstractmethod
    def starts(self) -> datetime | None:
        """The first event, None where nobody knows."""

    @abstractmethod
    def complete(self, question: Question, before: datetime | None = None) -> Question:
        """Return the question with all its features; refuse one that these rows do not answer.

        Args:
            question: what is asked.
            before: what came from this instant on does not choose windows.
        """

    @abstractmethod
    def matrix(
        self, question: Question, cutoffs: Sequence[Moment], memory: float, progress: Callable[[Progress], None]
    ) -> Matrix:
        """Return the features of a question at some cutoffs."""

    @abstractmethod
    def labels(self, question: Question, cutoffs: Sequence[Moment], memory: float, rows: Matrix | None) -> np.ndarray:
        """Return what came of the same rows, shape (n,)."""

    def idle(self, question: Question, key: pd.DataFrame) -> np.ndarray | None:
        """Return who placed no order over the horizon, 1 or 0 of shape (n,), None where nobody knows.

        Args:
            question: who is asked about, and how far ahead.
            key: `customer` and `cutoff` of the rows.
        """
        return None

    def causes(self, question: Question, key: pd.DataFrame) -> list[str | None] | None:
        """Return for what each row came to the end that is asked about, None where it did not; None where nobody knows.

        Args:
            question: who is asked about, and how far ahead.
            key: `customer` and `cutoff` of the rows.
        """
        return None

    def orders_within(
        self, question: Question, window: Span, features: Sequence[Feature], cutoffs: Sequence[datetime]
    ) -> tuple[Matrix, np.ndarray] | None:
        """Return some features of those asked about, and who ordered within a window, None where nobody knows.

        Args:
            question: who is asked about.
            window: the time after each cutoff.
            features: of the customers.
            cutoffs: the instants at which customers are looked at.
        """
        return None

    @abstractmethod
    def everybody(self, question: Question, features: Sequence[Feature], cutoff: datetime) -> pd.DataFrame:
        """Return some features of all customers known before a cutoff, whenever they last ordered."""

    @abstractmethod
    def check_events(self, purpose: str) -> None:
        """Refuse rows without events where the events themselves are needed.

        Args:
            purpose: what needs them, as a sentence begins.
        """


def in_order(cutoffs: Sequence[Moment]) -> tuple[datetime, ...]:
    """Return the cutoffs, oldest first.

    Raises:
        QuestionError: none is given, or one comes twice.
    """
    times = tuple(sorted(instants(cutoffs)))
    if not times:
        raise QuestionError("Rows need at least one cutoff, got none. Give for example cutoffs(first, last, every=30).")
    twice = [earlier for earlier, later in pairwise(times) if earlier == later]
    if twice:
        raise QuestionError(
            f"The cutoff {twice[0]:%Y-%m-%d} is given twice, so its rows would count double. Give each cutoff once."
        )
    return times
