"""Compute how well waits are predicted, of which many had not ended when they were last seen."""

from typing import Any

import numpy as np

from patron.metrics.columns import Column, Floats, binary, by_draw, mean, pairs, ratio, rows, sums, tally

__all__ = ["concordance", "coverage", "early", "held", "late", "passed"]

EARLY, LATE = 0.1, 0.9
MIN_CUSTOMERS = 30
BINS = 200
ROUNDING, TINY, ALMOST_ONE = 1e-9, 1e-12, 1.0 - 1e-12


@by_draw
def concordance(days: Column, bought: Column, expected: Column, *, weight: Column | None = None) -> float:
    """Return how often the customer expected sooner comes sooner, customers still awaited included.

    `days` (n,) until the purchase or the end of observation, `bought` (n,) 1 where it was a purchase,
    `expected` (n,) predicted days (any score that grows with the wait). A pair counts where the earlier is a
    purchase; a customer still awaited on the day of another's purchase counts as later; two purchases on one
    day are no pair; a tie in `expected` is one half. nan without pairs. Time n log n. Source: Harrell, Lee
    and Mark (1996).

    >>> concordance(days=[5, 9, 30], bought=[1, 1, 0], expected=[7, 40, 20])
    0.6666666666666666
    """
    weights, days, bought, expected = rows(weight, days=days, bought=bought, expected=expected)
    awaited = binary("bought", bought) == 0
    turn, level = (np.unique(column, return_inverse=True)[1] for column in (days, expected))
    return ratio(*pairs(2 * turn + awaited, ~awaited, level, weights))


@by_draw
def coverage(days: Column, bought: Column, low: Column, high: Column, *, weight: Column | None = None) -> float:
    """Return how often the interval held the day of the next purchase, as far as it was observed.

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
    return mean((awaited | (low <= days)) & (days <= high), weights)


def passed(days: Column, low: Column, median: Column, high: Column, back: Column, *, end: float) -> Floats:
    """Return how much of each customer's foretold wait had passed: 0 at the cutoff, .5 at the median day, 1 at last.

    Of answers that are right, a purchase comes at any share alike, whoever the customer is.

    `days` (n,) until the purchase or, for those still awaited, `end`, the days of observation; `low`, `median` and
    `high` (n,) days by which a tenth, half and nine tenths are foretold to be back; `back` (n,) the chance of that by
    `end`. Between these, a constant hazard is taken. Source: the probability integral transform (Rosenblatt 1952).

    >>> passed(days=[5, 30], low=[5, 5], median=[20, 20], high=[60, 60], back=[0.6, 0.6], end=30).round(6)
    array([0.1, 0.6])
    """
    _, days, low, median, high, back = rows(None, days=days, low=low, median=median, high=high, back=back)
    none, far = np.zeros(len(days)), np.full(len(days), float(end))
    by = np.sort(np.column_stack([none, low, median, high, far]), axis=1)
    tenth, half, most = (np.full(len(days), share) for share in (EARLY, 0.5, LATE))
    shares = np.column_stack([none, tenth, half, most, np.minimum(back, ALMOST_ONE)])
    hazard = np.sort(-np.log1p(-shares), axis=1)  # cumulative, at the days of `by`
    end_of = np.clip((by <= days[:, None]).sum(axis=1), 1, by.shape[1] - 1)
    each = np.arange(len(days))
    since, until, before, after = by[each, end_of - 1], by[each, end_of], hazard[each, end_of - 1], hazard[each, end_of]
    share = np.clip((days - since) / np.maximum(until - since, TINY), 0.0, 1.0)
    return -np.expm1(-(before + share * (after - before)))


@by_draw
def early(bought: Column, passed: Column, back: Column, *, weight: Column | None = None) -> float:
    """Return how many came before their 80 % interval began, which should be a tenth.

    `bought` (n,) 1 where a purchase was seen, `passed` (n,) as above, `back` (n,) the chance to be back by the end of
    observation. Those still awaited count for as long as they were observed. nan where fewer than 30 customers were
    observed to the bound. Source: the life table (Cutler and Ederer 1958) of the shares passed.

    >>> round(early(bought=[1] * 40, passed=np.arange(40) / 40, back=[1] * 40), 6)
    0.1
    """
    return 1.0 - _survival(bought, passed, back, weight, EARLY)


@by_draw
def late(bought: Column, passed: Column, back: Column, *, weight: Column | None = None) -> float:
    """Return how many came after their 80 % interval had ended, or not yet; it should be a tenth. As `early`.

    >>> round(late(bought=[1] * 40, passed=np.arange(40) / 40, back=[1] * 40), 6)
    0.1
    """
    return _survival(bought, passed, back, weight, LATE)


@by_draw
def held(bought: Column, passed: Column, back: Column, *, weight: Column | None = None) -> float:
    """Return how often 80 % intervals of waiting hold, although many reach beyond the observation. As `early`.

    >>> round(held(bought=[1] * 40, passed=np.arange(40) / 40, back=[1] * 40), 6)
    0.8
    """
    return _survival(bought, passed, back, weight, EARLY) - _survival(bought, passed, back, weight, LATE)


def _survival(bought: Column, passed: Column, back: Column, weight: Column | None, share: float) -> Any:
    """Return the share of customers who were still awaited when a share of their wait had passed."""
    weights, bought, passed, back = rows(weight, bought=bought, passed=passed, back=back)
    bins = np.floor(passed * BINS + ROUNDING).astype(np.intp)
    left, events = np.split(tally(bins + (BINS + 1) * (binary("bought", bought) == 1), 2 * (BINS + 1), weights), 2)
    at_risk = (events + left)[::-1].cumsum(axis=0)[::-1] - left / 2.0
    hazards = events / np.maximum(at_risk, TINY)
    awaited = np.prod(1.0 - hazards[: round(share * BINS)], axis=0)
    return ratio(awaited, sums((back >= share).astype(np.float64), weights) >= MIN_CUSTOMERS)
