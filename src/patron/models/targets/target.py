"""Target: what a kind of question must know about itself, so that everything else can train, judge and explain it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.models.serving import SHAPES, Bundle, OutputSpec, TargetSpec
from patron.models.targets.question_metric import QuestionMetric
from patron.periods import Span
from patron.questions.question import Question

__all__ = ["BinaryOutcome", "Examples", "ExplainedScore", "Target"]

Q = TypeVar("Q", bound=Question)
ORDERS = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Examples:
    """What is fitted: for each example the row it came from, its step (or None), and its class.

    Args:
        row: index into the matrix, shape (m,).
        step: step of the horizon, shape (m,), or None where the question has no steps.
        y: class from 0, shape (m,).
        classes: number of classes.
        steps: number of steps, 1 where the question has none.
    """

    row: np.ndarray
    step: np.ndarray | None
    y: np.ndarray
    classes: int
    steps: int = 1


@dataclass(frozen=True)
class BinaryOutcome:
    """The yes-or-no outcome that rates and curves are about, and the columns whose sum is the chance given to it.

    Args:
        name: what happened, in words.
        y_true: 1 where it did, shape (n,).
        columns: of the predictions.
    """

    name: str
    y_true: np.ndarray
    columns: tuple[str, ...]

    def chance(self, predictions: pd.DataFrame) -> np.ndarray:
        """Return the chance that the predictions give to the outcome, shape (n,)."""
        return np.clip(predictions[list(self.columns)].sum(axis=1).to_numpy(), 0.0, 1.0)


@dataclass(frozen=True)
class ExplainedScore:
    """The one number of a prediction that drivers explain, found from log-odds.

    Args:
        steps: steps of the horizon that are looked at, or None alone.
        weight: of each log-odds in the pushes, shape (steps, classes).
        value: function of log-odds, shape (rows, steps, classes), and the rows that they belong to; returns the
            number of each row.
        noun: what a push raises or lowers, in words.
        is_chance: whether the number is a probability; else it is money.
    """

    steps: tuple[int | None, ...]
    weight: np.ndarray
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    noun: str
    is_chance: bool = True


class Target(ABC, Generic[Q]):
    """One kind of target; what a bundle remembers of it is `spec`, and `label` is what came true, shape (n,).

    Args:
        kind: its name in a bundle.
        shape: of its predictions: binary, hazard or ordinal, as serving computes them.
        sign: -1 where the log-odds of the target fall as those of a purchase rise.
        far_blend: candidates that answer together far beyond the labels; none where the champion does.
        extrapolates: whether a shorter answer can be carried beyond the labels.
        rates: what the candidate is called that answers with the rate of those whose first baseline column is alike.
        process: the law that some candidates rest on: of purchases, of renewals, or none.
        candidates: the names of those that may answer.
    """

    kind: str
    shape: ClassVar[str]
    sign: int = 1
    far_blend: ClassVar[tuple[str, ...]] = ()
    extrapolates: ClassVar[bool] = False
    rates: ClassVar[str] = "activity"
    process: ClassVar[str] = "purchases"
    candidates: ClassVar[tuple[str, ...]] = (
        *("constant", "activity", "logit", "parametric", "parametric_logit"),
        *("lightgbm", "hybrid", "blend"),
    )

    @abstractmethod
    def target_spec(self, question: Q, label: np.ndarray, features: pd.DataFrame) -> TargetSpec:
        """Return what a model of this question must remember, found from training rows only.

        Args:
            question: what is asked.
            label: of the training rows, shape (n,).
            features: of the same rows, in the same order.

        Raises:
            QuestionError: the labels leave nothing to learn.
        """

    @abstractmethod
    def examples(self, spec: TargetSpec, label: np.ndarray) -> Examples:
        """Return what is fitted for the given labels."""

    @abstractmethod
    def outputs(self, spec: TargetSpec) -> list[OutputSpec]:
        """Return the columns of the predictions, by name and type."""

    @abstractmethod
    def binary_outcome(self, spec: TargetSpec, label: np.ndarray) -> BinaryOutcome:
        """Return the yes-or-no outcome behind rates and curves."""

    @abstractmethod
    def base_rates(self, spec: TargetSpec, label: np.ndarray) -> dict[str, float]:
        """Return what happened on average, by name: a rate, or money."""

    @abstractmethod
    def metrics(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return the metrics of the question, the one that decides first."""

    @abstractmethod
    def explained_score(self, model: Bundle, X: np.ndarray) -> ExplainedScore:
        """Return the score that drivers explain for some encoded rows, shape (n, features)."""

    def coverages(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return how often intervals hold; no contest, since the widest would win it."""
        return {}

    def waits(self, spec: TargetSpec, label: np.ndarray, predictions: pd.DataFrame) -> pd.DataFrame:
        """Return how many were back by the days foretold, an empty table where no days are."""
        return pd.DataFrame()

    def leak_truths(self, spec: TargetSpec, label: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return what a feature may know too well, each 1 or 0 of shape (n,)."""
        return (self.binary_outcome(spec, label).y_true,)

    def activity_edges(self, spec: TargetSpec) -> Sequence[float]:
        """Return the values that part customers by how active they were in the last horizon."""
        return ORDERS

    def process_edges(self, spec: TargetSpec) -> list[int]:
        """Return the days between which a purchase process is asked for a purchase."""
        return [0, spec["horizon"]]

    def with_cutpoints(self, spec: TargetSpec, log_odds: np.ndarray) -> TargetSpec:
        """Return the spec with what turns chances into one class, found from calibrated log-odds."""
        return spec

    def with_idle(
        self, spec: TargetSpec, label: np.ndarray, features: pd.DataFrame, idle: Callable[[], np.ndarray | None]
    ) -> TargetSpec:
        """Return the spec with what sets apart those who buy nothing over the horizon, where that matters.

        Args:
            spec: of `target_spec`, from the same rows.
            label: of the training rows, shape (n,).
            features: of the same rows.
            idle: returns who placed no order over the horizon, 1 or 0 of shape (n,), or None where nobody knows.
        """
        return spec

    def purchase_shift(self, spec: TargetSpec, shift: float) -> list[float]:
        """Return by how much log-odds move, by class, where those of a purchase move; nothing where it is no matter.

        Args:
            spec: what a model remembers.
            shift: of the log-odds of a purchase.
        """
        return []

    def with_learned(self, question: Q, spec: TargetSpec) -> Q:
        """Return the question with what its first model learned, so that its classes mean the same in all folds."""
        return question

    def trained_for(self, question: Q) -> dict[str, object]:
        """Return what of a question cannot change after training, by its name in the spec."""
        return {"horizon": question.horizon.plain}

    def nearer(self, question: Q, horizon: Span) -> Q:
        """Return the question with a horizon that labels reach."""
        return replace(question, horizon=horizon)

    def extrapolated(self, bundle: Bundle, process: dict[str, object], question: Q) -> Bundle:
        """Return a model that answers beyond the labels it was trained on.

        Args:
            bundle: trained for a nearer horizon.
            process: a Pareto/NBD of all customers, as `serving.life_odds` reads it.
            question: what is asked, with its far horizon.
        """
        raise QuestionError(
            f"{question.name!r} cannot be asked beyond the labels. Ask pt.churn(horizon=...) or "
            "pt.next_purchase(horizon=...), or use cutoffs whose horizon has passed."
        )

    def _begun(self, question: Q) -> TargetSpec:
        """Return the keys that every spec begins with; a kind that serving does not know says its shape."""
        spec: TargetSpec = {"kind": self.kind, "horizon": question.horizon.days or 0}
        if question.horizon.months:
            spec["span"] = str(question.horizon)
        return spec if self.kind in SHAPES else spec | {"shape": self.shape}
