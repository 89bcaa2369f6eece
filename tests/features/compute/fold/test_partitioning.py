"""Partitioning: what comes back from the disk is what went there."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from patron.features.compute.fold.encodings import column, compact
from patron.features.compute.fold.partitioning import PARTITION, read_partition, write_partitions

KINDS = pa.schema([("money", pa.decimal128(38, 2)), ("n", pa.int64()), ("word", pa.string()), (PARTITION, pa.int16())])


@pytest.mark.parametrize("money", [Decimal("123.45"), Decimal("12345678901234.56"), Decimal("1e30")])
def test_values_come_back_from_the_disk_in_their_parts(money, tmp_path, monkeypatch):
    monkeypatch.setattr("patron.features.compute.fold.partitioning.CHUNK_ROWS", 1)
    rows = [
        [
            {"money": Decimal(1), "n": 5, "word": "b", PARTITION: 1},
            {"money": None, "n": -(10**10), "word": None, PARTITION: 0},
        ],
        [{"money": money, "n": None, "word": "a", PARTITION: 1}],
    ]
    batches = [pa.RecordBatch.from_pylist(some, KINDS) for some in rows]
    small = [pa.record_batch([compact(v) for v in batch.columns], KINDS.names) for batch in batches]
    first, second = ([*read_partition(path)] for path in write_partitions(small, 2, tmp_path / "parts"))
    result = {name: column([batch[name] for batch in second], np.array([1, 0])) for name in ("money", "n", "word")}
    assert (result["money"].values / result["money"].scale).tolist() == [float(money), 1.0]
    assert (result["n"].valid.tolist(), result["n"].values[1]) == ([False, True], 5)
    assert result["word"].words.take(pa.array(result["word"].values)).to_pylist() == ["a", "b"]
    assert [row["n"] for batch in first for row in batch.to_pylist()] == [-(10**10)]


def test_many_different_words_are_written_once_each(tmp_path):
    words = compact(pa.array([f"word {i}" for i in range(1000)]))
    batch = pa.record_batch([words, pa.array(np.arange(1000, dtype=np.int16) % 10)], ["word", PARTITION])
    pieces = [piece for path in write_partitions([batch], 10, tmp_path / "parts") for piece in read_partition(path)]
    assert sorted(word for piece in pieces for word in piece["word"].dictionary.to_pylist()) == sorted(
        words.to_pylist()
    )
