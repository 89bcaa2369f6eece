"""Redundancy: which features hold the same fact, so that no customer is told one reason twice."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["facts", "spoken"]

WINDOW = re.compile(r", (in|each) .*$| in the last (day|month|\d+ (days|months))$")
TIME = re.compile(r"^days ")
ALIKE = 1e-4
FREQUENCY = frozenset({"orders", "tenure", "order_rate"})  # how many in how long: apart, each undoes the other

Feature = Mapping[str, Any]
Features = Sequence[Feature]


def facts(X: np.ndarray, features: Features) -> np.ndarray:
    """Return for each row which features hold one fact, as numbers from 0 that they share, shape (n, k).

    A fact is a measure whatever its window and its unit: days and gaps since the last order are one. So are orders and
    the time in which they came, features that went together in training (`group`), and times that are equal for a
    customer: after a single order, the first was the last.

    Args:
        X: features, shape (n, k).
        features: words, unit and group of each.

    >>> words = [{"words": f"Orders placed{window}", "unit": "orders"} for window in ("", " in the last 30 days")]
    >>> facts(np.array([[5.0, 1.0]]), words)
    array([[0, 0]])
    """
    shared = np.arange(len(features))
    for name in (_measure, _frequency, _group):
        for alike in _alike(features, name):
            shared[np.isin(shared, shared[alike])] = shared[alike].min()
    of_row = np.tile(shared, (len(X), 1))
    times = [i for i, feature in enumerate(features) if feature["unit"] == "days"]
    for first, second in combinations(times, 2):
        same = np.isclose(X[:, first], X[:, second], rtol=ALIKE, atol=0.0)
        rows = of_row[same]
        of_row[same] = np.where(rows == rows[:, [second]], rows[:, [first]], rows)
    return of_row


def spoken(pushes: np.ndarray, fact: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the push of each fact, which is that of its features together, and which of them speaks for it.

    Of its features the one speaks that pushes most the way that all of them push together.

    Args:
        pushes: of each feature, shape (n, k).
        fact: which features hold one fact, shape (n, k).

    Returns:
        pushes and speakers, shape (n, k): column f is the fact that features have as number f, zero where none has.

    >>> spoken(np.array([[0.1, -0.3]]), np.array([[0, 0]]))
    (array([[-0.2,  0. ]]), array([[1, 0]]))
    """
    rows, together, best = np.arange(len(pushes)), np.zeros_like(pushes), np.zeros_like(pushes)
    for i in range(pushes.shape[1]):
        together[rows, fact[:, i]] += pushes[:, i]
    speaker = np.zeros(pushes.shape, dtype=np.intp)
    for i in range(pushes.shape[1]):
        own = pushes[:, i] * np.sign(together[rows, fact[:, i]])
        louder = own > best[rows, fact[:, i]]
        best[rows[louder], fact[louder, i]] = own[louder]
        speaker[rows[louder], fact[louder, i]] = i
    return together, speaker


def _measure(feature: Feature) -> Hashable:
    return TIME.sub("time ", WINDOW.sub("", feature["words"].lower()))


def _frequency(feature: Feature) -> Hashable:
    return True if feature.get("name") in FREQUENCY else None


def _group(feature: Feature) -> Hashable:
    return feature.get("group")


def _alike(features: Features, name: Callable[[Feature], Hashable]) -> list[list[int]]:
    """Group the features of one name; those that have none stay alone."""
    groups: dict[Hashable, list[int]] = {}
    for i, feature in enumerate(features):
        if name(feature) is not None:
            groups.setdefault(name(feature), []).append(i)
    return list(groups.values())
