"""Question metrics: what is compared with what, when the predictions of a question are judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron import metrics

__all__ = ["PROMISED", "QuestionMetric", "chance_metrics"]

PROMISED = 0.8  # of the truths lie within an interval


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


def chance_metrics(y_true: np.ndarray, column: str) -> dict[str, QuestionMetric]:
    """Return the metrics of a chance, the one that decides first.

    Args:
        y_true: 1 where it happened, else 0, shape (n,).
        column: the chance among the predictions.

    >>> list(chance_metrics(np.array([0.0, 1.0]), "churn_probability"))
    ['AUC', 'average precision', 'log loss', 'Brier', 'bias']
    """
    functions = {
        "AUC": (metrics.auc, 1.0),
        "average precision": (metrics.average_precision, 1.0),
        "log loss": (metrics.log_loss, 0.0),
        "Brier": (metrics.brier, 0.0),
        "bias": (metrics.bias, 0.0),
    }
    return {name: QuestionMetric(metric, (y_true,), (column,), best) for name, (metric, best) in functions.items()}
