"""Receipts: what was read of each table, what was set aside, used, assumed and noted; as one table, and as a page.

In a notebook a receipt shows itself as its table, with every sentence whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from patron.formatting import html_table
from patron.history.assumptions import Assumption

__all__ = ["COLUMNS", "Receipt", "receipt_html", "receipt_table"]

COLUMNS = ("table", "what", "rows", "detail", "change")
Line = tuple[str, str, int | None, str, str]


@dataclass(frozen=True)
class Receipt:
    """What became of the rows of one event table: read, set aside (why), used.

    Every row that was read is either used or counted under a reason; so is the money, where rows have an amount:
    `money` holds the sum of the amounts of the rows used, and of those set aside under each reason.
    Attributes that hold at any time have neither a first nor a last time. `assumed` says how it was read where there
    was a choice, each with the line that would change it; `notes` what else a reader should know.
    `holes` are the stretches without any row in which rows are usual, each from its first midnight to its end. `met`
    counts by joined file (or identity table) the rows (or keys), and those of them that it has. `repeated` counts
    the rows that are used though they repeat another one in every column.
    """

    table: str
    read: int
    set_aside: Mapping[str, int]
    used: int
    customers: int
    first: datetime | None
    last: datetime | None
    notes: tuple[str, ...] = ()
    money: Mapping[str, float] = field(default_factory=dict)
    assumed: tuple[Assumption, ...] = ()
    holes: tuple[tuple[datetime, datetime], ...] = ()
    met: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    repeated: int = 0

    @property
    def period(self) -> str:
        """From when to when its rows are, in words."""
        return f"{self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}" if self.first and self.last else "known at any time"

    def _repr_html_(self) -> str:
        """Return the receipt as a notebook shows it."""
        return receipt_html([self])


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


def receipt_html(receipts: Sequence[Receipt]) -> str:
    """Return the receipts of all tables as one table of a web page.

    >>> receipt_html([Receipt("orders", 3, {}, 3, 2, None, None)]).count("<tr")
    3
    """
    return html_table(receipt_table(receipts).astype(object).fillna(""))


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
