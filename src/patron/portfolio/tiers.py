"""Tiers: customers by the profit of the last horizon, what each tier brings and costs, and where it leads."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.models.serving import tier_codes
from patron.questions.kinds import Tier

__all__ = ["next_tiers", "tier_lows", "tier_of"]


def tier_lows(question: Tier, profit: np.ndarray) -> list[float]:
    """Return the lowest profit of each tier but the last, rising, from 0.

    They are those of the question, or else hold the shares of the customers with a profit; where nobody has any, no
    profit reaches them.

    Args:
        question: which tiers there are.
        profit: of the last horizon of each customer, shape (n,).
    """
    gains = profit[profit > 0]
    if question.thresholds:
        return [0.0, *reversed(question.thresholds)]
    if not len(gains):
        return [0.0, *(np.inf for _ in question.tiers)]
    shares = np.cumsum(list(question.tiers.values()))
    return [0.0, *(float(low) for low in reversed(np.quantile(gains, 1.0 - shares)))]


def tier_of(question: Tier, lows: Sequence[float], profit: np.ndarray) -> np.ndarray:
    """Return the tier of each profit, shape (n,).

    Args:
        question: which tiers there are.
        lows: what `tier_lows` returns.
        profit: of the last horizon of each customer, shape (n,).

    >>> from patron.questions.kinds import tier
    >>> from patron.questions.profit import CostModel
    >>> question = tier(90, CostModel(margin_rate=0.4))
    >>> tier_of(question, [0.0, 10.0, 100.0], np.array([-1.0, 5.0, 10.0, 500.0])).tolist()
    ['lead', 'iron', 'gold', 'platinum']
    """
    return np.asarray(question.names, dtype=object)[tier_codes(list(lows), profit)]


def next_tiers(moves: pd.DataFrame) -> pd.DataFrame:
    """Return where each tier leads: the share that stayed, rose and fell since the earlier cutoff, and the likeliest.

    Args:
        moves: what `patron.portfolio.migration.moves` returns, of tiers in order, worst first.

    Returns:
        by tier: `stayed`, `rose` and `fell`, shares of those who stood in it, missing where nobody did; and `next`.

    >>> table = pd.DataFrame([[3, 1], [1, 1]], ["lead", "gold"], ["lead", "gold"])
    >>> next_tiers(table).values.tolist()
    [[0.75, 0.25, 0.0, 'lead'], [0.5, 0.0, 0.5, 'lead']]
    """
    counts = moves.loc[list(moves.columns)].to_numpy(np.float64)
    total = counts.sum(axis=1)
    of_those = np.where(total > 0, total, np.nan)
    likeliest = np.asarray(moves.columns, dtype=object)[counts.argmax(axis=1)]
    return pd.DataFrame(
        {
            "stayed": np.diag(counts) / of_those,
            "rose": np.triu(counts, 1).sum(axis=1) / of_those,
            "fell": np.tril(counts, -1).sum(axis=1) / of_those,
            "next": np.where(total > 0, likeliest, None),
        },
        index=moves.columns,
    )
