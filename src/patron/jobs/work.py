"""Work: what a scoring run asks of a job, and the blocks of answers that the job gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from patron.jobs.kept import Facts, ScoredRun
from patron.jobs.run_identity import Request
from patron.jobs.staging import Part, Staging
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix
from patron.scoring.breaks import Break

__all__ = ["Block", "Noted", "Work"]

Noted = tuple[pd.DataFrame, int]


@dataclass(frozen=True)
class Block:
    """The answers about some customers, all of each, in memory.

    Args:
        scores: the answers, a row for each customer.
        rows: what is kept for other verbs, for each kind of customers: rows of today, and those they are held against.
        contracts: by question what its model understood of the rows, and how many they are.
        reasons: of the answers; None where nobody asked for them yet.
    """

    scores: pd.DataFrame
    rows: tuple[Matrix, ...]
    contracts: Mapping[str, Noted]
    reasons: pd.DataFrame | None = None


class Work(Protocol):
    """What makes the blocks of a run."""

    @property
    def out(self) -> Path:
        """The folder of results."""

    @property
    def now(self) -> datetime:
        """The time of the run."""

    @property
    def request(self) -> Request:
        """What is asked of which models."""

    @property
    def standing(self) -> ScoredRun | None:
        """The run that stands, as `standing_run` finds it."""

    @property
    def models(self) -> Mapping[str, Bundle]:
        """The models, by question."""

    @property
    def sure_cutoff(self) -> datetime | None:
        """The cutoff, where it is known before any data are read."""

    @property
    def scored_at(self) -> datetime:
        """The cutoff."""

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What the data hold."""

    @property
    def memory(self) -> float:
        """Gigabytes that the run may take."""

    def breaks(self) -> list[Break]:
        """Return in what the tables differ from those that the models were trained on."""

    def age_breaks(self, ends: datetime) -> list[Break]:
        """Return in what tables that end at some time are too old by now."""

    @property
    def layout(self) -> Mapping[str, Any]:
        """What decides which customers are in which block."""

    def staged(self, staging: Staging, finished: int, lineage: Mapping[str, object]) -> Iterator[Part]:
        """Write the parts but for the first few, which are finished, and yield each."""

    def facts(self) -> Facts:
        """Return what is known of the tables that were read."""

    def check_anybody(self, count: int) -> None:
        """Refuse a run that scores nobody."""

    def tell(self, sentence: str) -> None:
        """Report a step."""
