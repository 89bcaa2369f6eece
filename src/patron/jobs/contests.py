"""Contests: a newly trained model beside the champion of today, both asked about the same rows, later than both."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import PatronError, RegistryError
from patron.evaluation.question_metrics import differences, verdict
from patron.jobs.job import Job
from patron.metrics import Estimate
from patron.models.serving import Bundle
from patron.models.targets import QuestionMetric, target_of
from patron.models.training import Trained
from patron.questions.matrices import KEY, Matrix, matrix
from patron.questions.question import Question
from patron.questions.shared import together
from patron.registry import Champion, Contest
from patron.scoring.model import check_asked, check_definitions, opened

__all__ = ["DECIDING", "contest", "contest_undated"]

# Log loss judges order and level together; of profit there is no such figure, so both are looked at.
DECIDING = ("log loss", "Gini of profit", "decile error")
UNDATED = "the rows have no dates, so there are none later than what the champion has learned from"


def contest(job: Job, trained: Trained, tested: Matrix, label: np.ndarray, predictions: pd.DataFrame) -> Contest | None:
    """Judge a trained model beside the champion of today by the rows of the test cutoffs; None where there is none.

    Args:
        job: the work on the customers that the question is asked of.
        trained: the new model.
        tested: its rows at the test cutoffs.
        label: what came of them, shape (n,).
        predictions: of the new model for these rows.

    Raises:
        RegistryError: the registry cannot be read.
    """
    name = job.registered(trained.question.name)
    version = job.registry.standing(name)
    if version is None:
        return None
    try:
        champion, theirs = _answers(job, name, trained.question, tested)
    except PatronError as error:
        return Contest(version, "unable", f"it cannot answer what is asked now: {f'{error}'.split('. ')[0]}")
    cutoffs = tuple(f"{cutoff:%Y-%m-%d}" for cutoff in sorted(tested.key.cutoff.unique()))
    learned = _last_known(job, champion)
    if learned is None or trained.question.horizon.after(learned) > tested.key.cutoff.min():
        return Contest(version, "unfair", _seen(learned, cutoffs), cutoffs=cutoffs)
    metrics = _deciding(trained, label)
    gained = differences(metrics, tested.key.customer.to_numpy(), predictions, theirs, job.settings.seed)
    counts = {"rows": len(tested), "customers": int(tested.key.customer.nunique())}
    return _judged(version, metrics, gained, cutoffs, counts)


def contest_undated(job: Job, question: Question) -> Contest | None:
    """Return that the rows of a question have no dates to be judged by, where there is a champion."""
    version = job.registry.standing(job.registered(question.name))
    return Contest(version, "undated", UNDATED) if version else None


def _answers(job: Job, name: str, question: Question, tested: Matrix) -> tuple[Champion, pd.DataFrame]:
    """Return the champion, and its answers for the same customers and cutoffs.

    Raises:
        PatronError: its files are broken, or it was trained for something else than is asked now.
    """
    champion = job.registry.champion(name)
    model = opened(champion.bundle, champion.name, champion.version)
    check_asked(model, question)
    rows = _rows(job, model, question, tested)
    check_definitions(model, rows)
    return champion, model.predict(rows.X)


def _rows(job: Job, model: Bundle, question: Question, tested: Matrix) -> Matrix:
    """Return the same rows, with the windows of the champion's features where customers came at another pace then."""
    rhythm = model.spec["rhythm"]
    known = {definition.name for definition in tested.definitions}
    if rhythm is None or rhythm == question.rhythm or known.issuperset(f["name"] for f in model.spec["features"]):
        return tested
    questions = together([replace(q, rhythm=rhythm) for q in job.settings.questions], job.history)
    rows = matrix(questions[0], job.source, job.split.test, progress=job.progress)
    place = tested.key.merge(rows.key.assign(place=np.arange(len(rows))), on=KEY, how="left").place
    if place.isna().any():
        raise RegistryError("it was asked of other customers")
    return Matrix(tested.key, rows.X.iloc[place.to_numpy(np.intp)].reset_index(drop=True), rows.definitions)


def _last_known(job: Job, champion: Champion) -> datetime | None:
    """Return the last cutoff that the champion has learned from, as its run tells."""
    params = job.registry.params(champion.run_id)
    known = [params.get(f"cutoffs.{group}", "") for group in ("train", "valid")]
    dates = [datetime.fromisoformat(date) for group in known for date in group.split(", ") if date]
    return max(dates, default=None)


def _seen(learned: datetime | None, cutoffs: tuple[str, ...]) -> str:
    known = f"it has learned from {learned:%Y-%m-%d}" if learned else "its run does not tell what it has learned from"
    return (
        f"{known}, so that what came of the test cutoffs ({', '.join(cutoffs)}) does not judge it fairly. Choose test "
        "cutoffs a horizon after that ([cutoffs] test)"
    )


def _deciding(trained: Trained, label: np.ndarray) -> dict[str, QuestionMetric]:
    answer = trained.model.spec["answer"]
    metrics = target_of(answer).metrics(answer, label)
    deciding = {name: metrics[name] for name in DECIDING if name in metrics}
    return deciding or dict([next(iter(metrics.items()))])


def _judged(
    version: str,
    metrics: Mapping[str, QuestionMetric],
    gained: Mapping[str, Estimate],
    cutoffs: tuple[str, ...],
    counts: Mapping[str, int],
) -> Contest:
    verdicts = {name: verdict(gained[name], metric.best) for name, metric in metrics.items()}
    outcome: Any = next((word for word in ("worse", "better") if word in verdicts.values()), "as good")
    said = ", ".join(f"{name} {_signed(figure)}" for name, figure in gained.items())
    reason = f"{said} on the same {counts['rows']:,} rows at {', '.join(cutoffs)}"
    figures = {name: asdict(figure) for name, figure in gained.items()}
    return Contest(version, outcome, reason, figures, cutoffs, counts["rows"], counts["customers"])


def _signed(figure: Estimate) -> str:
    return f"{figure.value:+.4f} [{figure.low:+.4f}, {figure.high:+.4f}]"
