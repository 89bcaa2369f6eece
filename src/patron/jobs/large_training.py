"""Large training: one model from more rows than memory holds, some customers at a time.

A sample of the customers, whose size is told, chooses the candidate, its number of trees and its calibration, and gives
the card. Then the trees grow on the rows of all customers, which are never together in one place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from patron.errors import QuestionError, listed
from patron.evaluation.backtests import judge
from patron.evaluation.cards import Card
from patron.features.definitions import columns_read
from patron.history.history import History
from patron.history.point_in_time import FOREVER
from patron.history.some_customers import history_of, part_of, rows_before, without_rows
from patron.models.out_of_core import Growing
from patron.models.preparation import unsettled
from patron.models.serving import Bundle
from patron.models.training import Trained, fit
from patron.periods import Split
from patron.questions.matrices import Matrix, labels, matrix
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["LargeTraining", "Sample", "TreeWork", "train_in_parts"]

EXAMPLES = "examples-{}.parquet"
Rows = Mapping[str, pa.Table]


@dataclass(frozen=True)
class LargeTraining:
    """What training on more rows than memory holds gives.

    Args:
        trained: the candidates of the sample, of which the champion has the trees of all customers.
        card: how good they are, at the test cutoffs of the sample.
        sampled: how many customers the sample has.
        examples: how many examples the trees of the champion grew on.
    """

    trained: Trained
    card: Card
    sampled: int
    examples: int

    @property
    def model(self) -> Bundle:
        """The champion."""
        return self.trained.model


def train_in_parts(
    question: Question, history: History, split: Split, folder: Path, parts: int, seed: int = 0, candidate: str = ""
) -> LargeTraining:
    """Train on one machine, a part of the customers at a time.

    Args:
        question: what is asked.
        history: the checked event tables.
        split: cutoffs by use; the test cutoffs are those of the card.
        folder: where the examples are written, as examples-*.parquet; those of an earlier training go.
        parts: into how many parts the customers fall by a hash; one of them is the sample.
        seed: of LightGBM's sampling.
        candidate: whose trees grow, such as "lightgbm" or "hybrid"; by default those of the champion of the sample.

    Raises:
        QuestionError: the candidate has no trees, or nothing can be learned from the sample.
    """
    complete, known = question.on(history, split.known[-1]), without_rows(history)
    everything = {name: set(table.columns) for name, table in history.tables.items()}
    some = history_of(known, _read(rows_before(part_of(history, 0, parts), FOREVER, everything)))
    sample = Sample.of(complete, some, split, seed, candidate)
    growing = Growing.of(sample.trained.model, sample.rows.take(sample.rows.at(*split.known)))
    work = TreeWork(complete, known, split.known, growing, Path(folder), parts).afresh()
    counts = [int(work(number, _read(work.rows_of(part_of(history, number, parts))))) for number in range(parts)]
    grown = sample.trained.with_champion(growing.with_trees(growing.trees(work.files)))
    return sample.judged(grown, sum(counts))


@dataclass(frozen=True)
class Sample:
    """What the customers of a sample give: their candidates, and the rows by which the card judges.

    Args:
        trained: the candidates.
        rows: features at the known and test cutoffs.
        label: answers in the same order, shape (n,).
        split: cutoffs by use.
        seed: of what is drawn by lot.
    """

    trained: Trained
    rows: Matrix
    label: np.ndarray
    split: Split
    seed: int

    @classmethod
    def of(cls, question: Question, some: History | RowSource, split: Split, seed: int, candidate: str) -> "Sample":
        """Return what some customers give; the other arguments are those of `train_in_parts`.

        Raises:
            QuestionError: there is no such candidate, or too little to learn from.
        """
        cutoffs = *split.known, *split.test
        rows = matrix(question, some, cutoffs)
        label = labels(question, some, cutoffs, rows=rows)
        trained = fit(question, some, rows, label, split, seed)
        return cls(_named(trained, candidate), rows, label, split, seed)

    def judged(self, trained: Trained, examples: int) -> LargeTraining:
        """Return the result, judged on these customers, of what has trees of so many examples."""
        test = self.rows.at(*self.split.test)
        card = judge(trained, self.rows.take(test), self.label[test], self.seed)
        return LargeTraining(trained, card, self.rows.key.customer.nunique(), examples)


@dataclass(frozen=True)
class TreeWork:
    """What is done about some customers: their examples are written; it holds no row."""

    question: Question
    known: History
    cutoffs: Sequence[datetime]
    growing: Growing
    folder: Path
    parts: int

    def __call__(self, number: int, rows: Rows) -> str:
        """Write the examples of the customers whose rows are given, and return how many there are."""
        history = history_of(self.known, rows)
        try:
            some = matrix(self.question, history, self.cutoffs)
        except QuestionError:  # none of them is asked about; of anything else the sample would have shown it
            return "0"
        label = labels(self.question, history, self.cutoffs, rows=some)
        mask = unsettled(self.question, some)
        path = self.folder / EXAMPLES.format(f"{number:05d}")
        return str(self.growing.write(some.take(mask), label[mask], path, self.parts))

    def rows_of(self, history: History) -> dict[str, Table]:
        """Return what must be read of the events: those that features see, and labels."""
        features = (*self.question.features, self.question.label(history))
        read = {table: set[str]() for table in self.question.population.tables}
        end = self.question.horizon.after(self.cutoffs[-1])
        return rows_before(history, end, read | columns_read(history.tables, features))

    def afresh(self) -> "TreeWork":
        """Return the same work, of which nothing is written yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("examples-*"):
            old.unlink()
        return self

    @property
    def files(self) -> list[Path]:
        """The files of examples, in the order in which they count."""
        return sorted(self.folder.glob(EXAMPLES.format("*")))


def _named(trained: Trained, candidate: str) -> Trained:
    """Return what was trained with another candidate as its champion, where one is named."""
    if candidate and candidate not in trained.bundles:
        raise QuestionError(f"There is no candidate {candidate!r}. The sample has: {listed(trained.bundles)}.")
    return replace(trained, champion=candidate, reason="as it was named") if candidate else trained


def _read(tables: Mapping[str, Table]) -> dict[str, pa.Table]:
    return {name: table.to_pyarrow().cast(table.schema().to_pyarrow()) for name, table in tables.items()}
