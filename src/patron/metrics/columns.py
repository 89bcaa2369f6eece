"""Check the columns that a metric or a curve is given, and add them up by score."""

from typing import Any

import numpy as np
import numpy.typing as npt

from patron.errors import PatronError

__all__ = ["binary", "changes", "mean", "rank_covariance", "ratio", "rows", "tied", "top_sums"]

Column = npt.ArrayLike
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


def rows(weight: Column | None, **columns: Column) -> list[Floats]:
    """Return columns as float arrays of one length, without rows of weight zero; the weights come first.

    Raises PatronError where a column is not one value per row or misses values, or a weight is negative.
    """
    arrays = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    first, length = next((name, array.size) for name, array in arrays.items())
    weights = np.ones(length) if weight is None else np.asarray(weight, dtype=np.float64)
    for name, array in {**arrays, "weight": weights}.items():
        _refuse_misfit(name, array, first, length)
    if (weights < 0).any():
        raise PatronError(
            f"Metric column 'weight' has negative weights, the least is {weights.min()}. "
            "Give counts or shares of zero or more."
        )
    kept = slice(None) if weights.all() else weights > 0
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


def tied(score: Floats, *columns: Floats) -> list[Floats]:
    """Sum columns over rows of equal score, from the lowest score to the highest."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(changes(score[order]))
    return [np.add.reduceat(column[order], starts) for column in columns]


def top_sums(values: Floats, score: Floats, weight: Floats, shares: Floats) -> Floats:
    """Sum `values` over the top `shares` (m,) of the rows by score; a row across the border in part."""
    mass, amount = tied(score, weight, weight * values)
    contacted = np.append(0, mass[::-1].cumsum())
    sums: Floats = np.interp(shares * contacted[-1], contacted, np.append(0, amount[::-1].cumsum()))
    return sums


def rank_covariance(values: Floats, score: Floats, weight: Floats) -> float:
    """Sum values, each times how far its mid-rank by score lies above the middle."""
    mass, amount = tied(score, weight, weight * values)
    return float((amount * (mass.cumsum() - mass / 2 - mass.sum() / 2)).sum())


def changes(ordered: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Mark the first row of each run of equal values."""
    return np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]


def mean(values: npt.NDArray[np.float64 | np.bool_], weight: Floats) -> float:
    """Return the weighted mean of values, nan without weight."""
    return ratio((values * weight).sum(), weight.sum())


def ratio(part: float, whole: float) -> float:
    """Divide, where nothing to divide by makes nan."""
    return float(part / whole) if whole else float("nan")


def _refuse_misfit(name: str, array: Floats, first: str, length: int) -> None:
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
