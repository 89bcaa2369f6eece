"""Spark job: checks, training and scoring on a Spark session; tasks do about customers what one machine does.

The tables are checked by the session. What comes back of a task is what it counted: it writes its part itself, to the
folder of the results, which all executors share. Models are fitted on the driver, to which rows come from there: those
of a sample of the customers where all are too many; then trees grow on all of them in tasks.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from math import ceil

import pandas as pd
import pyarrow as pa

from patron.engines.memory import machine_gigabytes
from patron.engines.spark import Spark, refusals
from patron.errors import QuestionError, ScoreError, listed
from patron.features.compute.plan import silent
from patron.features.definitions import columns_read
from patron.history.history import History
from patron.history.some_customers import history_of, part_of, rows_before, without_rows
from patron.jobs.block_parts import written
from patron.jobs.distributed_training import with_all_customers
from patron.jobs.event_answers import EventAnswers
from patron.jobs.event_data import EventData, EventTables
from patron.jobs.job import Job, reasoned, reasons_at
from patron.jobs.kept import ScoredRun
from patron.jobs.merged_blocks import joined
from patron.jobs.plan_effects import learned_offers
from patron.jobs.scored import scored_run
from patron.jobs.staging import Part, Staging
from patron.models.baskets import basket_kinds
from patron.models.out_of_core import can_grow
from patron.models.serving import Bundle
from patron.models.training import Trained
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.questions.spark_rows import SparkRows, gigabytes
from patron.settings import Settings

__all__ = ["SparkJob", "columns_of"]

ELSEWHERE = "Run this on one machine: leave out --engine spark."
Reasons = Callable[[Sequence[Matrix]], pd.DataFrame]


@dataclass(frozen=True)
class SparkJob(Job):
    """One business's work on a Spark session, with the rows, models and answers of one machine."""

    @cached_property
    def spark(self) -> Spark:
        """The session of the settings, or one of this machine, with as many parts as the tables ask for."""
        _check_possible(self.settings)
        return (self.settings.spark or Spark()).sized(table.path for table in self.settings.files.values())

    @cached_property
    def data(self) -> EventData:
        """What is read by the session, when it is first needed."""
        return EventData(self.settings, self.now, EventTables(self.settings, self.tell, self.spark.open))

    @property
    def source(self) -> SparkRows:
        """What rows to learn from come from."""
        _check_learnable(self.settings, self.history)
        some = part_of(self.history, 0, self.sampling) if self.sampling > 1 else self.history
        return SparkRows(some, self.spark, self.settings.out)

    @cached_property
    def sampling(self) -> int:
        """Into how many parts customers fall, of which one comes to the driver: 1 where the rows of all may come."""
        rows = self._customers * len(self.data.known_cutoffs)
        size = gigabytes(rows, len(self.row_columns))
        if size > self.memory:
            self.tell(
                f"sample    one customer in {ceil(size / self.memory)} comes to this machine: the rows of all may take "
                f"{size:.1f} GB, and memory is {self.memory:.1f} GB. Trees grow on all of them, in tasks"
            )
        return max(1, ceil(size / self.memory))

    @property
    def _customers(self) -> int:
        return max(receipt.customers for receipt in self.data.receipts)

    def grown(self, trained: Trained, rows: Matrix) -> Trained:
        """Return what was trained on a sample of the customers, with the trees of all of them in its champion."""
        if self.sampling == 1:
            return trained
        name = f"{trained.question.name}: the champion of the sample, {trained.champion!r},"
        if not can_grow(trained.model):
            self.tell(f"{name} stays as it is: it has no trees to which more rows are of use")
            return trained
        about = self.split, self.history, self.spark, self.settings.out
        whole, examples = with_all_customers(trained, rows, *about)
        self.tell(f"{name} has trees of {examples:,} examples of all customers")
        return whole

    def cautions(self, rows: Matrix) -> tuple[str, ...]:
        """Return what is odd about rows that were learned from: that they are those of a sample."""
        if self.sampling == 1:
            return self.data.cautions
        some = rows.key.customer.nunique()
        sample = f"the figures are those of a sample, {some:,} of {self._customers:,} customers; trees saw all"
        return (*self.data.cautions, sample)

    @cached_property
    def scored(self) -> ScoredRun:
        """The scoring run that answers what is asked, as on one machine; what Spark refuses is said as Patron does."""
        _check_rankings(self.models)
        with refusals():
            return scored_run(self)

    @property
    def layout(self) -> dict[str, float]:
        """What decides which customers are in which part."""
        return {"spark": self.spark.parts}

    def staged(self, staging: Staging, finished: int, lineage: Mapping[str, object]) -> Iterator[Part]:
        """Have the parts of today's answers written by tasks, and yield each when it is found to be there."""
        answers = self.answers
        known = replace(answers, history=without_rows(self.history), progress=silent)
        task = _Task(known, self._reasons, staging, lineage, self.settings.memory)
        rows = rows_before(self.history, self.scored_at, columns_of(self.history, answers.questions))
        for line in self.spark.each(rows, task)[finished:]:
            part = Part(**json.loads(line))
            if not staging.holds(part):
                raise ScoreError(
                    f"The executors wrote part {part.number} to a folder that this machine does not see, or that is "
                    'not theirs alone. Name one that all share, by the same path: out = "/mnt/shared/results".'
                )
            staging.note(part)
            yield part

    @property
    def _reasons(self) -> Reasons | None:
        """What tells the reasons of answers, where scores have them beside; it holds no table."""
        if not self.settings.reasons_in_scores:
            return None
        return partial(reasons_at, self.scored_at, self.explained_model, self.settings.top_reasons)


@dataclass(frozen=True)
class _Task:
    """What is done about the customers of a part; it holds no row and no session, and goes to the executors.

    Args:
        answers: those of one machine, whose history has no rows yet.
        reasons: of the answers, where they are asked for.
        staging: where the part is written.
        lineage: where all answers come from.
        memory: gigabytes that a task may take; a quarter of its machine where it is None.
    """

    answers: EventAnswers
    reasons: Reasons | None
    staging: Staging
    lineage: Mapping[str, object]
    memory: float | None

    def __call__(self, number: int, rows: Mapping[str, pa.Table]) -> str:
        answers = replace(self.answers, history=history_of(self.answers.history, rows))
        block = joined(list(answers.parts(self.memory or machine_gigabytes() / 4, 0)))
        if self.reasons is not None:
            block = reasoned(block, self.reasons)
        return json.dumps(asdict(written(self.staging, number, block, self.lineage)))


def columns_of(history: History, questions: Sequence[Question]) -> dict[str, set[str]]:
    """Return by event table the columns that questions of the same features read; none of one that says who is asked.

    Args:
        history: the checked event tables.
        questions: asked of the same customers.
    """
    read = columns_read(history.tables, questions[0].features)
    return {table: set() for table in questions[0].population.tables} | read


def _check_possible(settings: Settings) -> None:
    """Refuse tables that Spark does not open."""
    others = {
        "[panels]": settings.panels,
        "[subscriptions]": settings.subscriptions,
        "[identity]": settings.identity,
        "outcomes = true": settings.outcomes,
    }
    if there := [name for name, value in others.items() if value]:
        raise QuestionError(f"Spark does not work with {listed(there)}. {ELSEWHERE}")


def _check_rankings(models: Mapping[str, Bundle]) -> None:
    """Refuse to score what is ranked from more than a customer's own rows."""
    if baskets := [name for name, model in models.items() if model.spec.get("baskets")]:
        raise QuestionError(
            f"The model for {listed(map(repr, baskets))} ranks what the next basket holds, from the lines of all "
            f"customers, which Spark does not hold together. {ELSEWHERE}"
        )


def _check_learnable(settings: Settings, history: History) -> None:
    """Refuse to learn what is learned from more than the rows of the questions."""
    if basket_kinds(history) and any(question.with_baskets for question in settings.questions):
        raise QuestionError(
            "What the next basket holds is learned from the lines of all customers, which Spark does not hold "
            f"together. {ELSEWHERE}"
        )
    if learned := learned_offers(settings.offers):
        raise QuestionError(f"Spark does not learn the effects of offers ({listed(learned)}). {ELSEWHERE}")
