"""Sentences: what reasons say of values, each formatted once however many customers have it."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from patron.formatting import amount, quantity
from patron.models.serving import Bundle, FeatureSpec
from patron.models.targets import ExplainedScore
from patron.models.usual import PARTS, third_of
from patron.questions.matrices import Matrix

__all__ = ["described", "each", "endings", "joined"]

OF_STANDING = ("newer customers", "customers of some standing", "long-standing customers")
ANYBODY = -1  # of no known third
Format = Callable[[Any, str], str]


def described(model: Bundle, rows: Matrix, X: np.ndarray, row: np.ndarray, which: np.ndarray) -> dict[str, Any]:
    """Return what the features of some cells are called, their values, and what is usual for such a customer.

    Args:
        model: any trained model.
        rows: features of n customers, as people read them.
        X: the same as the model reads them, shape (n, features).
        row: of each cell, shape (m,).
        which: feature of each cell, shape (m,).

    Returns:
        the columns of `drivers` that say it, m texts each, and `text`, how a sentence begins.
    """
    features, thirds = model.spec["features"], model.spec.get("standing")
    third = third_of(X[row, thirds["feature"]], thirds) if thirds else np.full(len(row), ANYBODY)
    every = list(product(features, range(ANYBODY, PARTS)))
    usual = which * (PARTS + 1) + third - ANYBODY
    shown, own = _values(rows, features, row, which)
    said = each([_format(f)(_usual(f, t), f["unit"]) for f, t in every], usual)
    tails = each([f" (usual{_of_whom(f, t)}: {_format(f)(_usual(f, t), f['unit'])})" for f, t in every], usual)
    tail = pc.if_else(pc.equal(own, said), pa.scalar("", pa.large_string()), tails)
    numeric = np.array([f["dtype"] != "category" for f in features])
    return {
        "feature": each([f["name"] for f in features], which),
        "theme": each([f["theme"] for f in features], which),
        "words": each([f["words"] for f in features], which),
        "shown": shown,
        "usual": each([amount(_usual(f, t), f["unit"]) for f, t in every], usual),
        "text": joined(each([f"{f['words']}: " for f in features], which), own, tail),
        "value": np.where(numeric[which], X[row, which].astype(np.float64), np.nan),
    }


def endings(score: ExplainedScore, push: np.ndarray, change: np.ndarray) -> pa.Array:
    """Return which way pushes go; by how much in hundredths, where the answer is a probability.

    >>> from patron.models.serving import sigmoid
    >>> risk = ExplainedScore((None,), np.ones((1, 1)), lambda log_odds, row: sigmoid(log_odds), "the risk")
    >>> endings(risk, np.array([0.5, -0.1]), np.array([0.121, -0.004])).to_pylist()
    [', raises the risk by 12 points', ', lowers the risk by less than a point']
    """
    counted = score.is_chance & (push * change > 0)
    points = np.where(counted, np.rint(np.abs(change) * 100), -1).astype(np.int64)
    codes, kinds = pd.factorize(points * 2 + (push > 0))
    return each([_ending(score.noun, int(kind) // 2, "raises" if kind % 2 else "lowers") for kind in kinds], codes)


def each(texts: Sequence[str], place: np.ndarray) -> pa.Array:
    """Return the text of each of some places."""
    return pa.array(texts, pa.large_string()).take(pa.array(place))


def joined(*texts: pa.Array) -> pa.Array:
    """Return texts that stand one after another."""
    return pc.binary_join_element_wise(*texts, pa.scalar("", pa.large_string()))


def _ending(noun: str, points: int, verb: str) -> str:
    way = f", {verb} {noun}"
    if points < 0:
        return way
    return f"{way} by {'less than a point' if not points else 'a point' if points == 1 else f'{points} points'}"


def _values(rows: Matrix, features: list[FeatureSpec], row: np.ndarray, which: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Return the value of each cell with its unit, and as its sentence says it."""
    shown: list[str] = []
    own: list[str] = []
    codes = np.empty(len(row), dtype=np.int64)
    order = np.argsort(which, kind="stable")
    for cells in np.split(order, np.flatnonzero(np.diff(which[order])) + 1) if len(order) else ():
        feature = features[which[cells[0]]]
        kind, values = pd.factorize(rows.X[feature["name"]].to_numpy()[row[cells]], use_na_sentinel=False)
        codes[cells] = kind + len(shown)
        shown += [amount(value, feature["unit"]) for value in values]
        own += (
            [_format(feature)(value, feature["unit"]) for value in values] if _is_named(feature) else shown[len(own) :]
        )
    return each(shown, codes), each(own, codes)


def _usual(feature: FeatureSpec, third: int) -> float | str | None:
    return feature["usual_in"][third] if third >= 0 and "usual_in" in feature else feature["usual"]


def _of_whom(feature: FeatureSpec, third: int) -> str:
    return f" for {OF_STANDING[third]}" if third >= 0 and "usual_in" in feature else ""


def _is_named(feature: FeatureSpec) -> bool:
    """Check whether the words begin with the unit, which is then not said again."""
    return feature["unit"] not in ("money", "share") and feature["words"].lower().startswith(feature["unit"].lower())


def _format(feature: FeatureSpec) -> Format:
    return quantity if _is_named(feature) else amount
