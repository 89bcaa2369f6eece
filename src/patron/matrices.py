"""The one crossing from tables to arrays: nothing before it holds rows in memory, nothing after it knows a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.errors import QuestionError
from patron.history import History
from patron.plan import Definition, definitions
from patron.questions import Question, labels, rows

__all__ = ["KEY", "Matrix", "answers", "matrix"]

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


def matrix(question: Question, history: History, cutoffs: Sequence[datetime]) -> Matrix:
    """Run the features of a question at some cutoffs and hold them in memory.

    Args:
        question: who is asked about, and the features.
        history: the checked event tables.
        cutoffs: the instants at which customers are looked at.

    Raises:
        QuestionError: a cutoff lies outside the history, none is given, or no customer is asked about.
    """
    _check_some(cutoffs)
    frames = [_frame(rows(question, history, cutoff)) for cutoff in sorted(cutoffs)]
    made = pd.concat(frames, ignore_index=True)
    if made.empty:
        raise QuestionError(
            f"No customer had an order in the {question.active_in} before {max(cutoffs):%Y-%m-%d}. "
            "Ask about a longer time (active_in), or use later cutoffs."
        )
    X = made.drop(columns=KEY)
    numbers = X.select_dtypes("number").columns
    meant = definitions(history.tables, question.on(history).features)
    return Matrix(made[KEY], X.astype(dict.fromkeys(numbers, np.float32)), meant)


def answers(question: Question, history: History, cutoffs: Sequence[datetime]) -> np.ndarray:
    """Run the labels of a question for the same rows, in the same order as `matrix`, as float64.

    Raises:
        QuestionError: a horizon has not passed, or no cutoff is given.
    """
    _check_some(cutoffs)
    frames = [_frame(labels(question, history, cutoff)) for cutoff in sorted(cutoffs)]
    return pd.concat(frames, ignore_index=True)["label"].to_numpy(dtype=np.float64)


def _check_some(cutoffs: Sequence[datetime]) -> None:
    if not cutoffs:
        raise QuestionError("Rows need at least one cutoff, got none. Give for example cutoffs(first, last, every=30).")


def _frame(table: Table) -> pd.DataFrame:
    frame = table.to_pyarrow().to_pandas()
    return frame.sort_values(KEY, ignore_index=True)
