"""Draws: chance that belongs to a customer and a seed alone, so that no other customer and no order of rows changes it.

They decide who is held out, and who gets an offer where a budget reaches only some of those who are alike.
"""

from hashlib import blake2b

import numpy as np
import pandas as pd

from patron.decisions.table_checks import check_once

__all__ = ["drawn_order", "draws"]

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


def _drawn(customer: object, seed: object) -> float:
    return int.from_bytes(blake2b(f"{seed}:{customer}".encode(), digest_size=8).digest(), "big") / 2**64
