"""Hazard targets: when something happens, in steps of the horizon, as the next purchase is.

There is a row for each step that a customer entered without having bought, so that customers who have not bought yet
count for as long as they were seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from patron import metrics
from patron.metrics import curves
from patron.models.serving import Bundle, OutputSpec, TargetSpec, chance_name, sigmoid, span_name
from patron.models.targets.question_metric import PROMISED, QuestionMetric, chance_metrics
from patron.models.targets.target import BinaryOutcome, Examples, ExplainedScore, Target
from patron.periods import Span
from patron.questions.kinds import NextPurchase

__all__ = ["HazardTarget", "hazard_chance", "hazard_examples"]

DAYS = ("days_low", "days_median", "days_high")
STEPS = (1 / 12, 1 / 6, 1 / 3, 2 / 3, 1.0)
FURTHER = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class HazardTarget(Target[NextPurchase]):
    """A question whose label is the days until it happens, null where it did not within the horizon.

    >>> spec = {"kind": "next_purchase", "horizon": 90}
    >>> list(HazardTarget().coverages(spec, np.array([3.0])))
    ['coverage of the interval', 'before the interval', 'after the interval']
    """

    kind: str = "next_purchase"

    shape: ClassVar[str] = "hazard"
    extrapolates: ClassVar[bool] = True

    def target_spec(self, question: NextPurchase, label: np.ndarray, features: pd.DataFrame) -> TargetSpec:
        """Return the steps of the horizon, and the days within which a chance is asked."""
        horizon = question.horizon.days or 1
        edges = {0, horizon, *question.within, *(max(1, round(horizon * share)) for share in STEPS)}
        return self._begun(question) | {"edges": sorted(edges), "within": sorted({*question.within, horizon})}

    def examples(self, spec: TargetSpec, label: np.ndarray) -> Examples:
        """Return a row for each step that a customer entered."""
        return hazard_examples(spec, label)

    def outputs(self, spec: TargetSpec) -> list[OutputSpec]:
        """Return a chance for each number of days asked, and the days."""
        names = [chance_name(spec, days) for days in spec["within"]] + [*DAYS, "days_if_back", "days_expected"]
        return [{"name": name, "dtype": "float64"} for name in names]

    def binary_outcome(self, spec: TargetSpec, label: np.ndarray) -> BinaryOutcome:
        """Return whether they bought within the first days asked."""
        days = spec["within"][0]
        return BinaryOutcome(
            f"bought within {_length(spec, days)}", (label < days).astype(float), (chance_name(spec, days),)
        )

    def base_rates(self, spec: TargetSpec, label: np.ndarray) -> dict[str, float]:
        """Return how many bought within each number of days, and when those who did."""
        rates = {f"bought within {_length(spec, d)}": float((label < d).mean()) for d in spec["within"]}
        median = float(np.nanmedian(label)) if (label >= 0).any() else float("nan")
        return rates | {"median days of buyers": median}

    def metrics(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return the metrics of the first chance, of the order, and of the date."""
        days, horizon = spec["within"][0], float(spec["horizon"])
        seen, bought = np.where(np.isnan(label), horizon, label), ~np.isnan(label)
        return chance_metrics((label < days).astype(float), chance_name(spec, days)) | {
            "C-index": QuestionMetric(metrics.concordance, (seen, bought), ("days_expected",), 1.0),
            "error of the date (days)": QuestionMetric(_date_error, (seen, bought), ("days_if_back",), 0.0),
        }

    def coverages(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return how often the purchase came within the interval of days, before it and after it."""
        end, columns = float(spec["horizon"]), (*DAYS, chance_name(spec, spec["horizon"]))
        about = ((~np.isnan(label),), columns)
        passed = partial(_passed, _observed_days(label, end), end)
        return {
            "coverage of the interval": QuestionMetric(metrics.held, *about, PROMISED, passed),
            "before the interval": QuestionMetric(metrics.early, *about, (1 - PROMISED) / 2, passed),
            "after the interval": QuestionMetric(metrics.late, *about, (1 - PROMISED) / 2, passed),
        }

    def waits(self, spec: TargetSpec, label: np.ndarray, predictions: pd.DataFrame) -> pd.DataFrame:
        """Return how many were back by the days that a tenth, half and nine tenths should be."""
        end = float(spec["horizon"])
        columns = {share: predictions[name] for share, name in zip((0.1, 0.5, 0.9), DAYS, strict=True)}
        return curves.reached(np.where(np.isnan(label), end, label), columns, end)

    def leak_truths(self, spec: TargetSpec, label: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return who bought soon, and who did not come back, as is mostly noted down."""
        return *super().leak_truths(spec, label), np.isnan(label)

    def process_edges(self, spec: TargetSpec) -> list[int]:
        """Return the steps of the horizon."""
        return spec["edges"]

    def purchase_shift(self, spec: TargetSpec, shift: float) -> list[float]:
        """Return the shift itself, of every step."""
        return [shift]

    def trained_for(self, question: NextPurchase) -> dict[str, object]:
        """Return the horizon, and the days within which a chance is asked."""
        days = sorted({*question.within, question.horizon.days or 0})
        return super().trained_for(question) | {"within": days}

    def explained_score(self, model: Bundle, X: np.ndarray) -> ExplainedScore:
        """Return the chance to buy within the first days asked, pushed by the mean over their steps."""
        spec = model.spec["answer"]
        days = spec["within"][0]
        steps = spec["edges"].index(days)
        noun = f"the chance of an order within {_length(spec, days)}"
        return ExplainedScore(tuple(range(steps)), np.full((steps, 1), 1.0 / steps), hazard_chance, noun)

    def nearer(self, question: NextPurchase, horizon: Span) -> NextPurchase:
        """Return the question with a horizon that labels reach, and those of its days that lie within."""
        days = horizon.days or 1
        return replace(question, horizon=horizon, within=tuple(d for d in question.within if d <= days) or (days,))

    def extrapolated(self, bundle: Bundle, process: dict[str, Any], question: NextPurchase) -> Bundle:
        """Return the model with steps up to the far horizon, whose log-odds are those of the purchase process."""
        spec, far = bundle.spec, question.horizon.days or 1
        near = [edge for edge in process["edges"] if edge < far]
        edges = [*near, *(round(near[-1] * times) for times in FURTHER if near[-1] * times < far), far]
        calibration = spec["calibration"] or {"slope": 1.0, "intercept": [0.0]}
        estimator = {
            "kind": "reaching",
            "of": spec["estimator"],
            "steps": len(near) - 1,
            "life": process | {"edges": edges},
            # The bundle stretches all log-odds, which those of the process do not need.
            "slope": 1.0 / calibration["slope"],
            "intercept": -calibration["intercept"][0] / calibration["slope"],
        }
        answer = spec["answer"] | self._begun(question) | {"edges": edges, "within": sorted({*question.within, far})}
        outputs = self.outputs(answer)
        return Bundle(spec | {"estimator": estimator, "answer": answer, "outputs": outputs}, bundle.booster)


def _length(spec: TargetSpec, days: int) -> str:
    """Return some days in words, or the months of the horizon where they are that."""
    span = span_name(spec) if days == spec["horizon"] else f"{days}d"
    return f"{days} days" if span.endswith("d") else Span.of_months(int(span.removesuffix("mo"))).length


def hazard_examples(spec: TargetSpec, label: np.ndarray) -> Examples:
    """Return a row for each step that a customer entered, by the edges of the spec and the days of the label."""
    rows, edges = np.arange(len(label)), spec["edges"]
    steps = len(edges) - 1
    bought = np.where(np.isnan(label), steps, np.searchsorted(edges, np.nan_to_num(label), side="right") - 1)
    entered = np.minimum(bought, steps - 1) + 1
    row = np.repeat(rows, entered)
    step = np.arange(len(row)) - np.repeat(np.cumsum(entered) - entered, entered)
    return Examples(row, step, (step == bought[row]).astype(np.int64), 2, steps)


def hazard_chance(log_odds: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return the chance that it happens in any of some steps, from log-odds of shape (n, steps, 1), shape (n,)."""
    return np.asarray(1.0 - np.prod(1.0 - sigmoid(log_odds[:, :, 0]), axis=1))


@metrics.by_draw
def _date_error(
    actual: np.ndarray, bought: np.ndarray, expected: np.ndarray, weight: np.ndarray | None = None
) -> float:
    """Return by how many days the date of those who bought was missed."""
    counted = None if weight is None else weight[bought]
    return metrics.mean_absolute_error(actual[bought], expected[bought], weight=counted)


def _observed_days(label: np.ndarray, end: float) -> np.ndarray:
    """Return the days observed; where all purchases are known by the day only, they count as at noon."""
    known = label[~np.isnan(label)]
    noon = 0.5 if (known % 1.0 == 0.0).all() else 0.0
    return np.where(np.isnan(label), end, np.minimum(label + noon, end))


def _passed(days: np.ndarray, end: float, *predicted: np.ndarray) -> Sequence[np.ndarray]:
    """Return how much of its foretold wait each customer had waited, and the chance to be back by the end."""
    return metrics.passed(days, *predicted, end=end), predicted[-1]
