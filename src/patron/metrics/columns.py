"""Check the columns that a metric or a curve is given, and add them up by score.

Weights of the shape (n, draws) are many draws of the same rows, each with a figure; all are counted in one pass.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from patron.errors import PatronError

__all__ = [
    "SMALLEST_PROBABILITY",
    "binary",
    "by_draw",
    "changes",
    "mean",
    "pairs",
    "precision",
    "probability",
    "rank_covariance",
    "ratio",
    "rows",
    "sums",
    "tally",
    "tied",
    "top_sums",
]

Column = npt.ArrayLike
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Weights = npt.NDArray[Any]
SMALLEST_PROBABILITY = 1e-15
ROUNDING = 1e-9
Function = TypeVar("Function", bound=Callable[..., float])


def by_draw(metric: Function) -> Function:
    """Mark a metric that takes weights of shape (n, draws) too, and then returns a figure for each draw."""
    metric.by_draw = True  # type: ignore[attr-defined]
    return metric


def rows(weight: Column | None, **columns: Column) -> list[Weights]:
    """Return columns as float arrays of one length; the weights come first, of shape (n,) or (n, draws).

    Of weights of one draw those of zero are left out, with their rows.

    Raises PatronError where a column is not one value per row or misses values, or a weight is negative.
    """
    arrays = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    first, length = next((name, array.size) for name, array in arrays.items())
    weights = np.ones(length, np.uint8) if weight is None else np.asarray(weight)
    weights = weights if weights.dtype == np.uint8 else weights.astype(np.float64)
    for name, array in {**arrays, "weight": weights if weights.ndim < 2 else weights[:, 0]}.items():
        _refuse_misfit(name, array, first, length)
    if weights.dtype != np.uint8 and (weights < 0).any():
        raise PatronError(
            f"Metric column 'weight' has negative weights, the least is {weights.min()}. "
            "Give counts or shares of zero or more."
        )
    kept = slice(None) if weights.ndim > 1 or weights.all() else weights > 0
    return [weights[kept], *(array[kept] for array in arrays.values())]


def binary(name: str, column: Floats) -> Floats:
    """Return a column of 0 and 1 as it is, and refuse any other value with a PatronError."""
    strange = column[(column != 0) & (column != 1)]
    if strange.size:
        raise PatronError(
            f"Metric column '{name}' must be 0 or 1, got {strange[0]} among others ({strange.size} rows). "
            f"Compare first, as in ({name} > 0)."
        )
    return column


def probability(predicted: Floats) -> Floats:
    """Return a column of probabilities as it is, and refuse any other value with a PatronError."""
    # Averages of probabilities may exceed 1 by rounding, which is no mistake of the caller.
    strange = predicted[np.abs(predicted - 0.5) > 0.5 + ROUNDING]
    if strange.size:
        raise PatronError(
            f"Metric column 'predicted' must hold probabilities, got {strange[0]} "
            f"({strange.size} rows out of [0, 1]). Calibrate the score first, or use auc, which takes any."
        )
    return predicted


def tied(score: Floats, *columns: Floats) -> list[Floats]:
    """Sum columns over rows of equal score, from the lowest score to the highest."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(changes(score[order]))
    return [np.add.reduceat(column[order], starts, dtype=np.float64) for column in columns]


def sums(values: Floats, weight: Weights) -> Any:
    """Sum values by weight, to a number or one for each draw."""
    return _counted("sums", weight, values)


def tally(codes: Integers, size: int, weight: Weights) -> Floats:
    """Sum the weight of each code from 0 to `size` - 1, shape (size,) or (size, draws)."""
    return np.asarray(_counted("tally", weight, codes, size))


def top_sums(values: Floats, score: Floats, weight: Weights, shares: Floats) -> Floats:
    """Sum `values` over the top `shares` (m,) of the rows by score; a row across the border in part."""
    order, ends = _down(score)
    return np.asarray(_counted("top_sums", weight[order], values[order], ends, shares))


def rank_covariance(values: Floats, score: Floats, weight: Weights) -> Any:
    """Sum values, each times how far its mid-rank by score lies above the middle."""
    order, ends = _up(score)
    return _counted("rank_covariance", weight[order], values[order], ends)


def precision(events: Floats, score: Floats, weight: Weights) -> Any:
    """Sum over the events how many of the rows down to their score are events, as a share."""
    order, ends = _down(score)
    return _counted("precision", weight[order], events[order], ends)


def pairs(turn: Integers, buyer: npt.NDArray[np.bool_], level: Integers, weight: Weights) -> Any:
    """Sum the weight of pairs of a buyer and a later row: those with a higher level (half where it ties), and all."""
    order = np.argsort(turn, kind="stable")[::-1]
    size = int(level.max(initial=0)) + 1
    return _counted("count_pairs", weight[order], turn[order], buyer[order], level[order], size)


def changes(ordered: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Mark the first row of each run of equal values."""
    return np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]


def mean(values: npt.NDArray[np.float64 | np.bool_], weight: Weights) -> Any:
    """Return the weighted mean of values, nan without weight."""
    return ratio(sums(values.astype(np.float64), weight), sums(np.ones(len(values)), weight))


def ratio(part: Any, whole: Any) -> Any:
    """Divide, where nothing to divide by makes nan."""
    if np.ndim(whole) == 0:
        return float(part / whole) if whole else float("nan")
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) != 0)


def _counted(kernel: str, weight: Weights, *about: object) -> Any:
    """Run a kernel over all draws; of one draw its figure alone is returned, a number as Python's own."""
    from patron.metrics import kernels

    figures = getattr(kernels, kernel)(weight if weight.ndim > 1 else weight[:, None], *about)
    if weight.ndim > 1:
        return figures
    return float(figures[0]) if figures.ndim == 1 else figures[:, 0]


def _up(score: Floats) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Return the order of rows from the lowest score to the highest, and which is the last of its score."""
    order = np.argsort(score, kind="stable")
    return order, np.append(score[order][1:] != score[order][:-1], True)[: len(order)]


def _down(score: Floats) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Return the order of rows from the highest score to the lowest, and which is the last of its score."""
    order, _ = _up(score)
    return order[::-1], changes(score[order])[::-1]


def _refuse_misfit(name: str, array: Weights, first: str, length: int) -> None:
    if array.shape != (length,):
        raise PatronError(
            f"Metric column '{name}' has shape {array.shape}, where '{first}' has {length} values. "
            "Give one value per row, in the same order, as a flat array (array.ravel())."
        )
    missing = np.isnan(array)
    if missing.any():
        raise PatronError(
            f"Metric column '{name}' lacks {missing.sum()} of {length} values (one: row {missing.argmax()}). "
            "Leave such rows out of every column, or give them a value."
        )
