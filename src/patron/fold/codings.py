"""Codings: the columns of an engine as arrays, numbers as they are and texts as codes of the words that occur."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Column", "coded", "column", "compact", "instants"]

SAFE = 2.0**62


@dataclass(frozen=True)
class Column:
    """One value for each event.

    Args:
        values: int64 (whole numbers, or money in its smallest unit), float64, or int32 codes of *words*.
        valid: which values are known; none where all are.
        scale: how many of the smallest unit make one.
        words: what the codes stand for, sorted; none where the values are numbers.
    """

    values: np.ndarray
    valid: np.ndarray | None = None
    scale: float = 1.0
    words: pa.Array | None = None

    def take(self, chosen: Any) -> "Column":
        """Return the chosen events."""
        valid = None if self.valid is None else self.valid[chosen]
        return replace(self, values=self.values[chosen], valid=valid)


def compact(values: pa.Array) -> pa.Array:
    """Return one batch of a column in the few bytes that are kept of it: words once, decimals as whole numbers."""
    kind = values.type
    if pa.types.is_decimal(kind):
        low = _low_words(values)
        return values.cast(pa.float64()) if low is None else low
    if pa.types.is_floating(kind):
        return values.cast(pa.float64())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return values.cast(pa.int64())
    if pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp("us"))
    return values.dictionary_encode()


def column(batches: Sequence[pa.Array], kind: pa.DataType) -> Column:
    """Join the compact batches of a column.

    Args:
        batches: of each batch what `compact` made of it.
        kind: the type that the engine gave.
    """
    scale = 10.0**kind.scale if pa.types.is_decimal(kind) else 1.0
    floats = any(pa.types.is_floating(batch.type) for batch in batches)
    if floats:
        batches = [_float(batch, scale) for batch in batches]
    valid = np.concatenate([_known(batch) for batch in batches]) if any(b.null_count for b in batches) else None
    if floats:
        return Column(np.concatenate([_filled(batch, 0.0) for batch in batches]), valid)
    if all(pa.types.is_int64(batch.type) for batch in batches):
        return _whole(np.concatenate([_filled(batch, 0) for batch in batches]), valid, scale)
    words, codes = coded(batches)
    return Column(codes, valid, words=words)


def coded(batches: Sequence[pa.Array]) -> tuple[pa.Array, np.ndarray]:
    """Return the different values as texts, sorted, and for each value its place among them; -1 for unknown."""
    texts = [batch if pa.types.is_dictionary(batch.type) else batch.dictionary_encode() for batch in batches]
    chunks = pa.chunked_array(texts).unify_dictionaries().chunks
    words = chunks[0].dictionary.cast(pa.string())
    order = np.asarray(pc.sort_indices(words))
    rank = np.full(len(order) + 1, -1, np.int32)  # the last stands for unknown
    rank[order] = np.arange(len(order), dtype=np.int32)
    return words.take(pa.array(order)), np.concatenate([rank[_filled(chunk.indices, -1)] for chunk in chunks])


def instants(batches: Sequence[pa.Array]) -> np.ndarray:
    """Return times in microseconds since 1970."""
    return np.concatenate([np.asarray(batch.cast(pa.int64())) for batch in batches])


def _low_words(values: pa.Array) -> pa.Array | None:
    """Return decimals in their smallest unit, or none where a value needs more than one word."""
    width = values.type.bit_width // 64
    if not width:
        return None
    words = np.frombuffer(values.buffers()[1], np.int64)[values.offset * width : (values.offset + len(values)) * width]
    low, unknown = words[::width], np.asarray(values.is_null())
    fits = all(np.all((words[i::width] == low >> 63) | unknown) for i in range(1, width))
    return pa.array(low, mask=unknown) if fits else None


def _float(batch: pa.Array, scale: float) -> pa.Array:
    return batch if pa.types.is_floating(batch.type) else pc.divide(batch.cast(pa.float64(), safe=False), scale)


def _whole(values: np.ndarray, valid: np.ndarray | None, scale: float) -> Column:
    """Keep whole numbers while no sum of them can overflow."""
    largest = max(abs(float(values.max(initial=0))), abs(float(values.min(initial=0))))
    if largest * max(len(values), 1) >= SAFE:
        return Column(values / scale, valid)
    return Column(values, valid, scale)


def _known(batch: pa.Array) -> np.ndarray:
    return np.asarray(pc.is_valid(batch))


def _filled(values: pa.Array, by: float) -> np.ndarray:
    return np.asarray(pc.fill_null(values, by) if values.null_count else values)
