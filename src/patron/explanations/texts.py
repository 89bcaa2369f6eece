"""Texts: columns of texts, written by a compiled loop from the few that many rows share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pyarrow as pa

from patron.compiling import compiled

__all__ = ["Coded", "each", "written"]


@dataclass(frozen=True)
class Coded:
    """Texts, and which of them each row has.

    Args:
        texts: each once.
        place: of each row's text among them, shape (m,), or of several that follow one another, shape (pieces, m).
    """

    texts: Sequence[str]
    place: np.ndarray


def each(texts: Sequence[str], place: np.ndarray) -> pa.Array:
    """Return the text of each of some places."""
    return written(Coded(texts, place))


def written(*columns: Coded) -> pa.Array:
    """Return for each row the texts of all columns, one after another.

    >>> written(Coded(["few", "many"], np.array([1, 0])), Coded([": 1", ": 2"], np.array([1, 0]))).to_pylist()
    ['many: 2', 'few: 1']
    """
    texts = pa.array([text for column in columns for text in column.texts], pa.large_string())
    shifts = accumulate((len(column.texts) for column in columns[:-1]), initial=0)
    places = [
        np.atleast_2d(column.place).astype(np.int32) + shift for column, shift in zip(columns, shifts, strict=True)
    ]
    codes = np.concatenate(places)
    _, starts, letters = (np.frombuffer(buffer or b"", np.uint8) for buffer in texts.buffers())
    starts = starts.view(np.int64)
    ends = np.zeros(codes.shape[1] + 1, dtype=np.int64)
    add_lengths(starts, codes, ends)
    page = np.empty(ends[-1], dtype=np.uint8)
    copy_letters(starts, letters, codes, ends, page)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(page)]
    return pa.Array.from_buffers(pa.large_string(), codes.shape[1], buffers)


@compiled
def add_lengths(starts, codes, ends):
    """Write where the text of each row ends, in letters of UTF-8."""
    for row in range(codes.shape[1]):
        total = ends[row]
        for piece in range(codes.shape[0]):
            code = codes[piece, row]
            total += starts[code + 1] - starts[code]
        ends[row + 1] = total


@compiled
def copy_letters(starts, letters, codes, ends, page):
    """Write the letters of each row's pieces."""
    for row in range(codes.shape[1]):
        at = np.uint64(ends[row])
        for piece in range(codes.shape[0]):
            code = codes[piece, row]
            first, size = np.uint64(starts[code]), np.uint64(starts[code + 1] - starts[code])
            for letter in range(size):
                page[at + letter] = letters[first + letter]
            at += size
