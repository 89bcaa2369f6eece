"""Outcomes: what the decisions that were kept earned, for people, for machines, and for the next training."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from patron.decisions import outcomes as past
from patron.decisions.outcomes import Outcomes, TooEarlyError
from patron.decisions.preferred import Preferred, preferred
from patron.engines.outputs import write, write_text
from patron.errors import PatronError, QuestionError
from patron.evaluation.familiarity import Familiarity, error_by_interactions
from patron.formatting import json_values
from patron.jobs.decision_log import DecisionLog, kept_decisions
from patron.jobs.double_imports import counted_once
from patron.jobs.job import Job
from patron.questions.question import Question
from patron.reports.outcome_lines import outcome_lines
from patron.reports.outcomes_page import OutcomesReport, page
from patron.settings import FOR_HISTORY

__all__ = ["learn", "learned_outcomes"]

LEARNED, PREDICTIONS = "outcomes.json", "predictions_next_purchase.parquet"
ABOUT_LEAVING = ("cancellation", "churn")


def learn(job: Job) -> dict[str, Any]:
    """Write what past decisions earned, and the event tables from which the next training learns."""
    if job.settings.panels:
        raise QuestionError(
            "What decisions earned is counted from events, and these settings have ready-made rows. Declare the "
            'orders: [tables.orders] with path = "orders.csv".'
        )
    log, question = kept_decisions(job.out), _question(job)
    own, imports = counted_once(_without_plans(job))
    costs = job.tiers[0].costs if job.tiers else None
    try:
        outcomes = past.learn(own.history, log.table, question, costs)
    except TooEarlyError as nothing:
        job.tell(f"outcomes  {nothing}")
        return _nothing(log, nothing)
    notes = [*log.notes, *_of_log(log), *imports, *_of_costs(job), *outcomes.notes]
    for line in outcome_lines(outcomes, notes):
        job.tell(line)
    known = _familiarity(own)
    for sentence in known.sentences if known else ():
        job.tell(f"familiar  {sentence}")
    wishes = preferred(own.history, log.table)
    if wishes:
        job.tell(f"preferred {wishes.sentence}")
    plain = _plain(outcomes, log, notes) | ({"familiarity": _plain_of(known)} if known else {})
    plain |= {"preferences": {"lines": wishes.lines, "agreement": wishes.agreement}} if wishes else {}
    return plain | {"files": _written(job, outcomes, plain, known, wishes)}


def learned_outcomes(out: Path) -> Outcomes | None:
    """Return what past decisions earned, as it was last learned; None where nothing was.

    Args:
        out: the folder of results.

    Raises:
        PatronError: the file of it is broken.
    """
    path = out / LEARNED
    if not path.is_file():
        return None
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        table, ledger, calibration = (_frame(plain[name]) for name in ("campaigns", "ledger", "calibration"))
        notes = tuple(map(str, plain["notes"]))
        table, ledger = (frame if "explored" in frame else frame.assign(explored=False) for frame in (table, ledger))
        return Outcomes(table, ledger, calibration, plain["following"], pd.DataFrame(), pd.DataFrame(), {}, notes)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise PatronError(
            f"The file {LEARNED!r} in {out.name!r} is broken. Learn again: patron learn; "
            f"or make the page without it: rm {path}"
        ) from None


def _frame(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Return lines as a table, unknown figures as NaN, cutoffs as times."""
    frame = pd.DataFrame(lines)
    unknown = {name: frame[name].astype(float) for name in frame if frame[name].isna().any()}
    times = {"cutoff": pd.to_datetime(frame.cutoff)} if "cutoff" in frame else {}
    return frame.assign(**unknown, **times)


def _nothing(log: DecisionLog, nothing: TooEarlyError) -> dict[str, Any]:
    """Return that there is nothing to learn from yet, which is no failure of a night."""
    notes = [*log.notes, *_of_log(log), str(nothing)]
    none: dict[str, Any] = {"campaigns": [], "ledger": [], "calibration": [], "following": {}, "files": []}
    return {"plans": log.plans, **nothing.counts, **none, "notes": notes}


def _without_plans(job: Job) -> Job:
    """Return the work on what the business has written down itself: a plan is no proof that it was carried out."""
    return replace(job, settings=replace(job.settings, outcomes=False)) if job.settings.outcomes else job


def _question(job: Job) -> Question:
    """Return the question whose outcome offers should change."""
    known = {question.name: question for question in job.settings.questions}
    for name in ABOUT_LEAVING:
        if name in known:
            return known[name]
    raise QuestionError(
        "What decisions earned is measured on who stays, but the settings ask no churn question. "
        "Add to [questions]: churn = { horizon = 90 }."
    )


def _of_log(log: DecisionLog) -> list[str]:
    if not log.replaced:
        return []
    return [f"{log.replaced:,} of {log.plans:,} plans were replaced by a later one of the same cutoff, which counts"]


def _of_costs(job: Job) -> list[str]:
    if job.tiers:
        return []
    return [
        "profit is the value that was at stake of who stayed, as no tier question counts it; add to [questions]: "
        "tier = { horizon = 90 }"
    ]


def _familiarity(job: Job) -> Familiarity | None:
    """Return whether errors about the next purchase fall with what is known; None where no training judged them."""
    path = job.out / PREDICTIONS
    return error_by_interactions(pd.read_parquet(path), job.history) if path.is_file() else None


def _plain_of(known: Familiarity) -> dict[str, Any]:
    slopes = {name: {"value": s.value, "low": s.low, "high": s.high} for name, s in known.slopes.items()}
    return {"slopes": slopes, "verdicts": known.verdicts, "tenths": known.table.to_dict("records")}


def _plain(outcomes: Outcomes, log: DecisionLog, notes: list[str]) -> dict[str, Any]:
    campaigns, ledger = (
        frame.assign(cutoff=[cutoff.isoformat() for cutoff in frame.cutoff])
        for frame in (outcomes.table, outcomes.ledger)
    )
    follow = dict(outcomes.following)
    if follow:
        effect = follow.pop("effect")
        follow |= {"effect": effect.value, "effect_low": effect.low, "effect_high": effect.high}
    return {
        "plans": log.plans,
        **outcomes.counts,
        "campaigns": campaigns.to_dict("records"),
        "ledger": ledger.to_dict("records"),
        "calibration": outcomes.calibration.to_dict("records"),
        "following": follow,
        "notes": notes,
    }


def _written(
    job: Job, outcomes: Outcomes, plain: dict[str, Any], known: Familiarity | None, wishes: Preferred | None
) -> list[str]:
    """Write the campaigns for people and machines, and the event tables; return the paths."""
    report = OutcomesReport(job.settings.name, job.now, job.settings.currency, outcomes, plain["notes"], known, wishes)
    paths = [
        *([job.write("preferences", wishes.table, "parquet")] if wishes else []),
        job.write("campaigns", outcomes.table, "csv"),
        job.write("campaigns_ledger", outcomes.ledger, "csv"),
        write_text(page(report), job.out / "outcomes.html"),
        write_text(json.dumps(json_values(plain), indent=1) + "\n", job.out / LEARNED),
        write(outcomes.offers, job.out / FOR_HISTORY / "offers.parquet"),
        write(outcomes.outcomes, job.out / FOR_HISTORY / "outcomes.parquet"),
    ]
    job.tell(f"page      {job.out / 'outcomes.html'}")
    how = "read by the next training" if job.settings.outcomes else "to read them: outcomes = true in [decisions]"
    rows = f"{len(outcomes.offers):,} offers and {len(outcomes.outcomes):,} outcomes"
    job.tell(f"learned   {rows}, {how}: {paths[-1].parent}")
    return [str(path) for path in paths]
