"""Joins: lines get the columns of their headers, and every row that meets none is counted."""

from dataclasses import replace
from datetime import datetime

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import patron as pt
from patron.engines.outputs import write
from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.joins import Join
from patron.history.sources import events
from patron.settings import Table
from worlds.frames import KEY, frames

HEADERS = pd.DataFrame(
    {
        "order_id": ["o1", "o2"],
        "customer_id": ["c7", "c8"],
        "ts": ["2024-01-01", "2024-01-05"],
        "status": ["paid", "open"],
    }
)
LINES = pd.DataFrame({"order_id": ["o1", "o2", "o1", "o9"], "product": ["a", "b", "c", "a"], "price": [5, 2, 4, 9]})
PEOPLE = pd.DataFrame({"customer_id": ["c7", "c8"], "person": ["p1", "p1"]})
BY_ORDER, BY_CUSTOMER = Join(HEADERS, on="order_id"), Join(PEOPLE, on="customer_id")


def lines(*joins: Join, rows: pd.DataFrame = LINES, **declared) -> Events:
    """The lines with what joins them; the customer is that of the header."""
    roles = {"customer": "customer_id", "at": "ts", "amount": "price", "order": "order_id"} | declared
    return events(rows, joins=list(joins) or [BY_ORDER], **roles)


def column(declared: Events, name: str) -> list:
    return declared.used[name].to_pyarrow().to_pylist()


def refusal(*joins: Join, **declared) -> str:
    with pytest.raises(HistoryError) as caught:
        lines(*joins, **declared)
    return str(caught.value)


def test_lines_get_customer_and_time_of_their_header_and_stay_in_order():
    declared = lines()
    assert column(declared, "customer") == ["c7", "c8", "c7"]
    assert column(declared, "at") == [datetime(2024, 1, 1), datetime(2024, 1, 5), datetime(2024, 1, 1)]
    assert column(declared, "product") == ["a", "b", "c"]


def test_lines_that_meet_no_header_are_set_aside_and_the_share_that_met_is_noted():
    receipt = History.of(orders=lines()).receipts[0]
    assert (receipt.read, dict(receipt.set_aside), receipt.used) == (4, {"no customer": 1}, 3)
    assert "3 of 4 rows (75.0%) meet a row of the joined frame by 'order_id'" in receipt.notes
    assert receipt.met == {"file joined by 'order_id'": (4, 3)}


def test_a_second_join_takes_its_key_from_the_first():
    history = History.of(orders=lines(BY_ORDER, BY_CUSTOMER, customer="person"))
    orders = history["orders"].order_by("at").select("customer", "amount").to_pyarrow().to_pylist()
    assert [(row["customer"], float(row["amount"])) for row in orders] == [("p1", 9.0), ("p1", 2.0)]


def test_conditions_name_columns_of_the_other_file():
    assert column(lines(where={"status": ["paid"]}), "product") == ["a", "c"]
    assert column(lines(returns={"status": ["open"]}), "returned") == [False, True, False]


def test_a_key_that_the_other_file_calls_otherwise_is_named_for_both():
    renamed = LINES.rename(columns={"order_id": "invoice"})
    declared = lines(Join(HEADERS, on={"invoice": "order_id"}), rows=renamed, order="invoice")
    assert column(declared, "customer") == ["c7", "c8", "c7"]


def test_a_key_of_two_columns_must_meet_in_both():
    shops = HEADERS.assign(order_id="o1", shop=["north", "south"])
    sold = LINES[:2].assign(order_id="o1", shop=["south", "north"])
    on = {"order_id": "order_id", "shop": "shop"}
    assert column(lines(Join(shops, on=on), rows=sold), "customer") == ["c8", "c7"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([12345.0, None], [12345, 6]),
        (["12345.0", "7.0"], ["12345", "6"]),
        ([" 12345 ", "7"], [12345, 6]),
        (["12345", "7"], [12345.0, 6.0]),
    ],
)
def test_keys_are_tidied_as_those_of_customers_are(ours, theirs):
    rows = LINES[:2].assign(order_id=ours)
    assert column(lines(Join(HEADERS.assign(order_id=theirs), on="order_id"), rows=rows), "customer") == ["c7"]


def test_rows_without_a_key_meet_nobody_even_where_the_other_file_has_rows_without():
    rows, headers = LINES.assign(order_id=["o1", None, "", "nan"]), HEADERS.assign(order_id=["o1", ""])
    assert column(lines(Join(headers, on="order_id"), rows=rows), "product") == ["a"]


def test_a_column_that_both_have_keeps_the_values_of_the_table():
    declared = lines(Join(HEADERS.assign(Price=99.0), on="order_id"))
    assert [float(price) for price in column(declared, "amount")] == [5, 2, 4]
    assert "the joined frame has a column 'Price', too; the table's own counts" in declared.notes


def test_rows_that_meet_nobody_are_used_where_they_have_a_customer_of_their_own():
    goods = pd.DataFrame({"product": ["a"], "department": ["food"]})
    rows = LINES.assign(customer_id="c7", ts="2024-01-01")
    declared = lines(Join(goods, on="product"), rows=rows, category="department")
    assert column(declared, "category") == ["food", None, None, "food"]


def test_the_latest_state_of_an_order_is_that_of_its_last_row_in_the_file():
    rows = pd.DataFrame({"order_id": ["o1"] * 3, "state": ["new", "paid", "sent"], "price": [5] * 3})
    many = pd.concat([HEADERS, HEADERS.assign(order_id=[f"x{i}" for i in range(2)])])
    declared = events(
        rows, joins=[Join(many, "order_id")], customer="customer_id", at="ts", order="order_id", status="state"
    )
    history = History.of(orders=declared)
    assert history.receipts[0].set_aside == {"earlier state of its order": 2}
    assert history["orders"].status.to_pyarrow().to_pylist() == ["sent"]


def test_a_key_on_several_rows_is_refused_with_the_join_turned_round(tmp_path):
    for name, frame in (("orders", HEADERS), ("items", LINES)):
        write(frame, tmp_path / f"{name}.csv")
    with pytest.raises(HistoryError) as caught:
        events(tmp_path / "orders.csv", joins=[Join(tmp_path / "items.csv", on="order_id")], customer="customer_id")
    assert "but 1 of its keys stand on several rows each (2 rows)" in str(caught.value)
    assert 'path = "items.csv", joins = [{ path = "orders.csv", on = "order_id" }]' in str(caught.value)
    assert "o1" not in str(caught.value)


def test_keys_that_never_meet_are_refused_with_their_looks_and_the_line_that_mends_it():
    assert refusal(Join(HEADERS.assign(order_id=["17", "18"]), on="order_id")) == (
        "The join with the joined frame on 'order_id' brings nothing: none of the 4 rows meets one of it. The keys "
        "look like '99', the table's like 'a9'. Name the columns with the same keys: on = { order_id = \"...\" }."
    )


def test_keys_that_would_meet_without_zeros_in_front_are_refused_with_that_hint():
    rows, headers = LINES.assign(order_id=["01", "02", "01", "09"]), HEADERS.assign(order_id=["1", "2"])
    assert "Without zeros in front they meet: write them alike" in refusal(Join(headers, on="order_id"), rows=rows)


def test_a_joined_frame_without_rows_is_refused():
    assert "The keys look like nothing, the table's like 'a9'" in refusal(Join(HEADERS[:0], on="order_id"))


@pytest.mark.parametrize(
    ("join", "message"),
    [
        (Join(HEADERS, on="order"), "is on the column 'order', which the table lacks. Did you mean 'order_id'?"),
        (Join(HEADERS, on={"order_id": "id"}), "on the column 'id', which the joined frame lacks.* on = { order_id ="),
        (Join(HEADERS.set_index("order_id"), on="order_id"), r"frame.reset_index\(\)"),
        (Join(HEADERS, on={}), r"got {}. Write on = 'order_id' or on = { invoice = 'order_id' }"),
        (Join(HEADERS, on=7), r"got 7. Write on = 'order_id'"),
        ({"path": "orders.csv"}, r"got dict. Write joins=\[pt.Join\('orders.csv', on='order_id'\)\]"),
        (Join("nowhere.csv", on="order_id"), "There is no file 'nowhere.csv'"),
    ],
)
def test_a_join_that_cannot_be_meant_is_refused_with_what_to_write(join, message):
    with pytest.raises(HistoryError, match=message):
        lines(join)


def test_a_join_outside_of_a_list_is_refused():
    with pytest.raises(HistoryError, match="Joins are a list"):
        events(LINES, joins=BY_ORDER, customer="customer_id", at="ts")


def test_tables_of_two_engines_are_refused(tmp_path):
    elsewhere = ibis.duckdb.connect(tmp_path / "shop.db").create_table("headers", HEADERS)
    path = write(LINES, tmp_path / "items.parquet")
    with pytest.raises(HistoryError, match="different engines or connections"):
        events(path, joins=[Join(elsewhere, on="order_id")], customer="customer_id", at="ts")


def test_a_joined_file_is_read_as_any_file_is(tmp_path):
    (tmp_path / "headers").mkdir()
    for i in range(2):
        text = HEADERS[i : i + 1].to_csv(sep=";", index=False).replace("paid", "bezahlt für")
        (tmp_path / "headers" / f"{i}.csv").write_bytes(text.encode("cp1252"))
    declared = lines(Join(tmp_path / "headers", on="order_id"))
    assert column(declared, "status") == ["bezahlt für", "open", "bezahlt für"]
    assert 'encoding = "cp1252"' in [assumed.change for assumed in declared.assumed]


def test_a_joined_file_that_grows_while_it_is_read_is_refused(tmp_path):
    path = write(HEADERS, tmp_path / "headers.parquet")
    declared = lines(Join(path, on="order_id"))
    write(pd.concat([HEADERS, HEADERS.assign(order_id=["o3", "o4"])]), path)
    with pytest.raises(HistoryError, match=r"'headers.parquet' changed while it was read"):
        History.of(orders=declared)


def test_a_settings_table_opens_with_its_joins(tmp_path):
    path = write(LINES, tmp_path / "items.csv")
    roles = {"customer": "customer_id", "at": "ts"}
    assert column(Table(path, roles, joins=(pt.Join(HEADERS, on="order_id"),)).open(), "product") == ["a", "b", "c"]


def test_a_join_is_a_value():
    assert replace(Join("a.csv", on="k"), sheet="S") == Join("a.csv", on="k", sheet="S")


def test_money_of_a_joined_file_has_no_role_by_its_name_alone():
    headers = HEADERS.assign(discount=1.0, shipping=2.0)
    declared = lines(Join(headers, on="order_id"), amount="", gross="price")
    assert [float(amount) for amount in column(declared, "amount")] == [5, 2, 4]
    assert "shipping" in declared.used.columns
    note = "column 'discount' comes from a joined file, where it may be that of a whole order, and is not read as the "
    assert f'{note}discount of each row (to read it: discount = "discount")' in declared.notes
    read = lines(Join(headers, on="order_id"), amount="", gross="price", discount="discount")
    assert [float(amount) for amount in column(read, "amount")] == [4, 1, 3]


def test_the_total_of_a_joined_header_counts_once():
    history = History.of(orders=lines(Join(HEADERS.assign(sum=[9.0, 2.0]), on="order_id"), amount="", total="sum"))
    amounts = history["orders"].order_by("at").amount.to_pyarrow().to_pylist()
    assert [float(amount) for amount in amounts] == [9.0, 2.0]


FUZZ = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=15, **FUZZ)
@given(st.data())
def test_any_two_frames_are_joined_with_every_row_counted_or_a_sentence_refuses_them(data):
    kinds = st.sampled_from(["keys", "numbers", "floats", "decimals", "times"])
    rows, other = (data.draw(frames((("k", data.draw(kinds)), also))) for also in (("t", "times"), ("c", "keys")))
    names = [name for name in (*rows.columns, *other.columns) if isinstance(name, str) and name]
    on = data.draw(st.sampled_from(["k", "k", "k", *names]))
    join = Join(other, on=data.draw(st.sampled_from([on, {"k": on}])))
    try:
        (receipt,) = History.of(orders=events(rows, joins=[join], customer="c", at="t")).receipts
    except HistoryError as error:
        assert KEY not in str(error)
    else:
        assert receipt.read == len(rows)
