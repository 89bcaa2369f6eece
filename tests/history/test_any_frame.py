"""Frames as people have them: read to the row, or refused by a sentence that names the column."""

from decimal import Decimal

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patron.decisions import Offer, decide
from patron.engines.frames import framed
from patron.errors import HistoryError, ScoreError
from patron.history.event_tables import declare
from patron.history.history import History
from patron.history.sources import attributes, events
from patron.questions.panels import panel
from worlds.frames import KEY, columns, frames

FUZZ = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
ROLES = ("amount", "quantity", "order", "kind", "known_at", "cost", "item", "price", "channel")
SHOPS = [
    {"c": "keys", "t": "times"},
    {"c": "keys", "t": "texts of times"},
    {"c": "keys", "t": "zones", "p": "decimals"},
    {"c": "numbers", "t": "times", "p": "floats"},
]
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
    with pytest.raises(HistoryError, match=rf"or a table of Arrow or Ibis, got {type(source).__name__}\."):
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


def test_a_column_cannot_be_the_key_and_a_number_and_no_key_is_shown():
    frame = pd.DataFrame({"c": [f"{KEY}1", f"{KEY}2"], "ts": DAYS[:2]})
    with pytest.raises(HistoryError, match=r"'c' is declared as 'customer' and as 'amount'\. Name another") as told:
        events(frame, customer="c", at="ts", amount="c")
    assert KEY not in str(told.value)


@pytest.mark.parametrize("role", ["at", "known_at", "amount"])
@pytest.mark.parametrize("key", ["c", lambda rows: rows.c])
def test_a_table_that_is_declared_itself_shows_no_key_either(role, key):
    rows = ibis.memtable({"c": [f"{KEY}1"], "ts": DAYS[:1]})
    with pytest.raises(HistoryError, match=f"'c' is declared as 'customer' and as '{role}'") as caught:
        declare(rows, **{"customer": key, "at": "ts", role: "c"})
    assert KEY not in str(caught.value)


def named(data: st.DataObject, frame: pd.DataFrame, shop: dict) -> dict[str, str]:
    """Roles for the columns of a frame: customer and time, and now and then one of the others."""
    texts = [name for name in frame.columns if isinstance(name, str) and name != "c"]
    others = data.draw(st.dictionaries(st.sampled_from(ROLES), st.sampled_from(texts), max_size=2))
    return {"customer": "c", "at": data.draw(st.sampled_from(["t", "t", "t", *texts]))} | others


def check_said(error: Exception, frame: pd.DataFrame) -> None:
    """A sentence names a column of the frame or a role, and shows nobody's key."""
    text = str(error)
    assert KEY not in text
    assert (
        any(f"{str(name)!r}" in text or ascii(str(name)) in text for name in [*frame.columns, "at"])
        or "no row to use" in text
    )


@settings(max_examples=60, **FUZZ)
@given(st.data())
def test_of_any_frame_each_row_is_used_or_set_aside_or_a_sentence_names_the_column(data):
    shop = data.draw(st.sampled_from(SHOPS))
    frame = data.draw(frames(tuple(shop.items())))
    try:
        rows = declare(framed(frame), **named(data, frame, shop))
        counted = rows.table.group_by("set_aside").aggregate(n=rows.table.count()).to_pyarrow().to_pylist()
    except HistoryError as error:
        check_said(error, frame)
    else:
        assert sum(row["n"] for row in counted) == len(frame)


@settings(max_examples=25, **FUZZ)
@given(st.data())
def test_any_frame_comes_through_the_whole_door_with_a_receipt_or_is_refused(data):
    shop = data.draw(st.sampled_from(SHOPS))
    frame = data.draw(frames(tuple(shop.items())))
    try:
        (receipt,) = History.of(orders=events(frame, **named(data, frame, shop))).receipts
    except HistoryError as error:
        check_said(error, frame)
    else:
        assert receipt.read == len(frame) == receipt.used + sum(receipt.set_aside.values())


@settings(max_examples=20, **FUZZ)
@given(frames((("c", "keys"),)))
def test_any_frame_of_attributes_is_taken_or_refused(frame):
    orders = events(pd.DataFrame({"c": [f"{KEY}{i}" for i in range(3)], "t": DAYS}), customer="c", at="t")
    try:
        History.of(orders=orders, people=attributes(frame, customer="c"))
    except HistoryError as error:
        assert KEY not in str(error)


@settings(max_examples=60, **FUZZ)
@given(frames((("c", "keys"), ("t", "times"))), st.sampled_from([None, "c", "paid", "at"]))
def test_any_frame_is_a_panel_or_refused(frame, label):
    try:
        rows = panel(frame, 28, customer="c", cutoff="t", label=label)
    except HistoryError as error:
        assert KEY not in str(error)
    else:
        assert len(rows.key) == len(frame)


@settings(max_examples=60, **FUZZ)
@given(frames((("customer", "keys"),)), st.data())
def test_any_scores_are_decided_on_or_refused(frame, data):
    if "value" not in frame and len(frame):
        chances, values = (data.draw(columns(len(frame))) for _ in range(2))
        frame = frame.assign(cutoff=DAYS[0], churn_probability=chances, value=values)
    try:
        table = decide(frame, [Offer("call", contact_cost=1.0, effect=0.2)], 10.0).table
    except ScoreError as error:
        assert KEY not in str(error)
    else:
        assert set(table.customer) <= set(frame.customer)


@pytest.mark.parametrize("rows", [0, 2])
def test_times_of_which_none_is_known_are_counted_and_no_traceback(rows):
    frame = pd.DataFrame({"c": [f"{KEY}{i}" for i in range(rows)], "t": pd.Series([None] * rows, dtype="str")})
    with pytest.raises(HistoryError, match=rf"'orders' has no row to use, of {rows} read"):
        History.of(orders=events(frame.astype({"c": "str"}), customer="c", at="t"))
