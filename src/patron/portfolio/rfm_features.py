"""RFM features: the scores of recency, frequency and money as features of models and conditions of offers."""

from collections.abc import Callable, Sequence
from functools import partial

from ibis.expr.types import NumericColumn

from patron.features import purchases
from patron.features.measures import Combination, Measure
from patron.periods import EVER
from patron.portfolio.rfm import Thresholds

__all__ = ["rfm_features"]

LOWEST, BEST = 1, 5


def rfm_features(thresholds: Thresholds) -> tuple[Combination, ...]:
    """Return the scores of recency, frequency and, where it has thresholds, money as features.

    Put them among the features of your own, and models have them as inputs, drivers as reasons, and offers as
    conditions: `eligible = ["rfm_recency <= 2", "rfm_frequency >= 3"]` treats those who are at risk by RFM.

    Args:
        thresholds: where one score ends and the next begins; they stay as they are at every cutoff.

    >>> [feature.name for feature in rfm_features(Thresholds((30, 90, 180, 365), (2, 3, 5, 10)))]
    ['rfm_recency', 'rfm_frequency']
    """
    parts = {
        "recency": (purchases.recency, partial(_latest_best, thresholds.recency), "habit"),
        "frequency": (purchases.orders.over(EVER), partial(_most_best, thresholds.frequency), "habit"),
        "money": (purchases.spend.over(EVER), partial(_most_best, thresholds.money), "value"),
    }
    return tuple(_score(name, *part) for name, part in parts.items() if getattr(thresholds, name))


def _score(name: str, part: Measure, compute: Callable[..., NumericColumn], theme: str) -> Combination:
    return Combination(f"rfm_{name}", (part,), compute, f"Score of {name}, from 1 to 5", theme, "points")


def _latest_best(edges: Sequence[float], days: NumericColumn) -> NumericColumn:
    return BEST - _passed([days > edge for edge in edges])


def _most_best(edges: Sequence[float], value: NumericColumn) -> NumericColumn:
    return LOWEST + _passed([value >= edge for edge in edges])


def _passed(conditions: Sequence[NumericColumn]) -> NumericColumn:
    return sum((condition.cast("int64") for condition in conditions[1:]), conditions[0].cast("int64"))
