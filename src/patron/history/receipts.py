"""The receipt as one table: what was read of each table, what was set aside, used, assumed and noted."""

from collections.abc import Iterator, Sequence

import pandas as pd

from patron.history.event_tables import Receipt

__all__ = ["COLUMNS", "receipt_table"]

COLUMNS = ("table", "what", "rows", "detail", "change")
Line = tuple[str, str, int | None, str, str]


def receipt_table(receipts: Sequence[Receipt]) -> pd.DataFrame:
    """Return the receipts of all tables as one table.

    Returns:
        the columns `table`; `what`: read, set aside, used, assumed or noted; `rows`, null where it is not about some;
        `detail`: why or how; `change`: the line of a settings file that would have it read otherwise.

    >>> receipt = Receipt("orders", 3, {"no customer": 1}, 2, 1, None, None)
    >>> receipt_table([receipt])[["what", "rows", "detail"]].values.tolist()
    [['read', 3, ''], ['set aside', 1, 'no customer'], ['used', 2, '1 customers, known at any time']]
    """
    lines = [line for receipt in receipts for line in _lines(receipt)]
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype({"rows": "Int64"})


def _lines(receipt: Receipt) -> Iterator[Line]:
    yield receipt.table, "read", receipt.read, "", ""
    for why, rows in receipt.set_aside.items():
        worth = receipt.money.get(why, 0.0)
        yield receipt.table, "set aside", rows, f"{why}, of {worth:,.2f} in money" if worth else why, ""
    yield receipt.table, "used", receipt.used, f"{receipt.customers:,} customers, {receipt.period}", ""
    for assumption in receipt.assumed:
        yield receipt.table, "assumed", None, assumption.what, assumption.change
    for note in receipt.notes:
        yield receipt.table, "noted", None, note, ""
