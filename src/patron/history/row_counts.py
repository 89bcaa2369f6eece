"""Row counts: the rows of a table by reason, with their money, and the proof that each is an order of its own.

Every row that was read is either used or counted under a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.engines.uniqueness import are_unique, count_repeated
from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.receipts import Receipt
from patron.history.role_checks import role_notes, role_sums
from patron.history.roles import TOTAL
from patron.history.whole_orders import once_per_order, with_lost_rows

__all__ = ["RowCounts", "are_back", "are_marked", "counted"]

LOOKED_THROUGH = 5_000_000
UNSAID = {"no amount": "they count as no money", "no cost": "they bring no profit, unless a margin rate is set"}
ASIDE_BY = ("not_customers", "since", "until")  # the keys that say which rows are set aside


@dataclass(frozen=True)
class RowCounts:
    """A table of which the rows were counted.

    Args:
        declared: the table, rows of whole orders brought back or counted once.
        receipt: what became of its rows.
        back: the rows that may take a purchase back.
        alone: whether each row is known to be an order of its own, and so repeats no other.
    """

    declared: Events
    receipt: Receipt
    back: int
    alone: bool


def counted(name: str, declared: Events) -> RowCounts:
    """Count rows by reason, once more where rows of whole orders are brought back or do not count.

    Raises:
        HistoryError: no row is left to use.
    """
    receipt, used = _count(name, declared)
    whole = once_per_order(with_lost_rows(declared, receipt.set_aside))
    if whole is not declared:
        receipt, used = _count(name, whole)
    rows = whole.used if receipt.set_aside else whole.table.drop("set_aside")  # one test less for each row
    alone = are_unique(rows, *_order_of(rows, used.get("unnumbered", 0)))
    # Beyond so many rows, telling them apart costs more than all features.
    repeated = 0 if alone or receipt.used > LOOKED_THROUGH else count_repeated(rows)
    note = f'{repeated:,} rows repeat another one exactly, and are used (duplicates = "drop" sets aside)'
    notes = (*receipt.notes, *((note,) if repeated else ()))
    return RowCounts(whole, replace(receipt, notes=notes, repeated=repeated), used.get("back") or 0, alone)


def are_back(rows: Table) -> BooleanValue:
    """Return which rows may take a purchase back: those that are marked, else those with money below zero."""
    return (rows.returned if are_marked(rows) else rows[_money(rows)] < 0).fill_null(False)


def are_marked(rows: Table) -> bool:
    """Check whether it was declared which rows take a purchase back."""
    return "returned" in rows.columns and rows.returned.type().is_boolean()


def _money(rows: Table) -> str:
    """Return the column whose sign tells what a row is; none where there is no money."""
    return next((c for c in (TOTAL, "amount") if c in rows.columns and rows[c].type().is_numeric()), "")


def _order_of(rows: Table, unnumbered: int) -> list[Column]:
    """Return what tells orders apart: their number, else customer and time."""
    moment = [rows.customer, rows["at"]]
    if "order" not in rows.columns:
        return moment
    if not unnumbered:
        return [rows.order]
    return [rows.order, *(rows.order.isnull().ifelse(column, ibis.null(column.type())) for column in moment)]


def _count(name: str, events: Events) -> tuple[Receipt, Mapping[str, Any]]:
    """Count rows by reason, and return all figures of those used; refuse a table that has none."""
    by_reason = _by_reason(events)
    aside = {reason: row["n"] for reason, row in sorted(by_reason.items(), key=lambda kv: str(kv[0])) if reason}
    if None not in by_reason:
        raise HistoryError(_unusable(name, events, aside))
    used = by_reason[None]
    notes = (f"{used[no]:,} rows have {no}; {why}" for no, why in UNSAID.items() if used.get(no))
    sums = {reason or "used": row["money"] or 0.0 for reason, row in by_reason.items() if "money" in row}
    receipt = Receipt(
        name,
        used["n"] + sum(aside.values()),
        aside,
        used["n"],
        _customers(events, used, aside),
        used["first"],
        used["last"],
        (*events.notes, *role_notes(used, events.columns), *notes),
        sums,
        events.assumed,
        events.holes,
        events.met,
    )
    return receipt, used


def _customers(events: Events, used: Mapping[str, Any], aside: Mapping[str, int]) -> int:
    """Return how many customers the used rows have; where no row is set aside they were counted with the keys."""
    if "customers" in used:
        return int(used["customers"])
    return int(events.used.customer.nunique().to_pyarrow().as_py()) if aside else events.customers


def _by_reason(events: Events) -> dict[str | None, dict[str, Any]]:
    """Return all figures of the rows of each reason, with one query."""
    table = events.table
    priced = [role for role in ("amount", "cost") if role in table.columns and not events.attributes]
    counts = table.group_by("set_aside").aggregate(
        n=table.count(),
        **({} if events.customers else {"customers": table.customer.nunique()}),
        **({"unnumbered": table.order.isnull().sum()} if "order" in table.columns else {}),
        first=table["at"].min(where=table.set_aside.isnull()),  # what is set aside may lie beyond any calendar
        last=table["at"].max(where=table.set_aside.isnull()),
        **({"back": are_back(table).sum()} if are_marked(table) or _money(table) else {}),
        **({"money": table.amount.sum().cast("float64")} if "amount" in priced else {}),
        **{f"no {role}": table[role].isnull().sum() for role in priced},
        **({} if events.attributes else role_sums(table)),
    )
    try:
        return {row.pop("set_aside"): row for row in counts.to_pyarrow().to_pylist()}
    except OverflowError:  # of a time that no calendar has
        raise HistoryError(
            "A time of the table lies beyond every calendar, so that its file may be broken. Write it again from its "
            "source, without such rows."
        ) from None


def _unusable(name: str, events: Events, aside: Mapping[str, int]) -> str:
    """Describe why no row of a table is used, with the lines that would have its rows read otherwise."""
    read = sum(aside.values())
    why = "".join(f" {n} rows have {reason}." for reason, n in aside.items())
    why += "".join(
        f" {assumed.what} ({assumed.change})." for assumed in events.assumed if assumed.change.startswith(ASIDE_BY)
    )
    where = "" if read else ", and whether any row meets its condition (where), capitals too"
    return f"Event table {name!r} has no row to use, of {read} read.{why} Check the file and its declaration{where}."
