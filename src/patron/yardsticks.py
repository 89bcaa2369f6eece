"""Yardsticks: by which metrics the answers to a question are judged, and which truths they are held against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.evaluation import Figure, figures, metrics, paired
from patron.models.serving import tier_codes

__all__ = ["Yardstick", "base", "compared", "measured", "verdict", "yardsticks"]

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Yardstick:
    """One metric of one question: what is compared with what.

    Args:
        metric: function of the truths and the prediction, in this order.
        truths: what happened, each of shape (n,).
        column: which column of the answers is judged.
        best: the best value there is, by which a difference is told as better or worse.
        names: of classes, in their order, where the column holds such; judged by their place.
    """

    metric: Callable[..., float]
    truths: tuple[np.ndarray, ...]
    column: str
    best: float
    names: tuple[str, ...] = ()

    def prediction(self, answered: pd.DataFrame) -> np.ndarray:
        """Return what is judged of some answers, shape (n,)."""
        if self.names:
            return np.asarray(pd.Categorical(answered[self.column], categories=list(self.names)).codes)
        return answered[self.column].to_numpy()


def yardsticks(answer: Answer, label: np.ndarray) -> dict[str, Yardstick]:
    """Return the metrics of a question, the one that decides first.

    Args:
        answer: what a model of the question remembers.
        label: what happened, shape (n,).

    >>> list(yardsticks({"kind": "churn"}, np.array([0.0, 1.0])))
    ['AUC', 'average precision', 'log loss', 'Brier', 'bias']
    """
    if answer["kind"] == "churn":
        return _chances((label,), "churn_probability")
    if answer["kind"] == "next_purchase":
        return _waiting(answer, label)
    tiers = tuple(answer["tiers"])
    actual = tier_codes(answer["lows"], label)
    return {
        "quadratic kappa": Yardstick(_over(metrics.quadratic_kappa, len(tiers)), (actual,), "tier", 1.0, tiers),
        "macro F1": Yardstick(_over(metrics.macro_f1, len(tiers)), (actual,), "tier", 1.0, tiers),
        "Gini of profit": Yardstick(metrics.normalized_gini, (label,), "expected_profit", 1.0),
        "decile error": Yardstick(metrics.decile_error, (label,), "expected_profit", 0.0),
        "bias of profit": Yardstick(metrics.bias, (label,), "expected_profit", 0.0),
    }


def base(answer: Answer, label: np.ndarray) -> dict[str, float]:
    """Return what happened on average, by name: a rate, or money.

    >>> base({"kind": "churn"}, np.array([0.0, 1.0]))
    {'churn rate': 0.5}
    """
    if answer["kind"] == "churn":
        return {"churn rate": float(label.mean())}
    if answer["kind"] == "next_purchase":
        rates = {f"bought within {d} days": float((label < d).mean()) for d in answer["within"]}
        median = float(np.nanmedian(label)) if (label >= 0).any() else float("nan")
        return rates | {"median days of buyers": median}
    return {"mean profit": float(label.mean()), "share with profit": float((label > 0).mean())}


def measured(
    sticks: Mapping[str, Yardstick], customers: np.ndarray, answered: pd.DataFrame, seed: int, repeats: int = 500
) -> dict[str, Figure]:
    """Return every metric of one candidate's answers with its 95 % interval over customers."""
    made: dict[str, Figure] = {}
    for column in dict.fromkeys((stick.column, tuple(map(id, stick.truths))) for stick in sticks.values()):
        same = {n: s for n, s in sticks.items() if (s.column, tuple(map(id, s.truths))) == column}
        first = next(iter(same.values()))
        asked = {name: stick.metric for name, stick in same.items()}
        made |= figures(asked, customers, *first.truths, first.prediction(answered), repeats=repeats, seed=seed)
    return {name: made[name] for name in sticks}


def compared(
    sticks: Mapping[str, Yardstick], customers: np.ndarray, ours: pd.DataFrame, theirs: pd.DataFrame, seed: int
) -> dict[str, Figure]:
    """Return every metric of our answers less that of theirs, on the same draws of customers."""
    return {
        name: paired(
            stick.metric,
            customers,
            *stick.truths,
            stick.prediction(ours),
            stick.prediction(theirs),
            seed=seed,
        )
        for name, stick in sticks.items()
    }


def verdict(difference: Figure, best: float, value: float) -> str:
    """Tell a difference whose interval leaves out zero as better or worse.

    Args:
        difference: ours less theirs.
        best: the best value there is.
        value: ours.

    >>> verdict(Figure(0.02, 0.01, 0.03), best=1.0, value=0.8), verdict(Figure(0.02, -0.01, 0.05), 1.0, 0.8)
    ('better', 'tie')
    """
    if not (difference.low > 0 or difference.high < 0):
        return "tie"
    rival = value - difference.value
    return "better" if abs(value - best) < abs(rival - best) else "worse"


def _chances(truths: tuple[np.ndarray, ...], column: str) -> dict[str, Yardstick]:
    found = {
        "AUC": (metrics.auc, 1.0),
        "average precision": (metrics.average_precision, 1.0),
        "log loss": (metrics.log_loss, 0.0),
        "Brier": (metrics.brier, 0.0),
        "bias": (metrics.bias, 0.0),
    }
    return {name: Yardstick(metric, truths, column, best) for name, (metric, best) in found.items()}


def _waiting(answer: Answer, label: np.ndarray) -> dict[str, Yardstick]:
    days, horizon = answer["within"][0], float(answer["horizon"])
    seen = np.where(np.isnan(label), horizon, label)
    bought = ~np.isnan(label)

    def date_error(actual: np.ndarray, expected: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metrics.mean_absolute_error(actual, np.minimum(expected, horizon), weight=weight)

    return _chances(((label < days).astype(float),), f"purchase_within_{days}d") | {
        "C-index": Yardstick(metrics.concordance, (seen, bought), "days_median", 1.0),
        "error of the date (days)": Yardstick(date_error, (seen,), "days_median", 0.0),
    }


def _over(metric: Callable[..., float], classes: int) -> Callable[..., float]:
    def judged(actual: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metric(actual, predicted, range(classes), weight=weight)

    return judged
