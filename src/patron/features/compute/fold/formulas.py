"""Formulas: an expression taken apart into reductions that the fold knows, and the steps over what they give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import ibis.expr.operations as ops
import numpy as np

from patron.features.compute.fold.operations import Operation
from patron.features.compute.fold.program import Draft
from patron.features.compute.fold.reductions import Leaf, leaf_of

__all__ = ["Formula", "Unknown", "decompose", "translate"]


@dataclass(frozen=True)
class Formula:
    """An expression whose reductions are all known to the fold.

    Args:
        root: the expression.
        leaves: its reductions by the operation they stand for.
    """

    root: ops.Value
    leaves: Mapping[ops.Value, Leaf]


@dataclass(frozen=True)
class Unknown:
    """The reason why an expression takes the generic path."""

    why: str


def decompose(root: ops.Value) -> Formula | Unknown:
    """Return the reductions of an aggregate expression, or why the fold cannot compute it."""
    leaves: dict[ops.Value, Leaf] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ops.Reduction):
            known = leaf_of(node)
            if known is None:
                return Unknown(f"the fold does not know {_describe(node)}")
            leaves[node] = known
        elif _is_known(node):
            waiting += _children(node)
        else:
            return Unknown(f"the fold cannot compute {type(node).__name__} from what reductions give")
    texts = [node for node in leaves if node.dtype.is_string()]
    if texts not in ([], [root]) or (root.dtype.is_string() and not texts):
        return Unknown("texts are only picked, not computed with")
    return Formula(root, leaves)


def _describe(node: ops.Reduction) -> str:
    value = getattr(node, "arg", None)
    return f"{type(node).__name__} of {type(value).__name__} there" if isinstance(value, ops.Value) else str(node)


def _is_known(node: ops.Node) -> bool:
    if isinstance(node, ops.Cast):
        whole = node.to.is_integer() and not (node.arg.dtype.is_integer() or node.arg.dtype.is_boolean())
        plain = node.arg.dtype.is_numeric() or node.arg.dtype.is_boolean() or node.arg.dtype.is_null()
        return (node.to.is_floating() and plain) or (node.to.is_integer() and plain and not whole)
    return isinstance(node, ops.Literal | ops.Field) or type(node) in ARITHMETIC


def _children(node: ops.Node) -> list[Any]:
    flat: list[Any] = []
    for value in node.args:
        flat += value if isinstance(value, tuple) else [value]
    return [value for value in flat if isinstance(value, ops.Value)]


def translate(root: ops.Value, known: Mapping[ops.Value | str, int], draft: Draft) -> int | None:
    """Return the slot of an expression, whose steps are added to a draft; none where it has an unknown operation.

    Args:
        root: the expression.
        known: slots of operations that are computed already, and of fields by their name.
        draft: what is added to.
    """
    if root in known or isinstance(root, ops.Field):
        return known.get(root, known.get(getattr(root, "name", "")))
    if isinstance(root, ops.Literal):
        return draft.constant(np.nan if root.value is None else float(root.value)) if _is_number(root) else None
    parts = [translate(child, known, draft) for child in _children(root)] if _is_known(root) else [None]
    slots = [part for part in parts if part is not None]
    if len(slots) < len(parts):
        return None
    return slots[0] if isinstance(root, ops.Cast) else ARITHMETIC[type(root)](draft, *slots)


def _is_number(node: ops.Value) -> bool:
    return bool(node.dtype.is_numeric() or node.dtype.is_boolean() or node.dtype.is_null())


Steps = Callable[..., int]


def _step(operation: Operation) -> Steps:
    return lambda draft, *slots: draft.step(operation, *slots)


def _reverse(operation: Operation) -> Steps:
    return lambda draft, x, y: draft.step(operation, y, x)


def _not(steps: Steps) -> Steps:
    return lambda draft, *slots: draft.step(Operation.NOT, steps(draft, *slots))


def _pairwise(operation: Operation) -> Steps:
    return lambda draft, *slots: reduce(lambda x, y: draft.step(operation, x, y), slots)


def _either(draft: Draft, x: int, y: int) -> int:
    neither = draft.step(Operation.BOTH, draft.step(Operation.NOT, x), draft.step(Operation.NOT, y))
    return draft.step(Operation.NOT, neither)


def _negative(draft: Draft, x: int) -> int:
    return draft.step(Operation.SUBTRACT, draft.constant(0.0), x)


ARITHMETIC: Mapping[type[ops.Node], Steps] = {
    ops.Add: _step(Operation.ADD),
    ops.Subtract: _step(Operation.SUBTRACT),
    ops.Multiply: _step(Operation.MULTIPLY),
    ops.Divide: _step(Operation.DIVIDE),
    ops.Negate: _negative,
    ops.Abs: lambda draft, x: draft.step(Operation.GREATEST, x, _negative(draft, x)),
    ops.NullIf: _step(Operation.NULL_IF),
    ops.Coalesce: _pairwise(Operation.FIRST_KNOWN),
    ops.Equals: _step(Operation.EQUAL),
    ops.NotEquals: _not(_step(Operation.EQUAL)),
    ops.Less: _step(Operation.LESS),
    ops.LessEqual: _step(Operation.AT_MOST),
    ops.Greater: _reverse(Operation.LESS),
    ops.GreaterEqual: _reverse(Operation.AT_MOST),
    ops.And: _step(Operation.BOTH),
    ops.Or: _either,
    ops.Not: _step(Operation.NOT),
    ops.IfElse: _step(Operation.CHOICE),
    ops.IsNull: _step(Operation.IS_NULL),
    ops.NotNull: _not(_step(Operation.IS_NULL)),
    ops.Greatest: _pairwise(Operation.GREATEST),
    ops.Least: _pairwise(Operation.LEAST),
    ops.Exp: _step(Operation.EXP),
}
