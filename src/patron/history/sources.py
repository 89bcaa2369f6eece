"""Sources: event tables and attributes of customers from files, frames and tables that an engine runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.engines.files import FileFormat, Opened, Source, open_source
from patron.engines.frames import nameless
from patron.errors import HistoryError
from patron.history.attribute_tables import declare_attributes
from patron.history.complaints import with_complaints
from patron.history.customer_keys import check_keys_written
from patron.history.directions import with_incoming
from patron.history.event_tables import ROLES, SAME_INSTANT, Assumption, Events, Role, Where, declare
from patron.history.formats import Formats
from patron.history.joins import Join, key_columns, not_of_the_row, with_joins
from patron.history.keys import with_keys
from patron.history.offers import with_control
from patron.history.span import with_span
from patron.history.whole_orders import PLACE
from patron.history.whole_orders import fill_down as fill_down_cells
from patron.periods import Moment

__all__ = ["attributes", "checked", "events", "given_roles"]

REPEATED = "repeated row"
ROWS = ("", "orders", "lines")


def events(
    source: Source,
    where: Where | None = None,
    returns: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "",
    since: Moment | None = None,
    until: Moment | None = None,
    gaps: str = "missing",
    not_customers: Sequence[str] | None = None,
    customer_case: str = "keep",
    at_format: str = "",
    known_at_format: str = "",
    decimal: str = "",
    rates: Mapping[str, float] | None = None,
    encoding: str = "",
    sheet: str = "",
    fill_down: Sequence[str] | None = None,
    rows: str = "",
    joins: Sequence[Join] = (),
    control: str | Sequence[str] = (),
    incoming: str | Sequence[str] = (),
    complaints: str | Sequence[str] | None = None,
    **roles: Role,
) -> Events:
    """Read an event table from a file, a data frame or an Ibis table, and fix its names.

    Times and numbers that are texts are read as their whole column proves them to be written, or are asked about.

    Args:
        source: path of a Parquet, CSV or Excel file, or of a folder of Parquet or CSV files that are one table; a
            table of a database, as "shop.sqlite#orders", "shop.duckdb#orders", "postgresql://db.example/shop#orders",
            or "$SHOP#orders" where the variable SHOP of the environment holds the address; a frame of pandas or
            polars, an Arrow table, or an Ibis table of any backend.
        where: columns and the value (or list of values) that a row must have to be read.
        returns: columns and the value (or values) that mark a row as taking a purchase back.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column. By default they are
            kept, but for offers with their arm: nobody is chosen twice at one instant, so that is an import made twice.
        since: the day from which events count. Where it is not said, a few events long before all others are set aside.
        until: the day before which events count. Where it is not said, a few long after all others are set aside.
        gaps: "missing" where weeks without any event, among days that usually have some, are holes in the data;
            "closed" where the business was closed.
        not_customers: keys that stand for nobody, for example ["0"], whatever their capitals. Where it is not said,
            the usual words do: guest, n/a, unknown, (not set) and their like.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        at_format: how the times are written, for example "%d/%m/%Y %H:%M"; numbers as "seconds", "milliseconds",
            "microseconds", "nanoseconds", "yyyymmdd", "yyyymmddhhmmss" or "spreadsheet days".
        known_at_format: the same for the times at which facts became known.
        decimal: the sign before decimals in texts of numbers, "," or ".".
        rates: what one unit of each currency is worth in that of the business, for example {"EUR": 1.0, "USD": 0.92},
            where the column of the role `currency` names several.
        encoding: how the bytes of a CSV file are read, for example "cp1252"; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file, or "*" for all of the same columns; by default the first, or a series.
        fill_down: columns whose empty cells are filled from the first row of the same order number that has them.
            Where it is not said, rows without customer or time have those of their order; an empty list says they
            have none.
        rows: "orders" where each row is a purchase, "lines" where those of one order number (or, without one, of one
            customer and time) are one. Where it is not said those of one order number are one, and what looks otherwise
            is noted.
        joins: other files whose columns the rows get, in order, each by a key that is unique there, for example
            [Join("orders.csv", on="order_id")]. Roles and conditions may name columns of any of them; of a name that
            several have, the first counts, and the table comes before its joins. A number of theirs takes no role by
            its name alone: it may be that of a whole order.
        control: of a table of offers the arm (or arms) that got nothing, where it is not called so.
        incoming: the direction (or directions) of contacts that customers began, where they have no usual name (in,
            inbound, incoming, received).
        complaints: the kind (or kinds) of contacts that complain, where they have no usual name (complaint, claim,
            Beschwerde, réclamation and their like); an empty list says that none does.
        **roles: the column of each role, for example customer="cust_id", at="ts", amount="paid". A role that is not
            named is taken by the column of its name where the values fit; discount="" says that none has it.
            total="order_total", in place of amount, is the total of an order that stands on each of its lines;
            status="status" says that of the rows of an order only the latest count; unit_cost="cost_price", in place
            of cost, is the cost of one piece. Offers that were made are told by `offer`, `arm`, `propensity`, the
            chance with which the customer was to get the arm of the row, `accepted` and the `cost` of the contact.

    Raises:
        HistoryError: the file is not there or cannot be read, a column is missing or can be read in two ways, no row
            meets *where*, or *duplicates* is neither.

    >>> import pandas as pd
    >>> orders = pd.DataFrame({"cust_id": ["a"], "ts": ["2024-05-01"]})
    >>> events(orders, customer="cust_id", at="ts").used.count().to_pyarrow().as_py()
    1
    """
    _check_choices(duplicates or "keep", decimal, rows)
    roles = given_roles(source, roles)
    texts = _texts(roles, at_format, known_at_format)
    needed = _needed(roles, *(where or ()), *(returns or ()), *(fill_down or ()), *key_columns(joins))
    form = FileFormat(encoding, sheet, decimal, texts, needed)
    own = open_source(source, form)
    opened, met = with_joins(source, own, joins, form)
    duplicates = duplicates or ("drop" if "arm" in roles else "keep")
    check_keys_written(opened.shapeless, roles.get("customer", "customer"))
    aside = not_of_the_row(own.table.columns, opened.table.columns, roles)
    roles = {**dict.fromkeys(aside, ""), **roles}
    table, filled = fill_down_cells(opened.table, fill_down, roles.get("order", "order"))
    numbered = not isinstance(source, Table)
    formats = Formats(
        at_format, known_at_format, decimal, opened.delimiter, {}, rates or {}, numbered, duplicates == "drop"
    )
    declared = checked(source, opened, declare(table, where, returns, timezone, formats, **roles), duplicates)
    declared = replace(
        declared, notes=(*met, *aside.values(), *filled, *declared.notes), rows=rows, filled=fill_down is not None
    )
    directed = with_incoming(with_control(declared, control), incoming, "direction" in roles)
    spoken = with_complaints(directed, complaints)
    named = with_keys(spoken, roles.get("customer", "customer"), not_customers, customer_case)
    return with_span(named, since, until, gaps)


def attributes(
    source: Source,
    where: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "keep",
    leave_out: Sequence[str] = (),
    not_customers: Sequence[str] | None = None,
    customer_case: str = "keep",
    at_format: str = "",
    known_at_format: str = "",
    formats: Mapping[str, str] | None = None,
    encoding: str = "",
    sheet: str = "",
    decimal: str = "",
    **roles: Role,
) -> Events:
    """Read what is known of customers, such as country, channel or plan, so that every answer can use it.

    Args:
        source: path of a Parquet, CSV or Excel file, or of a folder of Parquet or CSV files that are one table; a
            table of a database, as "shop.sqlite#orders", "shop.duckdb#orders", "postgresql://db.example/shop#orders",
            or "$SHOP#orders" where the variable SHOP of the environment holds the address; a frame of pandas or
            polars, an Arrow table, or an Ibis table of any backend.
        where: columns and the value (or list of values) that a row must have to be read.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column.
        leave_out: columns that must not count, for example a status that was written after the customer left.
        not_customers: keys that stand for nobody, as in `events`.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        at_format: how the times are written, as for `events`.
        known_at_format: the same for the times at which facts became known.
        formats: the form of the dates of attributes that do not show it, for example {"born": "%d/%m/%Y"}.
        encoding: how the bytes of a CSV file are read, for example "cp1252"; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file, or "*" for all of the same columns; by default the first, or a series.
        decimal: the sign before decimals in texts of numbers, "," or ".".
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
    _check_choices(duplicates, decimal)
    roles = given_roles(source, roles)
    texts = (*_texts(roles, at_format, known_at_format), *(formats or {}))
    opened = open_source(source, FileFormat(encoding, sheet, decimal, texts))
    check_keys_written(opened.shapeless, roles.get("customer", "customer"))
    numbered, compared = not isinstance(source, Table), duplicates == "drop"
    written = Formats(at_format, known_at_format, decimal, opened.delimiter, formats or {}, {}, numbered, compared)
    declared = declare_attributes(opened.table, where, timezone, leave_out, written, **roles)
    named = checked(source, opened, declared, duplicates)
    return with_keys(named, roles.get("customer", "customer"), not_customers, customer_case)


def given_roles(source: Source, roles: Mapping[str, Role | None]) -> dict[str, Role]:
    """Return the roles that are given, and refuse one that is named by the index of a frame, which is no column."""
    given = {role: column for role, column in roles.items() if column is not None}
    frame = source if isinstance(source, pd.DataFrame) else pd.DataFrame()
    for role, column in given.items():
        if isinstance(column, str) and column in frame.index.names and column not in frame.columns:
            raise HistoryError(
                f"The column {column!r} (declared as {role!r}) is the index of the data frame, and not a column. "
                "Make it one: frame.reset_index()."
            )
    return given


def _check_choices(duplicates: str, decimal: str, rows: str = "") -> None:
    if rows not in ROWS:
        raise HistoryError(f"Rows are 'orders' or 'lines', got {rows!r}. Write rows = 'lines', or leave it out.")
    if duplicates not in DUPLICATES:
        raise HistoryError(f"Repeated rows are 'keep' or 'drop', got {duplicates!r}. Write duplicates = 'drop'.")
    if decimal not in ("", ",", "."):
        raise HistoryError(f"Before decimals stands ',' or '.', got {decimal!r}. Write decimal = ','.")


def _texts(roles: Mapping[str, Role], at_format: str, known_at_format: str) -> tuple[str, ...]:
    """The columns of a file that stay as they are written, as somebody said how that is."""
    said = {"at": at_format, "known_at": known_at_format}
    return tuple(str(roles.get(role, role)) for role, form in said.items() if form)


def _needed(roles: Mapping[str, Role], *others: str) -> tuple[str, ...]:
    """The columns that are asked of a database: those of the roles and conditions; all, where a function reads some."""
    columns = [column for column in roles.values() if isinstance(column, str)]
    return () if len(columns) < len(roles) else (*columns, *(role for role in ROLES if role not in roles), *others)


def checked(source: Source, opened: Opened, declared: Events, duplicates: str) -> Events:
    """Add what the source told, and set repeated rows aside where that is asked."""
    assumed = (*(Assumption(*words) for words in opened.assumed), *declared.assumed)
    count = nameless(source)
    notes = (*declared.notes, f"{count:,} columns without a name are left out") if count else declared.notes
    return DUPLICATES[duplicates](replace(declared, assumed=assumed, notes=notes, stamps=opened.stamps, met=opened.met))


def _once(declared: Events) -> Events:
    """Set aside what repeats a row in every column; of rows that are the same, any may stay."""
    table = declared.table.mutate(**{PLACE: ibis.row_number()})
    alike = ibis.window(group_by=list(declared.table.columns), order_by=table[PLACE])
    again = table.set_aside.isnull() & (ibis.row_number().over(alike) > 0)
    marked = table.mutate(set_aside=again.ifelse(REPEATED, table.set_aside)).order_by(PLACE).drop(PLACE)
    apart = [column for column in (SAME_INSTANT,) if column in marked.columns]
    return replace(declared, table=marked.drop(*apart).cache(), used=declared.used.distinct().drop(*apart).cache())


DUPLICATES: Mapping[str, Callable[[Events], Events]] = {"keep": lambda declared: declared, "drop": _once}
