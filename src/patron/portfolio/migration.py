"""Migration: how many customers move from each tier to each other one."""

from collections.abc import Sequence

import pandas as pd

__all__ = ["migration"]


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
