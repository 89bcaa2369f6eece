"""Checking: what the tables hold, what was set aside, which features can be made, and how money becomes profit."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pandas as pd

from patron.engines.files import write_text
from patron.jobs.job import Job
from patron.questions.profit import ledger, sensitivity
from patron.questions.question import Question

__all__ = ["check", "check_cutoffs", "receipts", "tell_ledger"]

YEAR = 365


def check(job: Job) -> dict[str, Any]:
    """Check the tables: what was read, what was set aside and why, and which features can be computed."""
    check_cutoffs(job)
    question = job.questions[0]
    features = len(question.features)
    job.tell(f"features  {features} can be made{_windows(question)}")
    known = {table: list(columns) for table, columns in job.history.attributes.items()}
    for table, columns in known.items():
        job.tell(f"features  of them what is known of customers, from {table}: {', '.join(columns)}")
    if job.left_out:
        job.tell(f"features  left out, as the tables lack what they need: {', '.join(job.left_out)}")
    return {
        "tables": receipts(job),
        "receipt": job.history.receipt().astype(object).replace({pd.NA: None}).to_dict("records"),
        "features": features,
        "attributes": known,
        "left_out": list(job.left_out),
        **tell_ledger(job),
    }


def _windows(question: Question) -> str:
    """Describe the windows, where the usual gap between orders chose them."""
    if question.rhythm is None:
        return ""
    chosen = sorted({window.days for feature in question.features for window in feature.windows if window.days})
    days = ", ".join(map(str, chosen))
    return (
        f", over windows of {days} days and ever; they follow the usual gap between orders, {question.rhythm:.0f} days"
    )


def check_cutoffs(job: Job) -> None:
    """Refuse cutoffs before the history or whose labels meet or have not passed; the longest horizon allows fewest."""
    split = job.settings.split
    for question in sorted(job.settings.questions, key=lambda question: -(question.horizon.days or 0)):
        split.check_gap(question.horizon)
        for cutoff in (*split.known, *split.test):
            job.history.check_cutoff(cutoff)
            job.history.check_passed(cutoff, question.horizon)
    _tell_holes(job)


def _tell_holes(job: Job) -> None:
    """Report the cutoffs that look back on a time of missing orders: features see fewer than there were."""
    split, active = job.settings.split, max(question.active_in.days or YEAR for question in job.settings.questions)
    for cutoff in (*split.known, *split.test, job.settings.score_at or job.history.ends):
        for first, after in job.history.holes:
            if first < cutoff and cutoff - timedelta(days=active) < after:
                job.tell(
                    f"beware    {cutoff:%Y-%m-%d} looks back on {(after - first).days} days without any order, from "
                    f"{first:%Y-%m-%d} on: customers seem to have bought less than they did"
                )


def receipts(job: Job) -> list[dict[str, Any]]:
    """Return what became of the rows of each event table, as plain JSON values."""
    tables = [asdict(receipt) for receipt in job.history.receipts]
    holes = {
        receipt.table: [[f"{edge}" for edge in hole] for hole in receipt.holes] for receipt in job.history.receipts
    }
    return [
        table
        | {name: table[name] and f"{table[name]}" for name in ("first", "last")}
        | {"holes": holes[table["table"]]}
        for table in tables
    ]


def tell_ledger(job: Job) -> dict[str, Any]:
    """Write how the amounts that were read become the profit of customers, where a question asks for it."""
    path, book = job.settings.out / "ledger.json", {}
    for question in job.tiers:
        book = ledger(job.history, question.costs)
        write_text(json.dumps(book, indent=1), path)
        job.tell("ledger    " + "; ".join(f"{line} {money:,.2f}" for line, money in book.items()))
        cases = sensitivity(job.history, question.costs)
        job.tell("profit    " + "; ".join(f"{case} {money:,.0f}" for case, money in cases.items()))
    return {"ledger": book, "files": [str(path)] if book else []}
