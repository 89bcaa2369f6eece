"""Contracting: the tables of today held against those that the models were trained on, before anything is scored."""

from dataclasses import asdict
from typing import Any

from patron.jobs.job import Job
from patron.scoring.breaks import check_breaks

__all__ = ["check_tables"]


def check_tables(job: Job) -> list[dict[str, Any]]:
    """Refuse tables that differ too much from those of the training; report and return smaller differences.

    Raises:
        ScoreError: with every difference that would make answers wrong.
    """
    breaks = job.breaks()
    check_breaks(breaks)
    for difference in breaks:
        job.tell(f"beware    {difference.words}")
    return [asdict(difference) for difference in breaks]
