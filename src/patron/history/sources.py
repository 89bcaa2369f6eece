"""Sources: event tables and attributes of customers from files, frames and tables that an engine runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.engines.files import Source, read
from patron.engines.frames import nameless
from patron.errors import HistoryError
from patron.history.attribute_tables import declare_attributes
from patron.history.csv_checks import check_dates, check_numbers, check_times
from patron.history.event_tables import ROLES, Events, Role, Where, declare
from patron.history.keys import with_keys
from patron.history.roles import named_roles
from patron.history.span import with_span
from patron.periods import Moment

__all__ = ["attributes", "events"]

REPEATED = "repeated row"


def events(
    source: Source,
    where: Where | None = None,
    returns: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "keep",
    since: Moment | None = None,
    until: Moment | None = None,
    gaps: str = "missing",
    not_customers: Sequence[str] | None = None,
    customer_case: str = "keep",
    **roles: Role,
) -> Events:
    """Read an event table from a file, a data frame or an Ibis table, and fix its names.

    Args:
        source: path of a Parquet or CSV file, a pandas frame, or an Ibis table of any backend.
        where: columns and the value (or list of values) that a row must have to be read.
        returns: columns and the value (or values) that mark a row as taking a purchase back.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column.
        since: the day from which events count. Where it is not said, a few events long before all others are set aside.
        until: the day before which events count. Where it is not said, a few long after all others are set aside.
        gaps: "missing" where weeks without any event, among days that usually have some, are holes in the data;
            "closed" where the business was closed.
        not_customers: keys that stand for nobody, for example ["0"], whatever their capitals. Where it is not said,
            the usual words do: guest, n/a, unknown, (not set) and their like.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        **roles: the column of each role, for example customer="cust_id", at="ts", amount="paid". A role that is not
            named is taken by the column of its name where the values fit; discount="" says that none has it.

    Raises:
        HistoryError: the file is not there or cannot be read, a column is missing, no row meets *where*, or
            *duplicates* is neither.

    >>> import pandas as pd
    >>> orders = pd.DataFrame({"cust_id": ["a"], "ts": ["2024-05-01"]})
    >>> events(orders, customer="cust_id", at="ts").used.count().to_pyarrow().as_py()
    1
    """
    table = _read(source, roles)
    columns = named_roles(table, roles, ROLES).all
    check_numbers(table, columns, not isinstance(source, Table))
    declared = _checked(source, table, declare(table, where, returns, timezone, **roles), duplicates, columns)
    named = with_keys(declared, roles.get("customer", "customer"), not_customers, customer_case)
    return with_span(named, since, until, gaps)


def attributes(
    source: Source,
    where: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "keep",
    leave_out: Sequence[str] = (),
    not_customers: Sequence[str] | None = None,
    customer_case: str = "keep",
    **roles: Role,
) -> Events:
    """Read what is known of customers, such as country, channel or plan, so that every answer can use it.

    Args:
        source: path of a Parquet or CSV file, a pandas frame, or an Ibis table of any backend.
        where: columns and the value (or list of values) that a row must have to be read.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column.
        leave_out: columns that must not count, for example a status that was written after the customer left.
        not_customers: keys that stand for nobody, as in `events`.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        **roles: the column of the customer's key, customer="cust_id", and where facts change that of the time from
            which a row holds, at="valid_from". Without `at` there is one row for each customer, which holds at any
            time.

    Raises:
        HistoryError: the file is not there or cannot be read, a column is missing, or *duplicates* is neither.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"cust_id": ["a"], "country": ["FR"], "mail": ["a@b.fr"]})
    >>> attributes(people, customer="cust_id", leave_out=["mail"]).attributes
    ('country',)
    """
    table = _read(source, roles)
    declared = declare_attributes(table, where, timezone, leave_out, **roles)
    checked = _checked(source, table, declared, duplicates, roles)
    return with_keys(checked, roles.get("customer", "customer"), not_customers, customer_case)


def _read(source: Source, roles: Mapping[str, Role]) -> Table:
    """Open a table; refuse a role that is named by the index of a frame, which is none of its columns."""
    frame = source if isinstance(source, pd.DataFrame) else pd.DataFrame()
    for role, column in roles.items():
        if isinstance(column, str) and column in frame.index.names and column not in frame.columns:
            raise HistoryError(
                f"The column {column!r} (declared as {role!r}) is the index of the data frame, and not a column. "
                "Make it one: frame.reset_index()."
            )
    return read(source)


def _checked(source: Source, table: Table, declared: Events, duplicates: str, roles: Mapping[str, Role]) -> Events:
    """Refuse times that cannot be read, or in two ways; set repeated rows aside where that is asked."""
    if duplicates not in DUPLICATES:
        raise HistoryError(f"Repeated rows are 'keep' or 'drop', got {duplicates!r}. Write duplicates = 'drop'.")
    check_times(declared, table, roles, not isinstance(source, Table))
    if count := nameless(source):
        note = f"{count:,} columns without a name are left out"
        declared = replace(declared, notes=(*declared.notes, note))
    if _is_csv(source):
        check_dates(ibis.read_csv(str(source), all_varchar=True), roles)
    return DUPLICATES[duplicates](declared)


def _once(declared: Events) -> Events:
    """Set aside what repeats a row in every column; of rows that are the same, any may stay."""
    table = declared.table
    place = ibis.row_number().over(ibis.window(group_by=list(table.columns), order_by=table.customer))
    again = table.set_aside.isnull() & (place > 0)
    marked = table.mutate(set_aside=again.ifelse(REPEATED, table.set_aside))
    return replace(declared, table=marked.cache(), used=declared.used.distinct().cache())


DUPLICATES: Mapping[str, Callable[[Events], Events]] = {"keep": lambda declared: declared, "drop": _once}


def _is_csv(source: Source) -> bool:
    return isinstance(source, str | Path) and Path(source).suffix.lower() in (".csv", ".gz")
