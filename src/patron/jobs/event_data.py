"""Event data: what a job reads where customers have events, and what that says about its questions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from patron.errors import QuestionError
from patron.features import ALL, as_trained, available
from patron.features.definitions import Definition
from patron.history.fingerprints import fingerprint
from patron.history.history import History
from patron.history.profiles import days_old, profile
from patron.history.receipts import Receipt
from patron.jobs.kept import Facts
from patron.jobs.source_words import Tell, source_lines
from patron.models.baskets import item_names
from patron.models.serving import Bundle
from patron.periods import Span, Split
from patron.questions.matrices import row_source
from patron.questions.question import Question
from patron.questions.row_source import RowSource
from patron.questions.shared import together
from patron.reports.terminal import receipt_lines
from patron.scoring.breaks import Break
from patron.scoring.differences import breaks_of
from patron.settings import Settings
from patron.settings.values import Reading, as_it_is

__all__ = ["EventData", "EventTables"]

WORDS = {feature.name: feature.words for feature in ALL}


@dataclass(frozen=True)
class EventTables:
    """The event tables of settings, checked; read once, when they are first needed.

    Args:
        settings: which tables they are.
        tell: called with a sentence on what is read, and on what came of it.
        source: what is read in the place of a path.
    """

    settings: Settings
    tell: Tell
    source: Reading = as_it_is

    @cached_property
    def history(self) -> History:
        """The checked tables."""
        for line in source_lines(self.settings):
            self.tell(line)
        history = self.settings.history(self.source)
        for _, receipt in history.receipt().groupby("table", sort=False):
            self.tell(receipt_lines(receipt))
        return history


@dataclass(frozen=True)
class EventData:
    """What a job reads of event tables.

    Args:
        settings: what is asked of them.
        now: the time of the run.
        tables: the tables, which several jobs may share.
    """

    settings: Settings
    now: datetime
    tables: EventTables

    value_needed = (
        "there is no tier question and no value. Add to [decisions] for example value = 30.0, or ask a tier question"
    )
    sure_day = None

    @property
    def history(self) -> History:
        """The checked event tables."""
        return self.tables.history

    @property
    def source(self) -> RowSource:
        """What rows come from."""
        return row_source(self.history)

    @property
    def latest(self) -> datetime:
        """The cutoff to score where nobody says which: the end of the history."""
        return self.history.ends

    @property
    def split(self) -> Split:
        """The cutoffs by use.

        Raises:
            QuestionError: the settings have none.
        """
        if self.settings.split is None:
            raise QuestionError(
                "The settings have event tables and no cutoffs. Add them: split=Split.of(train=['2023-09-01'], "
                "valid=['2024-03-01'], test=['2024-06-01'])."
            )
        return self.settings.split

    @property
    def known_cutoffs(self) -> tuple[datetime, ...]:
        """The cutoffs of which rows are learned from or judged."""
        return (*self.split.known, *self.split.test)

    def check_passed(self, cutoff: datetime, horizon: Span) -> None:
        """Refuse a cutoff before the history, or whose label has not passed."""
        self.history.check_cutoff(cutoff)
        self.history.check_passed(cutoff, horizon)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions, with the features of all of them."""
        return together(self.settings.questions, self.history, self.split.known[-1])

    def trained_questions(self, models: Mapping[str, Bundle]) -> tuple[Question, ...]:
        """Return the questions, with the features that the models were trained on, however orders went on since."""
        questions = [replace(q, rhythm=models[q.name].spec["rhythm"]) for q in self.settings.questions]
        formulas = {f["name"]: f["formula"] for model in models.values() for f in model.spec["features"]}
        return tuple(
            replace(q, features=as_trained(q.features, formulas, self.history))
            for q in together(questions, self.history)
        )

    @property
    def receipts(self) -> Sequence[Receipt]:
        """What was read of each table."""
        return self.history.receipts

    def set_aside(self, table: str) -> pd.DataFrame | None:
        """Return the rows of a table that are not used, each with its reason and its place; None where all are."""
        rows = self.history.set_aside.get(table)
        return None if rows is None else rows.to_pyarrow().to_pandas()

    @property
    def lost_customers(self) -> int:
        """How many customers have no event that can be used."""
        return self.history.lost_customers

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What the tables hold, without holding any of it."""
        return fingerprint(self.history)

    def profile(self, features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what the tables look like now, as far as some features look at them."""
        return profile(self.history, features) | {"age": days_old(self.history.ends, self.now)}

    def breaks(self, models: Iterable[Bundle], cutoff: datetime) -> list[Break]:
        """Return in what the tables at a cutoff differ from those that models were trained on."""
        return breaks_of(models, self.history, cutoff, self.now, self.settings.contract)

    @property
    def holes(self) -> Sequence[tuple[datetime, datetime]]:
        """The times without any order in which there usually are some."""
        return self.history.holes

    @property
    def cautions(self) -> tuple[str, ...]:
        """What is odd about the rows, for the cards."""
        return ()

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """The features that the tables cannot give; of contracts without orders nobody expects those of orders."""
        of_orders = not self.history.contracts or "orders" in self.history.tables
        return available(self.history)[1] if of_orders else ()

    @property
    def left_out_words(self) -> list[str]:
        """The features that the tables cannot give, in words."""
        return [WORDS[name] for name in self.left_out]

    def facts(self, models: Iterable[Bundle], definitions: tuple[tuple[Definition, ...], ...]) -> Facts:
        """Return what is known of the tables that were read, for the verbs after scoring.

        Args:
            models: those that answer.
            definitions: what the columns of the rows mean, for each kind of customers.
        """
        has_items = any(basket["by"] == "item" for model in models for basket in model.spec.get("baskets", ()))
        return Facts(
            receipts=tuple(self.receipts),
            left_out=tuple(self.left_out_words),
            definitions=definitions,
            item_names=item_names(self.history, "item") if has_items else {},
            ends=self.history.ends,
        )
