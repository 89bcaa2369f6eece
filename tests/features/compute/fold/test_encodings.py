"""Encodings: the order of customers, and what is kept of an engine's batches."""

import pandas as pd
import pyarrow as pa
import pytest

from patron.features.compute.fold.encodings import compact, group_by_customer
from patron.features.measures import measure
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from worlds.histories import CUTOFF, ago, folded, history_from


@pytest.mark.parametrize("far", [7, 10**17])
def test_numbers_of_customers_stand_as_their_texts_do(far):
    numbers = [10, 9, -1, 100, -20, 0, 9, 19, 9, far]
    customers, starts, place = group_by_customer([pa.array(numbers[:4]), pa.array(numbers[4:])])
    assert customers.to_pylist() == sorted({str(number) for number in numbers})
    nine = customers.to_pylist().index("9")
    assert list(range(starts[nine], starts[nine + 1])) == [place[1], place[6], place[8]]
    assert sorted(place) == list(range(10))


@pytest.mark.parametrize("values", [pa.array([1, None]), pa.array([0.5]), pa.array([7], pa.timestamp("us"))])
def test_a_compact_batch_keeps_nothing_of_the_engines_memory(values):
    assert compact(values).equals(values)
    assert compact(values).buffers()[1].address != values.buffers()[1].address


def test_keys_of_numbers_and_keys_of_texts_give_the_same_rows():
    events_ = pd.DataFrame({"at": [ago(d) for d in (1, 2, 3)], "amount": [1.0, 2.0, 4.0]})
    result = [
        matrix(churn(30), history_from(orders=events_.assign(customer=keys)), [CUTOFF])
        for keys in ([9, 10, 9], ["9", "10", "9"])
    ]
    assert [m.key.customer.tolist() for m in result] == [["10", "9"], ["10", "9"]]
    pd.testing.assert_frame_equal(result[0].X, result[1].X)


def test_whole_numbers_too_large_to_add_up_are_still_told_apart():
    frame = pd.DataFrame({"customer": "a", "at": ago(1), "amount": 1.0, "ticket": range(4)})
    frame["ticket"] += 17 * 10**17

    @measure()
    def tickets(orders):
        """Different tickets."""
        return orders.ticket.nunique()

    assert folded(history_from(orders=frame), tickets).loc["a", "tickets"] == 4
