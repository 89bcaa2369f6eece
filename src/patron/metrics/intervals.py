"""Estimate how much a metric can be trusted, by drawing the customers again and again.

Customers are drawn with replacement, never single rows, because the rows of one customer are alike. The same
seed gives the same bounds to the last bit, whatever the order of the rows and whatever the customers are
called (pseudonyms change nothing): customers are put in the order of what their rows hold before any is
drawn. The metrics of this package measure many draws in one pass over the rows, one's own each draw alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from patron.errors import PatronError

__all__ = ["Z_95", "Estimate", "bootstrap", "estimate", "paired_difference", "paired_differences"]

Metric = Callable[..., float]
Values = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.uint8]

Z_95 = 1.959964  # standard errors on each side of a 95 % interval
AT_ONCE = 128  # draws, of which the counts of some rows stay in the processor's cache


@dataclass(frozen=True)
class Estimate:
    """A number with the bounds of its doubt, so that nobody reads it as certain.

    `value` is the metric on all rows, `low` and `high` are its bounds (nan where they cannot be known).

    >>> print(Estimate(0.7641, 0.7468, 0.7812))
    0.764 [0.747, 0.781]
    >>> print(Estimate(float("nan"), float("nan"), float("nan")))
    unknown
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "unknown"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(
    metric: Metric,
    groups: npt.ArrayLike,
    *arrays: npt.ArrayLike,
    repeats: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Estimate a metric with its interval over customers; parameters and source are those of `bootstrap`.

    >>> from patron import metrics
    >>> print(estimate(metrics.mean_absolute_error, ["ann", "ann", "bob"], [10, 10, 10], [12, 12, 15], seed=1))
    3.000 [2.000, 5.000]
    """
    return bootstrap({"": metric}, groups, *arrays, repeats=repeats, seed=seed, level=level)[""]


def bootstrap(
    metrics: Mapping[str, Metric],
    groups: npt.ArrayLike,
    *arrays: npt.ArrayLike,
    repeats: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Estimate many metrics with their intervals on the same draws of customers, in one pass.

    Each metric is called as `metric(*arrays, weight=...)`, the weight being how often the row's customer was
    drawn. `groups` (n,) names the customer of each row in any type; `arrays` (n,) each are the columns the
    metrics take, the score last (rows are sorted by it once, which makes ranking metrics fast). `repeats`
    draws, `level` of the interval. Draws on which a metric is nan are left out; where they are more than
    half, or where there is one customer only, the bounds are nan. Raises PatronError for columns that do not
    fit, rows without a customer, and settings out of range. Source: percentile interval of Efron and
    Tibshirani (1993), clusters drawn as in Field and Welsh (2007).

    >>> from patron import metrics
    >>> both = {"auc": metrics.auc, "brier": metrics.brier}
    >>> card = bootstrap(both, ["ann", "bob", "cid"], [0, 1, 1], [0.2, 0.6, 0.8])
    >>> print(card["auc"], "and", card["brier"])
    1.000 [1.000, 1.000] and 0.080 [0.040, 0.160]
    """
    _refuse_settings(repeats, level)
    customer, columns = _in_order_of_content(groups, arrays)
    customer, columns = _sorted_by_last(customer, columns)
    drawn = _by_draw(list(metrics.values()), customer, columns, repeats, seed)
    return {
        name: Estimate(metric(*columns), *_bounds(figures, level))
        for (name, metric), figures in zip(metrics.items(), drawn, strict=True)
    }


def paired_difference(
    metric: Metric,
    groups: npt.ArrayLike,
    *arrays: npt.ArrayLike,
    repeats: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Estimate whether ours beats theirs: the difference of a metric, both on the same draws of customers.

    `arrays` (n,) each are what the metric takes before the prediction, then ours, then theirs: `actual, ours,
    theirs` or, for `concordance`, `days, bought, ours, theirs`. The estimate is of metric(..., ours) -
    metric(..., theirs); where zero lies within the bounds, the difference may be luck. All else is as in
    `bootstrap`.

    >>> from patron import metrics
    >>> print(paired_difference(metrics.mean_absolute_error, ["a", "b"], [10, 20], [11, 22], [13, 24]))
    -2.000 [-2.000, -2.000]
    """
    return paired_differences({"": metric}, groups, *arrays, repeats=repeats, seed=seed, level=level)[""]


def paired_differences(
    metrics: Mapping[str, Metric],
    groups: npt.ArrayLike,
    *arrays: npt.ArrayLike,
    repeats: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Estimate the differences of many metrics on the same draws of customers, each as in `paired_difference`.

    >>> from patron import metrics
    >>> both = {"error": metrics.mean_absolute_error, "bias": metrics.bias}
    >>> print(paired_differences(both, ["a", "b"], [10, 20], [11, 22], [13, 24])["error"])
    -2.000 [-2.000, -2.000]
    """
    _refuse_settings(repeats, level)
    customer, (*truth, ours, theirs) = _in_order_of_content(groups, arrays)
    sides = [_sorted_by_last(customer, [*truth, prediction]) for prediction in (ours, theirs)]
    functions = list(metrics.values())
    our_draws, their_draws = (_by_draw(functions, *side, repeats, seed) for side in sides)
    values = [[metric(*columns) for _, columns in sides] for metric in functions]
    return {
        name: Estimate(our_value - their_value, *_bounds(our_figures - their_figures, level))
        for name, (our_value, their_value), our_figures, their_figures in zip(
            metrics, values, our_draws, their_draws, strict=True
        )
    }


def _refuse_settings(repeats: int, level: float) -> None:
    if repeats < 1:
        raise PatronError(f"An interval needs draws, got repeats={repeats}. Give one or more, usually repeats=500.")
    if not 0 < level < 1:
        raise PatronError(f"The level of an interval is a share, got level={level}. Give one as in level=0.95.")


def _in_order_of_content(groups: npt.ArrayLike, arrays: tuple[npt.ArrayLike, ...]) -> tuple[Indices, list[Values]]:
    """Number customers by what their rows hold and sort rows by customer: names and order drop out."""
    customer = _numbered(groups)
    columns = [_fitting(position, array, customer.size) for position, array in enumerate(arrays, start=1)]
    content = _content(columns)
    by_name = np.lexsort((content, customer))
    starts = np.flatnonzero(np.diff(customer[by_name], prepend=-1))
    held = _comparable(content[by_name], starts)
    rank = np.empty(len(starts), dtype=np.intp)
    # Customers who hold the same are interchangeable, so any order among them gives the same draws.
    rank[sorted(range(len(starts)), key=held.__getitem__)] = np.arange(len(starts))
    order = np.lexsort((content, rank[customer]))
    return rank[customer][order], [column[order] for column in columns]


def _numbered(groups: npt.ArrayLike) -> Indices:
    customer: Indices = pd.factorize(pd.Series(groups))[0]
    if (customer < 0).any():
        raise PatronError(
            f"Rows lack their customer: {(customer < 0).sum()} of {customer.size} in `groups`. "
            "Leave such rows out of every column, or give each its customer."
        )
    return customer


def _fitting(position: int, array: npt.ArrayLike, length: int) -> Values:
    column = np.asarray(array)
    if column.shape != (length,):
        raise PatronError(
            f"Column {position} of the metric has shape {column.shape}, where `groups` has {length} rows. "
            "Give one value per row, in the same order, as a flat array (array.ravel())."
        )
    return column


def _content(columns: list[Values]) -> Indices:
    """Number each row by its values, equal rows alike."""
    keys = np.array([np.unique(column, return_inverse=True)[1] for column in columns])
    order = np.lexsort(keys)
    changed = np.diff(keys[:, order], prepend=-1).any(axis=0)
    number = np.empty(order.size, dtype=np.intp)
    number[order] = changed.cumsum()
    return number


def _comparable(content: Indices, starts: Indices) -> list[bytes]:
    """Return the numbers of each customer's rows as bytes that sort as their list would."""
    numbers = content.astype(">u8").tobytes()
    bounds = [*(starts * 8).tolist(), len(numbers)]
    return [numbers[begin:end] for begin, end in pairwise(bounds)]


def _sorted_by_last(customer: Indices, columns: list[Values]) -> tuple[Indices, list[Values]]:
    order = np.argsort(columns[-1], kind="stable")
    return customer[order], [column[order] for column in columns]


def _by_draw(metrics: Sequence[Metric], customer: Indices, columns: list[Values], repeats: int, seed: int) -> Floats:
    """Return the figure of each metric on each draw, shape (metrics, draws)."""
    size = int(customer.max(initial=-1)) + 1
    # One customer alone tells nothing of others and is not drawn.
    counts = _counts(size, repeats if size > 1 else 0, seed)
    parts = [counts[:, begin : begin + AT_ONCE][customer] for begin in range(0, counts.shape[1], AT_ONCE)]
    figures = [[_figures(metric, columns, weight) for weight in parts] for metric in metrics]
    return np.array([np.concatenate([np.empty(0), *some]) for some in figures])


def _figures(metric: Metric, columns: list[Values], weight: Counts) -> Floats:
    """Return the figure of a metric on each draw, of its own accord where it takes them all at once."""
    if getattr(getattr(metric, "func", metric), "by_draw", False):
        return np.asarray(metric(*columns, weight=weight))
    return np.array([metric(*columns, weight=draw) for draw in weight.T.astype(np.float64)], dtype=np.float64)


@lru_cache(maxsize=2)  # the candidates of a card are compared, or shown, on the same draws
def _counts(size: int, repeats: int, seed: int) -> Counts:
    """Return how often each customer is drawn, shape (size, repeats); 255 times is never reached by chance."""
    rng, counts = np.random.default_rng(seed), np.empty((size, repeats), dtype=np.uint8)
    for draw in range(repeats):
        counts[:, draw] = np.bincount(rng.integers(size, size=size), minlength=size)
    counts.flags.writeable = False
    return counts


def _bounds(draws: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    known = draws[~np.isnan(draws)]
    if not known.size or known.size * 2 < draws.size:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
