"""Redundancy: which features hold the same fact, so that no customer is told one reason twice."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["strongest"]

WINDOW = re.compile(r", (in|each) .*$| in the last (day|month|\d+ (days|months))$")
TIME = re.compile(r"^days ")
ALIKE = 1e-4

Features = Sequence[Mapping[str, Any]]


def strongest(own: np.ndarray, X: np.ndarray, features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Choose for each row and each fact the one feature that speaks for it, the one that pushes most.

    A fact is a measure whatever its window and its unit: days and gaps since the last order are one. Of times that are
    equal for a customer only the strongest speaks: after a single order, the first was the last.

    Args:
        own: push of each feature, shape (n, k).
        X: features, shape (n, k).
        features: words and unit of each.

    Returns:
        for each row the features chosen, shape (n, facts), and their pushes, zero where another speaks for them.

    >>> words = [{"words": f"Orders placed{window}", "unit": "orders"} for window in ("", " in the last 30 days")]
    >>> strongest(np.array([[0.1, -0.3]]), np.array([[5.0, 1.0]]), words)
    (array([[1]]), array([[-0.3]]))
    """
    facts: dict[str, list[int]] = {}
    for i, feature in enumerate(features):
        facts.setdefault(_fact(feature["words"]), []).append(i)
    loud = _without_equals(own, X, [i for i, feature in enumerate(features) if feature["unit"] == "days"])
    members = [np.asarray(indices) for indices in facts.values()]
    chosen = np.column_stack([indices[np.abs(loud[:, indices]).argmax(axis=1)] for indices in members])
    return chosen, np.take_along_axis(loud, chosen, axis=1)


def _fact(words: str) -> str:
    return TIME.sub("time ", WINDOW.sub("", words.lower()))


def _without_equals(own: np.ndarray, X: np.ndarray, times: Sequence[int]) -> np.ndarray:
    """Silence the weaker of each two times that are the same for a customer."""
    loud = own.copy()
    for first, second in combinations(times, 2):
        same = np.isclose(X[:, first], X[:, second], rtol=ALIKE, atol=0.0)
        weaker = np.abs(own[:, first]) < np.abs(own[:, second])
        loud[same & weaker, first] = 0.0
        loud[same & ~weaker, second] = 0.0
    return loud
