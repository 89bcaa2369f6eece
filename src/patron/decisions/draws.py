"""Draws: chance that belongs to a customer and a seed alone, so that no other customer and no order of rows changes it.

They decide who is held out, and who gets an offer where a budget reaches only some of those who are alike.
"""

from hashlib import blake2b

import numpy as np
import pandas as pd

from patron.decisions.table_checks import check_once

__all__ = ["drawn_lots", "drawn_order", "draws", "lowest", "start"]

BLOCK = 100_000  # keys that are Python's at once


def drawn_order(scores: pd.DataFrame, seed: int) -> np.ndarray:
    """Draw the order in which customers of equal gain are chosen, by another draw than that of the control.

    Raises:
        ScoreError: a customer comes twice, which only equal draws can hide.
    """
    drawn = draws(scores.customer, f"{seed}:tie")
    order = np.argsort(drawn, kind="stable")
    if (np.diff(drawn[order]) > 0).all():
        return order
    check_once(scores, ["customer"], "scores")
    return np.lexsort((scores.customer.astype(str), drawn))


def draws(customers: pd.Series, seed: object) -> np.ndarray:
    """Return a number from 0 to 1 for each customer.

    >>> alone, with_others = draws(pd.Series(["ann"]), 0), draws(pd.Series(["bob", "ann"]), 0)
    >>> bool(alone[0] == with_others[1])
    True
    """
    blocks = (customers.iloc[start : start + BLOCK].tolist() for start in range(0, len(customers), BLOCK))
    return np.fromiter((_drawn(customer, seed) for block in blocks for customer in block), float, len(customers))


def start(seed: object) -> float:
    """Return the number from 0 to 1 by which `drawn_lots` rounds."""
    return _drawn("", f"{seed}:start")


def drawn_lots(draw: np.ndarray, stratum: np.ndarray, share: float, rounding: float) -> np.ndarray:
    """Return who is drawn: of each stratum those with the lowest draws, each with exactly the chance of the share.

    Counts are rounded by one number for all strata, so that a stratum too small for one of its own has it as often
    as it should, and all together have as many as the share says, give or take one.

    Args:
        draw: a number from 0 to 1 that belongs to each.
        stratum: of each, in the order of which counts are rounded.
        share: chance to be drawn.
        rounding: a number from 0 to 1 that belongs to the seed.

    >>> draw = np.array([0.9, 0.1, 0.5, 0.2])
    >>> drawn_lots(draw, np.zeros(4), 0.5, 0.3).tolist()
    [False, True, False, True]
    """
    if not len(draw):
        return np.zeros(0, dtype=bool)
    _, place = np.unique(stratum, return_inverse=True)
    size = np.bincount(place)
    count = np.diff(np.floor(share * np.concatenate([[0], size.cumsum()]) + rounding))
    return lowest(draw, place, count)


def lowest(draw: np.ndarray, stratum: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return who has the lowest draws of each stratum.

    Args:
        draw: a number from 0 to 1 that belongs to each.
        stratum: of each, counted from 0.
        count: how many of each stratum.
    """
    size = np.bincount(stratum, minlength=len(count))
    order = np.lexsort((draw, stratum))
    rank = np.empty(len(draw), dtype=np.int64)
    rank[order] = np.arange(len(draw)) - (size.cumsum() - size)[stratum[order]]
    return np.asarray(rank < count[stratum])


def _drawn(customer: object, seed: object) -> float:
    return int.from_bytes(blake2b(f"{seed}:{customer}".encode(), digest_size=8).digest(), "big") / 2**64
