"""Contributions: how far each feature moves a model's log-odds, exactly.

What is returned adds up to the log-odds, or is refused: libraries have returned sums that do not without a word.
"""

from collections.abc import Callable
from itertools import combinations, permutations
from math import factorial
from typing import Any

import numpy as np

from patron.errors import DriverError, PatronError
from patron.explanations.treeshap.ensembles import UnknownShapeError
from patron.explanations.treeshap.exact import tree_contributions
from patron.models.serving import Bundle, EstimatorSpec, horizon_shifts, linear_inputs, process_log_odds, season_shifts

__all__ = ["contributions"]

TOLERANCE = 1e-6
Steps = tuple[int | None, ...]
Split = tuple[np.ndarray, np.ndarray]
Spec = EstimatorSpec


def contributions(model: Bundle, X: np.ndarray, steps: Steps = (None,)) -> Split:
    """Split the log-odds of a model among the features, so that each has what it moved.

    Trees are split exactly by TreeSHAP (Lundberg et al. 2020, "From local explanations to global understanding
    with explainable AI for trees"), linear models by coefficient times centred input, rates by their difference
    from the rate of the usual customer, and purchase processes by the mean over all orders in which the usual
    customer can become this one (Shapley 1953, "A value for n-person games"). Models made of models are split as
    they are added up.

    Args:
        model: any trained model.
        X: encoded features, shape (rows, features).
        steps: of the horizon, for a model that has such.

    Returns:
        calibrated contributions in log-odds, shape (rows, steps, classes, features), and the calibrated log-odds
        that they lead to, shape (rows, steps, classes).

    Raises:
        DriverError: the contributions do not add up to the model's own log-odds.
        ScoreError: the model has linear trees, which cannot be split.

    >>> spec = {"features": [{}], "calibration": {"slope": 0.5, "intercept": [1.0]}, "estimator": {"kind": "linear",
    ...         "inputs": [0], "mean": [0.0], "scale": [1.0], "coef": [[2.0]], "intercept": [[0.0]]}}
    >>> parts, log_odds = contributions(Bundle(spec), np.array([[np.e - 1]]))
    >>> parts.round(6).tolist(), log_odds.round(6).tolist()
    ([[[[1.0]]]], [[[2.0]]])
    """
    parts, log_odds = zip(*(_at_step(model, X, step) for step in steps), strict=True)
    return np.stack(parts, axis=1), np.stack(log_odds, axis=1)


def _at_step(model: Bundle, X: np.ndarray, step: int | None) -> Split:
    calibration = model.spec["calibration"] or {"slope": 1.0, "intercept": [0.0]}
    slope, shift = calibration["slope"], np.asarray(calibration["intercept"])
    parts, base = _split(model.spec["estimator"], model, X, step)
    log_odds = model.log_odds(X, step)
    _check_sums((parts.sum(axis=2) + base) * slope + shift, log_odds, model)
    return parts * slope, log_odds


def _split(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    """Return the parts of an estimator's log-odds, shape (rows, classes, features), and the base below them."""
    return _SPLIT[estimator["kind"]](estimator, model, X, step)


def _trees(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    """Return the trees' exact contributions; what the step of the horizon adds is no feature: it goes to the base."""
    rows = X if step is None else np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
    parts, base = _booster_split(model.booster, rows, estimator.get("rounds", -1), estimator.get("threads", 0))
    return parts[:, :, : X.shape[1]], base + parts[:, :, X.shape[1] :].sum(axis=2)


def _booster_split(booster: Any, rows: np.ndarray, rounds: int, threads: int) -> Split:
    """Return `tree_contributions`, or LightGBM's own, slower, where the trees are not known to be read right."""
    try:
        return tree_contributions(booster.model_to_string(num_iteration=rounds), rows)
    except UnknownShapeError:
        flat = booster.predict(rows, pred_contrib=True, num_threads=threads, num_iteration=rounds)
        shaped = flat.reshape(len(rows), -1, rows.shape[1] + 1)
        return shaped[:, :, :-1], shaped[:, :, -1]


def _linear(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    coef, own = np.asarray(estimator["coef"]), len(estimator["inputs"])
    parts = np.zeros((len(X), len(coef), X.shape[1]))
    inputs = linear_inputs(estimator, X)
    parts[:, :, estimator["inputs"]] = inputs[:, None, :own] * coef[:, :own]
    for place, (feature, _, _) in enumerate(estimator.get("kinds", ()), start=own):
        parts[:, :, feature] += inputs[:, None, place] * coef[:, place]
    beside = parts, np.asarray(estimator["intercept"])[step or 0]
    if "pace" not in estimator:
        return beside

    def log_odds(rows: np.ndarray) -> np.ndarray:
        return np.asarray(linear_inputs(estimator, rows)[:, own:] @ coef[:, own:].T)

    pace = estimator["pace"]
    return _added([beside, _shared(log_odds, sorted({pace["recency"], pace["tenure"], *pace["totals"]}), model, X)])


def _rates(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    """The one feature's rate beside the rate of the usual customer; a constant has no parts at all."""
    table = np.asarray(estimator["table"])[step or 0]
    parts = np.zeros((len(X), table.shape[1], X.shape[1]))
    if estimator["input"] is None:
        return parts, table[0]
    seen = np.append(X[:, estimator["input"]], _usual(model, [estimator["input"]]))
    rates = table[np.searchsorted(estimator["edges"], np.nan_to_num(seen), side="right")]
    parts[:, :, estimator["input"]] = rates[:-1] - rates[-1]
    return parts, rates[-1]


def _parametric(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    process, slope = estimator["life"], np.asarray(estimator["slope"])

    def log_odds(rows: np.ndarray) -> np.ndarray:
        return process_log_odds(process, rows[:, process["inputs"]], step)[:, None] * slope

    return _added([_linear(estimator["linear"], model, X, step), _shared(log_odds, process["inputs"], model, X)])


def _hybrid(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    return _added([_split(estimator[part], model, X, step) for part in ("base", "rest")])


def _blend(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    parts, base = _added([_split(member, model, X, step) for member in estimator["of"]])
    return parts / len(estimator["of"]), base / len(estimator["of"])


def _seasonal(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    parts, base = _split(estimator["of"], model, X, step)
    moved = parts.copy()
    moved[:, :, estimator["input"]] += season_shifts(estimator, X)
    return moved, base


def _shifted(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    """What moves everybody alike is no feature's doing: it goes to the base."""
    parts, base = _split(estimator["of"], model, X, step)
    return parts, base + np.asarray(estimator["shift"])


def _shift_horizon(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    def shifts(rows: np.ndarray) -> np.ndarray:
        return horizon_shifts(estimator, rows)

    moved = _shared(shifts, estimator["to"]["inputs"], model, X)
    return _added([_split(estimator["of"], model, X, step), moved])


def _outside(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    raise PatronError(
        f"The drivers of {model.spec['candidate']} are unknown: it is a classifier of scikit-learn, only judged. "
        "Explain the model that is used: pt.drivers(trained.model, rows)"
    )


_SPLIT = {
    "trees": _trees,
    "linear": _linear,
    "rates": _rates,
    "parametric": _parametric,
    "hybrid": _hybrid,
    "blend": _blend,
    "seasonal": _seasonal,
    "shifted": _shifted,
    "carried": _shift_horizon,
    "outside": _outside,
}


def _added(splits: list[Split]) -> Split:
    parts, bases = zip(*splits, strict=True)
    return np.asarray(sum(parts)), np.asarray(sum(bases))


def _shared(function: Callable[[np.ndarray], np.ndarray], inputs: list[int], model: Bundle, X: np.ndarray) -> Split:
    """Split what a few features move together: a function of rows to (rows, classes)."""
    usual, rows, values = _usual(model, inputs), X.astype(np.float64), {}
    for known in (frozenset(some) for size in range(len(inputs) + 1) for some in combinations(inputs, size)):
        rows[:, inputs] = usual
        rows[:, list(known)] = X[:, list(known)]
        values[known] = function(rows)
    parts = np.zeros((*values[frozenset()].shape, X.shape[1]))
    for order in permutations(inputs):
        for i, feature in enumerate(order):
            parts[:, :, feature] += values[frozenset(order[: i + 1])] - values[frozenset(order[:i])]
    return parts / factorial(len(inputs)), values[frozenset()]


def _usual(model: Bundle, inputs: list[int]) -> list[float]:
    return [float(model.spec["features"][i]["usual"] or 0.0) for i in inputs]


def _check_sums(sums: np.ndarray, log_odds: np.ndarray, model: Bundle) -> None:
    off = np.abs(sums - log_odds) / np.maximum(1.0, np.abs(log_odds))
    if not (off <= TOLERANCE).all():
        kind = model.spec.get("answer", {}).get("kind", "no known question")
        raise DriverError(
            f"The drivers of {len(log_odds)} rows do not add up to the log-odds of the model of {kind}: the worst is "
            f"off by {off.max():.2g}, {TOLERANCE:.0g} is allowed. Do not use them; score with the LightGBM that "
            "trained the model, or train again: patron train."
        )
