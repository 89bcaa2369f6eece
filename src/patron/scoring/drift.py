"""Drift: how far today's features and answers lie from those of training and of the last run, by what that does.

A difference counts where chance cannot explain it, among all that are looked at together, where it is large, and where
it moves the answers. Training is what a model carries of it; other rows take its place as `against` puts them there.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from patron.explanations.pushes import explained_answers, explained_score
from patron.features.measures import ON_CUTOFF
from patron.metrics.two_samples import Distance, gap_of_kinds, gap_of_numbers, gap_of_shares, gap_of_spread
from patron.models.serving import Bundle, FeatureSpec, encode, shares
from patron.models.usual import SPREAD, with_spread
from patron.questions.matrices import Matrix
from patron.scoring.consequences import ranked_shifts

__all__ = ["ANSWERS", "FAR", "MOVES", "Drift", "against", "answer_drift", "feature_drift", "mixed_as", "weight_of"]

ANSWERS = ""  # in the place of a feature
FAR = 0.1  # the least distance that matters
MOVES = 2.0  # points by which answers must move to matter
FEWEST = 50  # rows below which a spread is not known
POINTS = 100.0


@dataclass(frozen=True)
class Drift:
    """How one feature, or the answers, look beside what they are held against.

    Args:
        question: of which model.
        feature: the column; empty for the answers themselves.
        words: what it means.
        beside: what it is held against: "training" or "last run".
        was: how it looked there, in words; empty where it moves no answer.
        now: how it looks now.
        distance: from 0 to 1.
        p: how often chance alone parts samples as far.
        moved: by how many points the answers move, up or down, on average.
        mean: by how many points their mean is higher.
        beyond: whether that is beyond the limits.
    """

    question: str
    feature: str
    words: str
    beside: str
    was: str
    now: str
    distance: float
    p: float
    moved: float
    mean: float
    beyond: bool = False

    @property
    def matters(self) -> bool:
        """Whether it is large and moves the answers, be it chance or not."""
        return self.distance >= FAR and self.moved >= MOVES

    def plain(self) -> dict[str, Any]:
        """Return the drift as plain JSON values."""
        rounded = {name: round(getattr(self, name), 6) for name in ("distance", "p", "moved", "mean")}
        return asdict(self) | rounded


def against(model: Bundle, rows: Matrix) -> Bundle:
    """Return a model that carries how the values of some rows are spread, in the place of those of its training."""
    names = [feature["name"] for feature in model.spec["features"]]
    X = rows.X[names]
    known = [cast(FeatureSpec, f | shares(X[f["name"]], f["levels"])) for f in model.spec["features"]]
    return replace(model, spec=model.spec | {"features": with_spread(known, X)})


def feature_drift(model: Bundle, today: Matrix, others: int, beside: str, seed: int = 0) -> list[Drift]:
    """Return how far each feature lies from how the model carries it, those first that move the answers most.

    Args:
        model: a champion; features of one that carries no spreads are left out.
        today: the rows of the customers to score.
        others: how many rows the spreads that it carries are of.
        beside: what these are.
        seed: of the sample that consequences are estimated on.
    """
    if min(len(today), others) < FEWEST:
        return []
    moves = {shift.feature: shift for shift in ranked_shifts(model, today, seed)}
    X, drifts = encode(today.X, model.spec["features"]), []
    for place, feature in enumerate(model.spec["features"]):
        distance = _distance(X[:, place], feature, others) if feature["source"] != ON_CUTOFF else None
        if distance is None:
            continue
        shift = moves.get(feature["name"])
        looks = (shift.was, shift.now, distance.value, distance.p, shift.moved, shift.mean) if shift else None
        looks = looks or ("", "", distance.value, distance.p, 0.0, 0.0)
        drifts.append(Drift(model.spec["question"], feature["name"], feature["words"], beside, *looks))
    return sorted(drifts, key=lambda drift: (-drift.moved, -drift.distance))


def answer_drift(model: Bundle, today: Matrix, others: Matrix, beside: str) -> list[Drift]:
    """Return how far the answers about two groups of customers lie apart, nothing where one is small.

    The points are the mean distance of answers of the same rank (Wasserstein's distance); of money per cent of the
    mean.

    Args:
        model: a champion.
        today: the rows of the customers to score.
        others: those that they are held against.
        beside: what these are.
    """
    if min(len(today), len(others)) < FEWEST:
        return []
    features = model.spec["features"]
    now, then = (explained_answers(model, encode(rows.X, features)) for rows in (today, others))
    score = explained_score(model)
    scale = POINTS if score.is_chance else POINTS / max(abs(float(now.mean())), 1e-9)
    ranks = (np.arange(1000) + 0.5) / 1000
    apart = np.quantile(now, ranks) - np.quantile(then, ranks)
    distance, mean = gap_of_numbers(now, then), scale * float(now.mean() - then.mean())
    unit = (POINTS, " %") if score.is_chance else (1.0, "")
    was, here = (_typical(values, *unit) for values in (then, now))
    moved = scale * float(np.abs(apart).mean())
    looks = (was, here, distance.value, distance.p, moved, mean)
    return [Drift(model.spec["question"], ANSWERS, f"the answers ({score.noun})", beside, *looks)]


def mixed_as(rows: Matrix, today: Matrix, column: str, bins: int = 20, seed: int = 0) -> Matrix:
    """Return rows drawn from others so that a number is spread among them as it is today.

    Args:
        rows: that are drawn from, with repeats.
        today: whose mix they get.
        column: the number.
        bins: groups of equal size of today's rows by that number, whose mix is put right.
        seed: of the draws.
    """
    numbers = [pd.to_numeric(part.X[column]).to_numpy(dtype=np.float64) for part in (rows, today)]
    edges = np.unique(np.nanquantile(numbers[1], np.linspace(0, 1, bins + 1)[1:-1]))
    there, here = (np.where(np.isnan(n), -1, np.searchsorted(edges, n, side="left")) for n in numbers)
    wanted = pd.Series(here).value_counts(normalize=True)
    weight = wanted.reindex(there).fillna(0.0).to_numpy() / pd.Series(there).map(pd.Series(there).value_counts())
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(len(rows), size=len(rows), p=weight / weight.sum()))
    return Matrix(rows.key.iloc[drawn], rows.X.iloc[drawn], rows.definitions)


def weight_of(drifts: Sequence[Drift], features: Sequence[str]) -> float:
    """Return by how many points some features move the answers, added up."""
    return float(sum(drift.moved for drift in drifts if drift.feature in features))


def _distance(column: np.ndarray, feature: FeatureSpec, others: int) -> Distance | None:
    """Return how far the values lie from those that the model carries, None where it carries none."""
    if feature["dtype"] == "category":
        return _of_kinds(column, feature, others) if "level_shares" in feature else None
    spread = feature.get("spread")
    return _of_numbers(column, feature, np.asarray(spread), others) if spread else None


def _of_kinds(column: np.ndarray, feature: FeatureSpec, others: int) -> Distance:
    kinds = column[np.isfinite(column)].astype(np.int64)
    here = np.bincount(kinds, minlength=len(feature["levels"])) / len(column)
    both = [np.append(part, max(0.0, 1.0 - part.sum())) for part in (here, np.asarray(feature["level_shares"]))]
    return gap_of_kinds(both[0], both[1], (len(column), others))


def _of_numbers(column: np.ndarray, feature: FeatureSpec, spread: np.ndarray, others: int) -> Distance:
    """Return how far known numbers, or what is unknown, lie apart, whichever is more."""
    known, there = np.isfinite(column), round(others * feature["known"])
    unknown = gap_of_shares(float(known.mean()), feature["known"], (len(column), others))
    if min(int(known.sum()), there) < FEWEST:
        return unknown
    gap = gap_of_spread(column[known].astype(np.float64), spread, SPREAD, there)
    return Distance(max(gap.value, unknown.value), min(1.0, 2 * min(gap.p, unknown.p)))


def _typical(values: np.ndarray, scale: float, unit: str) -> str:
    low, middle, high = (float(scale * q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
    return f"{low:,.0f} to {high:,.0f}{unit}, half below {middle:,.0f}{unit}"
