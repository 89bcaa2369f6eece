"""Explaining: the reasons of today's answers, of all customers or of one of them."""

from typing import Any

from patron.engines.files import write_text
from patron.errors import ScoreError, listed
from patron.explanations.levers import check_measures
from patron.explanations.pushes import explained_score
from patron.explanations.waterfall import waterfall
from patron.explanations.what_if import RISK, what_if
from patron.jobs.job import Job
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix
from patron.reports import customer_page
from patron.reports.customer_page import CustomerReport
from patron.reports.terminal import waterfall_lines

__all__ = ["explain", "explain_customer"]

MOST_MOVES = 3


def explain(job: Job) -> dict[str, Any]:
    """Write the reasons of today's answers."""
    check_measures(job.settings.levers, [meant for part in job.parts for meant in part.today.definitions])
    path = job.write("drivers", job.why)
    job.tell(f"drivers   {len(job.why):,} reasons, up to {job.settings.top_reasons} for each customer: {path}")
    levers = job.why.lever[job.why.lever != ""]
    if len(levers):
        job.tell(f"levers    {len(levers):,} of them can be acted on: {listed(levers.unique())}; none is tested")
    return {"reasons": len(job.why), "of_levers": len(levers), "files": [str(path)]}


def explain_customer(job: Job, customer: str) -> dict[str, Any]:
    """Write how the answer of one customer comes about, on a page and as lines.

    Args:
        job: the work.
        customer: key or pseudonym; only the pseudonym is written.
    """
    part, rows = _of_customer(job, customer)
    pseudonym, model = str(job.named(rows.key).iloc[0]), part.explained_model
    score = explained_score(model)
    with job.keeping_refused():
        steps = waterfall(model, rows)
    report = CustomerReport(
        name=job.settings.name,
        made_at=job.now,
        currency=job.settings.currency,
        pseudonym=pseudonym,
        steps=steps.drop(columns="customer"),
        answer=_answer(part, model),
        is_chance=score.is_chance,
        moves=_moves(model, rows, float(steps.after.iloc[0])),
    )
    path = write_text(customer_page.page(report), job.settings.out / f"customer_{pseudonym}.html")
    job.tell(f"{waterfall_lines(report)}\n          {path}")
    answer = float(steps.after.iloc[-1])
    return {"pseudonym": pseudonym, "answer": answer, "reasons": len(steps) - 1, "files": [str(path)]}


def _of_customer(job: Job, name: str) -> tuple[Job, Matrix]:
    """Return the part of the work that a customer belongs to, and the row; no message has the name, which may be a key.

    Raises:
        ScoreError: nobody of that name is scored.
    """
    for part in job.parts:
        key = part.today.key
        rows = part.today.take(((key.customer == name) | (job.named(key) == name)).to_numpy())
        if len(rows):
            return part, rows
    count = sum(len(part.today) for part in job.parts)
    raise ScoreError(
        f"Nobody with the key or pseudonym that was given is among the {count:,} customers scored at "
        f"{job.scored_at:%Y-%m-%d}. Write the key as the tables do (the identity table, where there is one), with "
        "capitals and leading zeros, or the pseudonym of the report; or score customers of longer ago: active_in."
    )


def _answer(part: Job, model: Bundle) -> str:
    """Return what is explained, in words, with its horizon."""
    score = explained_score(model)
    ahead = part.settings.question(model.spec["question"]).horizon.length
    if score.noun == RISK:
        return f"the risk to leave within {ahead}"
    return score.noun if score.is_chance else f"the profit to expect within {ahead}"


def _moves(model: Bundle, rows: Matrix, average: float) -> list[str]:
    """Return the smallest changes that would take the customer below the average, where there are levers to move."""
    movable = any(feature.get("lever") and "plausible" in feature for feature in model.spec["features"])
    if not movable or explained_score(model).noun != RISK:
        return []
    table = what_if(model, rows, average)
    if table.below.any() or table.empty:
        return table.text[table.below].head(MOST_MOVES).tolist()
    return [f"No plausible change takes it below the average. The nearest: {table.text[table.risk_if.idxmin()]}"]
