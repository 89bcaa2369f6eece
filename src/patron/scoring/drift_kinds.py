"""Kinds of drift: whether anything is beyond the limits, what that is taken for, and what to do.

Four kinds are told apart, in this order: a source that broke, a season, new customers, a change of behaviour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patron.evaluation.realised import Realised
from patron.metrics.two_samples import gap_of_numbers, holm
from patron.models.serving import Bundle
from patron.models.usual import STANDING, third_of
from patron.questions.matrices import Matrix
from patron.scoring.breaks import HARD, Break
from patron.scoring.drift import ANSWERS, FAR, Drift, against, answer_drift, feature_drift, mixed_as, weight_of

__all__ = [
    "BEHAVIOUR",
    "HALF",
    "KINDS",
    "LAST",
    "NEW",
    "NONE",
    "REFERENCE",
    "SEASON",
    "SOURCE",
    "TRAINING",
    "UNCLEAR",
    "YEAR",
    "Verdict",
    "drifts_of",
    "flagged",
    "verdict",
]

LEVEL = 0.05  # of false alarms, of a whole run
TRAINING, LAST = "training", "last run"
REFERENCE, YEAR, HALF = "test cutoff", "a year before", "half a year before"  # rows that explain
NONE, SOURCE, SEASON, NEW = "none", "source", "season", "new customers"
BEHAVIOUR, UNCLEAR = "behaviour", "unclear"
FEWER = "rows"  # the check that customers who leave break a little, too, as those tell who were judged
EXPLAINED = 0.5  # the share of what moves the answers that an explanation must leave at most
JUMP = 0.4  # the least distance to the last run, in each third of customers
KINDS: Mapping[str, tuple[str, str]] = {
    NONE: ("Nothing is beyond the limits", "nothing to do"),
    SOURCE: ("A source broke", "check the source: mend what is named below, score again, and do not train on it"),
    SEASON: (
        "A season: the same weeks of the year before looked so",
        "wait: train again only if no cutoff of the training lies in such weeks, with one that does",
    ),
    NEW: (
        "New customers: the mix of how long customers are known moved, those known as long look as before",
        "wait: answers follow the customers; train again when the horizon of the new ones has passed",
    ),
    BEHAVIOUR: ("A change of behaviour: customers do otherwise than such customers did", "retrain: patron train"),
    UNCLEAR: (
        "Customers look otherwise, for a reason that nothing here tells",
        "wait until labels arrive, then ask again; look at the features below, the first ones first",
    ),
}


@dataclass(frozen=True)
class Verdict:
    """What drift is taken for.

    Args:
        kind: one of `KINDS`.
        why: what speaks for it, each a sentence.
    """

    kind: str
    why: tuple[str, ...]

    @property
    def words(self) -> str:
        """The kind in a sentence."""
        return KINDS[self.kind][0]

    @property
    def action(self) -> str:
        """What to do about it."""
        return KINDS[self.kind][1]

    @property
    def beyond(self) -> bool:
        """Whether anything is beyond the limits."""
        return self.kind != NONE


def drifts_of(model: Bundle, today: Matrix, rows: Mapping[str, Matrix], seed: int = 0) -> list[Drift]:
    """Return how features and answers look beside training, and beside the last run.

    Args:
        model: a champion.
        today: rows that are scored.
        rows: those of the test cutoff of training and of the last run, by name, as far as they are known.
        seed: of samples.
    """
    drifts = feature_drift(model, today, len(today), TRAINING, seed)  # how many rows it learned from nobody kept
    if REFERENCE in rows:
        drifts += answer_drift(model, today, rows[REFERENCE], TRAINING)
    if LAST in rows:
        drifts += answer_drift(model, today, rows[LAST], LAST)
        drifts += feature_drift(against(model, rows[LAST]), today, len(rows[LAST]), LAST, seed)
    return drifts


def flagged(drifts: Sequence[Drift], realised: Sequence[Realised]) -> tuple[list[Drift], list[Realised]]:
    """Return drifts and figures with those beyond the limits marked, with 5 % of false alarms in all of them."""
    sure = holm([*(drift.p for drift in drifts), *(figure.p for figure in realised)], LEVEL)
    marked = [replace(d, beyond=s and d.matters) for d, s in zip(drifts, sure[: len(drifts)], strict=True)]
    figures = [replace(f, beyond=s and f.matters) for f, s in zip(realised, sure[len(drifts) :], strict=True)]
    return marked, figures


def verdict(
    model: Bundle,
    today: Matrix,
    rows: Mapping[str, Matrix],
    drifts: Sequence[Drift],
    realised: Sequence[Realised],
    breaks: Sequence[Break],
    seed: int = 0,
) -> Verdict:
    """Return what the drift of one model is taken for.

    Args:
        model: a champion.
        today: rows that are scored.
        rows: what explains, by name, as far as it is known.
        drifts: of this model, marked.
        realised: its figures, marked.
        breaks: in what tables differ from those of the training.
        seed: of samples.
    """
    moved = [d.feature for d in drifts if d.beyond and d.feature != ANSWERS and d.beside == TRAINING]
    worse = tuple(_worse(figure) for figure in realised if figure.beyond)
    broken = [b for b in breaks if b.level == HARD or not (worse and b.check == FEWER)]
    if broken:
        return Verdict(SOURCE, tuple(b.words for b in broken))
    if any(d.beyond for d in drifts):
        for kind, why in (
            _season(model, today, rows, moved, seed),
            _jump(today, rows, drifts),
            _mix(model, today, rows, drifts, moved, seed),
        ):
            if kind != NONE:
                return Verdict(kind, (why, *worse))
    if worse:
        return Verdict(BEHAVIOUR, worse)
    names = tuple(f"{d.feature or 'answers'} beside the {d.beside}" for d in drifts if d.beyond)
    return Verdict(UNCLEAR, names[:3]) if names else Verdict(NONE, ())


def _season(
    model: Bundle, today: Matrix, rows: Mapping[str, Matrix], moved: Sequence[str], seed: int
) -> tuple[str, str]:
    """Check whether customers looked so a year before, and not half a year before."""
    if not {YEAR, HALF, REFERENCE} <= set(rows):
        return NONE, ""
    raw = _movement(model, today, rows[REFERENCE], moved, seed)
    left = {name: _movement(model, today, rows[name], moved, seed) for name in (YEAR, HALF)}
    if not raw or left[YEAR] > EXPLAINED * raw or left[HALF] <= EXPLAINED * raw:
        return NONE, ""
    return SEASON, f"beside the rows of a year before, {left[YEAR] / raw:.0%} of the movement of answers is left"


def _jump(today: Matrix, rows: Mapping[str, Matrix], drifts: Sequence[Drift]) -> tuple[str, str]:
    """Check whether a number is far from that of the last run for customers of every third of standing."""
    column = _standing(today)
    numbers = [d.feature for d in drifts if d.beyond and d.beside == LAST and d.feature not in (ANSWERS, column)]
    if LAST not in rows or not column:
        return NONE, ""
    edges = today.X[column].quantile([1 / 3, 2 / 3]).tolist()
    thirds = [third_of(part.X[column], {"feature": 0, "edges": edges}) for part in (today, rows[LAST])]
    for name in numbers:
        if pd.api.types.is_numeric_dtype(today.X[name]):
            pairs = [_third(part.X[name], third) for part, third in zip((today, rows[LAST]), thirds, strict=True)]
            if min(_gap(now, then) for now, then in zip(*pairs, strict=True)) >= JUMP:
                return (
                    SOURCE,
                    f"{name} jumped since the last run, for customers known for a short and a long time alike",
                )
    return NONE, ""


def _mix(
    model: Bundle, today: Matrix, rows: Mapping[str, Matrix], drifts: Sequence[Drift], moved: Sequence[str], seed: int
) -> tuple[str, str]:
    """Check whether what moved is gone beside customers who are known as long."""
    column = _standing(today)
    far = any(d.feature == column and d.distance >= FAR for d in drifts if d.beside == TRAINING)
    if not column or not far or REFERENCE not in rows:
        return NONE, ""
    if moved == [column]:
        return NEW, f"of all features {column} alone moved"
    others = [name for name in moved if name != column]
    raw = _movement(model, today, rows[REFERENCE], others, seed)
    left = _movement(model, today, mixed_as(rows[REFERENCE], today, column, seed=seed), others, seed)
    if left > EXPLAINED * raw:
        return NONE, ""
    return NEW, f"beside customers known as long, {left / raw if raw else 0.0:.0%} of the movement of answers is left"


def _movement(model: Bundle, today: Matrix, rows: Matrix, features: Sequence[str], seed: int) -> float:
    """Return by how many points answers move through some features, or the answers alone where none moved far."""
    if not features:
        return weight_of(answer_drift(model, today, rows, LAST), [ANSWERS])
    return weight_of(feature_drift(against(model, rows), today, len(rows), LAST, seed), features)


def _standing(rows: Matrix) -> str:
    return next((name for name in STANDING if name in rows.X), "")


def _third(column: pd.Series, third: np.ndarray) -> list[np.ndarray]:
    values = column.to_numpy(dtype=np.float64)
    return [values[third == number] for number in range(3)]


def _gap(now: np.ndarray, then: np.ndarray) -> float:
    """Return how far two groups lie apart, or by how much more is unknown, whichever is more."""
    if not len(now) or not len(then):
        return 0.0
    known = [values[np.isfinite(values)] for values in (now, then)]
    unknown = abs(len(known[0]) / len(now) - len(known[1]) / len(then))
    return max(unknown, gap_of_numbers(*known).value if len(known[0]) and len(known[1]) else 0.0)


def _worse(figure: Realised) -> str:
    return (
        f"{figure.figure} of {figure.question} was {figure.realised} at {figure.cutoff:%Y-%m-%d}, "
        f"expected {figure.expected.value:.3f}, on the card {figure.card.value:.3f}"
    )
