"""Say in one number how good a score is, as pure functions on arrays.

Every metric takes columns of one value per row, shape (n,), and the keyword `weight` (n,): a row of weight w
counts as the row written w times, and a row of weight zero as one that is not there (so bootstrap counts are
weights). The order of the rows never matters: rows of equal score share what lies at their place. A metric
that is undefined on a sample (no rows, one class only) is nan. Columns of unequal length, missing values, and
values that cannot be meant (a label other than 0 and 1, a probability of 37) are refused with a PatronError.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.errors import PatronError, listed

__all__ = [
    "auc",
    "average_precision",
    "bias",
    "brier",
    "concordance",
    "coverage",
    "decile_error",
    "lift_at",
    "log_loss",
    "macro_f1",
    "mean_absolute_error",
    "normalized_gini",
    "quadratic_kappa",
    "root_mean_squared_error",
]

Column = npt.ArrayLike
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

SMALLEST_PROBABILITY = 1e-15
ROUNDING = 1e-9


def auc(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn how often a customer with the event scores above one without; a tie counts one half.

    `actual` (n,) is 0 or 1, `predicted` (n,) any score, higher is likelier. nan with one class only.
    Source: Mann and Whitney (1947); Hanley and McNeil (1982), as a sum of mid-ranks.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    yes = (weights * binary("actual", true)).sum()
    no = weights.sum() - yes
    return 0.5 + _ratio(_rank_covariance(true, guess, weights), yes * no)


def average_precision(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn how pure the top of the list is, averaged over the events found on the way down.

    `actual` (n,) is 0 or 1, `predicted` (n,) any score. Sum over distinct scores of precision x gain in
    recall, no interpolation. nan without events. Source: Zhu (2004), Recall, precision and average precision.

    >>> average_precision([1, 0, 1], [0.9, 0.8, 0.7])
    0.8333333333333333
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    events, mass = tied(guess, weights * binary("actual", true), weights)
    precision = events[::-1].cumsum() / mass[::-1].cumsum()
    return _ratio((precision * events[::-1]).sum(), events.sum())


def log_loss(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn how surprised the probabilities were by what happened (mean negative log likelihood, in nats).

    `actual` (n,) is 0 or 1, `predicted` (n,) probabilities, clipped to [1e-15, 1 - 1e-15], so that one
    certain mistake costs 34.5 and not infinity. Source: Good (1952), Rational decisions.

    >>> round(log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    yes = np.clip(_probability(guess), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return _mean(-np.log(np.where(binary("actual", true) == 1, yes, 1 - yes)), weights)


def brier(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn how far probabilities lie from what happened, as a mean squared difference.

    `actual` (n,) is 0 or 1, `predicted` (n,) probabilities. Source: Brier (1950).

    >>> round(brier([1, 0], [0.8, 0.4]), 3)
    0.1
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return _mean((_probability(guess) - binary("actual", true)) ** 2, weights)


def bias(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn by what share the predictions promise too much in total: sum predicted / sum actual - 1.

    `actual` (n,) and `predicted` (n,) share a unit (events, money). nan where the actual sum is zero; where
    it is negative (a loss), a positive bias is a greater loss than came true.

    >>> bias([1, 0, 1], [0.9, 0.6, 0.9])
    0.19999999999999996
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return _ratio((weights * guess).sum(), (weights * true).sum()) - 1


def mean_absolute_error(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn by how much a prediction is off on average, in the unit of `actual` (n,) and `predicted` (n,).

    >>> mean_absolute_error([10, 20], [12, 16])
    3.0
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return _mean(np.abs(guess - true), weights)


def root_mean_squared_error(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn by how much a prediction is off where big mistakes hurt most, in the unit of `actual` (n,).

    >>> root_mean_squared_error([10, 20], [13, 16])
    3.5355339059327378
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return float(np.sqrt(_mean((guess - true) ** 2, weights)))


def quadratic_kappa(
    actual: Column, predicted: Column, classes: Sequence[object], *, weight: Column | None = None
) -> float:
    """Learn how well ordered tiers agree beyond chance, where two tiers off costs four times one tier off.

    `actual` (n,) and `predicted` (n,) hold values of `classes`, which lists them in their order (`range(4)`,
    or names from worst to best). nan where all rows are of one class in both. Source: Cohen (1968), Weighted
    kappa.

    >>> quadratic_kappa(["low", "low", "top", "top"], ["low", "top", "top", "top"], ["low", "top"])
    0.5
    """
    table = _confusion(actual, predicted, classes, weight)
    steps = np.arange(len(classes))
    cost = (steps[:, None] - steps) ** 2
    chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    return 1 - _ratio((cost * table).sum() * table.sum(), (cost * chance).sum())


def macro_f1(
    actual: Column, predicted: Column, classes: Sequence[object], *, weight: Column | None = None
) -> float:
    """Learn how well each class is told, a rare class counting as much as a common one.

    `actual` (n,) and `predicted` (n,) hold values of `classes`. The mean of 2 hits / (actual + predicted)
    over the classes that occur in either column. Source: van Rijsbergen (1979); Sokolova and Lapalme (2009).

    >>> macro_f1([0, 0, 1, 1], [0, 1, 1, 1], classes=range(3))
    0.7333333333333334
    """
    table = _confusion(actual, predicted, classes, weight)
    size = table.sum(axis=0) + table.sum(axis=1)
    occurs = size > 0
    return _mean(2 * np.diag(table)[occurs] / size[occurs], np.ones(occurs.sum()))


def normalized_gini(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn how well a score sorts customers by worth: 1 is the best order, 0 chance, -1 the reverse.

    `actual` (n,) amounts of any sign, `predicted` (n,) any score. The covariance of amount and mid-rank of
    the score over that of amount and its own mid-rank, so a total of zero or less does no harm. nan where all
    amounts are equal. Source: Lerman and Yitzhaki (1984); Frees, Meyers and Cummings (2011).

    >>> normalized_gini([0, 10, 30], [1, 3, 2])
    0.3333333333333333
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    ours, best = (_rank_covariance(true, score, weights) for score in (guess, true))
    return _ratio(ours, best)


def concordance(days: Column, bought: Column, expected: Column, *, weight: Column | None = None) -> float:
    """Learn how often the customer expected sooner comes sooner, customers still awaited included.

    `days` (n,) until the purchase or the end of observation, `bought` (n,) 1 where it was a purchase,
    `expected` (n,) predicted days (any score that grows with the wait). A pair counts where the earlier is a
    purchase; a customer still awaited on the day of another's purchase counts as later; two purchases on one
    day are no pair; a tie in `expected` is one half. nan without pairs. Time n log n. Source: Harrell, Lee
    and Mark (1996); pairs are counted by halving, as in a merge sort.

    >>> concordance(days=[5, 9, 30], bought=[1, 1, 0], expected=[7, 40, 20])
    0.6666666666666666
    """
    weights, days, bought, expected = rows(weight, days=days, bought=bought, expected=expected)
    if not days.size:
        return float("nan")
    turn = 2 * np.unique(days, return_inverse=True)[1] + (binary("bought", bought) == 0)
    later = weights.sum() - np.bincount(turn, weights).cumsum()
    buyers = weights * bought
    return _ratio(_in_order(turn, expected, buyers, weights), (buyers * later[turn]).sum())


def coverage(
    days: Column, bought: Column, low: Column, high: Column, *, weight: Column | None = None
) -> float:
    """Learn how often the interval held the day of the next purchase, as far as it was watched.

    `days` (n,) until the purchase or the end of observation, `bought` (n,) 1 where it was a purchase, `low`
    (n,) and `high` (n,) days, infinity allowed. A purchase is covered where low <= days <= high; a customer
    not yet back is covered unless the interval closed before the end of observation. This is the coverage of
    the wait capped at the end of observation: exact there, and at least the true one where intervals reach
    beyond it.

    >>> coverage(days=[5, 9, 30, 30], bought=[1, 1, 0, 0], low=[3, 10, 8, 8], high=[8, 20, 25, 60])
    0.5
    """
    weights, days, bought, low, high = rows(weight, days=days, bought=bought, low=low, high=high)
    awaited = binary("bought", bought) == 0
    return _mean((awaited | (low <= days)) & (days <= high), weights)


def decile_error(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Learn how far the totals of ten predicted groups are from what came true, as a share of it.

    `actual` (n,) and `predicted` (n,) share a unit. Rows sorted by prediction fall into ten groups of equal
    weight (rows that tie or straddle are shared out); sum of |predicted - actual| over sum of |actual| of the
    group totals. nan where all totals are zero. Source: after the decile-level error of Wang, Liu and Miao
    (2019), with sums in place of ratios, so that a group worth nothing does not outweigh the others.

    >>> decile_error([0] * 5 + [10] * 5, [2] * 5 + [8] * 5)
    0.4
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    tenths = np.linspace(0, 1, 11)
    earned, promised = (np.diff(found(values, guess, weights, tenths)) for values in (true, guess))
    return _ratio(np.abs(promised - earned).sum(), np.abs(earned).sum())


def lift_at(actual: Column, score: Column, share: float, *, weight: Column | None = None) -> float:
    """Learn how many times more events than by chance are found by contacting the top `share` of customers.

    `actual` (n,) events or amounts, `score` (n,) any score, `share` in (0, 1]. A row or a tie across the
    border is taken in part. nan where `actual` sums to zero. Raises PatronError for a share out of range.

    >>> lift_at([1, 1, 0, 0, 0], [5, 4, 3, 2, 1], share=0.4)
    2.5
    """
    if not 0 < share <= 1:
        raise PatronError(
            f"lift_at cannot contact this part of the customers: share is {share}. "
            "Give a part above 0 and up to 1, such as share=0.1 for the top tenth."
        )
    weights, true, score = rows(weight, actual=actual, score=score)
    top, everybody = found(true, score, weights, np.array([share, 1.0]))
    return _ratio(top, share * everybody)


def rows(weight: Column | None, **columns: Column) -> list[Floats]:
    """Turn columns into float arrays of one length, without rows of weight zero; the weights come first.

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
    """Pass a column of 0 and 1 through, and refuse any other value with a PatronError."""
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
    starts = np.flatnonzero(_changes(score[order]))
    return [np.add.reduceat(column[order], starts) for column in columns]


def found(values: Floats, score: Floats, weight: Floats, shares: Floats) -> Floats:
    """Sum `values` over the top `shares` (m,) of the rows by score; a row across the border in part."""
    mass, amount = tied(score, weight, weight * values)
    contacted = np.append(0, mass[::-1].cumsum())
    gained: Floats = np.interp(shares * contacted[-1], contacted, np.append(0, amount[::-1].cumsum()))
    return gained


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


def _probability(predicted: Floats) -> Floats:
    # Averages of probabilities may exceed 1 by rounding, which is no mistake of the caller.
    strange = predicted[np.abs(predicted - 0.5) > 0.5 + ROUNDING]
    if strange.size:
        raise PatronError(
            f"Metric column 'predicted' must hold probabilities, got {strange[0]} "
            f"({strange.size} rows out of [0, 1]). Calibrate the score first, or use auc, which takes any."
        )
    return predicted


def _mean(values: npt.NDArray[np.float64 | np.bool_], weight: Floats) -> float:
    return _ratio((values * weight).sum(), weight.sum())


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _changes(ordered: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Mark the first row of each run of equal values."""
    return np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]


def _rank_covariance(values: Floats, score: Floats, weight: Floats) -> float:
    mass, amount = tied(score, weight, weight * values)
    return float((amount * (mass.cumsum() - mass / 2 - mass.sum() / 2)).sum())


def _in_order(turn: Integers, expected: Floats, buyers: Floats, weight: Floats) -> float:
    """Weight of the pairs whose first has the smaller `turn` and `expected` (half where the latter ties).

    Two turns differ first at exactly one bit, so each pair is met once: at that bit, in the group of rows
    that agree in all higher bits, sorted by `expected`. Each step sorts the groups of the next, stably, as a
    radix sort does.
    """
    order = np.argsort(expected, kind="stable")
    level = _changes(expected[order]).cumsum()
    # Up to 16 bits NumPy sorts integers in linear time.
    turn, buyers, weight = turn[order].astype(np.min_scalar_type(turn.max())), buyers[order], weight[order]
    pairs = 0.0
    for bit in reversed(range(int(turn.max()).bit_length())):
        pairs += _across(turn >> bit, level, buyers, weight)
        order = np.argsort(turn >> bit, kind="stable")
        turn, level, buyers, weight = turn[order], level[order], buyers[order], weight[order]
    return pairs


def _across(turn: Integers, level: Integers, buyers: Floats, weight: Floats) -> float:
    """Pairs in order between the halves (last bit 0 and 1) of each group, rows sorted by group and level."""
    group = turn >> 1
    starts = np.flatnonzero(_changes(group) | _changes(level))
    early = np.add.reduceat(buyers * (turn & 1 == 0), starts)
    late = np.add.reduceat(weight * (turn & 1), starts)
    through = np.bincount(group[starts], late).cumsum()[group[starts]]
    return float((early * (through - late.cumsum() + late / 2)).sum())


def _confusion(actual: Column, predicted: Column, classes: Sequence[object], weight: Column | None) -> Floats:
    places = {
        "actual": _places("actual", actual, classes),
        "predicted": _places("predicted", predicted, classes),
    }
    weights, true, guess = rows(weight, **places)
    size = len(classes)
    counts = np.bincount((true * size + guess).astype(np.intp), weights, minlength=size**2)
    return counts.astype(np.float64).reshape(size, size)


def _places(name: str, column: Column, classes: Sequence[object]) -> Integers:
    if isinstance(classes, int):
        raise PatronError(
            f"Metric needs the classes in their order, got {classes}. Write classes=range({classes})."
        )
    values = np.asarray(column)
    same = values[..., None] == np.asarray(classes)
    if not same.any(axis=-1).all():
        strange = values[~same.any(axis=-1)][0]
        raise PatronError(
            f"Metric column '{name}' holds {strange!s}, which is not one of the classes: {listed(classes)}. "
            "Add it to `classes` at its place in the order."
        )
    return np.asarray(same.argmax(axis=-1))
