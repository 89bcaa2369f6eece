"""Contracting: the rows of today held against those that the models were trained on."""

from dataclasses import asdict
from typing import Any

from patron.jobs.job import Job
from patron.scoring.consequences import ranked_shifts

__all__ = ["tell_ranked_shifts"]

MOST, LEAST = 3, 1.0  # shifts that are told, and points that the answers must move for that


def tell_ranked_shifts(job: Job) -> list[dict[str, Any]]:
    """Report which features look otherwise than in training and move the answers most; return all that move them.

    What is counted from the first event on shifts in every growing history, so it is returned and not reported.
    """
    shifts = [
        shift
        for part in job.parts
        for model in part.models.values()
        for shift in ranked_shifts(model, part.sample, job.settings.seed)
    ]
    shifts.sort(key=lambda shift: -shift.moved)
    for shift in [shift for shift in shifts if shift.moved >= LEAST and not shift.grows][:MOST]:
        job.tell(f"shift     {shift.sentence}")
    return [asdict(shift) for shift in shifts]
