"""Training: every candidate fitted on the known cutoffs, compared by rolling predictions, and the champion named.

Rolling: at the last few known cutoffs (train and valid), each candidate answers by what was known before them. From
these answers come the number of trees, the slope of the log-odds, the cuts between tiers, and the choice. Then every
candidate is fitted once more on all known cutoffs. Test cutoffs are not looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patron.history.history import History
from patron.history.profiles import profile
from patron.metrics import Estimate
from patron.models.calibration import calibrate
from patron.models.candidates import Estimator
from patron.models.fitting import NEAR, TrainingSet, blend_members
from patron.models.preparation import Beside, customer_parts, dated, later_folds, later_part, undated
from patron.models.rolling_origin import FoldPredictions, OutOfFold, predict_out_of_fold
from patron.models.selection import BASELINES, LATER, ORDER, TREES, TUNED, choose
from patron.models.serving import FORMAT, Bundle, BundleSpec, Calibration
from patron.models.targets import target_of
from patron.models.yardsticks import YardstickBundle
from patron.periods import Split
from patron.questions.matrices import Matrix, labels, matrix, row_source
from patron.questions.panels import COUNTED
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["BASELINES", "TREES", "Trained", "fit", "fit_by_customer", "train"]

HELD_OUT = "for customers held out"


@dataclass(frozen=True)
class Trained:
    """What training gives: every candidate as a bundle, how they did at later cutoffs, and the champion.

    Args:
        question: what was asked, with its features.
        bundles: a model for each candidate, by name.
        losses: log loss of each candidate in rolling predictions, with its interval.
        gains: by how much each candidate is below the best baseline there, paired; above zero is better.
        champion: name of the candidate to use.
        reason: why that one, in a sentence.
    """

    question: Question
    bundles: Mapping[str, Bundle]
    losses: Mapping[str, Estimate]
    gains: Mapping[str, Estimate]
    champion: str
    reason: str

    @property
    def model(self) -> Bundle:
        """The champion's bundle."""
        return self.bundles[self.champion]

    def with_champion(self, model: Bundle) -> "Trained":
        """Return the same, whose champion is another model, as one with more trees."""
        return replace(self, bundles={**self.bundles, self.champion: model})

    def carrying(self, trained_on: Mapping[str, Any]) -> "Trained":
        """Return the same, whose models carry what the tables looked like, so that others are known when they score."""
        if not trained_on:
            return self
        kept = dict(trained_on)
        bundles = {name: replace(each, spec=each.spec | {"trained_on": kept}) for name, each in self.bundles.items()}
        return replace(self, bundles=bundles)

    def held_to(self, history: History) -> "Trained":
        """Return the same, whose models carry what the tables of their training look like: the data contract.

        `patron score` holds the tables of each night against that, once such a model is registered. It is what
        `patron train` does by itself; counting takes a moment, so that models that are never kept go without.

        Args:
            history: the checked event tables that it was trained on.
        """
        return self.carrying(profile(history, self.model.spec["features"]))

    @property
    def best_baseline(self) -> str:
        """The baseline with the lowest log loss in rolling predictions."""
        return min((name for name in BASELINES if name in self.losses), key=lambda name: self.losses[name].value)

    @property
    def challenger(self) -> str:
        """The candidate to compare with the best baseline: the champion, or else the best of the others."""
        if self.champion not in BASELINES:
            return self.champion
        others = (name for name in (*ORDER, TUNED) if name in self.losses and name not in BASELINES)
        return min(others, key=lambda n: self.losses[n].value)


def train(
    question: Question,
    history: History | RowSource,
    split: Split,
    seed: int = 0,
    near: tuple[str, ...] = NEAR,
    candidates: Sequence[Any] = (),
) -> Trained:
    """Train every candidate for a question on a history, and learn which one to use.

    Args:
        question: what is asked.
        history: the checked event tables, or a panel.
        split: cutoffs that may be known (train and valid); its test cutoffs are left alone.
        seed: of LightGBM's sampling.
        near: as in `TrainingSet`.
        candidates: what `tune` returned, to be the champion if it is better beyond noise; and classifiers of
            scikit-learn, to be fitted, calibrated and judged beside Patron's own: yardsticks, never champion and never
            kept, as only a pickle would hold them.

    Raises:
        QuestionError: the horizon of a cutoff has not passed, there is too little to learn from, or a candidate is
            neither tuned for this question nor a classifier with chances.
    """
    Beside.of(candidates)
    split.check_gap(question.horizon)
    source = row_source(history)
    complete = source.complete(question, split.known[-1])
    rows = matrix(complete, source, split.known)
    label = labels(complete, source, split.known, rows=rows)
    return fit(complete, source, rows, label, split, seed, near=near, candidates=candidates)


def _silent(step: str) -> None:
    """Report nothing."""


def fit(
    question: Question,
    history: History | RowSource,
    rows: Matrix,
    label: np.ndarray,
    split: Split,
    seed: int = 0,
    tell: Callable[[str], None] = _silent,
    near: tuple[str, ...] = NEAR,
    candidates: Sequence[Any] = (),
) -> Trained:
    """Train every candidate on rows that are in memory.

    Args:
        question: what is asked, with its features.
        history: tells which features the baselines look at, and the purchases of all customers.
        rows: features at the train and valid cutoffs, and perhaps others.
        label: answers in the same order, shape (n,).
        split: cutoffs by use.
        seed: of LightGBM's sampling.
        tell: called with a sentence after each step.
        near: as in `TrainingSet`.
        candidates: as in `train`.

    Raises:
        QuestionError: there is too little to learn from, or a candidate is no classifier with chances.
    """
    beside = Beside.of(candidates)
    training_set = dated(question, row_source(history), rows, label, split, seed, near, beside)
    predictions, later = [], later_folds(question, split)
    for number, fold in enumerate(later, start=1):
        predictions.append(training_set.predict(later_part(training_set, fold)))
        tell(f"later cutoff {number} of {len(later)}, {fold.judged:%Y-%m-%d}, predicted by every candidate")
    trained = _chosen(training_set, predictions, LATER)
    tell(f"{len(trained.bundles)} candidates fitted on all known cutoffs")
    return trained


def fit_by_customer(
    question: Question,
    source: RowSource,
    rows: Matrix,
    label: np.ndarray,
    seed: int = 0,
    candidates: Sequence[Any] = (),
) -> Trained:
    """Train every candidate on rows that nobody dated, compared by cross-validation in which customers are held out.

    Args:
        question: what is asked.
        source: what the rows came from.
        rows: features of n customers.
        label: answers in the same order, shape (n,).
        seed: of the parts and of LightGBM's sampling.
        candidates: as in `train`.

    Raises:
        QuestionError: there is too little to learn from.
    """
    training_set = undated(question, source, rows, label, seed, Beside.of(candidates))
    return _chosen(training_set, [training_set.predict(part) for part in customer_parts(training_set)], HELD_OUT)


def _chosen(training_set: TrainingSet, predictions: Sequence[FoldPredictions], where: str) -> Trained:
    """Choose a candidate by predictions of rows that it was not fitted on, and fit all of them on all rows."""
    oof = _with_blend(predict_out_of_fold(predictions))
    choice = choose(
        {name: oof.losses(log_odds) for name, log_odds in oof.log_odds.items()}, oof.customers, oof.row_folds, where
    )
    estimators = training_set.refit_all(oof)
    bundles = {name: _bundle(training_set, name, estimator, oof) for name, estimator in estimators.items()}
    candidates = target_of(training_set.answer).candidates
    reason = choice.reason + _left_out(bundles, training_set.names, candidates)
    return Trained(training_set.question, bundles, choice.losses, choice.gains, choice.champion, reason)


def _left_out(bundles: Mapping[str, Bundle], names: Sequence[str], candidates: Sequence[str]) -> str:
    """Return which candidates were not tried, each with the roles that no column is known to have."""
    missing = [f"{name} ({_lacked(name, names)})" for name in ORDER if name in candidates and name not in bundles]
    return f"; not tried for want of columns of known meaning: {', '.join(missing)}" if missing else ""


def _lacked(candidate: str, names: Sequence[str]) -> str:
    if candidate == "activity":
        return "active"
    if candidate == "logit":
        return "one of active, recency, orders"
    return ", ".join(role for role in COUNTED if role not in names)


def _with_blend(oof: OutOfFold) -> OutOfFold:
    both = blend_members(oof)
    return oof.holding("blend", np.mean([oof.log_odds[name] for name in both], axis=0)) if len(both) > 1 else oof


def _bundle(training_set: TrainingSet, name: str, estimator: Estimator, oof: OutOfFold) -> Bundle:
    """Put a candidate into the form that is kept, its log-odds stretched as rolling predictions ask for."""
    log_odds = oof.log_odds[name]
    target = target_of(training_set.answer)
    calibration = calibrate(log_odds, oof.y, oof.fold)
    spec: BundleSpec = {
        "format": FORMAT,
        "question": training_set.question.name,
        "candidate": name,
        "features": training_set.described,
        "estimator": estimator.spec,
        "parameters": dict(estimator.parameters) | ({"rounds": estimator.rounds} if estimator.rounds else {}),
        "calibration": calibration,
        "answer": target.with_cutpoints(training_set.answer, _calibrated(log_odds, calibration)),
        "outputs": target.outputs(training_set.answer),
        "base_rates": training_set.base_rates,
        "active_in": training_set.question.active_in.plain,
        "rhythm": training_set.question.rhythm,
    }
    if training_set.standing:
        spec["standing"] = training_set.standing
    return (YardstickBundle if name in training_set.classifiers else Bundle)(spec, estimator.booster)


def _calibrated(log_odds: np.ndarray, calibration: Calibration | None) -> np.ndarray:
    if calibration is None:
        return log_odds
    return log_odds * calibration["slope"] + np.asarray(calibration["intercept"])
