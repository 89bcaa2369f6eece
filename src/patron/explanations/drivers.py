"""Drivers: what moved each answer away from the usual, in the words of the measures.

A driver is an association: it says what the model looked at, not what would change the customer's mind.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.engines.batches import ahead
from patron.errors import ScoreError
from patron.explanations.levers import UNTESTED, evidence
from patron.explanations.pushes import Pushes, check_features, pushes
from patron.explanations.redundancy import Facts, Reasons, facts, parts_of, strongest
from patron.explanations.request import check_request
from patron.explanations.sentences import described, endings
from patron.explanations.stability import stable_facts
from patron.explanations.texts import each
from patron.features.measures import ON_CUTOFF
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

__all__ = ["COLUMNS", "SEASON", "drivers", "importance"]

COLUMNS = (
    *("customer", "cutoff", "side", "rank", "feature", "theme", "words", "value", "shown", "usual"),
    *("push", "change", "text", "lever", "evidence"),
)
SIDES = ("for", "against")
SEASON = "season"


def drivers(model: Bundle, rows: Matrix, top: int = 3, tested: Mapping[str, float] = UNTESTED) -> pd.DataFrame:
    """Return for each customer what speaks most for the answer and what against it, in words for a retention manager.

    Of the risk to leave, the reasons *for* are those to leave, and those *against* are what keeps the customer. Pushes
    are the model's exact `contributions`, so that all of a customer's lead from the base, the average answer of the
    rows that the model learned from, to this answer. Those of churn are in log-odds; of the next purchase in log-odds
    of its hazard, the mean of the steps up to the first `within`; of the tier in log-odds weighted by rank.

    Args:
        model: any trained model.
        rows: features of n customers.
        top: the most drivers on each side; facts without any push are left out, and so are those of the
            cutoff itself (the season), which all customers share. Features that hold one fact are one driver: it has
            the push of all of them, and the one that pushes most that way speaks (`patron.explanations.redundancy`).
            The first on a side is one that stays when the model is fitted again, where there is any
            (`patron.explanations.stability`).
        tested: what a trial of a lever changed, by its measure: the answer of the treated less that of the control, as
            a probability (-0.04: 4 points less), or as money where the answer is.

    Returns:
        At most 2n * top rows, sorted as *rows*, those for before those against, then by rank: customer, cutoff, side
        ("for" or "against"), rank (from 1 on each side), feature, theme, words, value (NaN for a category), shown
        (value with its unit), usual (of customers known about as long, thirds of the training rows), push (calibrated
        log-odds, above 0 where it speaks for), change (what the push adds: without it the churn probability, the
        probability to buy within the first `within`, or the expected profit in currency would be lower by this much,
        or higher where it is below 0), text (a sentence), lever (what the business does to change the feature, in
        words; empty where nobody can), evidence ("association, not a lever", "association, lever untested", or "lever
        tested" with what its trial changed).

    Raises:
        QuestionError: *top* is below 1, or *tested* names what is no lever of the model.
        ScoreError: a feature of the model is missing.
        DriverError: the pushes do not add up to the model's own log-odds.

    >>> from patron.features.definitions import Definition
    >>> days = {"name": "recency", "words": "Days since the last order", "theme": "habit", "unit": "days",
    ...         "source": "orders"}
    >>> spec = {"features": [days | {"dtype": "float64", "levels": [], "usual": 84.0}], "calibration": None,
    ...         "answer": {"kind": "churn", "horizon": 90}, "estimator": {"kind": "linear", "inputs": [0],
    ...         "mean": [4.4], "scale": [1.0], "coef": [[1.0]], "intercept": [[0.0]]}}
    >>> key = pd.DataFrame({"customer": ["ann"], "cutoff": pd.to_datetime(["2024-05-01"])})
    >>> rows = Matrix(key, pd.DataFrame({"recency": [212.0]}), (Definition(**days, formula=""),))
    >>> drivers(Bundle(spec), rows).text[0]
    'Days since the last order: 212 (usual: 84), raises the risk by 22 points'
    """
    check_request(model, rows, top, tested)
    tables = list(ahead(lambda batch: _table(model, batch, top, tested), pushes(model, rows)))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def importance(model: Bundle, rows: Matrix, most: int = 10_000, seed: int = 0) -> pd.DataFrame:
    """Return which features move the answers most over all customers.

    Args:
        model: any trained model.
        rows: features of n customers.
        most: the most rows looked at; where there are more, a random sample of them.
        seed: of that sample.

    Returns:
        feature, theme, words, push (mean absolute push, log-odds), share (of all pushes, 0 to 1), low and high (between
        which the share lay when the model was fitted again on other customers; the share itself where it was not),
        strongest first.
        Features of the cutoff itself have the theme `season` and are called no lever.

    Raises:
        ScoreError: there are no rows, or a feature of the model is missing.
    """
    push = _mean_push(model, rows, most, seed)
    share = push / push.sum() if push.any() else push
    spread = np.array([f.get("share_spread", [0.0, 0.0]) for f in model.spec["features"]])
    bounds = {"low": np.clip(share + spread[:, 0], 0.0, 1.0), "high": np.clip(share + spread[:, 1], 0.0, 1.0)}
    table = pd.DataFrame(_levers(model)).assign(push=push, share=share, **bounds)
    return table.sort_values(["push", "feature"], ascending=[False, True], ignore_index=True)


def _levers(model: Bundle) -> list[dict[str, str]]:
    """Return name, theme and words of the features; those of the cutoff itself, which nobody can move, are marked."""
    names = [{"feature": f["name"], "theme": f["theme"], "words": f["words"]} for f in model.spec["features"]]
    return [
        lever | {"theme": SEASON, "words": f"{f['words']} ({SEASON}, no lever)"} if f["source"] == ON_CUTOFF else lever
        for f, lever in zip(model.spec["features"], names, strict=True)
    ]


def _mean_push(model: Bundle, rows: Matrix, most: int, seed: int) -> np.ndarray:
    """Return the mean absolute push of each feature."""
    check_features(model, rows)
    if len(rows) == 0 or most < 1:
        raise ScoreError(f"Importance looks at rows, got {len(rows)} rows and most={most}. Give one or more.")
    mask = np.arange(len(rows)) < most
    sample = rows.take(np.random.default_rng(seed).permutation(mask))
    total = np.zeros(len(model.spec["features"]))
    for batch in pushes(model, sample):
        total += np.abs(batch.total).sum(axis=0)
    return total / len(sample)


def _table(model: Bundle, batch: Pushes, top: int, tested: Mapping[str, float]) -> pd.DataFrame:
    features, X, score = model.spec["features"], batch.X, batch.score
    held = facts(X, features).without(np.array([f["source"] == ON_CUTOFF for f in features]))
    reasons = strongest(batch.total, held, stable_facts(features), top)
    answer = score.value(batch.log_odds, np.arange(len(X)))
    change = answer[reasons.row] - score.value(_without(batch, held, reasons), reasons.row)
    ends = endings(score, reasons.push, change)
    texts = described(model, batch.rows, X, (reasons.row, reasons.speaker), ends)
    texts["side"] = each(SIDES, reasons.side)
    texts["lever"] = each([f.get("lever", "") for f in features], reasons.speaker)
    texts["evidence"] = each([evidence(f, tested, score.is_chance) for f in features], reasons.speaker)
    numbers = {"rank": reasons.rank, "push": reasons.push, "change": change, "value": texts.pop("value")}
    place = batch.rows.key.iloc[reasons.row].reset_index(drop=True)
    return place.assign(**numbers, **{name: pd.array(text, dtype="str") for name, text in texts.items()})[list(COLUMNS)]


def _without(batch: Pushes, held: Facts, reasons: Reasons) -> np.ndarray:
    """Return the log-odds that each reason's row would have without it, shape (m, steps, classes)."""
    if batch.is_plain:
        return batch.log_odds[reasons.row] - reasons.push[:, None, None]
    return batch.log_odds[reasons.row] - parts_of(batch.parts, held, reasons.row, reasons.fact)
