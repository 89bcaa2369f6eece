"""Settings of identities: where the table lies that says which keys are one customer."""

from dataclasses import dataclass
from pathlib import Path

from patron.errors import HistoryError
from patron.history.identities.matching import Matching
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
        silos: the tables whose keys are their own: the same key in another table is somebody else.
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file; by default the first.
        matching: by what the table is written by `patron identify`; None where somebody else writes it.
    """

    path: Path
    key: str = "key"
    customer: str = "customer"
    table: str = "table"
    customer_case: str = "keep"
    largest: int = 0
    silos: tuple[str, ...] = ()
    encoding: str = ""
    sheet: str = ""
    matching: Matching | None = None

    def open(self) -> Identities:
        """Return the identity table, ready for a history.

        Raises:
            HistoryError: the file is not there, or says of a key what can be meant in two ways.
        """
        if self.matching and not self.path.exists():
            raise HistoryError(
                f"There is no file {self.path.name!r} yet. Write it from your tables: patron identify SETTINGS."
            )
        return identities(
            self.path,
            self.key,
            self.customer,
            self.table,
            self.customer_case,
            self.largest,
            self.silos,
            self.encoding,
            self.sheet,
        )
