"""Ties between customers: who brought whom, who lives with whom, as far as both ends are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import BooleanValue, Table
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from patron.history.history import History
from patron.periods import EVER, Moment, instant

__all__ = ["LOOP", "REFERRALS", "Referrals", "referrals_of", "tie_clusters", "ties_before"]

REFERRALS, TIES, REFERRAL = "referrals", "ties", "referral"
LOOP = "a loop"
LATE = 30.0  # days after the first order, from which on a referral has brought nobody
NOBODY = -1


@dataclass(frozen=True)
class Referrals:
    """Who brought whom, without loops, each customer by at most one other.

    Args:
        referrer: the place of the customer who brought each, or -1, shape (n,).
        depth: how many customers stand above each in the chain of who brought whom, shape (n,).
        cut: how many ties carry nothing, by the reason why.
    """

    referrer: np.ndarray
    depth: np.ndarray
    cut: dict[str, int]


def ties_before(history: History, cutoff: datetime) -> pd.DataFrame | None:
    """Return the ties known before a cutoff; None where no table tells whom a tie leads to.

    Args:
        history: the checked event tables; `referrals`, and `ties` of which the kind is "referral" or another.
        cutoff: only ties before it are looked at.

    Returns:
        `customer` and `other`, their two ends (of a referral who brought whom), `is_referral`, and `days_ago`; of
        a tie that is told several times the first.
    """
    frames = []
    for name in (REFERRALS, TIES):
        if name in history.tables and "other" in history[name].columns:
            rows = history.past(name, cutoff, EVER)
            frames.append(rows.select("customer", "other", "days_ago", is_referral=_are_referrals(name, rows)))
    if not frames:
        return None
    table = pd.concat([frame.to_pandas() for frame in frames], ignore_index=True)
    ends = ["customer", "other", "is_referral"]
    first = table.astype({"is_referral": bool}).sort_values(["days_ago", "customer", "other"], ascending=False)
    return first.drop_duplicates(ends, ignore_index=True)


def tie_clusters(history: History, at: Moment) -> pd.DataFrame | None:
    """Return which customers are tied to each other, directly or through others; None where no table tells ties.

    Args:
        history: the checked event tables; `ties` or `referrals` with the other end of each tie as `other`.
        at: only ties before it count.

    Returns:
        `customer`, and `ties`: the same for all who are tied together, which is the first of their keys. Who is tied
        to nobody is not in it.
    """
    pairs = ties_before(history, instant(at))
    if pairs is None:
        return None
    ends = pd.concat([pairs.customer, pairs.other], ignore_index=True)
    place, keys = pd.factorize(ends, sort=True)
    first, second = np.split(place, 2)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(keys), len(keys)))
    part = connected_components(graph, directed=False)[1]
    return pd.DataFrame({"customer": keys, "ties": pd.Series(keys).groupby(part).transform("first")})


def referrals_of(ties: pd.DataFrame, customers: pd.Series, tenure: np.ndarray) -> Referrals:
    """Return who brought whom, with the ties that carry nothing counted by the reason.

    The first referral of a customer counts. In a loop the latest referral is cut.

    Args:
        ties: what `ties_before` returns.
        customers: keys of n customers.
        tenure: days since the first order of each, shape (n,).

    >>> ties = pd.DataFrame({"customer": ["a", "b", "x"], "other": ["b", "a", "a"], "days_ago": [9.0, 5.0, 9.0],
    ...                      "is_referral": True})
    >>> result = referrals_of(ties, pd.Series(["a", "b"]), np.array([9.0, 9.0]))
    >>> result.referrer.tolist(), result.cut["a loop"], result.cut["an unknown customer"]
    ([-1, 0], 1, 1)
    """
    keys = pd.Index(customers)
    rows = ties[ties.is_referral].sort_values(["days_ago", "customer", "other"], ascending=[False, True, True])
    rows = rows.assign(top=keys.get_indexer(rows.customer), brought=keys.get_indexer(rows.other))
    cut = {}
    for reason, carries_nothing in REASONS.items():
        bad = carries_nothing(rows, tenure)
        cut[reason], rows = int(bad.sum()), rows[~bad]
    referrer = np.full(len(keys), NOBODY)
    referrer[rows.brought] = rows.top
    latest = _latest_of_loops(referrer, rows)
    referrer[latest] = NOBODY
    return Referrals(referrer, _depth(referrer), cut | {LOOP: len(latest)})


REASONS: Mapping[str, Callable[[pd.DataFrame, np.ndarray], pd.Series]] = {
    "an unknown customer": lambda rows, tenure: (rows.top < 0) | (rows.brought < 0),
    "the customer itself": lambda rows, tenure: rows.top == rows.brought,
    "a customer who had ordered for a month": lambda rows, tenure: rows.days_ago < tenure[rows.brought] - LATE,
    "a customer whom another brought before": lambda rows, tenure: rows.duplicated("brought"),
}
"""Why a referral carries nothing: it leads to ..., each tried on those that are left."""


def _latest_of_loops(referrer: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
    """Return of each loop the customer who was brought last, shape (loops,)."""
    n, has = len(referrer), referrer >= 0
    graph = coo_array((np.ones(has.sum()), (np.flatnonzero(has), referrer[has])), shape=(n, n))
    part = connected_components(graph, connection="strong")[1]
    in_loop = np.bincount(part)[part[rows.brought]] > 1
    latest = rows[in_loop].assign(part=part[rows.brought][in_loop]).groupby("part").brought.last()
    return latest.to_numpy()


def _depth(referrer: np.ndarray) -> np.ndarray:
    depth, above = np.zeros(len(referrer), int), referrer
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, referrer[above], NOBODY)
    return depth


def _are_referrals(name: str, rows: Table) -> BooleanValue:
    if name == REFERRALS or "kind" not in rows.columns:
        return ibis.literal(True)
    return (rows.kind.lower() == REFERRAL).fill_null(False)
