"""Refits: a model fitted again on customers drawn with replacement, so that what luck did to it can be seen.

What is chosen stays: the candidate, its parameters and number of trees, the law of purchases, season and calibration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from patron.models.candidates import (
    Estimator,
    activity,
    blended,
    constant,
    hybrid,
    logit,
    logit_of_all,
    parametric,
)
from patron.models.fitting import TrainingSet
from patron.models.preparation import dated, undated
from patron.models.serving import Bundle, EstimatorSpec
from patron.periods import Split
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["refits"]

MOST = 20_000  # rows that a refit learns from


def refits(
    model: Bundle,
    question: Question,
    source: RowSource,
    rows: Matrix,
    label: np.ndarray,
    split: Split | None,
    seed: int,
    count: int,
) -> list[Bundle]:
    """Return a model fitted again, each time on other customers drawn with replacement.

    Args:
        model: a candidate that was trained on these rows.
        question: what is asked, with its features.
        source: what the rows came from.
        rows: features at the known cutoffs, and perhaps others.
        label: answers in the same order, shape (n,).
        split: cutoffs by use, None for rows without dates.
        seed: of the draws.
        count: of refits.

    Returns:
        as many bundles; none where the model is of a kind that is not trained here.
    """
    about = question, source, rows, label
    training_set = dated(*about, split, seed) if split else undated(*about, seed)
    rng = np.random.default_rng(seed)
    if not _is_known(model.spec["estimator"]):
        return []
    return [_refit(model, training_set, _draw(training_set.rows, rng)) for _ in range(count)]


def _draw(rows: Matrix, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of as many customers drawn with replacement as there are, or as `MOST` rows allow."""
    code, customers = pd.factorize(rows.key.customer)
    drawn = rng.integers(0, len(customers), max(1, round(len(customers) * min(1.0, MOST / len(rows)))))
    return np.repeat(np.arange(len(rows)), np.bincount(drawn, minlength=len(customers))[code])


def _refit(model: Bundle, training_set: TrainingSet, drawn: np.ndarray) -> Bundle:
    parameters = {name: value for name, value in model.spec["parameters"].items() if name != "rounds"}
    draw = _Draw(training_set, drawn, parameters, model.spec["parameters"].get("rounds", 0))
    estimator = draw.fit(model.spec["estimator"])
    return replace(model, spec=model.spec | {"estimator": estimator.spec}, booster=estimator.booster)


@dataclass(frozen=True)
class _Draw:
    """Some rows, each as often as it was drawn, and how trees grow on them."""

    training_set: TrainingSet
    rows: np.ndarray
    parameters: Mapping[str, Any]
    rounds: int

    def fit(self, spec: EstimatorSpec) -> Estimator:
        """Fit what an estimator describes."""
        return _FIT[spec["kind"]](self, spec)

    def trees(self, base: Estimator | None) -> Estimator:
        """Fit trees that start from a base, or from nothing."""
        return self.training_set.boosted(self.rows, base, self.rounds, None, self.parameters)

    @property
    def about(self) -> tuple[np.ndarray, Any]:
        """The features and the examples."""
        return self.training_set.X[self.rows], self.training_set.examples(self.rows)


def _linear(draw: _Draw, spec: EstimatorSpec) -> Estimator:
    if "kinds" in spec:
        features, target = draw.training_set.tree_features[draw.rows], draw.about[1]
        return logit_of_all(features, target, draw.training_set.levels)
    return logit(*draw.about, spec["inputs"], spec.get("pace"))


def _parametric(draw: _Draw, spec: EstimatorSpec) -> Estimator:
    linear = spec["linear"]
    return parametric(*draw.about, spec["life"], linear["inputs"], linear.get("pace"))


def _rates(draw: _Draw, spec: EstimatorSpec) -> Estimator:
    about = draw.about
    return constant(*about) if spec["input"] is None else activity(*about, spec["input"], spec["edges"])


def _hybrid(draw: _Draw, spec: EstimatorSpec) -> Estimator:
    base = draw.fit(spec["base"])
    return hybrid(base, draw.trees(base))


def _blend(draw: _Draw, spec: EstimatorSpec) -> Estimator:
    return blended([draw.fit(member) for member in spec["of"]])


def _wrapped(draw: _Draw, spec: EstimatorSpec) -> Estimator:
    inner = draw.fit(spec["of"])
    return replace(inner, spec=spec | {"of": inner.spec})


_FIT: Mapping[str, Callable[[_Draw, EstimatorSpec], Estimator]] = {
    "trees": lambda draw, spec: draw.trees(None),
    "linear": _linear,
    "rates": _rates,
    "parametric": _parametric,
    "hybrid": _hybrid,
    "blend": _blend,
    "seasonal": _wrapped,
    "shifted": _wrapped,
}


def _is_known(spec: EstimatorSpec) -> bool:
    inner = spec.get("of", [])
    members = inner if isinstance(inner, list) else [inner]
    return spec["kind"] in _FIT and all(map(_is_known, members))
