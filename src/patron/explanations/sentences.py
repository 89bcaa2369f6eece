"""Sentences: what reasons say of values, each formatted once however many customers have it."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from patron.explanations.texts import Coded, each, written
from patron.explanations.value_texts import is_named, value_texts
from patron.formatting import amount, quantity
from patron.models.serving import Bundle, FeatureSpec
from patron.models.targets import ExplainedScore
from patron.models.usual import PARTS, third_of
from patron.questions.matrices import Matrix

__all__ = ["described", "endings"]

OF_STANDING = ("newer customers", "customers of some standing", "long-standing customers")
ANYBODY = -1  # of no known third
THIRDS = range(ANYBODY, PARTS)


def described(
    model: Bundle, rows: Matrix, X: np.ndarray, cells: tuple[np.ndarray, np.ndarray], ends: Coded | None = None
) -> dict[str, Any]:
    """Return what the features of some cells are called, their values, and what is usual for such a customer.

    Args:
        model: any trained model.
        rows: features of n customers, as people read them.
        X: the same as the model reads them, shape (n, features).
        cells: row and feature of each, shape (m,) both.
        ends: how the sentence of each ends, as `endings` says it; nothing unless given.

    Returns:
        the columns of `drivers` that say it, m texts each, and `text`, the sentence.
    """
    (row, which), features, thirds = cells, model.spec["features"], model.spec.get("standing")
    third = third_of(X[row, thirds["feature"]], thirds) if thirds else np.full(len(row), ANYBODY)
    every = list(product(features, THIRDS))
    usual = [[_usual(f, t) for t in THIRDS] for f in features]
    values = value_texts(rows.X, features, cells, usual, third - ANYBODY)
    at = which * len(THIRDS) + third - ANYBODY
    tails = [f" (usual{_of_whom(f, t)}: {_said(f, t)})" for f, t in every]
    tail = Coded([*tails, ""], np.where(values.is_usual, len(tails), at))
    words = Coded([f"{f['words']}: " for f in features], which)
    numeric = np.array([f["dtype"] != "category" for f in features])
    return {
        "feature": each([f["name"] for f in features], which),
        "theme": each([f["theme"] for f in features], which),
        "words": each([f["words"] for f in features], which),
        "shown": written(values.shown),
        "usual": each([amount(_usual(f, t), f["unit"]) for f, t in every], at),
        "text": written(words, values.said, tail, *([] if ends is None else [ends])),
        "value": np.where(numeric[which], X[row, which].astype(np.float64), np.nan),
    }


def endings(score: ExplainedScore, push: np.ndarray, change: np.ndarray) -> Coded:
    """Return which way pushes go; by how much in hundredths, where the answer is a probability.

    >>> from patron.models.serving import sigmoid
    >>> risk = ExplainedScore((None,), np.ones((1, 1)), lambda log_odds, row: sigmoid(log_odds), "the risk")
    >>> written(endings(risk, np.array([0.5, -0.1]), np.array([0.121, -0.004]))).to_pylist()
    [', raises the risk by 12 points', ', lowers the risk by less than a point']
    """
    counted = score.is_chance & (push * change > 0)
    points = np.where(counted, np.rint(np.abs(change) * 100), -1).astype(np.int64)
    codes, kinds = pd.factorize(points * 2 + (push > 0))
    return Coded([_ending(score.noun, int(kind) // 2, "raises" if kind % 2 else "lowers") for kind in kinds], codes)


def _ending(noun: str, points: int, verb: str) -> str:
    way = f", {verb} {noun}"
    if points < 0:
        return way
    return f"{way} by {'less than a point' if not points else 'a point' if points == 1 else f'{points} points'}"


def _usual(feature: FeatureSpec, third: int) -> float | str | None:
    return feature["usual_in"][third] if third >= 0 and "usual_in" in feature else feature["usual"]


def _of_whom(feature: FeatureSpec, third: int) -> str:
    return f" for {OF_STANDING[third]}" if third >= 0 and "usual_in" in feature else ""


def _said(feature: FeatureSpec, third: int) -> str:
    return (quantity if is_named(feature) else amount)(_usual(feature, third), feature["unit"])
