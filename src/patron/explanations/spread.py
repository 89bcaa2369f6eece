"""Spread: how far measures move single answers, beside whether their values are low or high."""

import numpy as np
import pandas as pd

from patron.explanations.drivers import SEASON
from patron.explanations.pushes import pushes
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

__all__ = ["push_spread", "typical_of_high"]

HIGH = 0.9  # of all customers, that an answer is above


def push_spread(
    model: Bundle, rows: Matrix, weights: pd.DataFrame, top: int = 8, most: int = 300, seed: int = 0
) -> pd.DataFrame:
    """Return the pushes of the weightiest measures on some customers.

    Args:
        model: any trained model.
        rows: features of n customers, at least one.
        weights: what `patron.explanations.drivers.importance` gives of them.
        top: so many measures, without the season.
        most: so many customers, a random sample where there are more.
        seed: of the sample.

    Returns:
        for each measure, the weightiest first, and customer: feature, words, push (log-odds), level (where the value is
        among those of the sample, 0 the lowest to 1 the highest; NaN for a category and where it is unknown).
    """
    sample = rows.take(np.random.default_rng(seed).permutation(np.arange(len(rows)) < most))
    batch = next(pushes(model, sample))
    total, X, names = batch.total, pd.DataFrame(batch.X), [f["name"] for f in model.spec["features"]]
    weighty = weights[(weights.push > 0) & (weights.theme != SEASON)].head(top)
    parts = [pd.DataFrame({"feature": [], "words": [], "push": [], "level": []})]
    for name, words in zip(weighty.feature, weighty.words, strict=True):
        place = names.index(name)
        level = (X[place].rank() - 1) / max(X[place].count() - 1, 1)
        known = level if model.spec["features"][place]["dtype"] != "category" else np.nan
        parts.append(pd.DataFrame({"feature": name, "words": words, "push": total[:, place], "level": known}))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def typical_of_high(model: Bundle, rows: Matrix, most: int = 300, seed: int = 0) -> Matrix:
    """Return the row of a sample whose answer is above that of nine in ten of its customers."""
    sample = rows.take(np.random.default_rng(seed).permutation(np.arange(len(rows)) < most))
    batch = next(pushes(model, sample))
    answer = batch.score.value(batch.log_odds, np.arange(len(sample)))
    chosen = np.argsort(answer, kind="stable")[int(HIGH * (len(sample) - 1))]
    return sample.take(np.arange(len(sample)) == chosen)
