"""Tuning: parameters of trees tried for every question within the budget, each study logged with its trials."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np

from patron.errors import SettingsError
from patron.jobs.checking import check_cutoffs, labelled_rows, receipts
from patron.jobs.job import Job
from patron.models.budgets import Budget
from patron.models.fitting import Part, TrainingSet
from patron.models.preparation import customer_parts, dated, differences, later_folds, later_part, undated
from patron.models.studies import Study, optuna
from patron.models.tuned import Tuned, question_features
from patron.models.tuning import search, study_path
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.reports.tuning_plots import tuning_plots

__all__ = ["tune", "tuned_candidates"]

PARENT = "mlflow.parentRunId"
LOSS = "rolling.log_loss"


def tune(job: Job) -> dict[str, Any]:
    """Try parameters of trees for every question, which share the minutes; the next training takes up the best."""
    optuna()
    check_cutoffs(job)
    job.tell_left_out()
    whole = job.settings.tuning
    budget = Budget(whole.minutes / len(job.settings.questions), whole.trials)
    studies: dict[str, Any] = {}
    for part in job.parts:
        rows, labelled = labelled_rows(part)
        for question in part.questions:
            studies[question.name] = _tune_question(part, question, rows, labelled[question.name], budget)
    return {"tables": receipts(job), "studies": studies}


def tuned_candidates(job: Job, question: Question, rows: Matrix) -> tuple[Tuned, ...]:
    """Return what was tuned for a question, none where nothing was, or where it was for another question.

    Raises:
        SettingsError: the file of it cannot be read.
    """
    path = study_path(job.settings.root, job.registered(question.name)).with_suffix(".json")
    if not path.exists():
        return ()
    try:
        tuned = Tuned.load(path)
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"What was tuned cannot be read from {path.name} ({type(error).__name__}). Tune anew, or train without it: "
            f"rm {path}"
        ) from error
    if other := differences(tuned, question_features(question, rows)):
        job.tell(
            f"tuning    {question.name}: left out, as it was of another question ({other}); patron tune tries anew"
        )
        return ()
    job.tell(f"tuning    {question.name}: the best of {tuned.trials} trials is a candidate")
    return (tuned,)


def _tune_question(job: Job, question: Question, rows: Matrix, label: np.ndarray, budget: Budget) -> dict[str, Any]:
    training_set, parts = _parts(job, question, rows, label)
    path = study_path(job.settings.root, job.registered(question.name))
    before = path.exists()

    def tell(sentence: str) -> None:
        job.tell(f"{question.name}: {sentence}")

    if before:
        tell("goes on with the trials that are there, if question, features, rows and seed are theirs")
    tuned, study = search(training_set, parts, path, budget, tell)
    outcome = _outcome(study)
    job.tell(
        f"{question.name}: {outcome['trials']} trials, {outcome['stopped']} of them stopped early; rolling log loss "
        f"{outcome['untuned']:.5f} as it is, {outcome['tuned']:.5f} at best: patron train judges whether that is more "
        "than luck"
    )
    return outcome | {"run": _log(job, question, study, tuned), "file": str(path.with_suffix(".json"))}


def _parts(job: Job, question: Question, rows: Matrix, label: np.ndarray) -> tuple[TrainingSet, Sequence[Part]]:
    """Return the rows to learn from, and the parts by which training chooses between candidates."""
    seed = job.settings.seed
    if not job.source.dated:
        training_set = undated(question, job.source, rows, label, seed)
        return training_set, list(customer_parts(training_set))
    training_set = dated(question, job.source, rows, label, job.split, seed)
    return training_set, [later_part(training_set, fold) for fold in later_folds(question, job.split)]


def _outcome(study: Study) -> dict[str, Any]:
    complete, finished = study.complete, study.finished
    defaults = [trial.value for trial in complete if "fixed_params" in trial.system_attrs]
    return {
        "trials": len(finished),
        "stopped": len(finished) - len(complete),
        "untuned": min(defaults, default=np.inf),
        "tuned": min(trial.value for trial in complete),
    }


def _log(job: Job, question: Question, study: Study, tuned: Tuned) -> str:
    """Log the study as a run with its plots, and the trials of this time as runs below it."""
    name, outcome = job.registered(question.name), _outcome(study)
    best: dict[str, str | float] = {f"best.{key}": value for key, value in tuned.best.parameters.items()}
    figures = {"trials": outcome["trials"], "stopped": outcome["stopped"], "untuned": outcome["untuned"]}
    parent = job.registry.log_run(
        name,
        f"tuning {job.now.astimezone(UTC):%Y-%m-%d %H:%M}",
        best | {"best.grown_as": tuned.best.grown_as, "best.rounds": tuned.best.rounds, "seed": job.settings.seed},
        figures | {LOSS: outcome["tuned"]},
        tuning_plots(study.trials) | {"tuned.json": tuned.text},
        tags={"study": study.trials.study_name},
    )
    for trial in study.own:
        ended = "stopped early" if trial.state.name == "PRUNED" else "complete"
        losses = {f"{LOSS}.fold_{fold + 1}": value for fold, value in trial.intermediate_values.items()}
        whole = {LOSS: trial.value} if ended == "complete" else {}
        job.registry.log_run(
            name, f"trial {trial.number}", trial.params, losses | whole, tags={PARENT: parent, "trial": ended}
        )
    return parent
