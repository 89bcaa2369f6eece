"""Say how well waits are told, of which many had not ended when they were last seen."""

import numpy as np

from patron.evaluation.columns import Column, Floats, Integers, binary, changes, mean, ratio, rows

__all__ = ["concordance", "coverage", "early", "held", "late"]


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
    return ratio(_in_order(turn, expected, buyers, weights), (buyers * later[turn]).sum())


def coverage(days: Column, bought: Column, low: Column, high: Column, *, weight: Column | None = None) -> float:
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
    return mean((awaited | (low <= days)) & (days <= high), weights)


def early(days: Column, low: Column, *, end: float, weight: Column | None = None) -> float:
    """Learn how many came before their interval began; of an 80 % interval it should be a tenth.

    `days` (n,) until the purchase or, for those still awaited, `end`, the days of observation; `low` (n,) days. Counted
    are the customers whose `low` lies within the observation, for whom alone it is known. nan without any.

    >>> early(days=[2, 9, 30, 30], low=[3, 5, 12, 40], end=30)
    0.3333333333333333
    """
    weights, days, low = rows(weight, days=days, low=low)
    return mean(days < low, weights * (low < end))


def late(days: Column, high: Column, *, end: float, weight: Column | None = None) -> float:
    """Learn how many came after their interval had ended; of an 80 % interval it should be a tenth.

    As `early`, counted among the customers whose `high` (n,) lies within the observation.

    >>> late(days=[2, 9, 30, 30], high=[8, 8, 20, 60], end=30)
    0.6666666666666666
    """
    weights, days, high = rows(weight, days=days, high=high)
    return mean(days > high, weights * (high < end))


def held(days: Column, low: Column, high: Column, *, end: float, weight: Column | None = None) -> float:
    """Learn how often intervals of waiting hold although some reach beyond the observation: neither early nor late.

    Each side is counted where it is known (see `early` and `late`), so nobody who is still awaited counts as a hit or
    as a miss before the interval has closed. nan where no interval closes within the observation.

    >>> held(days=[2, 9, 30, 30], low=[3, 5, 40, 40], high=[8, 10, 60, 60], end=30)
    0.5
    """
    return 1.0 - early(days, low, end=end, weight=weight) - late(days, high, end=end, weight=weight)


def _in_order(turn: Integers, expected: Floats, buyers: Floats, weight: Floats) -> float:
    """Weight of the pairs whose first has the smaller `turn` and `expected` (half where the latter ties).

    Two turns differ first at exactly one bit, so each pair is met once: at that bit, in the group of rows
    that agree in all higher bits, sorted by `expected`. Each step sorts the groups of the next, stably, as a
    radix sort does.
    """
    order = np.argsort(expected, kind="stable")
    level = changes(expected[order]).cumsum()
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
    starts = np.flatnonzero(changes(group) | changes(level))
    early = np.add.reduceat(buyers * (turn & 1 == 0), starts)
    late = np.add.reduceat(weight * (turn & 1), starts)
    through = np.bincount(group[starts], late).cumsum()[group[starts]]
    return float((early * (through - late.cumsum() + late / 2)).sum())
