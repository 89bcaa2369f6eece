"""Batches: rows that pass by in batches, from an engine or a file, so that a table never stands in memory twice."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pyarrow as pa
from ibis.expr.types import Table

from patron.errors import HistoryError

__all__ = ["BATCH", "THREADS", "ahead", "batches"]

BATCH = 61_440  # small enough that an engine fills the same memory again and again
THREADS, WAITING = 2, 4

Item = TypeVar("Item")
Result = TypeVar("Result")


def batches(table: Table) -> Iterator[pa.RecordBatch]:
    """Run a query and hand out its rows in batches, in any order; the first is empty, so that there is always one.

    Raises:
        HistoryError: the engine cannot read or compute the rows.

    >>> import ibis
    >>> [batch.num_rows for batch in batches(ibis.memtable({"x": [1, 2, 3]}))]
    [0, 3]
    """
    try:
        with _drops_deferred(table.get_backend()), _reader(table) as reader:
            yield pa.RecordBatch.from_pylist([], reader.schema)
            yield from reader
    except Exception as error:  # each engine has its own; their texts may hold values of customers
        raise HistoryError(
            f"The engine could not read or compute the events ({type(error).__name__}). A file may have changed or "
            "gone while it was read, or a measure asks for what its values do not allow, such as a text cast to a "
            "number. Wait until the tables are written, or mend the measure."
        ) from error


@contextmanager
def _drops_deferred(engine: Any) -> Iterator[None]:
    """Drop tables that nobody needs any more when a result has been read: while it is open, DuckDB refuses to."""
    names: list[str] = []
    engine._drop_cached_table = names.append
    try:
        yield
    finally:
        vars(engine).pop("_drop_cached_table", None)
        for name in names:
            engine._drop_cached_table(name)


def _reader(table: Table) -> pa.RecordBatchReader:
    engine = table.get_backend()
    if engine.name == "duckdb":  # Ibis 12 asks it for a reader by a name that is gone since DuckDB 2
        return engine._to_duckdb_relation(table).to_arrow_reader(BATCH)
    return table.to_pyarrow_batches(chunk_size=BATCH)


def ahead(work: Callable[[Item], Result], items: Iterable[Item], waiting: int = WAITING) -> Iterator[Result]:
    """Work on items in some threads while the next ones come, few at a time, and hand out what is made in their order.

    Args:
        work: what is done with an item.
        items: each is asked for when there is room for it.
        waiting: how many may be worked on, or wait to be handed out, at once.

    >>> list(ahead(abs, [-3, -4]))
    [3, 4]
    """
    begun: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) == waiting:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
