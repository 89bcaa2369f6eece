"""What a history promises: counted rows, returns apart from purchases, and two doors that share no event."""

from datetime import datetime, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import HistoryError, QuestionError
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.receipts import Receipt
from patron.history.sources import events
from patron.periods import EVER, Span
from worlds.histories import COLUMNS, CUTOFF, MONEY, NOBODY, TICK, TIMES, World, ago, frame_of, history_of

PARTS = ("customer", "order", "at", "amount")


def held(history: History, name: str, column: str = "amount") -> list:
    """One column of a table as plain numbers or texts, sorted."""
    values = history[name][column].to_pyarrow().to_pylist()
    return sorted(v if isinstance(v, str | datetime) else float(v) for v in values)


def parts(*rows: tuple, **more) -> Events:
    """Order lines of (customer, order, days before the cutoff, amount)."""
    frame = pd.DataFrame([(c, o, ago(days), a) for c, o, days, a in rows], columns=list(PARTS))
    return events(frame.assign(**more))


def test_a_receipt_tells_what_became_of_the_rows() -> None:
    rows = [("ann", ago(9), 1.0), (None, ago(8), 1.0), ("bob", None, 1.0), ("bob", ago(3), float("inf"))]
    history = history_of([*rows, ("bob", ago(2), 5.0)])
    aside = {"amount not finite": 1, "no customer": 1, "no time": 1}
    money = {"used": 6.0, "amount not finite": 0.0, "no customer": 1.0, "no time": 1.0}
    assumed = history.receipts[0].assumed
    assert history.receipts == (Receipt("orders", 5, aside, 2, 2, ago(9), ago(2), (), money, assumed),)
    assert [a.change for a in assumed] == ['amount = ""']


@given(st.lists(st.tuples(st.one_of(st.just("a"), NOBODY), st.one_of(st.none(), TIMES), MONEY), max_size=20))
@settings(max_examples=15, deadline=None)
def test_every_row_that_was_read_is_used_or_counted_as_set_aside(rows: list[tuple]) -> None:
    history = history_of([("a", ago(1), 1.0), *rows])
    receipt = history.receipts[0]
    assert receipt.read == len(rows) + 1 == receipt.used + sum(receipt.set_aside.values())
    stored = sum(history[name].count().to_pyarrow().as_py() for name in history.tables)
    assert stored == receipt.used == 1 + sum(c == "a" and at is not None for c, at, _ in rows)


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(
        HistoryError, match=r"Event table 'orders' has no row to use, of 0 read. Check the file .* any row meets"
    ):
        history_of([])


def test_a_table_of_which_every_row_is_set_aside_is_refused_with_the_reasons() -> None:
    with pytest.raises(HistoryError) as told:
        history_of([(None, ago(1), 1.0), ("nan", ago(1), 1.0), ("a", None, 1.0)])
    assert str(told.value) == (
        "Event table 'orders' has no row to use, of 3 read. 2 rows have no customer. 1 rows have no time. "
        "Check the file and its declaration."
    )


def test_a_few_unreadable_times_are_set_aside() -> None:
    times = pd.DataFrame({"customer": "a", "at": ["2024-05-01"] * 99 + ["soon"]})
    assert History.of(orders=events(times)).receipts[0].set_aside == {"time that cannot be read": 1}


def test_a_history_without_tables_is_refused() -> None:
    with pytest.raises(
        HistoryError, match=r"A history needs at least one event table, got none. Name one: orders = \.\.\."
    ):
        History.of()


def test_a_table_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        HistoryError, match=r"No event table is called 'ordres'. Did you mean 'orders'\? This history has: ord"
    ):
        history_of([("a", ago(1), 1.0)])["ordres"]


def test_one_customer_with_one_event_is_a_history() -> None:
    history = history_of([("a", ago(1), 1.0)])
    assert (history.starts, history.ends) == (ago(1), CUTOFF)


def test_negative_orders_are_returns_with_positive_amounts() -> None:
    history = history_of([("a", ago(5), 30.0), ("a", ago(4), -10.0), ("a", ago(3), None), ("a", ago(2), 0.0)])
    assert held(history, "returns") == [10.0]
    assert history["orders"].count().to_pyarrow().as_py() == 3
    assert history.receipts[0].notes == ("1 rows have no amount; they count as no money", "1 rows read as returns")
    assert history.receipts[0].used == 4


def marked(**columns: list) -> History:
    frame = pd.DataFrame({"customer": "a", "at": [ago(5), ago(4), ago(3)], "kind": ["buy", "back", None]} | columns)
    return History.of(orders=events(frame, returns={"kind": ["back", "cancelled"]}))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_orders_marked_as_returns_are_returns_whatever_their_sign(sign: float) -> None:
    history = marked(amount=[30.0, 10.0 * sign, 7.0], cost=[20.0, 6.0 * sign, 1.0])
    assert held(history, "returns") == [10.0]
    assert held(history, "returns", "cost") == [6.0]
    assert held(history, "orders") == [7.0, 30.0]


def test_marked_returns_without_an_amount_turn_by_what_they_have() -> None:
    assert held(marked(margin=[5.0, -2.0, 1.0]), "returns", "margin") == [2.0]
    assert marked()["returns"].count().to_pyarrow().as_py() == 1


def test_a_mark_makes_the_table_of_returns_even_where_nothing_came_back() -> None:
    history = marked(kind=["buy", "buy", "buy"])
    assert held(history, "returns", "kind") == []
    assert history.receipts[0].notes == ("none of 3 rows matched by returns kind; column 'kind' holds 'buy'",)


def test_a_column_called_returned_that_is_no_mark_parts_nothing() -> None:
    frame = pd.DataFrame({"customer": ["a"], "at": [ago(1)], "returned": ["no"]})
    assert list(History.of(orders=events(frame)).tables) == ["orders"]


def test_an_unknown_mark_keeps_the_row_as_a_purchase() -> None:
    frame = pd.DataFrame({"customer": ["a", "b"], "at": [ago(1)] * 2, "back": ["yes", None]})
    history = History.of(orders=events(frame, returns={"back": "yes"}))
    assert (held(history, "orders", "customer"), held(history, "returns", "customer")) == (["b"], ["a"])


def test_a_table_of_returns_is_turned_positive_and_leaves_negative_orders_where_they_are() -> None:
    history = history_of([("a", ago(5), 30.0), ("a", ago(4), -1.0)], returns=[("a", ago(3), -8.0), ("a", ago(2), 2.0)])
    assert (held(history, "returns"), held(history, "orders")) == ([2.0, 8.0], [-1.0, 30.0])
    assert history.receipts[0].notes == ("1 rows with a negative amount left in place, as there is a table returns",)


def test_returns_that_come_twice_are_refused() -> None:
    frame = frame_of([("a", ago(5), 1.0)], COLUMNS["orders"])
    with pytest.raises(
        HistoryError, match=r"Returns come twice: 1 rows of event table 'orders' are marked as returns, and"
    ):
        History.of(orders=events(frame, returns={"customer": "a"}), returns=events(frame))


def test_orders_given_as_lines_are_added_up() -> None:
    history = History.of(orders=parts(("a", "1", 5, 2.0), ("a", "1", 5, 3.0), ("a", "2", 1, 4.0), ("b", "1", 5, 9.0)))
    assert held(history, "orders") == [4.0, 5.0, 9.0]
    assert held(history, "orders", "lines") == [1, 1, 2]
    assert held(history, "lines") == [2.0, 3.0, 4.0, 9.0]
    assert history.receipts[0].used == 4


def test_lines_alone_make_orders_and_returns() -> None:
    history = History.of(lines=parts(("a", "1", 5, 2.0), ("a", "1", 5, 3.0), ("a", "2", 4, -2.0), ("a", "2", 4, -1.0)))
    assert (held(history, "orders"), held(history, "returns")) == ([5.0], [3.0])
    assert (held(history, "lines"), held(history, "returned_lines")) == ([2.0, 3.0], [1.0, 2.0])


def test_lines_without_an_order_number_are_orders_each() -> None:
    lines = [("a", ago(5), None, "x", "g", 1.0, 2.0)] * 2
    frame = frame_of(lines, COLUMNS["lines"]).drop(columns="order")
    assert held(History.of(lines=events(frame)), "orders") == [2.0, 2.0]


def test_orders_and_lines_given_both_stay_as_they_are() -> None:
    history = History.of(orders=parts(("a", "1", 5, 5.0)), lines=parts(("a", "1", 5, 2.0), ("a", "1", 5, 2.0)))
    assert (held(history, "orders"), held(history, "lines")) == ([5.0], [2.0, 2.0])


def test_orders_of_which_all_came_back_leave_an_empty_table() -> None:
    history = History.of(orders=parts(("a", "1", 5, -5.0)))
    assert (held(history, "orders"), held(history, "returns")) == ([], [5.0])


def test_an_added_up_order_keeps_channel_and_time_of_knowledge() -> None:
    told = parts(("a", "1", 5, 2.0), ("a", "1", 5, 3.0), channel=["web", "web"], known_at=[ago(5), ago(2)])
    row = History.of(orders=told)["orders"].to_pyarrow().to_pylist()[0]
    assert (row["channel"], row["known_at"], float(row["amount"])) == ("web", ago(2), 5.0)


def test_lines_of_an_order_at_different_seconds_of_a_day_are_one_order_at_the_last_of_them() -> None:
    history = History.of(orders=parts(("a", "1", 4.4, 2.0), ("a", "1", 4.1, 3.0), ("b", "1", 4.2, 9.0)))
    made = history["orders"].order_by("customer").to_pyarrow().to_pylist()
    told = [(row["at"], row["first_line_at"], float(row["amount"]), row["lines"]) for row in made]
    assert told == [(ago(4.1), ago(4.4), 5.0, 2), (ago(4.2), ago(4.2), 9.0, 1)]
    assert held(history, "lines") == [2.0, 3.0, 9.0]


def test_an_order_that_goes_on_for_days_counts_once_for_each_day_and_is_told() -> None:
    history = History.of(
        lines=parts(("a", "1", 4.4, 2.0), ("a", "1", 4.1, 3.0), ("a", "1", 3.9, 4.0), ("b", "1", 1, 1.0))
    )
    assert held(history, "orders") == [1.0, 4.0, 5.0]
    assert history.receipts[0].notes == (
        "1 orders have lines on several days, and count once for each day",
        "1 order numbers are those of several customers, and the rows of each customer are an order of their own",
    )


def test_rows_without_an_order_number_are_one_order_only_at_one_time() -> None:
    history = History.of(orders=parts(("a", None, 4.4, 2.0), ("a", None, 4.1, 3.0), ("a", None, 4.1, 4.0)))
    assert (held(history, "orders"), history.receipts[0].notes) == ([2.0, 7.0], ())


def test_a_cutoff_that_parts_a_day_is_refused_where_orders_were_added_up_by_day() -> None:
    history = History.of(orders=parts(("a", "1", 4.4, 2.0), ("a", "1", 4.1, 3.0), ("a", "2", 9, 1.0)))
    history.check_cutoff(ago(4))
    with pytest.raises(QuestionError, match=r"The cutoff 2024-06-26 18:00 parts a day, .* for example 2024-06-26."):
        history.check_cutoff(ago(4.25))


@given(TIMES, TIMES)
@settings(max_examples=10, deadline=None)
def test_past_and_future_share_no_event_and_lose_none(one: datetime, other: datetime) -> None:
    history = history_of([("a", one, 1.0), ("a", other, 2.0)])
    before = history.past("orders", CUTOFF, EVER).amount.to_pyarrow().to_pylist()
    after = history.future("orders", CUTOFF, Span(36_000)).amount.to_pyarrow().to_pylist()
    assert sorted(map(float, before + after)) == [1.0, 2.0]
    assert sorted(map(float, before)) == [a for a, at in ((1.0, one), (2.0, other)) if at < CUTOFF]


def test_days_are_counted_from_the_cutoff_to_the_microsecond() -> None:
    history = history_of([("a", ago(1.5), 1.0), ("a", CUTOFF - TICK, 1.0), ("a", ago(-0.25), 1.0)])
    past = history.past("orders", CUTOFF, EVER).days_ago.to_pyarrow().to_pylist()
    assert sorted(past) == [pytest.approx(1 / 86_400e6), 1.5]
    assert history.future("orders", CUTOFF, Span(1)).days_ahead.to_pyarrow().to_pylist() == [0.25]


def test_a_history_ends_at_midnight_after_the_last_order() -> None:
    late = [("a", ago(-50), 1.0)]
    assert history_of([("a", ago(0.5), 1.0)], returns=late).ends == CUTOFF
    assert History.of(tickets=events(frame_of(late, COLUMNS["orders"]))).ends == CUTOFF + timedelta(days=51)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (9, "no event is known before it"),
        (10, "no event is known before it"),
        (-40, "it is long after the last order"),
    ],
)
def test_a_cutoff_outside_the_history_is_refused(days: int, why: str) -> None:
    history = history_of([("a", ago(9), 1.0), ("a", ago(1), 1.0)])
    with pytest.raises(
        QuestionError, match=rf"The cutoff {ago(days):%Y-%m-%d} lies outside the history: {why}. "
    ) as told:
        history.check_cutoff(ago(days))
    assert "The first event is of 2024-06-22, and the last day of orders ends at 2024-07-01." in str(told.value)


def test_a_cutoff_may_lie_a_month_after_the_last_order() -> None:
    history = history_of([("a", ago(9), 1.0), ("a", ago(1), 1.0)])
    history.check_cutoff(ago(9) + TICK)
    history.check_cutoff(CUTOFF + timedelta(days=31))


def test_a_horizon_may_end_where_the_history_does() -> None:
    history = history_of([("a", ago(40), 1.0), ("a", ago(1), 1.0)])
    history.check_passed(ago(30), Span(30))
    with pytest.raises(QuestionError) as told:
        history.check_passed(ago(30), Span(31))
    assert str(told.value) == (
        "A label at 2024-06-01 looks 31 days ahead, to 2024-07-02, but the history ends 2024-07-01. "
        "Use a cutoff up to 2024-05-31, or a shorter horizon."
    )


def test_files_and_frames_work_side_by_side(tmp_path) -> None:
    frame_of([("a", ago(2), 4.0)], COLUMNS["returns"]).to_parquet(tmp_path / "returns.parquet")
    lines = parts(("a", "1", 5, 2.0), ("a", "1", 5, 3.0))
    history = History.of(orders=lines, returns=events(tmp_path / "returns.parquet"))
    both = history["orders"].join(history["returns"], "customer").amount.to_pyarrow().to_pylist()
    assert list(map(float, both)) == [5.0]


def test_tables_of_two_engines_are_refused(tmp_path) -> None:
    frame = frame_of([("a", ago(2), 4.0)], COLUMNS["orders"])
    elsewhere = ibis.duckdb.connect(tmp_path / "shop.db").create_table("orders", frame)
    frame.to_parquet(tmp_path / "returns.parquet")
    with pytest.raises(
        HistoryError, match=r"The event tables orders, returns are opened by different engines or connections"
    ):
        History.of(orders=events(elsewhere), returns=events(tmp_path / "returns.parquet"))


def test_a_generated_world_is_used_whole(world: World) -> None:
    for receipt in world.history.receipts:
        assert receipt.read == receipt.used == len(world.frames[receipt.table])


def test_rows_without_an_amount_or_a_cost_are_used_and_told() -> None:
    told = parts(("a", "1", 5, 2.0), ("a", "2", 4, None), ("a", "3", 3, None), (None, "4", 2, None))
    history = History.of(orders=told)
    assert history.receipts[0].notes == ("2 rows have no amount; they count as no money",)
    assert (history.receipts[0].used, held(history, "orders", "order")) == (3, ["1", "2", "3"])


def test_a_cost_that_is_not_told_is_told_as_such() -> None:
    frame = pd.DataFrame({"customer": "a", "at": [ago(5), ago(4)], "amount": [9.0, 8.0], "cost": [4.0, None]})
    assert History.of(orders=events(frame)).receipts[0].notes == (
        "1 rows have no cost; they bring no profit, unless a margin rate is set",
    )


def test_rows_that_repeat_another_one_exactly_are_told() -> None:
    history = history_of([("a", ago(3), 1.0), ("a", ago(3), 1.0), ("a", ago(2), 1.0)])
    assert history.receipts[0].notes[:1] == (
        '1 rows repeat another one exactly, and are used (duplicates = "drop" sets aside)',
    )


def test_rows_that_repeat_another_one_can_be_set_aside_and_are_counted() -> None:
    rows = [("a", ago(3), 1.0), ("a", ago(3), 1.0), ("a", ago(3), 1.0), ("a", ago(3), 2.0), (None, ago(3), 1.0)]
    history = History.of(orders=events(frame_of([*rows, rows[-1]], COLUMNS["orders"]), duplicates="drop"))
    receipt = history.receipts[0]
    assert (receipt.read, receipt.used, receipt.set_aside) == (6, 2, {"no customer": 2, "repeated row": 2})
    assert held(history, "orders") == [1.0, 2.0]
    assert receipt.money == {"used": 3.0, "no customer": 2.0, "repeated row": 2.0}


def test_what_becomes_of_repeated_rows_is_kept_or_dropped() -> None:
    with pytest.raises(HistoryError, match=r"'keep' or 'drop', got 'first'. Write duplicates = 'drop'"):
        events(frame_of([("a", ago(3), 1.0)], COLUMNS["orders"]), duplicates="first")


def test_what_a_return_cost_is_positive_whichever_column_was_below_zero() -> None:
    sold = pd.DataFrame({"customer": "a", "at": [ago(9), ago(8)], "kind": ["sale", "back"], "amount": [100.0, 100.0]})
    told = events(sold.assign(margin=[40.0, -40.0], quantity=[2, -2]), returns={"kind": "back"})
    back = History.of(orders=told)["returns"].to_pyarrow().to_pylist()
    assert [(row["amount"], row["margin"], row["quantity"]) for row in back] == [(100, 40, 2)]


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        (
            {"orders": {"customer": ["a"], "at": ["2024-05-01"]}, "mails": {"kind": ["x"]}},
            "have different columns",
        ),
        ({}, "no .parquet and no .csv is in it"),
    ],
)
def test_a_folder_of_several_tables_is_not_taken_for_the_parts_of_one(tmp_path, tables, why) -> None:
    for name, columns in tables.items():
        pd.DataFrame(columns).to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(HistoryError, match=f"does not hold the parts of one table: .*{why}. Name the file of each"):
        events(tmp_path)


def test_a_table_that_was_not_declared_is_refused_with_the_line_that_declares_it() -> None:
    frame = pd.DataFrame({"customer": ["a"], "at": [ago(1)]})
    with pytest.raises(HistoryError, match=r"'orders' of a history is no declared .*, got DataFrame\. .*orders=pt\.ev"):
        History.of(orders=frame)
