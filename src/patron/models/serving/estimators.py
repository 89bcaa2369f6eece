"""Estimators: fitted candidates as plain JSON values and trees, and the log-odds that each gives."""

import re
from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np

from patron.models.serving.processes import process_log_odds
from patron.models.serving.specs import EstimatorSpec
from patron.models.serving.sums import weighted_sums

Booster = lgb.Booster | None
BRIEF = 0.1  # of the horizon, that no usual gap is far below


def raw_score(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Return an estimator's log-odds before calibration, shape (n, classes) or (n, 1)."""
    return np.asarray(RAW_SCORES[estimator["kind"]](estimator, booster, X, step))


def _trees(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    rows = X if step is None else np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
    options = {"num_threads": estimator.get("threads", 0), "num_iteration": estimator.get("rounds", -1)}
    log_odds = _grown(booster).predict(rows, raw_score=True, **options)
    return np.asarray(log_odds).reshape(len(X), -1)


def _grown(booster: Booster) -> lgb.Booster:
    if booster is None:
        raise ValueError("The bundle's spec tells of trees, but the folder has no booster.txt. Copy the whole folder.")
    return booster


def _rates(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds by cell of one feature (or one cell for all), and step: table of shape (steps, cells, classes)."""
    table = np.asarray(estimator["table"])[step or 0]
    if estimator["input"] is None:
        return np.repeat(table[:1], len(X), axis=0)
    return table[np.searchsorted(estimator["edges"], np.nan_to_num(X[:, estimator["input"]]), side="right")]


def _linear(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    inputs = linear_inputs(estimator, X)
    return weighted_sums(inputs, np.asarray(estimator["coef"]).T) + np.asarray(estimator["intercept"])[step or 0]


def _parametric(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """The log-odds of a purchase process, stretched, beside a linear part."""
    odds = process_log_odds(estimator["life"], X[:, estimator["life"]["inputs"]], step)
    return _linear(estimator["linear"], booster, X, step) + odds[:, None] * np.asarray(estimator["slope"])


def _hybrid(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Trees for what the base leaves over."""
    parts = (raw_score(estimator[part], booster, X, step) for part in ("base", "rest"))
    return np.asarray(sum(parts))


def _blend(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """The mean log-odds of several."""
    return np.mean([raw_score(member, booster, X, step) for member in estimator["of"]], axis=0)


def _seasonal(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds moved by what the month of the cutoff usually adds."""
    return raw_score(estimator["of"], booster, X, step) + season_shifts(estimator, X)


def season_shifts(estimator: EstimatorSpec, X: np.ndarray) -> np.ndarray:
    """Return the shift of the month of each row, shape (n, classes) or (n, 1); none where it is unknown."""
    table = np.vstack([np.zeros(len(estimator["shift"][0])), np.asarray(estimator["shift"])])
    return np.asarray(table[np.clip(np.nan_to_num(X[:, estimator["input"]]), 0, 12).astype(int)])


def _shifted(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds moved alike for everybody."""
    return raw_score(estimator["of"], booster, X, step) + np.asarray(estimator["shift"])


def _shift_horizon(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds of one horizon moved to another as a purchase process moves."""
    return raw_score(estimator["of"], booster, X, step) + horizon_shifts(estimator, X)


def _extend_horizon(estimator: EstimatorSpec, booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds learned from labels for the first steps, those of a purchase process for steps past all labels."""
    if step is None or step < estimator["steps"]:
        return raw_score(estimator["of"], booster, X, step)
    odds = process_log_odds(estimator["life"], X[:, estimator["life"]["inputs"]], step)
    return odds[:, None] * estimator["slope"] + estimator["intercept"]


def _outside(estimator: EstimatorSpec, booster: Any, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds of a classifier that stands in the place of trees, and lives only as long as its process."""
    return np.asarray(booster.log_odds(X, step))


def horizon_shifts(estimator: EstimatorSpec, X: np.ndarray) -> np.ndarray:
    """Return by how much the purchase process moves from the horizon of training to the one asked, shape (n, 1)."""
    seen = X[:, estimator["to"]["inputs"]]
    far, near = (process_log_odds(estimator[part], seen, None) for part in ("to", "from"))
    return (far - near)[:, None] * estimator["slope"]


def linear_inputs(estimator: EstimatorSpec, X: np.ndarray) -> np.ndarray:
    """Return a linear model's inputs: signed logarithms, unknown ones filled, centred and scaled; then the kinds.

    The logarithms are those of features, then those of `paces`, where the model has such. A kind is a feature, the code
    that it must have (None where it must be unknown), and how usual that is.
    """
    logs = signed_logs(estimator, X)
    filled = np.where(np.isnan(logs), np.asarray(estimator["mean"]), logs)
    scaled = (filled - np.asarray(estimator["mean"])) / np.asarray(estimator["scale"])
    kinds = [
        (np.isnan(X[:, feature]) if code is None else X[:, feature] == code) - share
        for feature, code, share in estimator.get("kinds", ())
    ]
    return np.column_stack([scaled, *kinds]) if kinds else scaled


def signed_logs(estimator: EstimatorSpec, X: np.ndarray) -> np.ndarray:
    """Return the signed logarithms that a linear model looks at, NaN where unknown."""
    used = X[:, estimator["inputs"]].astype(np.float64)
    if pace := estimator.get("pace"):
        used = np.column_stack([used, paces(pace, X)])
    return np.asarray(np.sign(used) * np.log1p(np.abs(used)))


def paces(pace: Mapping[str, Any], X: np.ndarray) -> np.ndarray:
    """Return totals as what they come to in a horizon, and the time since the last order in usual gaps.

    A total over all time grows with the age of the data, so a model would expect more of everybody with every year.

    Args:
        pace: days of the horizon, and where the totals, recency, tenure and orders stand among the features.
        X: features, shape (n, k).
    """
    recency, tenure, orders = (X[:, pace[name]].astype(np.float64) for name in ("recency", "tenure", "orders"))
    days, age = pace["days"], np.maximum(tenure, recency)
    rates = X[:, pace["totals"]].astype(np.float64) * (days / (np.maximum(age, 0.0) + days))[:, None]
    gaps = recency / (np.maximum(age, 0.0) / np.maximum(orders, 1.0) + BRIEF * days)
    return np.column_stack([rates, gaps])


RAW_SCORES = {
    "trees": _trees,
    "rates": _rates,
    "linear": _linear,
    "parametric": _parametric,
    "hybrid": _hybrid,
    "blend": _blend,
    "seasonal": _seasonal,
    "shifted": _shifted,
    "carried": _shift_horizon,
    "reaching": _extend_horizon,
    "outside": _outside,
}


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities from log-odds."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -40.0, 40.0)))


def softmax(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities that add up to one from class margins, shape (n, classes)."""
    powers = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def plain_names(names: list[str]) -> list[str]:
    """Return names of features with nothing in them that LightGBM would refuse, each once.

    Names that fall together get their place behind them; trees know features by place, so only people read these.

    >>> plain_names(["opt-in", "opt_in", "spend_30d"])
    ['opt_in', 'opt_in_1', 'spend_30d']
    """
    plain: list[str] = []
    for place, name in enumerate(names):
        short = re.sub(r"[^A-Za-z0-9_]", "_", name)
        while short in plain:
            short = f"{short}_{place}"
        plain.append(short)
    return plain
