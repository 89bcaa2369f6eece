"""Deciding: whom to treat with what, within the budget."""

from typing import Any

from patron.jobs.job import Job

__all__ = ["decide"]


def decide(job: Job) -> dict[str, Any]:
    """Write whom to treat with what, within the budget."""
    table, summary = job.plan.table.assign(pseudonym=job.named(job.plan.table)), job.plan.summary
    paths = [job.write("decisions", table, ending) for ending in ("parquet", "csv")]
    said = {k: v for k, v in summary.items() if isinstance(v, int | float) and k != "ties"}
    told = ", ".join(f"{k.replace('_', ' ')} {v:,.{0 if isinstance(v, int) else 2}f}" for k, v in said.items())
    job.tell(f"decisions {told}: {paths[0]} and .csv")
    if summary["ties"]:
        job.tell(f"decisions {summary['ties']:,} customers tie: a draw by the seed says who gets an offer")
    versions = {name: champion.version for name, champion in job.champions.items()}
    return {**summary, "versions": versions, "files": [str(path) for path in paths]}
