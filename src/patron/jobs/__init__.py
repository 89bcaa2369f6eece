"""Jobs: what one command does, from settings to files; every verb of the way through, on its own or in one go.

Each verb is one function of a `Job`. It reports its progress, and returns what was done as plain JSON values:
counts, versions, and the files it wrote.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from patron.errors import SettingsError
from patron.jobs.carrying import carry_in, carry_out
from patron.jobs.champions import approve, promote, promote_by_force, rollback
from patron.jobs.checking import check
from patron.jobs.deciding import decide
from patron.jobs.drifting import drift
from patron.jobs.explaining import (
    explain,
    explain_against,
    explain_customer,
    explain_segment,
    explain_version,
)
from patron.jobs.identifying import identify
from patron.jobs.job import Job
from patron.jobs.locks import alone, champions_alone
from patron.jobs.outcomes import learn
from patron.jobs.overview import overview
from patron.jobs.panel_job import PanelJob
from patron.jobs.parted_job import PartedJob, parts
from patron.jobs.relationships import portfolio
from patron.jobs.reporting import report
from patron.jobs.scoring import score
from patron.jobs.spark_job import SparkJob
from patron.jobs.testing import backtest
from patron.jobs.training import train
from patron.jobs.tuning import tune
from patron.settings import Settings

Tell = Callable[[str], None]

__all__ = [
    "VERBS",
    "Job",
    "alone",
    "approve",
    "backtest",
    "carry_in",
    "carry_out",
    "champions_alone",
    "check",
    "decide",
    "drift",
    "everything",
    "explain",
    "explain_against",
    "explain_customer",
    "explain_segment",
    "explain_version",
    "identify",
    "job_of",
    "learn",
    "opened",
    "overview",
    "portfolio",
    "promote",
    "promote_by_force",
    "report",
    "rollback",
    "run",
    "score",
    "train",
    "tune",
]


def _silent(sentence: str) -> None:
    """Take no notice."""


def job_of(
    settings: Settings, now: datetime, tell: Tell = _silent, watch: Tell = _silent, engine: str = "duckdb"
) -> Job:
    """Return the work of a business, whether it has events or ready-made rows; arguments are those of `Job`.

    Args:
        settings: what is asked of which tables, and where results go.
        now: the time of the run.
        tell: called with a sentence after each step.
        watch: called with a sentence on how far long work has come.
        engine: what checking, training and scoring run on, "duckdb" or "spark".

    Raises:
        SettingsError: there is no such engine.
    """
    if engine not in ("duckdb", "spark"):
        raise SettingsError(f"Patron runs on 'duckdb' or 'spark', got {engine!r}. Write --engine spark.")
    several = PartedJob if len(parts(settings)) > 1 else Job
    on_one = PanelJob if settings.panels else several
    return (SparkJob if engine == "spark" else on_one)(settings, now, tell, watch)


@contextmanager
def opened(settings: Settings, now: datetime, tell: Tell = _silent) -> Iterator[Job]:
    """Open the work of a business for a pipeline: alone in its folder of results while it lasts.

    Args:
        settings: what is asked of which tables, and where results go.
        now: the time of the run.
        tell: called with a sentence after each step.

    Raises:
        LockError: another run is at work there.
    """
    with alone(settings.out):
        yield job_of(settings, now, tell)


def run(job: Job) -> dict[str, Any]:
    """Go through a whole night in one process, which reads the events once: score, explain, decide, report."""
    first = score(job)
    others = (explain, *((decide,) if job.settings.offers else ()), report)
    night = {name: first[name] for name in ("tables", "cutoff", "customers", "run_id", "unchanged")}
    return night | {"steps": [first, *(step(job) for step in others)]}


def everything(job: Job) -> dict[str, Any]:
    """Go the whole way: train, what relationships there are where there are orders, a night with the new champions."""
    trained = train(job)
    relationships = [portfolio(job)] if "orders" in job.history.tables else []
    return {"steps": [trained, *relationships, *run(job)["steps"]]}


VERBS: Mapping[str, Callable[[Job], dict[str, Any]]] = {
    verb.__name__: verb
    for verb in (
        *(check, identify, tune, train, backtest, score, explain),
        *(decide, learn, report, portfolio, drift, run, everything),
    )
}
