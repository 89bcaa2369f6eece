"""What roles promise: an undeclared column changes no meaning in silence, and none is lost for its name."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.sources import attributes, events


def orders(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({"c": ["a", "b"], "ts": ["2024-05-01", "2024-05-02"], "paid": [50.0, 60.0]} | columns)


def declared(frame: pd.DataFrame, **more) -> Events:
    return events(frame, **({"customer": "c", "at": "ts", "amount": "paid"} | more))


def test_a_column_of_words_with_the_name_of_a_number_stays_an_own_column() -> None:
    shipped = declared(orders(shipping=["Express", "Standard"], discount=["SUMMER10", None]))
    assert shipped.used.columns == ("customer", "at", "amount", "own_shipping", "own_discount")
    assert shipped.assumed == ()
    assert shipped.notes[0] == (
        "column 'shipping' holds words and was not declared, so it is not read as the shipping (to read it, turn it "
        "into numbers and declare shipping = 'shipping'); measures find it as 'own_shipping'"
    )


def test_a_column_that_takes_the_role_of_its_name_is_assumed_and_can_be_switched_off() -> None:
    read = declared(orders(discount=[5.0, 0.0]))
    assert [(a.what, a.change) for a in read.assumed] == [
        ("column 'discount' was read as the discount: money taken off", 'discount = ""')
    ]
    off = declared(orders(discount=[5.0, 0.0]), discount="")
    assert (off.used.columns[3:], off.assumed) == (("own_discount",), ())


def test_a_declared_role_is_no_assumption() -> None:
    assert declared(orders(discount=[5.0, 0.0]), discount="discount").assumed == ()


def test_numbers_written_as_texts_are_no_words() -> None:
    read = declared(orders(discount=["5,00", "0,50"]), amount="paid", discount="discount")
    assert [float(value) for value in read.used.discount.to_pyarrow().to_pylist()] == [5.0, 0.5]


def test_a_declared_column_of_words_is_refused_with_the_first() -> None:
    with pytest.raises(HistoryError, match=r"Column 'shipping', .* must be a number, but 'Express' in row 1 is no"):
        declared(orders(shipping=["Express", "Standard"]), shipping="shipping")


def test_a_column_called_returned_takes_nothing_back_unless_it_is_declared() -> None:
    frame = orders(returned=[True, False])
    history = History.of(orders=declared(frame))
    assert (list(history.tables), history.receipts[0].used) == (["orders"], 2)
    assert "returns = { returned = [...] }" in history.receipts[0].notes[0]
    back = History.of(orders=declared(frame, returns={"returned": True}))
    assert back["returns"].count().to_pyarrow().as_py() == 1


@pytest.mark.parametrize("name", ["set_aside", "days_ago", "Days_Ahead", "customer_number", "amount"])
def test_a_column_with_a_name_that_patron_needs_is_kept_under_another(name: str) -> None:
    read = declared(orders(**{name: [1.0, 2.0]}))
    assert read.used[f"own_{name}"].to_pyarrow().to_pylist() == [1.0, 2.0]
    assert read.used.amount.cast("float64").to_pyarrow().to_pylist() == [50.0, 60.0]
    assert read.notes == (f"column {name!r} has a name that Patron needs for itself; measures find it as 'own_{name}'",)


def test_the_key_of_the_customer_may_have_any_name() -> None:
    frame = orders(customer_number=[7, 8])
    read = declared(frame, customer="customer_number")
    assert read.used.customer.to_pyarrow().to_pylist() == ["7", "8"]
    assert read.used.customer_number.to_pyarrow().to_pylist() == [7, 8]


def test_an_own_name_that_is_taken_already_gets_another_one() -> None:
    read = declared(orders(days_ago=[1, 2], own_days_ago=[3, 4]))
    assert read.used.own_own_days_ago.to_pyarrow().to_pylist() == [1, 2]
    assert read.used.own_days_ago.to_pyarrow().to_pylist() == [3, 4]


def test_an_attribute_with_a_name_that_patron_needs_can_be_left_out() -> None:
    people = pd.DataFrame({"c": ["a"], "days_ago": [3], "city": ["Oslo"]})
    assert attributes(people, customer="c").attributes == ("own_days_ago", "city")
    assert attributes(people, customer="c", leave_out=["days_ago"]).attributes == ("city",)


def test_an_amount_that_was_computed_is_assumed() -> None:
    frame = orders().drop(columns="paid").assign(price=[2.0, 3.0], quantity=[4, 5])
    read = events(frame, customer="c", at="ts", price="price", quantity="quantity")
    assert [a.what for a in read.assumed] == ["the amount is 'price' times 'quantity', as no column was named for it"]


def test_a_role_of_none_is_one_that_was_not_given() -> None:
    frame = orders()
    assert declared(frame, discount=None).table.columns == declared(frame).table.columns
