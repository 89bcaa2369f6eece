"""Scores: today's answers to all questions side by side, one row for each customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd

from patron.history.history import History
from patron.models.baskets import Suggesting
from patron.models.serving import Bundle, shape_of
from patron.periods import Span
from patron.questions.matrices import Matrix
from patron.scoring.model import check_definitions
from patron.scoring.stable_tiers import score_stable_tiers
from patron.scoring.story import joint_answers

__all__ = ["PRICE", "side_by_side", "suggesting", "with_baskets"]

PRICE, TERM, MONTH = "monthly_price", "contract_term", 30.4375


def side_by_side(
    models: Mapping[str, Bundle], horizon: Span, rows: Matrix, earlier: Matrix, value: float | None
) -> pd.DataFrame:
    """Return every model's answers for each customer, in one story, with what follows from them.

    Args:
        models: the champion of each question, by the question's name.
        horizon: how far ahead the first question looks.
        rows: features of the customers at one cutoff.
        earlier: features of the same customers at the cutoffs before it that stable tiers look back at.
        value: profit of a kept customer over the horizon, in currency, where no tier question tells it.

    Returns:
        `customer`, `cutoff`, the answers of `patron.scoring.story.joint_answers`; `settled_tier` where there is a tier
        question; `value`, the profit at stake, where it is known (0 for who never paid; where nothing else tells it,
        the price of the contracts that run, over the horizon or their term if that is longer).

    Raises:
        ScoreError: a feature is missing, or means something else than in training.
    """
    for model in models.values():
        check_definitions(model, rows)
    answers = pd.concat([rows.key, *joint_answers(models, rows.X)], axis=1)
    scores = _with_value(answers, value, rows.X, horizon)
    for model in (model for model in models.values() if shape_of(model.spec["answer"]) == "ordinal"):
        scores = scores.assign(settled_tier=score_stable_tiers(models, model, earlier, scores))
    return scores


def suggesting(models: Mapping[str, Bundle], history: History, cutoff: datetime, memory: float) -> list[Suggesting]:
    """Return what tells the next baskets at a cutoff, by category and item, where a model knows them.

    Args:
        models: by question.
        history: the checked event tables.
        cutoff: the instant at which customers are looked at.
        memory: gigabytes that order lines may take; more are read part by part.
    """
    carried = [(model, basket["by"]) for model in models.values() for basket in model.spec.get("baskets", ())]
    return [Suggesting.of(model, history, cutoff, by, memory / len(carried)) for model, by in carried]


def with_baskets(scores: pd.DataFrame, baskets: Sequence[Suggesting]) -> pd.DataFrame:
    """Return the scores with `next_<category or item>_<rank>`, the likeliest of each customer's next basket."""
    columns = [basket.likeliest(scores.customer, basket.top) for basket in baskets]
    return pd.concat([scores, *columns], axis=1)


def _with_value(scores: pd.DataFrame, value: float | None, known: pd.DataFrame, horizon: Span) -> pd.DataFrame:
    if value is None and "cancellation_probability" in scores and PRICE in known:
        return scores.assign(value=known[PRICE].astype(float) * (_days_kept(known, horizon) / MONTH))
    if "profit_if_active" not in scores and value is None:
        return scores
    worth = scores.profit_if_active if "profit_if_active" in scores else pd.Series(float(value or 0.0), scores.index)
    return scores.assign(value=worth.mask(_never_paid(known), 0.0))


def _days_kept(known: pd.DataFrame, horizon: Span) -> pd.Series:
    """Return for how long a kept customer pays: the horizon, or the term that is renewed where that is longer."""
    term = known[TERM].astype(float) if TERM in known else pd.Series(0.0, known.index)
    return term.fillna(0.0).clip(lower=float(horizon.days or 0))


def _never_paid(known: pd.DataFrame) -> pd.Series:
    """Return who has brought no money so far: without an order that stands, or with all of the money paid back."""
    if "spend" not in known:
        return pd.Series(False, known.index)
    paid_back = known.refund_share.fillna(0.0) if "refund_share" in known else 0.0
    return (known.spend.fillna(0.0) <= 0) | (paid_back >= 1)
