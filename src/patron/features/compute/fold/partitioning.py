"""Partitioning: rows that do not fit in memory go to a file for each partition of the customers, and come back."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from patron.engines.batches import ahead
from patron.errors import HistoryError
from patron.features.compute.fold.encodings import concatenate, drop_unused_words, narrow

__all__ = ["PARTITION", "read_partition", "write_partitions"]

PARTITION = "partition"
CHUNK_ROWS = 500_000


def write_partitions(stream: Iterable[pa.RecordBatch], n_partitions: int, folder: Path) -> list[Path]:
    """Write compact rows to one file for each partition, reading them once.

    A file holds one stream after the other, as the types that are narrow enough change from rows to rows.

    Args:
        stream: the rows; their column *partition* has the number of the partition, from 0, and is not written.
        n_partitions: how many there are.
        folder: where the files are written.

    Raises:
        HistoryError: the disk is full.
    """
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.arrow" for number in range(n_partitions)]
    try:
        for pieces in ahead(lambda batches: _split(batches, n_partitions), _chunks(stream)):
            for path, piece in zip(paths, pieces, strict=True):
                with pa.OSFile(str(path), "ab") as file, pa.ipc.new_stream(file, piece.schema) as writer:
                    writer.write_batch(piece)
    except OSError as error:
        raise HistoryError(
            f"The events do not fit in memory, and setting them aside on disk failed: {error.strerror or error}. "
            "Allow more memory, or name a folder with more room in the environment variable TMPDIR."
        ) from None
    return paths


def read_partition(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file of `write_partitions`."""
    file = pa.memory_map(str(path))
    while file.tell() < file.size():
        yield from pa.ipc.open_stream(file)


def _chunks(stream: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Put batches together, so that a partition has a good many rows of them."""
    kept: list[pa.RecordBatch] = []
    for batch in stream:
        kept.append(batch)
        if sum(map(len, kept)) >= CHUNK_ROWS:
            yield kept
            kept = []
    if kept:
        yield kept


def _split(batches: Sequence[pa.RecordBatch], n_partitions: int) -> Sequence[pa.RecordBatch]:
    names = [name for name in batches[0].schema.names if name != PARTITION]
    number = np.concatenate([np.asarray(batch[PARTITION]) for batch in batches])
    order = np.argsort(number, kind="stable")
    ends = np.searchsorted(number[order], np.arange(n_partitions + 1))
    whole = [narrow(concatenate([batch[name] for batch in batches])).take(pa.array(order)) for name in names]
    return [
        pa.record_batch([drop_unused_words(values.slice(begin, end - begin)) for values in whole], names)
        for begin, end in pairwise(ends)
    ]
