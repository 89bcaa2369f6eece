"""Contract targets: when a contract ends, or a customer who left has one again, in steps of the horizon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from patron import metrics
from patron.models.serving import Bundle, OutputSpec, TargetSpec
from patron.models.targets.hazard import hazard_chance, hazard_examples
from patron.models.targets.question_metric import QuestionMetric, chance_metrics
from patron.models.targets.target import BinaryOutcome, Examples, ExplainedScore, Target
from patron.periods import Span
from patron.questions.contracts import ContractQuestion

__all__ = ["CancellationTarget", "WinBackTarget"]

AGES = (30.0, 60.0, 90.0, 180.0, 365.0, 730.0, 1095.0, 1826.0)


@dataclass(frozen=True)
class _ContractTarget(Target[ContractQuestion]):
    """A question whose label is the days until something happens to a contract, null where it did not.

    Args:
        kind: its name in a bundle, and the beginning of the names of its columns.
        outcome: what happened, in words.
        noun: what a driver raises or lowers, in words.
    """

    kind: str
    outcome: str
    noun: str

    shape: ClassVar[str] = "hazard"
    rates: ClassVar[str] = "age"

    def target_spec(self, question: ContractQuestion, label: np.ndarray, features: pd.DataFrame) -> TargetSpec:
        """Return the months of the horizon, which are its steps."""
        horizon = question.horizon.days or 1
        edges = sorted({0, *question.within, horizon})
        return self._begun(question) | {"event": self.kind, "edges": edges, "within": sorted({*question.within})}

    def examples(self, spec: TargetSpec, label: np.ndarray) -> Examples:
        """Return a row for each step that a customer entered."""
        return hazard_examples(spec, label)

    def outputs(self, spec: TargetSpec) -> list[OutputSpec]:
        """Return the chance over the horizon, that within each number of days asked, and the mean days."""
        within = (f"{self.kind}_within_{days}d" for days in spec["within"])
        causes = (f"{self.kind}_by_{cause}" for cause in spec.get("causes", []))
        names = (f"{self.kind}_probability", *within, f"{self.kind}_days_expected", *causes)
        return [{"name": name, "dtype": "float64"} for name in names]

    def binary_outcome(self, spec: TargetSpec, label: np.ndarray) -> BinaryOutcome:
        """Return whether it happened within the horizon."""
        return BinaryOutcome(self.outcome, (~np.isnan(label)).astype(float), (f"{self.kind}_probability",))

    def base_rates(self, spec: TargetSpec, label: np.ndarray) -> dict[str, float]:
        """Return how often it happened within each number of days."""
        days = sorted({*spec["within"], spec["horizon"]})
        return {f"{self.outcome} within {d} days": float((label < d).mean()) for d in days}

    def metrics(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return the metrics of the chance over the horizon, and of the order in which it happened."""
        happened = ~np.isnan(label)
        seen = np.where(happened, label, float(spec["horizon"]))
        order = QuestionMetric(metrics.concordance, (seen, happened), (f"{self.kind}_days_expected",), 1.0)
        return chance_metrics(happened.astype(float), f"{self.kind}_probability") | {"C-index": order}

    def activity_edges(self, spec: TargetSpec) -> Sequence[float]:
        """Return the days that part customers by the age of their contract, or of its end."""
        return AGES

    def process_edges(self, spec: TargetSpec) -> list[int]:
        """Return the steps of the horizon."""
        return spec["edges"]

    def trained_for(self, question: ContractQuestion) -> dict[str, object]:
        """Return the horizon, and the days within which a chance is asked."""
        return super().trained_for(question) | {"within": sorted({*question.within})}

    def explained_score(self, model: Bundle, X: np.ndarray) -> ExplainedScore:
        """Return the chance over the horizon, pushed by the mean over its steps."""
        steps = len(model.spec["answer"]["edges"]) - 1
        return ExplainedScore(tuple(range(steps)), np.full((steps, 1), 1.0 / steps), hazard_chance, self.noun)

    def nearer(self, question: ContractQuestion, horizon: Span) -> ContractQuestion:
        """Return the question with a horizon that labels reach, and those of its days that lie within."""
        days = horizon.days or 1
        return replace(question, horizon=horizon, within=tuple(d for d in question.within if d <= days) or (days,))


@dataclass(frozen=True)
class CancellationTarget(_ContractTarget):
    """The days until a customer has no contract."""

    kind: str = "cancellation"
    outcome: str = "left"
    noun: str = "the risk"

    process: ClassVar[str] = "renewals"
    candidates: ClassVar[tuple[str, ...]] = (
        *("constant", "age", "logit", "geometric", "geometric_logit"),
        *("lightgbm", "hybrid", "blend"),
    )


@dataclass(frozen=True)
class WinBackTarget(_ContractTarget):
    """The days until a customer who left has a contract again."""

    kind: str = "win_back"
    outcome: str = "came back"
    noun: str = "the chance to come back"

    process: ClassVar[str] = ""
    candidates: ClassVar[tuple[str, ...]] = ("constant", "age", "logit", "lightgbm", "blend")
