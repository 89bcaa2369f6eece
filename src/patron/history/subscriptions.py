"""Subscriptions at the door: a table of contracts whose times, terms and prices are read as every table's are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import ibis
from ibis.expr.types import Column, Table

from patron.engines.files import FileFormat, Source, open_source
from patron.errors import HistoryError, listed_columns, nearest
from patron.history.assumptions import Assumption
from patron.history.conditions import Where, condition_notes, matches
from patron.history.contract_checks import UNREAD, contract_notes, without_faults
from patron.history.customer_keys import check_keys_written
from patron.history.event_tables import MONEY, Events, Role, check_zone, declare_as, role_column
from patron.history.formats import Formats, FormSetting
from patron.history.keys import with_keys
from patron.history.point_in_time import in_window
from patron.history.sources import checked, given_roles
from patron.history.span import with_span
from patron.history.times import read_times
from patron.periods import Moment, instant

__all__ = ["CONTRACT_ROLES", "PRICE_PERIODS", "TERM_UNITS", "subscriptions"]

TIMES = ("start", "end", "renews", "known_at")
TEXTS = ("contract", "plan", "cause")
CONTRACT_ROLES = ("customer", *TIMES, "term", "price", *TEXTS)
KEPT_ROLES = ("customer", "at", "price")
DAY = 86_400_000_000
MONTH = 30.4375
LONGEST_GRACE = 365
NAMES = {"start": "at", "end": "end", "renews": "renews", "known_at": "recorded"}
TERM_UNITS: Mapping[str, float] = {"days": 1.0, "months": MONTH}
TABLE = "table of contracts"
PRICE_PERIODS = ("month", "term", "year")


def subscriptions(
    source: Source,
    where: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "drop",
    until: Moment | None = None,
    term_in: str = "",
    price_per: str = "month",
    grace: int = 0,
    not_customers: Sequence[str] | None = None,
    customer_case: str = "keep",
    formats: Mapping[str, str] | None = None,
    decimal: str = "",
    encoding: str = "",
    sheet: str = "",
    **roles: Role,
) -> Events:
    """Read a table of contracts, one row for each, so that questions about their ends can be asked.

    Args:
        source: a file, frame or table, as for `events`.
        where: columns and the value (or list of values) that a row must have to be read.
        timezone: where the business lives.
        duplicates: "drop" to set aside rows that repeat another one in every column, or "keep".
        until: the day up to which ends are known, itself left out: later ones are plans, and count as open. Where it is
            not said, it is the day after the last contract began or end was recorded.
        term_in: what a term is counted in, "days" or "months"; needed where there is a term.
        price_per: what the price is paid for: a "month", a "year", or a "term".
        grace: days after which an end counts, if no other contract of the customer began meanwhile; 1 where ends are
            the last days of contracts.
        not_customers: keys that stand for nobody, as in `events`.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        formats: the form of times that do not show it, by role, for example {"end": "%d/%m/%Y"}.
        decimal: the sign before decimals in texts of numbers, "," or ".".
        encoding: how the bytes of a CSV file are read, for example "cp1252"; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file; by default the first.
        **roles: the column of each role: `customer` and `start`; `end` (empty while open), `cause` of the end, and
            `known_at`, when the end was recorded; `plan`, `price`, `contract` (its number); `term`, or `renews`, the
            date of the first renewal.

    Raises:
        HistoryError: the file is not there or cannot be read, a column is missing or can be read in two ways.

    >>> import pandas as pd
    >>> members = pd.DataFrame({"id": ["a", "b"], "joined": ["2024-01-01", "2024-02-01"], "left": ["2024-03-01", None]})
    >>> subscriptions(members, customer="id", start="joined", end="left").used.count().to_pyarrow().as_py()
    2
    """
    roles = given_roles(source, roles)
    forms = dict(formats or {})
    texts = tuple(str(roles.get(role, role)) for role in forms)
    opened = open_source(source, FileFormat(encoding, sheet, decimal, texts))
    check_keys_written(opened.shapeless, roles.get("customer"))
    columns = _columns(opened.table, roles)
    _check_choices(columns, term_in, price_per, grace, forms)
    noted = condition_notes(opened.table, where, None, roles["customer"])
    rows = opened.table.filter(matches(opened.table, where)) if where else opened.table
    prepared, assumed = _prepared(rows, _columns(rows, roles), timezone, forms)
    declared = declare_as(
        prepared,
        None,
        None,
        "UTC",
        KEPT_ROLES,
        {role: role for role in KEPT_ROLES if role in prepared.columns},
        Formats(decimal=decimal, delimiter=opened.delimiter),
    )
    declared = replace(declared, notes=(*declared.notes, *noted), assumed=(*declared.assumed, *assumed))
    declared = checked(source, opened, without_faults(declared), duplicates)
    declared = with_keys(declared, roles["customer"], not_customers, customer_case)
    declared = with_span(declared, None, until, gaps="closed")
    return _as_contracts(declared, until, term_in, price_per, grace)


def _columns(table: Table, roles: Mapping[str, Role]) -> dict[str, Column]:
    """Return the column of each role that is named, or has a column of its name."""
    for role in roles:
        if role not in CONTRACT_ROLES:
            raise HistoryError(
                f"A table of contracts has no role {role!r}.{nearest(role, CONTRACT_ROLES)} The roles are: "
                f"{', '.join(CONTRACT_ROLES)}."
            )
    for role in ("customer", "start"):
        if role not in roles:
            raise HistoryError(
                f"The table of contracts lacks {role!r}. It has: {listed_columns(table.columns)}. Name its column: "
                f"{role} = 'the column'."
            )
    return {role: role_column(table, role, named, TABLE) for role, named in roles.items() if callable(named) or named}


def _check_choices(
    columns: Mapping[str, Column], term_in: str, price_per: str, grace: int, forms: Mapping[str, str]
) -> None:
    if ("term" in columns) != bool(term_in) or (term_in and term_in not in TERM_UNITS):
        raise HistoryError(
            f"A term is counted in 'days' or 'months', which only you know, got term_in = {term_in!r} "
            f"{'with' if 'term' in columns else 'without'} a column of terms. Write term = 'the column' and "
            "term_in = 'months', or neither."
        )
    if {"term", "renews"} <= set(columns):
        raise HistoryError("A term and a date of renewal say the same twice. Name only one of term and renews.")
    if price_per not in PRICE_PERIODS or (price_per == "term" and not {"term", "renews"} & set(columns)):
        raise HistoryError(
            f"A price is that of a 'month', a 'year', or a 'term' where the table has one (term or renews), got "
            f"{price_per!r}. Write price_per = 'month'."
        )
    if isinstance(grace, bool) or not isinstance(grace, int) or not 0 <= grace <= LONGEST_GRACE:
        raise HistoryError(
            f"The grace is a whole number of days from 0 to {LONGEST_GRACE}, got {grace!r}. Write grace = 7."
        )
    for role in forms:
        if role not in TIMES:
            raise HistoryError(f"Only times have a form, got one for {role!r}. The times are: {', '.join(TIMES)}.")


def _prepared(
    table: Table, columns: Mapping[str, Column], timezone: str, forms: Mapping[str, str]
) -> tuple[Table, list[Assumption]]:
    """Return the table with a column of its own name for each role, times as the wall clock of the business."""
    check_zone(timezone)
    times = {
        role: read_times(
            table, columns[role], FormSetting(f"declared as {role!r}", _form_line(role)), timezone, forms.get(role, "")
        )
        for role in TIMES
        if role in columns and not _is_empty(columns[role])
    }
    values = {name: times[role].clock for role, name in NAMES.items() if role in times}
    values |= {role: columns[role].cast("string").strip().nullif("") for role in TEXTS if role in columns}
    values |= {role: columns[role] for role in ("customer", "price", "term") if role in columns}
    if "end" in times and columns["end"].type().is_string():
        values[UNREAD] = (columns["end"].strip() != "") & times["end"].clock.isnull()
    assumed = [Assumption(*words) for read in times.values() for words in read.assumed]
    if "end" not in values:
        values["end"] = ibis.null("timestamp(6)")
    return table.select(**values), assumed


def _is_empty(column: Column) -> bool:
    """Check whether a column of numbers, for which an empty one is taken, holds nothing, as where nobody left."""
    kind = column.type()
    return kind.is_null() or (kind.is_numeric() and not column.nullif(float("nan")).count().to_pyarrow().as_py())


def _form_line(role: str) -> str:
    return f'formats = {{ {role} = "{{}}" }}'


def _as_contracts(declared: Events, until: Moment | None, term_in: str, price_per: str, grace: int) -> Events:
    """Finish the columns of the contracts, and open those that end after all that is known."""
    seen = instant(until) if until is not None else _last_seen(declared.used)
    table, used = (_finished(rows, seen, grace, term_in, price_per) for rows in (declared.table, declared.used))
    planned = declared.used.filter(declared.used.end >= seen).count().to_pyarrow().as_py()
    assumed: tuple[Assumption, ...] = ()
    if planned and until is None:
        assumed = (
            Assumption(
                f"{planned:,} contracts end after {seen:%Y-%m-%d}, up to when starts and ends are known, and are open",
                f'until = "{seen:%Y-%m-%d}"',
            ),
        )
    notes = (*declared.notes, *contract_notes(used, grace))
    return replace(declared, table=table, used=used, notes=notes, assumed=(*declared.assumed, *assumed), contracts=seen)


def _last_seen(rows: Table) -> datetime:
    """Return the midnight after the last start, or after the last end was recorded if that was later."""
    recorded = rows.recorded.max() if "recorded" in rows.columns else ibis.null("timestamp(6)")
    moments = rows.aggregate(start=rows["at"].max(), recorded=recorded).to_pyarrow().to_pylist()[0].values()
    last = max((moment for moment in moments if moment is not None), default=datetime(1970, 1, 1))
    return datetime.combine(last.date(), time()) + timedelta(days=1)


def _finished(rows: Table, seen: datetime, grace: int, term_in: str, price_per: str) -> Table:
    """Return the rows with ends that have come, terms in days, and the price of a month."""
    end = rows.end + ibis.interval(days=grace) if grace else rows.end
    values: dict[str, Column] = {"end": in_window(end, seen).ifelse(ibis.null("timestamp(6)"), end)}
    if "recorded" in rows.columns:
        values["recorded"] = ibis.coalesce(rows.recorded, rows.end)
    if "renews" in rows.columns:
        term = rows.renews.delta(rows["at"], unit="microsecond") / DAY
        values["term"] = (term > 0).ifelse(term, ibis.null("float64"))
    elif "term" in rows.columns:
        days = rows.term.cast("float64") * TERM_UNITS[term_in]
        values["term"] = (days > 0).ifelse(days, ibis.null("float64"))
    if "price" in rows.columns:
        months = {"month": 1.0, "year": 12.0, "term": values.get("term", ibis.literal(MONTH)) / MONTH}[price_per]
        values["monthly_price"] = (rows.price.cast("float64") / months).cast(MONEY)
    finished = rows.mutate(**values)
    return finished.drop(*(name for name in ("renews", UNREAD) if name in finished.columns))
