"""Consequences: features that look otherwise than in training, ranked by how far that moves the answers.

The values of each feature are put back to how they were spread in training, every customer at the own rank, and the
answers are compared. What no answer rests on may look as it likes.
"""

import re
from dataclasses import dataclass
from math import sqrt

import numpy as np

from patron.explanations.pushes import explained_answers, explained_score
from patron.features.measures import ON_CUTOFF
from patron.formatting import amount, percent
from patron.models.serving import Bundle, FeatureSpec, encode
from patron.models.usual import SPREAD
from patron.questions.matrices import Matrix

__all__ = ["Shift", "ranked_shifts"]

ROWS = 2_000  # of a sample, over all steps of an answer
FEWEST = 50  # rows below which a spread is not known
SURE = 1.6  # times 1 / sqrt(rows): a larger distance of two spreads is hardly ever chance (Kolmogorov, 1 %)
STEP = 0.025  # of the quantiles that training keeps
LEAST = 0.05  # points
TYPICAL, UNSAID = (10, 30), 0.02  # the quartiles among the quantiles; differences of what is unknown that go unsaid
POINTS = 100.0
WINDOWED = re.compile(r" over \d+(d|mo)\b")  # as formulas tell it


@dataclass(frozen=True)
class Shift:
    """A feature that looks otherwise than in training, and what that does to the answers.

    Args:
        question: of which model.
        feature: the column.
        words: what it means.
        was: its values in training, in words.
        now: its values now.
        moved: by how many points the answers move, up or down, on average; where they are money, per cent of its mean.
        mean: by how many points their mean is higher, below zero where it is lower.
        grows: whether it is counted from the first event on, so that it shifts as the data grow older.
    """

    question: str
    feature: str
    words: str
    was: str
    now: str
    moved: float
    mean: float
    grows: bool = False

    @property
    def sentence(self) -> str:
        """The shift in a sentence."""
        way = f"{abs(self.mean):.1f} points {'up' if self.mean > 0 else 'down'} on average"
        return (
            f"{self.feature} is {self.now}, and was {self.was} in training: that moves the answers to "
            f"{self.question!r} by {self.moved:.1f} points, {way}"
        )


def ranked_shifts(model: Bundle, rows: Matrix, seed: int = 0) -> list[Shift]:
    """Return the features that look otherwise than in training, those first that move the answers most.

    Args:
        model: a trained model; one of an earlier release remembers no spreads, and none of its features is told.
        rows: features of the customers to score, of whom a sample is looked at.
        seed: of the sample, and of who among equals is moved.
    """
    score, features = explained_score(model), model.spec["features"]
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(len(rows))[: max(ROWS // len(score.steps), FEWEST)])
    if len(sample) < FEWEST:
        return []
    X = encode(rows.X.iloc[sample], features)
    scale = POINTS if score.is_chance else POINTS / max(abs(float(explained_answers(model, X).mean())), 1e-9)
    shifts = []
    for place, feature in enumerate(features):
        columns = _columns(X[:, place], feature, rng) if feature["source"] != ON_CUTOFF else None
        if columns is None:
            continue
        now, then = (explained_answers(model, _with(X, place, column)) for column in columns)
        moved, mean = scale * float(np.abs(now - then).mean()), scale * float((now - then).mean())
        if moved >= LEAST:
            was, here = _was_and_is(X[:, place], feature)
            name, words, grows = feature["name"], feature["words"], _grows(feature)
            shifts.append(Shift(model.spec["question"], name, words, was, here, moved, mean, grows))
    return sorted(shifts, key=lambda shift: -shift.moved)


def _grows(feature: FeatureSpec) -> bool:
    """Return whether the aggregate of events has no window, such as the time since the first one."""
    return feature["dtype"] != "category" and "SELECT" in feature["formula"] and not WINDOWED.search(feature["formula"])


def _with(X: np.ndarray, place: int, column: np.ndarray) -> np.ndarray:
    changed = X.copy()
    changed[:, place] = column
    return changed


def _columns(
    column: np.ndarray, feature: FeatureSpec, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the values as they are and as in training, None where the two differ by no more than chance."""
    if feature["dtype"] == "category" and "level_shares" in feature:
        return _kinds(column, feature, rng)
    if feature["dtype"] != "category" and feature.get("spread") and np.isfinite(column).sum() >= FEWEST:
        return _numbers(column, feature, rng)
    return None


def _numbers(
    column: np.ndarray, feature: FeatureSpec, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray] | None:
    """Give each known number the one of its rank in training; both spreads by few quantiles, so that these cancel."""
    known, spread = np.isfinite(column), np.asarray(feature["spread"])
    values = column[known].astype(np.float64)
    here = np.quantile(values, SPREAD, method="inverted_cdf")
    gone = (1.0 - known.mean()) - (1.0 - feature["known"])
    if max(_distance(values, spread), abs(gone)) <= _chance(len(column)):
        return None
    ranks = np.empty(len(column))
    ranks[known] = (np.lexsort((rng.random(len(values)), values)).argsort() + 0.5) / len(values)
    ranks[~known] = rng.random(len(column) - len(values))
    now, then = np.interp(ranks, SPREAD, here), np.interp(ranks, SPREAD, spread)
    if feature.get("plausible", {}).get("whole"):
        now, then = np.round(now), np.round(then)
    now[~known] = np.nan
    then[_unknown(known, gone, rng)] = np.nan
    return now, then


def _chance(rows: int) -> float:
    """Return how far spreads may lie apart by chance, in shares of the rows."""
    return SURE / sqrt(rows) + STEP


def _distance(values: np.ndarray, spread: np.ndarray) -> float:
    """Return how far the ranks of values now lie from those that the quantiles of training had, at most."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, spread, side=side) / len(values) for side in ("left", "right"))
    return float(np.maximum(below - SPREAD, SPREAD - up_to).max())


def _unknown(known: np.ndarray, gone: float, rng: np.random.Generator) -> np.ndarray:
    """Return what would be unknown if as much were as in training."""
    unknown = ~known
    movable = np.flatnonzero(unknown if gone > 0 else known)
    moved = rng.permutation(movable)[: round(abs(gone) * len(known))]
    unknown[moved] = gone < 0
    return unknown


def _kinds(column: np.ndarray, feature: FeatureSpec, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
    """Move as few customers as suffice from kinds that are more frequent now to those that were in training."""
    shares = np.append(feature["level_shares"], max(0.0, 1.0 - sum(feature["level_shares"])))
    kinds = np.where(np.isnan(column), len(shares) - 1, column).astype(np.int64)
    counts, wanted = np.bincount(kinds, minlength=len(shares)), np.round(shares * len(column)).astype(np.int64)
    if np.abs(counts / len(column) - shares).max() <= _chance(len(column)):
        return None
    order = rng.permutation(len(kinds))
    over = [order[kinds[order] == kind][:many] for kind, many in enumerate(np.maximum(counts - wanted, 0))]
    short = np.repeat(np.arange(len(shares)), np.maximum(wanted - counts, 0))
    moved = rng.permutation(np.concatenate(over))[: len(short)]
    then = kinds.copy()
    then[moved] = short[: len(moved)]
    return column, np.where(then == len(shares) - 1, np.nan, then).astype(column.dtype)


def _was_and_is(column: np.ndarray, feature: FeatureSpec) -> tuple[str, ...]:
    """Return the values in training and now, in words."""
    known, unit = np.isfinite(column), feature["unit"]
    if feature["dtype"] == "category":
        here = np.bincount(column[known].astype(np.int64), minlength=len(feature["levels"])) / len(column)
        most = int(np.abs(here - np.asarray(feature["level_shares"])).argmax())
        return tuple(f"{percent(s[most])} {feature['levels'][most]!r}" for s in (feature["level_shares"], here))
    here = np.quantile(column[known], SPREAD, method="inverted_cdf")
    share = feature["known"], float(known.mean())
    typical = [" to ".join(amount(spread[i], unit) for i in TYPICAL) for spread in (feature["spread"], here)]
    if abs(share[0] - share[1]) < UNSAID:
        return typical[0], typical[1]
    return tuple(f"{words}, {percent(1 - s)} unknown" for words, s in zip(typical, share, strict=True))
