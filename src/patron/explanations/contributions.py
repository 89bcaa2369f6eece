"""Contributions: how far each feature moves a model's log-odds, exactly.

What is returned adds up to the log-odds, or is refused: libraries have returned sums that do not without a word.
"""

from collections.abc import Callable
from itertools import combinations, permutations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import DriverError, PatronError
from patron.explanations.treeshap.ensembles import UnknownShapeError
from patron.explanations.treeshap.exact import add_tree_contributions
from patron.models.serving import (
    BY_REACH,
    Bundle,
    EstimatorSpec,
    horizon_shifts,
    linear_inputs,
    process_log_odds,
    season_shifts,
)

__all__ = ["contributions"]

TOLERANCE = 1e-6
Steps = tuple[int | None, ...]
Split = tuple[np.ndarray, np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]
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
    planes, log_odds = zip(*(_at_step(model, X, step) for step in steps), strict=True)
    parts = np.stack(planes) if len(planes) > 1 else planes[0][None]
    return parts.transpose(3, 0, 1, 2), np.stack(log_odds, axis=1)


def _at_step(model: Bundle, X: np.ndarray, step: int | None) -> Split:
    calibration = model.spec["calibration"] or {"slope": 1.0, "intercept": [0.0]}
    slope, shift = calibration["slope"], np.asarray(calibration["intercept"])
    log_odds = model.log_odds(X, step)
    parts = np.zeros((log_odds.shape[1], X.shape[1], len(X)))
    base = _add(model.spec["estimator"], model, X, step, parts)
    _check_sums((parts.sum(axis=1).T + base) * slope + shift, log_odds, model)
    parts *= slope
    return parts, log_odds


def _add(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    """Add what features move an estimator's log-odds to parts, shape (classes, features, rows); return the base.

    The parts of a feature lie beside each other, since most models move few of many.
    """
    return np.asarray(_ADD[estimator["kind"]](estimator, model, X, step, parts))


def _trees(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    """Add the trees' exact contributions; what the step of the horizon adds is no feature: it goes to the base."""
    if step is None:
        return _add_booster(estimator, model.booster, X, parts)
    rows = np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
    own = np.zeros((len(parts), rows.shape[1], len(X)))
    base = _add_booster(estimator, model.booster, rows, own)
    parts += own[:, :-1]
    return base + own[:, -1].T


def _add_booster(estimator: Spec, booster: Any, rows: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Add exact contributions, or LightGBM's own, slower, where the trees are not known to be read right."""
    rounds = estimator.get("rounds", -1)
    try:
        return add_tree_contributions(booster.model_to_string(num_iteration=rounds), rows, parts)
    except UnknownShapeError:
        options = {"num_threads": estimator.get("threads", 0), "num_iteration": rounds}
        flat = booster.predict(rows, pred_contrib=True, **options)
        shaped = flat.reshape(len(rows), -1, rows.shape[1] + 1).transpose(1, 2, 0)
        parts += shaped[:, :-1]
        return np.asarray(shaped[:, -1].T)


def _linear(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    coef = np.asarray(estimator["coef"])
    inputs, kinds = linear_inputs(estimator, X).T, [feature for feature, _, _ in estimator.get("kinds", ())]
    for place, feature in enumerate([*estimator["inputs"], *kinds]):
        parts[:, feature] += coef[:, place, None] * inputs[place]
    base = np.asarray(estimator["intercept"])[step or 0]
    return base + _add_paces(estimator, model, X, parts) if "pace" in estimator else base


def _add_paces(estimator: Spec, model: Bundle, X: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Add what the totals and times of a linear model move together, which it sees as paces."""
    coef, own, pace = np.asarray(estimator["coef"]), len(estimator["inputs"]), estimator["pace"]
    columns = sorted({pace["recency"], pace["tenure"], pace["orders"], *pace["totals"]})
    here = {name: columns.index(pace[name]) for name in ("recency", "tenure", "orders")}
    alone = {"inputs": [], "mean": estimator["mean"][own:], "scale": estimator["scale"][own:]}
    alone |= {"pace": pace | here | {"totals": [columns.index(total) for total in pace["totals"]]}}
    return _add_shared(lambda seen: linear_inputs(alone, seen) @ coef[:, own:].T, columns, model, X, parts)


def _rates(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    """Add the one feature's rate beside the rate of the usual customer; a constant has no parts at all."""
    table = np.asarray(estimator["table"])[step or 0]
    if estimator["input"] is None:
        return np.asarray(table[0])
    seen = np.append(X[:, estimator["input"]], _usual(model, [estimator["input"]]))
    rates = table[np.searchsorted(estimator["edges"], np.nan_to_num(seen), side="right")]
    parts[:, estimator["input"]] += (rates[:-1] - rates[-1]).T
    return np.asarray(rates[-1])


def _parametric(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    process, slope = estimator["life"], np.asarray(estimator["slope"])

    def log_odds(seen: np.ndarray) -> np.ndarray:
        return process_log_odds(process, seen, step, BY_REACH)[:, None] * slope

    base = _linear(estimator["linear"], model, X, step, parts)
    return base + _add_shared(log_odds, process["inputs"], model, X, parts)


def _hybrid(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    base, rest = (_add(estimator[part], model, X, step, parts) for part in ("base", "rest"))
    return base + rest


def _blend(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    own = np.zeros_like(parts)
    bases = [_add(member, model, X, step, own) for member in estimator["of"]]
    parts += own / len(bases)
    return np.asarray(sum(bases) / len(bases))


def _seasonal(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    parts[:, estimator["input"]] += season_shifts(estimator, X).T
    return _add(estimator["of"], model, X, step, parts)


def _shifted(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    """Add what moves everybody alike, which is no feature's doing, to the base."""
    return _add(estimator["of"], model, X, step, parts) + np.asarray(estimator["shift"])


def _shift_horizon(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    alone, inputs = estimator | {"to": estimator["to"] | {"inputs": slice(None)}}, estimator["to"]["inputs"]
    base = _add(estimator["of"], model, X, step, parts)
    return base + _add_shared(lambda seen: horizon_shifts(alone, seen), inputs, model, X, parts)


def _outside(estimator: Spec, model: Bundle, X: np.ndarray, step: int | None, parts: np.ndarray) -> np.ndarray:
    raise PatronError(
        f"The drivers of {model.spec['candidate']} are unknown: it is a classifier of scikit-learn, only judged. "
        "Explain the model that is used: pt.drivers(trained.model, rows)"
    )


_ADD = {
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


def _add_shared(function: Function, inputs: list[int], model: Bundle, X: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Add what a few features move together: a function of these alone to (rows, classes); return its base."""
    usual, own, values = _usual(model, inputs), X[:, inputs].astype(np.float64), {}
    places = range(len(inputs))
    for known in (frozenset(some) for size in range(len(inputs) + 1) for some in combinations(places, size)):
        values[known] = _values(function, own, usual, list(known))
    moved = np.zeros((len(inputs), *values[frozenset()].shape))
    for order in permutations(places):
        for i, place in enumerate(order):
            moved[place] += values[frozenset(order[: i + 1])] - values[frozenset(order[:i])]
    parts[:, inputs] += (moved / factorial(len(inputs))).transpose(2, 0, 1)
    return values[frozenset()]


def _values(function: Function, own: np.ndarray, usual: list[float], known: list[int]) -> np.ndarray:
    """Return a function of some rows where only what is known is a row's own; once for each value of one feature."""
    if len(known) > 1:
        rows = np.tile(usual, (len(own), 1))
        rows[:, known] = own[:, known]
        return function(rows)
    place, distinct = np.zeros(len(own), dtype=np.intp), np.empty(1)
    if known:
        place, distinct = pd.factorize(own[:, known[0]], use_na_sentinel=False)
    rows = np.tile(usual, (len(distinct), 1))
    rows[:, known] = distinct[:, None]
    return function(rows)[place]


def _usual(model: Bundle, inputs: list[int]) -> list[float]:
    return [float(model.spec["features"][i]["usual"] or 0.0) for i in inputs]


def _check_sums(sums: np.ndarray, log_odds: np.ndarray, model: Bundle) -> None:
    off = np.abs(sums - log_odds) / np.maximum(1.0, np.abs(log_odds))
    if not (off <= TOLERANCE).all():
        kind, candidate = model.spec.get("answer", {}).get("kind", "no known question"), model.spec.get("candidate")
        raise DriverError(
            f"The drivers of {len(log_odds)} rows do not add up to the log-odds of the model of {kind}"
            f"{f' ({candidate})' if candidate else ''}: the worst is "
            f"off by {off.max():.2g}, {TOLERANCE:.0g} is allowed. Do not use them; score with the LightGBM that "
            "trained the model, or train again: patron train."
        )
