"""Question metrics: by which metrics the answers to a question are judged, and which truths they are held against."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from patron import metrics
from patron.metrics import Estimate, bootstrap, paired_difference
from patron.models.serving import tier_codes

__all__ = ["QuestionMetric", "base", "coverages", "differences", "estimates", "question_metrics", "verdict"]

PROFITS, DAYS = ("profit_low", "profit_high"), ("days_low", "days_median", "days_high")
PROMISED = 0.8
SIDED = ("bias", "bias of profit")

Answer = Mapping[str, Any]


def _unchanged(*columns: np.ndarray) -> Sequence[np.ndarray]:
    return columns


@dataclass(frozen=True)
class QuestionMetric:
    """One metric of one question: what is compared with what.

    Args:
        metric: function of the truths and the prediction, in this order.
        truths: what happened, each of shape (n,).
        columns: which columns of the answers are judged.
        best: the best value there is, by which a difference is told as better or worse.
        transform: function of the columns that returns what is judged of them; by default the columns themselves.
    """

    metric: Callable[..., float]
    truths: tuple[np.ndarray, ...]
    columns: tuple[str, ...]
    best: float
    transform: Callable[..., Sequence[np.ndarray]] = _unchanged

    def judged(self, predictions: pd.DataFrame) -> Sequence[np.ndarray]:
        """Return what is judged of some predictions, each of shape (n,)."""
        return self.transform(*(predictions[column].to_numpy() for column in self.columns))


def question_metrics(answer: Answer, label: np.ndarray) -> dict[str, QuestionMetric]:
    """Return the metrics of a question, the one that decides first.

    Args:
        answer: what a model of the question remembers.
        label: what happened, shape (n,).

    >>> list(question_metrics({"kind": "churn"}, np.array([0.0, 1.0])))
    ['AUC', 'average precision', 'log loss', 'Brier', 'bias']
    """
    if answer["kind"] == "churn":
        return _chances((label,), "churn_probability")
    if answer["kind"] == "next_purchase":
        return _waiting(answer, label)
    return _classes(answer, label) | {
        "Gini of profit": QuestionMetric(metrics.normalized_gini, (label,), ("expected_profit",), 1.0),
        "decile error": QuestionMetric(metrics.decile_error, (label,), ("expected_profit",), 0.0),
        "bias of profit": QuestionMetric(metrics.bias, (label,), ("expected_profit",), 0.0),
    }


def coverages(answer: Answer, label: np.ndarray) -> dict[str, QuestionMetric]:
    """Return how often intervals hold; no contest, since the widest would win it.

    >>> list(coverages({"kind": "next_purchase", "horizon": 90}, np.array([3.0])))
    ['coverage of the interval', 'before the interval', 'after the interval']
    """
    if answer["kind"] == "tier":
        everybody = np.ones(len(label))
        return {"coverage of the interval": QuestionMetric(metrics.coverage, (label, everybody), PROFITS, PROMISED)}
    if answer["kind"] != "next_purchase":
        return {}
    bought = ~np.isnan(label)
    columns = (*DAYS, f"purchase_within_{answer['horizon']}d")
    about = ((bought,), columns)
    passed = partial(_passed, _observed_days(label, float(answer["horizon"])), float(answer["horizon"]))
    return {
        "coverage of the interval": QuestionMetric(metrics.held, *about, PROMISED, passed),
        "before the interval": QuestionMetric(metrics.early, *about, (1 - PROMISED) / 2, passed),
        "after the interval": QuestionMetric(metrics.late, *about, (1 - PROMISED) / 2, passed),
    }


def _observed_days(label: np.ndarray, end: float) -> np.ndarray:
    """Return the days observed; where all purchases are known by the day only, they count as at noon."""
    known = label[~np.isnan(label)]
    noon = 0.5 if (known % 1.0 == 0.0).all() else 0.0
    return np.where(np.isnan(label), end, np.minimum(label + noon, end))


def _passed(days: np.ndarray, end: float, *predicted: np.ndarray) -> Sequence[np.ndarray]:
    """Return how much of its foretold wait each customer had waited, and the chance to be back by the end."""
    return metrics.passed(days, *predicted, end=end), predicted[-1]


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


def estimates(
    metrics: Mapping[str, QuestionMetric],
    customers: np.ndarray,
    predictions: pd.DataFrame,
    seed: int,
    repeats: int = 500,
) -> dict[str, Estimate]:
    """Return every metric of one candidate's predictions with its 95 % interval over customers."""
    unordered: dict[str, Estimate] = {}
    for group in _of_same_columns(metrics):
        first = next(iter(group.values()))
        functions = {name: metric.metric for name, metric in group.items()}
        columns = (*first.truths, *first.judged(predictions))
        unordered |= bootstrap(functions, customers, *columns, repeats=repeats, seed=seed)
    return {name: unordered[name] for name in metrics}


def _of_same_columns(metrics: Mapping[str, QuestionMetric]) -> Iterable[dict[str, QuestionMetric]]:
    """Group the metrics of the same truths and columns: they share one bootstrap, which sorts the rows only once."""
    groups: dict[Hashable, dict[str, QuestionMetric]] = {}
    for name, metric in metrics.items():
        # Arrays have no hash; the truths of one question are shared objects, so their identity tells them apart.
        key = (metric.columns, metric.transform, *map(id, metric.truths))
        groups.setdefault(key, {})[name] = metric
    return groups.values()


def differences(
    metrics: Mapping[str, QuestionMetric], customers: np.ndarray, ours: pd.DataFrame, theirs: pd.DataFrame, seed: int
) -> dict[str, Estimate]:
    """Return every metric of our predictions less that of theirs, on the same draws of customers.

    A bias has a side, and one too high is no better than one too low: of those the sizes are compared.
    """
    return {
        name: paired_difference(
            partial(_size, metric.metric) if name in SIDED else metric.metric,
            customers,
            *metric.truths,
            *metric.judged(ours),
            *metric.judged(theirs),
            seed=seed,
        )
        for name, metric in metrics.items()
    }


def _size(metric: Callable[..., float], *columns: np.ndarray, weight: np.ndarray | None = None) -> float:
    return abs(metric(*columns, weight=weight))


def verdict(difference: Estimate, best: float) -> str:
    """Return whether a difference is better or worse, or a tie where its interval holds zero.

    Args:
        difference: ours less theirs.
        best: the best value there is, above all others or below them.

    >>> verdict(Estimate(0.02, 0.01, 0.03), best=1.0), verdict(Estimate(0.02, -0.01, 0.05), best=1.0)
    ('better', 'tie')
    """
    if not (difference.low > 0 or difference.high < 0):
        return "tie"
    return "better" if (difference.value > 0) == (best > 0) else "worse"


def _chances(truths: tuple[np.ndarray, ...], column: str) -> dict[str, QuestionMetric]:
    functions = {
        "AUC": (metrics.auc, 1.0),
        "average precision": (metrics.average_precision, 1.0),
        "log loss": (metrics.log_loss, 0.0),
        "Brier": (metrics.brier, 0.0),
        "bias": (metrics.bias, 0.0),
    }
    return {name: QuestionMetric(metric, truths, (column,), best) for name, (metric, best) in functions.items()}


def _waiting(answer: Answer, label: np.ndarray) -> dict[str, QuestionMetric]:
    days, horizon = answer["within"][0], float(answer["horizon"])
    seen = np.where(np.isnan(label), horizon, label)
    bought = ~np.isnan(label)

    def date_error(
        actual: np.ndarray, bought: np.ndarray, expected: np.ndarray, weight: np.ndarray | None = None
    ) -> float:
        counted = bought if weight is None else weight * bought
        return metrics.mean_absolute_error(actual, expected, weight=counted)

    return _chances(((label < days).astype(float),), f"purchase_within_{days}d") | {
        "C-index": QuestionMetric(metrics.concordance, (seen, bought), ("days_expected",), 1.0),
        "error of the date (days)": QuestionMetric(date_error, (seen, bought), ("days_if_back",), 0.0),
    }


def _classes(answer: Answer, label: np.ndarray) -> dict[str, QuestionMetric]:
    tiers, actual = tuple(answer["tiers"]), tier_codes(answer["lows"], label)
    functions = {"quadratic kappa": metrics.quadratic_kappa, "macro F1": metrics.macro_f1}
    codes = partial(_tier_codes, list(tiers))
    return {
        name: QuestionMetric(_over(metric, len(tiers)), (actual,), ("tier",), 1.0, codes)
        for name, metric in functions.items()
    }


def _tier_codes(tiers: Sequence[str], *columns: np.ndarray) -> Sequence[np.ndarray]:
    return [np.asarray(pd.Categorical(column, categories=list(tiers)).codes) for column in columns]


def _over(metric: Callable[..., float], classes: int) -> Callable[..., float]:
    def over_classes(actual: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metric(actual, predicted, range(classes), weight=weight)

    return over_classes
