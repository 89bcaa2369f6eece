"""Training: every question fitted and judged, registered, and made champion together with the others."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from patron.engines.outputs import write_text
from patron.evaluation.backtests import judge, predict_candidates, prediction_table
from patron.evaluation.cards import Card
from patron.evaluation.causes import judge_causes
from patron.evaluation.cross_validation import card_of, cross_validate
from patron.explanations.levers import check_measures
from patron.explanations.stability import REFITS, stability
from patron.jobs import tracking
from patron.jobs.champions import conclude, stays
from patron.jobs.checking import check_cutoffs, labelled_rows, receipts, tell_ledger
from patron.jobs.contests import contest, contest_undated
from patron.jobs.job import Job
from patron.jobs.learning import learn_effects, write_effect_cards
from patron.jobs.locks import champions_alone
from patron.jobs.plan_facts import check_offer_columns
from patron.jobs.rankings import Rankings, rankings_beside, with_rankings
from patron.jobs.tuning import tuned_candidates
from patron.models.preparation import target_spec
from patron.models.refits import refits
from patron.models.training import Trained, fit, fit_by_customer
from patron.periods import Split
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.registry import Contest
from patron.reports.terminal import card_lines, cause_lines

__all__ = ["train"]

LONG = 15  # seconds without a word

_Judged = tuple[Trained, Card, pd.DataFrame, tuple[str, ...], Contest | None]


@dataclass(frozen=True)
class _Result:
    """The result of training one question: its version, its card, and the files about it."""

    logged: tracking.Logged
    card: Card
    files: tuple[str, ...]


def train(job: Job) -> dict[str, Any]:
    """Train every question, judge it at the test cutoffs, log it and register its champion.

    The versions become champions together at the end, so that a training that dies changes none, and only if each was
    as good as the champion of today on the same rows (`patron.registry.contests`). What cannot be
    learned is refused before the first question is trained, and nobody else changes the champions meanwhile.
    """
    with champions_alone(job.settings.root, job.settings.name):
        return _train(job)


def _train(job: Job) -> dict[str, Any]:
    check_cutoffs(job)
    check_offer_columns(job.settings, lambda: job.row_columns)
    job.tell_left_out()
    parts = [(part, *labelled_rows(part)) for part in job.parts]
    check_measures(job.settings.levers, [meant for _, rows, _ in parts for meant in rows.definitions])
    for part, rows, labelled in parts:
        _tell_rows(part, rows)
        if job.source.dated:
            for question in part.questions:
                target_spec(question, rows, labelled[question.name], job.split)
    book = tell_ledger(job)
    features = [asdict(meant) for _, rows, _ in parts for meant in rows.definitions]
    learned = learn_effects(job)
    profile = job.data.profile(features)
    kept = {job.parts[0].explained: learned}
    entry = tracking.Entry(job.settings, _split_of(job), job.fingerprint, job.now, profile, kept)
    with rankings_beside([part for part, _, _ in parts]) as rankings:
        results = {
            question.name: _train_question(part, question, (rows, labelled[question.name]), entry, rankings)
            for part, rows, labelled in parts
            for question in part.questions
        }
    versions = [result.logged for result in results.values()]
    cards = [_write_card(job, question, results[question.name], versions) for question in job.questions]
    cards += write_effect_cards(job, learned)
    outcome = conclude(job, versions)
    files = [*book["files"], *(file for result in results.values() for file in result.files), *cards]
    models = {name: _plain(result) for name, result in results.items()}
    return {
        "tables": receipts(job),
        "rows": sum(len(rows) for _, rows, _ in parts),
        "training": entry.training,
        "champions": outcome,
        "models": models,
        "files": files,
    }


def _split_of(job: Job) -> Split | None:
    return job.split if job.source.dated else None


def _plain(result: _Result) -> dict[str, Any]:
    figures = {metric: asdict(figure) for metric, figure in result.card.measured[result.card.champion].items()}
    return asdict(result.logged) | {
        "test_rows": result.card.rows,
        "figures": figures,
        "better": dict(result.card.better),
    }


def _tell_rows(job: Job, rows: Matrix) -> None:
    if not job.source.dated:
        job.tell(f"rows      {len(rows):,} rows x {rows.X.shape[1]} features, without dates")
        return
    counts = rows.key.cutoff.value_counts().sort_index()
    dates = ", ".join(f"{cutoff:%Y-%m-%d}: {n:,}" for cutoff, n in counts.items())
    job.tell(f"rows      {len(rows):,} rows x {rows.X.shape[1]} features at {len(counts)} cutoffs ({dates})")


def _train_question(
    job: Job,
    question: Question,
    labelled: tuple[Matrix, np.ndarray],
    entry: tracking.Entry,
    rankings: Rankings,
) -> _Result:
    rows, label = labelled
    if job.source.dated:
        judged = _at_test_cutoffs(job, question, rows, label, rankings)
    else:
        judged = _held_out(job, question, rows, label)
    trained, card, table, baskets, beside = judged
    card = replace(card, beware=(*card.beware, *job.cautions(rows)))
    explained = _explained_rows(job, rows) if question.name == job.explained else None
    if explained:
        trained, card = _with_stability(job, trained, card, labelled, explained)
    path = job.write(f"predictions_{question.name}", table)
    pictures = tracking.driver_pictures(trained.model, explained, job.settings.currency) if explained else {}
    about = trained, card, entry, beside, pictures
    logged = tracking.log(job.registry, job.registered(question.name), *about)
    registered = f"registered as {logged.name} version {logged.version} ({logged.candidate}); predictions: {path}"
    job.tell(f"{question.name}: {trained.reason}\n{card_lines(card)}\n          {registered}")
    if beside:
        job.tell(f"{question.name}: {beside.words}")
    return _Result(logged, card, (*baskets, str(path)))


def _write_card(job: Job, question: Question, result: _Result, versions: Sequence[tracking.Logged]) -> str:
    """Write the card of a question, beside that of the champion where this one stays."""
    path = job.card_path(question)
    return str(write_text(result.card.text, path.with_suffix(".challenger.json") if stays(versions) else path))


def _explained_rows(job: Job, rows: Matrix) -> Matrix | None:
    """Return the rows whose reasons are looked at: of the last known cutoff, or all where rows have no dates."""
    split = _split_of(job)
    sample = rows.take(rows.at(split.known[-1])) if split else rows
    return sample if len(sample) else None


def _with_stability(
    job: Job, trained: Trained, card: Card, labelled: tuple[Matrix, np.ndarray], sample: Matrix
) -> tuple[Trained, Card]:
    """Measure how the champion's reasons stay when it is fitted again, and keep that in the model and on the card."""
    split, seed = _split_of(job), job.settings.seed
    again = refits(trained.model, trained.question, job.source, *labelled, split, seed, job.settings.refits or REFITS)
    if not again:
        return trained, card
    measured = stability(trained.model, again, sample, seed)
    bundles = {**trained.bundles, trained.champion: measured.carried_by(trained.model)}
    return replace(trained, bundles=bundles), replace(card, stability=measured.figures, stable=measured.table)


def _long_steps(job: Job, question: str) -> Callable[[str], None]:
    """Return a function that reports a step of a question, where nothing was reported for long."""
    last = [perf_counter()]

    def tell(step: str) -> None:
        if perf_counter() - last[0] >= LONG:
            job.tell(f"{question}: {step}")
            last[0] = perf_counter()

    return tell


def _at_test_cutoffs(job: Job, question: Question, rows: Matrix, label: np.ndarray, rankings: Rankings) -> _Judged:
    """Train on the known cutoffs and judge at those of the test."""
    tell = _long_steps(job, question.name)
    tuned = tuned_candidates(job, question, rows)
    trained = fit(question, job.source, rows, label, job.split, job.settings.seed, tell, candidates=tuned)
    trained = job.grown(trained, rows)
    baskets: tuple[str, ...] = ()
    if question.with_baskets:
        trained, baskets = with_rankings(job, rankings, question.name, trained)
    test = rows.at(*job.split.test)
    tested, y_true = rows.take(test), label[test]
    predictions = predict_candidates(trained, tested)
    beside = (*baskets, *_judge_causes(job, trained, tested, y_true, predictions[trained.champion]))
    card = judge(trained, tested, y_true, job.settings.seed, predictions)
    tell(f"judged at {len(job.split.test)} test cutoffs")
    against = contest(job, trained, tested, y_true, predictions[trained.champion])
    return trained, card, prediction_table(trained, tested, y_true, predictions), beside, against


def _judge_causes(
    job: Job, trained: Trained, tested: Matrix, label: np.ndarray, answers: pd.DataFrame
) -> tuple[str, ...]:
    """Judge for what customers left, where a model tells causes; return the files written."""
    causes = job.source.causes(trained.question, tested.key) if "causes" in trained.model.spec["answer"] else None
    if causes is None:
        return ()
    card = judge_causes(answers, causes, ~np.isnan(label), trained.question.name)
    job.tell(cause_lines(card))
    return (str(job.write(f"causes_{trained.question.name}", card.table, "csv")),)


def _held_out(job: Job, question: Question, rows: Matrix, label: np.ndarray) -> _Judged:
    """Train on all rows, which have no dates, and judge by customers held out."""
    about = question, job.source, rows, label, job.settings.seed, tuned_candidates(job, question, rows)
    test = cross_validate(*about)
    trained = fit_by_customer(*about)
    return trained, card_of(trained, test), test.predictions, (), contest_undated(job, question)
