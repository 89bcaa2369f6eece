"""The one crossing from tables to arrays: nothing before it holds rows in memory, nothing after it knows a table."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from patron.engines.outputs import atomic_path
from patron.errors import HistoryError, QuestionError
from patron.features.compute.executor import UNLIMITED, RowBlock, execute
from patron.features.compute.fold.encodings import encode
from patron.features.compute.plan import FUTURE, PAST, ExecutionPlan, Progress, silent
from patron.features.definitions import columns, definitions
from patron.features.measures import Feature
from patron.history.history import History
from patron.periods import Moment, Span, instants
from patron.questions.kinds import Churn
from patron.questions.question import Question
from patron.questions.row_source import KEY, Matrix, RowSource, in_order

__all__ = [
    "KEY",
    "MEMORY",
    "EventRows",
    "Matrix",
    "exact_features",
    "labels",
    "matrices",
    "matrix",
    "row_source",
    "table_of",
    "whole",
    "write_rows",
]

MEMORY = 2.0  # gigabytes


def matrix(
    question: Question,
    history: History | RowSource,
    cutoffs: Sequence[Moment],
    memory: float = MEMORY,
    progress: Callable[[Progress], None] = silent,
) -> Matrix:
    """Run the features of a question at some cutoffs and hold them in memory; each event table is read once.

    Args:
        question: who is asked about, and the features.
        history: the checked event tables, or a panel.
        cutoffs: the instants at which customers are looked at.
        memory: gigabytes that the events may take while they are worked on; more are read in parts. The rows come on
            top, 4 bytes for each number: where they do not fit, `write_rows` writes them part by part.
        progress: told how far the work has come.

    Raises:
        QuestionError: a cutoff lies outside the history or comes twice, none is given, or no customer is asked about.
        HistoryError: events do not fit in memory, and there is no room on disk.
    """
    return row_source(history).matrix(question, cutoffs, memory, progress)


def matrices(
    question: Question,
    history: History,
    cutoffs: Sequence[Moment],
    memory: float = MEMORY,
    most: int = UNLIMITED,
    finished: int = 0,
    progress: Callable[[Progress], None] = silent,
) -> Iterator[Matrix]:
    """Run the features of a question and hand them out part by part, so that any number of customers fits.

    A part holds all rows of its customers; the same history, memory and *most* give the same parts.

    Args:
        question: who is asked about, and the features.
        history: the checked event tables.
        cutoffs: the instants at which customers are looked at.
        memory: gigabytes that the events in memory may take, and the rows of a part half as much.
        most: how many rows a part may have, about.
        finished: how many parts were handed out before, and are left out.
        progress: told how far the work has come.

    Raises:
        QuestionError: as `matrix`, but for customers: where there are none, there is no part.
        HistoryError: events do not fit in memory, and there is no room on disk.
    """
    plan, complete = _plan(question, history, cutoffs, memory, progress)
    meanings = definitions(history.tables, complete.features)
    names = [meaning.name for meaning in meanings]
    for block in execute(plan, min(most, plan.max_rows), finished):
        yield Matrix(_key(block), _frame(block, names), meanings)


def write_rows(
    question: Question,
    history: History,
    cutoffs: Sequence[Moment],
    path: Path,
    memory: float = 1.0,
    progress: Callable[[Progress], None] = silent,
) -> int:
    """Write the rows of a question as one Parquet file, part by part, so that any number of customers fits.

    The columns are those of the matrix beside `customer` and `cutoff`. Rows are sorted by cutoff, then customer,
    within some customers that fit in memory together. The file appears when it is whole.

    Args:
        question: who is asked about, and the features.
        history: the checked event tables.
        cutoffs: the instants at which customers are looked at.
        path: the file to write.
        memory: gigabytes that the events in memory may take, and the rows as much again.
        progress: told how far the work has come.

    Returns:
        the number of rows written.

    Raises:
        QuestionError: as `matrix`.
        HistoryError: events do not fit in memory, and there is no room on disk.
    """
    plan, complete = _plan(question, history, cutoffs, memory, progress)
    names = [name for name, _, _ in columns(complete.features)]
    with atomic_path(Path(path)) as unfinished:
        written = _write(unfinished, (table_of(block, names) for block in execute(plan, plan.max_rows)))
        _check_found(question, cutoffs, written)
    return written


def _write(path: Path, tables: Iterable[pa.Table]) -> int:
    """Write tables below one another in one file, and return the number of rows."""
    written = 0
    with ExitStack() as stack:
        writer = None
        for table in tables:
            writer = writer or stack.enter_context(_writer(path, table.schema))
            writer.write_table(table)
            written += len(table)
    return written


def _writer(path: Path, kinds: pa.Schema) -> pq.ParquetWriter:
    """Open a file for rows; numbers that seldom repeat are smaller and faster without a dictionary."""
    words = [field.name for field in kinds if pa.types.is_string(field.type)]
    return pq.ParquetWriter(path, kinds, compression="zstd", use_dictionary=words)


def labels(
    question: Question,
    history: History | RowSource,
    cutoffs: Sequence[Moment],
    memory: float = MEMORY,
    rows: Matrix | None = None,
) -> np.ndarray:
    """Run the labels of a question for the same rows, in the same order as `matrix`, as float64.

    Args:
        question: who is asked about, and the label.
        history: the checked event tables, or a panel.
        cutoffs: the instants at which customers are looked at.
        memory: gigabytes that the events may take while they are worked on; more are read in parts.
        rows: those that are answered, where they were made before.

    Raises:
        QuestionError: a horizon has not passed, no cutoff is given, one comes twice, or no customer is asked about.
        HistoryError: an event table changed since *rows* were made, or events do not fit in memory and there is no
            room on disk.
    """
    return row_source(history).labels(question, cutoffs, memory, rows)


def exact_features(
    history: History, features: Sequence[Feature], cutoffs: Sequence[Moment], memory: float = MEMORY
) -> pd.DataFrame:
    """Return features of everybody who ordered before each cutoff in double precision, in which money adds up.

    Args:
        history: the checked event tables.
        features: what is computed.
        cutoffs: the instants at which customers are looked at.
        memory: gigabytes that the events may take while they are worked on; more are read in parts.

    Returns:
        `customer`, `cutoff` and a column of each feature and window, by cutoff and customer.

    Raises:
        QuestionError: a cutoff lies outside the history or comes twice, none is given, or nobody ordered before it.
    """
    everybody = Question(Span(1))
    times, known = _checked(history, cutoffs), tuple(features)
    plan = ExecutionPlan(history, everybody.population, known, times, PAST, np.float64, _gigabytes(memory))
    block = EventRows(history).block(plan, everybody)
    return pd.concat([_key(block), _frame(block, [name for name, _, _ in columns(known)])], axis=1)


def row_source(history: History | RowSource) -> RowSource:
    """Return what rows come from: a panel itself, or the events of a history."""
    return EventRows(history) if isinstance(history, History) else history


@dataclass(frozen=True)
class EventRows(RowSource):
    """The rows of a history, each computed from the events before its cutoff."""

    history: History

    @property
    def starts(self) -> datetime:
        """The first event."""
        return self.history.starts

    def complete(self, question: Question, before: datetime | None = None) -> Question:
        """Return the question with those features that the history can answer."""
        return question.on(self.history, before)

    def matrix(
        self, question: Question, cutoffs: Sequence[Moment], memory: float, progress: Callable[[Progress], None]
    ) -> Matrix:
        """Run the features over the events before each cutoff."""
        plan, complete = _plan(question, self.history, cutoffs, memory, progress)
        block = self.block(plan, question)
        columns = definitions(self.history.tables, complete.features)
        return Matrix(_key(block), _frame(block, [column.name for column in columns]), columns)

    def labels(self, question: Question, cutoffs: Sequence[Moment], memory: float, rows: Matrix | None) -> np.ndarray:
        """Run the label over the events after each cutoff."""
        block = self._label(question, cutoffs, memory)
        if rows is not None:
            _check_same(rows.key, _key(block))
        return self._unsettled(question, cutoffs, memory, block.numbers[0])

    def idle(self, question: Question, key: pd.DataFrame) -> np.ndarray:
        """Run the label of churn over the events after each cutoff."""
        silence = Churn(question.horizon, question.active_in)
        block = self._label(silence, [cutoff.to_pydatetime() for cutoff in key.cutoff.unique()], MEMORY)
        return key.merge(_key(block).assign(idle=block.numbers[0]), how="left", on=KEY).idle.to_numpy()

    def causes(self, question: Question, key: pd.DataFrame) -> list[str | None] | None:
        """Run the cause of what is asked over the events after each cutoff."""
        cause = question.cause(self.history)
        if cause is None:
            return None
        times = _checked(self.history, [cutoff.to_pydatetime() for cutoff in key.cutoff.unique()])
        plan = ExecutionPlan(self.history, question.population, (cause,), times, FUTURE, np.float64, MEMORY)
        block = self.block(plan, question)
        (texts,) = block.texts.values()
        merged = key.merge(_key(block).assign(cause=texts), how="left", on=KEY).cause
        return [cause if isinstance(cause, str) else None for cause in merged]

    def orders_within(
        self, question: Question, window: Span, features: Sequence[Feature], cutoffs: Sequence[datetime]
    ) -> tuple[Matrix, np.ndarray] | None:
        """Run some features, and the opposite of churn over the window, of customers at each cutoff."""
        silence = Churn(window, question.active_in, tuple(features))
        rows = matrix(silence, self, cutoffs)
        return rows, 1.0 - labels(silence, self, cutoffs, rows=rows)

    def everybody(self, question: Question, features: Sequence[Feature], cutoff: datetime) -> pd.DataFrame:
        """Return the features of all customers with an order before a cutoff."""
        known, times = tuple(features), _checked(self.history, [cutoff])
        plan = ExecutionPlan(self.history, question.population.everybody, known, times, memory=MEMORY)
        return _frame(self.block(plan, question), [name for name, _, _ in columns(known)])

    def check_events(self, purpose: str) -> None:
        """Refuse nothing: here are the events."""

    def _unsettled(self, question: Question, cutoffs: Sequence[Moment], memory: float, label: np.ndarray) -> np.ndarray:
        """Return labels, 0 where the answer was no for the whole horizon already."""
        settled = question.settled(self.history)
        if settled is None:
            return label
        times = _checked(self.history, cutoffs)
        plan = ExecutionPlan(self.history, question.population, (settled,), times, PAST, np.float64, _gigabytes(memory))
        return np.where(self.block(plan, question).numbers[0] >= (question.horizon.days or 0), 0.0, label)

    def _label(self, question: Question, cutoffs: Sequence[Moment], memory: float) -> RowBlock:
        times, label = _checked(self.history, cutoffs), question.label(self.history)
        for cutoff in times:
            self.history.check_passed(cutoff, question.horizon)
        spent = _gigabytes(memory)
        plan = ExecutionPlan(self.history, question.population, (label,), times, FUTURE, np.float64, spent)
        return self.block(plan, question)

    def block(self, plan: ExecutionPlan, question: Question) -> RowBlock:
        """Run a plan over the events, and return all its rows; refuse a question of nobody."""
        return whole(plan, question, [block for block in execute(plan) if len(block.customer)])


def whole(plan: ExecutionPlan, question: Question, blocks: list[RowBlock]) -> RowBlock:
    """Return the rows of all blocks of a plan as one block, in order; refuse a question of nobody.

    Raises:
        QuestionError: there is no block.
    """
    _check_found(question, plan.cutoffs, len(blocks))
    return _joined(blocks)


def _check_same(rows: pd.DataFrame, answered: pd.DataFrame) -> None:
    """Refuse answers of others than the rows: the tables are read once for each, and may have changed in between."""
    if not rows.equals(answered):
        raise HistoryError(
            f"An event table changed while it was read: features were made for {len(rows):,} rows of customer and "
            f"cutoff, and then other ones were answered ({len(answered):,}). Nothing was kept. "
            "Wait until the tables are written, or read a copy of them."
        )


def _joined(blocks: list[RowBlock]) -> RowBlock:
    """Put the rows of all parts in order: by cutoff, then customer. The parts are let go on the way."""
    if len(blocks) == 1:
        return blocks[0]
    customers, codes = encode([block.customer for block in blocks])
    cutoff = np.concatenate([block.cutoff for block in blocks])
    order = np.lexsort((codes, cutoff))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    names, kind = blocks[0].names, blocks[0].numbers.dtype
    texts = {name: np.concatenate([block.texts[name] for block in blocks])[order] for name in blocks[0].texts}
    numbers, begin = np.empty((len(names), len(order)), kind), 0
    while blocks:
        block = blocks.pop(0)
        numbers[:, place[begin : begin + len(block.customer)]] = block.numbers
        begin += len(block.customer)
    return RowBlock(customers.take(pa.array(codes[order])), cutoff[order], numbers, names, texts)


def _plan(
    question: Question,
    history: History,
    cutoffs: Sequence[Moment],
    memory: float,
    progress: Callable[[Progress], None],
) -> tuple[ExecutionPlan, Question]:
    """Return the plan, and the question with all its features."""
    times = _checked(history, cutoffs)
    complete = question.on(history, times[-1])
    plan = ExecutionPlan(
        history, complete.population, complete.features, times, memory=_gigabytes(memory), progress=progress
    )
    return plan, complete


def _gigabytes(memory: float) -> float:
    if isinstance(memory, str) or not memory > 0:
        raise QuestionError(f"Memory is a number of gigabytes above zero, got {memory!r}. Give for example memory=2.0.")
    return memory


def _checked(history: History, cutoffs: Sequence[Moment]) -> tuple[datetime, ...]:
    """Return the cutoffs, oldest first, all within the history."""
    times = in_order(cutoffs)
    for cutoff in times:
        history.check_cutoff(cutoff)
    return times


def _check_found(question: Question, cutoffs: Sequence[Moment], count: int) -> None:
    if not count:
        raise QuestionError(
            f"No customer {question.population.words} {max(instants(cutoffs)):%Y-%m-%d}. "
            f"{question.population_hint}, or use later cutoffs."
        )


def _key(block: RowBlock) -> pd.DataFrame:
    return pd.DataFrame({"customer": block.customer.to_pandas(), "cutoff": block.cutoff})


def _frame(block: RowBlock, names: Sequence[str]) -> pd.DataFrame:
    """Put numbers and texts side by side, in the order of the features; numbers are not copied."""
    numbers = pd.DataFrame(block.numbers.T, columns=list(block.names), copy=False)
    if not block.texts:
        return numbers
    texts = {name: pa.array(values, pa.string()).to_pandas() for name, values in block.texts.items()}
    return numbers.assign(**texts)[list(names)]


def table_of(block: RowBlock, names: Sequence[str]) -> pa.Table:
    """Return the rows of a block as a table of customer, cutoff and some columns."""
    arrays = {"customer": block.customer, "cutoff": pa.array(block.cutoff)}
    numbers = dict(zip(block.names, block.numbers, strict=True))
    for name in names:
        text = name in block.texts
        arrays[name] = pa.array(block.texts[name], pa.string()) if text else pa.array(numbers[name], from_pandas=True)
    return pa.table(arrays)
