"""Optimum: one offer or none for each row, so that all gain the most while scarce things last.

Small problems are solved exactly. Of large ones prices settle nearly all rows, and the few about which prices say
little are solved exactly with what the others leave (the core of a knapsack: Balas and Zemel 1980, "An algorithm for
large zero-one knapsack problems").
"""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from patron.decisions.prices import best_at, prices

__all__ = ["SMALL", "Allocation", "optimal"]

SMALL = 2_000  # offers to rows that are solved exactly, within seconds
NODES, NODES_OF_CORE = 2_000, 100
CLOSE = 1e-9


@dataclass(frozen=True)
class Allocation:
    """Which offer each row gets, and how much better any other allocation could be.

    Args:
        offer: the position of each row's offer, or -1, shape (rows,).
        bound: the most that any allocation could gain, in currency.
        price: what each offer must gain for what is scarce to suffice, in currency, shape (offers,).
    """

    offer: np.ndarray
    bound: float
    price: np.ndarray


def optimal(gain: np.ndarray, use: np.ndarray, most: np.ndarray) -> Allocation:
    """Allocate one offer or none to each row, so that all gain the most.

    Of rows that are alike the first ones get offers.

    Args:
        gain: expected gain, -inf where a row may not get the offer, shape (rows, offers).
        use: what one offer takes of each scarce thing, shape (offers, things).
        most: how much there is of each thing, infinite where nothing limits it, shape (things,).

    >>> gain = np.array([[5.0, 6.0], [1.0, 8.0], [3.0, -np.inf]])
    >>> best = optimal(gain, use=np.array([[2.0, 1.0], [6.0, 0.0]]), most=np.array([8.0, 1.0]))
    >>> best.offer.tolist(), best.bound
    ([0, 1, -1], 13.0)
    """
    gain, scarce = np.asfortranarray(gain), np.isfinite(most)
    use, most = use[:, scarce], most[scarce]
    dual = prices(gain, use, most)
    price = use @ dual.price
    pick, margin = _margins(gain, price)
    size = max(1, SMALL // gain.shape[1])
    while True:
        core = _core(margin, size)
        rest = np.flatnonzero(~core & (pick >= 0))
        left = most - np.bincount(pick[rest], minlength=len(use)) @ use
        if (left >= -CLOSE * np.maximum(1.0, most)).all() or core.all():
            break
        size *= 4
    rows = np.flatnonzero(core)
    whole = bool((margin[~core] == np.inf).all())
    pick[rows], bound = _exact(gain[rows], use, np.maximum(left, 0.0), NODES if whole else NODES_OF_CORE)
    return Allocation(pick, min(dual.bound, bound) if whole else dual.bound, price)


def _margins(gain: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best offer of each row at some prices, -1 where none earns its price, and by how much it is the best."""
    pick, best = best_at(gain, price)
    second = np.full(len(gain), -np.inf)
    for j in range(gain.shape[1]):
        np.maximum(second, np.where(pick == j, -np.inf, gain[:, j] - price[j]), out=second)
    return pick, np.where(pick >= 0, best - np.maximum(second, 0.0), -second)


def _core(margin: np.ndarray, size: int) -> np.ndarray:
    """Which rows prices say the least about: so many, and all that are as near as the last of them."""
    edge = np.partition(margin, size - 1)[size - 1] if size < len(margin) else np.inf
    scale = CLOSE * max(1.0, float(np.abs(margin[np.isfinite(margin)]).max(initial=0.0)))
    return np.asarray((margin <= max(edge, scale)) & (margin < np.inf))


def _exact(gain: np.ndarray, use: np.ndarray, most: np.ndarray, nodes: int) -> tuple[np.ndarray, float]:
    """The best allocation of a few rows, and the most that any of theirs could gain; rows that are alike are one."""
    picked = np.full(len(gain), -1)
    kinds, kind, size = np.unique(gain, axis=0, return_inverse=True, return_counts=True)
    row, offer = np.nonzero(kinds > 0)
    if not len(row):
        return picked, 0.0
    limits = size, use, most
    counts, bound = _counts(kinds[row, offer], (row, offer), limits, nodes)
    order = np.argsort(kind.ravel(), kind="stable")
    starts = np.concatenate([[0], np.cumsum(size)])
    given = np.zeros(len(kinds), dtype=np.int64)
    for i in np.flatnonzero(counts):
        first = starts[row[i]] + given[row[i]]
        picked[order[first : first + counts[i]]] = offer[i]
        given[row[i]] += counts[i]
    return picked, bound


def _counts(
    gain: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], limits: tuple[np.ndarray, ...], nodes: int
) -> tuple[np.ndarray, float]:
    """How many rows of each kind get each offer, by HiGHS, and the most that could be gained.

    Args:
        gain: of each pair of a kind and an offer.
        pairs: their positions.
        limits: rows of each kind; use and most, as for `optimal`.
        nodes: of the search tree after which the best plan so far is taken.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, vstack

    (kind, offer), (size, use, most) = pairs, limits
    unit = np.where(use > 0, use, np.inf).min(axis=0, initial=np.inf)
    unit = np.where(np.isfinite(unit), unit, 1.0)
    places = np.arange(len(kind))
    rows = vstack(
        [
            csr_array((np.ones(len(kind)), (kind, places)), shape=(len(size), len(kind))),
            csr_array((use / unit)[offer].T),
        ]
    )
    scale = float(gain.max())
    with _silence():
        best = milp(
            -gain / scale,
            constraints=LinearConstraint(rows, ub=np.concatenate([size, most / unit])),
            bounds=Bounds(0, size[kind]),
            integrality=np.ones(len(kind)),
            options={"mip_rel_gap": CLOSE, "node_limit": nodes},
        )
    if best.x is None:
        return np.zeros(len(kind), dtype=np.int64), math.inf
    bound = -best.fun if best.status == 0 else -best.mip_dual_bound
    return np.rint(best.x).astype(np.int64), float(bound) * scale


@contextmanager
def _silence() -> Iterator[None]:
    """Keep lines that HiGHS writes past Python, whatever its options say, from who reads the output."""
    sys.stdout.flush()
    kept, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nothing)
