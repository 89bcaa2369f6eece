"""Encodings: the columns of an engine as arrays, numbers as they are and texts as codes of the words that occur."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "Column",
    "column",
    "compact",
    "concatenate",
    "drop_unused_words",
    "encode",
    "group_by_customer",
    "instants",
    "narrow",
]

SAFE, LARGEST = 2.0**62, 2**63 - 1
CLOSE = 4  # numbers this many times as far apart as they are many still have a table
TENS = 10 ** np.arange(20, dtype=np.uint64)


@dataclass(frozen=True)
class Column:
    """One value for each event.

    Args:
        values: int64 (whole numbers, or money in its smallest unit), float64, or int32 codes of *words*.
        valid: which values are known; none where all are.
        scale: how many of the smallest unit make a whole.
        words: what the codes stand for, sorted; none where the values are numbers.
        exact: whole numbers that became floats, as their sum could overflow; none where *values* are exact.
    """

    values: np.ndarray
    valid: np.ndarray | None = None
    scale: float = 1.0
    words: pa.Array | None = None
    exact: np.ndarray | None = None

    def take(self, chosen: Any) -> "Column":
        """Return the chosen events."""
        valid, exact = (None if values is None else values[chosen] for values in (self.valid, self.exact))
        return replace(self, values=self.values[chosen], valid=valid, exact=exact)


def compact(values: pa.Array) -> pa.Array:
    """Return a batch of a column in few bytes: words once, decimals in 64 bits where they fit.

    Nothing of what the engine handed out is kept, so that it can be let go of, and filled anew.
    """
    kind = values.type
    if pa.types.is_decimal(kind):
        low = _low_words(values)
        return values.cast(pa.float64()) if low is None else low
    if pa.types.is_floating(kind):
        return _copy(values.cast(pa.float64()))
    if pa.types.is_uint64(kind) and (pc.max(values).as_py() or 0) > LARGEST:
        return values.cast(pa.float64(), safe=False)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return _copy(values.cast(pa.int64()))
    if pa.types.is_timestamp(kind):
        return _copy(values.cast(pa.timestamp("us"), safe=False))
    return values.dictionary_encode()


def concatenate(batches: Sequence[pa.Array]) -> pa.Array:
    """Join compact batches of a column to one."""
    return pa.concat_arrays(_align(batches))


def narrow(values: pa.Array) -> pa.Array:
    """Return a compact column in the fewest bytes, for the way to the disk and back."""
    if pa.types.is_dictionary(values.type):
        return pa.DictionaryArray.from_arrays(_narrow(values.indices), values.dictionary)
    if pa.types.is_decimal(values.type):
        units = _narrow(_units(values))
        return units.view(pa.decimal32(9, values.type.scale)) if units.type.bit_width == 32 else values
    return _narrow(values) if pa.types.is_integer(values.type) else values


def drop_unused_words(values: pa.Array) -> pa.Array:
    """Return a column without the words that none of its values has, where they could be many."""
    if not pa.types.is_dictionary(values.type) or len(values.dictionary) <= len(values):
        return values
    return values.dictionary_decode().dictionary_encode()


def column(batches: Sequence[pa.Array], position: np.ndarray) -> Column:
    """Write the compact batches of a column, narrow or not, to the positions of their events."""
    batches = _align(batches)
    kind = batches[0].type
    valid = _scatter(map(_is_known, batches), position, np.bool_) if any(b.null_count for b in batches) else None
    if pa.types.is_floating(kind):
        return Column(_scatter((_fill_null(batch, 0.0) for batch in batches), position, np.float64), valid)
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        scale = 10.0**kind.scale if pa.types.is_decimal(kind) else 1.0
        values = _scatter((_fill_null(_units(batch), 0) for batch in batches), position, np.int64)
        return _whole(values, valid, scale)
    words, codes = _rank_words(batches)
    return Column(_scatter(codes, position, np.int32), valid, words=words)


def instants(batches: Sequence[pa.Array], position: np.ndarray) -> np.ndarray:
    """Write times in microseconds since 1970 to the positions of their events."""
    return _scatter((np.asarray(batch.cast(pa.int64())) for batch in batches), position, np.int64)


def encode(batches: Sequence[pa.Array]) -> tuple[pa.Array, np.ndarray]:
    """Return the different values as texts, sorted, and for each value its position among them; -1 for unknown."""
    words, codes = _rank_words(batches)
    return words, np.concatenate(list(codes))


def _rank_words(batches: Sequence[pa.Array]) -> tuple[pa.Array, Iterator[np.ndarray]]:
    chunks = _unify(batches)
    words = chunks[0].dictionary.cast(pa.string())
    order = np.asarray(pc.sort_indices(words))
    rank = np.full(len(order) + 1, -1, np.int32)  # the last stands for unknown
    rank[order] = np.arange(len(order), dtype=np.int32)
    return words.take(pa.array(order)), (rank[_fill_null(chunk.indices, -1)] for chunk in chunks)


def _unify(batches: Sequence[pa.Array]) -> Sequence[pa.DictionaryArray]:
    texts = [batch if pa.types.is_dictionary(batch.type) else batch.dictionary_encode() for batch in batches]
    return pa.chunked_array([_wide(text) for text in texts]).unify_dictionaries().chunks


def group_by_customer(batches: Sequence[pa.Array]) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """Put the events of each customer together, as they come.

    Returns:
        The customers as texts, sorted; where the events of each start and where the last one's end; the position
        of each event.
    """
    from patron.features.compute.fold.sorting import positions

    slots, keys = _slots(batches)
    counts = np.bincount(slots)
    present = np.flatnonzero(counts)
    customers = keys(present)
    order = _by_digits(customers) if isinstance(customers, np.ndarray) else np.asarray(pc.sort_indices(customers))
    slot = present[order]
    starts = np.concatenate([[0], np.cumsum(counts[slot])])
    counts[slot] = starts[:-1]
    return pa.array(customers).take(pa.array(order)).cast(pa.string()), starts, positions(slots, counts)


def _slots(batches: Sequence[pa.Array]) -> tuple[np.ndarray, Callable[[np.ndarray], Any]]:
    """Return a small number for each key, and what finds the keys of such numbers again."""
    if not all(pa.types.is_integer(batch.type) for batch in batches):
        chunks = _unify(batches)
        words = chunks[0].dictionary.cast(pa.string())
        indices = np.concatenate([_fill_null(chunk.indices, -1) for chunk in chunks], dtype=np.int64)
        return indices, lambda chosen: words.take(pa.array(chosen))
    keys = _integers(batches)
    low, high = (int(keys.min()), int(keys.max())) if len(keys) else (0, 0)
    if high - low <= CLOSE * len(keys):
        keys -= low
        return keys, lambda chosen: chosen + low
    encoded = pa.array(keys).dictionary_encode()
    return np.asarray(encoded.indices).astype(np.int64), np.asarray(encoded.dictionary).__getitem__


def _by_digits(numbers: np.ndarray) -> np.ndarray:
    """Return the order of whole numbers as texts: 10 before 9, and what is negative first."""
    size = np.abs(numbers).astype(np.uint64)
    shifted = size * TENS[len(TENS) - 2 - np.searchsorted(TENS[1:], size, side="right")]
    return np.lexsort((size, shifted, numbers >= 0))


def _scatter(batches: Iterable[np.ndarray], position: np.ndarray, kind: Any) -> np.ndarray:
    """Write values to their positions, which lie close to each other, as time goes on for all customers at once."""
    out, begin = np.empty(len(position), kind), 0
    for values in batches:
        out[position[begin : begin + len(values)]] = values.astype(kind, copy=False)
        begin += len(values)
    return out


def _align(batches: Sequence[pa.Array]) -> Sequence[pa.Array]:
    """Make all batches floats where any is, as its decimals were too long."""
    if any(pa.types.is_floating(batch.type) for batch in batches):
        return [batch if pa.types.is_floating(batch.type) else _floats(batch) for batch in batches]
    return batches


def _floats(batch: pa.Array) -> pa.Array:
    scale = 10.0**batch.type.scale if pa.types.is_decimal(batch.type) else 1.0
    return pc.divide(_units(batch).cast(pa.float64(), safe=False), scale)


def _units(values: pa.Array) -> pa.Array:
    """Return whole numbers as they are, and decimals in their smallest unit."""
    return values.view(f"int{values.type.bit_width}") if pa.types.is_decimal(values.type) else values


def _integers(batches: Sequence[pa.Array]) -> np.ndarray:
    return np.concatenate([_fill_null(batch, 0) for batch in batches], dtype=np.int64)


def _copy(values: pa.Array) -> pa.Array:
    return pa.concat_arrays([values, values[:0]])


def _wide(values: pa.DictionaryArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(values.indices.cast(pa.int32()), values.dictionary)


def _narrow(values: pa.Array) -> pa.Array:
    low, high = pc.min_max(values).values()
    kinds = [kind for kind in (pa.int8(), pa.int16(), pa.int32()) if _fits(low.as_py() or 0, high.as_py() or 0, kind)]
    return values.cast(kinds[0]) if kinds else values


def _fits(low: int, high: int, kind: pa.DataType) -> bool:
    return -(1 << kind.bit_width - 1) <= low and high < 1 << kind.bit_width - 1


def _low_words(values: pa.Array) -> pa.Array | None:
    """Return decimals in 64 bits, or none where a value needs more than a single word."""
    width = values.type.bit_width // 64
    if not width:
        return None
    words = np.frombuffer(values.buffers()[1], np.int64)[values.offset * width : (values.offset + len(values)) * width]
    low, unknown = words[::width], np.asarray(values.is_null())
    fits = all(np.all((words[i::width] == low >> 63) | unknown) for i in range(1, width))
    return pa.array(low, mask=unknown).view(pa.decimal64(18, values.type.scale)) if fits else None


def _whole(values: np.ndarray, valid: np.ndarray | None, scale: float) -> Column:
    """Keep whole numbers while no sum of them can overflow."""
    largest = max(abs(float(values.max(initial=0))), abs(float(values.min(initial=0))))
    if largest * max(len(values), 1) >= SAFE:
        return Column(values / scale, valid, exact=values)
    return Column(values, valid, scale)


def _is_known(batch: pa.Array) -> np.ndarray:
    return np.asarray(pc.is_valid(batch))


def _fill_null(values: pa.Array, by: float) -> np.ndarray:
    return np.asarray(pc.fill_null(values, by) if values.null_count else values)
