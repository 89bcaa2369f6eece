"""Large training: one model from more rows than memory holds, some customers at a time.

A sample of the customers, whose size is told, chooses the candidate, its number of trees and its calibration, and gives
the card. Then the trees grow on the rows of all customers, which are never together in one place.
"""

from collections.abc import Mapping
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

__all__ = ["LargeTraining", "TrainedSample", "TreeWork", "sampled", "train_in_parts"]

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
    sample, work = sampled(question, history, split, folder, parts, seed, candidate)
    work = work.in_parts(parts)
    counts = [int(work(number, _read(work.rows_of(part_of(history, number, parts))))) for number in range(parts)]
    return sample.with_trees(work.growing.with_trees(work.growing.trees(work.files)), sum(counts))


@dataclass(frozen=True)
class TrainedSample:
    """What the sample gives: its candidates, and what the card is about."""

    trained: Trained
    tested: tuple[Matrix, np.ndarray]
    customers: int
    seed: int

    def with_trees(self, model: Bundle, examples: int) -> LargeTraining:
        """Return the result, of which the champion has other trees."""
        trained = replace(self.trained, bundles={**self.trained.bundles, self.trained.champion: model})
        card = judge(trained, *self.tested, self.seed)
        return LargeTraining(trained, card, self.customers, examples)


@dataclass(frozen=True)
class TreeWork:
    """What is done about some customers: their examples are written; it holds no row."""

    question: Question
    known: History
    cutoffs: tuple[datetime, ...]
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

    def in_parts(self, parts: int) -> "TreeWork":
        """Return the same work on customers who fall into other parts, of which nothing is written yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("examples-*"):
            old.unlink()
        return replace(self, parts=parts)

    @property
    def files(self) -> list[Path]:
        """The files of examples, in the order in which they count."""
        return sorted(self.folder.glob(EXAMPLES.format("*")))


def sampled(
    question: Question, history: History, split: Split, folder: Path, parts: int, seed: int, candidate: str
) -> tuple[TrainedSample, TreeWork]:
    """Train on a part of the customers; return what it gives, and what is to be done about all of them."""
    complete, known = question.on(history, split.known[-1]), without_rows(history)
    everything = {name: set(table.columns) for name, table in history.tables.items()}
    some = history_of(known, _read(rows_before(part_of(history, 0, parts), FOREVER, everything)))
    rows = matrix(complete, some, (*split.known, *split.test))
    label = labels(complete, some, (*split.known, *split.test), rows=rows)
    trained = _growing(fit(complete, some, rows, label, split, seed), candidate)
    test = rows.at(*split.test)
    sample = TrainedSample(trained, (rows.take(test), label[test]), rows.key.customer.nunique(), seed)
    growing = Growing.of(trained.model, rows.take(rows.at(*split.known)))
    return sample, TreeWork(complete, known, tuple(split.known), growing, Path(folder), parts)


def _growing(trained: Trained, candidate: str) -> Trained:
    """Return what was trained with another candidate as its champion, where one is named."""
    if candidate and candidate not in trained.bundles:
        raise QuestionError(f"There is no candidate {candidate!r}. The sample has: {listed(trained.bundles)}.")
    return replace(trained, champion=candidate, reason="as it was named") if candidate else trained


def _read(tables: Mapping[str, Table]) -> dict[str, pa.Table]:
    return {name: table.to_pyarrow().cast(table.schema().to_pyarrow()) for name, table in tables.items()}
