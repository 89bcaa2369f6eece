"""Training: every candidate fitted, calibrated and compared on later cutoffs, and the champion named.

Fitted on the train cutoffs, with early stopping, calibration and the choice between candidates on the valid cutoffs,
then fitted again on both. Test cutoffs are not looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.evaluation import Figure, figure
from patron.history import History
from patron.matrices import Matrix, answers, matrix
from patron.models.calibration import calibrate, log_losses
from patron.models.candidates import Estimator, activity, boosted, constant, logit
from patron.models.serving import FORMAT, Bundle, encode, raw_margins, softmax
from patron.models.targets import Examples, answer_for, examples, outputs
from patron.periods import Split
from patron.questions import Question

__all__ = ["BASELINES", "TREES", "Trained", "fit", "train"]

BASELINES = ("constant", "activity", "logit")
TREES = "lightgbm"
REFIT = 1.1
FEWEST = 50


@dataclass(frozen=True)
class Trained:
    """What training gives: every candidate as a bundle, how they did on the valid cutoffs, and the champion.

    Args:
        question: what was asked, with its features.
        bundles: a model for each candidate, by name.
        losses: log loss of each candidate on the valid cutoffs, with its interval.
        gains: by how much each candidate is below the best baseline there, paired; above zero is better.
        champion: name of the candidate to use.
        reason: why that one, in a sentence.
    """

    question: Question
    bundles: Mapping[str, Bundle]
    losses: Mapping[str, Figure]
    gains: Mapping[str, Figure]
    champion: str
    reason: str

    @property
    def model(self) -> Bundle:
        """The champion's bundle."""
        return self.bundles[self.champion]

    @property
    def best_baseline(self) -> str:
        """The baseline with the lowest log loss on the valid cutoffs."""
        return min(BASELINES, key=lambda name: self.losses[name].value)


def train(question: Question, history: History, split: Split, seed: int = 0) -> Trained:
    """Train every candidate for a question on a history, and learn which one to use.

    Args:
        question: what is asked.
        history: the checked event tables.
        split: cutoffs to fit on (train) and to choose on (valid); its test cutoffs are left alone.
        seed: of LightGBM's sampling and of the bootstrap.

    Raises:
        QuestionError: the horizon of a cutoff has not passed, or there is too little to learn from.
    """
    split.check_gap(question.horizon)
    asked = question.on(history)
    return fit(
        asked, history, matrix(asked, history, split.known), answers(asked, history, split.known), split, seed
    )


def fit(
    question: Question, history: History, rows: Matrix, label: np.ndarray, split: Split, seed: int = 0
) -> Trained:
    """Train every candidate on rows that are in memory.

    Args:
        question: what is asked, with its features.
        history: tells which features the baselines look at.
        rows: features at the train and valid cutoffs, and perhaps others.
        label: answers in the same order, shape (n,).
        split: cutoffs by use.
        seed: of LightGBM's sampling and of the bootstrap.

    Raises:
        QuestionError: there is too little to learn from.
    """
    train_rows, valid_rows = rows.at(*split.train), rows.at(*split.valid)
    answer = answer_for(question, label[train_rows])
    _check_enough(question, examples(answer, label[train_rows]), int(train_rows.sum()))
    features = _features(rows.take(rows.at(*split.known)))
    X = encode(rows.X, features)
    work = _Work(question, X, rows, label, answer, features, seed)
    fitters = _fitters(work, question.baselines(history))
    made = {name: work.bundle(fitter, train_rows, valid_rows) for name, fitter in fitters.items()}
    return _chosen(question, made, rows.key.customer.to_numpy()[valid_rows], seed)


Fitter = Callable[[np.ndarray, Examples, int | None, tuple[np.ndarray, Examples] | None], Estimator]


@dataclass(frozen=True)
class _Work:
    """The arrays of one training, shared by all candidates."""

    question: Question
    X: np.ndarray
    rows: Matrix
    label: np.ndarray
    answer: dict[str, Any]
    features: list[dict[str, Any]]
    seed: int

    def examples(self, mask: np.ndarray) -> tuple[np.ndarray, Examples]:
        return self.X[mask], examples(self.answer, self.label[mask])

    def bundle(self, fitter: Fitter, train_rows: np.ndarray, valid_rows: np.ndarray) -> tuple[Bundle, np.ndarray]:
        """Fit, calibrate on later cutoffs, fit again on all; return the bundle and its losses on the valid rows."""
        X_valid, later = self.examples(valid_rows)
        first = fitter(*self.examples(train_rows), None, (X_valid, later))
        margins = _margins(first, X_valid, later)
        customers = self.rows.key.customer.to_numpy()[valid_rows][later.row]
        calibration = calibrate(margins, later.y, customers)
        draft = Bundle(self._spec(first, calibration), first.booster)
        again = fitter(*self.examples(train_rows | valid_rows), max(1, round(first.rounds * REFIT)), None)
        final = Bundle(self._spec(again, calibration) | {"answer": self._decoded(draft, X_valid)}, again.booster)
        return final, self._row_losses(draft, X_valid, later)

    def _row_losses(self, draft: Bundle, X: np.ndarray, target: Examples) -> np.ndarray:
        margins = _margins(Estimator(draft.spec["estimator"], draft.booster), X, target)
        calibration = draft.spec["calibration"] or {"slope": 1.0, "intercept": [0.0]}
        losses = log_losses(margins * calibration["slope"] + np.asarray(calibration["intercept"]), target.y)
        return np.bincount(target.row, weights=losses, minlength=len(X))

    def _decoded(self, draft: Bundle, X: np.ndarray) -> dict[str, Any]:
        """Set the cuts between tiers so that each is given as often as its probabilities say."""
        if self.answer["kind"] != "tier":
            return self.answer
        shares = softmax(draft.margins(X))
        rank = shares @ np.arange(shares.shape[1])
        below = np.cumsum(shares.mean(axis=0))[:-1]
        return self.answer | {"cuts": np.quantile(rank, np.minimum(below, 1.0)).tolist()}

    def _spec(self, estimator: Estimator, calibration: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "question": self.question.name,
            "features": self.features,
            "estimator": estimator.spec,
            "parameters": dict(estimator.parameters) | ({"rounds": estimator.rounds} if estimator.rounds else {}),
            "calibration": calibration,
            "answer": self.answer,
            "outputs": outputs(self.answer),
        }


def _fitters(work: _Work, baselines: tuple) -> dict[str, Fitter]:
    names = [f["name"] for f in work.features]
    categories = [i for i, f in enumerate(work.features) if f["dtype"] == "category"]
    watched = [names.index(feature.column(feature.windows[0])) for feature in baselines]
    edges = work.answer["lows"] if work.answer["kind"] == "tier" else [1.0, 2.0, 4.0]

    def trees(X: np.ndarray, target: Examples, rounds: int | None, later: Any) -> Estimator:
        if rounds is None:
            return boosted(X, target, names, categories, watched=later, seed=work.seed)
        return boosted(X, target, names, categories, rounds, seed=work.seed)

    return {
        "constant": lambda X, target, rounds, later: constant(X, target),
        "activity": lambda X, target, rounds, later: activity(X, target, watched[0], edges),
        "logit": lambda X, target, rounds, later: logit(X, target, watched[1:]),
        TREES: trees,
    }


def _margins(estimator: Estimator, X: np.ndarray, target: Examples) -> np.ndarray:
    """Log-odds for each example, in the examples' order."""
    if target.step is None:
        return raw_margins(estimator.spec, estimator.booster, X, None)
    by_step = np.stack([raw_margins(estimator.spec, estimator.booster, X, s) for s in range(target.steps)])
    return by_step[target.step, target.row]


def _features(rows: Matrix) -> list[dict[str, Any]]:
    """Describe the columns of a matrix for the bundle: categories with their levels, numbers with what is usual."""
    made = []
    for meant in rows.definitions:
        column = rows.X[meant.name]
        numeric = pd.api.types.is_numeric_dtype(column)
        levels = [] if numeric else sorted(column.dropna().astype(str).unique())
        dtype = "float64" if numeric else "category"
        made.append(asdict(meant) | {"dtype": dtype, "levels": levels, "usual": _usual(column, numeric)})
    return made


def _usual(column: pd.Series, numeric: bool) -> float | str | None:
    known = column.dropna()
    if known.empty:
        return None
    return float(known.median()) if numeric else str(known.mode()[0])


def _check_enough(question: Question, target: Examples, count: int) -> None:
    if count < FEWEST:
        raise QuestionError(
            f"{question.name!r} has {count} rows at its train cutoffs; at least {FEWEST} are needed to learn from. "
            "Use more cutoffs, a longer active_in, or more customers."
        )
    if len(np.unique(target.y)) < 2:
        raise QuestionError(
            f"{question.name!r} has the same answer for all {count} rows at its train cutoffs, so there is nothing "
            f"to tell apart. Choose another horizon than {question.horizon}."
        )


def _chosen(
    question: Question, made: Mapping[str, tuple[Bundle, np.ndarray]], customers: np.ndarray, seed: int
) -> Trained:
    """Name the champion: the trees where they beat the best baseline beyond noise, else that baseline."""
    losses = {name: figure(_mean, customers, loss, seed=seed) for name, (_, loss) in made.items()}
    best = min(BASELINES, key=lambda name: losses[name].value)
    gains = {name: figure(_mean, customers, made[best][1] - loss, seed=seed) for name, (_, loss) in made.items()}
    won = gains[TREES].low > 0
    reason = (
        f"{TREES} lowers the log loss of the best baseline ({best}) by {gains[TREES]} on the valid cutoffs"
        if won
        else f"{TREES} does not beat the best baseline ({best}) beyond noise: {gains[TREES]} on the valid cutoffs"
    )
    bundles = {name: replace(bundle, spec=bundle.spec | {"candidate": name}) for name, (bundle, _) in made.items()}
    return Trained(question, bundles, losses, gains, TREES if won else best, reason)


def _mean(values: np.ndarray, weight: np.ndarray | None = None) -> float:
    return float(np.average(values, weights=weight))
