"""Redundancy: which features hold the same fact, so that no customer is told one reason twice."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from patron.explanations.choosing import add_parts, choose

__all__ = ["NO_FACT", "Facts", "Reasons", "facts", "parts_of", "static_facts", "strongest"]

WINDOW = re.compile(r", (in|each) .*$| in the last (day|month|\d+ (days|months))$")
TIME = re.compile(r"^days ")
ALIKE = 1e-4
NO_FACT = -1
FREQUENCY = frozenset({"orders", "tenure", "order_rate"})  # how many in how long: apart, each undoes the other

Feature = Mapping[str, Any]
Features = Sequence[Feature]


@dataclass(frozen=True)
class Facts:
    """Which features of some rows hold one fact: such share a number from 0.

    Args:
        kinds: the numbers of all features for each kind of row, shape (kinds, k); rows differ where times are equal.
        kind: of each row, shape (n,).
    """

    kinds: np.ndarray
    kind: np.ndarray

    def of_row(self, row: int) -> np.ndarray:
        """Return the numbers of the features of one row, shape (k,)."""
        return np.asarray(self.kinds[self.kind[row]])

    def without(self, features: np.ndarray) -> "Facts":
        """Return the same where some features, as a mask, are never a reason."""
        return Facts(np.where(features, NO_FACT, self.kinds), self.kind)


def facts(X: np.ndarray, features: Features) -> Facts:
    """Return for each row which features hold one fact.

    A fact is a measure whatever its window and its unit: days and gaps since the last order are one. So are orders and
    the time in which they came, features that went together in training (`group`), and times that are equal for a
    customer: after a single order, the first was the last.

    Args:
        X: features, shape (n, k).
        features: words, unit and group of each.

    >>> words = [{"words": f"Orders placed{window}", "unit": "orders"} for window in ("", " in the last 30 days")]
    >>> facts(np.array([[5.0, 1.0]]), words).of_row(0)
    array([0, 0])
    """
    pairs = list(combinations([i for i, feature in enumerate(features) if feature["unit"] == "days"], 2))
    same = np.array([_equal(X[:, first], X[:, second]) for first, second in pairs]).reshape(len(pairs), len(X))
    kind = np.zeros(len(X), dtype=np.intp)
    for equal in same[same.any(axis=1)]:
        kind = pd.factorize(kind * 2 + equal)[0]
    shared, (_, examples) = static_facts(features), np.unique(kind, return_index=True)
    kinds = [_merged(shared, [pairs[i] for i in np.flatnonzero(same[:, row])]) for row in examples]
    return Facts(np.array(kinds, dtype=np.intp).reshape(-1, len(features)), kind)


def static_facts(features: Features) -> np.ndarray:
    """Return the fact of each feature where no times are equal, shape (k,)."""
    shared = np.arange(len(features))
    for name in (_measure, _frequency, _group):
        for alike in _alike(features, name):
            shared[np.isin(shared, shared[alike])] = shared[alike].min()
    return shared


def _equal(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(times - others) <= ALIKE * np.abs(others))


def _merged(shared: np.ndarray, equal: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return facts where pairs of times are one, too."""
    for first, second in equal:
        shared = np.where(shared == shared[second], shared[first], shared)
    return shared


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


def strongest(pushes: np.ndarray, held: Facts, stable: np.ndarray, top: int) -> Reasons:
    """Return the facts that push most either way; the push of a fact is that of its features together.

    Args:
        pushes: of each feature, shape (n, k).
        held: which features hold one fact; `NO_FACT` where a feature is never a reason.
        stable: whether a fact may be the first of a side, shape (k,); none but such is, where any pushes that way.
        top: the most facts on each side; those without any push are left out.

    >>> held = Facts(np.array([[0, 0]]), np.array([0]))
    >>> reasons = strongest(np.array([[0.1, -0.3]]), held, np.array([True, True]), 3)
    >>> reasons.side, reasons.push, reasons.speaker
    (array([1]), array([-0.2]), array([1]))
    """
    kept = min(top, pushes.shape[1])
    chosen = np.full((len(pushes), 2, kept), NO_FACT)
    push, speaker = np.zeros(chosen.shape), np.zeros(chosen.shape, dtype=np.intp)
    by_row = np.ascontiguousarray(pushes)  # the layout that set-up compiles the loop for
    choose(by_row, *_members(held.kinds), held.kind, stable, chosen, push, speaker)
    row, side, place = at = np.nonzero(chosen != NO_FACT)
    return Reasons(row, side, place + 1, chosen[at], push[at], speaker[at])


def _members(kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of each kind by the number of their fact, and where those of each number begin."""
    order = np.argsort(kinds, axis=1, kind="stable")
    numbers = np.arange(kinds.shape[1] + 1)
    starts = [np.searchsorted(fact[by], numbers) for fact, by in zip(kinds, order, strict=True)]
    return order, np.array(starts, dtype=np.intp).reshape(len(kinds), -1)


def parts_of(parts: np.ndarray, held: Facts, row: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return what the features of one fact give together to log-odds, shape (m, steps, classes).

    Args:
        parts: contributions, shape (n, steps, classes, k).
        held: which features hold one fact.
        row: of each cell, shape (m,).
        which: fact of each cell, shape (m,).
    """
    total = np.zeros((len(row), *parts.shape[1:3]))
    add_parts(parts, held.kinds, held.kind, row, which, total)
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
