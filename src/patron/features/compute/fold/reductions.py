"""Reductions: the one place that lists what the fold knows, and where a further one is added.

A reduction says which operation of an expression it stands for (`reads`), which loop keeps its state (`state`, a name
in `states.STATES`), and by which steps the state becomes a value (`finish`). To add one whose state is kept already,
add an entry here; for a new state add a loop to `loops` and its caller to `states` too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis.expr.operations as ops

from patron.errors import MeasureError
from patron.features.compute.fold.operations import Operation
from patron.features.compute.fold.program import Draft
from patron.history.point_in_time import BETWEEN, RELATIVE

__all__ = ["KNOWN", "Leaf", "Reduction", "columns_of", "leaf_of", "one_kind"]


@dataclass(frozen=True)
class Leaf:
    """A reduction that a measure reads.

    Args:
        reduction: its name in `KNOWN`.
        value: the row-level expression it reads, or none.
        where: the events it counts, or none for all.
        number: its only parameter (a quantile's share, a half-life, a width in days), 0 where it has none.
    """

    reduction: str
    value: ops.Value | None
    where: ops.Value | None
    number: float = 0.0

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Kept, because each block of rows looks leaves up many times."""
        return hash((self.reduction, self.value, self.where, self.number))


Reads = Callable[[ops.Node], tuple[ops.Value | None, float] | None]
Finish = Callable[[Draft, Sequence[int]], int]


@dataclass(frozen=True)
class Reduction:
    """What the fold knows of one reduction.

    Args:
        name: what it is called in `explain_plan`.
        operation: the operation of an expression that it may stand for.
        state: the loop that keeps its state.
        reads: the row-level value and the parameter it reads, or none where the operation is another reduction.
        finish: adds the steps from the slots of the state to the value, and returns its slot.
    """

    name: str
    operation: type[ops.Node]
    state: str
    reads: Reads
    finish: Finish


def leaf_of(node: ops.Node) -> Leaf | None:
    """Return what the fold would compute for an operation, or none where it does not know it."""
    for reduction in KNOWN.values():
        if isinstance(node, reduction.operation):
            read = reduction.reads(node)
            if read is not None and _is_row_level(read[0]) and _is_row_level(node.where):
                return Leaf(reduction.name, read[0], node.where, read[1])
    return None


def one_kind(where: ops.Value) -> tuple[ops.Value, str] | None:
    """Return the text column and the word where a condition names a single kind, so that kinds share a column."""
    if isinstance(where, ops.Equals) and isinstance(where.right, ops.Literal) and where.left.dtype.is_string():
        return (where.left, where.right.value) if where.right.value is not None else None
    return None


def columns_of(leaf: Leaf) -> list[ops.Value]:
    """Return the row-level expressions that the engine must compute for a reduction."""
    kind = None if leaf.where is None else one_kind(leaf.where)
    read = [leaf.value, leaf.where if kind is None else kind[0]]
    return [value for value in read if value is not None and not _is_relative(value, BETWEEN)]


def _is_row_level(value: ops.Value | None) -> bool:
    """Check whether the engine can compute a value from one event alone, without a cutoff."""
    if value is None or _is_relative(value, BETWEEN):
        return True
    kind = value.dtype
    if not (kind.is_primitive() or kind.is_string() or kind.is_decimal() or kind.is_temporal()):
        return False
    wide = (ops.Reduction, ops.WindowFunction, ops.Analytic, ops.Impure, ops.Subquery, ops.Relation)
    fields = value.find(ops.Field, filter=ops.Value)
    return not value.find(wide, filter=ops.Value) and not any(_is_relative(field, *RELATIVE) for field in fields)


def _is_relative(value: ops.Node, *names: str) -> bool:
    return isinstance(value, ops.Field) and value.name in names


def _number(node: ops.Reduction) -> tuple[ops.Value | None, float] | None:
    value = _bare(node.arg)
    return (value, 0.0) if value.dtype.is_numeric() or value.dtype.is_boolean() else None


def _bare(value: ops.Value) -> ops.Value:
    """Drop a cast to float, so that money stays exact whichever way it is written."""
    if isinstance(value, ops.Cast) and value.to.is_float64() and value.arg.dtype.is_numeric():
        return value.arg
    return value


def _all_rows(node: ops.CountStar) -> tuple[ops.Value | None, float] | None:
    return None, 0.0


def _any_value(node: ops.Reduction) -> tuple[ops.Value | None, float] | None:
    return node.arg, 0.0


def _spread(how: str) -> Reads:
    return lambda node: _number(node) if node.how == how else None


def _time(name: str) -> Reads:
    return lambda node: (None, 0.0) if _is_relative(node.arg, name) else None


def _middle(node: ops.Reduction) -> tuple[ops.Value | None, float] | None:
    share = getattr(node, "quantile", None)
    number = 0.5 if share is None else getattr(share, "value", None)
    if number is not None and not 0 <= number <= 1:
        raise MeasureError(
            f"A quantile is a share from 0 to 1, got {number}. For the value below which 90 % lie write 0.9."
        )
    return (_bare(node.arg), float(number)) if node.arg.dtype.is_numeric() and number is not None else None


def _by(name: str, *orders: str) -> Reads:
    """Read the value at the least or greatest time; a second key may only be the value itself, to settle ties."""

    def reads(node: ops.Reduction) -> tuple[ops.Value | None, float] | None:
        key = node.key
        if isinstance(key, ops.StructColumn) and len(key.values) == 2 and key.values[1] == node.arg:
            key = key.values[0]
        return (node.arg, 0.0) if _is_relative(key, name, *orders) else None

    return reads


def _stretches(node: ops.CountDistinct) -> tuple[ops.Value | None, float] | None:
    """Read floor(days_ago / width)."""
    floor = node.arg.arg if isinstance(node.arg, ops.Cast) else node.arg
    inside = floor.arg if isinstance(floor, ops.Floor) else None
    return (None, _width(inside)) if isinstance(inside, ops.Divide) and _width(inside) else None


def _width(ratio: ops.Value) -> float:
    if not isinstance(ratio, ops.Divide) or not isinstance(ratio.right, ops.Literal):
        return 0.0
    return float(ratio.right.value or 0) if _is_relative(ratio.left, "days_ago") else 0.0


def _faded(node: ops.Sum) -> tuple[ops.Value | None, float] | None:
    """Read value * 0.5 ** (days_ago / half), or the power alone."""
    sides = (node.arg.left, node.arg.right) if isinstance(node.arg, ops.Multiply) else (None, node.arg)
    for value, power in (sides, sides[::-1]):
        if isinstance(power, ops.Power) and getattr(power.left, "value", None) == 0.5 and _width(power.right):
            return None if value is None else _bare(value), _width(power.right)
    return None


def _entropy(node: ops.AggUDF) -> tuple[ops.Value | None, float] | None:
    return (node.args[0], 0.0) if node.__func_name__ == "entropy" else None


def _mean(draft: Draft, states: Sequence[int]) -> int:
    return draft.step(Operation.DIVIDE, states[1], states[0])


def _deviation(fewer: int) -> Finish:
    return lambda draft, states: draft.step(Operation.ROOT, _variance(fewer)(draft, states))


def _variance(fewer: int) -> Finish:
    def finish(draft: Draft, states: Sequence[int]) -> int:
        free = draft.step(Operation.SUBTRACT, states[0], draft.constant(fewer))
        return draft.step(Operation.DIVIDE, states[4], free)

    return finish


def _information(draft: Draft, states: Sequence[int]) -> int:
    """Return log2 n - (sum of m log2 m) / n, which rounding must not make negative."""
    n = draft.step(Operation.GREATEST, states[0], draft.constant(1.0))
    spread = draft.step(Operation.DIVIDE, states[2], n)
    left = draft.step(Operation.SUBTRACT, draft.step(Operation.LOG2, n), spread)
    return draft.step(Operation.GREATEST, left, draft.constant(0.0))


def _state(number: int) -> Finish:
    return lambda draft, states: states[number]


def _ahead(draft: Draft, states: Sequence[int]) -> int:
    return draft.step(Operation.SUBTRACT, draft.constant(0.0), states[0])


KNOWN = {
    reduction.name: reduction
    for reduction in (
        Reduction("count", ops.CountStar, "sums", _all_rows, _state(0)),
        Reduction("count of known", ops.Count, "sums", _any_value, _state(0)),
        Reduction("decayed sum", ops.Sum, "decayed", _faded, _state(1)),
        Reduction("sum", ops.Sum, "sums", _number, _state(1)),
        Reduction("mean", ops.Mean, "sums", _number, _mean),
        Reduction("recency", ops.Min, "newest", _time("days_ago"), _state(0)),
        Reduction("age", ops.Max, "oldest", _time("days_ago"), _state(0)),
        Reduction("first ahead", ops.Min, "oldest", _time("days_ahead"), _ahead),
        Reduction("last ahead", ops.Max, "newest", _time("days_ahead"), _ahead),
        Reduction("least", ops.Min, "numbers", _number, _state(2)),
        Reduction("greatest", ops.Max, "numbers", _number, _state(3)),
        Reduction("standard deviation", ops.StandardDev, "numbers", _spread("sample"), _deviation(1)),
        Reduction("deviation of all", ops.StandardDev, "numbers", _spread("pop"), _deviation(0)),
        Reduction("variance", ops.Variance, "numbers", _spread("sample"), _variance(1)),
        Reduction("variance of all", ops.Variance, "numbers", _spread("pop"), _variance(0)),
        Reduction("stretches of time", ops.CountDistinct, "stretches", _stretches, _state(0)),
        Reduction("distinct", ops.CountDistinct, "kinds", _any_value, _state(0)),
        Reduction("entropy", ops.AggUDF, "variety", _entropy, _information),
        Reduction("last", ops.ArgMin, "newest", _by("days_ago"), _state(1)),
        Reduction("first", ops.ArgMax, "oldest", _by("days_ago"), _state(1)),
        Reduction("last by time", ops.ArgMax, "newest", _by("at"), _state(1)),
        Reduction("first by time", ops.ArgMin, "oldest", _by("at"), _state(1)),
        Reduction("median", ops.Median, "quantile", _middle, _state(0)),
        Reduction("quantile", ops.Quantile, "quantile", _middle, _state(0)),
    )
}
