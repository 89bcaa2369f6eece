"""Scoring: today's answers by the champions."""

import json
from typing import Any

from patron.engines.outputs import write_text
from patron.jobs.bad_rows import check_bad_rows
from patron.jobs.checking import receipts
from patron.jobs.contract_tables import write_contract_tables
from patron.jobs.contracting import check_tables, tell_ranked_shifts
from patron.jobs.crm import write_imports
from patron.jobs.expecting import expected
from patron.jobs.job import Job
from patron.portfolio.migration import migration
from patron.scoring.contract import shifts

__all__ = ["score"]


def score(job: Job) -> dict[str, Any]:
    """Score today's customers with the champions and write the answers."""
    apart = check_bad_rows(job)
    breaks = check_tables(job)
    path = job.write("scores", job.scores)
    used = {name: champion.version for name, champion in job.champions.items()}
    cutoff, trainings = f"{job.scores.cutoff.max()}", {name: c.training for name, c in job.champions.items()}
    figures = expected(job, job.scores)
    lineage = {"cutoff": cutoff, "models": used, "trainings": trainings, "data": job.fingerprint, "expected": figures}
    kept = write_text(json.dumps(lineage, indent=1), job.settings.out / "scores.lineage.json")
    moves = [*_tell_moves(job), *write_contract_tables(job)]
    _tell_mixed(job, trainings)
    _tell_shifts(job)
    ranked = tell_ranked_shifts(job)
    versions = ", ".join(f"{name} version {v}" for name, v in used.items())
    job.tell(f"scores    {len(job.scores):,} customers by {versions}: {path}")
    imports = [] if job.settings.offers else write_imports(job)
    summary = {
        "cutoff": cutoff,
        "customers": len(job.scores),
        "versions": used,
        "trainings": trainings,
        "breaks": breaks,
        "shifts": ranked,
        "quarantine": apart,
        "asked": len(job.scores) + apart.get("customers", 0),
        "expected": figures,
    }
    return {
        "tables": receipts(job),
        **summary,
        "files": [str(path), str(kept), *moves, *map(str, imports), *apart.get("files", ())],
    }


def _tell_mixed(job: Job, trainings: dict[str, str]) -> None:
    """Report where the champions come from different trainings, which may have seen different data."""
    if len(set(trainings.values())) > 1:
        dates = ", ".join(f"{name} of {training[:19] or 'an unknown one'}" for name, training in trainings.items())
        job.tell(f"beware    the champions come from different trainings: {dates}; train again to have all from one")


def _tell_shifts(job: Job) -> None:
    """Report where the models know the values of a feature clearly less often than in training."""
    for sentence in dict.fromkeys(
        said for part in job.parts for model in part.models.values() for said in shifts(model, part.today)
    ):
        job.tell(f"beware    {sentence}")


def _tell_moves(job: Job) -> list[str]:
    """Write how many customers are expected to change their tier."""
    files = []
    for question in job.tiers:
        moves = migration(job.scores, question.names)
        files.append(str(job.write("migration", moves.rename_axis("present_tier").reset_index(), "csv")))
        stay = int(sum(moves.loc[name, name] for name in moves.index))
        known = job.scores.present_tier.count()
        job.tell(f"tiers     {stay:,} of {known:,} are expected to stay in their tier: migration.csv")
    return files
