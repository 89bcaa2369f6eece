"""Contracts at the door: what their rows become, what is set aside, and what the receipt says of them."""

from datetime import datetime

import pandas as pd
import pytest

import patron as pt
from patron.errors import HistoryError
from patron.history.history import History
from patron.history.subscriptions import subscriptions

COLUMNS = ["customer", "start", "end"]


def contracts_of(*rows: tuple, columns: tuple[str, ...] = (), **options) -> History:
    """A history of (customer, start, end, ...) contracts with roles of the columns' names."""
    named = [*COLUMNS, *columns]
    frame = pd.DataFrame(rows, columns=named)
    return History.of(contracts=subscriptions(frame, **{c: c for c in named}, **options))


def times(history: History, table: str) -> list[tuple[str, str]]:
    frame = history[table].to_pandas().sort_values(["customer", "at"])
    return [(row.customer, f"{row.at:%m-%d}") for row in frame.itertuples()]


def notes(history: History) -> str:
    return " | ".join(history.receipts[0].notes)


def test_a_contract_is_an_event_at_its_start_and_another_at_its_end():
    history = contracts_of(("a", "2024-01-01", "2024-03-01"), ("b", "2024-02-01", None), ("c", "2024-04-01", None))
    assert times(history, "contracts") == [("a", "01-01"), ("b", "02-01"), ("c", "04-01")]
    assert times(history, "contract_ends") == times(history, "contract_leavings") == [("a", "03-01")]
    assert history.ends == datetime(2024, 4, 2)


def test_a_customer_leaves_when_the_last_of_overlapping_contracts_ends():
    history = contracts_of(
        ("a", "2024-01-01", "2024-03-01"), ("a", "2024-02-01", "2024-04-01"), ("b", "2024-05-01", None)
    )
    assert times(history, "contract_ends") == [("a", "03-01"), ("a", "04-01")]
    assert times(history, "contract_leavings") == [("a", "04-01")]
    assert "1 contracts begin while another of the same customer runs" in notes(history)


def test_a_contract_that_begins_as_another_ends_goes_on_with_it():
    history = contracts_of(("a", "2024-01-01", "2024-02-01"), ("a", "2024-02-01", None))
    assert times(history, "contract_leavings") == []
    assert history["contracts"].to_pandas().sort_values("at").opens.tolist() == [1, 0]


def test_within_the_grace_a_contract_goes_on_with_the_one_before():
    rows = ("a", "2024-01-01", "2024-01-31"), ("a", "2024-02-05", None)
    assert times(contracts_of(*rows), "contract_leavings") == [("a", "01-31")]
    assert times(contracts_of(*rows, grace=5), "contract_leavings") == []
    assert "grace = 31" in notes(contracts_of(*rows))
    assert "1 contracts are of customers who had left and came back" in notes(contracts_of(*rows))


def test_an_end_recorded_late_is_known_from_then_on_and_counts_until_then():
    history = contracts_of(
        ("a", "2024-01-01", "2024-02-10", "2024-02-20"), ("b", "2024-03-01", None, None), columns=("known_at",)
    )
    assert history["contract_ends"].to_pandas().known_at.tolist() == [pd.Timestamp("2024-02-20")]
    assert times(history, "contract_leavings") == [("a", "02-10"), ("a", "02-20")]
    assert "1 ends were recorded after they came" in notes(history)


def test_an_end_recorded_before_it_comes_is_a_notice_from_then_on():
    history = contracts_of(
        ("a", "2024-01-01", "2024-02-10", "2024-01-20"), ("b", "2024-03-01", None, None), columns=("known_at",)
    )
    assert times(history, "contract_notices") == [("a", "01-20")]
    assert history["contract_notices"].to_pandas().days_to_end.tolist() == [21.0]
    assert times(history, "contract_leavings") == [("a", "02-10")]


def test_a_contract_that_ends_before_it_starts_is_set_aside_and_counted():
    history = contracts_of(("a", "2024-03-01", "2024-02-01"), ("b", "2024-01-01", None))
    assert dict(history.receipts[0].set_aside) == {"end before its start": 1}
    assert times(history, "contracts") == [("b", "01-01")]


def test_an_end_in_the_future_is_a_plan_and_the_contract_open():
    history = contracts_of(("a", "2024-01-01", "9999-12-31"), ("b", "2024-02-01", "2024-06-01"))
    assert times(history, "contract_ends") == []
    (assumed,) = history.receipts[0].assumed
    assert assumed.what.startswith("2 contracts end after 2024-02-02")
    assert assumed.change == 'until = "2024-02-02"'


def test_until_says_up_to_when_ends_are_known():
    history = contracts_of(("a", "2024-01-01", "2024-05-01"), ("b", "2024-02-01", "2024-06-01"), until="2024-05-15")
    assert times(history, "contract_ends") == [("a", "05-01")]
    assert history.ends == datetime(2024, 5, 15)


def test_of_two_rows_of_a_contract_the_one_with_the_end_counts():
    history = contracts_of(
        ("a", "2024-01-01", None, "k1"), ("a", "2024-01-01", "2024-02-01", "k1"), ("b", "2024-03-01", None, "k2"),
        columns=("contract",),
    )  # fmt: skip
    assert dict(history.receipts[0].set_aside) == {"another row of the same contract": 1}
    assert times(history, "contract_leavings") == [("a", "02-01")]


def test_exact_repeats_count_once():
    history = contracts_of(*[("a", "2024-01-01", None)] * 3)
    assert dict(history.receipts[0].set_aside) == {"repeated row": 2}


def test_an_end_that_cannot_be_read_leaves_no_contract_open_for_ever():
    rows = [(f"c{i}", "2024-01-01", "2024-02-01") for i in range(200)]
    history = contracts_of(*rows, ("x", "2024-01-01", "soon"), ("y", "2024-03-01", None))
    assert dict(history.receipts[0].set_aside) == {"end that cannot be read": 1}


def test_the_price_of_a_month_and_its_change_are_those_of_the_contract():
    history = contracts_of(
        ("a", "2024-01-01", "2024-02-01", 120.0), ("a", "2024-02-01", None, 150.0),
        columns=("price",), price_per="year",
    )  # fmt: skip
    frame = history["contracts"].to_pandas().sort_values("at")
    assert frame.monthly_price.astype(float).tolist() == [10.0, 12.5]
    assert frame.price_change.tolist()[1] == 0.25


def test_a_date_of_renewal_is_a_term():
    history = contracts_of(("a", "2024-01-01", None, "2024-12-31"), columns=("renews",))
    assert history["contracts"].to_pandas().term.tolist() == [365.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"finish": "end"}, "A table of contracts has no role 'finish'. The roles are: customer, start, end"),
        ({"start": "began"}, "lacks the column 'began' \\(declared as 'start'\\)"),
        ({"term": "days"}, "which only you know, got term_in = '' with a column of terms"),
        ({"term_in": "months"}, "got term_in = 'months' without a column of terms"),
        ({"price_per": "term"}, "where the table has one \\(term or renews\\), got 'term'"),
        ({"grace": -1}, "The grace is a whole number of days from 0 to 365, got -1"),
        ({"formats": {"price": "%d"}}, "Only times have a form, got one for 'price'"),
        ({"term": "days", "renews": "end", "term_in": "days"}, "say the same twice. Name only one of term and renews"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(options, message):
    frame = pd.DataFrame({"customer": ["a"], "start": ["2024-01-01"], "end": [None], "days": [30]})
    roles = {"customer": "customer", "start": "start", "end": "end"}
    with pytest.raises(HistoryError, match=message):
        pt.subscriptions(frame, **{**roles, **options})


def test_a_start_is_needed():
    with pytest.raises(HistoryError, match=r"The table of contracts lacks 'start'\. It has: customer"):
        pt.subscriptions(pd.DataFrame({"customer": ["a"]}), customer="customer")


def test_a_history_has_one_table_of_contracts():
    table = subscriptions(pd.DataFrame({"c": ["a"], "s": ["2024-01-01"]}), customer="c", start="s")
    with pytest.raises(HistoryError, match="at most one table of contracts, got phones, tariffs"):
        History.of(phones=table, tariffs=table)
    orders = pt.events(pd.DataFrame({"c": ["a"], "t": ["2024-01-01"]}), customer="c", at="t")
    with pytest.raises(HistoryError, match="The table 'contract_ends' has a name that is needed"):
        History.of(members=table, contract_ends=orders)


def test_a_table_that_shares_no_customer_with_the_contracts_is_refused():
    members = subscriptions(
        pd.DataFrame({"c": [f"a{i}" for i in range(20)], "s": "2024-01-01"}), customer="c", start="s"
    )
    visits = pt.events(pd.DataFrame({"c": [f"b{i}" for i in range(20)], "t": "2024-01-02"}), customer="c", at="t")
    with pytest.raises(HistoryError, match="of none of the 20 with a contract"):
        History.of(members=members, visits=visits)


def test_activity_before_the_first_contract_and_after_the_last_is_counted():
    members = subscriptions(
        pd.DataFrame({"c": ["a", "b"], "s": ["2024-02-01", "2024-01-01"], "e": ["2024-03-01", None]}),
        customer="c", start="s", end="e", until="2024-06-01",
    )  # fmt: skip
    times = ["2024-01-10", "2024-02-10", "2024-03-10", "2024-04-10", "2024-05-01"]
    visits = pt.events(pd.DataFrame({"c": ["a"] * 4 + ["b"], "t": times}), customer="c", at="t")
    receipt = next(r for r in History.of(contracts=members, visits=visits).receipts if r.table == "visits")
    assert receipt.notes[0].startswith("1 rows are of customers before their first contract")
    assert receipt.notes[1].startswith("2 rows are of customers after their last contract ended")


def test_with_a_grace_an_end_counts_when_it_has_passed():
    rows = ("a", "2023-12-31", None), ("b", "2023-01-01", "2023-12-31"), ("b", "2024-01-01", "2024-01-31")
    history = contracts_of(*rows, grace=1, until="2024-06-01")
    assert times(history, "contract_leavings") == [("b", "02-01")]
    january = datetime(2024, 1, 1)
    customers = {g: len(pt.matrix(pt.cancellation(60), contracts_of(*rows, grace=g), [january]).key) for g in (0, 1)}
    assert customers == {0: 1, 1: 2}


def test_what_is_known_of_customers_at_any_time_is_of_no_time_before_their_contracts():
    members = pd.DataFrame({"customer": ["ann", "bob"], "start": ["2024-01-01", "2024-02-01"], "end": None})
    people = pd.DataFrame({"customer": ["ann", "bob", "cid"], "city": ["x", "x", "y"]})
    history = History.of(
        contracts=subscriptions(members, customer="customer", start="start", end="end"),
        people=pt.attributes(people, customer="customer"),
        orders=pt.events(pd.DataFrame({"customer": ["ann", "bob"], "at": "2024-03-01"})),
    )
    assert not any("first contract" in note for receipt in history.receipts for note in receipt.notes)
