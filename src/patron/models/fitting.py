"""Fitting: the rows of one training, and every candidate fitted on a part of them."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.models.candidates import (
    MOST_ROUNDS,
    PARAMETERS,
    Estimator,
    activity,
    blended,
    boosted,
    constant,
    hybrid,
    logit,
    logit_of_all,
    parametric,
)
from patron.models.clv.purchase_process import fit_process_at, process_inputs
from patron.models.clv.renewal_process import fit_renewals_at, renewal_inputs
from patron.models.recent_level import recent_level, shifted
from patron.models.rolling_origin import ROUNDS, FoldPredictions, OutOfFold, staged
from patron.models.seasonality import season_cutoffs, seasoned, without_cutoff_constants
from patron.models.selection import ALL_FEATURES, TREES, TUNED
from patron.models.serving import FeatureSpec, StandingSpec, TargetSpec, encode, shares
from patron.models.targets import Examples, target_of
from patron.models.tuned import TreeSetting, Tuned
from patron.models.usual import standing, usual_value, with_groups, with_plausible, with_spread, with_usual
from patron.models.yardsticks import fit_yardstick
from patron.questions.matrices import Matrix
from patron.questions.panels import SOURCE
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["HYBRID", "NEAR", "Part", "TrainingSet", "blend_members"]

HYBRID = "hybrid"
PLAIN = ("logit", "parametric", "parametric_logit", "geometric", "geometric_logit", ALL_FEATURES)
PROCESSES = {"purchases": (process_inputs, fit_process_at), "renewals": (renewal_inputs, fit_renewals_at)}
PROCESS_NAMES = {"purchases": ("parametric", "parametric_logit"), "renewals": ("geometric", "geometric_logit")}
MONTH = "month"
PURCHASES = "purchases"
SPEND = "spend"
PACE, LEVEL = NEAR = ("pace", "level")
MOST_JUDGED = 20_000
MOST_FITTED = 200_000
FEWEST_ALIKE = 20
SMALLEST_STEP = 4  # as a part of the usual one
STEADY = 80_000  # rows of which what is drawn by chance weighs little
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Part:
    """Rows to learn from and others to predict, as masks, and the candidates without trees that were fitted on them."""

    fitted: np.ndarray
    judged: np.ndarray
    baselines: Mapping[str, Estimator]


@dataclass(frozen=True)
class TrainingSet:
    """The rows of one training, and what its candidates look at.

    Args:
        question: what is asked.
        source: what the rows came from.
        rows: features at the known cutoffs.
        label: answers in the same order, shape (n,).
        answer: what a model of the question remembers.
        seed: of LightGBM's sampling.
        near: what helps as far as labels reach: `PACE` and `LEVEL`, or none of them.
        classifiers: yardsticks of scikit-learn, by name.
        tuned: how trees grow that were tuned, where they were.
    """

    question: Question
    source: RowSource
    rows: Matrix
    label: np.ndarray
    answer: TargetSpec
    seed: int
    near: tuple[str, ...] = NEAR
    classifiers: Mapping[str, Any] = field(default_factory=dict)
    tuned: Tuned | None = None

    @cached_property
    def features(self) -> list[FeatureSpec]:
        """The columns as the bundle describes them."""
        return _features(self.rows)

    @cached_property
    def standing(self) -> StandingSpec | None:
        """The thirds of customers by how long they are known."""
        return standing(self.rows.X)

    @cached_property
    def described(self) -> list[FeatureSpec]:
        """The columns with what is usual and plausible in each third, how values are spread, and which go together."""
        usual = with_usual(self.features, self.rows.X, self.standing)
        spread = with_spread(with_plausible(usual, self.rows.X, self.standing), self.rows.X)
        return with_groups(spread, self.rows.X)

    @cached_property
    def names(self) -> list[str]:
        """The names of the features."""
        return [f["name"] for f in self.features]

    @cached_property
    def X(self) -> np.ndarray:  # noqa: N802 - X is the name of the field
        """The features as an array."""
        return encode(self.rows.X, self.features)

    @cached_property
    def tree_features(self) -> np.ndarray:
        """The features as trees see them: nothing tells one cutoff from another."""
        return without_cutoff_constants(self.X, self.rows.key.cutoff.to_numpy())

    @cached_property
    def levels(self) -> dict[int, int]:
        """The number of kinds of each feature that is a category."""
        return {i: len(f["levels"]) for i, f in enumerate(self.features) if f["dtype"] == "category"}

    @property
    def from_panel(self) -> bool:
        """Whether all features are those of a panel; those of a history repeat one another."""
        return all(feature["source"] == SOURCE for feature in self.features)

    @cached_property
    def baseline_columns(self) -> tuple[list[int], list[int]]:
        """The features of the baselines: activity in the last horizon; recency, frequency and the like."""
        first, *others = self.question.baseline_columns
        there = [[self.names.index(name) for name in part if name in self.names] for part in ([first], others)]
        return there[0], there[1] or there[0]

    def examples(self, mask: np.ndarray) -> Examples:
        """Return what is to be fitted of some rows."""
        return target_of(self.answer).examples(self.answer, self.label[mask])

    def part_of(self, learned: np.ndarray, held_out: np.ndarray, at: datetime) -> Part:
        """Fit the candidates without trees on some rows, to predict others; masks, and *at* as in `fit_baselines`."""
        fitted, judged = self._some(learned, MOST_FITTED), self._some(held_out, MOST_JUDGED)
        return Part(fitted, judged, self.fit_baselines(fitted, at))

    def predict(self, part: Part) -> FoldPredictions:
        """Predict the later rows of a part with every candidate."""
        target, X = self.examples(part.judged), self.X[part.judged]
        paths = {name: [estimator.log_odds(X, target)] for name, estimator in part.baselines.items()}
        binned: dict[str, lgb.Dataset] = {}
        for name in self._bases(part.baselines):
            paths[name] = self.grow_staged(part, name, binned=binned)
        paths |= {name: [outside.log_odds(X, target)] for name, outside in self._fit_yardsticks(part.fitted).items()}
        by_half = {TUNED: self._by_half(part, self.tuned)} if self.tuned else {}
        return FoldPredictions(paths, target, self._customers(part), by_half)

    def predict_tuned(self, part: Part, grown_as: str, parameters: Mapping[str, Any]) -> FoldPredictions:
        """Predict the later rows of a part with trees that grow by other parameters; *grown_as* as in `TreeSetting`."""
        paths = {TUNED: self.grow_staged(part, grown_as, parameters)}
        return FoldPredictions(paths, self.examples(part.judged), self._customers(part))

    def grown_as(self, part: Part) -> tuple[str, ...]:
        """Return the candidates with trees that there are."""
        return tuple(self._bases(part.baselines))

    def grow_staged(
        self,
        part: Part,
        grown_as: str,
        parameters: Mapping[str, Any] = EMPTY,
        binned: MutableMapping[str, lgb.Dataset] | None = None,
    ) -> list[np.ndarray]:
        """Return the log-odds of trees for the later rows of a part after each of `ROUNDS`; *binned*: see `boosted`."""
        base = self._bases(part.baselines)[grown_as]
        grown = self.boosted(part.fitted, base, None, part.judged, parameters, binned)
        return staged(grown, base, self.X[part.judged], self.examples(part.judged))

    def _by_half(self, part: Part, tuned: Tuned) -> tuple[np.ndarray, np.ndarray]:
        first, second = tuned.by_half
        log_odds = self._grown_to(part, first)
        return log_odds, log_odds if second == first else self._grown_to(part, second)

    def _grown_to(self, part: Part, setting: TreeSetting) -> np.ndarray:
        return self.grow_staged(part, setting.grown_as, setting.parameters)[ROUNDS.index(setting.rounds)]

    def _customers(self, part: Part) -> np.ndarray:
        return self.rows.key.customer.to_numpy()[part.judged]

    def fit_baselines(self, mask: np.ndarray, at: datetime) -> dict[str, Estimator]:
        """Fit the candidates without trees on some rows; the purchase process sees all events before *at*."""
        X, target = self.X[mask], self.examples(mask)
        kind = target_of(self.answer)
        edges = kind.activity_edges(self.answer)
        active, others = self.baseline_columns
        estimators = {"constant": constant(X, target)}
        if active:
            estimators[kind.rates] = activity(X, target, active[0], edges)
        beside = [i for i in others if i not in (self.pace or {"totals": []})["totals"]]
        if others:
            estimators["logit"] = logit(X, target, beside, self.pace)
        if self.from_panel:
            estimators[ALL_FEATURES] = logit_of_all(self.tree_features[mask], target, self.levels)
        return estimators | self._fit_process(X, target, at, beside)

    def _fit_process(
        self, X: np.ndarray, target: Examples, at: datetime, others: Sequence[int]
    ) -> dict[str, Estimator]:
        """Fit the candidates that rest on a law of purchases or renewals, none where the kind of question has none."""
        law = target_of(self.answer).process
        place, fit = PROCESSES.get(law, (None, None))
        inputs = place(self.names) if place else None
        if inputs is None or fit is None:
            return {}
        process = fit(self.question, self.source, at, self.answer, inputs)
        alone, corrected = PROCESS_NAMES[law]
        beside = sorted(others) if self.pace else sorted({*inputs, *others})
        return {
            alone: parametric(X, target, process),
            corrected: parametric(X, target, process, beside, self.pace),
        }

    @cached_property
    def pace(self) -> dict[str, Any] | None:
        """What the linear candidates see of totals, None where the age of a customer is not among the features."""
        inputs = process_inputs(self.names) if target_of(self.answer).process == PURCHASES else None
        if inputs is None or PACE not in self.near:
            return None
        recency, tenure, orders = inputs
        totals = [orders, *(i for i in self.baseline_columns[1] if self.names[i] == SPEND)]
        about = {"recency": recency, "tenure": tenure, "orders": orders}
        return about | {"totals": totals, "days": self.question.horizon.days}

    def refit_all(self, oof: OutOfFold) -> dict[str, Estimator]:
        """Fit every candidate on all rows, with the season on top where it can be told."""
        everything = np.ones(len(self.rows), dtype=bool)
        end = self.question.horizon.after(self.rows.key.cutoff.max().to_pydatetime())
        baselines = self.fit_baselines(everything, end)
        estimators = dict(baselines)
        bases = self._bases(baselines)
        binned: dict[str, lgb.Dataset] = {}
        for name in bases:
            estimators[name] = self.refit_trees(bases[name], oof.rounds[name], binned=binned)
        if len(both := blend_members(oof)) > 1:
            estimators["blend"] = blended([estimators[name] for name in both])
        if self.tuned:
            best = self.tuned.best
            estimators[TUNED] = self.refit_trees(bases[best.grown_as], best.rounds, best.parameters)
        estimators |= self._fit_yardsticks(everything)
        shift = target_of(self.answer).purchase_shift(self.answer, self._recent_level(end))
        seasonal = {name: self._seasoned(estimator) for name, estimator in estimators.items()}
        return {name: shifted(e, shift) for name, e in seasonal.items()} if any(shift) else seasonal

    def refit_trees(
        self,
        base: Estimator | None,
        rounds: int,
        parameters: Mapping[str, Any] = EMPTY,
        binned: MutableMapping[str, lgb.Dataset] | None = None,
    ) -> Estimator:
        """Fit trees on all rows, in as many more and smaller steps as the rows are few.

        Each step sees rows and features drawn by chance; a mean of more draws depends less on the seed.
        """
        steps = smaller_steps(len(self.rows))
        rate = parameters.get("learning_rate", PARAMETERS["learning_rate"]) / steps
        slower = {**parameters, "learning_rate": rate}
        grown = self.boosted(np.ones(len(self.rows), dtype=bool), base, steps * rounds, None, slower, binned)
        return hybrid(base, grown) if base else grown

    def _fit_yardsticks(self, mask: np.ndarray) -> dict[str, Estimator]:
        """Fit the classifiers of scikit-learn on some rows."""
        about = self.tree_features[mask], self.examples(mask), self.levels, self.seed
        return {name: fit_yardstick(classifier, *about, name) for name, classifier in self.classifiers.items()}

    def boosted(
        self,
        mask: np.ndarray,
        base: Estimator | None,
        rounds: int | None,
        later: np.ndarray | None,
        parameters: Mapping[str, Any] = EMPTY,
        binned: MutableMapping[str, lgb.Dataset] | None = None,
    ) -> Estimator:
        """Fit trees on some rows, for a number of rounds or until later rows do not improve.

        Args:
            mask: the rows.
            base: what the trees start from.
            rounds: the number of trees, or None.
            later: the later rows, or None.
            parameters: of LightGBM, in the place of the usual ones.
            binned: these rows as trees with another base and the same parameters have cut them into bins.
        """
        X, target, start = self._tree_rows(mask, base)
        later_rows = self._tree_rows(later, base) if rounds is None and later is not None else None
        return boosted(
            X,
            target,
            self.names,
            list(self.levels),
            rounds or MOST_ROUNDS,
            later_rows,
            self.seed,
            start,
            {**PARAMETERS, **parameters},
            binned,
        )

    def _tree_rows(self, mask: np.ndarray, base: Estimator | None) -> tuple[np.ndarray, Examples, np.ndarray | None]:
        """Return what trees see of some rows, and where they start: at what the base says of all features."""
        target = self.examples(mask)
        return self.tree_features[mask], target, base.log_odds(self.X[mask], target) if base else None

    @property
    def base_rates(self) -> dict[str, float]:
        """How often what is asked happened at each known cutoff."""
        outcome = target_of(self.answer).binary_outcome(self.answer, self.label)
        rates = pd.Series(outcome.y_true).groupby(self.rows.key.cutoff.to_numpy()).mean()
        return {f"{cutoff:%Y-%m-%d}": float(rate) for cutoff, rate in rates.items()}

    def _bases(self, baselines: Mapping[str, Estimator]) -> dict[str, Estimator | None]:
        """What each candidate with trees starts from; with steps, which are of unequal length, from their rates."""
        corrected = [baselines[names[1]] for names in PROCESS_NAMES.values() if names[1] in baselines]
        rates = baselines["constant"] if target_of(self.answer).shape == "hazard" else None
        return {TREES: rates, **({HYBRID: corrected[0]} if corrected else {})}

    def _some(self, mask: np.ndarray, most: int) -> np.ndarray:
        """Return at most so many of the rows, drawn at random."""
        indices = np.flatnonzero(mask)
        if len(indices) <= most:
            return mask
        kept = np.zeros_like(mask)
        kept[np.random.default_rng(self.seed).choice(indices, most, replace=False)] = True
        return kept

    def _recent_level(self, end: datetime) -> float:
        """Return by how much purchases are more likely of late than at the known cutoffs; 0 where it is no matter."""
        if target_of(self.answer).process != PURCHASES or LEVEL not in self.near:
            return 0.0
        known = [cutoff.to_pydatetime() for cutoff in self.rows.key.cutoff.unique()]
        return recent_level(self.question, self.source, known, end)

    def _seasoned(self, estimator: Estimator) -> Estimator:
        starts = self.source.starts
        if MONTH not in self.names or starts is None:
            return estimator
        cutoffs = [cutoff.to_pydatetime() for cutoff in self.rows.key.cutoff.unique()]
        telling = season_cutoffs(cutoffs, starts, self.question.horizon)
        at = {cutoff: self.rows.at(cutoff) for cutoff in telling}
        return seasoned(estimator, self.X, at, self.examples, self.names.index(MONTH))


def smaller_steps(rows: int) -> int:
    """Return in how many steps a usual one of the trees is taken: chance of the draws falls with the root of the rows.

    >>> [smaller_steps(rows) for rows in (100, 5_000, 16_000, 200_000)]
    [4, 4, 2, 1]
    """
    return int(np.clip(np.sqrt(STEADY / max(rows, 1)).round(), 1, SMALLEST_STEP))


def blend_members(oof: OutOfFold) -> tuple[str, ...]:
    """Return what a blend is made of: the best candidate without trees, where there is any, and the best with them."""
    lost = {name: oof.losses(log_odds).mean() for name, log_odds in oof.log_odds.items()}
    kinds = ([name for name in PLAIN if name in lost], [name for name in (TREES, HYBRID) if name in lost])
    return tuple(min(kind, key=lost.__getitem__) for kind in kinds if kind)


def _features(rows: Matrix) -> list[FeatureSpec]:
    """Describe the columns of a matrix for the bundle: categories with their levels, numbers with what is usual."""
    features: list[FeatureSpec] = []
    for meant in rows.definitions:
        column = rows.X[meant.name]
        numeric = pd.api.types.is_numeric_dtype(column)
        levels = [] if numeric else _levels(column, rows.key.customer)
        dtype = "float64" if numeric else "category"
        learned = {"dtype": dtype, "levels": levels, "usual": usual_value(column, levels)}
        features.append(cast(FeatureSpec, asdict(meant) | learned | shares(column, levels)))
    return features


def _levels(column: pd.Series, customers: pd.Series) -> list[str]:
    """Return the texts that several customers share: from what one alone has nothing is learned but who that is."""
    shared = customers.groupby(column.astype("object"), sort=False).nunique() >= FEWEST_ALIKE
    return sorted(map(str, shared.index[shared]))
