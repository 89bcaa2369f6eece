"""Waterfall: from the average answer to that of one customer, reason by reason, in points that add up exactly."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from patron.explanations.levers import UNTESTED, evidence
from patron.explanations.pushes import Pushes, pushes
from patron.explanations.redundancy import facts, strongest
from patron.explanations.request import check_request
from patron.explanations.sentences import described
from patron.features.measures import ON_CUTOFF
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

__all__ = ["COLUMNS", "waterfall"]

COLUMNS = (
    *("customer", "cutoff", "step", "feature", "text", "lever", "evidence", "push", "points", "before", "after"),
)
BASE = "The average of the customers that the model learned from"
REST = "All other facts together"
SEASON = "The time of the year, which all customers share"
FAINT = 0.01
NOTHING = {"feature": "", "lever": "", "evidence": ""}


def waterfall(model: Bundle, rows: Matrix, top: int = 8, tested: Mapping[str, float] = UNTESTED) -> pd.DataFrame:
    """Return how the answer of each customer comes about: from the average, reason by reason, the strongest first.

    Each reason is a fact as `drivers` tells it. Its points are what the answer gains when its push is added to those
    before it, so that base and points add up to the answer exactly; in another order they would be other points, while
    pushes (log-odds) are the same in any.

    Args:
        model: any trained model.
        rows: features of n customers.
        top: the most reasons told one by one; all others, and those below a hundredth of all pushes, are one step, as
            is the season.
        tested: as in `patron.explanations.drivers.drivers`.

    Returns:
        For each customer a line for the base (step 0) and for each reason, sorted as *rows*: customer, cutoff, step,
        feature, text, lever, evidence (empty where a line is of no single feature), push (calibrated log-odds), points
        (of the answer: a probability, or currency), before and after (the answer without and with this step and all
        before it; the last is the customer's).

    Raises:
        QuestionError: *top* is below 1, or *tested* names what is no lever of the model.
        ScoreError: a feature of the model is missing.
        DriverError: the pushes do not add up to the model's own log-odds.
    """
    check_request(model, rows, top, tested)
    tables = [_table(model, batch, top, tested) for batch in pushes(model, rows)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def _table(model: Bundle, batch: Pushes, top: int, tested: Mapping[str, float]) -> pd.DataFrame:
    season = np.array([f["source"] == ON_CUTOFF for f in model.spec["features"]])
    held = facts(batch.X, model.spec["features"]).without(season)
    reasons = strongest(batch.total, held, np.ones_like(season), len(season))
    lines: list[dict[str, Any]] = []
    ends = np.searchsorted(reasons.row, np.arange(len(batch.X) + 1))
    for i, (begin, end) in enumerate(pairwise(ends)):
        cells = np.arange(begin, end)
        strength = np.abs(reasons.push[cells])
        cells = cells[np.argsort(-strength, kind="stable")[: min(top, (strength > FAINT * strength.sum()).sum())]]
        chosen, fact = reasons.fact[cells], held.of_row(i)
        masks = [*(fact == f for f in chosen), ~np.isin(fact, chosen) & ~season, season]
        apart = _reasons(model, batch, i, reasons.speaker[cells], tested)
        lines += _steps(batch, i, masks, [*apart, {"text": REST} | NOTHING, {"text": SEASON} | NOTHING])
    keys = batch.rows.key.iloc[[line.pop("row") for line in lines]].reset_index(drop=True)
    return pd.concat([keys, pd.DataFrame(lines)], axis=1)[list(COLUMNS)]


def _reasons(
    model: Bundle, batch: Pushes, i: int, speakers: np.ndarray, tested: Mapping[str, float]
) -> list[dict[str, str]]:
    texts = described(model, batch.rows, batch.X, (np.full(len(speakers), i), speakers))["text"].to_pylist()
    features = [model.spec["features"][j] for j in speakers]
    return [
        {"feature": f["name"], "text": text, "lever": f.get("lever", "")}
        | {"evidence": evidence(f, tested, batch.score.is_chance)}
        for f, text in zip(features, texts, strict=True)
    ]


def _steps(batch: Pushes, i: int, masks: list[np.ndarray], reasons: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return the lines of one customer; what pushes nothing is left out, and has no points."""
    parts = np.stack([batch.parts[i][:, :, mask].sum(axis=2) for mask in masks])
    base = batch.log_odds[i] - parts.sum(axis=0)
    path = np.concatenate([base[None], base + np.cumsum(parts, axis=0)])
    answer = batch.score.value(path, np.full(len(path), i))
    push = np.einsum("msk,sk->m", np.concatenate([base[None], parts]), batch.score.weight)
    before = np.concatenate([[0.0], answer[:-1]])
    lines = [{"text": BASE} | NOTHING, *reasons]
    kept = [n for n in range(len(lines)) if n == 0 or (masks[n - 1].any() and parts[n - 1].any())]
    return [
        lines[n]
        | {"row": i, "step": step, "push": push[n], "points": answer[n] - before[n]}
        | {"before": before[n], "after": answer[n]}
        for step, n in enumerate(kept)
    ]
