"""Formulas: an expression taken apart into reductions that the fold knows, and the arithmetic over what they give.

Numbers are float64 and NaN is null. Arithmetic has an engine's meaning: null in, null out; a division by zero is null.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.operations as ops
import numpy as np

from patron.fold.reductions import Leaf, leaf

__all__ = ["Formula", "Run", "Unknown", "prepared", "taken_apart"]


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


Given = Callable[[Any], np.ndarray]
Run = Callable[[Given, int], np.ndarray]


def prepared(root: ops.Value, known: Mapping[ops.Value, Any]) -> Run | None:
    """Return a function that computes an expression for all rows; none where it has an unknown operation.

    The expression is looked at once, so that thousands of blocks of rows need not. The function is given where to
    find values by key (that of *known*, or the name of a field), and the number of rows.

    Args:
        root: the expression.
        known: keys of the operations whose values are given.
    """
    if root in known:
        return _picked(known[root])
    if isinstance(root, ops.Field):
        return _picked(root.name)
    if isinstance(root, ops.Literal):
        return _filled(np.nan if root.value is None else float(root.value))
    parts = [prepared(child, known) for child in _children(root)] if _is_known(root) else [None]
    runs = [part for part in parts if part is not None]
    if len(runs) < len(parts):
        return None
    return runs[0] if isinstance(root, ops.Cast) else _joined(ARITHMETIC[type(root)], runs)


def _picked(key: Any) -> Run:
    return lambda given, rows: given(key)


def _filled(value: float) -> Run:
    return lambda given, rows: np.full(rows, value)


def _joined(arithmetic: Callable[..., Any], parts: Sequence[Run]) -> Run:
    def run(given: Given, rows: int) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(arithmetic(*(part(given, rows) for part in parts)))

    return run


def _divided(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    from patron.fold.placing import ratio

    return np.asarray(ratio(one, other))


def _null_if(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    from patron.fold.placing import null_if

    return np.asarray(null_if(one, other))


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
    ops.NullIf: _null_if,
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
