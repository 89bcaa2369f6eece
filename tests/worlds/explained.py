"""A model whose pushes can be counted by hand, and the row of one customer."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from patron.features.definitions import Definition
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

MEANT = (
    Definition("recency", "Days since the last order", "habit", "days", "r", "orders"),
    Definition("profit_90d", "Money spent in 90 days", "value", "money", "s", "orders"),
    Definition("returned", "Share of orders returned", "service", "share", "t", "orders"),
    Definition("country", "Country", "lifecycle", "country", "c", "orders"),
)
FEATURES = [
    asdict(MEANT[0]) | {"dtype": "float64", "levels": [], "usual": 84.0},
    asdict(MEANT[1]) | {"dtype": "float64", "levels": [], "usual": 1234.5},
    asdict(MEANT[2]) | {"dtype": "float64", "levels": [], "usual": None},
    asdict(MEANT[3]) | {"dtype": "category", "levels": ["de", "uk"], "usual": "uk"},
]


def straight(**spec: Any) -> Bundle:
    """A churn model with one coefficient of 1 on the recency, in log1p, centred at log1p(84)."""
    estimator = {"kind": "linear", "inputs": [0], "mean": [np.log1p(84.0)], "scale": [1.0]}
    estimator |= {"coef": [[1.0]], "intercept": [[0.0]]}
    answer = {"kind": "churn", "horizon": 90}
    return Bundle({"features": FEATURES, "calibration": None, "answer": answer, "estimator": estimator} | spec)


def customer(**values: Any) -> Matrix:
    X = pd.DataFrame([{"recency": 212.0, "profit_90d": 5.0, "returned": 0.5, "country": "uk"} | values])
    return Matrix(pd.DataFrame({"customer": ["ann"], "cutoff": [pd.Timestamp("2024-05-01")]}), X, MEANT)
