"""Compute how good scores are beside what came true, be it an event or an amount."""

import numpy as np

from patron.metrics.columns import (
    SMALLEST_PROBABILITY,
    Column,
    binary,
    by_draw,
    mean,
    precision,
    probability,
    rank_covariance,
    ratio,
    rows,
    sums,
    top_sums,
)

__all__ = [
    "auc",
    "average_precision",
    "bias",
    "brier",
    "decile_error",
    "log_loss",
    "mean_absolute_error",
    "normalized_gini",
    "root_mean_squared_error",
]


@by_draw
def auc(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return how often a customer with the event scores above one without; a tie counts one half.

    `actual` (n,) is 0 or 1, `predicted` (n,) any score, higher is likelier. nan with one class only.
    Source: Mann and Whitney (1947); Hanley and McNeil (1982), as a sum of mid-ranks.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    yes, no = sums(binary("actual", true), weights), sums(1 - true, weights)
    return 0.5 + ratio(rank_covariance(true, guess, weights), yes * no)


@by_draw
def average_precision(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return how pure the top of the list is, averaged over the events found on the way down.

    `actual` (n,) is 0 or 1, `predicted` (n,) any score. Sum over distinct scores of precision x gain in
    recall, no interpolation. nan without events. Source: Zhu (2004), Recall, precision and average precision.

    >>> average_precision([1, 0, 1], [0.9, 0.8, 0.7])
    0.8333333333333333
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return ratio(precision(binary("actual", true), guess, weights), sums(true, weights))


@by_draw
def log_loss(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return how surprised the probabilities were by what happened (mean negative log likelihood, in nats).

    `actual` (n,) is 0 or 1, `predicted` (n,) probabilities, clipped to [1e-15, 1 - 1e-15], so that one
    certain mistake costs 34.5 and not infinity. Source: Good (1952), Rational decisions.

    >>> round(log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    yes = np.clip(probability(guess), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return mean(-np.log(np.where(binary("actual", true) == 1, yes, 1 - yes)), weights)


@by_draw
def brier(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return how far probabilities lie from what happened, as a mean squared difference.

    `actual` (n,) is 0 or 1, `predicted` (n,) probabilities. Source: Brier (1950).

    >>> round(brier([1, 0], [0.8, 0.4]), 3)
    0.1
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return mean((probability(guess) - binary("actual", true)) ** 2, weights)


@by_draw
def bias(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return by what share the predictions promise too much in total: sum predicted / sum actual - 1.

    `actual` (n,) and `predicted` (n,) share a unit (events, money). nan where the actual sum is zero; where
    it is negative (a loss), a positive bias is a greater loss than came true.

    >>> bias([1, 0, 1], [0.9, 0.6, 0.9])
    0.19999999999999996
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return ratio(sums(guess, weights), sums(true, weights)) - 1


@by_draw
def mean_absolute_error(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return by how much a prediction is off on average, in the unit of `actual` (n,) and `predicted` (n,).

    >>> mean_absolute_error([10, 20], [12, 16])
    3.0
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return mean(np.abs(guess - true), weights)


@by_draw
def root_mean_squared_error(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return by how much a prediction is off where big mistakes hurt most, in the unit of `actual` (n,).

    >>> root_mean_squared_error([10, 20], [13, 16])
    3.5355339059327378
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    return mean((guess - true) ** 2, weights) ** 0.5


@by_draw
def normalized_gini(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return how well a score sorts customers by worth: 1 is the best order, 0 chance, -1 the reverse.

    `actual` (n,) amounts of any sign, `predicted` (n,) any score. The covariance of amount and mid-rank of
    the score over that of amount and its own mid-rank, so a total of zero or less does no harm. nan where all
    amounts are equal. Source: Lerman and Yitzhaki (1984); Frees, Meyers and Cummings (2011).

    >>> normalized_gini([0, 10, 30], [1, 3, 2])
    0.3333333333333333
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    ours, best = (rank_covariance(true, score, weights) for score in (guess, true))
    return ratio(ours, best)


@by_draw
def decile_error(actual: Column, predicted: Column, *, weight: Column | None = None) -> float:
    """Return how far the totals of ten predicted groups are from what came true, as a share of it.

    `actual` (n,) and `predicted` (n,) share a unit. Rows sorted by prediction fall into ten groups of equal
    weight (rows that tie or straddle are shared out); sum of |predicted - actual| over sum of |actual| of the
    group totals. nan where all totals are zero. Source: after the decile-level error of Wang, Liu and Miao
    (2019), with sums in place of ratios, so that a group worth nothing does not outweigh the others.

    >>> decile_error([0] * 5 + [10] * 5, [2] * 5 + [8] * 5)
    0.4
    """
    weights, true, guess = rows(weight, actual=actual, predicted=predicted)
    tenths = np.linspace(0, 1, 11)
    earned, promised = (np.diff(top_sums(values, guess, weights, tenths), axis=0) for values in (true, guess))
    return ratio(np.abs(promised - earned).sum(axis=0), np.abs(earned).sum(axis=0))
