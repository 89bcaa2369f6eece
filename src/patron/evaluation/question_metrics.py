"""Question metrics: the metrics of a question with their intervals, alone and as differences of two candidates."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import wraps

import numpy as np
import pandas as pd

from patron.metrics import Estimate, bootstrap, paired_differences
from patron.models.targets import QuestionMetric

__all__ = ["differences", "estimates", "verdict"]

SIDED = ("bias", "bias of profit")


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
    unordered: dict[str, Estimate] = {}
    for group in _of_same_columns(metrics):
        first = next(iter(group.values()))
        functions = {name: _size(metric.metric) if name in SIDED else metric.metric for name, metric in group.items()}
        columns = (*first.truths, *first.judged(ours), *first.judged(theirs))
        unordered |= paired_differences(functions, customers, *columns, seed=seed)
    return {name: unordered[name] for name in metrics}


def _size(metric: Callable[..., float]) -> Callable[..., float]:
    @wraps(metric)
    def size(*columns: np.ndarray, weight: np.ndarray | None = None) -> float:
        return abs(metric(*columns, weight=weight))

    return size


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
