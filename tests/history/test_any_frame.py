"""Frames as people have them: read to the row, or refused by a sentence that names the column."""

from decimal import Decimal

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.history import History
from patron.history.sources import attributes, events

DAYS = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])


def test_decimals_with_a_gap_are_added_up_to_the_penny():
    frame = pd.DataFrame({"c": [1, 2, 3], "ts": DAYS, "paid": [Decimal("1.10"), Decimal("2.20"), None]})
    receipt = History.of(orders=events(frame, customer="c", at="ts", amount="paid")).receipts[0]
    assert (receipt.used, receipt.money["used"]) == (3, pytest.approx(3.3))
    assert receipt.notes[0].startswith("1 rows have no amount")


def test_a_column_without_a_name_is_left_out_and_counted():
    frame = pd.DataFrame({"": [0, 1, 2], "c": [1, 2, 3], "ts": DAYS})
    receipt = History.of(orders=events(frame, customer="c", at="ts")).receipts[0]
    assert (receipt.used, receipt.notes) == (3, ("1 columns without a name are left out",))


def test_a_customer_in_the_index_is_said_to_stand_there():
    frame = pd.DataFrame({"c": [1, 2, 3], "ts": DAYS, "plan": "a"}).set_index("c")
    for door in (events, attributes):
        with pytest.raises(HistoryError, match=r"'c' \(declared as 'customer'\) is the index.*frame.reset_index\(\)"):
            door(frame, customer="c")


@pytest.mark.parametrize("source", [None, 7, [1, 2], {"c": [1]}, pd.Series([1])])
def test_what_is_no_table_is_refused_by_its_type(source):
    with pytest.raises(HistoryError, match=rf"pandas frame or an Ibis table, got {type(source).__name__}\."):
        events(source, customer="c", at="ts")


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_a_path_that_no_file_can_have_is_not_there(path):
    with pytest.raises(HistoryError, match="There is no file"):
        events(path, customer="c", at="ts")


def test_a_column_that_differs_from_a_role_by_capitals_only_does_not_take_its_place():
    frame = pd.DataFrame({"id": [1, 2, 3], "ts": DAYS, "Customer": ["Ann", "Bob", "Cid"]})
    rows = events(frame, customer="id", at="ts").used
    assert rows.customer.to_pyarrow().to_pylist() == ["1", "2", "3"]
    assert "Customer" not in rows.columns
