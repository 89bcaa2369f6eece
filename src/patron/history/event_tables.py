"""Event tables at the door: names fixed, types checked, and every row that is set aside counted.

Behind this door each event table has the columns `customer` (text) and `at` (a time without zone), and those of
the roles in `ROLES` that the business has. Money and quantities are decimal, so that sums do not depend on the order
of rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import sub
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, listed_columns, nearest
from patron.history.assumptions import Assumption
from patron.history.conditions import Where, condition_notes, matches
from patron.history.customer_keys import check_key_type, customer_key, customer_keys
from patron.history.formats import Formats, FormSetting
from patron.history.money import currency_notes
from patron.history.point_in_time import CUSTOMER_NUMBER
from patron.history.readings import read_roles
from patron.history.roles import (
    KEPT_NAMES,
    KEPT_OF_EVENTS,
    NUMBER_ROLES,
    OTHER,
    PAID_UNTIL,
    ROLES,
    SHARE_ROLES,
    TERM,
    TEXT_ROLES,
    TOTAL,
    Role,
    named_roles,
    own_names,
)
from patron.history.shares import as_share, no_shares
from patron.history.times import read_times

__all__ = [
    "MONEY",
    "NUMBER_ROLES",
    "ROLES",
    "Assumption",
    "Events",
    "Role",
    "Where",
    "check_zone",
    "declare",
    "declare_as",
    "role_column",
]

MONEY = "decimal(18, 4)"
PRICES = {"gross", "discount", "tax", "price", "quantity"}  # of which an amount is made where no column has it
SIGNED = ("amount", "gross", "quantity", "discount", "tax", "cost", "margin")
UNREADABLE_TIME = "time that cannot be read"
LARGEST = 99_999_999_999_999  # what MONEY holds; asking this costs less than casting twice
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)
SAME_INSTANT = "same_instant"  # clocks show one hour twice in autumn
AS_PROVEN = Formats()


@dataclass(frozen=True)
class Events:
    """One declared event table: canonical columns, and the reasons for which rows are set aside.

    Args:
        table: all rows, with a text column `set_aside` that is null where the row is used, and a column
            `returned` where the declaration says which rows take a purchase back.
        used: the rows that keep the promises, without `set_aside`. They are found by plain tests: asking for the
            reason of each row and keeping those that have none makes an engine twice as slow.
        attributes: the columns that tell of the customer and not of an event; none in a table of events.
        assumed: how its times, numbers and keys were read.
        notes: what was seen on the way in.
        columns: by role the name of its column; empty where a function of the table has it.
        rows: what a row is, "orders" or "lines"; empty where it was not declared.
        contracts: up to when starts and ends are known, itself left out, where each row is a contract that began `at`
            its time; none in other tables.
        filled: whether it was declared which cells are filled from other rows of the same order.
        keys: the rows `n` of each `customer`, those that are set aside included; none where keys changed since.
        customers: how many customers the rows have, those that are set aside included; 0 where nobody counted.
        holes: the stretches without any row in which rows are usual.
        stamps: the files that it is read from, each with its size and time of change when it was opened.
        met: by joined file (or the identity table) the rows (or keys), and those of them that it has.
    """

    table: Table
    used: Table
    attributes: tuple[str, ...] = ()
    assumed: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()
    holes: tuple[tuple[datetime, datetime], ...] = ()
    stamps: tuple[tuple[Path, int, int], ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    filled: bool = False
    keys: Table | None = None
    customers: int = 0
    contracts: datetime | None = None
    met: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def declare(
    table: Table,
    where: Where | None = None,
    returns: Where | None = None,
    timezone: str = "UTC",
    formats: Formats = AS_PROVEN,
    **roles: Role,
) -> Events:
    """Fix the names and types of an event table, so that nobody after the door passes column names.

    Columns without a role stay as they are, for measures of your own.

    Args:
        table: one row for each event.
        where: columns and the value (or list of values) that a row must have to be read at all.
        returns: columns and the value (or values) that mark a row as taking a purchase back.
        timezone: where the business lives; times with a zone are turned into its wall-clock time.
        formats: how texts are written, where somebody said so; otherwise the columns must prove it.
        **roles: for each role of `ROLES` the name of the column that has it, or a function of the table.
            A role that is not named is taken by the column of the same name, if there is one whose values fit; an
            empty name ("") says that no column has the role. The amount is what the business gets: net of discount
            and tax. Where no column has it, it is made from `gross` less `discount` and `tax`, or from `price` times
            `quantity`, or is the `total` of the order, which stands on each of its lines and counts once. The cost
            is that of the row; a `unit_cost`, of one piece, is multiplied by the quantity. Of the rows of an order
            that differ in `status` only the latest count. A `term` says until when a row is paid for, as days
            after it or as a date: silence within it is no churn. Of offers that were made to customers, `offer`
            says which, `arm` who got it and who was control, `propensity` the chance with which the customer was to
            get the arm of the row, `accepted` whether it was taken. Of ties between customers, `other` is the customer
            at the other end: of a referral, who was brought.

    Raises:
        HistoryError: a column is missing or has a type that cannot be read, or the time zone is unknown.

    >>> orders = ibis.memtable({"cust": ["a"], "ts": ["2024-05-01"], "paid": [9.5]})
    >>> declare(orders, customer="cust", at="ts", amount="paid").used.columns
    ('customer', 'at', 'amount')
    """
    return declare_as(table, where, returns, timezone, ROLES, roles, formats)


def declare_as(
    table: Table,
    where: Where | None,
    returns: Where | None,
    timezone: str,
    known: Sequence[str],
    roles: Mapping[str, Role],
    formats: Formats = AS_PROVEN,
) -> Events:
    """Declare a table of which the columns may have no other than the *known* roles.

    Raises:
        HistoryError: as `declare`.
    """
    check_zone(timezone)
    naming = named_roles(table, roles, known)
    columns = {role: role_column(table, role, name) for role, name in naming.columns.items()}
    _check_promised(table, columns)
    _check_key(roles, columns)
    noted = condition_notes(table, where, returns, naming.columns["customer"])
    wanted = matches(table, where) if where else None
    noted += currency_notes(table, {**naming.columns, **roles}, wanted)
    kept = table if wanted is None else table.filter(wanted)
    written = any(
        columns[r].type().is_string() for r in ("at", "known_at", *NUMBER_ROLES, *SHARE_ROLES) if r in columns
    )
    columns |= {role: as_share(columns[role]) for role in SHARE_ROLES if role in columns}
    read = read_roles(table, columns, wanted, timezone, formats)
    columns, times = dict(read.columns), read.times
    columns |= (computed := _amount(columns)) | _cost(columns)
    paid = _paid_until(table, columns.pop(TERM, None), times["at"].clock, timezone)
    keys = customer_keys(kept, columns["customer"])
    clocks = {"customer": keys.text} | {role: time.clock for role, time in times.items()}
    clocks |= {OTHER: customer_key(columns[OTHER])} if OTHER in columns else {}
    typed = {role: clocks[role] if role in clocks else _typed(role, c) for role, c in columns.items()}
    if "total" in typed:
        typed[TOTAL] = typed.pop("total")
    typed.pop("unit_cost", None)
    if paid is not None:
        typed[PAID_UNTIL] = paid
    if returns:
        typed["returned"] = matches(table, returns).fill_null(False)
    if columns["customer"].type().is_signed_integer():
        typed[CUSTOMER_NUMBER] = columns["customer"].cast("int64")
    if times["at"].instants is not None and formats.compared:
        typed[SAME_INSTANT] = times["at"].instants
    needed = {*typed, *naming.own, *KEPT_NAMES, *(KEPT_OF_EVENTS if known == ROLES else ())}
    own = own_names(table.columns, naming.columns, needed)
    renamed = {c: name for c, name in own.items() if c != name and not (returns and c in returns)}
    result = {**typed, **{name: table[column] for column, name in own.items()}}
    reasons = [(keys.missing, "no customer"), *_reasons(columns, typed, times["at"].missing)]
    marked = kept.select(**result, set_aside=ibis.cases(*reasons, else_=ibis.null("string")))
    used = kept.filter(*(~broken for broken, _ in reasons)).select(**result)
    if formats.delimiter and written:  # texts are read once, as each later query would take all of them apart again
        marked = marked.cache()
        used = marked.filter(marked.set_aside.isnull()).drop("set_aside")
    return Events(
        marked,
        used,
        assumed=(*naming.assumed, *_computed(computed, columns), *read.assumed),
        notes=(*naming.notes_with(renamed), *noted),
        columns={role: name if isinstance(name, str) else "" for role, name in naming.columns.items()},
        keys=keys.counts,
    )


def _paid_until(table: Table, term: Column | None, at: Column, timezone: str) -> Column | None:
    """Return until when each row is paid for: a date as it stands, or so many days after the row."""
    if term is None:
        return None
    if term.type().is_numeric():
        return at + term.round().cast("int64").as_interval("D")
    return read_times(table, term, FormSetting(f"declared as {TERM!r}", f"{TERM} = a column of dates"), timezone).clock


def _amount(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Make the amount where no column has it but others tell it."""
    if "total" in columns:
        _check_total(columns)
        return {"amount": columns["total"]}
    if "amount" in columns:
        return {}
    for role in PRICES & set(columns):
        _check_number(role, columns[role])
    if "gross" in columns:
        less = [columns[role].fill_null(0) for role in ("discount", "tax") if role in columns]
        return {"amount": reduce(sub, less, columns["gross"])}
    if {"price", "quantity"} <= set(columns):
        return {"amount": columns["price"] * columns["quantity"]}
    return {}


def _cost(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Multiply the cost of one piece by the number of pieces."""
    if "unit_cost" not in columns:
        return {}
    for role in ("unit_cost", "quantity"):
        if role not in columns or "cost" in columns:
            why = "beside a cost of the row" if "cost" in columns else "without the quantity"
            raise HistoryError(
                f"The table has a unit_cost {why}, so what a row costs cannot be told. Its roles are: "
                f"{listed_columns(columns)}. Name the quantity (quantity = '...'), and either unit_cost or cost."
            )
        _check_number(role, columns[role])
    return {"cost": columns["unit_cost"] * columns["quantity"]}


def _check_total(columns: Mapping[str, Column]) -> None:
    """Refuse the total of an order beside an amount of the row, or where nothing says which rows are one order."""
    if "amount" in columns or "order" not in columns:
        why = "beside an amount of the row" if "amount" in columns else "without the order number"
        raise HistoryError(
            f"The table has the total of an order {why}, so what an order brings cannot be told. Its roles are: "
            f"{listed_columns(columns)}. Name the order number (order = '...'), and either total or amount."
        )
    _check_number("total", columns["total"])


def _computed(computed: Mapping[str, Column], columns: Mapping[str, Column]) -> tuple[Assumption, ...]:
    """Describe how the amount was computed, where no column has it."""
    if not computed or "total" in columns:
        return ()
    less = "".join(f" less {role!r}" for role in ("discount", "tax") if role in columns)
    way = f"'gross'{less}" if "gross" in columns else "'price' times 'quantity'"
    return (Assumption(f"the amount is {way}, as no column was named for it", 'amount = "the column"'),)


def check_zone(timezone: str) -> None:
    """Refuse a time zone that is not known."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise HistoryError(f"There is no time zone {timezone!r}. Write it like America/New_York, or UTC.") from None


def role_column(table: Table, role: str, named: Role, kind: str = "event table") -> Column:
    """Return the column that has a role; refuse a name that the table, told as its *kind*, does not have."""
    if callable(named):
        return named(table)
    if named not in table.columns:
        raise HistoryError(
            f"The {kind} lacks the column {named!r} (declared as {role!r}).{nearest(named, table.columns)} "
            f"It has: {listed_columns(table.columns)}. Name the right one: {role} = '...'."
        )
    return table[named]


def _check_promised(table: Table, columns: Mapping[str, Column]) -> None:
    for role, what in (("customer", "a customer key"), ("at", "the time of the event")):
        if role not in columns:
            raise HistoryError(
                f"The event table lacks {role!r} ({what}). It has: {listed_columns(table.columns)}. "
                f"Name it at the door: {role} = 'the column'."
            )


def _check_key(roles: Mapping[str, Role], columns: Mapping[str, Column]) -> None:
    """Refuse a key that is a list or bytes, or is a time or number at once: it is neither, and keys are never shown."""
    key = roles.get("customer", "customer")
    check_key_type(key if isinstance(key, str) else columns["customer"].get_name(), columns["customer"].type())
    for role in ("at", "known_at", *NUMBER_ROLES, *SHARE_ROLES):
        if roles.get(role, role) == key or (role in columns and columns[role].equals(columns["customer"])):
            raise HistoryError(
                f"The column {columns['customer'].get_name()!r} is declared as 'customer' and as {role!r}. Name "
                f"another column for one of them, for example {role} = '...'."
            )


def _typed(role: str, column: Column) -> Column:
    if role in TEXT_ROLES:
        return column.cast("string")
    _check_number(role, column)
    return column.cast("float64") if role in SHARE_ROLES else column.try_cast(MONEY)


def _check_number(role: str, column: Column) -> None:
    if not column.type().is_numeric():
        raise HistoryError(
            f"Column {column.get_name()!r}, declared as {role!r}, must be a number, got {column.type()}. "
            "Turn it into a number first, or name another column."
        )


def _reasons(
    columns: Mapping[str, Column], typed: Mapping[str, Column], timeless: BooleanValue | None
) -> list[tuple[BooleanValue, str]]:
    """Return when a row is set aside and why; the first reason counts, and an unknown condition is none."""
    unknown = columns["at"].isnull()
    reasons = [(unknown if timeless is None else unknown | timeless, "no time")]
    if not columns["at"].type().is_timestamp() and not columns["at"].type().is_date():
        reasons.append((typed["at"].isnull(), UNREADABLE_TIME))
    reasons.append(((typed["at"] < EARLIEST) | (typed["at"] >= LATEST), "time out of range"))
    if "known_at" in typed:
        reasons.append((typed["known_at"].isnull(), "no readable known_at"))
    numbers = {role: columns[role] for role in NUMBER_ROLES if role in typed}
    return (
        reasons
        + [
            (values.notnull() & ~values.between(-LARGEST, LARGEST), f"{role} not finite")
            for role, values in numbers.items()
        ]
        + no_shares(typed)
    )
