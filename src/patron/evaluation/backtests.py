"""Back-tests: how good the candidates are on cutoffs that no choice ever saw, each figure with its doubt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.evaluation.cards import Card
from patron.evaluation.leakage import FEWEST, leak_probe, too_good
from patron.evaluation.question_metrics import (
    QuestionMetric,
    base,
    coverages,
    differences,
    estimates,
    question_metrics,
    verdict,
)
from patron.evaluation.segments import by_segment
from patron.features import ALL
from patron.features.attributes import timeless
from patron.history.history import History
from patron.metrics import Estimate, curves
from patron.models.rolling_origin import folds as rolling_folds
from patron.models.serving import Bundle
from patron.models.targets import event_of
from patron.models.training import Trained, fit
from patron.periods import Split
from patron.questions.kinds import Tier
from patron.questions.matrices import Matrix, answers, matrix
from patron.questions.panels import SOURCE, Panel
from patron.questions.question import Question

__all__ = ["Backtest", "Card", "backtest", "expected_rate", "judge", "predictions"]

DRAWS, FEWER = 500, 200  # for what is compared, and for what is shown beside it


@dataclass(frozen=True)
class Backtest:
    """What a back-test over several origins found.

    Args:
        folds: the card of each test cutoff, oldest first, each by models that knew only what came before.
        pooled: the card of all of them together; its candidate `chosen` is whatever each fold chose.
        predictions: every candidate's answers for each customer and test cutoff.
    """

    folds: tuple[Card, ...]
    pooled: Card
    predictions: pd.DataFrame


def backtest(question: Question, history: History | Panel, split: Split, seed: int = 0) -> Backtest:
    """Learn how good the answers would have been at the last few cutoffs, each trained on what was known then.

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
    asked = question.on(history, splits[0].known[-1])
    cutoffs = sorted({cutoff for one in splits for cutoff in (*one.known, *one.test)})
    rows = matrix(asked, history, cutoffs)
    label = answers(asked, history, cutoffs, rows=rows)
    trained, made = [], []
    for one in splits:
        trained.append(fit(asked, history, rows, label, one, seed))
        asked = _fixed(asked, trained[0])
        test = rows.at(*one.test)
        made.append((rows.take(test), label[test]))
    cards = tuple(judge(t, *part, seed) for t, part in zip(trained, made, strict=True))
    found = pd.concat([predictions(t, *part) for t, part in zip(trained, made, strict=True)], ignore_index=True)
    return Backtest(cards, _pooled(trained, made, seed), found)


def judge(trained: Trained, rows: Matrix, label: np.ndarray, seed: int = 0) -> Card:
    """Judge trained candidates at test cutoffs, which training did not see.

    Args:
        trained: what `train` gave.
        rows: features at the test cutoffs.
        label: what happened, in the same order, shape (n,).
        seed: of the bootstrap over customers.
    """
    answered = {name: bundle.predict(rows.X) for name, bundle in trained.bundles.items()}
    rivals = (trained.champion, trained.challenger, trained.best_baseline)
    return _card(trained, answered, rivals, (rows, label), seed)


def predictions(trained: Trained, rows: Matrix, label: np.ndarray | None = None) -> pd.DataFrame:
    """Return every candidate's answers for each customer and cutoff, so that anyone can judge them.

    Columns: `customer`, `cutoff`, `candidate`, `champion` (whether this candidate is it), the answers of the
    question, and `actual`, what happened, where it is known.
    """
    frames = []
    for name, bundle in trained.bundles.items():
        frame = rows.key.assign(candidate=name, champion=name == trained.champion)
        if label is not None:
            frame["actual"] = label
        frames.append(pd.concat([frame, bundle.predict(rows.X)], axis=1))
    return pd.concat(frames, ignore_index=True)


def expected_rate(model: Bundle, rows: Matrix) -> dict[str, dict[str, float]]:
    """Learn whether today looks like the cutoffs of training: how often it happened there, and is predicted here.

    Args:
        model: a trained model.
        rows: features of today's customers.

    Returns:
        `trained`: rate by cutoff of training; `predicted`: mean prediction by cutoff of the rows.
    """
    chance = event_of(model.spec["answer"], np.zeros(0)).chance(model.predict(rows.X))
    return {"trained": dict(model.spec.get("base_rates", {})), "predicted": _by_cutoff(rows, chance)}


def _card(
    trained: Trained,
    answered: Mapping[str, pd.DataFrame],
    rivals: tuple[str, str, str],
    judged: tuple[Matrix, np.ndarray],
    seed: int,
) -> Card:
    rows, label = judged
    champion, challenger, best = rivals
    answer = trained.model.spec["answer"]
    metrics, event, customers = question_metrics(answer, label), event_of(answer, label), rows.key.customer.to_numpy()
    draws = {name: DRAWS if name in rivals else FEWER for name in answered}
    all_metrics = metrics | coverages(answer, label)
    measured = {name: estimates(all_metrics, customers, frame, seed, draws[name]) for name, frame in answered.items()}
    gained = differences(metrics, customers, answered[challenger], answered[best], seed)
    stayed, ahead = _kept(metrics, answered[champion], customers, seed)
    chance = event.chance(answered[champion])
    happened = {"predicted": _by_cutoff(rows, chance), "observed": _by_cutoff(rows, event.happened)}
    return Card(
        question=trained.question.name,
        horizon=trained.question.horizon.days or 0,
        cutoffs=tuple(pd.Timestamp(c).to_pydatetime() for c in sorted(rows.key.cutoff.unique())),
        rows=len(rows),
        customers=rows.key.customer.nunique(),
        base=base(answer, label),
        measured=measured | stayed,
        differences=gained,
        better={name: verdict(gained[name], metric.best) for name, metric in metrics.items()},
        champion=champion,
        best_baseline=best,
        reason=trained.reason,
        reliability=curves.reliability(event.happened, chance),
        gains={name: curves.gain(event.happened, event.chance(made)) for name, made in answered.items()},
        challenger=challenger,
        shift={"trained": trained.model.spec.get("base_rates", {}), **happened},
        lift=curves.lift(event.happened, chance),
        segments=by_segment(rows, event.happened, chance),
        deciles=_deciles(answered[champion], label),
        intervals=_intervals(answered[champion], label),
        waits=_waits(answer, answered[champion], label),
        persistence=ahead,
        suspects={
            name: why
            for happened in _known_afterwards(answer, label, event.happened)
            for name, why in _suspects(trained.question, rows, happened).items()
        },
    )


def _kept(
    metrics: Mapping[str, QuestionMetric], answered: pd.DataFrame, customers: np.ndarray, seed: int
) -> tuple[dict[str, Any], dict[str, Estimate]]:
    """Measure the guess that everybody stays in their tier, and by how much the answers are ahead of it."""
    if "present_tier" not in answered:
        return {}, {}
    stayed = answered.assign(tier=answered.present_tier)
    of_tier = {name: metric for name, metric in metrics.items() if metric.columns == ("tier",)}
    kept = {"persistence": estimates(of_tier, customers, stayed, seed, FEWER)}
    return kept, differences(of_tier, customers, answered, stayed, seed)


def _deciles(answered: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    if "expected_profit" not in answered:
        return pd.DataFrame()
    return curves.earned(label, answered.expected_profit)


def _intervals(answered: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    if "expected_profit" not in answered:
        return pd.DataFrame()
    return curves.intervals(label, answered.profit_low, answered.profit_high, answered.expected_profit)


def _waits(answer: Mapping[str, Any], answered: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    if answer["kind"] != "next_purchase":
        return pd.DataFrame()
    end = float(answer["horizon"])
    seen = np.where(np.isnan(label), end, label)
    return curves.reached(seen, {0.1: answered.days_low, 0.5: answered.days_median, 0.9: answered.days_high}, end)


def _known_afterwards(answer: Mapping[str, Any], label: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what a feature may know too well: what was asked, and who did not come back, as is mostly noted down."""
    if answer["kind"] == "churn":
        return (happened,)
    return happened, np.isnan(label) if answer["kind"] == "next_purchase" else label <= 0


def _suspects(question: Question, rows: Matrix, happened: np.ndarray) -> dict[str, str]:
    """Return the features that seem to know the outcome; those of a panel, made elsewhere, are asked closely."""
    customers, counts = rows.key.customer.tolist(), np.bincount(happened.astype(int), minlength=2)
    if any(meant.source == SOURCE for meant in rows.definitions) and min(counts) and sum(counts) >= FEWEST:
        return dict(leak_probe(rows.X, happened, customers).suspects)
    return too_good(rows.X[_own(rows)], happened, customers, timeless(question.features))


def _own(rows: Matrix) -> list[str]:
    """Return the features that are not built in: those see the past only, however well they tell a regular rhythm."""
    built_in = {f.column(window) for f in ALL for window in f.windows}
    return [name for name in rows.X.columns if name not in built_in]


def _origins(split: Split, question: Question) -> list[Split]:
    cutoffs = (*split.known, *split.test)
    found = [fold for fold in rolling_folds(cutoffs, question.horizon) if rolling_folds(fold.fitted, question.horizon)]
    if not found:
        raise QuestionError(
            f"A back-test of {question.name!r} needs two cutoffs with labels that end before a third, got "
            f"{len(cutoffs)} cutoffs with a horizon of {question.horizon}. Give cutoffs at least that far apart."
        )
    return [_origin(fold.fitted, fold.judged, question) for fold in found]


def _origin(known: Sequence[datetime], test: datetime, question: Question) -> Split:
    """The last known cutoff is the valid one; those whose labels reach into it are left out."""
    train = tuple(cutoff for cutoff in known if cutoff + question.horizon.delta <= known[-1])
    return Split(train, (known[-1],), (test,))


def _fixed(question: Question, first: Trained) -> Question:
    """Keep the thresholds that the first fold found, so that a tier means the same in all folds."""
    if not isinstance(question, Tier):
        return question
    return replace(question, thresholds=tuple(reversed(first.model.spec["answer"]["lows"][1:])))


def _pooled(trained: Sequence[Trained], made: Sequence[tuple[Matrix, np.ndarray]], seed: int) -> Card:
    names = [name for name in trained[0].bundles if all(name in one.bundles for one in trained)]
    parts = [rows.X for rows, _ in made]
    joined = Matrix(
        pd.concat([rows.key for rows, _ in made], ignore_index=True),
        pd.concat(parts, ignore_index=True),
        made[0][0].definitions,
    )
    answered = {
        name: pd.concat([t.bundles[name].predict(X) for t, X in zip(trained, parts, strict=True)], ignore_index=True)
        for name in names
    }
    chosen = [t.model.predict(X) for t, X in zip(trained, parts, strict=True)]
    answered["chosen"] = pd.concat(chosen, ignore_index=True)
    last = trained[-1]
    label = np.concatenate([part for _, part in made])
    told = replace(last, reason="; ".join(f"{t.champion} at the test cutoff {i + 1}" for i, t in enumerate(trained)))
    return _card(told, answered, ("chosen", "chosen", last.best_baseline), (joined, label), seed)


def _by_cutoff(rows: Matrix, values: np.ndarray) -> dict[str, float]:
    found = pd.Series(values, dtype="float64").groupby(rows.key.cutoff.to_numpy()).mean()
    return {f"{cutoff:%Y-%m-%d}": float(mean) for cutoff, mean in found.items()}
