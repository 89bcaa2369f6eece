"""Yardsticks: by which metrics the answers to a question are judged, and which truths they are held against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from patron.evaluation import Figure, figures, metrics, paired
from patron.models.serving import tier_codes

__all__ = ["Yardstick", "base", "compared", "coverages", "measured", "verdict", "yardsticks"]

PROFITS, DAYS = ("profit_low", "profit_high"), ("days_low", "days_high")
PROMISED = 0.8

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Yardstick:
    """One metric of one question: what is compared with what.

    Args:
        metric: function of the truths and the prediction, in this order.
        truths: what happened, each of shape (n,).
        columns: which columns of the answers are judged.
        best: the best value there is, by which a difference is told as better or worse.
        names: of classes, in their order, where the columns hold such; judged by their place.
    """

    metric: Callable[..., float]
    truths: tuple[np.ndarray, ...]
    columns: tuple[str, ...]
    best: float
    names: tuple[str, ...] = ()

    def predictions(self, answered: pd.DataFrame) -> list[np.ndarray]:
        """Return what is judged of some answers, each of shape (n,)."""
        if self.names:
            kinds = list(self.names)
            return [np.asarray(pd.Categorical(answered[column], categories=kinds).codes) for column in self.columns]
        return [answered[column].to_numpy() for column in self.columns]


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
    return _classes(answer, label) | {
        "Gini of profit": Yardstick(metrics.normalized_gini, (label,), ("expected_profit",), 1.0),
        "decile error": Yardstick(metrics.decile_error, (label,), ("expected_profit",), 0.0),
        "bias of profit": Yardstick(metrics.bias, (label,), ("expected_profit",), 0.0),
    }


def coverages(answer: Answer, label: np.ndarray) -> dict[str, Yardstick]:
    """Return how often intervals hold; no contest, since the widest would win it.

    >>> list(coverages({"kind": "next_purchase", "horizon": 90}, np.array([3.0])))
    ['coverage of the interval', 'before the interval', 'after the interval']
    """
    if answer["kind"] == "tier":
        everybody = np.ones(len(label))
        return {"coverage of the interval": Yardstick(metrics.coverage, (label, everybody), PROFITS, PROMISED)}
    if answer["kind"] != "next_purchase":
        return {}
    end = float(answer["horizon"])
    seen = (np.where(np.isnan(label), end, label),)
    return {
        "coverage of the interval": Yardstick(partial(metrics.held, end=end), seen, DAYS, PROMISED),
        "before the interval": Yardstick(partial(metrics.early, end=end), seen, DAYS[:1], (1 - PROMISED) / 2),
        "after the interval": Yardstick(partial(metrics.late, end=end), seen, DAYS[1:], (1 - PROMISED) / 2),
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
    for columns in dict.fromkeys((stick.columns, tuple(map(id, stick.truths))) for stick in sticks.values()):
        same = {n: s for n, s in sticks.items() if (s.columns, tuple(map(id, s.truths))) == columns}
        first = next(iter(same.values()))
        asked = {name: stick.metric for name, stick in same.items()}
        made |= figures(asked, customers, *first.truths, *first.predictions(answered), repeats=repeats, seed=seed)
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
            *stick.predictions(ours),
            *stick.predictions(theirs),
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
    return {name: Yardstick(metric, truths, (column,), best) for name, (metric, best) in found.items()}


def _waiting(answer: Answer, label: np.ndarray) -> dict[str, Yardstick]:
    days, horizon = answer["within"][0], float(answer["horizon"])
    seen = np.where(np.isnan(label), horizon, label)
    bought = ~np.isnan(label)

    def date_error(
        actual: np.ndarray, bought: np.ndarray, expected: np.ndarray, weight: np.ndarray | None = None
    ) -> float:
        counted = bought if weight is None else weight * bought
        return metrics.mean_absolute_error(actual, expected, weight=counted)

    return _chances(((label < days).astype(float),), f"purchase_within_{days}d") | {
        "C-index": Yardstick(metrics.concordance, (seen, bought), ("days_expected",), 1.0),
        "error of the date (days)": Yardstick(date_error, (seen, bought), ("days_if_back",), 0.0),
    }


def _classes(answer: Answer, label: np.ndarray) -> dict[str, Yardstick]:
    tiers, actual = tuple(answer["tiers"]), tier_codes(answer["lows"], label)
    asked = {"quadratic kappa": metrics.quadratic_kappa, "macro F1": metrics.macro_f1}
    return {n: Yardstick(_over(metric, len(tiers)), (actual,), ("tier",), 1.0, tiers) for n, metric in asked.items()}


def _over(metric: Callable[..., float], classes: int) -> Callable[..., float]:
    def judged(actual: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metric(actual, predicted, range(classes), weight=weight)

    return judged
