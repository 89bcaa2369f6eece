"""What happens at the door: names fixed, types checked, and every row that is set aside counted."""

from datetime import date, datetime
from decimal import Decimal

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.engines.outputs import write
from patron.errors import HistoryError
from patron.history.event_tables import Events, declare
from patron.history.history import History
from patron.history.sources import events

DAY = datetime(2024, 5, 1)


def table(**columns) -> ibis.Table:
    """Three rows that keep every promise, with columns replaced or added."""
    return ibis.memtable(pd.DataFrame({"customer": ["a", "b", "c"], "at": [DAY] * 3} | columns))


def used(declared: Events, column: str) -> list:
    return declared.used.order_by("customer")[column].to_pyarrow().to_pylist()


def reasons(declared: Events) -> list[str | None]:
    return declared.table.set_aside.to_pyarrow().to_pylist()


def test_roles_get_their_names_and_other_columns_stay() -> None:
    rows = ibis.memtable({"cust": ["a"], "ts": [DAY], "paid": [9.5], "shop": ["north"]})
    declared = declare(rows, customer="cust", at="ts", amount="paid")
    assert declared.used.columns == ("customer", "at", "amount", "shop")
    assert declared.used.to_pyarrow().to_pylist() == [
        {"customer": "a", "at": DAY, "amount": Decimal("9.5000"), "shop": "north"}
    ]


def test_a_role_that_is_not_named_is_taken_by_the_column_of_its_name() -> None:
    assert used(declare(table(amount=[1, 2, 3])), "amount") == [Decimal(1), Decimal(2), Decimal(3)]


def test_a_role_can_be_computed() -> None:
    declared = declare(table(item=["22a", "22b", "84c"]), category=lambda t: t.item[:2])
    assert used(declared, "category") == ["22", "22", "84"]


def test_one_column_can_have_two_roles() -> None:
    declared = declare(table(code=["x", "y", "z"]), item="code", category="code")
    assert used(declared, "item") == used(declared, "category") == ["x", "y", "z"]


def test_an_amount_is_price_times_quantity_where_it_is_not_given() -> None:
    assert used(declare(table(price=[2.5] * 3, quantity=[1, 2, 0])), "amount") == [
        Decimal("2.5"),
        Decimal(5),
        Decimal(0),
    ]


@pytest.mark.parametrize("nobody", [None, "", "  ", "nan", "NaN", "None", "NULL", "<NA>"])
def test_a_row_without_a_customer_is_set_aside_and_counted(nobody) -> None:
    history = History.of(orders=declare(table(customer=["a", nobody, "c"])))
    receipt = history.receipts[0]
    assert (receipt.read, dict(receipt.set_aside), receipt.used) == (3, {"no customer": 1}, 2)


def test_float_customer_ids_become_whole_numbers_and_missing_ones_nobody() -> None:
    declared = declare(table(customer=[17850.0, float("nan"), float("inf")]))
    assert used(declared, "customer") == ["17850"]
    assert reasons(declared) == [None, "no customer", "no customer"]


def test_different_float_ids_stay_different_customers() -> None:
    assert used(declare(table(customer=[1.0, 1.25, 1.5])), "customer") == ["1", "1.25", "1.5"]


def test_customer_texts_lose_spaces_and_keep_leading_zeros() -> None:
    assert used(declare(table(customer=[" b ", "0012", "12"])), "customer") == ["0012", "12", "b"]


def test_times_are_read_from_texts_dates_and_timestamps() -> None:
    texts = ["2024-05-31", "2024-05-31 17:45:00", "2024-05-31T17:45:00.5"]
    read = [datetime(2024, 5, 31), datetime(2024, 5, 31, 17, 45), datetime(2024, 5, 31, 17, 45, 0, 500_000)]
    assert used(declare(table(at=texts)), "at") == read
    assert used(declare(table(at=[date(2024, 5, 31)] * 3)), "at") == [datetime(2024, 5, 31)] * 3


def test_times_finer_than_a_microsecond_are_cut() -> None:
    fine = pd.to_datetime(["2024-05-31 00:00:00.123456789"]).astype("datetime64[ns]")
    assert used(events(pd.DataFrame({"customer": ["a"], "at": fine})), "at") == [
        datetime(2024, 5, 31, 0, 0, 0, 123_456)
    ]


def zoned(*texts: str) -> pd.DataFrame:
    return pd.DataFrame({"customer": [str(i) for i in range(len(texts))], "at": pd.to_datetime(list(texts), utc=True)})


def test_a_time_with_a_zone_becomes_the_wall_clock_of_the_business() -> None:
    winter_and_summer = zoned("2024-01-01T03:00Z", "2024-07-01T03:00Z")
    assert used(events(winter_and_summer), "at") == [datetime(2024, 1, 1, 3), datetime(2024, 7, 1, 3)]
    local = used(events(winter_and_summer, timezone="America/New_York"), "at")
    assert local == [datetime(2023, 12, 31, 22), datetime(2024, 6, 30, 23)]


def test_the_zone_that_a_time_was_written_in_changes_nothing() -> None:
    frame = zoned("2024-01-01T03:00Z", "2024-07-01T03:00Z")
    tokyo = frame.assign(at=frame["at"].dt.tz_convert("Asia/Tokyo"))
    assert used(events(tokyo, timezone="America/New_York"), "at") == used(
        events(frame, timezone="America/New_York"), "at"
    )


def test_a_text_with_an_offset_is_an_instant_and_one_without_is_local_already() -> None:
    texts = ["2024-01-01T03:00:00+02:00", "2024-01-01 03:00:00Z", "2024-01-01 03:00:00"]
    expected = [datetime(2023, 12, 31, 20), datetime(2023, 12, 31, 22), datetime(2024, 1, 1, 3)]
    assert used(declare(table(at=texts), timezone="America/New_York"), "at") == expected


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_nanoseconds_in_a_file_are_read_with_and_without_a_zone(zone, tmp_path) -> None:
    at = pa.array([1_704_078_000_000_000_000], type=pa.timestamp("ns", zone))
    pq.write_table(pa.table({"customer": ["a"], "at": at}), tmp_path / "fine.parquet")
    assert used(events(tmp_path / "fine.parquet"), "at") == [datetime(2024, 1, 1, 3)]


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(
        HistoryError, match=r"There is no time zone 'Mars/Olympus'. Write it like America/New_York, or UTC"
    ):
        declare(table(), timezone="Mars/Olympus")


def test_a_missing_time_and_one_that_cannot_be_read_are_told_apart() -> None:
    rows = pd.DataFrame({"customer": "a", "at": ["2024-05-31"] * 100 + [None, "soon"]})
    assert reasons(declare(ibis.memtable(rows)))[99:] == [None, "no time", "time that cannot be read"]


def test_placeholder_times_are_set_aside() -> None:
    declared = declare(table(at=["9999-12-31", "0001-01-01", "2024-05-31"]))
    assert reasons(declared) == ["time out of range", "no time", None]


def test_a_row_without_a_readable_known_at_is_set_aside() -> None:
    rows = pd.DataFrame({"customer": "a", "at": DAY, "known_at": ["2024-05-31"] * 100 + [None, "later"]})
    assert reasons(declare(ibis.memtable(rows)))[99:] == [None, "no readable known_at", "no readable known_at"]


@pytest.mark.parametrize("role", ["amount", "quantity", "price", "cost", "margin", "discount"])
def test_infinite_numbers_and_those_that_are_none_are_set_aside(role: str, tmp_path) -> None:
    numbers = [1.0, float("nan"), float("inf"), -float("inf"), None]
    rows = {"customer": list("abcde"), "at": [DAY] * 5, role: pa.array(numbers, from_pandas=False)}
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    declared = events(tmp_path / "rows.parquet")
    assert reasons(declared) == [None, *[f"{role} not finite"] * 3, None]
    assert used(declared, role) == [Decimal(1), None]


def test_an_amount_that_is_no_number_is_refused() -> None:
    with pytest.raises(HistoryError, match=r"Column 'paid', declared as 'amount', must be a number, got date. Turn it"):
        declare(table(paid=[date(2024, 5, 1)] * 3), amount="paid")


def test_a_missing_column_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(HistoryError) as told:
        declare(table(paid=[1, 2, 3]), amount="payd")
    assert str(told.value) == (
        "The event table lacks the column 'payd' (declared as 'amount'). Did you mean 'paid'? "
        "It has: at, customer, paid. Name the right one: amount = '...'."
    )


@pytest.mark.parametrize(("role", "what"), [("customer", "a customer key"), ("at", "the time of the event")])
def test_a_table_without_a_customer_or_a_time_is_refused(role: str, what: str) -> None:
    with pytest.raises(HistoryError) as told:
        declare(table(other=[1, 2, 3]).drop(role))
    assert str(told.value).startswith(f"The event table lacks '{role}' ({what}). It has: ")
    assert str(told.value).endswith(f"Name it at the door: {role} = 'the column'.")


def test_an_unknown_role_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(
        HistoryError, match=r"The table has no role 'amonut'. Did you mean 'amount'\? The roles are: cust"
    ):
        declare(table(), amonut="paid")


def test_where_keeps_the_rows_that_match_all_conditions() -> None:
    rows = table(kind=["buy", "buy", "test"], shop=[1, 2, 1])
    assert used(declare(rows, where={"kind": "buy", "shop": [1, 3]}), "customer") == ["a"]


def test_where_can_name_a_column_that_becomes_a_role() -> None:
    assert used(declare(table(customer=["a", None, "c"]), where={"customer": ["a", "c"]}), "customer") == ["a", "c"]


def test_a_condition_on_a_missing_column_is_refused() -> None:
    with pytest.raises(
        HistoryError, match=r"names the column 'knd', which the event table lacks. Did you mean 'kind'\?"
    ):
        declare(table(kind=["x"] * 3), where={"knd": "x"})


@pytest.mark.parametrize(("held", "asked", "kind"), [([1, 2, 3], "1", "int64"), (["1", "2", "3"], 1, "string")])
def test_a_condition_with_a_value_of_another_type_is_refused(held: list, asked, kind: str) -> None:
    with pytest.raises(HistoryError) as told:
        declare(table(code=held), where={"code": [asked]})
    assert str(told.value) == (
        f"A condition compares the column 'code', which holds {kind}, with {asked!r}. "
        "Give values of the column's own type."
    )


FRAME = pd.DataFrame(
    {
        "customer": ["0012", "7", "7", None],
        "at": pd.to_datetime(["2024-01-31 10:00", "2024-03-01 00:00", "2024-03-01 00:00", "2024-03-02 09:30"]),
        "amount": [1.5, 2.25, None, 4.0],
        "order": ["1", "C2", "C2", "9"],
    }
)


def written(frame: pd.DataFrame, path) -> History:
    write(frame, path)
    return History.of(orders=events(path))


def test_csv_parquet_and_a_frame_give_the_same_history(tmp_path) -> None:
    histories = [
        History.of(orders=events(FRAME)),
        written(FRAME, tmp_path / "orders.parquet"),
        written(FRAME, tmp_path / "orders.csv"),
        History.of(orders=events(written(FRAME, tmp_path / "more" / "part.parquet") and tmp_path / "more")),
    ]
    rows = [h["orders"].order_by("at").to_pyarrow().to_pylist() for h in histories]
    assert rows[0][0]["customer"] == "0012"
    assert rows[1:] == rows[:1] * 3
    assert all(h.receipts == histories[0].receipts for h in histories)


def test_a_csv_keeps_a_text_that_comes_late_among_numbers(tmp_path) -> None:
    order = [str(i) for i in range(25_000)] + ["C1"]
    frame = pd.DataFrame({"customer": "a", "at": "2024-01-01", "order": order})
    assert written(frame, tmp_path / "orders.csv").receipts[0].used == 25_001


def test_a_packed_csv_and_capital_endings_are_read(tmp_path) -> None:
    FRAME.to_csv(tmp_path / "orders.csv.gz", index=False)
    FRAME.to_csv(tmp_path / "ORDERS.CSV", index=False)
    for name in ("orders.csv.gz", "ORDERS.CSV"):
        assert History.of(orders=events(tmp_path / name)).receipts[0].used == 3


def test_a_frame_with_numbers_among_texts_is_read_as_texts() -> None:
    frame = pd.DataFrame({"customer": [1, "C2", None], "at": [DAY] * 3})
    assert used(events(frame), "customer") == ["1", "C2"]


def test_a_frame_with_one_name_twice_is_refused() -> None:
    frame = pd.DataFrame([["a", DAY, DAY]], columns=["customer", "at", "at"])
    with pytest.raises(HistoryError, match=r"The data frame has the column 'at' twice. Give each column one name"):
        events(frame)


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(HistoryError, match=r"There is no file '.*none\.parquet'\. Check the path; it is seen from '"):
        events(tmp_path / "none.parquet")


@pytest.mark.parametrize("name", ["orders.json", "orders"])
def test_a_file_of_another_kind_is_refused(name: str, tmp_path) -> None:
    (tmp_path / name).write_text("customer,at", encoding="utf-8")
    with pytest.raises(
        HistoryError, match=rf"'{name}' is neither Parquet nor CSV nor Excel, but of no known format. Give a .parquet"
    ):
        events(tmp_path / name)


def test_a_broken_file_is_refused_without_showing_rows(tmp_path) -> None:
    (tmp_path / "broken.parquet").write_text("junk", encoding="utf-8")
    with pytest.raises(HistoryError, match=r"'broken.parquet' cannot be read: .*Check that it is whole, and that no"):
        events(tmp_path / "broken.parquet")


def test_a_folder_without_the_parts_of_one_table_is_refused(tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        HistoryError, match=r"'empty' does not hold the parts of one table: no .parquet and no .csv is in it"
    ):
        events(tmp_path / "empty")


def test_a_table_is_written_whole_in_the_format_of_its_ending(tmp_path) -> None:
    for name in ("t.csv", "t.parquet"):
        assert write(FRAME, tmp_path / "new" / name) == tmp_path / "new" / name
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["t.csv", "t.parquet"]
    assert pd.read_parquet(tmp_path / "new" / "t.parquet").amount.tolist()[:2] == [1.5, 2.25]
    with pytest.raises(HistoryError, match=r"'t\.txt' ends neither in \.parquet nor in \.csv"):
        write(FRAME, tmp_path / "t.txt")


def test_times_beyond_any_calendar_are_set_aside(tmp_path):
    path = tmp_path / "orders.parquet"
    at = pa.array([2**62, 1_700_000_000_000_000], pa.timestamp("us"))
    pq.write_table(pa.table({"customer": ["a", "b"], "at": at, "amount": [1.0, 2.0]}), path)
    receipt = History.of(orders=events(path)).receipts[0]
    assert (receipt.read, receipt.used, receipt.set_aside) == (2, 1, {"time out of range": 1})
    assert receipt.first.year == receipt.last.year == 2023
