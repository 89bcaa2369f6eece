"""Rolling: what each candidate would have said at past cutoffs, fitted only on what was known by then.

Candidates are compared with each later cutoff at its own level. How high a cutoff lies is chance to them all, and a
handful of cutoffs tells nothing about who guesses it better; how well they tell customers apart is told by thousands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from patron.models.calibration import levelled, log_losses
from patron.models.candidates import Estimator
from patron.models.targets import Examples
from patron.periods import Span

__all__ = ["Fold", "Rolled", "Told", "folds", "rolled", "staged"]

FOLDS = 3
ROUNDS = (5, 10, 20, 35, 50, 75, 100, 150, 250, 400)


@dataclass(frozen=True)
class Fold:
    """Cutoffs to fit on, and a later one to judge at, which begins when their labels have ended."""

    fitted: tuple[datetime, ...]
    judged: datetime


@dataclass(frozen=True)
class Told:
    """What the candidates of one fold said of its later cutoff.

    Args:
        paths: log-odds of each example, by candidate: one array, or for trees one for each of `ROUNDS`.
        target: the examples.
        customers: of each row, shape (n,).
    """

    paths: Mapping[str, Sequence[np.ndarray]]
    target: Examples
    customers: np.ndarray


@dataclass(frozen=True)
class Rolled:
    """The rolling predictions of all folds, one below the other.

    Args:
        margins: log-odds of each example by candidate, shape (m, 1) or (m, classes).
        rounds: how many trees were enough, by candidate that has trees.
        y: class of each example, shape (m,).
        row: row of each example, shape (m,).
        fold: fold of each example, shape (m,).
        customers: customer of each row, shape (n,).
    """

    margins: Mapping[str, np.ndarray]
    rounds: Mapping[str, int]
    y: np.ndarray
    row: np.ndarray
    fold: np.ndarray
    customers: np.ndarray

    @property
    def row_folds(self) -> np.ndarray:
        """Fold of each row, shape (n,)."""
        made = np.zeros(len(self.customers), dtype=self.fold.dtype)
        made[self.row] = self.fold
        return made

    def losses(self, margins: np.ndarray) -> np.ndarray:
        """Return the log loss of each row, summed over its examples, each fold at its own level, shape (n,)."""
        lost = log_losses(levelled(margins, self.y, self.fold), self.y)
        return np.bincount(self.row, weights=lost, minlength=len(self.customers))

    def holding(self, name: str, margins: np.ndarray) -> "Rolled":
        """Return the same with one more candidate."""
        return replace(self, margins={**self.margins, name: margins})


def folds(cutoffs: Sequence[datetime], horizon: Span) -> tuple[Fold, ...]:
    """Return the last few cutoffs, a horizon apart, each with the earlier ones whose labels ended before it.

    >>> some = [datetime(2024, month, 1) for month in (1, 3, 5)]
    >>> [(len(fold.fitted), fold.judged.month) for fold in folds(some, Span(60))]
    [(1, 3), (2, 5)]
    """
    made: list[Fold] = []
    for cutoff in sorted(cutoffs, reverse=True):
        before = tuple(c for c in sorted(cutoffs) if c + horizon.delta <= cutoff)
        if before and len(made) < FOLDS and (not made or cutoff + horizon.delta <= made[-1].judged):
            made.append(Fold(before, cutoff))
    return tuple(reversed(made))


def rolled(told: Sequence[Told]) -> Rolled:
    """Put the folds together; how many trees are enough is told for each half of the customers by the other half."""
    starts = np.cumsum([0, *(len(part.customers) for part in told)])
    customers = np.concatenate([part.customers for part in told])
    row = np.concatenate([part.target.row + start for part, start in zip(told, starts, strict=False)])
    y = np.concatenate([part.target.y for part in told])
    fold = np.repeat(np.arange(len(told)), [len(part.target.y) for part in told])
    halves = (np.unique(customers, return_inverse=True)[1] % 2)[row]
    margins, rounds = {}, {}
    for name in told[0].paths:
        path = [np.concatenate(stage) for stage in zip(*(part.paths[name] for part in told), strict=True)]
        margins[name], best = _enough(path, y, fold, halves)
        if len(path) > 1:
            rounds[name] = ROUNDS[best]
    return Rolled(margins, rounds, y, row, fold, customers)


def staged(grown: Estimator, base: Estimator | None, X: np.ndarray, target: Examples) -> list[np.ndarray]:
    """Return the log-odds of trees, on top of a base or alone, after each of `ROUNDS`."""
    start = base.margins(X, target) if base else 0.0
    made: list[np.ndarray] = []
    for rounds in ROUNDS:
        if made and rounds > grown.rounds and ROUNDS[len(made) - 1] >= grown.rounds:
            made.append(made[-1])
        else:
            made.append(start + replace(grown, spec=grown.spec | {"rounds": rounds}).margins(X, target))
    return made


def _enough(path: Sequence[np.ndarray], y: np.ndarray, fold: np.ndarray, halves: np.ndarray) -> tuple[np.ndarray, int]:
    """Return margins at the stage that the other half of the customers chose, and the stage that all choose."""
    if len(path) == 1:
        return path[0], 0
    losses = np.stack([log_losses(levelled(margins, y, fold), y) for margins in path])
    made = np.empty_like(path[0])
    for half in (0, 1):
        other = halves != half
        best = int(losses[:, other].sum(axis=1).argmin()) if other.any() else 0
        made[halves == half] = path[best][halves == half]
    return made, int(losses.sum(axis=1).argmin())
