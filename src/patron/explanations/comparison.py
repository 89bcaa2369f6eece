"""Comparison: by which facts the answers of some customers differ from others', be it a segment, a day or a model."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pandas as pd

from patron.errors import ScoreError
from patron.explanations.pushes import Pushes, check_features, pushes
from patron.explanations.redundancy import static_facts
from patron.features.measures import ON_CUTOFF
from patron.formatting import amount
from patron.models.serving import Bundle, FeatureSpec
from patron.models.usual import usual_value
from patron.questions.matrices import Matrix

__all__ = ["COLUMNS", "compare_drivers", "compare_models"]

COLUMNS = (
    *("feature", "theme", "words", "lever", "value", "other_value", "change", "other_change", "difference"),
    *("low", "high"),
)
DRAWS, INTERVAL = 100, (0.025, 0.975)


def compare_drivers(model: Bundle, rows: Matrix, others: Matrix, seed: int = 0) -> pd.DataFrame:
    """Return which facts move the answers of some customers otherwise than those of others.

    A fact changes a customer's answer as a reason of `drivers` does: without it the answer would be lower by so much,
    or higher where it is below 0. What all customers of a cutoff share, the season, is a fact too.

    Args:
        model: any trained model.
        rows: features of some customers, such as those of a segment, or of today.
        others: features of those they are compared with: all others, or those of an earlier cutoff.
        seed: of the customers drawn for the intervals.

    Returns:
        A line for each fact, sorted by how far the two differ: feature (of the fact, that whose mean push differs
        most), theme, words, lever, value and other_value (the usual one of each, as people read it), change and
        other_change (the mean of each, a probability or currency), difference, low and high (between which the
        difference lies for 95 of 100 draws of customers with replacement; a customer of both sides is drawn for both).

    Raises:
        ScoreError: a feature of the model is missing, or there are no rows on one side.
        DriverError: the pushes do not add up to the model's own log-odds.
    """
    return _compare((model, model), (rows, others), seed)


def compare_models(model: Bundle, other: Bundle, rows: Matrix, seed: int = 0) -> pd.DataFrame:
    """Return which facts move the answers of one model otherwise than those of another, of the same customers.

    Args:
        model: any trained model.
        other: one that answers the same question, such as an earlier version.
        rows: features of n customers, those of both models.
        seed: of the customers drawn for the intervals.

    Returns:
        the columns of `compare_drivers`, of *model* and of *other*; a fact that one does not look at changes nothing
        there.

    Raises:
        ScoreError: a feature of a model is missing, or there are no rows.
        DriverError: the pushes do not add up to a model's own log-odds.
    """
    return _compare((model, other), (rows, rows), seed)


def _compare(models: tuple[Bundle, Bundle], sides: tuple[Matrix, Matrix], seed: int) -> pd.DataFrame:
    for model, side in zip(models, sides, strict=True):
        check_features(model, side)
        if not len(side):
            raise ScoreError("A comparison is of customers with others, got none on one side. Give rows of both.")
    features = _all_features(*models)
    names, fact = [f["name"] for f in features], static_facts(features)
    draws = _draws(sides, seed)
    (push, changes), (other_push, other_changes) = (
        _means(model, side, fact, [names.index(f["name"]) for f in model.spec["features"]], weights)
        for model, side, weights in zip(models, sides, draws, strict=True)
    )
    low, high = np.nanquantile(changes[1:] - other_changes[1:], INTERVAL, axis=0)
    lines = []
    for number in np.unique(fact):
        members = np.flatnonzero(fact == number)
        speaker = members[np.argmax(np.abs(push - other_push)[members])]
        values = [_usual(side, features[speaker]) for side in sides]
        line = _line(features[speaker], values, changes[0, number], other_changes[0, number])
        lines.append(line | {"low": low[number], "high": high[number]})
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    return table.sort_values("difference", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def _all_features(model: Bundle, other: Bundle) -> list[FeatureSpec]:
    """Return the features of two models; groups of what goes together are those that the first one learned."""
    own = {f["name"] for f in model.spec["features"]}
    more = [{k: v for k, v in f.items() if k != "group"} for f in other.spec["features"] if f["name"] not in own]
    return [*model.spec["features"], *cast(list[FeatureSpec], more)]


def _draws(sides: tuple[Matrix, Matrix], seed: int) -> list[np.ndarray]:
    """Return how often each row of both sides is drawn, first once each, shape (1 + draws, rows)."""
    codes, customers = pd.factorize(pd.concat([side.key.customer for side in sides], ignore_index=True))
    rng, times = np.random.default_rng(seed), np.ones((1 + DRAWS, len(customers)), dtype=np.uint8)
    for draw in times[1:]:
        draw[:] = rng.poisson(1.0, len(customers))
    return [times[:, part] for part in np.split(codes, [len(sides[0])])]


def _means(
    model: Bundle, rows: Matrix, fact: np.ndarray, place: list[int], times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean push of each feature, and for each draw the mean change of each fact by its number."""
    push, change = np.zeros(len(fact)), np.zeros((len(times), len(fact)))
    start = 0
    for batch in pushes(model, rows):
        weights = times[:, start : start + len(batch.X)].astype(np.float64)
        start += len(batch.X)
        push[place] += batch.total.sum(axis=0)
        for number, of_fact in _changes(batch, fact[place]):
            change[:, number] += weights @ of_fact
    counts = times.sum(axis=1, dtype=np.float64)[:, None]
    return push / len(rows), np.divide(change, counts, out=np.full_like(change, np.nan), where=counts > 0)


def _changes(batch: Pushes, fact: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    row = np.arange(len(batch.X))
    answer = batch.score.value(batch.log_odds, row)
    for number in np.unique(fact):
        part = batch.parts[:, :, :, fact == number].sum(axis=3)
        if part.any():
            yield int(number), answer - batch.score.value(batch.log_odds - part, row)


def _usual(rows: Matrix, feature: FeatureSpec) -> str:
    return amount(usual_value(rows.X[feature["name"]], feature["levels"]), feature["unit"]).strip()


def _line(feature: FeatureSpec, values: list[str], change: float, other: float) -> dict[str, Any]:
    words = f"{feature['words']} (the time of the year)" if feature["source"] == ON_CUTOFF else feature["words"]
    about = {"feature": feature["name"], "theme": feature["theme"], "words": words, "lever": feature.get("lever", "")}
    shown = {"value": values[0], "other_value": values[1]}
    return about | shown | {"change": change, "other_change": other, "difference": change - other}
