"""A receipt is one table: what became of the rows of each table, and how they were read."""

from datetime import datetime

import pandas as pd

from patron.history.event_tables import Assumption
from patron.history.history import History
from patron.history.receipts import Receipt, receipt_table
from patron.history.sources import events

MAY = datetime(2024, 5, 1)


def test_a_receipt_has_a_line_for_all_that_became_of_the_rows() -> None:
    assumed = Assumption("1 row of 'guest' counts for nobody", "not_customers = []")
    orders = Receipt(
        "orders", 5, {"no customer": 2, "no time": 1}, 2, 1, MAY, MAY, ("odd",), {"no customer": 9.5}, (assumed,)
    )
    table = receipt_table([orders, Receipt("people", 7, {}, 7, 7, None, None)])
    assert table.astype(object).fillna("").values.tolist() == [
        ["orders", "read", 5, "", ""],
        ["orders", "set aside", 2, "no customer, of 9.50 in money", ""],
        ["orders", "set aside", 1, "no time", ""],
        ["orders", "used", 2, "1 customers, 2024-05-01 to 2024-05-01", ""],
        ["orders", "assumed", "", "1 row of 'guest' counts for nobody", "not_customers = []"],
        ["orders", "noted", "", "odd", ""],
        ["people", "read", 7, "", ""],
        ["people", "used", 7, "7 customers, known at any time", ""],
    ]


def test_a_history_returns_its_receipt() -> None:
    frame = pd.DataFrame({"customer": ["a", "guest"], "at": [MAY, MAY]})
    receipt = History.of(orders=events(frame)).receipt()
    assert receipt.what.tolist() == ["read", "set aside", "used", "assumed"]
    assert receipt.rows.tolist()[:3] == [2, 1, 1]
    assert receipt.change.tolist()[-1] == "not_customers = []"


def test_in_a_notebook_a_history_and_a_receipt_show_their_lines_with_every_sentence_whole() -> None:
    long = "a sentence of more than fifty letters, which a frame would cut off in a notebook"
    orders = Receipt("orders", 3, {"no <time>": 1}, 2, 1, MAY, MAY, (long,))
    people = Receipt("people", 7, {}, 7, 7, None, None)
    assert [orders._repr_html_().count(f">{cell}</td>") for cell in (long, "no &lt;time&gt;", "3", "2")] == [1] * 4
    shown = History({}, (orders, people))._repr_html_()
    assert repr(History({}, (orders, people))) == (
        "History(orders: 2 rows of 1 customers, 2024-05-01 to 2024-05-01; people: 7 rows of 7 customers, known at any "
        "time)"
    )
    assert shown.count("<tr") == 1 + 4 + 2  # a head, four lines of the orders and two of the people
    assert "NaN" not in shown and "NA" not in shown
