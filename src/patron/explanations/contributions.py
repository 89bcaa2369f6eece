"""Contributions: how far each feature moves a model's margin, exactly.

What is returned adds up to the margin, or is refused: libraries have returned sums that do not without a word.
"""

from collections.abc import Callable
from itertools import combinations, permutations
from math import factorial
from typing import Any

import numpy as np

from patron.errors import PatronError
from patron.models.serving import Bundle, carried_shifts, linear_inputs, process_log_odds, season_shifts

__all__ = ["contributions"]

TOLERANCE = 1e-4
Steps = tuple[int | None, ...]
Split = tuple[np.ndarray, np.ndarray]
Spec = dict[str, Any]


def contributions(model: Bundle, X: np.ndarray, steps: Steps = (None,)) -> Split:
    """Split each margin of a model among the features, so that it can be told which of them moved it.

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
        calibrated contributions in log-odds, shape (rows, steps, classes, features), and the calibrated margins
        that they lead to, shape (rows, steps, classes).

    Raises:
        PatronError: the contributions do not add up to the model's own margin.

    >>> spec = {"features": [{}], "calibration": {"slope": 0.5, "intercept": [1.0]}, "estimator": {"kind": "linear",
    ...         "inputs": [0], "mean": [0.0], "scale": [1.0], "coef": [[2.0]], "intercept": [[0.0]]}}
    >>> parts, margins = contributions(Bundle(spec), np.array([[np.e - 1]]))
    >>> parts.round(6).tolist(), margins.round(6).tolist()
    ([[[[1.0]]]], [[[2.0]]])
    """
    parts, margins = zip(*(_at_step(model, X, step) for step in steps), strict=True)
    return np.stack(parts, axis=1), np.stack(margins, axis=1)


def _at_step(model: Bundle, X: np.ndarray, step: int | None) -> Split:
    calibration = model.spec["calibration"] or {"slope": 1.0, "intercept": [0.0]}
    slope, shift = calibration["slope"], np.asarray(calibration["intercept"])
    parts, base = _split(model.spec["estimator"], model, X, step)
    margins = model.margins(X, step)
    _check_sums((parts.sum(axis=2) + base) * slope + shift, margins)
    return parts * slope, margins


def _split(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    """Parts of an estimator's margins, shape (rows, classes, features), and the base that they start from."""
    return _SPLIT[estimator["kind"]](estimator, model, X, step)


def _trees(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    """LightGBM's exact contributions; what the step of the horizon adds is no feature: it goes to the base."""
    booster: Any = model.booster
    rows = X if step is None else np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
    asked = {"num_threads": estimator.get("threads", 0), "num_iteration": estimator.get("rounds", -1)}
    made = booster.predict(rows, pred_contrib=True, **asked)
    shaped = made.reshape(len(X), -1, rows.shape[1] + 1)
    return shaped[:, :, : X.shape[1]], shaped[:, :, X.shape[1] :].sum(axis=2)


def _linear(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    coef = np.asarray(estimator["coef"])
    parts = np.zeros((len(X), len(coef), X.shape[1]))
    parts[:, :, estimator["inputs"]] = linear_inputs(estimator, X)[:, None, :] * coef
    return parts, np.asarray(estimator["intercept"])[step or 0]


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
    life, slope = estimator["life"], np.asarray(estimator["slope"])

    def odds(rows: np.ndarray) -> np.ndarray:
        return process_log_odds(life, rows[:, life["inputs"]], step)[:, None] * slope

    return _added([_linear(estimator["linear"], model, X, step), _shared(odds, life["inputs"], model, X)])


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


def _carried(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None) -> Split:
    def shifts(rows: np.ndarray) -> np.ndarray:
        return carried_shifts(estimator, rows)

    moved = _shared(shifts, estimator["to"]["inputs"], model, X)
    return _added([_split(estimator["of"], model, X, step), moved])


_SPLIT = {
    "trees": _trees,
    "linear": _linear,
    "rates": _rates,
    "parametric": _parametric,
    "hybrid": _hybrid,
    "blend": _blend,
    "seasonal": _seasonal,
    "carried": _carried,
}


def _added(splits: list[Split]) -> Split:
    parts, bases = zip(*splits, strict=True)
    return np.asarray(sum(parts)), np.asarray(sum(bases))


def _shared(said: Callable[[np.ndarray], np.ndarray], inputs: list[int], model: Bundle, X: np.ndarray) -> Split:
    """Split what a few features say together; said answers rows with shape (rows, classes), equal ones once."""
    usual = X.astype(np.float64)
    usual[:, inputs] = _usual(model, inputs)
    answers = {}
    for known in (frozenset(some) for size in range(len(inputs) + 1) for some in combinations(inputs, size)):
        rows = usual.copy()
        rows[:, list(known)] = X[:, list(known)]
        _, first, place = np.unique(rows[:, inputs], axis=0, return_index=True, return_inverse=True)
        answers[known] = said(rows[first])[place]
    parts = np.zeros((*answers[frozenset()].shape, X.shape[1]))
    for order in permutations(inputs):
        for told, feature in enumerate(order):
            parts[:, :, feature] += answers[frozenset(order[: told + 1])] - answers[frozenset(order[:told])]
    return parts / factorial(len(inputs)), answers[frozenset()]


def _usual(model: Bundle, inputs: list[int]) -> list[float]:
    return [float(model.spec["features"][i]["usual"] or 0.0) for i in inputs]


def _check_sums(sums: np.ndarray, margins: np.ndarray) -> None:
    off = np.abs(sums - margins) / np.maximum(1.0, np.abs(margins))
    if not (off <= TOLERANCE).all():
        raise PatronError(
            f"The drivers of a batch of {len(margins)} rows do not add up to the model's margin: the worst is "
            f"off by {off.max():.2g} of it, {TOLERANCE:.0g} is allowed. Do not use them; check LightGBM's version."
        )
