"""Reporting: the page for the retention manager."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from patron.decisions import Decisions, preflight, with_risk
from patron.engines.outputs import write_text
from patron.errors import PatronError
from patron.evaluation.cards import Card
from patron.explanations.dependence import interactions, weighty_dependence
from patron.explanations.drivers import importance
from patron.explanations.pushes import explained_score
from patron.jobs.contract_tables import contract_outlook, value_basis
from patron.jobs.job import Job
from patron.jobs.outcomes import learned_outcomes
from patron.portfolio.contract_outlook import ContractOutlook
from patron.reports import retention_page
from patron.reports.outcomes_page import OutcomesReport

__all__ = ["report"]

IMPORTANCE_ROWS = 5000
DRAWN = 3  # measures
SUMMED = ("churn_probability", "cancellation_probability", "value", "tier")  # over all customers
PAIRED = 50  # customers that pairs of measures are looked at on


def report(job: Job) -> dict[str, Any]:
    """Write the page for the retention manager."""
    path = write_text(retention_page.page(_report(job)), job.settings.out / "report.html")
    job.tell(f"report    {path}")
    return {"files": [str(path)]}


def _report(job: Job) -> retention_page.Report:
    paths = [job.card_path(question) for question in job.settings.questions]
    scores, weights = job.scored.scores([name for name in SUMMED if name in job.scored.columns]), _importance(job)
    shown = job.scored.scores_of(_shown(scores))
    why = job.reasons_of(shown.customer)
    return retention_page.Report(
        name=job.settings.name,
        made_at=job.now,
        currency=job.settings.currency,
        receipts=job.scored.facts.receipts,
        left_out=job.scored.facts.left_out,
        cards=[_card(path) for path in paths if path.exists()],
        scores=scores.drop(columns="customer"),
        shown=_named(job, shown).assign(pseudonym=job.named(shown)).drop(columns="customer"),
        why=why.assign(pseudonym=job.named(why)).drop(columns="customer"),
        importance=weights,
        dependence=weighty_dependence(job.explained_model, job.sample, weights, DRAWN),
        pairs=interactions(job.explained_model, job.sample, most=PAIRED),
        noun=explained_score(job.explained_model).noun,
        decisions=_decisions(job) if job.settings.offers else None,
        offers=job.settings.offers,
        costs=job.tiers[0].costs if job.tiers else None,
        versions={name: champion.version for name, champion in job.champions.items()},
        at_stake="revenue" if value_basis(job) else "profit",
        contracts=_contracts(job),
        preflight=_preflight(job) if job.settings.offers else (),
        response=job.response if job.settings.offers else None,
        past=_past(job),
    )


def _past(job: Job) -> OutcomesReport | None:
    """Return what past decisions earned, as it was last learned."""
    outcomes = learned_outcomes(job.out)
    if outcomes is None:
        return None
    return OutcomesReport(job.settings.name, job.now, job.settings.currency, outcomes, outcomes.notes)


def _card(path: Path) -> Card:
    try:
        if not path.is_file():
            raise ValueError
        return Card.of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise PatronError(
            f"The card {path.name!r} in {path.parent.name!r} is broken. Train again: patron train; or make the page "
            f"without it: rm -r {path}"
        ) from None


def _importance(job: Job) -> pd.DataFrame:
    with job.keeping_refused():
        return importance(job.explained_model, job.sample, most=IMPORTANCE_ROWS)


def _shown(scores: pd.DataFrame) -> pd.Series:
    """Return the customers of whom the page may show reasons: those with the most at stake, with all who tie."""
    known = with_risk(scores)
    if "churn_probability" not in known:
        return known.customer.head(0)
    stake = retention_page.stake(known)
    return known.customer[stake >= stake.nlargest(retention_page.TOP_CUSTOMERS).min()]


def _named(job: Job, scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores with the names of items, where a column of the lines gives them."""
    likely = [column for column in scores if column.startswith("next_item_")]
    names = job.scored.facts.item_names if likely else {}
    return scores.assign(**{c: scores[c].map(names).fillna(scores[c]) for c in likely if names})


def _contracts(job: Job) -> ContractOutlook | None:
    """Return what the next months hold for the contracts, with pseudonyms in the place of keys."""
    outlook = contract_outlook(job)
    if outlook is None:
        return None
    tables = {"renewals": outlook.renewals, "warnings": outlook.warnings}
    named = {
        name: table.assign(pseudonym=job.named(table)).drop(columns="customer") if len(table) else table
        for name, table in tables.items()
    }
    return replace(outlook, **named)


def _preflight(job: Job) -> list[str]:
    return preflight(job.plan.table, job.plan.summary, job.settings.offers, job.settings.rules)


def _decisions(job: Job) -> Decisions:
    lossy = job.plan.unprofitable.drop(columns="customer", errors="ignore")
    return Decisions(job.plan.table.assign(pseudonym=job.named(job.plan.table)), job.plan.summary, lossy)
