"""Rankings: the candidates of a next basket, put in order, each with the chance that the basket holds it."""

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.models.serving.specs import BasketSpec, ChanceSpec
from patron.models.serving.sums import weighted_sums

OWN, ALIKE = "own_share", "like_share"
SCORE = "score"


def candidate_scores(spec: BasketSpec, ranker: lgb.Booster | None, candidates: pd.DataFrame) -> np.ndarray:
    """Return a score for each candidate, the likeliest of a customer highest, whatever the order of the columns.

    Raises:
        ValueError: a column is missing, or the ranker is.
    """
    missing = [name for name in spec["columns"] if name not in candidates.columns]
    if missing:
        raise ValueError(f"The ranking was trained on {', '.join(missing)}, which these candidates lack.")
    if spec["way"] == "neighbours":
        weight = spec["own_weight"]
        own, alike = (candidates[name].to_numpy(dtype=np.float64) for name in (OWN, ALIKE))
        return np.asarray(weight * np.nan_to_num(own) + (1.0 - weight) * np.nan_to_num(alike))
    if ranker is None:
        raise ValueError(f"The bundle ranks by trees, but the folder has no next_{spec['by']}.txt. Copy all of it.")
    X = candidates[spec["columns"]].to_numpy(dtype=np.float32)
    return np.asarray(ranker.predict(X, num_iteration=spec["rounds"], num_threads=0))


def candidate_chances(spec: ChanceSpec | None, scores: np.ndarray, candidates: pd.DataFrame) -> np.ndarray:
    """Return the chance that the next basket holds each candidate; scores as they are where nothing was learned."""
    if spec is None:
        return np.clip(scores, 0.0, 1.0)
    return np.interp(chance_log_odds(spec, scores, candidates), spec["knots"], spec["chances"])


def chance_log_odds(spec: ChanceSpec, scores: np.ndarray, candidates: pd.DataFrame) -> np.ndarray:
    """Return the linear part of the chances: of the score, and of logarithms of what is known of the customer."""
    columns = [scores if name == SCORE else _logarithm(candidates[name]) for name in spec["inputs"]]
    return weighted_sums(np.column_stack(columns), np.asarray(spec["coef"])) + spec["intercept"]


def _logarithm(column: pd.Series) -> np.ndarray:
    return np.log1p(np.nan_to_num(column.to_numpy(dtype=np.float64)))
