"""Models to explain: one whose pushes can be counted by hand with its customer, and trained ones of each kind."""

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from patron.features.definitions import Definition
from patron.models.candidates import activity, boosted, constant, logit
from patron.models.recent_level import shifted
from patron.models.serving import Bundle, encode
from patron.models.targets import target_for
from patron.questions.kinds import Tier, churn, next_purchase
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


SLOPE, SHIFT = 0.8, -0.1
PACE = {"recency": 0, "tenure": 1, "orders": 2, "totals": [2], "days": 90}


@cache
def people(count: int = 300) -> Matrix:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "recency": rng.integers(0, 300, count).astype(np.float32),
            "profit_90d": np.where(rng.random(count) < 0.1, np.nan, rng.lognormal(5, 1, count)).astype(np.float32),
            "returned": rng.random(count).astype(np.float32),
            "country": rng.choice(np.array(["de", "uk", None], dtype=object), count),
        }
    )
    key = pd.DataFrame({"customer": [f"c{i:03d}" for i in range(count)], "cutoff": pd.Timestamp("2024-05-01")})
    return Matrix(key, X, MEANT)


@cache
def trained(kind: str, estimator: str = "trees") -> Bundle:
    rng, seen = np.random.default_rng(1), people().X
    X = encode(seen, FEATURES)
    late = seen.recency.to_numpy() / 100 + (seen.country == "uk").to_numpy() + rng.normal(size=len(X))
    question, label = {
        "churn": (churn(90), (late > 2).astype(float)),
        "next_purchase": (next_purchase(90, within=(30,)), np.where(late < 3, np.clip(30 * late, 0, 89), np.nan)),
        "tier": (Tier(churn(90).horizon), 100 - 30 * late),
    }[kind]
    target = target_for(question)
    answer = target.target_spec(question, label, seen)
    target = target.examples(answer, label)
    fitted = {
        "trees": lambda: boosted(X, target, list(seen.columns), [3], rounds=12),
        "linear": lambda: logit(X, target, [0, 1]),
        "paced": lambda: shifted(logit(X, target, [0], PACE), [0.3]),
        "rates": lambda: activity(X, target, 0, [50.0, 150.0]),
        "constant": lambda: constant(X, target),
    }[estimator]()
    shift = [SHIFT] * (len(answer["tiers"]) if kind == "tier" else 1)
    calibration = {"slope": SLOPE, "intercept": shift}
    spec = {"features": FEATURES, "estimator": fitted.spec, "calibration": calibration, "answer": answer}
    return Bundle(spec, fitted.booster)
