"""Reference: rows and labels by the generic path alone, in which tests hold the fold to one meaning."""

from datetime import datetime

import ibis
from ibis.expr.types import Table

from patron.features.compute.generic import feature_table
from patron.history.history import History
from patron.periods import Span
from patron.questions.question import Question

__all__ = ["labels", "rows"]


def rows(question: Question, history: History, cutoff: datetime) -> Table:
    """Return one row for each customer asked about at *cutoff*, with its features.

    Raises:
        QuestionError: the cutoff lies outside the history.
    """
    history.check_cutoff(cutoff)

    def before(name: str, window: Span) -> Table:
        return history.past(name, cutoff, window)

    return feature_table(_spine(question, history, cutoff), before, question.on(history, cutoff).features)


def labels(question: Question, history: History, cutoff: datetime) -> Table:
    """Return the same rows with their one label, named `label`.

    Raises:
        QuestionError: the cutoff lies outside the history, or the horizon has not passed.
    """
    history.check_cutoff(cutoff)
    history.check_passed(cutoff, question.horizon)
    label = question.label(history)

    def after(name: str, horizon: Span) -> Table:
        return history.future(name, cutoff, horizon)

    table = feature_table(_spine(question, history, cutoff), after, (label,))
    table = table.rename(label=label.column(question.horizon))
    settled = question.settled(history)
    if settled is None:
        return table

    def before(name: str, window: Span) -> Table:
        return history.past(name, cutoff, window)

    (column,) = (settled.column(window) for window in settled.windows)
    known = feature_table(_spine(question, history, cutoff), before, (settled,)).select("customer", ahead=column)
    joined = table.join(known, "customer")
    waived = (joined.ahead >= (question.horizon.days or 0)).fill_null(False)
    return joined.mutate(label=waived.ifelse(0, joined.label)).drop("ahead")


def _spine(question: Question, history: History, cutoff: datetime) -> Table:
    return question.population.spine(history, cutoff).mutate(cutoff=ibis.literal(cutoff))
