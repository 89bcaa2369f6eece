"""Redundancy: which features hold the same fact, so that no customer is told one reason twice."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from patron.explanations.choosing import add_parts, choose

__all__ = ["NO_FACT", "Reasons", "facts", "parts_of", "strongest"]

WINDOW = re.compile(r", (in|each) .*$| in the last (day|month|\d+ (days|months))$")
TIME = re.compile(r"^days ")
ALIKE = 1e-4
NO_FACT = -1
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


@dataclass(frozen=True)
class Reasons:
    """The strongest facts on each side of some rows, as cells: by row, side and rank.

    Args:
        row: of each cell, shape (m,).
        side: 0 where the fact speaks for, 1 where it speaks against.
        rank: from 1 on each side.
        fact: its number.
        push: of all features that hold the fact.
        speaker: the one of them that pushes most the way that all of them push together.
    """

    row: np.ndarray
    side: np.ndarray
    rank: np.ndarray
    fact: np.ndarray
    push: np.ndarray
    speaker: np.ndarray


def strongest(pushes: np.ndarray, fact: np.ndarray, stable: np.ndarray, top: int) -> Reasons:
    """Return the facts that push most either way; the push of a fact is that of its features together.

    Args:
        pushes: of each feature, shape (n, k).
        fact: which features hold one fact, shape (n, k); `NO_FACT` where a feature is never a reason.
        stable: whether a fact may be the first of a side, shape (k,); none but such is, where any pushes that way.
        top: the most facts on each side; those without any push are left out.

    >>> reasons = strongest(np.array([[0.1, -0.3]]), np.array([[0, 0]]), np.array([True, True]), 3)
    >>> reasons.side, reasons.push, reasons.speaker
    (array([1]), array([-0.2]), array([1]))
    """
    kept = min(top, pushes.shape[1])
    chosen = np.full((len(pushes), 2, kept), NO_FACT)
    push, speaker = np.zeros(chosen.shape), np.zeros(chosen.shape, dtype=np.intp)
    choose(np.ascontiguousarray(pushes), fact, stable, chosen, push, speaker)
    row, side, place = np.nonzero(chosen != NO_FACT)
    at = row, side, place
    return Reasons(row, side, place + 1, chosen[at], push[at], speaker[at])


def parts_of(parts: np.ndarray, fact: np.ndarray, row: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return what the features of one fact give together to log-odds, shape (m, steps, classes).

    Args:
        parts: contributions, shape (n, steps, classes, k).
        fact: which features hold one fact, shape (n, k).
        row: of each cell, shape (m,).
        which: fact of each cell, shape (m,).
    """
    total = np.zeros((len(row), *parts.shape[1:3]))
    add_parts(parts, fact, row, which, total)
    return total


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
