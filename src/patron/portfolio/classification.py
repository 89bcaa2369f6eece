"""Classification: segments, tiers and relationships of customers at several cutoffs, by the thresholds of the last."""

from collections.abc import Sequence

import pandas as pd

from patron.portfolio.buying_style import STAGES
from patron.portfolio.customers import LATELY
from patron.portfolio.loyalty import RELATIONSHIPS, relationship_of, usual_profit
from patron.portfolio.rfm import LEAST, rfm
from patron.portfolio.segments import segment_names, segment_of
from patron.portfolio.terms import PortfolioTerms
from patron.portfolio.tiers import tier_lows, tier_of
from patron.questions.kinds import Tier

__all__ = ["SCORE", "class_names", "classified"]

SCORE = "score_"


def classified(frames: Sequence[pd.DataFrame], question: Tier | None, terms: PortfolioTerms) -> list[pd.DataFrame]:
    """Return customers with the classes that their columns suffice for, by thresholds of the last of the tables.

    Args:
        frames: what `patron.portfolio.customers.customers_at` returns, with `equity_of` beside it where it is known.
        question: which tiers there are.
        terms: how customers are scored and named.

    Returns:
        the same with `score_recency`, `score_frequency`, `score_money` and `segment` where there are enough customers;
        `tier` where profit is known; `relationship` where equity is known beside it.
    """
    last = frames[-1]
    results = [frame.copy() for frame in frames]
    if len(last) >= LEAST:
        results = _with_segments(results, terms)
    if question:
        lows = tier_lows(question, last[f"profit{LATELY}"].to_numpy())
        results = [f.assign(tier=tier_of(question, lows, f[f"profit{LATELY}"].to_numpy())) for f in results]
    if question and all("equity" in frame for frame in frames):
        usual = usual_profit(last)
        results = [frame.assign(relationship=relationship_of(frame, usual)) for frame in results]
    return results


def class_names(question: Tier | None, terms: PortfolioTerms) -> dict[str, tuple[str, ...]]:
    """Return the names of all classes, by the column that holds them."""
    tiers = {"tier": question.names} if question else {}
    return {
        "segment": segment_names(terms.segments),
        **tiers,
        "relationship": tuple(RELATIONSHIPS),
        "loyalty_stage": tuple(STAGES),
    }


def _with_segments(frames: Sequence[pd.DataFrame], terms: PortfolioTerms) -> list[pd.DataFrame]:
    thresholds = terms.thresholds(frames[-1])
    scores = [rfm(frame, thresholds) for frame in frames]
    return [
        pd.concat([frame, score.add_prefix(SCORE)], axis=1).assign(segment=segment_of(score, terms.segments))
        for frame, score in zip(frames, scores, strict=True)
    ]
