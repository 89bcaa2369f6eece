"""Pushes: how far each feature moves the number that drivers explain, batch by batch.

The contributions of millions never stand in memory at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.errors import DriverError, ScoreError, listed, listed_columns
from patron.explanations.contributions import contributions
from patron.models.serving import Bundle, encode
from patron.models.targets import ExplainedScore, target_of
from patron.questions.matrices import Matrix

__all__ = ["Pushes", "check_features", "explained_answers", "explained_score", "pushes"]

BATCH = 20_000


@dataclass(frozen=True)
class Pushes:
    """A batch of rows, and what moves their answers.

    Args:
        rows: of the batch.
        X: their features as the model reads them, shape (rows, features).
        score: what of the model's answer is explained.
        parts: the contributions to the log-odds, shape (rows, steps, classes, features).
        log_odds: calibrated, shape (rows, steps, classes).
    """

    rows: Matrix
    X: np.ndarray
    score: ExplainedScore
    parts: np.ndarray
    log_odds: np.ndarray

    @property
    def is_plain(self) -> bool:
        """Whether the explained log-odds are those of the model, of one step and class."""
        return bool(self.score.weight.size == 1 and self.score.weight.item() == 1.0)

    @property
    def total(self) -> np.ndarray:
        """How far each feature moves the explained log-odds, shape (rows, features)."""
        if self.is_plain:
            return self.parts[:, 0, 0]
        return np.asarray(np.einsum("nskf,sk->nf", self.parts, self.score.weight))


def pushes(model: Bundle, rows: Matrix) -> Iterator[Pushes]:
    """Yield what moves the answers of each batch of rows.

    Raises:
        DriverError: the contributions do not add up to the model's own log-odds; it holds the batch.
    """
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        yield _batch_pushes(model, Matrix(rows.key[part], rows.X[part], rows.definitions))


def explained_score(model: Bundle) -> ExplainedScore:
    """Return what of a model's answers is explained, in words and as a function of no rows."""
    none = np.empty((0, len(model.spec["features"])), dtype=np.float32)
    return target_of(model.spec["answer"]).explained_score(model, none)


def explained_answers(model: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the answers that are explained, of rows as the model reads them, shape (n, features)."""
    score = target_of(model.spec["answer"]).explained_score(model, X)
    log_odds = np.stack([model.log_odds(X, step) for step in score.steps], axis=1)
    return score.value(log_odds, np.arange(len(X)))


def check_features(model: Bundle, rows: Matrix) -> None:
    """Refuse rows that lack a feature of the model.

    Raises:
        ScoreError: a feature of the model is missing.
    """
    missing = {f["name"] for f in model.spec["features"]} - set(rows.X.columns)
    if missing:
        raise ScoreError(
            f"Drivers need the features the model was trained on; these rows lack {listed(missing)}. "
            f"They have: {listed_columns(rows.X.columns)}. Make the rows with the model's own question."
        )


def _batch_pushes(model: Bundle, batch: Matrix) -> Pushes:
    X = encode(batch.X, model.spec["features"])
    score = target_of(model.spec["answer"]).explained_score(model, X)
    try:
        return Pushes(batch, X, score, *contributions(model, X, score.steps))
    except DriverError as error:
        raise DriverError(str(error), pd.concat([batch.key, batch.X], axis=1)) from error
