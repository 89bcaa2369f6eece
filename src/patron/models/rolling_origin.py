"""Rolling: what each candidate would have said at past cutoffs, fitted only on what was known by then.

Candidates are compared with each later cutoff at its own level. How high a cutoff lies is chance to them all, and a
handful of cutoffs tells nothing about who guesses it better; how well they tell customers apart is told by thousands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

import numpy as np

from patron.models.calibration import levelled, log_losses
from patron.models.candidates import Estimator
from patron.models.targets import Examples
from patron.periods import Span

__all__ = ["Fold", "FoldPredictions", "OutOfFold", "folds", "predict_out_of_fold", "stage_losses", "staged"]

FOLDS = 3
ROUNDS = (5, 10, 20, 35, 50, 75, 100, 150, 250, 400)


@dataclass(frozen=True)
class Fold:
    """Cutoffs to fit on, and a later one to judge at, which begins when their labels have ended."""

    fitted: tuple[datetime, ...]
    judged: datetime


@dataclass(frozen=True)
class FoldPredictions:
    """What the candidates of one fold said of its later cutoff.

    Args:
        paths: log-odds of each example, by candidate: one array, or for trees one for each of `ROUNDS`.
        target: the examples.
        customers: of each row, shape (n,).
        by_half: of a candidate that was tuned, the log-odds for each half of the customers, by name.
    """

    paths: Mapping[str, Sequence[np.ndarray]]
    target: Examples
    customers: np.ndarray
    by_half: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class OutOfFold:
    """The rolling predictions of all folds, one below the other.

    Args:
        margins: log-odds of each example by candidate, shape (m, 1) or (m, classes).
        rounds: how many trees were enough, by candidate that has trees.
        y: class of each example, shape (m,).
        row: row of each example, shape (m,).
        fold: fold of each example, shape (m,).
        customers: customer of each row, shape (n,).
    """

    log_odds: Mapping[str, np.ndarray]
    rounds: Mapping[str, int]
    y: np.ndarray
    row: np.ndarray
    fold: np.ndarray
    customers: np.ndarray

    @property
    def row_folds(self) -> np.ndarray:
        """Fold of each row, shape (n,)."""
        folds = np.zeros(len(self.customers), dtype=self.fold.dtype)
        folds[self.row] = self.fold
        return folds

    def losses(self, log_odds: np.ndarray) -> np.ndarray:
        """Return the log loss of each row, summed over its examples, each fold at its own level, shape (n,)."""
        lost = log_losses(levelled(log_odds, self.y, self.fold), self.y)
        return np.bincount(self.row, weights=lost, minlength=len(self.customers))

    def holding(self, name: str, log_odds: np.ndarray) -> "OutOfFold":
        """Return the same with one more candidate."""
        return replace(self, log_odds={**self.log_odds, name: log_odds})


def folds(cutoffs: Sequence[datetime], horizon: Span) -> tuple[Fold, ...]:
    """Return the last few cutoffs, a horizon apart, each with the earlier ones whose labels ended before it.

    >>> some = [datetime(2024, month, 1) for month in (1, 3, 5)]
    >>> [(len(fold.fitted), fold.judged.month) for fold in folds(some, Span(60))]
    [(1, 3), (2, 5)]
    """
    chosen: list[Fold] = []
    for cutoff in sorted(cutoffs, reverse=True):
        before = tuple(c for c in sorted(cutoffs) if horizon.after(c) <= cutoff)
        if before and len(chosen) < FOLDS and (not chosen or horizon.after(cutoff) <= chosen[-1].judged):
            chosen.append(Fold(before, cutoff))
    return tuple(reversed(chosen))


def predict_out_of_fold(predictions: Sequence[FoldPredictions]) -> OutOfFold:
    """Put the folds together; how many trees are enough is told for each half of the customers by the other half."""
    oof = _pooled(predictions)
    halves = _halves(oof)
    log_odds, rounds = {}, {}
    for name in predictions[0].paths:
        log_odds[name], best = _enough(_path(predictions, name), oof.y, oof.fold, halves)
        if len(predictions[0].paths[name]) > 1:
            rounds[name] = ROUNDS[best]
    for name in predictions[0].by_half:
        first, second = (np.concatenate([part.by_half[name][half] for part in predictions]) for half in (0, 1))
        log_odds[name] = np.where((halves == 0)[:, None], first, second)
    return replace(oof, log_odds=log_odds, rounds=rounds)


def stage_losses(predictions: Sequence[FoldPredictions], name: str) -> np.ndarray:
    """Return what trees lost on each half of the customers after each of `ROUNDS`, added up, shape (stages, 2).

    Stages after which nothing changed any more are left out.
    """
    oof = _pooled(predictions)
    halves = _halves(oof)
    lost = [log_losses(levelled(stage, oof.y, oof.fold), oof.y) for stage in _path(predictions, name)]
    return np.stack([np.bincount(halves, weights=stage, minlength=2) for stage in lost])


def _pooled(predictions: Sequence[FoldPredictions]) -> OutOfFold:
    """Return the examples of all folds, one below the other, without any predictions."""
    starts = np.cumsum([0, *(len(part.customers) for part in predictions)])
    customers = np.concatenate([part.customers for part in predictions])
    row = np.concatenate([part.target.row + start for part, start in zip(predictions, starts, strict=False)])
    y = np.concatenate([part.target.y for part in predictions])
    fold = np.repeat(np.arange(len(predictions)), [len(part.target.y) for part in predictions])
    return OutOfFold({}, {}, y, row, fold, customers)


def _halves(oof: OutOfFold) -> np.ndarray:
    """Return the half of the customers, 0 or 1, that each example belongs to."""
    return np.asarray((np.unique(oof.customers, return_inverse=True)[1] % 2)[oof.row])


def _path(predictions: Sequence[FoldPredictions], name: str) -> list[np.ndarray]:
    """Return the log-odds of a candidate in all folds, one below the other, after each stage that changes any."""
    return [np.concatenate(stage) for stage in _distinct([part.paths[name] for part in predictions])]


def staged(grown: Estimator, base: Estimator | None, X: np.ndarray, target: Examples) -> list[np.ndarray]:
    """Return the log-odds of trees, on top of a base or alone, after each of `ROUNDS`."""
    start = base.log_odds(X, target) if base else 0.0
    stages: list[np.ndarray] = []
    for rounds in ROUNDS:
        if stages and rounds > grown.rounds and ROUNDS[len(stages) - 1] >= grown.rounds:
            stages.append(stages[-1])
        else:
            stages.append(start + replace(grown, spec=grown.spec | {"rounds": rounds}).log_odds(X, target))
    return stages


def _distinct(paths: Sequence[Sequence[np.ndarray]]) -> list[tuple[np.ndarray, ...]]:
    """Return the stages of all folds up to the last one that changes an answer in any of them."""
    stages = list(zip(*paths, strict=True))
    changed = [any(new is not old for new, old in zip(*two, strict=True)) for two in pairwise(stages)]
    return stages[: 1 + max((k for k, new in enumerate(changed, start=1) if new), default=0)]


def _enough(path: Sequence[np.ndarray], y: np.ndarray, fold: np.ndarray, halves: np.ndarray) -> tuple[np.ndarray, int]:
    """Return margins at the stage that the other half of the customers chose, and the stage that all choose."""
    if len(path) == 1:
        return path[0], 0
    losses = np.stack([log_losses(levelled(log_odds, y, fold), y) for log_odds in path])
    log_odds_of_halves = np.empty_like(path[0])
    for half in (0, 1):
        other = halves != half
        best = int(losses[:, other].sum(axis=1).argmin()) if other.any() else 0
        log_odds_of_halves[halves == half] = path[best][halves == half]
    return log_odds_of_halves, int(losses.sum(axis=1).argmin())
