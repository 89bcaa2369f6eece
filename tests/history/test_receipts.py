"""A receipt is one table: what became of the rows of each table, and how they were read."""

from datetime import datetime

import pandas as pd

from patron.history.event_tables import Assumption, Receipt
from patron.history.history import History
from patron.history.receipts import receipt_table
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
