"""Calibration: the chance that the next basket holds a candidate, learned from scores of a back-test.

A logistic regression on the score and on how much the customer buys, then what came of each height (isotonic): of one
customer the candidate with the higher score never has the lower chance.
"""

import numpy as np
import pandas as pd

from patron.models.serving import SCORE, ChanceSpec, chance_log_odds

__all__ = ["fit_chances"]

INPUTS = (SCORE, "size", "size_5", "visits", "recency")
FEWEST = 20
KNOTS = 100
STRENGTH = 1.0


def fit_chances(scores: np.ndarray, X: pd.DataFrame, hits: np.ndarray) -> ChanceSpec | None:
    """Return how scores become chances, or nothing where too little came to learn it from.

    Args:
        scores: of candidates at past cutoffs, shape (n,).
        X: what is known of them.
        hits: whether the next basket held each, shape (n,).
    """
    if min(hits.sum(), (~hits).sum()) < FEWEST:
        return None
    from sklearn.isotonic import IsotonicRegression  # imports scikit-learn, which scoring does without
    from sklearn.linear_model import LogisticRegression

    plain: ChanceSpec = {"inputs": list(INPUTS), "coef": [], "intercept": 0.0, "knots": [], "chances": []}
    identity = np.eye(len(INPUTS))
    inputs = np.column_stack([chance_log_odds({**plain, "coef": list(unit)}, scores, X) for unit in identity])
    centre, scale = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-9)
    fitted = LogisticRegression(C=STRENGTH).fit((inputs - centre) / scale, hits)
    coef = fitted.coef_[0] / scale
    if coef[0] <= 0:
        return None
    spec: ChanceSpec = {**plain, "coef": coef.tolist(), "intercept": float(fitted.intercept_[0] - coef @ centre)}
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(log_odds := chance_log_odds(spec, scores, X), hits)
    knots = np.unique(np.quantile(log_odds, np.linspace(0.0, 1.0, KNOTS) ** 0.25))
    return {**spec, "knots": knots.tolist(), "chances": isotonic.predict(knots).tolist()}
