"""Candidates: the ways to answer a question, from a constant to trees, each one function from examples to an estimator.

Every estimator is plain JSON that `serving` can run; trees come with a booster beside it.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np

from patron.models.serving import (
    EstimatorSpec,
    linear_inputs,
    plain_names,
    process_log_odds,
    raw_score,
    signed_logs,
)
from patron.models.targets import Examples

__all__ = [
    "PARAMETERS",
    "Estimator",
    "activity",
    "blended",
    "boosted",
    "constant",
    "hybrid",
    "linear_inputs_of",
    "logit",
    "logit_of_all",
    "parametric",
    "with_steps",
]

PARAMETERS: Mapping[str, Any] = {
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
MOST_ROUNDS = 400
PATIENCE = 15
SMALL = 50_000_000
AT_ONCE = 100_000
SELDOM = 0.01  # what is unknown more seldom, or known, is no kind of its own
NARROW = 0.25  # a feature that hardly varied in training must not explode where it does


@dataclass(frozen=True)
class Estimator:
    """A fitted candidate: plain values, the trees where it has any, and how many rounds were enough."""

    spec: EstimatorSpec
    booster: Any = None
    rounds: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def log_odds(self, X: np.ndarray, target: Examples) -> np.ndarray:
        """Return log-odds for each example, in the examples' order, shape (m, classes) or (m, 1)."""
        if target.step is None:
            return raw_score(self.spec, self.booster, X, None)[target.row]
        steps = range(target.steps)
        by_step = np.stack([raw_score(self.spec, self.booster, X, step) for step in steps])
        return np.asarray(by_step[target.step, target.row])


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


def logit(X: np.ndarray, target: Examples, inputs: Sequence[int], pace: Mapping[str, Any] | None = None) -> Estimator:
    """Answer with a logistic regression on the logarithms of a few features, such as recency and frequency.

    Args:
        X: features, shape (n, k).
        target: examples to fit.
        inputs: features that are looked at as they are.
        pace: what of totals is looked at for each horizon of age, as `serving.paces` reads it.
    """
    spec = _scaling(X, inputs, pace)
    coefficients = _regressed(linear_inputs(spec, X)[target.row], target)
    return constant(X, target) if coefficients is None else Estimator(spec | coefficients)


def logit_of_all(X: np.ndarray, target: Examples, levels: Mapping[int, int]) -> Estimator:
    """Answer with a logistic regression on every feature: logarithms of numbers, and each kind for itself.

    Args:
        X: features, shape (n, k).
        target: examples to fit.
        levels: the number of kinds of each feature that is a category.
    """
    spec = linear_inputs_of(X, levels)
    coefficients = _regressed(linear_inputs(spec, X)[target.row], target)
    return constant(X, target) if coefficients is None else Estimator(spec | coefficients)


def linear_inputs_of(X: np.ndarray, levels: Mapping[int, int]) -> EstimatorSpec:
    """Return what a linear model of every feature looks at, as `serving.linear_inputs` reads it.

    Args:
        X: features, shape (n, k).
        levels: the number of kinds of each feature that is a category.
    """
    numbers = [i for i in range(X.shape[1]) if i not in levels]
    kinds = [(i, float(code)) for i, count in levels.items() for code in range(count)]
    unknown = [(i, None) for i in range(X.shape[1]) if SELDOM < np.isnan(X[:, i]).mean() < 1.0 - SELDOM]
    return _scaling(X, numbers, None) | {"kinds": [[i, code, _share(X[:, i], code)] for i, code in (*kinds, *unknown)]}


def parametric(
    X: np.ndarray,
    target: Examples,
    life: Mapping[str, Any],
    inputs: Sequence[int] = (),
    pace: Mapping[str, Any] | None = None,
) -> Estimator:
    """Answer with a purchase process, its log-odds stretched and shifted to the training rows.

    Args:
        X: features, shape (n, k).
        target: examples to fit.
        life: a Pareto/NBD, as `serving.process_log_odds` reads it.
        inputs: features whose logarithms correct the process; none leaves only stretch and shift.
        pace: what corrects it of totals, as in `logit`.
    """
    spec = _scaling(X, inputs, pace)
    odds = _odds(X, target, life)
    coefficients = _regressed(np.column_stack([linear_inputs(spec, X)[target.row], odds]), target)
    if coefficients is None:
        return constant(X, target)
    coef = np.asarray(coefficients["coef"])
    linear = spec | coefficients | {"coef": coef[:, :-1].tolist()}
    return Estimator({"kind": "parametric", "life": dict(life), "slope": coef[:, -1].tolist(), "linear": linear})


def hybrid(base: Estimator, trees: Estimator) -> Estimator:
    """Add trees that were boosted on what the base leaves over."""
    spec = {"kind": "hybrid", "base": base.spec, "rest": trees.spec}
    return Estimator(spec, trees.booster, trees.rounds, trees.parameters)


def blended(members: Sequence[Estimator]) -> Estimator:
    """Answer with the mean log-odds of candidates, of which at most one has trees."""
    grown = next((member for member in members if member.booster), members[0])
    spec = {"kind": "blend", "of": [member.spec for member in members]}
    return Estimator(spec, grown.booster, grown.rounds, grown.parameters)


def boosted(
    X: np.ndarray,
    target: Examples,
    names: Sequence[str],
    categories: Sequence[int],
    rounds: int = MOST_ROUNDS,
    validation: tuple[np.ndarray, Examples, np.ndarray | None] | None = None,
    seed: int = 0,
    start: np.ndarray | None = None,
    parameters: Mapping[str, Any] = PARAMETERS,
    binned: MutableMapping[str, lgb.Dataset] | None = None,
) -> Estimator:
    """Answer with LightGBM trees.

    Args:
        X: features, shape (n, k).
        target: examples to fit.
        names: names of the features.
        categories: which features are categories.
        rounds: number of trees, the most where *validation* is given.
        validation: later features, examples and what trees start from there; fitting stops when they do not improve.
        seed: of the sampling of rows and features.
        start: log-odds that the trees start from, of each example, shape (m, classes) or (m, 1).
        parameters: of LightGBM.
        binned: rows that others with the same rows and parameters have cut into bins, and where to leave them.
    """
    parameters = {**parameters, **_objective(target), "seed": seed, "num_threads": _threads(X, target)}
    columns = plain_names([*names, *(["step"] if target.step is not None else [])])
    binned = {} if binned is None else binned
    fit = _started(binned, "fit", start, lambda: _dataset(X, target, columns, categories))
    if validation is None:
        booster = lgb.train(parameters, fit, rounds)
    else:
        ahead, known, later_start = validation
        later = _started(binned, "later", later_start, lambda: _dataset(ahead, known, columns, categories, fit))
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        booster = lgb.train(parameters, fit, rounds, valid_sets=[later], callbacks=[stop])
    return Estimator({"kind": "trees"}, booster, booster.best_iteration or rounds, parameters)


def _started(
    binned: MutableMapping[str, lgb.Dataset], use: str, start: np.ndarray | None, rows: Callable[[], lgb.Dataset]
) -> lgb.Dataset:
    """Return rows, as they were cut into bins before where they were, whose trees start from some log-odds."""
    if use not in binned:
        binned[use] = rows()
    binned[use].set_init_score(None if start is None else start.ravel(order="F"))
    return binned[use]


def _dataset(
    X: np.ndarray,
    target: Examples,
    columns: list[str],
    categories: Sequence[int],
    reference: lgb.Dataset | None = None,
) -> lgb.Dataset:
    rows = X if target.step is None else with_steps(X, target.row, target.step)
    kind: Any = list(categories) or "auto"
    return lgb.Dataset(rows, target.y, reference, None, None, None, columns, kind)


def with_steps(X: np.ndarray, row: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return the features of each example and its step, part by part, as all of them are most of the memory."""
    rows = np.empty((len(row), X.shape[1] + 1), dtype=np.result_type(X, np.float32))
    rows[:, -1] = step
    for begin in range(0, len(row), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        rows[part, :-1] = X[row[part]]
    return rows


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
    counts = np.zeros((target.steps, count, target.classes))
    np.add.at(counts, (step, cells[target.row].astype(np.int64), target.y), 1.0)
    overall = counts.sum(axis=1, keepdims=True) + 0.5
    counts += overall / overall.sum(axis=2, keepdims=True)
    rates = counts / counts.sum(axis=2, keepdims=True)
    if target.classes == 2:
        return np.log(rates[:, :, 1:] / rates[:, :, :1]).tolist()
    return np.log(rates).tolist()


def _scaling(X: np.ndarray, inputs: Sequence[int], pace: Mapping[str, Any] | None) -> EstimatorSpec:
    """Centre and scale of the logarithms of some features; a feature nobody has becomes zero."""
    spec = {"kind": "linear", "inputs": [int(i) for i in inputs]} | ({"pace": dict(pace)} if pace else {})
    logs = signed_logs(spec, X)
    known = ~np.isnan(logs).all(axis=0)
    mean = np.where(known, np.nanmean(np.where(known, logs, 0.0), axis=0), 0.0)
    scale = np.where(known, np.nanstd(np.where(known, logs, 0.0), axis=0), 0.0)
    return spec | {"mean": mean.tolist(), "scale": np.maximum(scale, NARROW).tolist()}


def _share(column: np.ndarray, code: float | None) -> float:
    return float((np.isnan(column) if code is None else column == code).mean())


def _odds(X: np.ndarray, target: Examples, life: Mapping[str, Any]) -> np.ndarray:
    seen, process = X[:, life["inputs"]], dict(life)
    if target.step is None:
        return process_log_odds(process, seen, None)[target.row]
    by_step = np.stack([process_log_odds(process, seen, step) for step in range(target.steps)])
    return np.asarray(by_step[target.step, target.row])


def _regressed(Z: np.ndarray, target: Examples) -> EstimatorSpec | None:
    """Coefficients by class, intercepts by step and class; None where there is one class only."""
    from sklearn.linear_model import LogisticRegression

    present, y = np.unique(target.y, return_inverse=True)
    if len(present) < 2:
        return None
    inputs = Z.shape[1]
    if target.step is not None:
        Z = np.column_stack([Z, np.eye(target.steps)[target.step][:, 1:]])
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(Z, y)
    return _coefficients(fitted, present, target, inputs)


def _coefficients(fitted: Any, present: np.ndarray, target: Examples, inputs: int) -> EstimatorSpec:
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
