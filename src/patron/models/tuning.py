"""Tuning: trees that grow by other parameters, tried within a budget, by the log loss that also chooses candidates.

A study is resumed, also by several processes at once, and begins anew where question, features, rows or seed differ.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from json import dumps
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from patron.engines.outputs import write_text
from patron.errors import LockError
from patron.history.history import History
from patron.models.budgets import Budget
from patron.models.candidates import PARAMETERS
from patron.models.fitting import Part, TrainingSet
from patron.models.preparation import dated, later_folds, later_part
from patron.models.rolling_origin import ROUNDS, predict_out_of_fold, stage_losses
from patron.models.selection import TREES, TUNED
from patron.models.studies import Study, open_study, optuna
from patron.models.tuned import TreeSetting, Tuned, question_features
from patron.periods import Split
from patron.questions.matrices import labels, matrix, row_source
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["search", "study_path", "tune"]

GROWN_AS, LOSSES = "grown_as", "losses"
# The lowest and the highest of each; docs/tuning.md has the reasons.
WHOLE = {"num_leaves": (4, 64), "min_data_in_leaf": (10, 500)}
SCALES = {"learning_rate": (0.03, 0.2), "lambda_l2": (0.1, 100.0)}
SHARES = {"feature_fraction": (0.1, 1.0), "bagging_fraction": (0.5, 1.0)}


def tune(
    question: Question,
    history: History | RowSource,
    split: Split,
    minutes: float = 10.0,
    trials: int | None = None,
    seed: int = 0,
    root: str | Path = ".",
) -> Tuned:
    """Return how trees should grow for a question, as a candidate: `pt.train(..., candidates=[tuned])`.

    What is tried is judged on the rolling folds of the known cutoffs; test cutoffs are not looked at. The trials are
    kept below `mlruns/tuning`, where the next call goes on with them.

    Args:
        question: what is asked.
        history: the checked event tables, or a panel.
        split: cutoffs that may be known (train and valid).
        minutes: after which no more trial begins.
        trials: the most that the study has in all; None where only time counts.
        seed: of what is tried and of LightGBM's sampling.
        root: the folder that holds `mlruns`.

    Raises:
        SettingsError: the budget is nothing, or Optuna is not installed.
        QuestionError: there is too little to learn from.
    """
    budget = Budget(minutes, trials)
    optuna()
    split.check_gap(question.horizon)
    source = row_source(history)
    complete = source.complete(question, split.known[-1])
    rows = matrix(complete, source, split.known)
    training_set = dated(complete, source, rows, labels(complete, source, split.known, rows=rows), split, seed)
    parts = [later_part(training_set, fold) for fold in later_folds(complete, split)]
    return search(training_set, parts, study_path(Path(root), question.name), budget)[0]


def study_path(root: Path, name: str) -> Path:
    """Return where the trials of a model lie, and beside them what did best, as JSON."""
    return root / "mlruns" / "tuning" / f"{name}.journal"


def _silent(step: str) -> None:
    """Report nothing."""


def search(
    training_set: TrainingSet,
    parts: Sequence[Part],
    path: Path,
    budget: Budget,
    tell: Callable[[str], None] = _silent,
    clock: Callable[[], float] = monotonic,
) -> tuple[Tuned, Study]:
    """Try parameters until the budget is spent, and return the best with all trials.

    Args:
        training_set: what is learned from.
        parts: by which trials are judged, those of the choice between candidates.
        path: of the journal.
        budget: how long.
        tell: called with a sentence where a trial is the best so far.
        clock: seconds.

    Raises:
        SettingsError: Optuna is not installed, or the journal cannot be read.
        LockError: all trials that are allowed are being run by other processes.
    """
    end = clock() + 60.0 * budget.minutes
    ways = training_set.grown_as(parts[0])
    space = _space(ways)
    about = question_features(training_set.question, training_set.rows)
    rows = _fingerprint(training_set)
    name = _digest(dumps([about, rows, training_set.seed, _plain(space)]).encode())
    with open_study(path, name, about, space, _defaults(ways), training_set.seed) as study:
        best = min((trial.value for trial in study.complete), default=np.inf)
        while clock() < end and (trial := study.begin_trial(budget.trials)) is not None:
            _run(training_set, parts, study, trial)
            tuned = _best(study, about, rows)
            _keep(tuned, path)
            if (now := min(trial.value for trial in study.complete)) < best:
                best = now
                tell(f"trial {len(study.finished)}: rolling log loss {best:.5f}")
        if not study.complete:
            raise LockError(
                f"All {budget.trials} trials of {path.name} are being run by another process. Wait until it has ended, "
                "or allow more: trials = 40."
            )
        return _best(study, about, rows), study


def _run(training_set: TrainingSet, parts: Sequence[Part], study: Study, trial: Any) -> None:
    """Judge one trial fold by fold, and stop it where it does worse than half of the others did by then."""
    parameters = {name: value for name, value in trial.params.items() if name != GROWN_AS}
    predictions, loss = [], np.inf
    try:
        for step, part in enumerate(parts):
            predictions.append(training_set.predict_tuned(part, trial.params.get(GROWN_AS, TREES), parameters))
            oof = predict_out_of_fold(predictions)
            loss = float(oof.losses(oof.log_odds[TUNED]).mean())
            trial.report(loss, step)
            if step + 1 < len(parts) and trial.should_prune():
                study.stop(trial)
                return
        trial.set_user_attr(LOSSES, stage_losses(predictions, TUNED).tolist())
        study.finish(trial, loss)
    except BaseException:
        study.fail(trial)
        raise


def _best(study: Study, about: Mapping[str, Any], rows: str) -> Tuned:
    """Return what lost least of all trials and numbers of trees: for all customers, and for each half by the other."""
    trials = study.complete
    losses = np.stack([_all_stages(np.asarray(trial.user_attrs[LOSSES])) for trial in trials])

    def least(lost: np.ndarray) -> TreeSetting:
        which, stage = np.unravel_index(int(lost.argmin()), lost.shape)
        params = dict(trials[int(which)].params)
        return TreeSetting(params, params.pop(GROWN_AS, TREES), ROUNDS[int(stage)])

    halves = least(losses[:, :, 1]), least(losses[:, :, 0])
    return Tuned(about, rows, least(losses.sum(axis=2)), halves, len(study.finished))


def _all_stages(losses: np.ndarray) -> np.ndarray:
    """Return losses after each of `ROUNDS`; after the last stage that changed anything they stay."""
    return losses[np.minimum(np.arange(len(ROUNDS)), len(losses) - 1)]


def _keep(tuned: Tuned, path: Path) -> None:
    write_text(tuned.text, path.with_suffix(".json"))


def _space(ways: Sequence[str]) -> dict[str, Any]:
    of = optuna().distributions
    space = {name: of.IntDistribution(low, high, log=True) for name, (low, high) in WHOLE.items()}
    space |= {name: of.FloatDistribution(low, high, log=True) for name, (low, high) in SCALES.items()}
    space |= {name: of.FloatDistribution(low, high) for name, (low, high) in SHARES.items()}
    return space | ({GROWN_AS: of.CategoricalDistribution(tuple(ways))} if len(ways) > 1 else {})


def _plain(space: Mapping[str, Any]) -> dict[str, str]:
    return {name: optuna().distributions.distribution_to_json(each) for name, each in space.items()}


def _defaults(ways: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is tried first: each candidate with trees as it is."""
    usual = {name: PARAMETERS[name] for name in (*WHOLE, *SCALES, *SHARES)}
    return [usual | ({GROWN_AS: way} if len(ways) > 1 else {}) for way in ways]


def _fingerprint(training_set: TrainingSet) -> str:
    keys = pd.util.hash_pandas_object(training_set.rows.key[["customer", "cutoff"]], index=False).to_numpy()
    label = np.ascontiguousarray(training_set.label)
    return _digest(keys.tobytes() + label.tobytes() + np.ascontiguousarray(training_set.X).tobytes())


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()
