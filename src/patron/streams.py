"""Streams: rows that pass by in batches, from an engine or a file, so that a table never stands in memory twice."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from patron.errors import HistoryError

__all__ = ["BATCH", "THREADS", "ahead", "batches", "opened", "parted"]

BATCH, WRITTEN = 262_144, 65_536
THREADS, WAITING = 2, 4

One = TypeVar("One")
Other = TypeVar("Other")


def batches(table: Table) -> pa.RecordBatchReader:
    """Run a query and hand out its rows in batches, in any order.

    >>> import ibis
    >>> [batch.num_rows for batch in batches(ibis.memtable({"x": [1, 2, 3]}))]
    [3]
    """
    engine = table.get_backend()
    if engine.name == "duckdb":  # Ibis 12 asks it for a reader by a name that is gone since DuckDB 2
        return engine._to_duckdb_relation(table).to_arrow_reader(BATCH)
    return table.to_pyarrow_batches(chunk_size=BATCH)


def ahead(work: Callable[[One], Other], items: Iterable[One]) -> Iterator[Other]:
    """Work on items in some threads while the next ones come, few at a time, and hand out what is made in their order.

    >>> list(ahead(abs, [-3, -4]))
    [3, 4]
    """
    waiting: deque[Future[Other]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) == WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def parted(stream: pa.RecordBatchReader, part: str, parts: int, folder: Path) -> list[Path]:
    """Write rows that do not fit in memory together to one file for each part, reading them once.

    Args:
        stream: the rows.
        part: the column that tells the part of a row, from 0; it is not written.
        parts: how many there are.
        folder: where the files are made.

    Raises:
        HistoryError: the disk is full.
    """
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.arrow" for number in range(parts)]
    kinds = pa.schema([field for field in stream.schema if field.name != part])
    try:
        with ExitStack() as files:
            writers = [files.enter_context(pa.ipc.new_stream(str(path), kinds)) for path in paths]
            kept: list[list[pa.RecordBatch]] = [[] for _ in paths]
            for pieces in ahead(lambda batch: _split(batch, part, parts), stream):
                for number, piece in enumerate(pieces):
                    kept[number].append(piece)
                    if sum(map(len, kept[number])) >= WRITTEN:
                        writers[number].write_batch(_whole(kept[number], kinds))
                        kept[number] = []
            for writer, rest in zip(writers, kept, strict=True):
                writer.write_batch(_whole(rest, kinds))
    except OSError as error:
        raise HistoryError(
            f"The events do not fit in memory, and setting them aside on disk failed: {error.strerror or error}. "
            "Allow more memory, or name a folder with more room in the environment variable TMPDIR."
        ) from None
    return paths


def opened(path: Path) -> pa.RecordBatchReader:
    """Hand out the rows of a file of `parted`."""
    return pa.ipc.open_stream(pa.memory_map(str(path)))


def _split(batch: pa.RecordBatch, part: str, parts: int) -> Sequence[pa.RecordBatch]:
    number = np.asarray(batch[part])
    order = np.argsort(number, kind="stable")
    ends = np.searchsorted(number[order], np.arange(parts + 1))
    placed = batch.drop_columns([part]).take(pa.array(order))
    return [placed.slice(begin, end - begin) for begin, end in pairwise(ends)]


def _whole(pieces: Sequence[pa.RecordBatch], kinds: pa.Schema) -> pa.RecordBatch:
    made = pa.Table.from_batches(pieces, kinds).combine_chunks().to_batches()
    return made[0] if made else pa.RecordBatch.from_pylist([], kinds)
