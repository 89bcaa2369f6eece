"""Formulas: an expression taken apart into reductions that the fold knows, and the arithmetic over what they give.

Numbers are float64 and NaN is null. Arithmetic has an engine's meaning: null in, null out; a division by zero is null.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.operations as ops
import numpy as np

from patron.fold.reductions import Leaf, leaf

__all__ = ["Formula", "Unknown", "evaluated", "taken_apart"]


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


def taken_apart(root: ops.Value) -> Formula | Unknown:
    """Return the reductions of an aggregate expression, or why the fold cannot compute it."""
    leaves: dict[ops.Value, Leaf] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ops.Reduction):
            known = leaf(node)
            if known is None:
                return Unknown(f"the fold does not know {_said(node)}")
            leaves[node] = known
        elif _is_known(node):
            waiting += _children(node)
        else:
            return Unknown(f"the fold cannot compute {type(node).__name__} from what reductions give")
    if root.dtype.is_string() and root not in leaves:
        return Unknown("texts are only picked, not computed with")
    return Formula(root, leaves)


def _said(node: ops.Reduction) -> str:
    value = getattr(node, "arg", None)
    return f"{type(node).__name__} of {type(value).__name__} there" if isinstance(value, ops.Value) else str(node)


def _is_known(node: ops.Node) -> bool:
    if isinstance(node, ops.Cast):
        whole = node.to.is_integer() and not (node.arg.dtype.is_integer() or node.arg.dtype.is_boolean())
        return node.to.is_numeric() and not whole and not node.arg.dtype.is_string()
    return isinstance(node, ops.Literal | ops.Field) or type(node) in ARITHMETIC


def _children(node: ops.Node) -> list[Any]:
    flat: list[Any] = []
    for value in node.args:
        flat += value if isinstance(value, tuple) else [value]
    return [value for value in flat if isinstance(value, ops.Value)]


def evaluated(root: ops.Value, found: Mapping[Any, np.ndarray], rows: int) -> np.ndarray | None:
    """Compute an expression for all rows from what its leaves gave; none where it has an unknown operation.

    Args:
        root: the expression.
        found: values by operation (reductions) or by the name of a field.
        rows: number of rows.
    """
    if root in found:
        return found[root]
    if isinstance(root, ops.Field):
        return found[root.name]
    if isinstance(root, ops.Literal):
        return np.full(rows, np.nan if root.value is None else float(root.value))
    if not _is_known(root):
        return None
    parts = [evaluated(child, found, rows) for child in _children(root)]
    if any(part is None for part in parts):
        return None
    with np.errstate(all="ignore"):
        return parts[0] if isinstance(root, ops.Cast) else ARITHMETIC[type(root)](*parts)


def _divided(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one / np.where(other == 0, np.nan, other)


def _first_known(*parts: np.ndarray) -> np.ndarray:
    result = parts[0]
    for part in parts[1:]:
        result = np.where(np.isnan(result), part, result)
    return result


def _compared(compare: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda one, other: np.where(np.isnan(one) | np.isnan(other), np.nan, compare(one, other))


def _both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where((one == 0) | (other == 0), 0.0, one * other)


def _either(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where((one == 1) | (other == 1), 1.0, one + other)


ARITHMETIC: Mapping[type[ops.Node], Callable[..., Any]] = {
    ops.Add: np.add,
    ops.Subtract: np.subtract,
    ops.Multiply: np.multiply,
    ops.Divide: _divided,
    ops.Negate: np.negative,
    ops.Abs: np.abs,
    ops.NullIf: lambda one, other: np.where(one == other, np.nan, one),
    ops.Coalesce: _first_known,
    ops.Equals: _compared(np.equal),
    ops.NotEquals: _compared(np.not_equal),
    ops.Less: _compared(np.less),
    ops.LessEqual: _compared(np.less_equal),
    ops.Greater: _compared(np.greater),
    ops.GreaterEqual: _compared(np.greater_equal),
    ops.And: _both,
    ops.Or: _either,
    ops.Not: lambda one: 1.0 - one,
    ops.IfElse: lambda test, yes, no: np.where(test == 1, yes, no),
    ops.IsNull: lambda one: np.isnan(one).astype(np.float64),
    ops.NotNull: lambda one: 1.0 - np.isnan(one),
    ops.Greatest: lambda *parts: np.fmax.reduce(parts),
    ops.Least: lambda *parts: np.fmin.reduce(parts),
    ops.Exp: np.exp,
}
