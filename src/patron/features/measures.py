"""Measures: named aggregates of a customer's events, and combinations of them; features and labels are made of both."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from ibis.common.exceptions import IbisTypeError
from ibis.expr.types import Column, NumericColumn, Scalar, Table, Value

from patron.errors import MeasureError, listed, listed_columns, nearest
from patron.history.point_in_time import STANDING
from patron.periods import EVER, Span

__all__ = [
    "THEMES",
    "Combination",
    "Feature",
    "Measure",
    "combine",
    "decay",
    "entropy",
    "guarded",
    "measure",
    "standing",
]

THEMES = ("habit", "value", "breadth", "service", "price", "contact", "social", "lifecycle")
ON_CUTOFF = "cutoff"


@dataclass(frozen=True)
class Measure:
    """What to compute from one event table over some windows.

    Args:
        name: the first part of the column names.
        source: the event table it looks at, or `cutoff` for the cutoff itself.
        compute: function of the events that gives one value for each customer.
        windows: the times before the cutoff that it looks at.
        empty: the value where a customer has no events in the window.
        words: what it means, for the business.
        theme: one of `THEMES`.
        unit: what its values count: days, money, share, or things.
        lever: what the business does to change it, in words; empty where nobody can.
    """

    name: str
    source: str
    compute: Callable[[Any], Value]
    windows: tuple[Span, ...]
    empty: float | str | None
    words: str
    theme: str
    unit: str
    lever: str = ""

    def over(self, *windows: Span) -> "Measure":
        """Return the same measure over other windows."""
        return replace(self, windows=windows)

    def column(self, window: Span) -> str:
        """Return the name of the column for one window; all time has no suffix."""
        return self.name if window.days is None else f"{self.name}_{window}"

    def expression(self, events: Table) -> Scalar:
        """Return the aggregate as an expression over *events*; numbers come as float64.

        Raises:
            MeasureError: a column is missing, or what comes back is no aggregate.
        """
        try:
            value = self.compute(events)
        except AttributeError as error:
            raise self._lacks(events, error) from None
        except IbisTypeError as error:
            raise MeasureError(
                f"Measure {self.name!r} does not fit event table {self.source!r}: {error} "
                "Mend the measure, or declare the role at the door."
            ) from None
        if not isinstance(value, Scalar):
            raise MeasureError(
                f"Measure {self.name!r} must give one value for each customer, got {_kind(value)}. "
                f"End it with a reduction, for example {self.source}.amount.sum()."
            )
        kind = value.type()
        if not (kind.is_numeric() or kind.is_boolean() or kind.is_string() or kind.is_null()):
            raise MeasureError(
                f"Measure {self.name!r} must give a number, a truth or a text, got {kind}. "
                "For a time, use days_ago, or a part of it such as its year."
            )
        if isinstance(self.empty, str) and not kind.is_string():
            raise MeasureError(
                f"Measure {self.name!r} gives {kind}, but its empty value is the text {self.empty!r}. "
                "Give it a number where there are no events: @measure(..., empty=0), or leave empty out for null."
            )
        return _plain(value)

    def _lacks(self, events: Table, error: AttributeError) -> MeasureError:
        column = error.name or "?"
        return MeasureError(
            f"Measure {self.name!r} asks for {column!r}, which event table {self.source!r} lacks."
            f"{nearest(column, events.columns)} It has: {listed_columns(events.columns)}. "
            "Declare the role at the door, or leave the measure out."
        )


@dataclass(frozen=True)
class Combination:
    """A feature made of other measures, row by row: a ratio, a difference, a share of a total.

    Args:
        name: the first part of the column names.
        parts: the measures it is made of; all over the same windows, or each over one.
        compute: function of the parts' columns, in their order.
        words: what it means, for the business.
        theme: one of `THEMES`.
        unit: what its values count.
        lever: what the business does to change it, in words; empty where nobody can.
    """

    name: str
    parts: tuple[Measure, ...]
    compute: Callable[..., Column]
    words: str
    theme: str
    unit: str
    lever: str = ""

    @property
    def windows(self) -> tuple[Span, ...]:
        """The windows it is made for; the longest stands for a comparison of several."""
        if self._compares:
            return (max((part.windows[0] for part in self.parts), key=_length),)
        return self.parts[0].windows

    def column(self, window: Span) -> str:
        """Return the name of the column for one window; all time has no suffix."""
        return self.name if self._compares or window.days is None else f"{self.name}_{window}"

    def inputs(self, window: Span) -> list[str]:
        """Return the parts' columns for one window, in their order."""
        if self._compares:
            return [part.column(part.windows[0]) for part in self.parts]
        return [part.column(window) for part in self.parts]

    @property
    def _compares(self) -> bool:
        return len({part.windows for part in self.parts}) > 1


Feature = Measure | Combination


def decay(events: Table, half_life: float) -> NumericColumn:
    """Return the weight of each event, 1 at the cutoff and half as much every *half_life* days before it.

    Multiply it with what is summed: `(visits.minutes * decay(visits, 30)).sum()`.
    """
    return ibis.literal(0.5) ** (events.days_ago / half_life)


def standing(orders: Table) -> NumericColumn:
    """Return what is left of the amount of each order, as far as returns are known; null where that is nothing.

    Use it in place of `orders.amount` where a measure is of worth: `standing(orders).max()`.
    """
    return orders[STANDING] if STANDING in orders.columns else orders.amount


@ibis.udf.agg.builtin(name="entropy")
def entropy(kinds: str) -> float:  # type: ignore[empty-body]
    """Return how evenly a customer's events spread over kinds, in bits: 0 for one kind, 1 for two in equal parts.

    Source: C. E. Shannon, A Mathematical Theory of Communication (1948). Use it in a measure:
    `entropy(lines.category)`.
    """


def measure(
    windows: Sequence[Span] = (EVER,),
    empty: float | str | None = None,
    theme: str = "habit",
    unit: str = "number",
    lever: str = "",
) -> Callable[[Callable[[Any], Value]], Measure]:
    """Turn a function of one event table into a measure, so that adding a feature is writing one sentence.

    The function's name becomes the column's name, its parameter names the event table (`cutoff` for the cutoff
    itself), its docstring holds the words that drivers are told in. Beside its own columns the table has
    `days_ago`, the time from each event to the cutoff.

    Args:
        windows: the times before the cutoff to look at; one column for each.
        empty: the value where a customer has no events in the window; null by default.
        theme: one of `THEMES`, by which drivers are grouped.
        unit: days, money, share, or number.
        lever: what the business does to change it, in words, such as "complaints answered"; leave it out where nobody
            can. It tells drivers which reasons can be acted on, and `what_if` what to move.

    Raises:
        MeasureError: the function does not take one table, has no words, the theme is unknown, or it is called a lever
            and cannot be.

    >>> from patron.periods import days
    >>> @measure(windows=days(30, 90), empty=0, theme="service")
    ... def complaints(tickets):
    ...     "Complaints raised."
    ...     return tickets.count(where=tickets.kind == "complaint")
    >>> [complaints.column(w) for w in complaints.windows]
    ['complaints_30d', 'complaints_90d']
    """

    def wrap(function: Callable[[Any], Value]) -> Measure:
        name, sources = function.__name__, list(inspect.signature(function).parameters)
        if len(sources) != 1:
            raise MeasureError(
                f"Measure {name!r} must take exactly one event table, got {', '.join(sources) or 'none'}. "
                f"Name it by its only parameter: def {name}({(sources or ['orders'])[0]}). "
                "For values of two tables write a measure of each, and join them with @combine."
            )
        about = _words(function), _theme(name, theme), unit, _lever(name, sources, lever)
        return Measure(name, sources[0], function, _spans(name, windows), empty, *about)

    return wrap


def combine(
    *parts: Measure, theme: str = "habit", unit: str = "share", lever: str = ""
) -> Callable[[Callable[..., Column]], Combination]:
    """Turn a function of measures' columns into a feature: a ratio, a difference, a share.

    Args:
        *parts: the measures, in the order of the function's parameters; either all over the same windows
            (one column for each window), or each over one window (a comparison of windows, one column).
        theme: one of `THEMES`.
        unit: days, money, share, or number.
        lever: as in `measure`.

    Raises:
        MeasureError: parts and parameters differ in number, a part is no measure, or the windows do not fit.
    """

    def wrap(function: Callable[..., Column]) -> Combination:
        name = function.__name__
        _check_parts(name, parts, list(inspect.signature(function).parameters))
        windows = {part.windows for part in parts}
        if len(windows) > 1 and any(len(part.windows) > 1 for part in parts):
            raise MeasureError(
                f"Combination {name!r} mixes windows {listed(' '.join(map(str, w)) for w in windows)}. "
                "Give all parts the same windows, or each one window with .over(...)."
            )
        sources = [part.source for part in parts]
        return Combination(
            name, parts, function, _words(function), _theme(name, theme), unit, _lever(name, sources, lever)
        )

    return wrap


def _check_parts(name: str, parts: Sequence[object], parameters: Sequence[str]) -> None:
    for part in parts:
        if not isinstance(part, Measure):
            raise MeasureError(
                f"Combination {name!r} is made of {getattr(part, 'name', part)!r}, which is no measure. "
                "Combine the measures themselves, written with @measure."
            )
    if len(parameters) != len(parts):
        names = [part.name for part in parts if isinstance(part, Measure)]
        raise MeasureError(
            f"Combination {name!r} takes {len(parameters)} columns ({', '.join(parameters) or 'none'}), but is given "
            f"{len(parts)} measures ({', '.join(names) or 'none'}). Give it a parameter for each, in their order: "
            f"def {name}({', '.join(dict.fromkeys(names)) or 'orders, spend'})."
        )


def _spans(name: str, windows: Sequence[Span]) -> tuple[Span, ...]:
    given = (windows,) if isinstance(windows, Span) else tuple(windows)
    if not given or not all(isinstance(window, Span) for window in given):
        raise MeasureError(f"Measure {name!r} needs windows such as days(30, 90) or EVER, got {windows!r}.")
    return given


def _words(function: Callable[..., Any]) -> str:
    words = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ").strip().rstrip(".")
    if not words:
        raise MeasureError(
            f"Measure {function.__name__!r} has no words for the business. "
            'Give it a docstring, for example """Complaints raised."""'
        )
    return words


def _theme(name: str, theme: str) -> str:
    if theme not in THEMES:
        raise MeasureError(
            f"Measure {name!r} has the unknown theme {theme!r}.{nearest(theme, THEMES)} Themes: {', '.join(THEMES)}."
        )
    return theme


def _lever(name: str, sources: Sequence[str], lever: str) -> str:
    if not isinstance(lever, str) or lever != lever.strip():
        raise MeasureError(
            f"Measure {name!r} has the lever {lever!r}. Say in words what the business does to change it: "
            'lever="complaints answered", or leave it out.'
        )
    if lever and set(sources) == {ON_CUTOFF}:
        raise MeasureError(
            f"Measure {name!r} looks at the cutoff alone and has the lever {lever!r}: what all customers share at a "
            "cutoff nobody can change for one of them. Leave lever out."
        )
    return lever


def guarded(value: Any) -> Any:
    """Return the expression with divisions by zero as null, which one engine calls infinite and another an error.

    >>> import ibis
    >>> guarded(ibis.literal(1.0) / ibis.literal(0.0)).to_pyarrow().as_py() is None
    True
    """

    def mend(node: ops.Node, changed: dict[str, Any] | None) -> ops.Node:
        fresh = node.copy(**changed) if changed else node
        if isinstance(fresh, ops.Divide) and not isinstance(fresh.right, ops.NullIf) and not _is_safe(fresh.right):
            return fresh.copy(right=ops.NullIf(fresh.right, ops.Literal(0, fresh.right.dtype)))
        return fresh

    return value.op().replace(mend, filter=ops.Value).to_expr()


def _is_safe(divisor: ops.Value) -> bool:
    return isinstance(divisor, ops.Literal) and bool(divisor.value)


def _plain(value: Scalar) -> Scalar:
    """Return numbers and truths as float64, so that every engine gives the same type."""
    kind = value.type()
    return value if isinstance(kind, dt.String) else guarded(value).cast("float64")


def _kind(value: object) -> str:
    return f"a column of {value.type()}" if isinstance(value, Column) else f"{type(value).__name__} {value!r}"[:60]


def _length(window: Span) -> float:
    return float("inf") if window.days is None else window.days
