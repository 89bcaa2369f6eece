"""The business: what is asked of which data, the registered models that answer, and where results go."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pandas as pd

from patron.engines.outputs import write
from patron.errors import DriverError
from patron.features.compute.plan import Progress
from patron.history.history import History
from patron.jobs.event_data import EventData, EventTables
from patron.jobs.panel_data import PanelData
from patron.jobs.registered import champions_of, explained_question, loaded_models
from patron.jobs.source_words import Tell
from patron.models.serving import Bundle
from patron.periods import Split
from patron.pseudonyms import key_at, pseudonyms
from patron.questions.kinds import Tier
from patron.questions.profit import ledger, sensitivity
from patron.questions.question import Question
from patron.questions.row_source import RowSource
from patron.registry import Champion, Registry
from patron.settings import Settings

__all__ = ["Business"]


@dataclass(frozen=True)
class Business:
    """What a job works for.

    Args:
        settings: what is asked of which tables, and where results go.
        now: the time of the run, for the audit log and the report.
        tell: called with a sentence after each step.
        watch: called with a sentence on how far long work has come.
    """

    settings: Settings
    now: datetime
    tell: Tell = field(default=lambda sentence: None)
    watch: Tell = field(default=lambda sentence: None)

    @cached_property
    def data(self) -> EventData | PanelData:
        """What is read, when it is first needed."""
        return EventData(self.settings, self.now, EventTables(self.settings, self.tell))

    @property
    def history(self) -> History:
        """The checked event tables."""
        return self.data.history

    @property
    def source(self) -> RowSource:
        """What rows come from."""
        return self.data.source

    @property
    def split(self) -> Split:
        """The cutoffs by use."""
        return self.data.split

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions, with the features of all of them."""
        return self.data.questions

    @cached_property
    def trained_questions(self) -> tuple[Question, ...]:
        """The questions, with the features that the models were trained on."""
        return self.data.trained_questions(self.models)

    @property
    def tiers(self) -> list[Tier]:
        """The questions about profit."""
        return [question for question in self.settings.questions if isinstance(question, Tier)]

    @cached_property
    def ledger(self) -> dict[str, float]:
        """How the amounts that were read become profit, where a question asks for it."""
        return ledger(self.history, self.tiers[0].costs) if self.tiers else {}

    @cached_property
    def sensitivity(self) -> dict[str, float]:
        """The whole profit if an assumed cost were otherwise, where a question asks for it."""
        return sensitivity(self.history, self.tiers[0].costs) if self.tiers else {}

    @property
    def registry(self) -> Registry:
        """Where runs and models are kept."""
        return self.settings.registry.open(self.settings.root)

    def registered(self, question: str) -> str:
        """Return the name of a question's model, and of its experiment."""
        return f"{self.settings.name}-{question}"

    @cached_property
    def champions(self) -> dict[str, Champion]:
        """The registered champion of each question."""
        names = {question.name: self.registered(question.name) for question in self.settings.questions}
        return champions_of(self.registry, names, self.tell)

    @cached_property
    def models(self) -> dict[str, Bundle]:
        """The champions' models, each trained for what is asked now, with today's levers."""
        return loaded_models(self.champions, self.settings)

    @property
    def explained_model(self) -> Bundle:
        """The model whose answers are explained."""
        return self.models[self.explained]

    @property
    def explained(self) -> str:
        """The name of the question whose answers are explained."""
        return explained_question(self.settings)

    @property
    def out(self) -> Path:
        """The folder of results."""
        return self.settings.out

    def card_path(self, question: Question) -> Path:
        """Return where the card of a question lies."""
        return self.settings.out / f"card_{question.name}.json"

    def named(self, frame: pd.DataFrame) -> pd.Series:
        """Return the pseudonyms of a table's customers."""
        return pseudonyms(frame.customer, key_at(self.settings.root / "mlruns"))

    def write(self, name: str, frame: pd.DataFrame, ending: str = "parquet", keys: Sequence[str] = ()) -> Path:
        """Write a table to the folder of results."""
        return write(frame, self.settings.out / f"{name}.{ending}", keys)

    @contextmanager
    def keeping_refused(self) -> Iterator[None]:
        """Write the rows whose drivers do not add up beside the results before the error goes on."""
        try:
            yield
        except DriverError as error:
            path, model = self.write("drivers.refused", error.batch), self.champions[self.explained]
            which = f"The model is {model.name!r} version {model.version}."
            raise DriverError(f"{error} {which} The rows are kept in {path}.", error.batch) from error

    def tell_left_out(self) -> None:
        """Report how many features the tables cannot give."""
        if self.data.left_out:
            count = len(self.data.left_out)
            self.tell(f"features  {count} left out, as the tables lack what they need (patron check names them)")

    def progress(self, progress: Progress) -> None:
        """Report how far long work has come, where it comes in parts."""
        if progress.seconds_left:
            self.watch(
                f"rows      {progress.what}: {progress.share:.0%} done, about {progress.seconds_left:,.0f} s left"
            )
