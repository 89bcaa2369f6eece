"""Candidates: the ways to answer a question, from a constant to trees, each one function from examples to an estimator.

Every estimator is plain JSON that `serving` can run; trees come with a booster beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np

from patron.models.serving import linear_inputs, plain_name
from patron.models.targets import Examples

__all__ = ["PARAMETERS", "Estimator", "activity", "boosted", "constant", "logit"]

PARAMETERS: Mapping[str, Any] = {
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
MOST_ROUNDS = 2000
PATIENCE = 100
SMALL = 50_000_000


@dataclass(frozen=True)
class Estimator:
    """A fitted candidate: plain values, the trees where it has any, and how many rounds were enough."""

    spec: dict[str, Any]
    booster: lgb.Booster | None = None
    rounds: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


def constant(X: np.ndarray, target: Examples) -> Estimator:
    """Answer everybody with the training rate."""
    return Estimator({"kind": "rates", "input": None, "edges": [], "table": _table(target, np.zeros(len(X)), 1)})


def activity(X: np.ndarray, target: Examples, column: int, edges: Sequence[float]) -> Estimator:
    """Answer with the training rate of those who were as active in the last window.

    Args:
        X: features, shape (n, k).
        target: examples to fit.
        column: the feature that tells activity.
        edges: rising values that part the feature into cells.
    """
    cells = np.searchsorted(edges, np.nan_to_num(X[:, column]), side="right")
    table = _table(target, cells, len(edges) + 1)
    return Estimator({"kind": "rates", "input": column, "edges": list(map(float, edges)), "table": table})


def logit(X: np.ndarray, target: Examples, inputs: Sequence[int]) -> Estimator:
    """Answer with a logistic regression on the logarithms of a few features, such as recency and frequency."""
    from sklearn.linear_model import LogisticRegression

    used = X[:, list(inputs)].astype(np.float64)
    logs = np.sign(used) * np.log1p(np.abs(used))
    known = ~np.isnan(logs).all(axis=0)
    mean = np.where(known, np.nanmean(np.where(known, logs, 0.0), axis=0), 0.0)
    scale = np.where(known, np.nanstd(np.where(known, logs, 0.0), axis=0), 0.0)
    spec = {
        "kind": "linear",
        "inputs": [int(i) for i in inputs],
        "mean": mean.tolist(),
        "scale": np.where(scale > 0, scale, 1.0).tolist(),
    }
    Z = linear_inputs(spec, X)[target.row]
    if target.step is not None:
        Z = np.column_stack([Z, np.eye(target.steps)[target.step][:, 1:]])
    present, y = np.unique(target.y, return_inverse=True)
    if len(present) < 2:
        return constant(X, target)
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(Z, y)
    return Estimator(spec | _coefficients(fitted, present, target, len(inputs)))


def boosted(
    X: np.ndarray,
    target: Examples,
    names: Sequence[str],
    categories: Sequence[int],
    rounds: int = MOST_ROUNDS,
    watched: tuple[np.ndarray, Examples] | None = None,
    seed: int = 0,
) -> Estimator:
    """Answer with LightGBM trees.

    Args:
        X: features, shape (n, k).
        target: examples to fit.
        names: names of the features.
        categories: which features are categories.
        rounds: number of trees, the most where *watched* is given.
        watched: later features and examples; fitting stops when they do not improve.
        seed: of the sampling of rows and features.
    """
    parameters = {**PARAMETERS, **_objective(target), "seed": seed, "num_threads": _threads(X, target)}
    columns = [plain_name(name) for name in names] + (["step"] if target.step is not None else [])
    fit = _dataset(X, target, columns, categories)
    if watched is None:
        booster = lgb.train(parameters, fit, rounds)
    else:
        later = _dataset(*watched, columns, categories, reference=fit)
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        booster = lgb.train(parameters, fit, rounds, valid_sets=[later], callbacks=[stop])
    return Estimator({"kind": "trees"}, booster, booster.best_iteration or rounds, parameters)


def _dataset(
    X: np.ndarray,
    target: Examples,
    columns: list[str],
    categories: Sequence[int],
    reference: lgb.Dataset | None = None,
) -> lgb.Dataset:
    rows = X[target.row] if target.step is not None else X
    if target.step is not None:
        rows = np.column_stack([rows, target.step.astype(np.float32)])
    kind = {"categorical_feature": list(categories)} if categories else {}
    return lgb.Dataset(rows, target.y, reference=reference, feature_name=columns, free_raw_data=False, **kind)


def _objective(target: Examples) -> dict[str, Any]:
    if target.classes == 2:
        return {"objective": "binary"}
    return {"objective": "multiclass", "num_class": target.classes}


def _threads(X: np.ndarray, target: Examples) -> int:
    """One thread for small work, where waiting for a busy core costs more than a second one brings."""
    return 1 if len(target.y) * X.shape[1] < SMALL else 0


def _table(target: Examples, cells: np.ndarray, count: int) -> list[Any]:
    """Smoothed log-odds by step, cell and class; each cell leans on the rate of all by one example."""
    step = target.step if target.step is not None else np.zeros(len(target.y), dtype=np.int64)
    found = np.zeros((target.steps, count, target.classes))
    np.add.at(found, (step, cells[target.row].astype(np.int64), target.y), 1.0)
    overall = found.sum(axis=1, keepdims=True) + 0.5
    found += overall / overall.sum(axis=2, keepdims=True)
    rates = found / found.sum(axis=2, keepdims=True)
    if target.classes == 2:
        return np.log(rates[:, :, 1:] / rates[:, :, :1]).tolist()
    return np.log(rates).tolist()


def _coefficients(fitted: Any, present: np.ndarray, target: Examples, inputs: int) -> dict[str, Any]:
    """Put a fitted regression into the bundle's form: coefficients by class, intercepts by step and class."""
    if target.classes == 2:
        offsets = np.concatenate([[0.0], fitted.coef_[0, inputs:]]) if target.step is not None else np.zeros(1)
        return {
            "coef": fitted.coef_[:, :inputs].tolist(),
            "intercept": (fitted.intercept_ + offsets[:, None]).tolist(),
        }
    coef = np.zeros((target.classes, inputs))
    intercept = np.full(target.classes, -12.0)
    if len(present) == 2:
        coef[present[1]], intercept[present] = fitted.coef_[0], [0.0, fitted.intercept_[0]]
    else:
        coef[present], intercept[present] = fitted.coef_, fitted.intercept_
    return {"coef": coef.tolist(), "intercept": [intercept.tolist()]}
