"""Comparison: by which facts the answers of some customers differ from others', be it a segment or a day."""

from collections.abc import Iterator
from typing import Any

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

__all__ = ["COLUMNS", "compare_drivers"]

COLUMNS = ("feature", "theme", "words", "lever", "value", "other_value", "change", "other_change", "difference")


def compare_drivers(model: Bundle, rows: Matrix, others: Matrix) -> pd.DataFrame:
    """Return which facts move the answers of some customers otherwise than those of others.

    A fact changes a customer's answer as a reason of `drivers` does: without it the answer would be lower by so much,
    or higher where it is below 0. What all customers of a cutoff share, the season, is a fact too.

    Args:
        model: any trained model.
        rows: features of some customers, such as those of a segment, or of today.
        others: features of those they are compared with: all others, or those of an earlier cutoff.

    Returns:
        A line for each fact, sorted by how far the two differ: feature (of the fact, that whose mean push differs
        most), theme, words, lever, value and other_value (the usual one of each, as people read it), change and
        other_change (the mean of each, a probability or currency), difference.

    Raises:
        ScoreError: a feature of the model is missing, or there are no rows on one side.
        DriverError: the pushes do not add up to the model's own log-odds.
    """
    for side in (rows, others):
        check_features(model, side)
        if not len(side):
            raise ScoreError("A comparison is of customers with others, got none on one side. Give rows of both.")
    features = model.spec["features"]
    fact = static_facts(features)
    (push, change), (other_push, other_change) = (_means(model, side, fact) for side in (rows, others))
    lines = []
    for number in np.unique(fact):
        members = np.flatnonzero(fact == number)
        speaker = members[np.argmax(np.abs(push - other_push)[members])]
        values = [_usual(side, features[speaker]) for side in (rows, others)]
        lines.append(_line(features[speaker], values, change[number], other_change[number]))
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    return table.sort_values("difference", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def _means(model: Bundle, rows: Matrix, fact: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean push of each feature, and the mean change of each fact by its number."""
    push, change = np.zeros(len(fact)), np.zeros(len(fact))
    for batch in pushes(model, rows):
        push += batch.total.sum(axis=0)
        for number, of_fact in _changes(batch, fact):
            change[number] += of_fact.sum()
    return push / len(rows), change / len(rows)


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
