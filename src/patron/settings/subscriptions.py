"""A table of contracts as settings: where it lies, and what its columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patron.history import subscriptions
from patron.history.event_tables import Events, Role
from patron.periods import Moment

__all__ = ["Subscriptions"]


@dataclass(frozen=True)
class Subscriptions:
    """Where a table of contracts lies; its fields are the arguments of `patron.history.subscriptions.subscriptions`.

    Args:
        path: a file, a folder of files that are one table, or a table of a database.
        roles: the column of each role, for example {"customer": "id", "start": "joined", "end": "left"}.
        where: columns and the value (or list of values) that a row must have to be read.
        timezone: where the business lives.
        duplicates: "drop" to set aside rows that repeat another one in every column, or "keep".
        until: the day up to which ends are known; None for the day after the last contract began.
        term_in: what a term is counted in, "days" or "months".
        price_per: what the price is paid for: a "month", a "year", or a "term".
        grace: days after which an end counts, if no other contract of the customer began meanwhile.
        not_customers: keys that stand for nobody; None for the usual words, such as guest and n/a.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        formats: the form of times that do not show it, by role.
        decimal: the sign before decimals in texts of numbers, "," or ".".
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file; by default the first.
    """

    path: Path | str
    roles: Mapping[str, Role]
    where: Mapping[str, object] | None = None
    timezone: str = "UTC"
    duplicates: str = "drop"
    until: Moment | None = None
    term_in: str = ""
    price_per: str = "month"
    grace: int = 0
    not_customers: tuple[str, ...] | None = None
    customer_case: str = "keep"
    formats: Mapping[str, str] | None = None
    decimal: str = ""
    encoding: str = ""
    sheet: str = ""

    def open(self) -> Events:
        """Return the declared contracts, ready for a history.

        Raises:
            HistoryError: the file is not there, or lacks a column.
        """
        return subscriptions.subscriptions(
            self.path,
            self.where,
            self.timezone,
            self.duplicates,
            self.until,
            self.term_in,
            self.price_per,
            self.grace,
            self.not_customers,
            self.customer_case,
            self.formats,
            self.decimal,
            self.encoding,
            self.sheet,
            **self.roles,
        )
