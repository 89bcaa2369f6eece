"""Checking: what the tables hold, what was set aside, which features can be made, and how money becomes profit."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from patron.engines.outputs import write_text
from patron.errors import QuestionError
from patron.history.receipts import Receipt
from patron.jobs.bad_rows import check_bad_rows
from patron.jobs.check_panel import check_panel
from patron.jobs.check_report import beware, window_days, write_page
from patron.jobs.job import Job
from patron.jobs.learning import check_campaigns
from patron.jobs.panel_job import PanelJob
from patron.jobs.plan_facts import check_offer_columns
from patron.questions.matrices import Matrix, labels, matrix
from patron.questions.question import Question

__all__ = ["check", "check_cutoffs", "labelled_rows", "plain_receipts", "receipts", "tell_ledger"]


def check(job: Job) -> dict[str, Any]:
    """Check the tables: what was read, what was set aside and why, and which features can be computed; with a page.

    The page is written also where the history refuses the cutoffs, as it shows what is missing.
    """
    if isinstance(job, PanelJob):
        check_offer_columns(job.settings, lambda: job.row_columns)
        return check_panel(job) | {"tables": receipts(job), "quarantine": check_bad_rows(job)}
    _check_gaps(job)
    apart = check_bad_rows(job)
    try:
        _check_passed(job)
    except QuestionError as error:
        write_page(job, str(error))
        raise
    _tell_holes(job)
    check_offer_columns(job.settings, lambda: job.row_columns)
    check_campaigns(job)
    question = job.questions[0]
    features = max(len(each.features) for each in job.questions)
    job.tell(f"features  {features} can be made{_windows(question)}")
    known = {table: list(columns) for table, columns in job.history.attributes.items()}
    for table, columns in known.items():
        job.tell(f"features  of them what is known of customers, from {table}: {', '.join(columns)}")
    if job.data.left_out:
        job.tell(f"features  left out, as the tables lack what they need: {', '.join(job.data.left_out)}")
    book = tell_ledger(job)
    return {
        "tables": receipts(job),
        "receipt": job.history.receipt().astype(object).replace({pd.NA: None}).to_dict("records"),
        "features": features,
        "attributes": known,
        "left_out": list(job.data.left_out),
        "ledger": book["ledger"],
        "quarantine": apart,
        "files": [*book["files"], *apart.get("files", ()), write_page(job)],
    }


def _windows(question: Question) -> str:
    """Describe the windows, where there are some and the usual gap between orders chose them."""
    days = ", ".join(map(str, window_days(question)))
    if question.rhythm is None or not days:
        return ""
    return (
        f", over windows of {days} days and ever; they follow the usual gap between orders, {question.rhythm:.0f} days"
    )


def labelled_rows(job: Job) -> tuple[Matrix, dict[str, np.ndarray]]:
    """Return the rows that are learned from or judged, and what came of them, by question."""
    rows = matrix(job.questions[0], job.source, job.data.known_cutoffs, progress=job.progress)
    return rows, {q.name: labels(q, job.source, job.data.known_cutoffs, rows=rows) for q in job.questions}


def check_cutoffs(job: Job) -> None:
    """Refuse cutoffs before the history or whose labels meet or have not passed; the longest horizon allows fewest."""
    if not job.source.dated:
        return
    _check_gaps(job)
    _check_passed(job)
    _tell_holes(job)


def _check_gaps(job: Job) -> None:
    """Refuse cutoffs whose labels meet, before any table is read."""
    for question in _longest_first(job):
        job.split.check_gap(question.horizon)


def _check_passed(job: Job) -> None:
    """Refuse cutoffs before the history or whose labels have not passed."""
    for question in _longest_first(job):
        for cutoff in job.data.known_cutoffs:
            job.data.check_passed(cutoff, question.horizon)


def _longest_first(job: Job) -> list[Question]:
    return sorted(job.settings.questions, key=lambda question: -(question.horizon.days or 0))


def _tell_holes(job: Job) -> None:
    for line in beware(job):
        job.tell(f"beware    {line}")


def receipts(job: Job) -> list[dict[str, Any]]:
    """Return what became of the rows of each event table, as plain JSON values."""
    return plain_receipts(job.data.receipts)


def plain_receipts(of_tables: Sequence[Receipt]) -> list[dict[str, Any]]:
    """Return receipts as plain JSON values."""
    tables = [asdict(receipt) for receipt in of_tables]
    holes = {receipt.table: [[f"{edge}" for edge in hole] for hole in receipt.holes] for receipt in of_tables}
    return [
        table
        | {name: table[name] and f"{table[name]}" for name in ("first", "last")}
        | {"holes": holes[table["table"]]}
        for table in tables
    ]


def tell_ledger(job: Job) -> dict[str, Any]:
    """Write how the amounts that were read become the profit of customers, where a question asks for it."""
    path, book = job.settings.out / "ledger.json", job.ledger
    if book:
        write_text(json.dumps(book, indent=1), path)
        job.tell("ledger    " + "; ".join(f"{line} {money:,.2f}" for line, money in book.items()))
        job.tell("profit    " + "; ".join(f"{case} {money:,.0f}" for case, money in job.sensitivity.items()))
    return {"ledger": book, "files": [str(path)] if book else []}
