"""Migration: how many customers move from each tier or segment to each other one, and how stable that is."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["JOINED", "adjusted_rand", "migration", "moves"]

JOINED = "joined since"


def migration(scores: pd.DataFrame, tiers: Sequence[str]) -> pd.DataFrame:
    """Return how many customers stand in each tier today (rows) and are expected in each tier next (columns).

    Args:
        scores: answers of a tier question, with `present_tier` and `tier`.
        tiers: all tiers, worst first.

    >>> scores = pd.DataFrame({"present_tier": ["gold", "gold", "lead"], "tier": ["gold", "iron", "lead"]})
    >>> migration(scores, ["lead", "iron", "gold"]).loc["gold"].tolist()
    [0, 1, 1]
    """
    counts = pd.crosstab(scores.present_tier, scores.tier)
    return counts.reindex(index=list(tiers), columns=list(tiers), fill_value=0)


def moves(before: pd.Series, now: pd.Series, names: Sequence[str]) -> pd.DataFrame:
    """Return how many customers of each group at an earlier cutoff (rows) are in each group now (columns).

    The last row is of those who joined since.

    Args:
        before: the group of each customer (index) at the earlier cutoff.
        now: the group of each customer (index) now.
        names: all groups.

    >>> moves(pd.Series({"ann": "gold"}), pd.Series({"ann": "iron", "bob": "gold"}), ["iron", "gold"]).values.tolist()
    [[0, 0], [1, 0], [0, 1]]
    """
    earlier = before.reindex(now.index).astype(object).fillna(JOINED)
    return pd.crosstab(earlier, now).reindex(index=[*names, JOINED], columns=list(names), fill_value=0)


def adjusted_rand(before: pd.Series, now: pd.Series) -> float:
    """Return how far two groupings of the customers known at both times agree: 1 fully, 0 as by chance.

    Args:
        before: the group of each customer (index) at the earlier cutoff.
        now: the group of each customer (index) now.

    Source: L. Hubert and P. Arabie, Comparing partitions, Journal of Classification 2 (1985).

    >>> groups = pd.Series({"ann": "gold", "bob": "gold", "cid": "iron"})
    >>> adjusted_rand(groups, groups)
    1.0
    """
    counts = pd.crosstab(before.reindex(now.index).astype(object), now.astype(object)).to_numpy(np.float64)
    together, rows, columns, all_pairs = (
        float((sizes * (sizes - 1) / 2).sum())
        for sizes in (counts, counts.sum(axis=1), counts.sum(axis=0), np.array([counts.sum()]))
    )
    by_chance, most = rows * columns / max(all_pairs, 1.0), (rows + columns) / 2
    return (together - by_chance) / (most - by_chance) if most != by_chance else 1.0
