"""Event answers: today's answers about customers with events, part by part, from one pass of the tables."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from patron.features.compute.plan import Progress
from patron.history.history import History
from patron.jobs.scored import EVENTS
from patron.jobs.work import Block
from patron.models.baskets import Suggesting
from patron.models.serving import Bundle
from patron.questions.contracts import Cancellation
from patron.questions.kinds import Tier
from patron.questions.matrices import MEMORY, Matrix, matrices, matrix
from patron.questions.question import Question
from patron.scoring.contract import contract
from patron.scoring.stable_tiers import earlier_cutoffs
from patron.scoring.table import side_by_side, suggesting, with_baskets

__all__ = ["PART_ROWS", "EventAnswers", "rows_within"]

GIGABYTE, ROW_BYTES, NUMBER_BYTES = 2**30, 60, 4
MONTH = timedelta(days=30)
PART_ROWS = 300_000  # of all cutoffs: some ten seconds of work, which a killed run loses at most


def rows_within(memory: float, columns: int) -> int:
    """Return how many rows are worked on at once, where some gigabytes may be spent on all of scoring."""
    return max(1, min(PART_ROWS, int(EVENTS * memory * GIGABYTE / 2) // (ROW_BYTES + NUMBER_BYTES * columns)))


@dataclass(frozen=True)
class EventAnswers:
    """The answers about those of whom some questions are asked.

    Args:
        history: the checked event tables.
        questions: with the features that the models were trained on.
        models: by question.
        today: the cutoff to score.
        value: what a kept customer is worth, where the settings say so.
        progress: told how far the work has come.
    """

    history: History
    questions: tuple[Question, ...]
    models: Mapping[str, Bundle]
    today: datetime
    value: float | None
    progress: Callable[[Progress], None]

    def parts(self, memory: float, finished: int) -> Iterator[Block]:
        """Yield the answers part by part, within some gigabytes, but for those that are finished."""
        baskets, spent = self._baskets(EVENTS * memory), min(MEMORY, EVENTS * memory)
        about = self.questions[0], self.history, self.cutoffs
        for rows in matrices(*about, spent, PART_ROWS, finished, self.progress):
            yield self._block(rows, baskets)

    def whole(self) -> Block:
        """Return the answers about all customers at once."""
        rows = matrix(self.questions[0], self.history, self.cutoffs, progress=self.progress)
        return self._block(rows, self._baskets(math.inf))

    def _baskets(self, memory: float) -> list[Suggesting]:
        return suggesting(self.models, self.history, self.today, memory)

    def _block(self, rows: Matrix, baskets: Sequence[Suggesting]) -> Block:
        """Return the answers for some customers, all of whose rows are given, of today and earlier."""
        today = rows.take(rows.at(self.today))
        if not len(today):
            return Block(today.key, (), {})
        scores = side_by_side(
            self.models, self.questions[0].horizon, today, rows.take(~rows.at(self.today)), self.value
        )
        contracts = {name: (contract(model, today), len(today)) for name, model in self.models.items()}
        kept = rows.take(rows.at(self.today, *self._month_before))
        return Block(with_baskets(scores, baskets), (kept,), contracts)

    @property
    def cutoffs(self) -> list[datetime]:
        """The cutoff to score and the earlier ones it is held against."""
        tiers = [question for question in self.questions if isinstance(question, Tier)]
        starts = self.history.starts
        earlier = {cutoff for question in tiers for cutoff in earlier_cutoffs(question, self.today, starts)}
        return sorted({*earlier, *self._month_before, self.today})

    @property
    def _month_before(self) -> tuple[datetime, ...]:
        """The cutoff with whose answers those of today are compared, where a cancellation is asked for that long."""
        before = self.today - MONTH
        asked_for = any(isinstance(question, Cancellation) for question in self.questions)
        return (before,) if asked_for and before > self.history.starts else ()
