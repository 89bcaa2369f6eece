"""Patterns: the groups of leaves whose joint contributions are one table lookup for a row.

What a leaf gives to a feature depends on a row only through the *pattern* of conditions on its path that the row meets
(Yang 2021, "Fast TreeSHAP"; Nadel and Wettenstein 2025, "WOODELF"), and leaves below one node share most of these
conditions. A group is the leaves below a node where the conditions above it, one for each feature, and the splits below
it are few enough for a table of all their patterns.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from patron.explanations.treeshap.ensembles import CATEGORICAL, Ensemble, Tree, UnknownShapeError

__all__ = ["MOST_TESTS", "Nodes", "Patterns", "find_patterns", "split_nodes"]

MOST_TOGETHER = 10  # a table of 2^10 patterns is small beside the rows, and lies in the fastest memory
MOST_TESTS = 62  # that the bits of a whole number can hold
ZERO = 1  # LightGBM's missing types: 0 none, 1 zero, 2 not a number
MISSING_LEFT = 2


class Nodes(NamedTuple):
    """The splits of all trees: tree t has those from `start[t]` to `start[t + 1]`.

    Args:
        start: of each tree's splits, shape (trees + 1,).
        feature: that a split looks at.
        threshold: a number that goes left is at most that.
        is_categorical: whether codes go left, not numbers.
        is_zero_missing: whether zero counts as missing.
        missing_left: whether what is missing goes left.
        code_start, code_stop: where the bits of the codes that go left stand in `codes`.
        codes: bits of codes, 32 in each.
    """

    start: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    is_categorical: np.ndarray
    is_zero_missing: np.ndarray
    missing_left: np.ndarray
    code_start: np.ndarray
    code_stop: np.ndarray
    codes: np.ndarray


class Patterns(NamedTuple):
    """The groups of all trees, each level of them in the arrays that the `start` of the level above points into.

    Args:
        tree_start: the first group of each tree, shape (trees + 1,).
        test_start: the first test of each group; bit i of its pattern is whether test i holds.
        split_start: the first split of each test, which holds where all of its splits go their way.
        split: a split, by its place in its tree.
        way: 1 where it must go left, 0 where right.
        slot_start: the first feature of each group.
        feature: that the leaves of a group give something to.
        leaf_start: the first leaf of each group.
        value: of a leaf.
        part_start: the first feature of each leaf.
        slot: of that feature in the group.
        share: of the training rows that meet the leaf's conditions on that feature.
        mask: the tests of those conditions.
        flip: those among them that must fail.
    """

    tree_start: np.ndarray
    test_start: np.ndarray
    split_start: np.ndarray
    split: np.ndarray
    way: np.ndarray
    slot_start: np.ndarray
    feature: np.ndarray
    leaf_start: np.ndarray
    value: np.ndarray
    part_start: np.ndarray
    slot: np.ndarray
    share: np.ndarray
    mask: np.ndarray
    flip: np.ndarray


class _Condition(NamedTuple):
    """What a path asks of one feature: splits that must go their way, and the share of training rows that do."""

    share: float = 1.0
    splits: tuple[tuple[int, int], ...] = ()
    mask: int = 0
    flip: int = 0


_Path = dict[int, _Condition]


@dataclass(frozen=True)
class _Group:
    """The tests of a group, each of splits and ways; and of each leaf its value and its conditions by feature."""

    tests: list[tuple[tuple[int, int], ...]]
    leaves: list[tuple[float, _Path]] = field(default_factory=list)

    def slots(self) -> dict[int, int]:
        """Return the place of each feature among those of the group."""
        features = dict.fromkeys(feature for _, path in self.leaves for feature in path)
        return {feature: place for place, feature in enumerate(features)}


def split_nodes(ensemble: Ensemble) -> Nodes:
    """Return the splits of all trees, with what becomes of missing values decided beforehand."""
    trees = ensemble.trees
    decision, threshold = (np.concatenate([getattr(t, name) for t in trees]) for name in ("decision", "threshold"))
    missing_type, categorical = decision >> 2, decision & CATEGORICAL == 1
    missing_left = np.where(missing_type == 0, threshold >= 0.0, decision & MISSING_LEFT > 0)  # 0: unknown is zero
    code_starts = _starts(len(t.codes) for t in trees)
    ranges = [_code_ranges(tree) + start for tree, start in zip(trees, code_starts[:-1], strict=True)]
    code_start, code_stop = np.concatenate(ranges, axis=1)
    return Nodes(
        _starts(len(t.feature) for t in trees),
        np.concatenate([t.feature for t in trees]),
        threshold,
        categorical,
        (missing_type == ZERO) & ~categorical,
        missing_left & ~categorical,
        code_start,
        code_stop,
        np.concatenate([t.codes for t in trees]),
    )


def _code_ranges(tree: Tree) -> np.ndarray:
    """Return where the bits of the codes that go left begin and end, shape (2, nodes); nowhere for numbers."""
    ranges = np.zeros((2, len(tree.feature)), dtype=np.int64)
    categorical = tree.decision & CATEGORICAL == 1
    sets = tree.threshold[categorical].astype(np.int64)
    ranges[:, categorical] = tree.set_start[np.stack([sets, sets + 1])] if len(sets) else 0
    return ranges


def find_patterns(ensemble: Ensemble) -> Patterns:
    """Return the groups of leaves of all trees.

    Raises:
        UnknownShapeError: a path asks for more features than a whole number has bits.
    """
    by_tree = [list(_groups(tree)) for tree in ensemble.trees]
    groups = [group for groups in by_tree for group in groups]
    tests = [test for group in groups for test in group.tests]
    slots = [group.slots() for group in groups]
    leaves = [leaf for group in groups for leaf in group.leaves]
    parts = [part for group, slot in zip(groups, slots, strict=True) for part in _parts(group, slot)]
    split, way = _columns([split for test in tests for split in test], 2)
    slot, mask, flip = _columns([(slot, c.mask, c.flip) for slot, c in parts], 3)
    return Patterns(
        tree_start=_starts(map(len, by_tree)),
        test_start=_starts(len(group.tests) for group in groups),
        split_start=_starts(map(len, tests)),
        split=split,
        way=way,
        slot_start=_starts(map(len, slots)),
        feature=_columns([(feature,) for slot in slots for feature in slot], 1)[0],
        leaf_start=_starts(len(group.leaves) for group in groups),
        value=np.array([value for value, _ in leaves], dtype=np.float64),
        part_start=_starts(len(path) for _, path in leaves),
        slot=slot,
        share=np.array([condition.share for _, condition in parts], dtype=np.float64),
        mask=mask,
        flip=flip,
    )


def _parts(group: _Group, slots: dict[int, int]) -> list[tuple[int, _Condition]]:
    return [(slots[feature], condition) for _, path in group.leaves for feature, condition in path.items()]


def _columns(rows: list[tuple[int, ...]], width: int) -> list[np.ndarray]:
    return [column.copy() for column in np.array(rows, dtype=np.int64).reshape(-1, width).T]


def _starts(counts: Iterable[int]) -> np.ndarray:
    return np.array(list(accumulate(counts, initial=0)), dtype=np.int64)


def _groups(tree: Tree) -> Iterator[_Group]:
    below = _inner_nodes_below(tree)
    stack: list[tuple[int, _Path]] = [(0 if len(below) else ~0, {})]
    while stack:
        node, path = stack.pop()
        if node < 0 or len(path) + below[node] <= MOST_TOGETHER:
            yield _group(tree, node, path)
        else:
            stack += _children(tree, node, path, test=None)


def _inner_nodes_below(tree: Tree) -> np.ndarray:
    """Return the number of splits at and below each node; children come after their parents."""
    count = np.ones(len(tree.feature), dtype=np.int64)
    for node in reversed(range(len(count))):
        count[node] += sum(count[child] for child in (tree.left[node], tree.right[node]) if child >= 0)
    return count


def _group(tree: Tree, top: int, path: _Path) -> _Group:
    if len(path) > MOST_TESTS:
        raise UnknownShapeError(f"a path of {len(path)} features")
    group = _Group([condition.splits for condition in path.values()])
    above = {f: _Condition(c.share, (), 1 << i, 0) for i, (f, c) in enumerate(path.items())}
    stack = [(top, above)]
    while stack:
        node, inside = stack.pop()
        if node < 0:
            group.leaves.append((tree.value[~node], inside))
        else:
            stack += _children(tree, node, inside, test=len(group.tests))
            group.tests.append(((node, 1),))
    return group


def _children(tree: Tree, node: int, path: _Path, test: int | None) -> list[tuple[int, _Path]]:
    """Return both children and the conditions on the way to each, told by splits or, within a group, by its tests."""
    feature, share = int(tree.feature[node]), float(tree.share[node])
    share_above, splits, mask, flip = path.get(feature, _Condition())
    bit = 0 if test is None else 1 << test
    left = _Condition(share_above * share, (*splits, (node, 1)), mask | bit, flip)
    right = _Condition(share_above * (1.0 - share), (*splits, (node, 0)), mask | bit, flip | bit)
    children = int(tree.left[node]), int(tree.right[node])
    return [(child, path | {feature: c}) for child, c in zip(children, (left, right), strict=True)]
