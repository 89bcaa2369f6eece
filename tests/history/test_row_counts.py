import ibis
import pytest

from patron.history.event_tables import declare
from patron.history.row_counts import counted

DAY, NEXT = "2024-05-01 10:00:00", "2024-05-02 10:00:00"


def rows_of(*rows):
    names = ("customer", "order", "at", "amount")
    return declare(ibis.memtable({name: [row[i] for row in rows] for i, name in enumerate(names)}))


@pytest.mark.parametrize(
    ("rows", "alone"),
    [
        ([("a", "1", DAY, 5.0), ("a", "2", DAY, 5.0)], True),
        ([("a", "1", DAY, 5.0), ("b", "1", NEXT, 5.0)], False),
        ([("a", "1", DAY, 5.0), ("a", None, DAY, 5.0), ("b", None, DAY, 5.0)], True),
        ([("a", None, DAY, 5.0), ("a", None, DAY, 7.0)], False),
    ],
)
def test_rows_are_orders_of_their_own_where_no_number_comes_twice_nor_a_time_without_one(rows, alone):
    assert counted("orders", rows_of(*rows)).alone is alone


def test_without_an_order_number_customer_and_time_tell_rows_apart():
    times = ibis.memtable({"customer": ["a", "a", "b"], "at": [DAY, NEXT, DAY]})
    assert counted("visits", declare(times)).alone
    assert not counted("visits", declare(times.union(times))).alone


def test_rows_below_zero_are_counted_with_the_others_and_only_where_they_are_used():
    counts = counted("orders", rows_of(("a", "1", DAY, 5.0), ("a", "2", DAY, -3.0), (None, "3", DAY, -2.0)))
    assert (counts.back, counts.receipt.used, counts.receipt.money) == (1, 2, {"used": 2.0, "no customer": -2.0})


def test_rows_that_repeat_another_one_are_counted_though_all_rows_share_one_order():
    line = ("a", "1", DAY, 5.0)
    notes = counted("orders", rows_of(line, line, ("a", "1", DAY, 6.0))).receipt.notes
    assert [note for note in notes if note.startswith("1 rows repeat another one exactly")]
    assert not counted("orders", rows_of(line, ("a", "1", DAY, 6.0))).receipt.notes
