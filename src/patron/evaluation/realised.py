"""Realised: what came true of past scores, beside what they foretold, what was expected of them, and the card.

A figure counts as worse where it lies beyond the interval of the card and beyond what was expected of these very
customers, both by more than the sampling of what came true allows.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from math import erfc, isfinite, sqrt
from typing import Any

import numpy as np
import pandas as pd

from patron.evaluation.expectation import expected_figures
from patron.evaluation.question_metrics import estimates
from patron.metrics import Estimate
from patron.metrics.intervals import Z_95
from patron.models.serving import Bundle
from patron.models.targets import target_of

__all__ = ["Realised", "realised_figures"]

LEAST = {"AUC": 0.02, "log loss": 0.02, "bias": 0.1, "quadratic kappa": 0.03}  # differences that matter
SIDED = "bias"
WIDTH = 2 * Z_95  # of a 95 % interval, in standard errors
REPEATS = 200
_NOBODY = Estimate(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Realised:
    """One figure of one past scoring run, now that everybody knows what came true.

    Args:
        question: what was asked.
        cutoff: of the scores.
        figure: AUC, log loss, bias (by which share too much was predicted) or quadratic kappa.
        customers: whose answers are judged.
        realised: what came, with its 95 % interval.
        expected: what the chances themselves led to expect of these customers.
        card: what the model reached at its test cutoffs; nan where nobody knows.
        p: how often chance alone is so far from both.
        worse: by how much it is worse than the nearer of the two, below zero where it is better.
        beyond: whether that is beyond the limits.
    """

    question: str
    cutoff: datetime
    figure: str
    customers: int
    realised: Estimate
    expected: Estimate
    card: Estimate
    p: float
    worse: float
    beyond: bool = False

    @property
    def matters(self) -> bool:
        """Whether the difference is large, be it chance or not."""
        return self.worse >= LEAST[self.figure]

    def plain(self) -> dict[str, Any]:
        """Return the figure as plain JSON values."""
        plain = asdict(self) | {"cutoff": f"{self.cutoff}", "p": round(self.p, 6), "worse": round(self.worse, 6)}
        for name in ("realised", "expected", "card"):
            plain[name] = {bound: _known(value) for bound, value in plain[name].items()}
        return plain


def realised_figures(
    model: Bundle, scores: pd.DataFrame, label: np.ndarray, cutoff: datetime, card: Mapping[str, Estimate], seed: int
) -> list[Realised]:
    """Judge past scores by what came true.

    Args:
        model: that answers this question, for what its answers mean.
        scores: `customer` and the answers, n rows.
        label: what came of each, shape (n,).
        cutoff: of the scores.
        card: the figures of the model at its test cutoffs, by name.
        seed: of the draws of customers.
    """
    question, spec = model.spec["question"], model.spec["answer"]
    columns = target_of(spec).binary_outcome(spec, label).columns
    answered = scores[list(columns)].notna().all(axis=1).to_numpy()
    scores, label = scores[answered], label[answered]
    metrics = {name: m for name, m in target_of(spec).metrics(spec, label).items() if name in LEAST}
    came = estimates(metrics, scores.customer.to_numpy(), scores, seed, REPEATS)
    chances = expected_figures(model, scores) | {SIDED: Estimate(0.0, 0.0, 0.0)}
    return [
        _judged(question, cutoff, name, len(scores), (value, chances.get(name, _NOBODY), card.get(name, _NOBODY)))
        for name, value in came.items()
        if isfinite(value.value) and isfinite(value.low)
    ]


def _judged(
    question: str, cutoff: datetime, name: str, customers: int, figures: tuple[Estimate, Estimate, Estimate]
) -> Realised:
    """Compare what came with what was expected and with the card, and keep the nearer of the two."""
    came, *references = figures
    known = [_compared(name, came, reference) for reference in references if isfinite(reference.value)] or [(1.0, 0.0)]
    p, worse = max(p for p, _ in known), min(worse for _, worse in known)
    return Realised(question, cutoff, name, customers, *figures, p=p, worse=worse)


def _compared(name: str, came: Estimate, reference: Estimate) -> tuple[float, float]:
    """Return how often chance alone parts two figures as far, to the worse side, and by how much they are apart."""
    apart = came.value - reference.value
    worse = abs(apart) if name == SIDED else apart if name == "log loss" else -apart
    errors = [(e.high - e.low) / WIDTH if isfinite(e.high - e.low) else 0.0 for e in (came, reference)]
    error = sqrt(errors[0] ** 2 + errors[1] ** 2)
    tail = erfc(worse / error / sqrt(2)) if error else float(worse <= 0)
    return (tail if name == SIDED else tail / 2), worse


def _known(value: float) -> float | None:
    return round(float(value), 6) if isfinite(value) else None
