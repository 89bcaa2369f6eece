"""Expectation: the figures that the models will reach on today's customers, from their answers alone.

Until labels arrive these are all there is; they hold where the chances are right, see `patron.metrics.expectation`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from patron.metrics import Estimate, expected_agreement, expected_lift, expected_performance
from patron.models.serving import Bundle, shape_of
from patron.models.targets import target_of

__all__ = ["answer_columns", "expected_figures", "plain_figures"]

NO_LABELS = np.zeros(0)


def answer_columns(model: Bundle) -> list[str]:
    """Return the columns of the answers that figures are estimated from."""
    spec = model.spec["answer"]
    columns = target_of(spec).binary_outcome(spec, NO_LABELS).columns
    shares = [f"probability_{tier}" for tier in spec["tiers"]] if shape_of(spec) == "ordinal" else []
    return list(dict.fromkeys([*columns, *shares, *(["tier"] if shares else [])]))


def expected_figures(model: Bundle, scores: pd.DataFrame) -> dict[str, Estimate]:
    """Estimate what a model will reach on the customers that it answered for, by the names that its card has.

    Args:
        model: a champion.
        scores: today's answers; customers that the model was not asked about have none.

    Returns:
        AUC, log loss, Brier and rate of its chance; of tiers accuracy and quadratic kappa.
    """
    spec = model.spec["answer"]
    columns = target_of(spec).binary_outcome(spec, NO_LABELS).columns
    answered = scores[scores[list(columns)].notna().all(axis=1)]
    if shape_of(spec) == "ordinal":
        chances = answered[[f"probability_{tier}" for tier in spec["tiers"]]]
        return expected_agreement(chances, answered.tier, spec["tiers"])
    return expected_performance(_chance(model, answered))


def plain_figures(model: Bundle, scores: pd.DataFrame, judged: Mapping[str, float]) -> dict[str, Any]:
    """Return what a model will reach as plain JSON values, each beside its card, and what the best tenths will hold.

    Args:
        model: a champion.
        scores: today's answers.
        judged: figures of its card by plain names: log_loss.
    """
    figures = {
        name: {bound: _known(value) for bound, value in asdict(estimate).items()}
        | {"card": _known(judged.get(name.lower().replace(" ", "_")))}
        for name, estimate in expected_figures(model, scores).items()
    }
    lines = expected_lift(_chance(model, scores)).to_dict("records")
    return figures | {"lift": [{str(name): _known(value) for name, value in line.items()} for line in lines]}


def _chance(model: Bundle, scores: pd.DataFrame) -> np.ndarray:
    """Return the chance of the yes-or-no outcome behind curves, of those who have one."""
    spec = model.spec["answer"]
    outcome = target_of(spec).binary_outcome(spec, NO_LABELS)
    return outcome.chance(scores[scores[list(outcome.columns)].notna().all(axis=1)])


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 6)
