"""Compute how well ordered classes, such as tiers, are predicted."""

from collections.abc import Sequence

import numpy as np

from patron.errors import PatronError, listed
from patron.metrics.columns import Column, Floats, Integers, by_draw, ratio, rows, tally

__all__ = ["macro_f1", "quadratic_kappa"]


@by_draw
def quadratic_kappa(
    actual: Column, predicted: Column, classes: Sequence[object], *, weight: Column | None = None
) -> float:
    """Return how well ordered tiers agree beyond chance, where two tiers off costs four times one tier off.

    `actual` (n,) and `predicted` (n,) hold values of `classes`, which lists them in their order (`range(4)`,
    or names from worst to best). nan where all rows are of one class in both. Source: Cohen (1968), Weighted
    kappa.

    >>> quadratic_kappa(["low", "low", "top", "top"], ["low", "top", "top", "top"], ["low", "top"])
    0.5
    """
    table = _confusion(actual, predicted, classes, weight)
    steps = np.arange(len(classes))
    cost = (steps[:, None] - steps) ** 2
    by_actual, by_predicted = table.sum(axis=1), table.sum(axis=0)
    apart = np.tensordot(cost, table, axes=2)
    by_chance = np.einsum("ij,i...,j...->...", cost, by_actual, by_predicted)
    return 1 - ratio(apart * by_actual.sum(axis=0), by_chance)


@by_draw
def macro_f1(actual: Column, predicted: Column, classes: Sequence[object], *, weight: Column | None = None) -> float:
    """Return how well each class is predicted, a rare class counting as much as a common one.

    `actual` (n,) and `predicted` (n,) hold values of `classes`. The mean of 2 hits / (actual + predicted)
    over the classes that occur in either column. Source: van Rijsbergen (1979); Sokolova and Lapalme (2009).

    >>> macro_f1([0, 0, 1, 1], [0, 1, 1, 1], classes=range(3))
    0.7333333333333334
    """
    table = _confusion(actual, predicted, classes, weight)
    size = table.sum(axis=0) + table.sum(axis=1)
    hits = 2 * np.einsum("ii...->i...", table)
    return ratio((hits / np.where(size > 0, size, 1)).sum(axis=0), (size > 0).sum(axis=0))


def _confusion(actual: Column, predicted: Column, classes: Sequence[object], weight: Column | None) -> Floats:
    """Return the weight of each actual and predicted class, shape (classes, classes) or (classes, classes, draws)."""
    codes = {
        "actual": _codes("actual", actual, classes),
        "predicted": _codes("predicted", predicted, classes),
    }
    weights, true, guess = rows(weight, **codes)
    size = len(classes)
    counts = tally((true * size + guess).astype(np.intp), size**2, weights)
    return counts.reshape(size, size, *counts.shape[1:])


def _codes(name: str, column: Column, classes: Sequence[object]) -> Integers:
    if isinstance(classes, int):
        raise PatronError(f"Metric needs the classes in their order, got {classes}. Write classes=range({classes}).")
    values = np.asarray(column)
    same = values[..., None] == np.asarray(classes)
    if not same.any(axis=-1).all():
        strange = values[~same.any(axis=-1)][0]
        raise PatronError(
            f"Metric column '{name}' holds {strange!s}, which is not one of the classes: {listed(classes)}. "
            "Add it to `classes` at its place in the order."
        )
    return np.asarray(same.argmax(axis=-1))
