"""Shared rows: several questions with the features of all of them, so that their rows are made once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from patron.errors import QuestionError, listed
from patron.features.definitions import definitions
from patron.features.measures import Feature, Measure
from patron.history.history import History
from patron.questions.question import Question

__all__ = ["together"]


def together(questions: Sequence[Question], history: History, before: datetime | None = None) -> tuple[Question, ...]:
    """Return the questions with the features of all of them, so that their rows are made once.

    Args:
        questions: asked of the same customers.
        history: the checked event tables.
        before: as in `Question.on`.

    Raises:
        QuestionError: the questions are asked of different customers, or mean different things by one column.
    """
    active = {question.active_in for question in questions}
    if len(active) == 1 and len({question.population for question in questions}) != 1:
        raise QuestionError(
            f"The questions {listed(question.name for question in questions)} are asked of different customers: those "
            "with orders, those under contract, those who left. Ask them one by one; a settings file may ask them all."
        )
    if len(active) != 1:
        raise QuestionError(
            f"The questions are asked of customers active in {listed(active)}. Ask them of the same customers "
            "(active_in), or one by one."
        )
    features: list[Feature] = []
    seen: dict[str, Feature] = {}
    whole: list[Question] = []
    for question in questions:
        whole.append(_in_step(question, whole).on(history, before))
        for feature in whole[-1].features:
            features += _unseen(feature, seen, history)
    return tuple(replace(question, features=tuple(features)) for question in whole)


def _in_step(question: Question, others: Sequence[Question]) -> Question:
    """Return a question with the rhythm that another one has found, so that the orders are looked through once."""
    if question.features or question.rhythm is not None:
        return question
    return replace(question, rhythm=next((other.rhythm for other in others if other.rhythm is not None), None))


def _unseen(feature: Feature, seen: dict[str, Feature], history: History) -> tuple[Feature, ...]:
    """Return the feature for the columns that nobody has made yet, and note that they are made."""
    windows = tuple(w for w in feature.windows if feature.column(w) not in seen)
    for other in {id(f): f for f in map(seen.get, map(feature.column, feature.windows)) if f}.values():
        _check_same(feature, other, history)
    seen.update(dict.fromkeys(map(feature.column, windows), feature))
    if windows == feature.windows:
        return (feature,)
    return (feature.over(*windows),) if windows and isinstance(feature, Measure) else ()


def _check_same(feature: Feature, other: Feature, history: History) -> None:
    if feature == other:
        return
    meant = {d.name: d.formula for d in definitions(history.tables, (other,))}
    for name, formula in ((d.name, d.formula) for d in definitions(history.tables, (feature,))):
        if meant.get(name, formula) != formula:
            raise QuestionError(
                f"Two questions make the column {name!r} in different ways. "
                "Give their features different names, or questions of profit the same costs."
            )
