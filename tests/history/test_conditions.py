"""What a condition promises: every row that it leaves out is counted, and no spelling is passed over in silence."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.history import History
from patron.history.sources import attributes, events


def orders(status: list, **columns: list) -> pd.DataFrame:
    n = len(status)
    return pd.DataFrame({"customer": list("abcdefgh"[:n]), "at": ["2024-05-01"] * n, "status": status} | columns)


def notes(frame: pd.DataFrame, **declared) -> tuple[str, ...]:
    return History.of(orders=events(frame, **declared)).receipts[0].notes


def test_a_condition_counts_the_rows_that_it_matches_and_those_it_leaves_out() -> None:
    assert notes(orders(["Paid", "open", "open"]), where={"status": ["Paid"]}) == (
        "3 rows read, 1 matched and 2 left out by where status",
    )


def test_each_of_several_conditions_counts_alone() -> None:
    frame = orders(["Paid", "Paid", "open"], shop=[1, 2, 1])
    assert notes(frame, where={"status": "Paid", "shop": 1}) == (
        "3 rows read, 2 matched and 1 left out by where status",
        "3 rows read, 2 matched and 1 left out by where shop",
    )


def test_spellings_that_a_condition_passes_over_come_with_the_line_that_takes_them() -> None:
    frame = orders(["Paid", "paid ", "PAID", "PÁID", "Pain", "paid ", None])
    assert notes(frame, where={"status": ["Paid"]})[1] == (
        "4 rows passed over by where status are written nearly the same ('PAID', 'PÁID', 'paid '); to take them too: "
        'where = { status = ["Paid", "PAID", "PÁID", "paid "] }'
    )


def test_the_line_with_all_spellings_leaves_none_out() -> None:
    frame = orders(["Paid", "paid ", "PAID"])
    declared = events(frame, where={"status": ["Paid", "PAID", "paid "]})
    assert declared.used.count().to_pyarrow().as_py() == 3
    assert declared.notes == ("3 rows read, 3 matched and 0 left out by where status",)


def test_a_condition_that_no_row_meets_is_refused_with_the_values_that_there_are() -> None:
    with pytest.raises(HistoryError) as error:
        events(orders(["paid", "paid", "open"]), where={"status": ["settled"]})
    assert str(error.value) == (
        "The condition where = { status = [\"settled\"] } is met by none of the 3 rows read; column 'status' holds "
        "'paid', 'open'. Write one of these."
    )


def test_a_condition_that_only_another_spelling_meets_is_refused_with_that_line() -> None:
    with pytest.raises(HistoryError, match=r'Write where = \{ status = \["Paid", "paid"\] \}\.'):
        events(orders(["paid", "open"]), where={"status": ["Paid"]})


def test_conditions_that_only_meet_apart_are_refused() -> None:
    with pytest.raises(HistoryError, match=r"is met by none of the 2 rows read; column 'status' holds"):
        events(orders(["paid", "open"], shop=[1, 2]), where={"status": "paid", "shop": 2})


def test_keys_of_customers_and_the_many_values_of_a_column_are_never_shown() -> None:
    with pytest.raises(HistoryError) as error:
        events(orders(["paid", "open"]), where={"customer": "z"})
    assert "column 'customer' holds keys" in str(error.value)
    many = pd.DataFrame({"customer": "a", "at": "2024-05-01", "code": [f"c{i}" for i in range(60)]})
    with pytest.raises(HistoryError, match="'code' holds more than 50 different values"):
        events(many, where={"code": "x"})


def test_a_mark_of_returns_that_matches_none_says_what_there_is() -> None:
    told = notes(orders(["paid", "Refunded", "paid"]), returns={"status": ["refunded"]})
    assert told == (
        "none of 3 rows matched by returns status; column 'status' holds 'paid', 'Refunded'",
        "1 rows passed over by returns status are written nearly the same ('Refunded'); to take them too: "
        'returns = { status = ["refunded", "Refunded"] }',
    )


def test_returns_are_counted_among_the_rows_that_are_read() -> None:
    frame = orders(["paid", "back", "back"], shop=["x", "x", "y"])
    assert notes(frame, where={"shop": "x"}, returns={"status": "back"})[1:] == (
        "1 of 2 rows matched by returns status",
        "1 rows read as returns",
        "1 customers have returns and no order; nothing is asked about them",
    )


def test_attributes_count_their_condition_too() -> None:
    people = pd.DataFrame({"customer": ["a", "b"], "state": ["now", "then"]})
    assert attributes(people, where={"state": "now"}).notes == ("2 rows read, 1 matched and 1 left out by where state",)


@pytest.mark.parametrize("name", ["where", "returns"])
def test_a_condition_on_the_key_shows_no_key(name) -> None:
    frame = orders(["x"] * 3, who=["Ann", "ann", "Bob"]).drop(columns="customer")
    declared = {"customer": "who", name: {"who": ["Ann"]}}
    assert f"1 rows passed over by {name} who are written nearly the same; to take them too: " in str(
        notes(frame, **declared)
    )
    assert "ann" not in str(notes(frame, **declared)).lower()


@pytest.mark.parametrize("wanted", ["ANN", "zoe", 7])
@pytest.mark.parametrize("declare", [events, attributes])
def test_a_condition_on_the_key_that_cannot_be_met_shows_no_key(wanted, declare) -> None:
    frame = pd.DataFrame({"who": ["Ann", "Bob"], "at": ["2024-05-01"] * 2, "land": ["FR", "UK"]})
    with pytest.raises(
        HistoryError, match=r"condition (where = { who = \[.\.\.\..\] } is met by none|compares)"
    ) as caught:
        declare(frame, customer="who", where={"who": [wanted]})
    assert not any(key in str(caught.value) for key in ("Ann", "ANN", "zoe", "7"))


def test_a_wanted_text_with_a_blank_that_no_keyboard_has_is_written_nearly_the_same() -> None:
    passed = notes(orders(["paid", "paid\u00a0", "open"]), where={"status": ["paid"]})[1]
    assert passed.startswith("1 rows passed over by where status are written nearly the same")
