"""Preparation: the rows that candidates learn from, and the parts of them by which they are compared.

Rows with dates are parted by time: what is predicted lies a horizon after what was learned. Rows without are parted by
customer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from patron.errors import QuestionError
from patron.models.causes import with_causes
from patron.models.customer_parts import held_out_parts
from patron.models.fitting import NEAR, Part, TrainingSet
from patron.models.rolling_origin import Fold, folds
from patron.models.serving import TargetSpec
from patron.models.targets import target_for, target_of
from patron.models.tuned import Tuned, question_features
from patron.models.yardsticks import check_classifiers, named_classifiers
from patron.periods import Split
from patron.questions.matrices import Matrix
from patron.questions.panels import SOURCE
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = [
    "Beside",
    "check_tuned",
    "customer_parts",
    "dated",
    "differences",
    "later_folds",
    "later_part",
    "target_spec",
    "undated",
    "unsettled",
]

MIN_ROWS = 20
INNER_PARTS = 5


@dataclass(frozen=True)
class Beside:
    """What is tried beside Patron's usual candidates.

    Args:
        classifiers: of scikit-learn, by name.
        tuned: how trees grow that were tuned, or None.
    """

    classifiers: Mapping[str, Any] = field(default_factory=dict)
    tuned: Tuned | None = None

    @classmethod
    def of(cls, candidates: Sequence[Any]) -> "Beside":
        """Return what is to be tried.

        Raises:
            QuestionError: a candidate is neither tuned nor a classifier with chances, or several are tuned.
        """
        tuned = [candidate for candidate in candidates if isinstance(candidate, Tuned)]
        classifiers = [candidate for candidate in candidates if not isinstance(candidate, Tuned)]
        check_classifiers(classifiers)
        if len(tuned) > 1:
            raise QuestionError(
                f"candidates has {len(tuned)} results of tuning, and one is a candidate: that of the study with most "
                "trials. Give one: candidates=[pt.tune(question, history, split)]"
            )
        return cls(named_classifiers(classifiers), tuned[0] if tuned else None)


PLAIN = Beside()


def dated(
    question: Question,
    source: RowSource,
    rows: Matrix,
    label: np.ndarray,
    split: Split,
    seed: int,
    near: tuple[str, ...] = NEAR,
    beside: Beside = PLAIN,
) -> TrainingSet:
    """Return what is learned from of rows with dates: those at the known cutoffs that nothing settles yet.

    Arguments are those of `patron.models.training.fit`.

    Raises:
        QuestionError: there is too little to learn from, or what was tuned is another question.
    """
    check_tuned(beside.tuned, question, rows)
    place = _settled_place(question, rows)
    known = rows.at(*split.known) & ~_settled(question, rows, place)
    answer = _with_idle(target_spec(question, rows, label, split), question, source, rows, label, split)
    answer = answer if place is None else answer | {"settled": place}
    learned = rows.take(known), label[known]
    training_set = TrainingSet(question, source, *learned, answer, seed, near, beside.classifiers, beside.tuned)
    return with_causes(training_set, source.causes(question, training_set.rows.key))


def later_folds(question: Question, split: Split) -> tuple[Fold, ...]:
    """Return the later cutoffs to judge at, oldest first.

    Raises:
        QuestionError: no later cutoff is free of earlier labels.
    """
    chosen = folds(split.known, question.horizon)
    if not chosen:
        first, last = split.known[0], split.known[-1]
        raise QuestionError(
            f"{question.name!r} looks {question.horizon.length} ahead, but its known cutoffs, {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}, are closer than that: no later cutoff is free of earlier labels. "
            f"Move the valid cutoff to {question.horizon.after(first):%Y-%m-%d} or later."
        )
    return chosen


def later_part(training_set: TrainingSet, fold: Fold) -> Part:
    """Return the part of rows with dates that a fold is: what was known, and the later cutoff to judge at."""
    rows = training_set.rows
    return training_set.part_of(rows.at(*fold.fitted), rows.at(fold.judged), fold.judged)


def undated(
    question: Question, source: RowSource, rows: Matrix, label: np.ndarray, seed: int, beside: Beside = PLAIN
) -> TrainingSet:
    """Return what is learned from of rows without dates: all of them.

    Raises:
        QuestionError: there is too little to learn from, or what was tuned is another question.
    """
    check_tuned(beside.tuned, question, rows)
    _check_enough(question, label)
    answer = target_for(question).target_spec(question, label, rows.X)
    return TrainingSet(question, source, rows, label, answer, seed, NEAR, beside.classifiers, beside.tuned)


def customer_parts(training_set: TrainingSet) -> Iterator[Part]:
    """Give the parts of rows without dates: customers are held out in turn."""
    at = training_set.rows.key.cutoff.max().to_pydatetime()
    customers = training_set.rows.key.customer.to_numpy()
    for part in held_out_parts(customers, training_set.label, INNER_PARTS, 1, training_set.seed):
        yield training_set.part_of(~part, part, at)


def check_tuned(tuned: Tuned | None, question: Question, rows: Matrix) -> None:
    """Refuse what was tuned for another question, other customers or other features."""
    if tuned and (other := differences(tuned, question_features(question, rows))):
        raise QuestionError(
            f"What was tuned is of another question than {question.name!r}: {other}. Tune this one: "
            "tuned = pt.tune(question, history, split)"
        )


def differences(tuned: Tuned, about: Mapping[str, Any]) -> str:
    """Describe in what a question differs from that which was tuned; an empty text where in nothing."""
    other = [name for name in about if tuned.about.get(name) != about[name]]
    shown = [f"{name} {tuned.about.get(name)}, asked {about[name]}" for name in other if name != "features"]
    return "; ".join([*shown, *(["other features"] if "features" in other else [])])


def target_spec(question: Question, rows: Matrix, label: np.ndarray, split: Split) -> TargetSpec:
    """Return what a model must remember of its question; arguments are those of `fit`.

    What classes mean is found from the train cutoffs, what they bring from all that are known. It is quick, so that
    what cannot be learned is refused before other questions have been trained for long.

    Raises:
        QuestionError: there is too little to learn from.
    """
    at_train = rows.at(*split.train)
    _check_enough(question, label[at_train])
    target, known = target_for(question), rows.at(*split.known)
    spec = target.target_spec(question, label[at_train], rows.X[at_train])
    return target.target_spec(target.with_learned(question, spec), label[known], rows.X[known])


def _with_idle(
    spec: TargetSpec, question: Question, source: RowSource, rows: Matrix, label: np.ndarray, split: Split
) -> TargetSpec:
    """Return the spec with what sets apart those who buy nothing, found from all known cutoffs."""
    known = rows.at(*split.known)
    seen = rows.take(known)
    return target_of(spec).with_idle(spec, label[known], seen.X, lambda: source.idle(question, seen.key))


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


def unsettled(question: Question, rows: Matrix) -> np.ndarray:
    """Return the rows that there is something to learn from, as a mask: their answer is open at the cutoff."""
    return ~_settled(question, rows, _settled_place(question, rows))


def _settled_place(question: Question, rows: Matrix) -> int | None:
    """Return where the feature stands that settles the answer, None where no event tells of it."""
    names = [definition.name for definition in rows.definitions if definition.source != SOURCE]
    return list(rows.X).index(question.settled_column) if question.settled_column in names else None


def _settled(question: Question, rows: Matrix, place: int | None) -> np.ndarray:
    """Return the rows whose answer is no for the whole horizon already, as a mask: nothing is learned from them."""
    if place is None:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows.X.iloc[:, place].to_numpy(np.float64) >= (question.horizon.days or 0))
