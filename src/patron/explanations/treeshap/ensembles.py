"""Ensembles: the trees of a LightGBM model as arrays, read from its text.

What is not known to be read right is refused, so that no contribution rests on a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from patron.errors import ScoreError

__all__ = ["CATEGORICAL", "Ensemble", "Tree", "UnknownShapeError", "read_ensemble"]

VERSIONS = ("v3", "v4")
CATEGORICAL = 1
MISSING_TYPES = 3  # none, zero, not a number
Fields = Mapping[str, str]


class UnknownShapeError(ValueError):
    """The model's text holds something that is not known to be read right."""


@dataclass(frozen=True)
class Tree:
    """One tree; a child that is below zero is the leaf `~child`.

    Args:
        feature: that each inner node looks at, shape (nodes,).
        threshold: of each inner node; of a categorical split the number of its set of codes.
        decision: LightGBM's bits: 1 categorical, 2 missing goes left, then the missing type.
        left: the child of each inner node where its condition holds.
        right: the other child.
        share: of the training rows of the parent of each left child, in (0, 1).
        value: of each leaf, shape (nodes + 1,).
        set_start: where the set of codes of each categorical split begins in `codes`, shape (sets + 1,).
        codes: bits of the codes that go left, 32 in each.
    """

    feature: np.ndarray
    threshold: np.ndarray
    decision: np.ndarray
    left: np.ndarray
    right: np.ndarray
    share: np.ndarray
    value: np.ndarray
    set_start: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True)
class Ensemble:
    """The trees of a model.

    Args:
        trees: in the order of training, those of one round beside each other.
        classes: how many trees there are in each round.
    """

    trees: tuple[Tree, ...]
    classes: int


def read_ensemble(text: str) -> Ensemble:
    """Return the trees of a model from LightGBM's text, whose raw score is their sum, of a random forest too.

    Raises:
        UnknownShapeError: the text is of another version, or its training rows do not add up.
        ScoreError: the trees are linear in their leaves.
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    fields = _fields(head)
    if fields.get("version") not in VERSIONS:
        raise UnknownShapeError(f"version {fields.get('version')!r} of LightGBM's text; known are: {VERSIONS}")
    trees = tuple(_tree(_fields(block)) for block in blocks)
    return Ensemble(trees, int(fields["num_tree_per_iteration"]))


def _fields(block: str) -> Fields:
    lines = (line.partition("=") for line in block.splitlines())
    return {name: value for name, _, value in lines}


def _tree(fields: Fields) -> Tree:
    if fields.get("is_linear", "0") != "0":
        raise ScoreError(
            "The model's trees hold a linear function in each leaf (linear_tree), whose drivers nobody can compute "
            "exactly. Train it without: linear_tree=False."
        )
    left, right = (_numbers(fields, name, np.int64) for name in ("left_child", "right_child"))
    decision = _numbers(fields, "decision_type", np.int64)
    if not (decision >> 2 < MISSING_TYPES).all():
        raise UnknownShapeError(f"decision type {decision.max()}")
    return Tree(
        _numbers(fields, "split_feature", np.int64),
        _numbers(fields, "threshold", np.float64),
        decision,
        left,
        right,
        _shares(fields, left, right),
        _numbers(fields, "leaf_value", np.float64),
        _numbers(fields, "cat_boundaries", np.int64),
        _numbers(fields, "cat_threshold", np.int64),
    )


def _shares(fields: Fields, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return which share of a node's training rows went left, where all of them can be counted on both sides."""
    inner, leaves = (_numbers(fields, name, np.float64) for name in ("internal_count", "leaf_count"))
    rows = [np.where(child < 0, leaves[~np.minimum(child, -1)], inner[np.maximum(child, 0)]) for child in (left, right)]
    if not (rows[0] + rows[1] == inner).all() or not (np.minimum(*rows) > 0).all():
        raise UnknownShapeError("a node whose training rows are not those of its two children")
    return np.asarray(rows[0] / inner)


def _numbers(fields: Fields, name: str, dtype: type) -> np.ndarray:
    return np.array(fields.get(name, "").split(), dtype=dtype)
