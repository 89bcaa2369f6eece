import ibis
import pytest

from patron.engines.batches import BATCH
from patron.engines.uniqueness import are_unique


@pytest.mark.parametrize("values", [[0.0, -0.0], [None, None], [float("nan"), float("nan")], ["a", "b", "a"]])
def test_what_is_equal_is_never_taken_for_different(values):
    rows = ibis.memtable({"value": values})
    assert not are_unique(rows, rows.value)


def test_a_value_that_comes_again_far_below_is_found():
    rows = ibis.range(3 * BATCH).unnest().name("n").as_table()
    assert are_unique(rows, rows.n)
    assert not are_unique(rows, rows.n % (3 * BATCH - 1))
