"""What is checked of roles: a rate is no money, the cost of a piece is not that of the row; what fits is left alone."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.history import History
from patron.history.sources import events


def history(**columns: list) -> History:
    n = len(columns["amount"])
    frame = pd.DataFrame({"customer": list("abcdefgh"[:n]), "at": [f"2024-05-0{i + 1}" for i in range(n)]} | columns)
    named = {role: role for role in ("amount", "quantity", "margin", "cost", "discount") if role in columns}
    return History.of(orders=events(frame, customer="customer", at="at", **named))


def notes(**columns: list) -> tuple[str, ...]:
    return history(**columns).receipts[0].notes


def test_a_rate_read_as_the_margin_is_noted_with_the_margin_rate() -> None:
    assert notes(amount=[50.0, 70.0], margin=[0.35, 0.35]) == (
        "column 'margin', read as the margin, lies between 0.35 and 0.35, while the amounts are 60.00 on average; if "
        'it is a rate and no money, leave it out (margin = "") and write margin_rate = 0.35 under [costs]',
    )


def test_a_rate_in_per_cent_is_larger_than_most_amounts() -> None:
    assert notes(amount=[20.0, 30.0, 90.0], margin=[35.0, 35.0, 35.0])[0].endswith(
        "is larger than the amount in 2 of 3 rows; if it is a rate in per cent, leave it out "
        '(margin = "") and write margin_rate = 0.35 under [costs]'
    )


@pytest.mark.parametrize("role", ["cost", "discount"])
def test_other_rates_are_noted_too(role: str) -> None:
    assert f"read as the {role}, lies between 0.1 and 0.25" in notes(amount=[50.0, 70.0], **{role: [0.1, 0.25]})[0]


def test_money_is_no_rate() -> None:
    assert notes(amount=[50.0, 70.0], margin=[12.5, 20.0]) == ()
    assert notes(amount=[1.5, 2.0], margin=[0.5, 0.75]) == ()
    assert notes(amount=[50.0, 70.0], discount=[0.0, 1.0]) == ()


def test_the_cost_of_one_piece_is_noted_with_the_line_that_multiplies_it() -> None:
    seen = notes(amount=[10.0, 30.0, 20.0], quantity=[1, 3, 2], cost=[4.0, 4.0, 4.0])
    assert seen == (
        "column 'cost', read as the cost of a row, is no more than the amount of one piece in 2 of 2 rows with a "
        'quantity of 2 or more; if the cost is that of one piece, write unit_cost = "cost" in place of cost',
    )


def test_a_cost_that_grows_with_the_quantity_is_that_of_the_row() -> None:
    assert notes(amount=[10.0, 30.0, 20.0], quantity=[1, 3, 2], cost=[3.0, 9.0, 6.0]) == ()


def test_a_unit_cost_is_multiplied_by_the_quantity() -> None:
    frame = pd.DataFrame({"c": ["a", "b"], "at": ["2024-05-01"] * 2, "amount": [10.0, 30.0], "quantity": [1, 3]})
    read = events(frame.assign(cost=[4.0, 4.0]), customer="c", unit_cost="cost")
    assert read.used.cost.cast("float64").to_pyarrow().to_pylist() == [4.0, 12.0]
    assert "unit_cost" not in read.used.columns


def test_a_unit_cost_needs_a_quantity_and_no_other_cost() -> None:
    frame = pd.DataFrame({"c": ["a"], "at": ["2024-05-01"], "amount": [10.0], "piece": [4.0], "row": [4.0]})
    with pytest.raises(HistoryError, match=r"has a unit_cost without the quantity, .* Name the quantity"):
        events(frame, customer="c", unit_cost="piece")
    with pytest.raises(HistoryError, match="has a unit_cost beside a cost of the row"):
        events(frame.assign(quantity=1), customer="c", unit_cost="piece", cost="row")


def test_a_column_called_unit_cost_total_or_status_changes_nothing_undeclared() -> None:
    frame = pd.DataFrame({"c": ["a"], "at": ["2024-05-01"], "amount": [10.0], "quantity": [2]})
    read = events(frame.assign(unit_cost=4.0, total=12.0, status="open"), customer="c")
    assert read.used.columns == ("customer", "at", "amount", "quantity", "unit_cost", "total", "status")


def test_pieces_below_zero_for_money_above_it_are_noted_with_the_line_that_reads_them_as_returns() -> None:
    sold = {"amount": [9.0, 9.0, 9.0], "quantity": [1, -2, 1]}
    assert notes(**sold) == (
        "1 row has a quantity below zero and an amount above it, read as purchases; if they take a purchase back, "
        "write returns = { quantity = [-1, -2] }",
    )
    assert not notes(amount=[9.0, -9.0], quantity=[1, -1])[0].startswith("1 row has a quantity")
