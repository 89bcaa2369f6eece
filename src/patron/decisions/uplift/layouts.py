"""Layouts: the rows of a trial as plain arrays, and the features as a model remembers them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patron.decisions.uplift.learners import Layout
from patron.decisions.uplift.trial import Trial
from patron.models.serving import FeatureSpec, encode

__all__ = ["Encoded", "encoded", "feature_specs", "layout_of"]

MOST_LEVELS = 30  # of a text; rarer ones are read as unknown
SELDOM = 20  # rows


@dataclass(frozen=True)
class Encoded:
    """The rows of a trial as arrays.

    Args:
        X: features, shape (n, k).
        arm: number of the arm of each row, the control 0, shape (n,).
        outcome: what came of it, shape (n,).
        kind: "probability" or "money".
        groups: number of the customer of each row, shape (n,).
        assignment: how the arms came about.
        propensity: probability of each arm, shape (n, arms), or None.
        layout: what stands in the columns of X.
        arms: how many there are.
    """

    X: np.ndarray
    arm: np.ndarray
    outcome: np.ndarray
    kind: str
    groups: np.ndarray
    assignment: str
    propensity: np.ndarray | None
    layout: Layout
    arms: int

    def __len__(self) -> int:
        return len(self.arm)

    def take(self, kept: np.ndarray) -> "Encoded":
        """Return some rows."""
        columns = {name: getattr(self, name)[kept] for name in ("X", "arm", "outcome")}
        groups = np.unique(self.groups[kept], return_inverse=True)[1]
        chances = None if self.propensity is None else self.propensity[kept]
        return replace(self, **columns, groups=groups, propensity=chances)


def encoded(trial: Trial, specs: list[FeatureSpec]) -> Encoded:
    """Return a trial as arrays, its features encoded as a model will see them."""
    numbers = {arm: place for place, arm in enumerate(trial.arms)}
    return Encoded(
        encode(trial.features, specs),
        np.array([numbers[arm] for arm in trial.arm], dtype=np.int64),
        np.asarray(trial.outcome, dtype=np.float64),
        trial.outcome_kind,
        trial.groups,
        trial.assignment,
        None if trial.propensity is None else trial.propensity[list(trial.arms)].to_numpy(),
        layout_of(specs),
        len(numbers),
    )


def feature_specs(features: pd.DataFrame) -> list[FeatureSpec]:
    """Return features as a model remembers them: numbers, and texts with the levels that are frequent enough."""
    return [_spec(str(name), features[name]) for name in features.columns]


def layout_of(specs: Sequence[FeatureSpec]) -> Layout:
    """Return the layout of the matrix that some features are encoded to."""
    kinds = {place: len(spec["levels"]) for place, spec in enumerate(specs) if spec["dtype"] == "category"}
    return Layout([spec["name"] for spec in specs], kinds)


def _spec(name: str, values: pd.Series) -> FeatureSpec:
    number = pd.api.types.is_numeric_dtype(values)
    levels = [] if number else _levels(values)
    return {
        "name": name,
        "words": name,
        "theme": "trial",
        "unit": "",
        "formula": "",
        "source": "trial",
        "dtype": "float64" if number else "category",
        "levels": levels,
        "usual": float(values.median()) if number else levels[0],
    }


def _levels(values: pd.Series) -> list[str]:
    """Return the levels by how many rows have them, then by name; seldom ones are left out unless all are seldom."""
    counts = values.dropna().value_counts()
    usual = counts[counts >= SELDOM] if (counts >= SELDOM).any() else counts
    return sorted((str(level) for level in usual.index), key=lambda level: (-usual[level], level))[:MOST_LEVELS]
