"""Effects: what a learned offer changes for customers, from plain values and trees."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from patron.models.serving.bundles import encode
from patron.models.serving.estimators import raw_score, sigmoid


def effects_of(spec: Mapping[str, Any], boosters: Sequence[Any], X: np.ndarray) -> np.ndarray:
    """Return the effect that a learner of plain values gives each row, shape (n,)."""
    if spec["shape"] == "mean":
        left = iter(boosters)
        return np.mean([effects_of(part, [next(left) for _ in part["parts"]], X) for part in spec["members"]], axis=0)

    def answer(part: int, rows: np.ndarray) -> np.ndarray:
        raw = raw_score(spec["parts"][part], boosters[part], rows, None)[:, 0]
        return sigmoid(raw) if spec["link"] == "sigmoid" else raw

    if spec["shape"] == "direct":
        return answer(0, X)
    if spec["shape"] == "blend":
        return (1 - spec["share"]) * answer(0, X) + spec["share"] * answer(1, X)
    if spec["shape"] == "difference":
        return (answer(0, X) - answer(1, X)) * spec["factor"]
    with_offer, without = (np.column_stack([X, np.full(len(X), arm, X.dtype)]) for arm in (1, 0))
    return (answer(0, with_offer) - answer(0, without)) * spec["factor"]


def line_effects(line: Mapping[str, Any], score: np.ndarray) -> np.ndarray:
    """Return the effect by a calibration line at some scores, shape (n,)."""
    return np.asarray(line["effect"] + line["slope"] * (score - line["center"]))


def line_errors(line: Mapping[str, Any], score: np.ndarray, spread: np.ndarray | float) -> np.ndarray:
    """Return the standard error of the effect at some scores, whose own variance is known, shape (n,)."""
    level, slope, both = line["variance"]
    off = score - line["center"]
    return np.asarray(np.sqrt(level + off**2 * slope + 2 * off * both + line["slope"] ** 2 * spread))


def effect_bounds(
    spec: Mapping[str, Any], boosters: Mapping[str, Any], frame: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the calibrated effect of the first treatment of a model of effects, and its interval, each shape (n,)."""
    X, parts = encode(frame, spec["features"]), spec["learners"][spec["arms"][1]]
    promised = np.stack([effects_of(part, [boosters.get(name) for name in part["trees"]], X) for part in parts])
    line = next(line for line in spec["lines"] if (line["arm"], line["base"]) == (1, 0))
    score, spread = promised.mean(axis=0), promised.var(axis=0) * (len(promised) - 1)
    effect = line_effects(line, score)
    half = NormalDist().inv_cdf((1 + spec["level"]) / 2) * line_errors(line, score, spread)
    return effect, effect - half, effect + half
