"""Candidate values: to which values a lever may plausibly move, where the model's answer may change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import lightgbm as lgb
import numpy as np

from patron.errors import QuestionError, ScoreError, listed
from patron.explanations.levers import check_levers, lever_names, measure_name
from patron.explanations.treeshap.ensembles import CATEGORICAL, UnknownShapeError, read_ensemble
from patron.formatting import amount
from patron.models.serving import Bundle, FeatureSpec, StandingSpec
from patron.models.usual import third_of

__all__ = ["Lever", "movable_levers"]

MOST, GRID = 40, 17


@dataclass(frozen=True)
class Lever:
    """A number that the business can change, and the values that it may take.

    Args:
        feature: its place among the features.
        spec: what it means, and what is plausible of it.
        standing: the thirds of customers, None where there are none.
        by_third: the values that it may take, for each third, ascending; none where none is known.
    """

    feature: int
    spec: FeatureSpec
    standing: StandingSpec | None
    by_third: tuple[np.ndarray, ...]

    @property
    def name(self) -> str:
        """The column."""
        return self.spec["name"]

    @property
    def words(self) -> str:
        """What it means."""
        return self.spec["words"]

    @property
    def lever(self) -> str:
        """What the business does to change it."""
        return self.spec["lever"]

    @property
    def unit(self) -> str:
        """What its values count."""
        return self.spec["unit"]

    @property
    def widths(self) -> list[float]:
        """How wide what is plausible is in each third; 1 where it is a point."""
        return [float(np.ptp(values)) or 1.0 if len(values) else 1.0 for values in self.by_third]

    def third(self, X: np.ndarray) -> np.ndarray:
        """Return which values each row may take, -1 where nobody knows; 0 where there are no thirds."""
        return third_of(X[:, self.standing["feature"]], self.standing) if self.standing else np.zeros(len(X), int)

    def values(self, row: np.ndarray) -> np.ndarray:
        """Return the values that the lever of one row, shape (1, features), may take."""
        return self.by_third[int(self.third(row)[0])]

    def candidates(self, X: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the values of each third with the rows that may take them, whose own value training saw."""
        own, third = X[:, self.feature], self.third(X)
        low, high = self.spec["plausible"]["all"] or (np.inf, -np.inf)
        for number, values in enumerate(self.by_third):
            rows = np.flatnonzero((third == number) & (own >= low) & (own <= high))
            if len(values) and len(rows):
                yield values, rows

    def outside(self, value: float) -> str:
        """Describe a value that was never seen in training, or is unknown; an empty text where it was seen."""
        seen = self.spec["plausible"]["all"]
        if np.isnan(value):
            return f"{self.words} is unknown"
        if seen is None or seen[0] <= value <= seen[1]:
            return ""
        low, high = (amount(end, self.unit) for end in seen)
        return f"{self.words}: {amount(value, self.unit)} lies outside of all that training saw, {low} to {high}"


def movable_levers(model: Bundle, names: Sequence[str] = ()) -> tuple[Lever, ...]:
    """Return the levers of a model that are numbers.

    Args:
        model: any trained model.
        names: measures or columns, all levers unless given.

    Raises:
        QuestionError: the model has no such lever.
        ScoreError: it was trained by a release that did not keep what is plausible.
    """
    check_levers(names, model, "levers")
    wanted = [n for n in lever_names(model) if not names or {n, measure_name(n)} & {*names}]
    numbers = [(i, f) for i, f in enumerate(model.spec["features"]) if f["name"] in wanted and f["dtype"] != "category"]
    if not numbers:
        texts = f" ({listed(wanted)} holds texts, of which no change is smallest)" if wanted else ""
        raise QuestionError(
            f"The model has no lever that is a number{texts}, so there is nothing to move. Say what the business can "
            'change: @pt.measure(..., lever="complaints answered") and train again, or in the settings:\n'
            '[levers]\ntickets = "requests answered within a day"'
        )
    if unknown := [f["name"] for _, f in numbers if "plausible" not in f]:
        raise ScoreError(
            f"The model does not know which values of {listed(unknown)} are plausible: another release trained it. "
            "Train again: patron train."
        )
    thresholds = _thresholds(model)
    standing = model.spec.get("standing")
    return tuple(Lever(i, f, standing, _by_third(f, thresholds.get(i, np.empty(0)))) for i, f in numbers)


def _thresholds(model: Bundle) -> dict[int, np.ndarray]:
    """Return where the model's trees split each number, none where it has no trees that can be read."""
    booster = model.booster
    return _splits(booster, booster.num_trees()) if isinstance(booster, lgb.Booster) else {}


@lru_cache(maxsize=4)  # reading hundreds of trees takes longer than to ask about a customer
def _splits(booster: lgb.Booster, count: int) -> dict[int, np.ndarray]:
    """Return the thresholds of each number that so many trees look at, ascending."""
    try:
        trees = read_ensemble(booster.model_to_string()).trees
    except UnknownShapeError:
        return {}
    feature, threshold, decision = (
        np.concatenate([getattr(tree, name) for tree in trees]) for name in ("feature", "threshold", "decision")
    )
    numeric = decision & CATEGORICAL == 0
    return {int(i): np.unique(threshold[numeric & (feature == i)]) for i in np.unique(feature)}


def _by_third(feature: FeatureSpec, thresholds: np.ndarray) -> tuple[np.ndarray, ...]:
    about = feature["plausible"]
    return tuple(_values(thresholds, ends, about["whole"]) if ends else np.empty(0) for ends in about["thirds"])


def _values(thresholds: np.ndarray, ends: Sequence[float], whole: bool) -> np.ndarray:
    """Return the values on both sides of each threshold, and some between, within two ends; whole ones as such."""
    low, high = ends
    between = np.linspace(low, high, GRID)
    if whole:
        left = np.floor(thresholds)
        near = np.concatenate([left, left + 1, between.round()])
    else:
        left = thresholds.astype(np.float32)
        left = np.where(left > thresholds, np.nextafter(left, np.float32(-np.inf)), left)
        near = np.concatenate([left, np.nextafter(left, np.float32(np.inf)), between.astype(np.float32)])
    values = np.unique(near[(near >= low) & (near <= high)].astype(np.float64))
    return values[np.unique(np.linspace(0, len(values) - 1, MOST).round().astype(int))] if len(values) else values
