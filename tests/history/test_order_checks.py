"""What is said of the rows of one order: nothing is added up in silence that could be one amount written twice."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.history import History
from patron.history.sources import events

SHOP = {"customer": "c", "at": "ts", "amount": "paid", "order": "o"}


def frame(*rows: tuple, columns: str = "c ts paid o") -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def history(sold: pd.DataFrame, **declared) -> History:
    named = {role: column for role, column in {**SHOP, **declared}.items() if column is not None}
    return History.of(orders=events(sold, **named))


def amounts(history: History, table: str = "orders") -> list[float]:
    return sorted(map(float, history[table].amount.to_pyarrow().to_pylist()))


TOTALS = frame(
    (1, "2024-01-05", 100, "A", "s1"),
    (1, "2024-01-05", 100, "A", "s2"),
    (1, "2024-01-05", 100, "A", "s3"),
    (2, "2024-01-06", 50, "B", "s1"),
    (3, "2024-01-07", 80, "C", "s1"),
    (3, "2024-01-07", 80, "C", "s2"),
    columns="c ts paid o sku",
)
TWICE = frame(
    (1, "2024-01-05 10:00", 100, "A", "pending"),
    (1, "2024-01-05 10:01", 100, "A", "paid"),
    (2, "2024-01-06 10:00", 50, "B", "paid"),
    columns="c ts paid o status",
)


def test_one_amount_on_all_rows_of_the_orders_is_noted_with_the_total() -> None:
    assert history(TOTALS, item="sku").receipts[0].notes == (
        "2 of 2 orders with several rows have the same amount on all of them, and the rows are added up; if it is the "
        'total of the order, it counts once with total = "paid" in place of amount',
    )


def test_a_total_counts_once_for_each_order_and_no_line_has_an_amount_of_its_own() -> None:
    once = history(TOTALS, item="sku", amount=None, total="paid")
    assert (amounts(once), once.receipts[0].money["used"], once.receipts[0].notes) == ([50.0, 80.0, 100.0], 230.0, ())
    assert "amount" not in once["lines"].columns
    assert once["lines"].count().to_pyarrow().as_py() == 6


def test_a_total_that_stands_only_on_the_first_row_counts_once_too() -> None:
    assert amounts(history(TOTALS.assign(paid=[100, None, None, 50, 80, None]), amount=None, total="paid")) == [
        50.0, 80.0, 100.0,
    ]  # fmt: skip


def test_totals_that_differ_within_an_order_are_counted_and_the_largest_counts() -> None:
    uneven = history(TOTALS.assign(paid=[100, 90, 100, 50, 80, 80]), amount=None, total="paid")
    assert amounts(uneven) == [50.0, 80.0, 100.0]
    assert uneven.receipts[0].notes == ("1 orders have different totals on their lines; the largest counts",)


def test_the_total_of_an_order_that_came_back_is_one_return() -> None:
    back = history(TOTALS.assign(paid=[-100, -100, -100, 50, 80, 80]), amount=None, total="paid")
    assert (amounts(back), amounts(back, "returns")) == ([50.0, 80.0], [100.0])


def test_a_total_needs_an_order_number_and_no_amount() -> None:
    with pytest.raises(HistoryError, match="has the total of an order without the order number"):
        history(TOTALS, amount=None, order=None, total="paid")
    with pytest.raises(HistoryError, match="has the total of an order beside an amount of the row"):
        history(TOTALS, total="paid")


def test_lines_of_different_amounts_are_no_totals() -> None:
    assert history(TOTALS.assign(paid=[10, 20, 30, 50, 80, 80])).receipts[0].notes == ()


def test_an_order_told_twice_is_noted_with_its_status() -> None:
    assert history(TWICE).receipts[0].notes == (
        "1 order comes twice with the same amount (the rows differ in 'ts', 'status'), and the rows are added up; the "
        'last of each counts with status = "status", those of one state alone with where = { status = ["paid"] }',
    )


def test_an_order_told_twice_is_seen_among_many_others_and_by_its_values() -> None:
    lines = [(3, "2024-01-05 10:00", paid, f"L{i}", "new") for i in range(20) for paid in (10 + i, 40 + i)]
    many = pd.concat([TWICE, frame(*lines, columns="c ts paid o status")]).rename(columns={"status": "step_of_it"})
    assert history(many).receipts[0].notes[0].startswith("1 order comes twice with the same amount (the rows differ")


def test_only_the_latest_state_of_an_order_counts_where_its_status_is_declared() -> None:
    latest = history(TWICE, status="status")
    assert (amounts(latest), latest.receipts[0].notes) == ([50.0, 100.0], ())
    assert latest.receipts[0].set_aside == {"earlier state of its order": 1}
    assert latest.receipts[0].money == {"used": 150.0, "earlier state of its order": 100.0}


def test_all_lines_of_the_latest_state_count_and_of_states_at_one_time_the_last_row() -> None:
    states = ["pending", "pending", "paid", "paid"]
    rows = frame(*((1, "2024-01-05", paid, "A") for paid in (10, 20, 10, 20))).assign(status=states)
    assert amounts(history(rows, status="status")) == [30.0]


def test_an_order_told_twice_without_a_status_can_be_told_by_its_time() -> None:
    rows = TWICE.drop(columns="status")
    assert 'the last of each counts with status = "ts"' in history(rows).receipts[0].notes[0]
    assert amounts(history(rows, status="ts")) == [50.0, 100.0]


def test_a_coupon_is_a_part_of_its_purchase_and_a_later_row_below_zero_a_return() -> None:
    rows = frame(
        (1, "2024-01-05 10:00", 100, "A"),
        (1, "2024-01-05 10:00", 20, "A"),
        (1, "2024-01-05 10:00", -12, "A"),
        (1, "2024-01-08 10:00", -20, "A"),
        (2, "2024-01-06 10:00", -50, "B"),
        (3, "2024-01-06 10:00", -7, None),
    )
    bought = history(rows)
    assert (amounts(bought), amounts(bought, "returns")) == ([108.0], [7.0, 20.0, 50.0])
    assert [a.what for a in bought.receipts[0].assumed] == [
        "1 rows below zero beside larger ones of the same order and time are a part of that purchase, and nothing that "
        "came back"
    ]
    assert "3 rows read as returns" in bought.receipts[0].notes


def test_coupons_alone_make_no_table_of_returns() -> None:
    rows = frame((1, "2024-01-05", 100, "A"), (1, "2024-01-05", -12, "A"))
    assert (amounts(history(rows)), "returns" in history(rows).tables) == ([88.0], False)


def test_more_that_comes_back_than_is_bought_stays_a_return() -> None:
    rows = frame((1, "2024-01-05", 10, "A"), (1, "2024-01-05", -50, "A"))
    assert (amounts(history(rows)), amounts(history(rows), "returns")) == ([10.0], [50.0])


MONTHLY = frame(*((1, f"2017-0{month}-11", paid, None) for month in (3, 4, 5, 6) for paid in (75, 60 + month)))


def test_rows_of_one_time_without_an_order_number_are_noted_and_added_up_when_declared() -> None:
    rows = MONTHLY.drop(columns="o")
    note = history(rows, order=None).receipts[0].notes[0]
    assert "4 rows share a customer and one time with another row" in note
    assert "name the order number (order = '...') or write rows = \"lines\"" in note
    assert amounts(history(rows, order=None, rows="lines")) == [138.0, 139.0, 140.0, 141.0]
    alone = history(rows, order=None, rows="orders")
    assert (len(amounts(alone)), alone.receipts[0].notes) == (8, ())


def test_rows_of_several_times_of_one_day_without_an_order_number_are_said_to_be_several_purchases() -> None:
    rows = frame(*((1, f"2024-05-01 {hour}:00", 5, None) for hour in (9, 10, 11)), (2, "2024-05-01 09:00", 5, None))
    rows = rows.drop(columns="o")
    (note,) = history(rows, order=None).receipts[0].notes
    assert note.startswith("2 purchases came on a day of another one of the same customer, at another time, and are ")
    assert len(amounts(history(rows, order=None))) == 4
    assert history(rows, order=None, rows="orders").receipts[0].notes == ()
    assert history(rows.drop(index=[1, 2]), order=None).receipts[0].notes == ()


def test_each_row_is_a_purchase_where_that_is_declared() -> None:
    assert amounts(history(TOTALS, rows="orders")) == [50.0, 80.0, 80.0, 100.0, 100.0, 100.0]


def test_rows_are_orders_or_lines() -> None:
    with pytest.raises(HistoryError, match=r"Rows are 'orders' or 'lines', got 'both'\. Write rows = 'lines'"):
        history(TOTALS, rows="both")


EXPORT = pd.DataFrame(
    {
        "Name": ["#1001", "#1001", "#1002"],
        "Email": ["a@x.example", None, "b@x.example"],
        "Created at": ["2024-01-05 10:00:00", None, "2024-01-06 10:00:00"],
        "Total": [30.0, None, 20.0],
    }
)
NAMED = {"customer": "Email", "at": "Created at", "amount": "Total", "order": "Name"}


def test_rows_without_customer_and_time_have_those_of_their_order() -> None:
    whole = History.of(orders=events(EXPORT, **NAMED))
    assert (whole.receipts[0].used, dict(whole.receipts[0].set_aside), amounts(whole)) == (3, {}, [20.0, 30.0])
    assert [(a.what, a.change) for a in whole.receipts[0].assumed] == [
        (
            "1 rows without customer or time have those of the other rows of their order, as if fill_down = ['Email', "
            "'Created at'] had been written",
            "fill_down = []",
        )
    ]


def test_an_empty_list_fills_nothing_down() -> None:
    receipt = History.of(orders=events(EXPORT, **NAMED, fill_down=[])).receipts[0]
    assert (receipt.used, receipt.set_aside, receipt.assumed) == (2, {"no customer": 1}, ())


def test_an_order_number_of_two_customers_tells_of_neither() -> None:
    both = pd.concat([EXPORT, EXPORT[:1].assign(Email="c@x.example")])
    assert History.of(orders=events(both, **NAMED)).receipts[0].set_aside == {"no customer": 1}


def test_declared_columns_are_filled_from_the_first_row_of_their_order() -> None:
    filled = events(EXPORT.assign(City=["Oslo", " ", None]), **NAMED, fill_down=["Email", "Created at", "City"])
    assert filled.used.count().to_pyarrow().as_py() == 3
    assert filled.used.City.to_pyarrow().to_pylist() == ["Oslo", "Oslo", None]
    assert filled.notes[:2] == (
        "1 cells of 'Email' were filled from the first row of the same order",
        "1 cells of 'Created at' were filled from the first row of the same order",
    )


def test_rows_without_an_order_number_are_not_filled() -> None:
    rows = EXPORT.assign(Name=[None, None, "#1002"])
    assert events(rows, **NAMED, fill_down=["Email"]).used.count().to_pyarrow().as_py() == 2


def test_what_is_filled_down_must_be_there_and_needs_an_order_number() -> None:
    with pytest.raises(HistoryError, match=r"has no column 'Mail' to fill down. Did you mean 'Email'"):
        events(EXPORT, **NAMED, fill_down=["Mail"])
    with pytest.raises(HistoryError, match=r"needs to know which rows are one order. .* order = '...'"):
        events(EXPORT, customer="Email", at="Created at", fill_down=["Email"])
    with pytest.raises(HistoryError, match=r"given as a list, got 'Email'; write \['Email'\]"):
        events(EXPORT, **NAMED, fill_down="Email")


def test_an_order_number_of_several_customers_is_counted() -> None:
    rows = frame((1, "2024-01-05", 10, "A"), (2, "2024-01-05", 20, "A"))
    assert history(rows).receipts[0].notes == (
        "1 order numbers are those of several customers, and the rows of each customer are an order of their own",
    )


REFUNDED = frame(
    (1, "2024-01-05", 100, "A", "paid"),
    (1, "2024-01-09", 100, "A", "refunded"),
    (2, "2024-01-06", 50, "B", "paid"),
    columns="c ts paid o status",
)


def test_a_refund_under_the_number_of_its_order_is_no_sale_and_the_line_reads_it_as_a_return() -> None:
    note = next(note for note in history(REFUNDED).receipts[0].notes if "twice" in note)
    assert note.endswith("returns = { status = [\"refunded\"] } reads those of 'refunded' as returns")
    mended = history(REFUNDED, returns={"status": ["refunded"]})
    assert (amounts(mended), amounts(mended, "returns")) == ([50, 100], [100])


def test_of_states_before_a_refund_only_the_last_is_kept_by_the_lines() -> None:
    pending = REFUNDED.assign(status=REFUNDED.status.replace("paid", "pending"), ts="2024-01-04").drop(index=1)
    sold = pd.concat([pending, REFUNDED])
    note = next(note for note in history(sold).receipts[0].notes if "twice" in note)
    where = {"status": ["paid", "refunded"]}
    assert note.endswith('with where = { status = ["paid", "refunded"] } to count no earlier state')
    assert amounts(history(sold, where=where, returns={"status": ["refunded"]})) == [50, 100]
