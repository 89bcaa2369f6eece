"""Training: every candidate fitted on the known cutoffs, compared by rolling predictions, and the champion named.

Rolling: at the last few known cutoffs (train and valid), each candidate answers by what was known before them. From
these answers come the number of trees, the slope of the log-odds, the cuts between tiers, and the choice. Then every
candidate is fitted once more on all known cutoffs. Test cutoffs are not looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patron.errors import QuestionError
from patron.history.history import History
from patron.metrics import Estimate
from patron.models.calibration import calibrate
from patron.models.candidates import Estimator
from patron.models.causes import with_causes
from patron.models.customer_parts import held_out_parts
from patron.models.fitting import NEAR, TrainingSet, blend_members
from patron.models.rolling_origin import Fold, FoldPredictions, OutOfFold, folds, predict_out_of_fold
from patron.models.selection import BASELINES, LATER, ORDER, TREES, choose
from patron.models.serving import FORMAT, Bundle, BundleSpec, Calibration, TargetSpec
from patron.models.targets import target_for, target_of
from patron.models.yardsticks import YardstickBundle, check_classifiers, named_classifiers
from patron.periods import Split
from patron.questions.matrices import Matrix, labels, matrix, row_source
from patron.questions.panels import COUNTED, SOURCE
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["BASELINES", "TREES", "Trained", "fit", "fit_by_customer", "target_spec", "train"]

MIN_ROWS = 20
INNER_PARTS = 5
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

    @property
    def best_baseline(self) -> str:
        """The baseline with the lowest log loss in rolling predictions."""
        return min((name for name in BASELINES if name in self.losses), key=lambda name: self.losses[name].value)

    @property
    def challenger(self) -> str:
        """The candidate to compare with the best baseline: the champion, or else the best of the others."""
        if self.champion not in BASELINES:
            return self.champion
        others = (name for name in ORDER if name in self.losses and name not in BASELINES)
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
        candidates: classifiers of scikit-learn, to be fitted, calibrated and judged beside Patron's own; they are
            yardsticks, never champion and never kept, as only a pickle would hold them.

    Raises:
        QuestionError: the horizon of a cutoff has not passed, there is too little to learn from, or a candidate is no
            classifier with chances.
    """
    check_classifiers(candidates)
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
    check_classifiers(candidates)
    source, place = row_source(history), _settled_place(question, rows)
    known = rows.at(*split.known) & ~_settled(question, rows, place)
    answer = _with_idle(target_spec(question, rows, label, split), question, source, rows, label, split)
    answer = answer if place is None else answer | {"settled": place}
    beside = named_classifiers(candidates)
    training_set = TrainingSet(question, source, rows.take(known), label[known], answer, seed, near, beside)
    training_set = with_causes(training_set, source.causes(question, training_set.rows.key))
    predictions, later = [], _folds(question, split)
    for number, fold in enumerate(later, start=1):
        predictions.append(training_set.predict_fold(fold))
        tell(f"later cutoff {number} of {len(later)}, {fold.judged:%Y-%m-%d}, predicted by every candidate")
    trained = _chosen(training_set, predictions, LATER)
    tell(f"{len(trained.bundles)} candidates fitted on all known cutoffs")
    return trained


def fit_by_customer(question: Question, source: RowSource, rows: Matrix, label: np.ndarray, seed: int = 0) -> Trained:
    """Train every candidate on rows that nobody dated, compared by cross-validation in which customers are held out.

    Args:
        question: what is asked.
        source: what the rows came from.
        rows: features of n customers.
        label: answers in the same order, shape (n,).
        seed: of the parts and of LightGBM's sampling.

    Raises:
        QuestionError: there is too little to learn from.
    """
    _check_enough(question, label)
    answer = target_for(question).target_spec(question, label, rows.X)
    training_set = TrainingSet(question, source, rows, label, answer, seed)
    at = rows.key.cutoff.max().to_pydatetime()
    parts = held_out_parts(rows.key.customer.to_numpy(), label, INNER_PARTS, 1, seed)
    return _chosen(training_set, [training_set.predict_part(~part, part, at) for part in parts], HELD_OUT)


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


def _settled_place(question: Question, rows: Matrix) -> int | None:
    """Return where the feature stands that settles the answer, None where no event tells of it."""
    names = [definition.name for definition in rows.definitions if definition.source != SOURCE]
    return list(rows.X).index(question.settled_column) if question.settled_column in names else None


def _settled(question: Question, rows: Matrix, place: int | None) -> np.ndarray:
    """Return the rows whose answer is no for the whole horizon already, as a mask: nothing is learned from them."""
    if place is None:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows.X.iloc[:, place].to_numpy(np.float64) >= (question.horizon.days or 0))


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


def target_spec(question: Question, rows: Matrix, label: np.ndarray, split: Split) -> TargetSpec:
    """Return what a model must remember of its question, found from the train cutoffs; arguments are those of `fit`.

    It is quick, so that what cannot be learned is refused before other questions have been trained for long.

    Raises:
        QuestionError: there is too little to learn from.
    """
    at_train = rows.at(*split.train)
    _check_enough(question, label[at_train])
    return target_for(question).target_spec(question, label[at_train], rows.X[at_train])


def _with_idle(
    spec: TargetSpec, question: Question, source: RowSource, rows: Matrix, label: np.ndarray, split: Split
) -> TargetSpec:
    """Return the spec with what sets apart those who buy nothing, found from the train cutoffs too."""
    at_train = rows.at(*split.train)
    seen = rows.take(at_train)
    return target_of(spec).with_idle(spec, label[at_train], seen.X, lambda: source.idle(question, seen.key))


def _check_enough(question: Question, label: np.ndarray) -> None:
    """Refuse what no model could learn from; few customers are no reason, since a baseline can still be had."""
    if len(label) < MIN_ROWS:
        raise QuestionError(
            f"{question.name!r} has {len(label)} rows at its train cutoffs; at least {MIN_ROWS} are needed to learn "
            "from. Use more cutoffs, a longer active_in, or more customers."
        )
    if len(np.unique(label)) < 2:
        answer = "none" if np.isnan(label[0]) else f"{label[0]:g}"
        raise QuestionError(
            f"{question.name!r} has the same answer for all {len(label)} rows at its train cutoffs ({answer}), so "
            "there is nothing to tell apart. See the receipt for whether purchases were read as returns, or all taken "
            f"back; else choose another horizon than {question.horizon.length}."
        )


def _folds(question: Question, split: Split) -> tuple[Fold, ...]:
    chosen = folds(split.known, question.horizon)
    if not chosen:
        first, last = split.known[0], split.known[-1]
        raise QuestionError(
            f"{question.name!r} looks {question.horizon.length} ahead, but its known cutoffs, {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}, are closer than that: no later cutoff is free of earlier labels. "
            f"Move the valid cutoff to {question.horizon.after(first):%Y-%m-%d} or later."
        )
    return chosen


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
        "features": training_set.features,
        "estimator": estimator.spec,
        "parameters": dict(estimator.parameters) | ({"rounds": estimator.rounds} if estimator.rounds else {}),
        "calibration": calibration,
        "answer": target.with_cutpoints(training_set.answer, _calibrated(log_odds, calibration)),
        "outputs": target.outputs(training_set.answer),
        "base_rates": training_set.base_rates,
        "active_in": training_set.question.active_in.plain,
        "rhythm": training_set.question.rhythm,
    }
    return (YardstickBundle if name in training_set.classifiers else Bundle)(spec, estimator.booster)


def _calibrated(log_odds: np.ndarray, calibration: Calibration | None) -> np.ndarray:
    if calibration is None:
        return log_odds
    return log_odds * calibration["slope"] + np.asarray(calibration["intercept"])
