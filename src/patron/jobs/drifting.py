"""Drifting: whether today's customers, and what came of past scores, are as the models learned, and what to do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import nan
from typing import Any

from patron.engines.outputs import write_text
from patron.errors import QuestionError, RegistryError, ScoreError
from patron.evaluation.realised import Realised, realised_figures
from patron.jobs.job import Job
from patron.jobs.scored import SCORES_FOLDER
from patron.jobs.tracking import judged_figures
from patron.metrics import Estimate
from patron.questions.matrices import Matrix, labels, matrix
from patron.questions.question import Question
from patron.reports import drift_page
from patron.scoring.breaks import HARD, Break
from patron.scoring.drift import Drift
from patron.scoring.drift_kinds import (
    HALF,
    KINDS,
    LAST,
    REFERENCE,
    SOURCE,
    YEAR,
    Verdict,
    drifts_of,
    flagged,
    verdict,
)
from patron.scoring.partitions import Manifest, manifests, read_scores

__all__ = ["drift"]

MOST_RUNS, APART = 6, timedelta(days=28)  # past runs that are judged, and how far they lie apart
DAYS_OF_YEAR = 365
FIGURES = {"AUC": "auc", "log loss": "log_loss", "bias": "bias", "quadratic kappa": "quadratic_kappa"}


def drift(job: Job) -> dict[str, Any]:
    """Hold today's rows and answers against training and the last run, and past scores against what came true."""
    breaks, is_scored = _breaks(job)
    parts = [_Part(job, part) for part in job.parts] if is_scored else []
    drifts, realised = flagged([d for part in parts for d in part.drifts], [f for part in parts for f in part.realised])
    verdicts = {name: v for part in parts for name, v in part.verdicts(drifts, realised, breaks).items()}
    whole = min(verdicts.values(), key=lambda v: list(KINDS).index(v.kind) or len(KINDS), default=_of_breaks(breaks))
    report = drift_page.DriftReport(
        job.settings.name, job.now, job.scored_at, whole, verdicts, drifts, realised, tuple(b.words for b in breaks)
    )
    _tell(job, report)
    return _written(job, report)


def _breaks(job: Job) -> tuple[list[Break], bool]:
    """Return in what the tables differ from those of the training, and whether today could be scored in spite of it."""
    try:
        return [Break(**known) for known in job.scored.manifest.breaks], True
    except ScoreError:
        hard = [b for b in job.breaks() if b.level == HARD]
        if not hard:
            raise
        return hard, False


def _of_breaks(breaks: Sequence[Break]) -> Verdict:
    return Verdict(SOURCE, tuple(b.words for b in breaks))


@dataclass(frozen=True)
class _Part:
    """The drift of the questions that are asked of the same customers.

    Args:
        job: the whole work.
        part: the work on these customers.
    """

    job: Job
    part: Job

    @cached_property
    def rows(self) -> dict[datetime, Matrix]:
        """The rows of earlier cutoffs that something is held against, from one pass of the tables."""
        cutoffs = sorted({*self._cutoffs.values(), *self._passed})
        if not cutoffs:
            return {}
        rows = matrix(self._question, self.job.history, cutoffs, progress=self.job.progress)
        return {cutoff: some for cutoff in cutoffs if len(some := rows.take(rows.at(cutoff)))}

    @cached_property
    def drifts(self) -> list[Drift]:
        """How features and answers look beside training and the last run."""
        named, seed = self._named, self.job.settings.seed
        return [d for model in self.part.models.values() for d in drifts_of(model, self.part.sample, named, seed)]

    @cached_property
    def realised(self) -> list[Realised]:
        """The figures of past runs whose horizon has passed."""
        return [
            figure
            for question in self.part.trained_questions
            for cutoff, manifest in self._passed.items()
            if cutoff in self.rows and self._is_over(question, cutoff)
            for figure in self._judged(question, cutoff, manifest)
        ]

    def verdicts(
        self, drifts: Sequence[Drift], realised: Sequence[Realised], breaks: Sequence[Break]
    ) -> dict[str, Verdict]:
        """Return what the drift of each question is taken for."""
        return {
            name: verdict(
                model,
                self.part.sample,
                self._named,
                [d for d in drifts if d.question == name],
                [f for f in realised if f.question == name],
                breaks,
                self.job.settings.seed,
            )
            for name, model in self.part.models.items()
        }

    @property
    def _named(self) -> dict[str, Matrix]:
        return {name: self.rows[cutoff] for name, cutoff in self._cutoffs.items() if cutoff in self.rows}

    @cached_property
    def _question(self) -> Question:
        return self.part.trained_questions[0]

    @cached_property
    def _cutoffs(self) -> dict[str, datetime]:
        """The earlier cutoffs that today is held against, by name; none of ready-made rows."""
        if self.job.settings.panels:
            return {}
        today, earliest = self.job.scored_at, self.job.history.starts + (self._horizon(self._question))
        past = [cutoff for cutoff in (manifest.moment for manifest in self._manifests) if cutoff < today]
        known = {LAST: past[-1]} if past else {}
        known |= {REFERENCE: self.job.split.test[-1]} if self.job.settings.split else {}
        known |= {YEAR: today - timedelta(days=DAYS_OF_YEAR), HALF: today - timedelta(days=DAYS_OF_YEAR // 2)}
        return {name: cutoff for name, cutoff in known.items() if earliest < cutoff < today}

    @cached_property
    def _passed(self) -> dict[datetime, Manifest]:
        """The past runs that can be judged, the latest first, not so near to one another that they say the same."""
        chosen: dict[datetime, Manifest] = {}
        if self.job.settings.panels:
            return chosen
        for manifest in reversed(self._manifests):
            cutoff = manifest.moment
            if any(self._is_over(q, cutoff) for q in self.part.trained_questions) and (
                not chosen or min(chosen) - cutoff >= APART
            ):
                chosen[cutoff] = manifest
            if len(chosen) == MOST_RUNS:
                break
        return chosen

    def _is_over(self, question: Question, cutoff: datetime) -> bool:
        """Check whether everybody knows what came of a cutoff."""
        try:
            self.job.history.check_cutoff(cutoff)
            self.job.history.check_passed(cutoff, question.horizon)
        except QuestionError:
            return False
        return True

    @cached_property
    def _manifests(self) -> list[Manifest]:
        return manifests(self.job.out / SCORES_FOLDER)

    def _horizon(self, question: Question) -> timedelta:
        return timedelta(days=question.horizon.days or 0)

    def _judged(self, question: Question, cutoff: datetime, manifest: Manifest) -> list[Realised]:
        """Judge the answers of a past run to one question by what came true."""
        model, rows = self.part.models[question.name], self.rows[cutoff]
        label = labels(question, self.job.history, [cutoff], rows=rows)
        scores = read_scores(self.job.out, cutoff)
        answers = [output["name"] for output in model.spec["outputs"]]
        if not set(answers) <= set(scores):
            return []  # another horizon, or other tiers, were asked about then
        judged = scores.merge(rows.key[["customer"]].assign(label=label), on="customer")
        judged = judged[question.is_label(judged.label.to_numpy())]
        card = _card(self.job, manifest, question.name)
        return realised_figures(model, judged, judged.label.to_numpy(), cutoff, card, self.job.settings.seed)


def _card(job: Job, manifest: Manifest, question: str) -> Mapping[str, Estimate]:
    """Return the figures at the test cutoffs of the version that answered then."""
    try:
        judged = judged_figures(job.registry, manifest.identity["models"][question]["run"])
    except (RegistryError, KeyError):
        return {}
    return {
        name: Estimate(judged[plain], judged.get(f"{plain}.low", nan), judged.get(f"{plain}.high", nan))
        for name, plain in FIGURES.items()
        if plain in judged
    }


def _tell(job: Job, report: drift_page.DriftReport) -> None:
    """Report what is beyond the limits, and what to do."""
    job.tell(f"drift     {report.verdict.words}; {report.verdict.action}")
    for why in report.verdict.why:
        job.tell(f"why       {why}")


def _written(job: Job, report: drift_page.DriftReport) -> dict[str, Any]:
    """Write the page and the same as JSON; return what is in it."""
    plain = report.plain()
    files = [
        write_text(drift_page.page(report), job.out / "drift.html"),
        write_text(json.dumps(plain, indent=1) + "\n", job.out / "drift.json"),
    ]
    job.tell(f"page      {files[0]}")
    return plain | {"files": [str(path) for path in files]}
