"""Studies: trials of one question in a journal that several processes share; the only module that runs Optuna.

The sampler begins anew for each trial from the seed and the trials before it, so that 17 trials and 23 more equal 40. A
trial whose process was killed is found by its lock, which the system lets go, and fails.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock, Timeout

from patron.errors import SettingsError

__all__ = ["Study", "open_study", "optuna"]

STARTED = 10  # trials at random before what did well is followed
UNPRUNED = 5  # trials that go to their end before any is stopped early
WORKER = "worker"
ABOUT = "about"


def optuna() -> Any:
    """Return Optuna, its own messages turned off.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise SettingsError(
            "Tuning needs Optuna, which is not installed. Install it: pip install 'patron[tuning]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@dataclass(frozen=True)
class Study:
    """The trials of one question, shared by all processes that opened them.

    Args:
        path: the journal.
        trials: Optuna's study.
        space: what is searched, as Optuna's distributions.
        seed: what chance starts from.
        worker: what tells this process from others.
    """

    path: Path
    trials: Any
    space: Mapping[str, Any]
    seed: int
    worker: str

    def begin_trial(self, most: int | None) -> Any:
        """Return a trial with its parameters, or None where the study has *most* of them already."""
        with _alone(self.path):
            before = [trial for trial in self._all() if trial.state.name != "WAITING"]
            if most is not None and len(before) >= most:
                return None
            seed = int(np.random.default_rng([self.seed, len(before)]).integers(2**31))
            self.trials.sampler = optuna().samplers.TPESampler(seed=seed, n_startup_trials=STARTED)
            trial = self.trials.ask(fixed_distributions=dict(self.space))
            trial.set_user_attr(WORKER, self.worker)
        return trial

    def finish(self, trial: Any, value: float) -> None:
        """Keep the log loss of a trial."""
        self.trials.tell(trial, value)

    def stop(self, trial: Any) -> None:
        """Keep a trial as one that was stopped early."""
        self.trials.tell(trial, state=optuna().trial.TrialState.PRUNED)

    def fail(self, trial: Any) -> None:
        """Keep a trial as one that came to nothing."""
        self.trials.tell(trial, state=optuna().trial.TrialState.FAIL)

    @property
    def finished(self) -> list[Any]:
        """The trials that ended, those that were stopped early included, oldest first."""
        return [trial for trial in self._all() if trial.state.name in ("COMPLETE", "PRUNED")]

    @property
    def complete(self) -> list[Any]:
        """The trials that went to their end, oldest first."""
        return [trial for trial in self._all() if trial.state.name == "COMPLETE"]

    @property
    def own(self) -> list[Any]:
        """The trials that this process ran to an end."""
        return [trial for trial in self.finished if trial.user_attrs.get(WORKER) == self.worker]

    def _all(self) -> list[Any]:
        """Return all trials but those that failed."""
        return [trial for trial in self.trials.get_trials(deepcopy=False) if trial.state.name != "FAIL"]


@contextmanager
def open_study(
    path: Path, name: str, about: Mapping[str, Any], space: Mapping[str, Any], defaults: list[dict[str, Any]], seed: int
) -> Iterator[Study]:
    """Open a study, or begin it with the defaults as its first trials; trials of killed processes fail.

    Args:
        path: the journal, which holds every study of a question.
        name: of the study, another one for other rows.
        about: what it is about, as plain values.
        space: what is searched, as Optuna's distributions.
        defaults: the first trials.
        seed: what chance starts from.

    Raises:
        SettingsError: Optuna is not installed, or the journal cannot be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    worker = f"{path.stem}.{uuid4().hex}"
    lock = FileLock(_lock_of(path, worker))
    with lock:
        with _alone(path):
            trials = _opened(path, name, about, defaults)
            _fail_killed(path, trials)
        try:
            yield Study(path, trials, space, seed, worker)
        finally:
            _lock_of(path, worker).unlink(missing_ok=True)


def _opened(path: Path, name: str, about: Mapping[str, Any], defaults: list[dict[str, Any]]) -> Any:
    library = optuna()
    try:
        storage = library.storages.JournalStorage(library.storages.journal.JournalFileBackend(str(path)))
        pruner = library.pruners.MedianPruner(n_startup_trials=UNPRUNED)
        study = library.create_study(storage=storage, study_name=name, pruner=pruner, load_if_exists=True)
        begun = ABOUT in study.user_attrs
    except (ValueError, KeyError) as error:
        raise SettingsError(
            f"The trials in {path.name} cannot be read ({type(error).__name__}): a write was cut short, or the "
            f"file was changed by hand. Tuning begins anew without it: rm {path}"
        ) from error
    if not begun:
        for parameters in defaults:
            study.enqueue_trial(parameters, skip_if_exists=True)
        study.set_user_attr(ABOUT, dict(about))
    return study


def _fail_killed(path: Path, study: Any) -> None:
    """Let every running trial fail whose process is gone: its lock is free."""
    failed = optuna().trial.TrialState.FAIL
    for trial in study.get_trials(deepcopy=False):
        if trial.state.name == "RUNNING" and not _at_work(path, trial.user_attrs.get(WORKER, "")):
            study.tell(trial.number, state=failed)


def _at_work(path: Path, worker: str) -> bool:
    lock = _lock_of(path, worker)
    if not worker or not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            pass
    except Timeout:
        return True
    lock.unlink(missing_ok=True)
    return False


def _alone(path: Path) -> FileLock:
    """Return the lock of a journal: one process at a time opens it or begins a trial."""
    return FileLock(path.with_name(f".{path.name}.lock"))


def _lock_of(path: Path, worker: str) -> Path:
    return path.with_name(f".{worker}.lock")
