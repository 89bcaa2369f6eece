"""Yardsticks: by which metrics the answers to a question are judged, and which truths they are held against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from patron import metrics
from patron.metrics import Estimate, bootstrap, paired_difference
from patron.models.serving import tier_codes

__all__ = ["Yardstick", "base", "compared", "coverages", "measured", "verdict", "yardsticks"]

PROFITS, DAYS = ("profit_low", "profit_high"), ("days_low", "days_median", "days_high")
PROMISED = 0.8
SIDED = ("bias", "bias of profit")

Answer = Mapping[str, Any]


def _as_they_are(*columns: np.ndarray) -> Sequence[np.ndarray]:
    return columns


@dataclass(frozen=True)
class Yardstick:
    """One metric of one question: what is compared with what.

    Args:
        metric: function of the truths and the prediction, in this order.
        truths: what happened, each of shape (n,).
        columns: which columns of the answers are judged.
        best: the best value there is, by which a difference is told as better or worse.
        read: function of the columns that gives what is judged of them; by default the columns as they are.
    """

    metric: Callable[..., float]
    truths: tuple[np.ndarray, ...]
    columns: tuple[str, ...]
    best: float
    read: Callable[..., Sequence[np.ndarray]] = _as_they_are

    def predictions(self, answered: pd.DataFrame) -> Sequence[np.ndarray]:
        """Return what is judged of some answers, each of shape (n,)."""
        return self.read(*(answered[column].to_numpy() for column in self.columns))


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
    bought = ~np.isnan(label)
    columns = (*DAYS, f"purchase_within_{answer['horizon']}d")
    about = ((bought,), columns)
    read = partial(_passed, _watched(label, float(answer["horizon"])), float(answer["horizon"]))
    return {
        "coverage of the interval": Yardstick(metrics.held, *about, PROMISED, read),
        "before the interval": Yardstick(metrics.early, *about, (1 - PROMISED) / 2, read),
        "after the interval": Yardstick(metrics.late, *about, (1 - PROMISED) / 2, read),
    }


def _watched(label: np.ndarray, end: float) -> np.ndarray:
    """Return days watched; where all purchases are known by the day only, they count as at noon."""
    known = label[~np.isnan(label)]
    noon = 0.5 if (known % 1.0 == 0.0).all() else 0.0
    return np.where(np.isnan(label), end, np.minimum(label + noon, end))


def _passed(days: np.ndarray, end: float, *told: np.ndarray) -> Sequence[np.ndarray]:
    """Return how much of its foretold wait each customer had waited, and the chance to be back by the end."""
    return metrics.passed(days, *told, end=end), told[-1]


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
) -> dict[str, Estimate]:
    """Return every metric of one candidate's answers with its 95 % interval over customers."""
    made: dict[str, Estimate] = {}
    for columns in dict.fromkeys((stick.columns, tuple(map(id, stick.truths))) for stick in sticks.values()):
        same = {n: s for n, s in sticks.items() if (s.columns, tuple(map(id, s.truths))) == columns}
        first = next(iter(same.values()))
        asked = {name: stick.metric for name, stick in same.items()}
        made |= bootstrap(asked, customers, *first.truths, *first.predictions(answered), repeats=repeats, seed=seed)
    return {name: made[name] for name in sticks}


def compared(
    sticks: Mapping[str, Yardstick], customers: np.ndarray, ours: pd.DataFrame, theirs: pd.DataFrame, seed: int
) -> dict[str, Estimate]:
    """Return every metric of our answers less that of theirs, on the same draws of customers.

    A bias has a side, and one too high is no better than one too low: of those the sizes are compared.
    """
    return {
        name: paired_difference(
            partial(_size, stick.metric) if name in SIDED else stick.metric,
            customers,
            *stick.truths,
            *stick.predictions(ours),
            *stick.predictions(theirs),
            seed=seed,
        )
        for name, stick in sticks.items()
    }


def _size(metric: Callable[..., float], *columns: np.ndarray, weight: np.ndarray | None = None) -> float:
    return abs(metric(*columns, weight=weight))


def verdict(difference: Estimate, best: float) -> str:
    """Tell a difference whose interval leaves out zero as better or worse.

    Args:
        difference: ours less theirs.
        best: the best value there is, above all others or below them.

    >>> verdict(Estimate(0.02, 0.01, 0.03), best=1.0), verdict(Estimate(0.02, -0.01, 0.05), best=1.0)
    ('better', 'tie')
    """
    if not (difference.low > 0 or difference.high < 0):
        return "tie"
    return "better" if (difference.value > 0) == (best > 0) else "worse"


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
    read = partial(_places, list(tiers))
    return {n: Yardstick(_over(metric, len(tiers)), (actual,), ("tier",), 1.0, read) for n, metric in asked.items()}


def _places(kinds: Sequence[str], *columns: np.ndarray) -> Sequence[np.ndarray]:
    return [np.asarray(pd.Categorical(column, categories=list(kinds)).codes) for column in columns]


def _over(metric: Callable[..., float], classes: int) -> Callable[..., float]:
    def judged(actual: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metric(actual, predicted, range(classes), weight=weight)

    return judged
