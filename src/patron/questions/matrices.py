"""The one crossing from tables to arrays: nothing before it holds rows in memory, nothing after it knows a table."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from patron.engines.files import atomic_path
from patron.errors import HistoryError, QuestionError
from patron.features.compute.executor import RowBlock, execute
from patron.features.compute.fold.encodings import encode
from patron.features.compute.plan import FUTURE, ExecutionPlan, Progress, silent
from patron.features.definitions import Definition, columns, definitions
from patron.history.history import History
from patron.periods import Moment, instants
from patron.questions.panels import Panel
from patron.questions.question import Question

__all__ = ["KEY", "Matrix", "answers", "matrix", "write_rows"]

KEY = ["customer", "cutoff"]


@dataclass(frozen=True)
class Matrix:
    """Rows in memory: who and when, and what was known of them.

    Args:
        key: `customer` and `cutoff` of each row, sorted by cutoff, then customer.
        X: features in the same order; numbers as float32 with NaN for unknown, texts as str.
        definitions: what each column of X means.
    """

    key: pd.DataFrame
    X: pd.DataFrame
    definitions: tuple[Definition, ...]

    def __len__(self) -> int:
        return len(self.key)

    def at(self, *cutoffs: datetime) -> np.ndarray:
        """Return which rows belong to the given cutoffs, as a mask."""
        return self.key.cutoff.isin(cutoffs).to_numpy()

    def take(self, mask: np.ndarray) -> "Matrix":
        """Return the rows that the mask keeps."""
        return Matrix(self.key[mask].reset_index(drop=True), self.X[mask].reset_index(drop=True), self.definitions)


def matrix(
    question: Question,
    history: History | Panel,
    cutoffs: Sequence[Moment],
    memory: float = 2.0,
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
    if isinstance(history, Panel):
        question.on(history)
        return Matrix(history.key, history.X, history.definitions).take(history.which(_in_order(cutoffs)))
    plan, asked = _before(question, history, cutoffs, memory, progress)
    made = [block for block in execute(plan) if len(block.customer)]
    _check_found(question, cutoffs, len(made))
    meant = definitions(history.tables, asked.features)
    whole = _joined(made)
    return Matrix(_key(whole), _frame(whole, [d.name for d in meant]), meant)


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
    plan, asked = _before(question, history, cutoffs, memory, progress)
    names = [name for name, _, _ in columns(asked.features)]
    with atomic_path(Path(path)) as unfinished:
        written = _write(unfinished, (_arrow(block, names) for block in execute(plan, plan.max_rows)))
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


def answers(
    question: Question,
    history: History | Panel,
    cutoffs: Sequence[Moment],
    memory: float = 2.0,
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
    if isinstance(history, Panel):
        question.on(history)
        return history.answers(question.name, _in_order(cutoffs))
    times = _checked(history, cutoffs)
    for cutoff in times:
        history.check_passed(cutoff, question.horizon)
    plan = ExecutionPlan(
        history, question.active_in, (question.label(history),), times, FUTURE, np.float64, _gigabytes(memory)
    )
    found = [block for block in execute(plan) if len(block.customer)]
    _check_found(question, cutoffs, len(found))
    made = _joined(found)
    if rows is not None:
        _check_same(rows.key, _key(made))
    return made.numbers[0]


def _check_same(rows: pd.DataFrame, answered: pd.DataFrame) -> None:
    """Refuse answers of others than the rows: the tables are read once for each, and may have changed in between."""
    if not rows.equals(answered):
        raise HistoryError(
            f"An event table changed while it was read: features were made for {len(rows):,} rows of customer and "
            f"cutoff, and then other ones were answered ({len(answered):,}). Nothing was kept. "
            "Wait until the tables are written, or read a copy of them."
        )


def _joined(made: list[RowBlock]) -> RowBlock:
    """Put the rows of all parts in order: by cutoff, then customer. The parts are let go on the way."""
    if len(made) == 1:
        return made[0]
    customers, codes = encode([block.customer for block in made])
    cutoff = np.concatenate([block.cutoff for block in made])
    order = np.lexsort((codes, cutoff))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    names, kind = made[0].names, made[0].numbers.dtype
    texts = {name: np.concatenate([block.texts[name] for block in made])[order] for name in made[0].texts}
    numbers, begin = np.empty((len(names), len(order)), kind), 0
    while made:
        block = made.pop(0)
        numbers[:, place[begin : begin + len(block.customer)]] = block.numbers
        begin += len(block.customer)
    return RowBlock(customers.take(pa.array(codes[order])), cutoff[order], numbers, names, texts)


def _before(
    question: Question,
    history: History,
    cutoffs: Sequence[Moment],
    memory: float,
    progress: Callable[[Progress], None],
) -> tuple[ExecutionPlan, Question]:
    """Return the work, and the question with all its features."""
    times = _checked(history, cutoffs)
    asked = question.on(history, times[-1])
    return ExecutionPlan(
        history, asked.active_in, asked.features, times, memory=_gigabytes(memory), progress=progress
    ), asked


def _gigabytes(memory: float) -> float:
    if isinstance(memory, str) or not memory > 0:
        raise QuestionError(f"Memory is a number of gigabytes above zero, got {memory!r}. Give for example memory=2.0.")
    return memory


def _checked(history: History, cutoffs: Sequence[Moment]) -> tuple[datetime, ...]:
    """Return the cutoffs, oldest first, all within the history."""
    times = _in_order(cutoffs)
    for cutoff in times:
        history.check_cutoff(cutoff)
    return times


def _in_order(cutoffs: Sequence[Moment]) -> tuple[datetime, ...]:
    """Return the cutoffs, oldest first; refuse none, and one that comes twice."""
    times = tuple(sorted(instants(cutoffs)))
    if not times:
        raise QuestionError("Rows need at least one cutoff, got none. Give for example cutoffs(first, last, every=30).")
    twice = [one for one, other in pairwise(times) if one == other]
    if twice:
        raise QuestionError(
            f"The cutoff {twice[0]:%Y-%m-%d} is given twice, so its rows would count double. Give each cutoff once."
        )
    return times


def _check_found(question: Question, cutoffs: Sequence[Moment], found: int) -> None:
    if not found:
        raise QuestionError(
            f"No customer had an order in the {question.active_in} before {max(instants(cutoffs)):%Y-%m-%d}. "
            "Ask about a longer time (active_in), or use later cutoffs."
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


def _arrow(block: RowBlock, names: Sequence[str]) -> pa.Table:
    made = {"customer": block.customer, "cutoff": pa.array(block.cutoff)}
    numbers = dict(zip(block.names, block.numbers, strict=True))
    for name in names:
        text = name in block.texts
        made[name] = pa.array(block.texts[name], pa.string()) if text else pa.array(numbers[name], from_pandas=True)
    return pa.table(made)
