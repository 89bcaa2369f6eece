"""Parted job: the work of a business whose questions are asked of different customers, in a part for each of them.

Those under contract, those who left, and those with orders each have rows of their own; the answers come together in
one row for each customer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from math import ceil

import pandas as pd

from patron.explanations.drivers import drivers
from patron.features.definitions import Definition
from patron.jobs.event_answers import rows_within
from patron.jobs.event_data import EventData, EventTables
from patron.jobs.job import SAMPLE_ROWS, Job
from patron.jobs.merged_blocks import merged, merged_blocks
from patron.jobs.work import Block
from patron.models.serving import Bundle
from patron.questions.contracts import ContractQuestion
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.registry import Champion
from patron.settings import Settings

__all__ = ["PartedJob", "parts"]


def parts(settings: Settings) -> tuple[Settings, ...]:
    """Return settings for each kind of customers that questions are asked of; those of contracts come first.

    All questions of orders are one part, as their answers are one story.
    """
    groups: dict[object, list[Question]] = {}
    for question in sorted(settings.questions, key=lambda q: not isinstance(q, ContractQuestion)):
        asked_of = question.population if isinstance(question, ContractQuestion) else None
        groups.setdefault(asked_of, []).append(question)
    return tuple(replace(settings, questions=tuple(group)) for group in groups.values())


@dataclass(frozen=True)
class _Part(Job):
    """The questions that are asked of the same customers, on the tables of the whole."""

    whole: "PartedJob" = field(kw_only=True)
    number: int = field(kw_only=True)

    @cached_property
    def data(self) -> EventData:
        """What the questions of this part find in the tables, which are read once."""
        return replace(self.whole.data, settings=self.settings)

    @property
    def known_cutoff(self) -> datetime | None:
        """The cutoff that was scored, once that is known."""
        return self.whole.known_cutoff

    @cached_property
    def rows(self) -> Matrix:
        """The rows of the customers of this part that are scored."""
        return self.whole.scored.rows(self.number)

    def row_parts(self) -> Iterator[Matrix]:
        """Yield the rows that were kept of this part, some customers at a time."""
        return self.whole.scored.row_parts(self.number)

    @cached_property
    def sample(self) -> Matrix:
        """The rows of some of those that are scored, spread evenly, where all are more than any picture needs."""
        if self.whole.scored.manifest.rows <= SAMPLE_ROWS:
            return self.today
        return self.whole.scored.sample(self.number, self.scored_at, SAMPLE_ROWS)

    @property
    def champions(self) -> dict[str, Champion]:
        """The registered champion of each question of this part, all of one reading."""
        return {question.name: self.whole.champions[question.name] for question in self.settings.questions}


class PartedJob(Job):
    """One business's work in parts; what they share is computed once, and what they answer comes together."""

    @cached_property
    def data(self) -> EventData:
        """What is read, when it is first needed."""
        return EventData(self.settings, self.now, EventTables(self.settings, self.tell))

    @cached_property
    def parts(self) -> tuple[Job, ...]:
        """The work on each kind of customers."""
        return tuple(
            _Part(settings, self.now, self.tell, self.watch, whole=self, number=number)
            for number, settings in enumerate(parts(self.settings))
        )

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions, each with the features of its part."""
        return tuple(question for part in self.parts for question in part.questions)

    @property
    def models(self) -> dict[str, Bundle]:
        """The champions' models."""
        return {name: model for part in self.parts for name, model in part.models.items()}

    @property
    def today(self) -> Matrix:
        """The rows of the part whose answers are explained first."""
        return self.parts[0].today

    @property
    def sample(self) -> Matrix:
        """The rows of the part whose answers are explained first."""
        return self.parts[0].sample

    @property
    def explained_model(self) -> Bundle:
        """The model of the part whose answers are explained first."""
        return self.parts[0].explained_model

    def blocks(self, finished: int) -> Iterator[Block]:
        """Yield the answers of all parts, some customers at a time, but for those blocks that are finished."""
        count = self._block_count()
        if count > 1:
            kinds = [(part.answers.parts(self.memory, 0), partial(part.check_anybody, 0)) for part in self.parts]
            yield from map(self.with_reasons, merged_blocks(kinds, self.definitions, count, finished))
        elif not finished:
            yield self.with_reasons(merged([part.answers.whole() for part in self.parts]))

    def _block_count(self) -> int:
        """Return how many blocks there are: those of all customers that any table has, were they asked everything."""
        customers = sum(receipt.customers for receipt in self.data.receipts)
        rows = customers * max(len(part.answers.cutoffs) for part in self.parts)
        return max(1, ceil(rows / rows_within(self.memory, max(map(len, self.definitions)))))

    @property
    def definitions(self) -> tuple[tuple[Definition, ...], ...]:
        """What the columns of the rows mean, for each part."""
        return tuple(meanings for part in self.parts for meanings in part.definitions)

    def reasons(self, rows: Sequence[Matrix]) -> pd.DataFrame:
        """Return the reasons of the answers for some customers, each from the first part that asks about them.

        Args:
            rows: theirs, for each part.
        """
        tables, seen = [], pd.Index([])
        for part, known in zip(self.parts, rows, strict=True):
            some = known.take(known.at(self.scored_at) & ~known.key.customer.isin(seen).to_numpy())
            if len(some):
                with self.keeping_refused():
                    tables.append(drivers(part.explained_model, some, top=self.settings.top_reasons))
            seen = seen.union(some.key.customer)
        return pd.concat(tables, ignore_index=True)
