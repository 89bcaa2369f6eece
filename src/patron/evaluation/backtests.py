"""Back-tests: how good the candidates are on cutoffs that no choice ever saw, each figure with its doubt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.evaluation.cards import Card
from patron.evaluation.leakage import MIN_ROWS, leak_probe, too_good
from patron.evaluation.question_metrics import differences, estimates, verdict
from patron.evaluation.segments import by_segment
from patron.features import ALL
from patron.features.attributes import timeless
from patron.history.history import History
from patron.metrics import Estimate, curves
from patron.models.rolling_origin import folds as rolling_folds
from patron.models.targets import QuestionMetric, Target, target_for, target_of
from patron.models.training import Trained, fit
from patron.periods import Split
from patron.questions.matrices import Matrix, labels, matrix, row_source
from patron.questions.panels import SOURCE
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = [
    "Backtest",
    "Card",
    "JudgedFold",
    "backtest",
    "judge",
    "pooled_card",
    "predict_candidates",
    "prediction_table",
]

Predictions = Mapping[str, pd.DataFrame]

DRAWS, FEWER = 500, 200  # for what is compared, and for what is shown beside it


@dataclass(frozen=True)
class Backtest:
    """The results of a back-test over several origins.

    Args:
        folds: the card of each test cutoff, oldest first, each by models that knew only what came before.
        pooled: the card of all of them together; its candidate `chosen` is whatever each fold chose.
        predictions: every candidate's answers for each customer and test cutoff.
    """

    folds: tuple[Card, ...]
    pooled: Card
    predictions: pd.DataFrame


def backtest(question: Question, history: History | RowSource, split: Split, seed: int = 0) -> Backtest:
    """Estimate how good the answers would have been at the last few cutoffs, each trained on what was known then.

    Every cutoff of the split that has two earlier ones with labels ended before it is a test cutoff, up to the
    last three that lie a horizon apart.

    Args:
        question: what is asked.
        history: the checked event tables, or a panel.
        split: the cutoffs; what they are used for follows from their order.
        seed: of LightGBM's sampling and of the bootstrap over customers.

    Raises:
        QuestionError: a cutoff lies outside the history, its horizon has not passed, or there are too few.
    """
    splits = _origins(split, question)
    source = row_source(history)
    question = source.complete(question, splits[0].known[-1])
    cutoffs = sorted({cutoff for origin in splits for cutoff in (*origin.known, *origin.test)})
    rows = matrix(question, source, cutoffs)
    label = labels(question, source, cutoffs, rows=rows)
    folds: list[JudgedFold] = []
    for origin in splits:
        trained = fit(question, source, rows, label, origin, seed)
        test = rows.at(*origin.test)
        tested = rows.take(test)
        folds.append(JudgedFold(trained, tested, label[test], predict_candidates(trained, tested)))
        question = target_for(question).with_learned(question, folds[0].trained.model.spec["answer"])
    cards = tuple(judge(fold.trained, fold.rows, fold.label, seed, fold.predictions) for fold in folds)
    tables = [prediction_table(fold.trained, fold.rows, fold.label, fold.predictions) for fold in folds]
    return Backtest(cards, pooled_card(folds, seed), pd.concat(tables, ignore_index=True))


def predict_candidates(trained: Trained, rows: Matrix) -> Predictions:
    """Return the predictions of every candidate for the rows, by name, in the order of the rows.

    They are made once, and handed to whoever judges or keeps them.
    """
    return {name: bundle.predict(rows.X) for name, bundle in trained.bundles.items()}


def judge(
    trained: Trained, rows: Matrix, label: np.ndarray, seed: int = 0, predictions: Predictions | None = None
) -> Card:
    """Judge trained candidates at test cutoffs, which training did not see.

    Args:
        trained: what `train` gave.
        rows: features at the test cutoffs.
        label: what happened, in the same order, shape (n,).
        seed: of the bootstrap over customers.
        predictions: those of `predict_candidates` for these rows; made here where None.
    """
    known = predict_candidates(trained, rows) if predictions is None else predictions
    contest = _Contest(trained.champion, trained.challenger, trained.best_baseline)
    return _card(JudgedFold(trained, rows, label, known), contest, seed)


def prediction_table(
    trained: Trained, rows: Matrix, label: np.ndarray | None = None, predictions: Predictions | None = None
) -> pd.DataFrame:
    """Return the predictions of every candidate as one table, so that anyone can judge them.

    Columns: `customer`, `cutoff`, `candidate`, `champion` (whether this candidate is it), the answers of the
    question, and `actual`, what happened, where it is known.

    Args:
        trained: what `train` gave.
        rows: features of n customers at cutoffs.
        label: what happened, in the same order, shape (n,).
        predictions: those of `predict_candidates` for these rows; made here where None.
    """
    known = predict_candidates(trained, rows) if predictions is None else predictions
    tables = []
    for name, frame in known.items():
        key = rows.key.assign(candidate=name, champion=name == trained.champion)
        if label is not None:
            key["actual"] = label
        tables.append(pd.concat([key, frame], axis=1))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class JudgedFold:
    """What is judged: predictions by candidate for test rows, beside what happened there."""

    trained: Trained
    rows: Matrix
    label: np.ndarray
    predictions: Predictions

    @property
    def target(self) -> Target[Any]:
        """The kind of target of its question."""
        return target_of(self.trained.model.spec["answer"])

    @property
    def customers(self) -> np.ndarray:
        """The customer of each row."""
        return self.rows.key.customer.to_numpy()


@dataclass(frozen=True)
class _Contest:
    """Which candidate is used, and which one is compared with which baseline."""

    champion: str
    challenger: str
    baseline: str


def _card(fold: JudgedFold, contest: _Contest, seed: int) -> Card:
    question, spec = fold.trained.question, fold.trained.model.spec
    rows, label, customers = fold.rows, fold.label, fold.customers
    predictions, champion = fold.predictions, fold.predictions[contest.champion]
    target, answer = fold.target, spec["answer"]
    metrics, outcome = target.metrics(answer, label), target.binary_outcome(answer, label)
    y_true, chance = outcome.y_true, outcome.chance(champion)
    gained = differences(metrics, customers, predictions[contest.challenger], predictions[contest.baseline], seed)
    stayed, ahead = _persistence(metrics, champion, customers, seed)
    return Card(
        question=question.name,
        horizon=question.horizon.days or 0,
        length=question.horizon.length,
        cutoffs=tuple(pd.Timestamp(c).to_pydatetime() for c in sorted(rows.key.cutoff.unique())),
        rows=len(rows),
        customers=rows.key.customer.nunique(),
        base=target.base_rates(answer, label),
        measured=_measured(fold, contest, seed) | stayed,
        differences=gained,
        better={name: verdict(gained[name], metric.best) for name, metric in metrics.items()},
        champion=contest.champion,
        best_baseline=contest.baseline,
        reason=fold.trained.reason,
        reliability=curves.reliability(y_true, chance),
        gains={name: curves.gain(y_true, outcome.chance(frame)) for name, frame in predictions.items()},
        challenger=contest.challenger,
        shift={
            "trained": spec.get("base_rates", {}),
            "predicted": _by_cutoff(rows, chance),
            "observed": _by_cutoff(rows, y_true),
        },
        lift=curves.lift(y_true, chance),
        segments=by_segment(rows, y_true, chance),
        deciles=_deciles(champion, label),
        intervals=_intervals(champion, label),
        waits=target.waits(answer, label, champion),
        persistence=ahead,
        suspects=_suspects(fold),
    )


def _measured(fold: JudgedFold, contest: _Contest, seed: int) -> dict[str, dict[str, Estimate]]:
    """Estimate every metric of every candidate; those that are compared by more draws than the others."""
    answer = fold.trained.model.spec["answer"]
    metrics = fold.target.metrics(answer, fold.label) | fold.target.coverages(answer, fold.label)
    compared = {contest.champion, contest.challenger, contest.baseline}
    return {
        name: estimates(metrics, fold.customers, frame, seed, DRAWS if name in compared else FEWER)
        for name, frame in fold.predictions.items()
    }


def _persistence(
    metrics: Mapping[str, QuestionMetric], predictions: pd.DataFrame, customers: np.ndarray, seed: int
) -> tuple[dict[str, dict[str, Estimate]], dict[str, Estimate]]:
    """Estimate the guess that everybody stays in their tier, and by how much the predictions are ahead of it."""
    if "present_tier" not in predictions:
        return {}, {}
    stayed = predictions.assign(tier=predictions.present_tier)
    of_tier = {name: metric for name, metric in metrics.items() if metric.columns == ("tier",)}
    guess = {"persistence": estimates(of_tier, customers, stayed, seed, FEWER)}
    return guess, differences(of_tier, customers, predictions, stayed, seed)


def _deciles(predictions: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    if "expected_profit" not in predictions:
        return pd.DataFrame()
    return curves.earned(label, predictions.expected_profit)


def _intervals(predictions: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    if "expected_profit" not in predictions:
        return pd.DataFrame()
    return curves.intervals(label, predictions.profit_low, predictions.profit_high, predictions.expected_profit)


def _suspects(fold: JudgedFold) -> dict[str, str]:
    """Return why some features seem to know the outcome, by name."""
    suspects: dict[str, str] = {}
    for truth in fold.target.leak_truths(fold.trained.model.spec["answer"], fold.label):
        suspects |= _suspected(fold.trained.question, fold.rows, truth)
    return suspects


def _suspected(question: Question, rows: Matrix, happened: np.ndarray) -> dict[str, str]:
    """Return the features that tell one outcome too well; those of a panel, computed elsewhere, are probed fully."""
    customers, counts = rows.key.customer.tolist(), np.bincount(happened.astype(int), minlength=2)
    from_panel = any(definition.source == SOURCE for definition in rows.definitions)
    if from_panel and min(counts) and sum(counts) >= MIN_ROWS:
        return dict(leak_probe(rows.X, happened, customers).suspects)
    return too_good(rows.X[_own(rows)], happened, customers, timeless(question.features))


def _own(rows: Matrix) -> list[str]:
    """Return the features that are not built in: those see the past only, however well they tell a regular rhythm."""
    built_in = {f.column(window) for f in ALL for window in f.windows}
    return [name for name in rows.X.columns if name not in built_in]


def _origins(split: Split, question: Question) -> list[Split]:
    cutoffs = (*split.known, *split.test)
    folds = [fold for fold in rolling_folds(cutoffs, question.horizon) if rolling_folds(fold.fitted, question.horizon)]
    if not folds:
        raise QuestionError(
            f"A back-test of {question.name!r} needs two cutoffs with labels that end before a third, got "
            f"{len(cutoffs)} cutoffs with a horizon of {question.horizon.length}. Give cutoffs at least that far apart."
        )
    return [_origin(fold.fitted, fold.judged, question) for fold in folds]


def _origin(known: Sequence[datetime], test: datetime, question: Question) -> Split:
    """The last known cutoff is the valid one; those whose labels reach into it are left out."""
    train = tuple(cutoff for cutoff in known if question.horizon.after(cutoff) <= known[-1])
    return Split(train, (known[-1],), (test,))


def pooled_card(folds: Sequence[JudgedFold], seed: int) -> Card:
    """Judge all folds as one; its candidate `chosen` is in each fold the champion of that fold."""
    names = [name for name in folds[0].predictions if all(name in fold.predictions for fold in folds)]
    predictions = {name: _joined([fold.predictions[name] for fold in folds]) for name in names}
    predictions["chosen"] = _joined([fold.predictions[fold.trained.champion] for fold in folds])
    rows = Matrix(
        _joined([fold.rows.key for fold in folds]), _joined([fold.rows.X for fold in folds]), folds[0].rows.definitions
    )
    label, last = np.concatenate([fold.label for fold in folds]), folds[-1].trained
    reason = "; ".join(f"{fold.trained.champion} at the test cutoff {i}" for i, fold in enumerate(folds, start=1))
    contest = _Contest("chosen", "chosen", last.best_baseline)
    return _card(JudgedFold(replace(last, reason=reason), rows, label, predictions), contest, seed)


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


def _by_cutoff(rows: Matrix, values: np.ndarray) -> dict[str, float]:
    means = pd.Series(values, dtype="float64").groupby(rows.key.cutoff.to_numpy()).mean()
    return {f"{cutoff:%Y-%m-%d}": float(mean) for cutoff, mean in means.items()}
