"""Expecting: what the champions will reach on the customers just scored, while nobody knows what comes true."""

from collections.abc import Mapping
from typing import Any

from patron.evaluation.expectation import answer_columns, plain_figures
from patron.jobs.job import Job
from patron.jobs.tracking import judged_figures

__all__ = ["expected"]

MOST = 1_000_000
FIRST = ("AUC", "quadratic kappa")


def expected(job: Job) -> dict[str, Any]:
    """Return the figures to expect of each question as plain JSON values, beside its card's, and report the first.

    Of more customers than a million those of a million are returned, spread evenly, whose intervals are a little wider.
    """
    figures = {name: _figures(job, name) for name in job.champions}
    parts = [_sentence(question, metric, figures[question][metric]) for question, metric in _first(figures)]
    job.tell(f"expected  {'; '.join(parts)}. That is if the chances are right: only labels show what has changed")
    return figures


def _figures(job: Job, question: str) -> dict[str, Any]:
    model, run_id = job.models[question], job.champions[question].run_id
    scores = job.scored.sample_scores(answer_columns(model), MOST)
    return plain_figures(model, scores, judged_figures(job.registry, run_id))


def _first(figures: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(question, metric) for question, known in figures.items() for metric in FIRST if metric in known]


def _sentence(question: str, metric: str, figure: Mapping[str, float | None]) -> str:
    bounds = f" [{figure['low']:.3f}, {figure['high']:.3f}]" if figure["low"] is not None else ""
    value = "unknown" if figure["value"] is None else f"{figure['value']:.3f}{bounds}"
    card = "" if figure["card"] is None else f" (on the card {figure['card']:.3f})"
    return f"{metric} of {question} {value}{card}"
