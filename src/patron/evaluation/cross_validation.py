"""Cross-validation: how good the answers are for customers held out, where rows have no dates to test at.

What was written down after the outcome, and how the answers age, cannot be seen from such rows; every card says so.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from patron.evaluation.backtests import Backtest, JudgedFold, pooled_card, predict_candidates, prediction_table
from patron.evaluation.cards import Card
from patron.models.customer_parts import held_out_parts
from patron.models.training import Trained, fit_by_customer
from patron.models.tuned import Tuned
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["PARTS", "REPEATS", "UNCHECKED", "card_of", "cross_validate"]

PARTS, REPEATS = 2, 5
UNCHECKED = (
    "the rows have no dates, so nobody can check that a column was known before the outcome: leave out what is "
    "written down later (leave_out)",
    "the rows have no dates, so the test is on other customers of the same time: how fast the answers age, by season "
    "or trade, is unknown until rows of a later time are judged",
)
KNOWN_CUSTOMERS = (
    "the parameters of tuned were chosen by rows of which some are asked here, so its figures are a little too good"
)


def cross_validate(
    question: Question,
    source: RowSource,
    rows: Matrix,
    label: np.ndarray,
    seed: int = 0,
    candidates: Sequence[Any] = (),
) -> Backtest:
    """Estimate how good the answers are for customers held out, by five times two parts of the customers.

    In each turn everything is learned anew from one half, the choice between candidates too, and the other half is
    asked. A customer is so asked five times; intervals are over customers.

    Args:
        question: what is asked.
        source: what the rows came from.
        rows: features of n customers.
        label: what happened, in the same order, shape (n,).
        seed: of the parts, of LightGBM's sampling and of the bootstrap over customers.
        candidates: as in `patron.models.training.train`; of what was tuned the card says that it knows these customers.

    Returns:
        no card for single dates, and the pooled card; its candidate `chosen` is whatever each turn chose.

    Raises:
        QuestionError: there is too little to learn from.
    """
    turns = held_out_parts(rows.key.customer.to_numpy(), label, PARTS, REPEATS, seed)
    folds = [_judged(question, source, rows, label, turn, seed, candidates) for turn in turns]
    chosen = Counter(fold.trained.champion for fold in folds)
    reason = "chosen in the parts of the cross-validation: " + ", ".join(f"{n} {k} times" for n, k in chosen.items())
    tuned = any(isinstance(candidate, Tuned) for candidate in candidates)
    beware = (*UNCHECKED, *((KNOWN_CUSTOMERS,) if tuned else ()))
    card = replace(pooled_card(folds, seed), cutoffs=(), shift={}, reason=reason, beware=beware)
    return Backtest((), card, _table(folds))


def card_of(trained: Trained, test: Backtest) -> Card:
    """Return the card of a model trained on all rows: the figures are those of the cross-validation that made it."""
    return replace(test.pooled, reason=f"{trained.reason}; {test.pooled.reason}")


def _judged(
    question: Question,
    source: RowSource,
    rows: Matrix,
    label: np.ndarray,
    turn: np.ndarray,
    seed: int,
    candidates: Sequence[Any],
) -> JudgedFold:
    trained = fit_by_customer(question, source, rows.take(~turn), label[~turn], seed, candidates)
    asked_rows = rows.take(turn)
    return JudgedFold(trained, asked_rows, label[turn], predict_candidates(trained, asked_rows))


def _table(folds: Sequence[JudgedFold]) -> pd.DataFrame:
    tables = [
        prediction_table(fold.trained, fold.rows, fold.label, fold.predictions).assign(turn=turn)
        for turn, fold in enumerate(folds, start=1)
    ]
    return pd.concat(tables, ignore_index=True)
