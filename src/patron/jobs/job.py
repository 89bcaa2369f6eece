"""The job: what verbs share of one business's work today, each computed once: answers, reasons, decisions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from patron.decisions import Decisions, with_reasons
from patron.decisions.response import ContactResponse, contact_response
from patron.engines.memory import machine_gigabytes
from patron.errors import QuestionError
from patron.explanations.drivers import drivers
from patron.features.definitions import Definition, columns, definitions
from patron.history.business_contacts import CONTACTS, ORDERS
from patron.jobs import event_answers
from patron.jobs.block_parts import staged_blocks
from patron.jobs.business import Business
from patron.jobs.event_answers import EventAnswers
from patron.jobs.kept import Facts, ScoredRun, read_kept_of
from patron.jobs.plan_facts import OF_CONTACTS
from patron.jobs.planning import planned
from patron.jobs.reason_parts import reason_parts, with_kept_reasons
from patron.jobs.run_identity import Request
from patron.jobs.scored import scored_run, standing_run
from patron.jobs.staging import Part, Staging
from patron.jobs.work import Block
from patron.models.serving import Bundle
from patron.models.training import Trained
from patron.questions.matrices import Matrix, matrix
from patron.scoring.breaks import Break
from patron.scoring.differences import age_breaks

__all__ = ["SAMPLE_ROWS", "Job", "reasoned", "reasons_at"]

SAMPLE_ROWS = 50_000


@dataclass(frozen=True)
class Job(Business):
    """One business's work: what its verbs share, computed once and when it is first needed."""

    @property
    def parts(self) -> tuple["Job", ...]:
        """The work on each kind of customers that questions are asked of; all of it where they are the same."""
        return (self,)

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What the data hold, without holding any of it."""
        return self.data.fingerprint

    def breaks(self) -> list[Break]:
        """Return in what the tables differ from those that the models were trained on."""
        return self.data.breaks(self.models.values(), self.scored_at)

    def age_breaks(self, ends: datetime) -> list[Break]:
        """Return in what tables that end at some time are too old by now."""
        return age_breaks(self.models.values(), ends, self.now, self.settings.contract)

    @cached_property
    def scored(self) -> ScoredRun:
        """The scoring run that answers what is asked: the one that stands where nothing changed, or else a new one."""
        return scored_run(self)

    @cached_property
    def standing(self) -> ScoredRun | None:
        """The scoring run that stands, where that can be known before anything is read."""
        return standing_run(self)

    @cached_property
    def request(self) -> Request:
        """What is asked of which models, which are resolved once and before any data are read."""
        return Request(self.settings, self.champions)

    @property
    def memory(self) -> float:
        """Gigabytes that scoring may take: a quarter of the machine unless the settings say otherwise."""
        return self.settings.memory or round(machine_gigabytes() / 4, 1)

    @property
    def layout(self) -> dict[str, float]:
        """What decides which customers are in which block."""
        return {"memory": self.memory, "rows": event_answers.PART_ROWS}

    def staged(self, staging: Staging, finished: int, lineage: Mapping[str, object]) -> Iterator[Part]:
        """Write the parts of today's answers that are not finished, and yield each."""
        return staged_blocks(self.blocks(finished), staging, finished, lineage)

    def blocks(self, finished: int) -> Iterator[Block]:
        """Yield the answers of today part by part, but for those that are finished."""
        yield from map(self.with_reasons, self.answers.parts(self.memory, finished))

    @property
    def answers(self) -> EventAnswers:
        """What answers for customers with events."""
        about = self.history, self.trained_questions, self.models, self.scored_at, self.settings.value
        return EventAnswers(*about, self.progress)

    def with_reasons(self, block: Block) -> Block:
        """Return a block with reasons beside the answers, where the settings ask for them."""
        return reasoned(block, self.reasons) if self.settings.reasons_in_scores else block

    def facts(self) -> Facts:
        """Return what is known of the data that were read, for the verbs after scoring."""
        return self.data.facts(self.models.values(), self.definitions)

    @property
    def definitions(self) -> tuple[tuple[Definition, ...], ...]:
        """What the columns of the rows mean, for each kind of customers."""
        return (definitions(self.history.tables, self.trained_questions[0].features),)

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns that rows have, of all kinds of customers, whether any model is trained or not."""
        return tuple(name for question in self.questions for name, *_ in columns(question.features))

    def grown(self, trained: Trained, rows: Matrix) -> Trained:
        """Return what was trained on some rows with the trees of all customers, where these were more."""
        return trained

    def cautions(self, rows: Matrix) -> tuple[str, ...]:
        """Return what is odd about rows that were learned from, for the cards."""
        return self.data.cautions

    def check_anybody(self, count: int) -> None:
        """Refuse to score nobody."""
        question = self.settings.questions[0]
        if not count:
            raise QuestionError(
                f"No customer {question.population.words} {self.scored_at:%Y-%m-%d}. "
                f"{question.population_hint}, or score at another day (score_at)."
            )

    @cached_property
    def rows(self) -> Matrix:
        """The rows of the customers that are scored: those of today, and those of a month before where they count."""
        return self.scored.rows(0)

    def rows_at(self, cutoff: datetime) -> Matrix:
        """Return the rows of another cutoff, with the features that the models know: kept ones, or else new ones."""
        kept = self.rows.take(self.rows.at(cutoff))
        if len(kept) and self.scored.has_all_rows:
            return kept
        return matrix(self.trained_questions[0], self.history, [cutoff], progress=self.progress)

    @property
    def scored_at(self) -> datetime:
        """The cutoff to score: the one that is set, or that was scored, or else the latest."""
        return self.settings.score_at or self.known_cutoff or self.data.latest

    @property
    def sure_cutoff(self) -> datetime | None:
        """The cutoff to score, where it is known before any data are read."""
        return self.settings.score_at or self.data.sure_day

    @property
    def known_cutoff(self) -> datetime | None:
        """The cutoff that was scored, once that is known."""
        return self.scored.cutoff if "scored" in self.__dict__ else None

    def row_parts(self) -> Iterator[Matrix]:
        """Yield the rows that were kept, part by part."""
        return self.scored.row_parts(0)

    @cached_property
    def today(self) -> Matrix:
        """The rows of the customers that are scored."""
        return self.rows.take(self.rows.at(self.scored_at))

    @cached_property
    def sample(self) -> Matrix:
        """The rows of some of those that are scored, spread evenly, where all are more than any picture needs."""
        if self.scored.manifest.rows <= SAMPLE_ROWS:
            return self.today
        return self.scored.sample(0, self.scored_at, SAMPLE_ROWS)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Today's answers, one row for each customer."""
        return self.scored.scores()

    @cached_property
    def reason_paths(self) -> list[Path]:
        """The files of the reasons of today's answers, in parts; those that are not there yet are written."""
        staging = self.scored.staging
        return staging.paths("reasons") or reason_parts(staging, self.kinds, self.reasons)

    def reasons(self, rows: Sequence[Matrix]) -> pd.DataFrame:
        """Return the reasons of the answers for some customers, the strongest first.

        Args:
            rows: theirs, for each kind of customers; those of other cutoffs are not looked at.
        """
        with self.keeping_refused():
            return reasons_at(self.scored_at, self.explained_model, self.settings.top_reasons, rows)

    def reasons_of(self, customers: pd.Series) -> pd.DataFrame:
        """Return the reasons of the answers for a few customers."""
        return pd.concat([read_kept_of(path, customers) for path in self.reason_paths], ignore_index=True)

    def with_kept_reasons(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of customers with the first reasons of each in words."""
        return with_kept_reasons(table, self.reason_paths)

    @property
    def kinds(self) -> tuple[tuple[Definition, ...], ...]:
        """What the columns of the kept rows mean, for each kind of customers."""
        return self.scored.facts.definitions

    @cached_property
    def plan(self) -> Decisions:
        """Whom to treat with what."""
        about = self.settings, lambda: self.scored, self.with_kept_reasons, self.data.value_needed
        return planned(*about, lambda: self.history, lambda: self.champions[self.parts[0].explained])

    @cached_property
    def response(self) -> ContactResponse | None:
        """How customers answered past contacts, up to the cutoff; None where no table tells."""
        if not {*OF_CONTACTS} & {*self.settings.tables} or not {CONTACTS, ORDERS} & {*self.history.tables}:
            return None
        return contact_response(self.history, until=self.scored.cutoff)


def reasoned(block: Block, reasons: Callable[[Sequence[Matrix]], pd.DataFrame]) -> Block:
    """Return a block with reasons beside the answers; nobody's has none."""
    if not len(block.scores):
        return block
    known = reasons(block.rows)
    return replace(block, scores=with_reasons(block.scores, known), reasons=known)


def reasons_at(cutoff: datetime, model: Bundle, top: int, rows: Sequence[Matrix]) -> pd.DataFrame:
    """Return the reasons of a model's answers at a cutoff, for some customers of one kind."""
    return drivers(model, rows[0].take(rows[0].at(cutoff)), top=top)
