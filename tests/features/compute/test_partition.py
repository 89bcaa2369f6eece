"""Partitions: a slice of one is one, with the rows, the events and the columns of its own customers."""

import numpy as np

from patron.features.compute.executor import execute
from patron.features.compute.partition import Partition, customer_ranges
from patron.features.compute.plan import ExecutionPlan
from patron.features.compute.populations import ActiveIn
from patron.features.measures import measure
from patron.history.history import History
from worlds.histories import CUTOFF, ago, history_of

EARLY = ago(50)
ORDERS = [("a", ago(90), 1.0), ("a", ago(60), 5.0), ("b", ago(10), 2.0), ("c", ago(80), 3.0), ("c", ago(70), 3.0)]
RETURNS = [("b", ago(5), 7.0), ("z", ago(5), 9.0)]


@measure()
def usual(orders):
    """Usual amount, which the fold leaves to an engine."""
    return orders.amount.mode()


@measure(empty=0)
def refunded(returns):
    """Money paid back."""
    return returns.amount.sum()


def partition(history: History, *features) -> Partition:
    plan = ExecutionPlan(history, ActiveIn(), features, (EARLY, CUTOFF))
    return Partition.of(plan, {source: plan.loader(source).load() for source in plan.sources})


def test_rows_stand_by_customer_and_are_sent_to_their_place_by_cutoff():
    rows = partition(history_of(ORDERS), usual)  # b came after the early cutoff
    customer_index, cutoff_index = rows.rows
    assert list(zip(customer_index, cutoff_index, strict=True)) == [(0, 0), (0, 1), (1, 1), (2, 0), (2, 1)]
    assert rows.destination.tolist() == [0, 2, 3, 1, 4]


def test_a_slice_has_the_rows_events_and_columns_of_its_customers_and_of_no_others():
    whole = partition(history_of(ORDERS, returns=RETURNS), usual, refunded)
    first, second = whole.slices(max_rows=3)
    assert (first.customers.to_pylist(), second.customers.to_pylist()) == (["a", "b"], ["c"])
    assert [len(some.events["orders"]) for some in (first, second)] == [3, 2]
    assert [len(some.events["returns"]) for some in (first, second)] == [1, 0]
    assert [some.positions["returns"].tolist() for some in (first, second)] == [[-1, 0], [-1]]
    assert second.engine_columns["usual"].tolist() == [3.0, 3.0]
    assert np.isin(first.engine_columns["usual"], [1.0, 2.0, 5.0]).all()


def test_a_partition_that_needs_no_slice_is_handed_out_as_it_is():
    whole = partition(history_of(ORDERS), usual)
    (only,) = whole.slices(max_rows=1_000)
    assert only is whole


def test_no_customer_is_split_between_ranges_and_each_is_in_one():
    offsets = np.array([0, 7, 7, 8, 20, 21])
    ranges = customer_ranges(offsets, max_rows=4)
    assert ranges == [(0, 1), (1, 3), (3, 4), (4, 5)]
    assert customer_ranges(np.array([0]), max_rows=4) == []


def test_values_of_slices_are_those_of_the_whole_for_both_paths():
    plan = ExecutionPlan(history_of(ORDERS, returns=RETURNS), ActiveIn(), (usual, refunded), (EARLY, CUTOFF))
    (whole,) = execute(plan)
    values = dict(zip(zip(whole.customer.to_pylist(), whole.cutoff, strict=True), whole.numbers.T, strict=True))
    for block in execute(plan, max_rows=1):
        for customer, cutoff, row in zip(block.customer.to_pylist(), block.cutoff, block.numbers.T, strict=True):
            np.testing.assert_array_equal(row, values.pop((customer, cutoff)))
    assert not values
