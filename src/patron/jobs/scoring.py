"""Scoring: today's answers by the champions, written where anything changed since that was done."""

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import pandas as pd

from patron.engines.memory import give_back
from patron.jobs.bad_rows import check_bad_rows
from patron.jobs.checking import plain_receipts
from patron.jobs.contract_tables import write_contract_tables
from patron.jobs.contracting import tell_ranked_shifts
from patron.jobs.crm import write_imports
from patron.jobs.expecting import expected
from patron.jobs.job import Job
from patron.jobs.kept import ScoredRun
from patron.jobs.plan_facts import check_offer_columns
from patron.jobs.run_identity import digest
from patron.portfolio.migration import migration
from patron.scoring.breaks import check_breaks

__all__ = ["score"]


def score(job: Job) -> dict[str, Any]:
    """Score today's customers with the champions and write the answers, where anything changed since that was done."""
    check_offer_columns(job.settings, lambda: _trained_columns(job), lambda: job.row_columns)
    apart = _checked_rows(job)
    run, trainings = job.scored, {name: champion.training for name, champion in job.champions.items()}
    used = {name: champion.version for name, champion in job.champions.items()}
    _tell_mixed(job, trainings)
    for sentence in run.manifest.warnings:
        job.tell(f"beware    {sentence}")
    versions, rows = ", ".join(f"{name} version {v}" for name, v in used.items()), run.manifest.rows
    if run.is_new:
        job.tell(f"scores    {rows:,} customers by {versions}: {run.path}")
    else:
        since = run.manifest.scored_at[:16].replace("T", " ")
        job.tell(f"scores    nothing changed since {since} UTC: {rows:,} customers by {versions} stand in {run.path}")
    beside = _beside(job, run, apart)
    give_back()
    return {
        "tables": plain_receipts(run.facts.receipts),
        "run_id": run.manifest.run_id,
        "unchanged": not run.is_new,
        "cutoff": f"{run.cutoff}",
        "customers": rows,
        "versions": used,
        "trainings": trainings,
        "breaks": list(run.manifest.breaks),
        "shifts": beside["shifts"],
        "quarantine": apart,
        "asked": rows + apart.get("customers", 0),
        "expected": beside["expected"],
        "files": [str(run.path), *_absolute(job, beside["files"]), *apart.get("files", ())],
    }


def _trained_columns(job: Job) -> list[str]:
    """Return the columns that any of the models looks at, which no table is read for."""
    return [feature["name"] for model in job.models.values() for feature in model.spec["features"]]


def _checked_rows(job: Job) -> dict[str, Any]:
    """Refuse rows that cannot be used, or keep them apart, where these settings have not done so for these files."""
    run, noted = job.standing, job.standing.beside.get("quarantine") if job.standing else None
    if run and noted and noted["by"] == digest(job.settings.contract):
        return {**noted["apart"], "files": _absolute(job, noted["files"])} if noted["apart"] else {}
    if run:
        check_breaks(job.breaks())  # which other settings may have let pass
    return check_bad_rows(job)


def _beside(job: Job, run: ScoredRun, apart: dict[str, Any]) -> dict[str, Any]:
    """Write what follows from the scores, where it is not there as the settings ask for it; return what was written."""
    by, kept = digest([job.settings.crm, bool(job.settings.offers)]), run.beside
    rows = {"apart": apart, "files": _relative(job, apart.get("files", [])), "by": digest(job.settings.contract)}
    if kept.get("by") == by and all((job.settings.out / file).is_file() for file in kept["files"]):
        return run.keep_beside({**kept, "quarantine": rows})
    ranked, figures = tell_ranked_shifts(job), expected(job)
    imports = [] if job.settings.offers else write_imports(job)
    files = [
        str(run.note_findings(figures, ranked)),
        *_tell_moves(job),
        *write_contract_tables(job),
        *map(str, imports),
    ]
    written = {"files": _relative(job, files), "by": by, "expected": figures, "shifts": ranked}
    return run.keep_beside({**written, "quarantine": rows})


def _relative(job: Job, files: list[str]) -> list[str]:
    """Return files as seen from the folder of results, which may move."""
    return [file.removeprefix(f"{job.settings.out}/") for file in files]


def _absolute(job: Job, files: list[str]) -> list[str]:
    return [str(job.settings.out / file) for file in files]


def _tell_mixed(job: Job, trainings: dict[str, str]) -> None:
    """Report where the champions come from different trainings, which may have seen different data."""
    if len(set(trainings.values())) > 1:
        dates = ", ".join(f"{name} of {training[:19] or 'an unknown one'}" for name, training in trainings.items())
        job.tell(f"beware    the champions come from different trainings: {dates}; train again to have all from one")


def _tell_moves(job: Job) -> list[str]:
    """Write how many customers are expected to change their tier."""
    files = []
    for question in job.tiers:
        parts = [(migration(some, question.names), some.present_tier.count()) for some in _tiers(job)]
        moves, known = (reduce(add, counts) for counts in zip(*parts, strict=True))
        files.append(str(job.write("migration", moves.rename_axis("present_tier").reset_index(), "csv")))
        stay = int(sum(moves.loc[name, name] for name in moves.index))
        job.tell(f"tiers     {stay:,} of {known:,} are expected to stay in their tier: migration.csv")
    return files


def _tiers(job: Job) -> Iterator[pd.DataFrame]:
    """Yield the tiers of the customers, those of today and those that are expected, part by part."""
    return job.scored.score_parts(["present_tier", "tier"])
