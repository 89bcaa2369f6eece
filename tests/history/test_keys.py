"""Keys: words that stand for nobody are no customers, doubtful keys are noted, and tables must share customers."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.event_tables import Assumption
from patron.history.history import History
from patron.history.sources import attributes, events

FIRST = datetime(2023, 1, 1)
FIFTY = [f"c{k}" for k in range(50)]


def table(keys: list, **columns: list) -> pd.DataFrame:
    """One row for each key, on days in a row."""
    return pd.DataFrame({"customer": keys, "at": [FIRST + timedelta(days=k) for k in range(len(keys))]} | columns)


def orders(keys: list, **declared) -> History:
    return History.of(orders=events(table(keys), **declared))


def customers(history: History) -> list[str]:
    return sorted(history["orders"].customer.to_pyarrow().to_pylist())


def test_words_that_stand_for_nobody_are_set_aside_with_the_line_that_keeps_them() -> None:
    receipt = orders(["ann", "Guest", "GUEST ", "(not set)", "N/A", "unknown", "bob"]).receipts[0]
    assert (receipt.used, receipt.customers, receipt.set_aside) == (2, 2, {"no customer": 5})
    words = "'(not set)' (1), 'GUEST' (1), 'Guest' (1), 'N/A' (1), 'unknown' (1)"
    assert receipt.assumed == (Assumption(f"5 rows of {words} count as rows of no customer", "not_customers = []"),)
    assert orders(["ann", "Guest"], not_customers=[]).receipts[0].used == 2


def test_a_table_of_guests_alone_is_refused_with_the_line_that_keeps_them() -> None:
    with pytest.raises(
        HistoryError, match=r"2 rows of 'guest' count as rows of no customer \(not_customers = \[\]\)\."
    ):
        orders(["guest", "guest"])


def test_declared_keys_of_nobody_replace_the_usual_words() -> None:
    history = orders(["0", "guest", "12", "12"], not_customers=["0"])
    assert customers(history) == ["12", "12", "guest"]
    assert (history.receipts[0].set_aside, history.receipts[0].assumed) == ({"no customer": 1}, ())


def test_a_number_that_stands_for_nobody_is_set_aside_where_it_is_declared() -> None:
    assert orders([0, 0, 7, 8], not_customers=["0"]).receipts[0].set_aside == {"no customer": 2}


def test_attributes_of_nobody_are_set_aside_too() -> None:
    people = pd.DataFrame({"customer": ["ann", "guest"], "plan": ["s", "m"]})
    history = History.of(orders=events(table(["ann"])), people=attributes(people))
    assert (history.receipts[1].used, history.receipts[1].notes) == (1, ())


def test_a_key_with_many_times_more_rows_than_the_next_is_noted_with_the_line_that_leaves_it_out() -> None:
    keys = ([0] * 3 + list(range(1, 8))) * 100
    others = iter(range(700))
    receipt = orders([key and next(others) % 70 + 1 for key in keys]).receipts[0]
    assert receipt.notes == (
        "one key ('0') with 300 of 1,000 rows (30%) have 30 times as many as the next: many people under one key, "
        'such as guests? (not_customers = ["0"] sets them aside)',
    )


def test_two_heavy_keys_are_noted_together_and_with_the_words_that_are_set_aside() -> None:
    notes = orders([*FIFTY, *["-1"] * 40, *["999"] * 80, "guest"]).receipts[0].notes
    assert notes == (
        "2 keys ('999', '-1') with 120 of 170 rows (71%) have 40 times as many as the next: many people under one "
        'key, such as guests? (not_customers = ["999", "-1", "guest"] sets them aside)',
    )


def test_a_note_of_a_heavy_key_shows_the_look_of_a_key_that_may_be_a_person() -> None:
    (note,) = orders([*FIFTY, *["Ann B"] * 100]).receipts[0].notes
    assert "one key (written like 'aaa a') with 100 of 150" in note
    assert "Ann" not in note


def test_a_customer_with_a_few_times_more_orders_than_the_next_is_not_noted() -> None:
    assert orders([*FIFTY * 5, *["c0"] * 15]).receipts[0].notes == ()


def test_whole_numbers_with_a_point_are_the_customers_without_also_beside_a_word() -> None:
    people = pd.DataFrame({"customer": ["12345", "12346", "C9"], "plan": ["a", "b", "a"]})
    history = History.of(orders=events(table(["12345.0", "C9", "12346.0"])), people=attributes(people))
    assert customers(history) == ["12345", "12346", "C9"]
    assert history.receipts[0].assumed == (Assumption("2 keys are written like 9.0, and read as the whole number 9"),)
    assert history.receipts[1].notes == ()


@pytest.mark.parametrize("keys", [["1.0", "1.1", "2.0"], ["a.0", "b.0", "c.0"]])
def test_codes_with_points_stay_as_they_are(keys: list) -> None:
    assert customers(orders(keys)) == keys


@pytest.mark.parametrize(
    ("keys", "look"),
    [
        (["1.23457E+12", "1.23457E+12", "4.56789E+12"], "9.99999E[+]99"),
        ([1.23457e12, 1.23457e12, 4.56789e12], "999999000000"),
        (["1,23457E+12", "C9", "4"], "9.99999E[+]99"),
    ],
)
def test_keys_that_a_spreadsheet_cut_are_refused(keys: list, look: str) -> None:
    with pytest.raises(
        HistoryError, match=rf"'customer', declared as 'customer', has . keys \(in . rows\) like {look}"
    ):
        orders(keys)


def test_long_numbers_and_mails_with_a_plus_are_keys() -> None:
    assert len(customers(orders([1_230_000_000_001, 1_230_000_000_000, 1_230_000_000_002]))) == 3
    assert customers(orders(["a+1@x.example", "b@x.example"])) == ["a+1@x.example", "b@x.example"]


def test_keys_that_differ_only_in_capitals_are_noted_and_can_be_made_one() -> None:
    keys = ["A@x.example", "a@x.example", "b@x.example", "a @x.example"]
    history = orders(keys)
    assert history.receipts[0].notes == (
        "2 keys differ from another one only in capitals or blanks, and count as customers of their own "
        '(customer_case = "fold" makes them one)',
    )
    folded = orders(keys, customer_case="fold")
    assert customers(folded) == ["a@x.example"] * 3 + ["b@x.example"]
    assert folded.receipts[0].notes == ()


def test_keys_that_stand_for_nobody_are_not_counted_among_those_that_differ_in_capitals_or_zeros() -> None:
    assert orders(["GUEST", "Guest", "guest", "x", "y"]).receipts[0].notes == ()
    assert orders(["0", "00", "x", "y"], not_customers=["0", "00"]).receipts[0].notes == ()
    note = orders(["GUEST", "guest", "x", "X"]).receipts[0].notes[0]
    assert note.startswith("1 keys differ from another one only in capitals")


def test_keys_that_differ_only_by_zeros_in_front_are_noted() -> None:
    note = "1 keys differ from another one only by zeros in front, and count as customers of their own"
    assert orders(["0042", "42", "7"]).receipts[0].notes == (note,)


def test_a_key_for_each_order_is_noted_with_the_columns_that_come_back() -> None:
    frame = table([f"o{k}" for k in range(60)], client=[f"c{k % 20}" for k in range(60)], land=["DE"] * 60)
    (note,) = History.of(orders=events(frame)).receipts[0].notes
    assert note == (
        "every order has a customer of its own (60 in 60 orders): is it the number of the order; columns whose "
        "values come back: 'client'? (customer = '...' names the customer's key)"
    )
    assert orders([f"o{k}" for k in range(60)] * 2).receipts[0].notes == ()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"not_customers": "0"}, r'are a list of texts, got str. Write not_customers = \["0", "guest"\]'),
        ({"not_customers": [0]}, "are a list of texts, got list"),
        ({"customer_case": "lower"}, "'keep' or 'fold', got 'lower'. Write customer_case = 'fold'"),
    ],
)
def test_what_is_said_of_keys_wrongly_is_refused(said: dict, message: str) -> None:
    with pytest.raises(HistoryError, match=message):
        orders(["a"], **said)


def both(keys: list, others: list) -> tuple[str, ...]:
    """The notes on a table of visits beside one of orders."""
    return History.of(orders=events(table(keys)), visits=events(table(others))).receipts[1].notes


def test_event_tables_whose_keys_never_meet_are_refused_with_how_they_would() -> None:
    with pytest.raises(HistoryError) as refused:
        both(["C1", "C2"], ["1", "2"])
    assert str(refused.value) == (
        "Event table 'visits' tells of 2 customers, but of none of the 2 with an order: its keys look like '9', those "
        "of the orders like 'a9'. Without signs that are no digits they meet: "
        "customer = lambda rows: rows.KEY.re_replace('[^0-9]', '')"
    )


def test_keys_that_lost_their_zeros_are_told_with_the_line_that_mends_them() -> None:
    with pytest.raises(
        HistoryError, match=r"like '99999', .* like '99'. Without zeros in front they meet: customer = la"
    ):
        both(["42", "43"], ["00042", "00043"])


def test_a_table_of_which_few_customers_bought_says_so_and_doubts_the_keys() -> None:
    assert both(["a1", "a2"], ["a1", "a1", "a2", "b7"]) == ("1 of 3 customers in it, with 1 of 4 rows, have no order",)
    assert both(["a1", "a2"], ["a1", "7", "8", "9"]) == (
        "3 of 4 customers in it, with 3 of 4 rows, have no order: its keys look like '9', those of the orders like "
        "'a9'. Name the column with the same keys: customer = '...'.",
    )
    assert both(["a1", "a2"], ["a2"]) == ()


def test_many_customers_without_any_order_are_refused_even_if_keys_look_alike() -> None:
    with pytest.raises(
        HistoryError, match=r"of none of the 50 with an order: its keys look like 'a99', as those of the"
    ):
        both(FIFTY, [f"d{k}" for k in range(50)])
    assert both(["a"], ["other"]) != ()


def test_attributes_of_few_of_the_buyers_doubt_the_keys() -> None:
    people = pd.DataFrame({"customer": ["001", "002", "3"], "plan": ["s", "m", "s"]})
    history = History.of(orders=events(table(["1", "2", "3"])), people=attributes(people))
    assert history.receipts[1].notes == (
        "2 of 3 customers with an order are not in it: its keys look like '999', those of the orders like '9'. Without "
        "zeros in front they meet: customer = lambda rows: rows.KEY.re_replace('^0+', '')",
        "2 customers in it have no order",
    )


def test_a_heavy_key_is_noted_though_rows_of_others_are_set_aside():
    used = [(f"c{i}", "2024-05-01") for i in range(30)] + [("c99", "2024-05-02")] * 25
    aside = [("c0", None)] * 50
    rows = pd.DataFrame(used + aside, columns=["customer", "at"])
    notes = History.of(orders=events(rows)).receipts[0].notes
    assert [note for note in notes if note.startswith("one key (written like 'a99') with 25 of 55 rows (45%)")]


def test_customers_are_counted_of_used_rows_alone_where_some_are_set_aside():
    rows = pd.DataFrame({"customer": ["a", "b", "c"], "at": ["2024-05-01", "2024-05-02", None]})
    assert [History.of(orders=events(part)).receipts[0].customers for part in (rows, rows.head(2))] == [2, 2]


def test_signs_without_a_width_are_blanks_of_keys():
    keys = ["a1", "\u200ba1", "b2"]
    assert "1 keys differ from another one only in capitals or blanks" in orders(keys).receipts[0].notes[0]
    assert customers(orders(keys, customer_case="fold")) == ["a1", "a1", "b2"]


def test_capitals_are_no_advice_where_no_more_keys_would_meet():
    sold, seen = (
        table([f"c{k}" for k in range(10)]),
        table([f"c{k}" for k in range(6, 10)] + [f"x{k}" for k in range(30)]),
    )
    notes = History.of(orders=events(sold), visits=events(seen)).receipts[1].notes
    assert "have no order" in notes[0] and "customer_case" not in notes[0]
    capital = table([f"C{k}" for k in range(10)] + [f"x{k}" for k in range(30)])
    with pytest.raises(HistoryError, match='customer_case = "fold"'):
        History.of(orders=events(sold), visits=events(capital))
