"""Deciding: whom to treat with what, within the budget."""

from typing import Any

import pandas as pd

from patron.decisions import preflight
from patron.decisions.unprofitable import CHOICES
from patron.jobs.contract_tables import value_basis
from patron.jobs.crm import write_imports
from patron.jobs.decision_log import keep_chances
from patron.jobs.job import Job
from patron.jobs.plan_tracking import keep_plan
from patron.jobs.unlogged_plans import log_plans
from patron.reports.plan_lines import plan_lines

__all__ = ["decide", "mostly_gone"]

GONE, MOST = 0.95, 0.5
APART = ("ties", "gap", "unprofitable")  # told in lines of their own


def decide(job: Job) -> dict[str, Any]:
    """Write whom to treat with what, within the budget."""
    table, summary = job.plan.table.assign(pseudonym=job.named(job.plan.table)), job.plan.summary
    paths = [job.write("decisions", table, ending) for ending in ("parquet", "csv")]
    answers = preflight(table, summary, job.settings.offers, job.settings.rules)
    kept = keep_plan(job, answers)
    chances = keep_chances(job.out, kept, job.plan.log)
    if basis := value_basis(job):
        job.tell(f"value     {basis}")
    figures = {k: v for k, v in summary.items() if isinstance(v, int | float) and k not in APART}
    text = ", ".join(f"{k.replace('_', ' ')} {v:,.{0 if isinstance(v, int) else 2}f}" for k, v in figures.items())
    job.tell(f"decisions {text}: {paths[0]} and .csv")
    for line in plan_lines(summary, answers):
        job.tell(line)
    for path in chances:
        job.tell(f"chances   of what each of {len(job.plan.log):,} customers is given, for pt.policy_value: {path}")
    if len(job.plan.unprofitable):
        lossy = job.plan.unprofitable.assign(pseudonym=job.named(job.plan.unprofitable))
        paths += [job.write("unprofitable", lossy, ending) for ending in ("parquet", "csv")]
        job.tell(f"lossy     {len(lossy):,} customers cost more than they bring; {CHOICES}, as you decide: {paths[-1]}")
    if summary["ties"]:
        job.tell(f"decisions {summary['ties']:,} customers tie: a draw by the seed says who gets an offer")
    if sentence := mostly_gone(job.plan.table.churn_probability):
        job.tell(f"beware    {sentence}")
    response = job.response.summary() if job.response else None
    for sentence in response["sentences"] if response else ():
        job.tell(f"response  {sentence}")
    imports = write_imports(job, job.plan.table)
    versions = {name: champion.version for name, champion in job.champions.items()}
    files = [str(path) for path in (*paths, *chances, *imports)]
    tracked = log_plans(job).get(kept.name)
    beside = {name: v for name, v in (("contact_response", response), ("tracked", tracked)) if v}
    return {**summary, "preflight": answers, **beside, "versions": versions, "files": files}


def mostly_gone(risk: pd.Series) -> str:
    """Return a warning where most of those chosen have left already, whom an offer seldom brings back, or nothing.

    Args:
        risk: probability of churn of each customer chosen.

    >>> mostly_gone(pd.Series([0.99, 0.97, 0.4]))
    '67 % of those chosen have a risk above 95 %, and their offer is assumed to work as for others: ask of ...
    >>> mostly_gone(pd.Series([0.99, 0.5, 0.4])) or mostly_gone(pd.Series([]))
    ''
    """
    gone = float((risk > GONE).mean()) if len(risk) else 0.0
    if gone <= MOST:
        return ""
    return (
        f"{100 * gone:.0f} % of those chosen have a risk above {100 * GONE:.0f} %, and their offer is assumed to "
        "work as for others: ask of customers who bought lately (active_in), if it does not"
    )
