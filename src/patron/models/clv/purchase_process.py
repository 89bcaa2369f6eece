"""The purchase process of all customers up to an instant, in the form in which a bundle keeps it."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from patron.features import purchases
from patron.models.clv.pareto_nbd import fit_pareto_nbd
from patron.models.serving import TargetSpec, repeats
from patron.models.targets import target_of
from patron.periods import EVER
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["fit_process_at", "process_inputs"]

SEEN = (purchases.recency, purchases.tenure, purchases.orders.over(EVER))


def process_inputs(names: Sequence[str]) -> list[int] | None:
    """Return where recency, tenure and orders stand among the features, None where one is not there.

    >>> process_inputs(["tenure", "recency", "spend", "orders"])
    [1, 0, 3]
    >>> process_inputs(["recency"]) is None
    True
    """
    wanted = [feature.column(feature.windows[0]) for feature in SEEN]
    return [list(names).index(name) for name in wanted] if set(wanted) <= set(names) else None


def fit_process_at(
    question: Question, source: RowSource, at: datetime, answer: TargetSpec, inputs: Sequence[int]
) -> dict[str, Any]:
    """Fit a purchase process to all customers known before an instant; no label is needed.

    Args:
        question: what is asked.
        source: what the rows of the question come from.
        at: events before it are seen.
        answer: what a model of the question remembers.
        inputs: where recency, tenure and orders stand among the features.

    Returns:
        what `serving.process_log_odds` reads: parameters in days, the edges of the horizon, the sign, the inputs.
    """
    everybody = source.everybody(question, SEEN, at)
    columns = [feature.column(feature.windows[0]) for feature in SEEN]
    parameters = fit_process(everybody[columns].to_numpy(dtype=np.float64))
    target = target_of(answer)
    return parameters | {"edges": list(target.process_edges(answer)), "sign": target.sign, "inputs": list(inputs)}


def fit_process(seen: np.ndarray) -> dict[str, float]:
    """Fit a Pareto/NBD to days since the last order, days since the first, and orders, shape (n, 3).

    Whole days suffice, and merge customers who are alike.
    """
    r, alpha, s, beta = _fit_process(np.round(seen).astype(np.float64).tobytes())
    return {"r": r, "alpha": alpha, "s": s, "beta": beta}


@lru_cache(maxsize=8)  # the questions of one training look at the same customers
def _fit_process(seen: bytes) -> tuple[float, float, float, float]:
    model = fit_pareto_nbd(*repeats(np.frombuffer(seen).reshape(-1, 3)))
    return model.r, model.alpha, model.s, model.beta
