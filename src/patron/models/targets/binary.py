"""Binary targets: yes or no within the horizon, as churn is."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from patron.models.serving import Bundle, OutputSpec, TargetSpec, sigmoid
from patron.models.targets.question_metric import QuestionMetric, chance_metrics
from patron.models.targets.target import BinaryOutcome, Examples, ExplainedScore, Target
from patron.questions.question import Question

__all__ = ["BinaryTarget", "ChurnTarget"]


@dataclass(frozen=True)
class BinaryTarget(Target[Question]):
    """A question whose label is 1 where it happened, else 0.

    Args:
        kind: its name in a bundle.
        column: the chance among the predictions.
        outcome: what happened, in words: 'churn'.
        noun: what a driver raises or lowers, in words: 'the risk'.

    >>> BinaryTarget("churn", "churn_probability", "churn", "the risk").base_rates(
    ...     {"kind": "churn", "horizon": 90}, np.array([0.0, 1.0]))
    {'churn rate': 0.5}
    """

    kind: str
    column: str
    outcome: str
    noun: str

    shape: ClassVar[str] = "binary"

    def target_spec(self, question: Question, label: np.ndarray, features: pd.DataFrame) -> TargetSpec:
        """Return the horizon; a kind that serving does not know says its column too."""
        spec = self._begun(question)
        return spec | {"column": self.column} if "shape" in spec else spec

    def examples(self, spec: TargetSpec, label: np.ndarray) -> Examples:
        """Return the rows as they are."""
        return Examples(np.arange(len(label)), None, label.astype(np.int64), 2)

    def outputs(self, spec: TargetSpec) -> list[OutputSpec]:
        """Return the one column of the chance."""
        return [{"name": self.column, "dtype": "float64"}]

    def binary_outcome(self, spec: TargetSpec, label: np.ndarray) -> BinaryOutcome:
        """Return the label itself."""
        return BinaryOutcome(self.outcome, label, (self.column,))

    def base_rates(self, spec: TargetSpec, label: np.ndarray) -> dict[str, float]:
        """Return how often it happened."""
        return {f"{self.outcome} rate": float(label.mean())}

    def metrics(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return the metrics of a chance."""
        return chance_metrics(label, self.column)

    def explained_score(self, model: Bundle, X: np.ndarray) -> ExplainedScore:
        """Return the chance, pushed in log-odds."""
        return ExplainedScore((None,), np.ones((1, 1)), lambda log_odds, row: sigmoid(log_odds[:, 0, 0]), self.noun)


@dataclass(frozen=True)
class ChurnTarget(BinaryTarget):
    """No order within the horizon: the opposite of a purchase, which a purchase process carries beyond the labels.

    Which candidate is best near by says little about churn far ahead: how often customers buy tells of next week,
    how lately they did tells who is still there next year. So far ahead the two least alike answer together.
    """

    kind: str = "churn"
    column: str = "churn_probability"
    outcome: str = "churn"
    noun: str = "the risk"

    sign: int = -1
    far_blend: ClassVar[tuple[str, ...]] = ("logit", "hybrid")  # the trees of the last are kept
    extrapolates: ClassVar[bool] = True

    def purchase_shift(self, spec: TargetSpec, shift: float) -> list[float]:
        """Return the opposite: who buys has not left."""
        return [-shift]

    def extrapolated(self, bundle: Bundle, process: dict[str, Any], question: Question) -> Bundle:
        """Return the model with its log-odds moved by what the process makes of the longer horizon."""
        spec, far = bundle.spec, question.horizon.days or 1
        estimator = {
            "kind": "carried",
            "of": spec["estimator"],
            "from": process,
            "to": process | {"edges": [0, far]},
            "slope": 1.0,
        }
        return Bundle(spec | {"estimator": estimator, "answer": spec["answer"] | self._begun(question)}, bundle.booster)
