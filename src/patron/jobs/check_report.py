"""The report of a check: what its page shows, gathered by a few counting queries; no key of a customer goes into it."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd

from patron.engines.outputs import write_text
from patron.history.cohorts import cohorts
from patron.history.example import Example, example
from patron.history.history import History
from patron.history.overlaps import overlaps
from patron.history.timeline import finest, only_times, timeline
from patron.jobs.job import Job
from patron.questions.question import Question
from patron.reports.check_page import CheckReport, page
from patron.reports.check_plots import Timeline

__all__ = ["beware", "window_days", "write_page"]

YEAR = 365
PERIODS, COHORTS = 160, 25  # what a reader can take in


def write_page(job: Job, refused: str = "") -> str:
    """Write the page about a check; return its path.

    Args:
        job: of which the tables are read.
        refused: why the cutoffs are refused; then no feature is asked for.
    """
    report = _report(job, refused)
    path = write_text(page(report if refused else _with_features(job, report)), job.settings.out / "check.html")
    job.tell(f"check     {path}")
    return str(path)


def window_days(question: Question) -> list[int]:
    """Return how many days the windows of a question's features look back, those of the whole past left out."""
    return sorted({window.days for feature in question.features for window in feature.windows if window.days})


def beware(job: Job) -> list[str]:
    """Describe the cutoffs that look back on a time of missing orders: features see fewer than there were."""
    split, active = job.split, max(question.active_in.days or YEAR for question in job.settings.questions)
    return [
        f"{cutoff:%Y-%m-%d} looks back on {(after - first).days} days without any order, from {first:%Y-%m-%d} on: "
        "customers seem to have bought less than they did"
        for cutoff in (*split.known, *split.test, job.scored_at if job.data.holes else split.known[-1])
        for first, after in job.data.holes
        if first < cutoff and cutoff - timedelta(days=active) < after
    ]


def _report(job: Job, refused: str) -> CheckReport:
    """What is known before any feature is."""
    history, longest = (
        only_times(job.history),
        max(job.settings.questions, key=lambda question: question.horizon.days or 0),
    )
    events = [name for name in history.tables if name not in history.attributes]
    holes = {receipt.table: receipt.holes for receipt in history.receipts}
    unit = finest(history.starts, history.ends, ("day", "week", "month"), PERIODS)
    cohort_unit = finest(history.starts, history.ends, ("month", "quarter", "year"), COHORTS)
    ordered = "orders" in history.tables
    return CheckReport(
        name=job.settings.name,
        made_at=job.now,
        currency=job.settings.currency,
        receipts=history.receipts,
        timelines=[Timeline(name, timeline(history[name], unit), holes.get(name, ())) for name in events],
        unit=unit,
        split=job.split,
        horizon=longest.horizon,
        today=job.scored_at,
        cohorts=cohorts(history["orders"], cohort_unit, COHORTS) if ordered else pd.DataFrame(),
        cohort_unit=cohort_unit,
        shared=overlaps({receipt.table: history[receipt.table] for receipt in history.receipts}),
        example=_example(job, history, longest),
        beware=beware(job),
        refused=refused,
    )


def _with_features(job: Job, report: CheckReport) -> CheckReport:
    question = job.questions[0]
    by_theme: dict[str, list[str]] = {}
    for feature in question.features:
        by_theme.setdefault(feature.theme, []).append(feature.words)
    return replace(
        report,
        windows=window_days(question),
        rhythm=question.rhythm,
        features=by_theme,
        attributes=job.history.attributes,
        left_out=job.data.left_out_words,
        ledger=job.ledger,
        sensitivity=job.sensitivity,
    )


def _example(job: Job, history: History, question: Question) -> Example | None:
    """Return the events of a customer around the latest cutoff before which somebody ordered, under a pseudonym."""
    for cutoff in reversed(job.data.known_cutoffs):
        shown = example(history, cutoff, question.active_in, question.horizon)
        if shown:
            pseudonym = job.named(pd.DataFrame({"customer": [shown.customer]})).iloc[0]
            return replace(shown, customer=pseudonym)
    return None
