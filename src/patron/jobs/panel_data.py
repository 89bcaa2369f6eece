"""Panel data: what a job reads where there are ready-made rows of customers, in the place of events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.features.definitions import Definition
from patron.history.history import History
from patron.history.receipts import Receipt, receipt_table
from patron.jobs.kept import Facts
from patron.jobs.source_words import Tell, sized
from patron.models.serving import Bundle
from patron.periods import Span, Split
from patron.questions.matrices import Matrix
from patron.questions.panels import Panel
from patron.questions.question import Question
from patron.reports.terminal import receipt_lines
from patron.scoring.breaks import Break
from patron.settings import OpenedPanel, PanelFile, Settings

__all__ = ["PanelData"]

PARTS = 5  # of the cutoffs, one is for the test and one for the choice where nobody said which
UNDATED = (
    "the rows have no dates: nobody can check that a column was known before the outcome, nor how fast the answers age"
)


@dataclass(frozen=True)
class PanelData:
    """What a job reads of a panel, which brings its own features.

    Args:
        settings: what is asked of it.
        now: the time of the run.
        tell: called with a sentence on what is read, and on what came of it.
    """

    settings: Settings
    now: datetime
    tell: Tell

    left_out: ClassVar[tuple[str, ...]] = ()
    left_out_words: ClassVar[list[str]] = []

    @property
    def file(self) -> PanelFile:
        """Where the rows lie."""
        return self.settings.panels[self.table]

    @property
    def table(self) -> str:
        """The name of the panel."""
        return next(iter(self.settings.panels))

    @cached_property
    def opened(self) -> OpenedPanel:
        """The rows, checked; what was read of them is told."""
        self.tell(f"reading   {self.table} from {sized(self.file.path)}")
        opened = self.file.open(self.table, self._day)
        if not opened.panel.dated:
            opened = replace(opened, receipt=replace(opened.receipt, notes=(*opened.receipt.notes, UNDATED)))
        self.tell(receipt_lines(receipt_table([opened.receipt])))
        return opened

    @property
    def history(self) -> History:
        """A panel has no events.

        Raises:
            QuestionError: always.
        """
        raise QuestionError(
            f"This needs the events of each customer, and the settings have ready-made rows only ([panels.{self.table}]"
            '). Give event tables: [tables.orders] path = "orders.parquet".'
        )

    @cached_property
    def source(self) -> Panel:
        """The rows with a label, from which models learn.

        Raises:
            QuestionError: none has one.
        """
        panel, label = self.opened.panel, self._label
        if not np.isfinite(label).any():
            raise QuestionError(
                f"No row of the panel {self.table!r} has a label in {self.file.label!r}, so there is nothing to learn "
                "from. Add rows of earlier cutoffs with what came of them."
            )
        return _some(panel, np.isfinite(label))

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """What was read of the panel."""
        return (self.opened.receipt,)

    def set_aside(self, table: str) -> pd.DataFrame | None:
        """Return the rows that are not used, each with its reason and its place; None where all are."""
        return self.opened.set_aside if len(self.opened.set_aside) else None

    @property
    def lost_customers(self) -> int:
        """How many customers have no row that can be used."""
        return self.opened.lost

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What the panel held, without holding any of it."""
        panel, receipt = self.opened.panel, self.opened.receipt
        held = pd.concat([panel.key, panel.X], axis=1)
        hashed = pd.util.hash_pandas_object(held.assign(**{" label": self._label}), index=False)
        counts = {"rows": receipt.used, "customers": receipt.customers, "hash": f"{hashed.sum()}"}
        edges = {"first": receipt.first and f"{receipt.first}", "last": receipt.last and f"{receipt.last}"}
        return {self.table: counts | edges}

    def profile(self, features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return nothing: of ready-made rows the features themselves tell what is known."""
        return {}

    def breaks(self, models: Iterable[Bundle], cutoff: datetime) -> list[Break]:
        """Return nothing: what the features of ready-made rows hold is checked when they are scored."""
        return []

    @property
    def cautions(self) -> tuple[str, ...]:
        """What is odd about the rows; that they have no dates a card says by itself."""
        return self.opened.cautions

    @property
    def holes(self) -> tuple[tuple[datetime, datetime], ...]:
        """None: of ready-made rows nobody can know what is missing."""
        return ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions; a panel brings its own features."""
        return self.settings.questions

    def trained_questions(self, models: Mapping[str, Bundle]) -> tuple[Question, ...]:
        """Return the questions; a panel brings its own features."""
        return self.settings.questions

    @cached_property
    def split(self) -> Split:
        """The cutoffs by use: those of the settings, or else the last fifths of the labelled ones."""
        return self.settings.split or _split(sorted(self.source.key.cutoff.unique()), self.source.horizon, self.table)

    @property
    def known_cutoffs(self) -> tuple[datetime, ...]:
        """The cutoffs of which rows are learned from or judged."""
        if not self.source.dated:
            return (self.source.key.cutoff.iloc[0].to_pydatetime(),)
        return (*self.split.known, *self.split.test)

    def check_passed(self, cutoff: datetime, horizon: Span) -> None:
        """Refuse a cutoff without labelled rows.

        Raises:
            QuestionError: there is none.
        """
        self.source.which([cutoff])

    @property
    def latest(self) -> datetime:
        """The cutoff to score where nobody says which: the latest with rows without a label."""
        unknown = self.opened.panel.key.cutoff[~np.isfinite(self._label)]
        if unknown.empty:
            raise QuestionError(
                f"The panel {self.table!r} has no rows without a label, so nobody is to be scored: all "
                f"{len(self._label):,} rows have one in {self.file.label!r}. Add the rows of today with an empty "
                f"{self.file.label!r}{self._or_score_at()}."
            )
        return unknown.max().to_pydatetime()

    def _or_score_at(self) -> str:
        if not self.opened.panel.dated:
            return ""
        latest = self.opened.panel.key.cutoff.max()
        return f', or score a cutoff of the past: [cutoffs] score = "{latest:%Y-%m-%d}"'

    @property
    def sure_day(self) -> datetime | None:
        """The cutoff to score, where it is known before any rows are read: of rows without dates it is today."""
        return None if self.file.cutoff else self._day

    def rows_to_score(self, at: datetime) -> Matrix:
        """Return the rows to score: those without a label at the cutoff, or all of a cutoff that is set."""
        panel = self.opened.panel
        mask = (panel.key.cutoff == at).to_numpy()
        if not self.settings.score_at:
            mask = mask & ~np.isfinite(self._label)
        if not mask.any():
            panel.which([at])
        return Matrix(panel.key, panel.X, panel.definitions).take(mask)

    def rows_at(self, cutoff: datetime) -> Matrix:
        """Return the rows of another cutoff."""
        panel = self.opened.panel
        return Matrix(panel.key, panel.X, panel.definitions).take(panel.which([cutoff]))

    def facts(self, models: Iterable[Bundle], definitions: tuple[tuple[Definition, ...], ...]) -> Facts:
        """Return what is known of the rows that were read, for the verbs after scoring.

        Args:
            models: those that answer.
            definitions: what the columns mean.
        """
        return Facts(self.receipts, (), definitions, {}, None)

    @property
    def value_needed(self) -> str:
        """What to write where nobody said what a kept customer is worth."""
        return (
            f'add to [panels.{self.table}] the column of it, for example value = "monthly_fee", or to [decisions] a '
            "number: value = 30.0"
        )

    @property
    def _day(self) -> datetime:
        return self.now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)

    @property
    def _label(self) -> np.ndarray:
        label = self.opened.panel.label
        return np.full(len(self.opened.panel.key), np.nan) if label is None else label


def _some(panel: Panel, mask: np.ndarray) -> Panel:
    """Return the rows that a mask keeps."""
    key, X = (frame[mask].reset_index(drop=True) for frame in (panel.key, panel.X))
    return replace(panel, key=key, X=X, label=None if panel.label is None else panel.label[mask])


def _split(cutoffs: list[pd.Timestamp], horizon: Span, table: str) -> Split:
    """Return the last fifth of the cutoffs for the test, that before it for the choice, all others to learn from."""
    times, size = [cutoff.to_pydatetime() for cutoff in cutoffs], max(1, len(cutoffs) // PARTS)
    test = times[-size:]
    valid = [time for time in times if horizon.after(time) <= test[0]][-size:]
    train = [time for time in times if valid and horizon.after(time) <= valid[0]]
    if not train:
        raise QuestionError(
            f"The panel {table!r} has labelled rows at {len(times)} cutoffs ({times[0]:%Y-%m-%d} to "
            f"{times[-1]:%Y-%m-%d}), and three are needed that lie the horizon of {horizon.length} apart: to learn "
            "from, to choose by and to be judged at. Add earlier cutoffs, or where each customer has one row leave the "
            "key cutoff out: customers are held out then, and nothing is known of time."
        )
    return Split(tuple(train), tuple(valid), tuple(test))
