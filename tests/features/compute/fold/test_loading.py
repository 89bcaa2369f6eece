"""Loading: the order of customers, what is kept of an engine's batches, and what comes back from the disk."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from patron.features.compute.fold.encodings import column, compact, group_by_customer
from patron.features.compute.fold.partitioning import PARTITION, read_partition, write_partitions

KINDS = pa.schema([("money", pa.decimal128(38, 2)), ("n", pa.int64()), ("word", pa.string()), (PARTITION, pa.int16())])


@pytest.mark.parametrize("far", [7, 10**17])
def test_numbers_of_customers_stand_as_their_texts_do(far):
    numbers = [10, 9, -1, 100, -20, 0, 9, 19, 9, far]
    customers, starts, place = group_by_customer([pa.array(numbers[:4]), pa.array(numbers[4:])])
    assert customers.to_pylist() == sorted({str(number) for number in numbers})
    nine = customers.to_pylist().index("9")
    assert list(range(starts[nine], starts[nine + 1])) == [place[1], place[6], place[8]]
    assert sorted(place) == list(range(10))


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
    made = {name: column([batch[name] for batch in second], np.array([1, 0])) for name in ("money", "n", "word")}
    assert (made["money"].values / made["money"].scale).tolist() == [float(money), 1.0]
    assert (made["n"].valid.tolist(), made["n"].values[1]) == ([False, True], 5)
    assert made["word"].words.take(pa.array(made["word"].values)).to_pylist() == ["a", "b"]
    assert [row["n"] for batch in first for row in batch.to_pylist()] == [-(10**10)]


def test_many_different_words_are_written_once_each(tmp_path):
    words = compact(pa.array([f"word {i}" for i in range(1000)]))
    batch = pa.record_batch([words, pa.array(np.arange(1000, dtype=np.int16) % 10)], ["word", PARTITION])
    pieces = [piece for path in write_partitions([batch], 10, tmp_path / "parts") for piece in read_partition(path)]
    assert sorted(word for piece in pieces for word in piece["word"].dictionary.to_pylist()) == sorted(
        words.to_pylist()
    )


@pytest.mark.parametrize("values", [pa.array([1, None]), pa.array([0.5]), pa.array([7], pa.timestamp("us"))])
def test_a_compact_batch_keeps_nothing_of_the_engines_memory(values):
    assert compact(values).equals(values)
    assert compact(values).buffers()[1].address != values.buffers()[1].address
