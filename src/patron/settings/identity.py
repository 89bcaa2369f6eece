"""Settings of identities: where the table lies that says which keys are one customer."""

from dataclasses import dataclass
from pathlib import Path

from patron.history.identities.table import Identities, identities

__all__ = ["Identity"]


@dataclass(frozen=True)
class Identity:
    """Where the identity table lies: which keys of the tables are one customer.

    Args:
        path: a Parquet, CSV or Excel file.
        key: its column of keys.
        customer: its column of the customer that each key belongs to.
        table: its column of the table that a line holds for, where it has one.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        largest: the number of keys that one customer may have; 0 for up to a third of all.
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file; by default the first.
    """

    path: Path
    key: str = "key"
    customer: str = "customer"
    table: str = "table"
    customer_case: str = "keep"
    largest: int = 0
    encoding: str = ""
    sheet: str = ""

    def open(self) -> Identities:
        """Return the identity table, ready for a history.

        Raises:
            HistoryError: the file is not there, or says of a key what can be meant in two ways.
        """
        return identities(
            self.path,
            self.key,
            self.customer,
            self.table,
            self.customer_case,
            self.largest,
            self.encoding,
            self.sheet,
        )
