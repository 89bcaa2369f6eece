"""Seasons: what the time of the year adds to every customer's log-odds, learned from the same months before.

A month among the features of trees is an identifier of the cutoff, from which they learn by heart how each one
went. So features of the cutoff itself are kept from them, and the season is told apart as one number for each
month, and only where the cutoffs go round the year.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from patron.models.calibration import level
from patron.models.candidates import Estimator
from patron.models.targets import Examples
from patron.periods import Span

__all__ = [
    "cutoff_constants",
    "month_shifts",
    "same_season_before",
    "season_cutoffs",
    "seasoned",
    "without_cutoff_constants",
]

ROUND = timedelta(days=300)
NEAR = 33
YEAR = 365.25
WEEKS = timedelta(days=364)  # a year in which weekdays meet
MOST_YEARS = 3
OF_CLASSES = 0.75  # of what was off of one class beside others, about which fewer rows tell


def season_cutoffs(cutoffs: Sequence[datetime], starts: datetime, horizon: Span) -> tuple[datetime, ...]:
    """Return the cutoffs that tell of seasons: none unless they go round the year.

    A business in its first two horizons shows its start, not its season. Where all cutoffs have the same time of the
    year, all that was learned is of this season, and what single cutoffs add is no season but a trend.

    >>> some = [datetime(2010, m, 1) for m in (2, 6, 12)]
    >>> [c.month for c in season_cutoffs(some, datetime(2010, 1, 1), Span(60))]
    [6, 12]
    >>> season_cutoffs(some[1:], datetime(2010, 1, 1), Span(60))
    ()
    """
    if not cutoffs or max(cutoffs) - min(cutoffs) < ROUND:
        return ()
    if all(_days_apart(_day(c), _day(cutoffs[0])) <= NEAR for c in cutoffs):
        return ()
    return tuple(c for c in sorted(cutoffs) if c - starts >= 2 * horizon.delta)


def same_season_before(
    at: datetime, cutoffs: Sequence[datetime], starts: datetime, horizon: Span
) -> tuple[datetime, ...]:
    """Return the instants some years before one, where the cutoffs know the season of what is asked about.

    They do if they go round the year, or were all of this season. Older instants than two horizons show the start.

    >>> known = [datetime(2010, 1, 1), datetime(2011, 1, 1)]
    >>> [at.year for at in same_season_before(datetime(2011, 9, 1), known, datetime(2008, 1, 1), Span(365))]
    [2010]
    >>> same_season_before(datetime(2011, 9, 1), known[1:], datetime(2008, 1, 1), Span(365))
    ()
    """
    if not cutoffs or max(cutoffs) - min(cutoffs) < ROUND:
        return ()
    before = (at - years * WEEKS for years in range(1, MOST_YEARS + 1))
    return tuple(instant for instant in before if instant - starts >= 2 * horizon.delta)


def month_shifts(levels: Mapping[datetime, np.ndarray]) -> list[list[float]]:
    """Return what each month from January on adds: the mean level of the cutoffs near its middle.

    Args:
        levels: by how much the model was too low at each cutoff, in log-odds, shape (classes,) or (1,).

    >>> shifts = month_shifts({datetime(2010, 9, 14): np.array([1.0])})
    >>> [month[0] for month in shifts[6:11]]
    [0.0, 1.0, 1.0, 1.0, 0.0]
    """
    none = np.zeros(len(next(iter(levels.values()))))
    shifts = []
    for month in range(1, 13):
        near = [shift for cutoff, shift in levels.items() if _apart(cutoff, month) <= NEAR]
        shifts.append((_counted(np.mean(near, axis=0)) if near else none).tolist())
    return shifts


def seasoned(
    estimator: Estimator, X: np.ndarray, at: Mapping[datetime, np.ndarray], target: Any, month: int
) -> Estimator:
    """Return the estimator with the season on top.

    Args:
        estimator: any fitted candidate.
        X: features, shape (n, k).
        at: which rows belong to each cutoff that tells of seasons, as masks.
        target: function of a mask that gives its examples.
        month: the feature that holds the month of the cutoff.
    """
    levels = {c: _level(estimator, X[mask], target(mask)) for c, mask in at.items() if mask.any()}
    if not levels:
        return estimator
    spec = {"kind": "seasonal", "of": estimator.spec, "input": month, "shift": month_shifts(levels)}
    return Estimator(spec, estimator.booster, estimator.rounds, estimator.parameters)


def without_cutoff_constants(X: np.ndarray, cutoffs: np.ndarray) -> np.ndarray:
    """Return X with every feature of the cutoff itself set to zero, so that no tree can tell cutoffs apart."""
    varying = X.copy()
    varying[:, list(cutoff_constants(X, cutoffs))] = 0.0
    return varying


def cutoff_constants(X: np.ndarray, cutoffs: np.ndarray) -> tuple[int, ...]:
    """Return which features are those of the cutoff itself: of one value at each, but not the same at all.

    >>> cutoff_constants(np.array([[5.0, 1.0], [5.0, 2.0], [6.0, 2.0]]), np.array([1, 1, 2]))
    (0,)
    """
    starts = np.unique(cutoffs, return_index=True)[1]
    if len(starts) == 1:
        return ()
    first = X[starts][np.unique(cutoffs, return_inverse=True)[1]]
    same = ((first == X) | (np.isnan(first) & np.isnan(X))).all(axis=0)
    return tuple(np.flatnonzero(same).tolist())


def _counted(shift: np.ndarray) -> np.ndarray:
    """Return what counts of a shift: all of it for the first class, who buys nothing, against the others together.

    Which of the others it is fewer rows tell, so there most of it counts.
    """
    others = shift[1:]
    together = np.full(len(others), others.mean() if len(others) else 0.0)
    return np.concatenate([shift[:1], together + OF_CLASSES * (others - together)])


def _level(estimator: Estimator, X: np.ndarray, target: Examples) -> np.ndarray:
    return level(estimator.log_odds(X, target), target.y)


def _apart(cutoff: datetime, month: int) -> float:
    """Days between the day of the year of a cutoff and the middle of a month."""
    return _days_apart(_day(cutoff), (month - 0.5) * YEAR / 12)


def _day(cutoff: datetime) -> int:
    """Return the day of the year."""
    return cutoff.timetuple().tm_yday


def _days_apart(day: float, other: float) -> float:
    """Return how far two days of the year lie apart, December being near January."""
    apart = abs(day - other)
    return min(apart, YEAR - apart)
