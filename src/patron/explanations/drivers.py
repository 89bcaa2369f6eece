"""Drivers: what moved each answer away from the usual, in the words of the measures.

A driver is an association: it says what the model looked at, not what would change the customer's mind.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import DriverError, QuestionError, ScoreError, listed
from patron.explanations.contributions import contributions
from patron.explanations.redundancy import strongest
from patron.features.measures import ON_CUTOFF
from patron.formatting import amount, quantity
from patron.models.serving import Bundle, FeatureSpec, encode
from patron.models.targets import ExplainedScore, target_of
from patron.questions.matrices import Matrix

__all__ = ["COLUMNS", "EVIDENCE", "drivers", "importance"]

COLUMNS = (
    *("customer", "cutoff", "rank", "feature", "theme", "words", "value", "shown", "usual"),
    *("push", "effect", "change", "text", "evidence"),
)
EVIDENCE = "association"
SEASON = "season"
BATCH = 20_000


def drivers(model: Bundle, rows: Matrix, top: int = 3) -> pd.DataFrame:
    """Return for each customer what moved the answer most, in words a retention manager can read.

    Pushes are the model's exact `contributions`. Those of churn are in log-odds; of the next purchase in log-odds of
    its hazard, the mean of the steps up to the first `within`; of the tier in log-odds weighted by rank: a push
    upwards lifts it.

    Args:
        model: any trained model.
        rows: features of n customers.
        top: the most drivers for each customer; features without any push are left out, and so are those of the
            cutoff itself (the season), which all customers share. Of features that hold one fact the
            strongest speaks, with its own push (see `patron.explanations.redundancy`).

    Returns:
        At most n * top rows, sorted as *rows*, then by rank: customer, cutoff, rank (from 1), feature, theme,
        words, value (NaN for a category), shown (value with its unit), usual, push (calibrated log-odds), effect
        (raises or lowers), change (if this push were taken away: of the churn probability, of the probability to
        buy within the first `within`, or of the expected profit in currency), text (a sentence), evidence.

    Raises:
        QuestionError: *top* is below 1.
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
    'Days since the last order: 212 (usual: 84), raises the risk'
    """
    if top < 1:
        raise QuestionError(f"Drivers are asked for the top {top} features; the least is 1. Write top=3.")
    _check_features(model, rows)
    tables = [_table(model, batch, top) for batch in _batches(rows)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def importance(model: Bundle, rows: Matrix, most: int = 10_000, seed: int = 0) -> pd.DataFrame:
    """Return which features move the answers most over all customers.

    Args:
        model: any trained model.
        rows: features of n customers.
        most: the most rows looked at; where there are more, a random sample of them.
        seed: of that sample.

    Returns:
        feature, theme, words, push (mean absolute push, log-odds), share (of all pushes, 0 to 1), strongest first.
        Features of the cutoff itself have the theme `season` and are called no lever.

    Raises:
        ScoreError: there are no rows, or a feature of the model is missing.
    """
    push = _mean_push(model, rows, most, seed)
    table = pd.DataFrame(_levers(model)).assign(push=push, share=push / push.sum() if push.any() else push)
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
    _check_features(model, rows)
    if len(rows) == 0 or most < 1:
        raise ScoreError(f"Importance looks at rows, got {len(rows)} rows and most={most}. Give one or more.")
    mask = np.arange(len(rows)) < most
    sample = rows.take(np.random.default_rng(seed).permutation(mask))
    total = np.zeros(len(model.spec["features"]))
    for batch in _batches(sample):
        X = encode(batch.X, model.spec["features"])
        score = _score(model, X)
        parts, _ = _contributions(model, batch, X, score)
        total += np.abs(_pushes(parts, score)).sum(axis=0)
    return total / len(sample)


def _table(model: Bundle, batch: Matrix, top: int) -> pd.DataFrame:
    features = model.spec["features"]
    X = encode(batch.X, features)
    score = _score(model, X)
    parts, log_odds = _contributions(model, batch, X, score)
    pushes = _pushes(parts, score)
    own = np.where([f["source"] == ON_CUTOFF for f in features], 0.0, pushes)
    chosen, loud = strongest(own, X, features)
    best = np.argsort(-np.abs(loud), axis=1, kind="stable")[:, :top]
    row, rank = np.nonzero(np.take_along_axis(loud, best, axis=1))
    which = chosen[row, best[row, rank]]
    without = log_odds[row] - parts[row, :, :, which]
    numeric = np.array([f["dtype"] != "category" for f in features])
    columns = {
        "rank": rank + 1,
        "value": np.where(numeric[which], X[row, which], np.nan).astype(np.float64),
        "push": pushes[row, which],
        "change": score.value(without, row) - score.value(log_odds, np.arange(len(X)))[row],
        "evidence": EVIDENCE,
    }
    table = batch.key.iloc[row].reset_index(drop=True).assign(**columns, **_words(batch, features, row, which))
    table["effect"] = np.where(table.push > 0, "raises", "lowers")
    table["text"] = table.text + ", " + table.effect + f" {score.noun}"
    return table[list(COLUMNS)]


def _contributions(model: Bundle, batch: Matrix, X: np.ndarray, score: ExplainedScore) -> tuple[np.ndarray, np.ndarray]:
    try:
        return contributions(model, X, score.steps)
    except DriverError as error:
        raise DriverError(str(error), pd.concat([batch.key, batch.X], axis=1)) from error


def _words(batch: Matrix, features: list[FeatureSpec], row: np.ndarray, which: np.ndarray) -> dict[str, Any]:
    columns = [batch.X[f["name"]].to_numpy() for f in features]
    cells = [(columns[j][i], features[j]) for i, j in zip(row, which, strict=True)]
    words = {
        "feature": [f["name"] for _, f in cells],
        "theme": [f["theme"] for _, f in cells],
        "words": [f["words"] for _, f in cells],
        "shown": [amount(value, f["unit"]) for value, f in cells],
        "usual": [amount(f["usual"], f["unit"]) for _, f in cells],
        "text": [_sentence(value, f) for value, f in cells],
    }
    return {column: pd.array(texts, dtype="str") for column, texts in words.items()}


def _sentence(value: Any, feature: FeatureSpec) -> str:
    """Return the start of a sentence; a unit that the words begin with is not said again, nor what is as usual."""
    words, unit = feature["words"], feature["unit"]
    named = unit not in ("money", "share") and words.lower().startswith(unit.lower())
    own, usual = ((quantity if named else amount)(x, unit) for x in (value, feature["usual"]))
    return f"{words}: {own}" if own == usual else f"{words}: {own} (usual: {usual})"


def _batches(rows: Matrix) -> Iterator[Matrix]:
    """Yield slices of the rows, so that the contributions of millions never stand in memory at once."""
    for start in range(0, len(rows), BATCH):
        batch = slice(start, start + BATCH)
        yield Matrix(rows.key[batch], rows.X[batch], rows.definitions)


def _pushes(parts: np.ndarray, score: ExplainedScore) -> np.ndarray:
    return np.asarray(np.einsum("nskf,sk->nf", parts, score.weight))


def _score(model: Bundle, X: np.ndarray) -> ExplainedScore:
    return target_of(model.spec["answer"]).explained_score(model, X)


def _check_features(model: Bundle, rows: Matrix) -> None:
    missing = {f["name"] for f in model.spec["features"]} - set(rows.X.columns)
    if missing:
        raise ScoreError(
            f"Drivers need the features the model was trained on; these rows lack {listed(missing)}. "
            f"They have: {listed(rows.X.columns)}. Make the rows with the model's own question."
        )
