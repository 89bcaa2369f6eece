"""Customer histories: checked event tables, and the only two doors into them.

`past` hands out what was known before a cutoff, `future` what came from it on.
Both compare times as `patron.history.point_in_time` says, and so does the fold; nothing else in the package does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

import ibis
import pandas as pd
from ibis.common.exceptions import IbisError
from ibis.expr.types import Table

from patron.engines.files import check_unchanged
from patron.errors import HistoryError, QuestionError, listed, nearest
from patron.history.assumptions import Assumption
from patron.history.attribute_tables import Facts, facts_of, unknown_of
from patron.history.event_tables import SIGNED, Events
from patron.history.identities.merging import merged
from patron.history.identities.table import Identities
from patron.history.keys import MIN_OWN, check_meeting, note_of_own_keys
from patron.history.order_checks import Findings
from patron.history.order_lines import BEGAN, deductions, orders_of
from patron.history.point_in_time import in_window, is_past
from patron.history.receipts import Receipt, receipt_html, receipt_table
from patron.history.role_checks import role_notes, role_sums
from patron.history.roles import TOTAL
from patron.history.whole_orders import once_per_order, with_lost_rows
from patron.periods import Span

__all__ = ["History"]

DAY = 86_400_000_000
STALE = timedelta(days=31)
LOOKED_THROUGH = 5_000_000
UNSAID = {"no amount": "they count as no money", "no cost": "they bring no profit, unless a margin rate is set"}
ASIDE_BY = ("not_customers", "since", "until")  # the keys that say which rows are set aside
ASIDE = {"orders": "returns", "lines": "returned_lines"}


@dataclass(frozen=True)
class History:
    """The checked event tables of one business, each with the columns `customer` and `at`.

    Args:
        tables: event tables by name. Built-in measures look for `orders` (one row for each purchase), `returns`
            and `lines` (one row for each item of a purchase).
        receipts: what became of the rows that were read.
        attributes: the tables that tell of customers and not of events, each with the columns of its features.

    >>> from patron.history.event_tables import declare
    >>> rows = ibis.memtable({"customer": ["a", None], "at": ["2024-05-01", "2024-05-02"]})
    >>> history = History.of(orders=declare(rows))
    >>> history.receipts[0].read, dict(history.receipts[0].set_aside), history.receipts[0].used
    (2, {'no customer': 1}, 1)
    """

    tables: Mapping[str, Table]
    receipts: tuple[Receipt, ...]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, identities: Identities | None = None, **events: Events) -> "History":
        """Check event tables and attributes, and open the doors; runs a few counting queries for each table.

        Rows of `orders` (or `lines`) that take a purchase back become the table `returns`; the amounts of returns
        are positive. A row below zero beside larger ones of the same order and time is a part of that purchase.
        Where several rows of `orders` share customer, order and day they are lines: they stay as `lines` and are
        added up to `orders`, each at the time of its last line. Rows without an order number share a time instead,
        where others have one or `rows` says that they are lines.
        An order that goes on for days counts once for each day, so that no line is known at a midnight before it.

        Args:
            identities: the customer of each key, where keys of several tables or silos are one customer.
            **events: the tables by name.

        Raises:
            HistoryError: a table is not declared, is empty or breaks a promise, returns come twice, or engines are
                mixed.
        """
        _check_declared(events)
        if all(declared.attributes for declared in events.values()):
            got = f"only attributes: {listed(events)}" if events else "none"
            raise HistoryError(f"A history needs at least one event table, got {got}. Name one: orders = ...")
        if identities is not None:
            _check_together({name: declared.used for name, declared in events.items()})
            events = merged(events, identities)
        tables: dict[str, Table] = {}
        whole = {name: _counted(name, declared) for name, declared in events.items()}
        events = {name: declared for name, (declared, _) in whole.items()}
        receipts = {name: receipt for name, (_, receipt) in whole.items()}
        for declared in events.values():
            check_unchanged(declared.stamps)
        noted: dict[str, Findings] = {}
        facts = {
            name: facts_of(name, declared, receipts[name]) for name, declared in events.items() if declared.attributes
        }
        for name, declared in events.items():
            if name not in facts:
                parted, noted[name] = _split(name, declared.used, taken=events)
                tables |= parted
        orders, read, added = orders_of(tables, events)
        tables |= orders | {name: known.rows for name, known in facts.items()}
        _check_together(tables)
        for name, known in facts.items():
            receipts[name] = known.receipt
        for name, shared in _shared(events, facts, tables, receipts).items():
            seen = noted.get(name, Findings())
            noted[name] = replace(seen, notes=(*seen.notes, *shared))
        complete = (_with(r, noted[name], added if name == read else Findings()) for name, r in receipts.items())
        return cls(tables, tuple(complete), {name: known.columns for name, known in facts.items()})

    def __getitem__(self, name: str) -> Table:
        """Return one event table by name.

        Raises:
            HistoryError: no table has that name.
        """
        if name not in self.tables:
            raise HistoryError(
                f"No event table is called {name!r}.{nearest(name, self.tables)} "
                f"This history has: {listed(self.tables)}."
            )
        return self.tables[name]

    def past(self, name: str, cutoff: datetime, window: Span) -> Table:
        """Return the events known before *cutoff*, within the *window*; an event at the cutoff is the future.

        The column `days_ago` (float) tells how long before the cutoff each event was, `days_between` how long after
        the customer's event before it; that of the first event in the window is null.
        """
        table = self[name]
        known = [is_past(table[column], cutoff) for column in ("at", "known_at") if column in table.columns]
        if window.days is not None:
            known.append(in_window(table["at"], cutoff - window.delta))
        rows = table.filter(known)
        before = rows["at"].lag().over(ibis.window(group_by=rows.customer, order_by=rows["at"]))
        return rows.mutate(days_ago=_days(ibis.literal(cutoff), rows["at"]), days_between=_days(rows["at"], before))

    def future(self, name: str, cutoff: datetime, horizon: Span) -> Table:
        """Return the events from *cutoff* up to the end of the *horizon*, which is left out.

        The column `days_ahead` (float) tells how long after the cutoff each event was.
        """
        table = self[name]
        rows = table.filter(in_window(table["at"], cutoff), is_past(table["at"], cutoff + horizon.delta))
        return rows.mutate(days_ahead=_days(rows["at"], ibis.literal(cutoff)))

    def receipt(self) -> pd.DataFrame:
        """Return what became of the rows of each table, and how they were read, as one table: see `receipt_table`."""
        return receipt_table(self.receipts)

    def __repr__(self) -> str:
        """Return what each table holds, in brief."""
        held = (f"{r.table}: {r.used:,} rows of {r.customers:,} customers, {r.period}" for r in self.receipts)
        return f"History({'; '.join(held)})"

    def _repr_html_(self) -> str:
        """Return the receipt as a notebook shows it."""
        return receipt_html(self.receipts)

    @property
    def starts(self) -> datetime:
        """The time of the first event in any table; attributes may be older than the business."""
        return min(receipt.first for receipt in self._events if receipt.first)

    @property
    def ends(self) -> datetime:
        """The midnight after the last order: the history is known up to here.

        Where there are neither orders nor lines, the last event in any table counts. A table of visits that goes on
        after the orders end must not make customers look as if they had left.
        """
        bought = [receipt for receipt in self._events if receipt.table in ("orders", "lines")]
        last = max(receipt.last for receipt in bought or self._events if receipt.last)
        return datetime.combine(last.date(), time()) + timedelta(days=1)

    @property
    def holes(self) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches without any order in which orders are usual: from the first midnight to the end of each."""
        bought = [receipt for receipt in self._events if receipt.table in ("orders", "lines")]
        return tuple(hole for receipt in bought[:1] for hole in receipt.holes)

    @property
    def _events(self) -> list[Receipt]:
        return [receipt for receipt in self.receipts if receipt.table not in self.attributes]

    def check_cutoff(self, cutoff: datetime) -> None:
        """Refuse a cutoff with no events before it, so far after the last that something must be missing, or in a day
        by which order lines of different times were added up.

        Raises:
            QuestionError: the cutoff lies outside the history.
        """
        if not self.starts < cutoff <= self.ends + STALE:
            early = cutoff <= self.starts
            raise QuestionError(
                f"The cutoff {cutoff:%Y-%m-%d} lies outside the history: "
                f"{'no event is known before it' if early else 'it is long after the last order'}. The first event is "
                f"of {self.starts:%Y-%m-%d}, and the last day of orders ends at {self.ends:%Y-%m-%d}. Use a "
                f"{'later cutoff, or read older' if early else 'cutoff up to then, or read newer'} events."
            )
        if cutoff.time() != time() and any(BEGAN in table.columns for table in self.tables.values()):
            raise QuestionError(
                f"The cutoff {cutoff:%Y-%m-%d %H:%M} parts a day, but lines of one order came at different times "
                f"and were added up by day. Use a midnight, for example {cutoff:%Y-%m-%d}."
            )

    def check_passed(self, cutoff: datetime, horizon: Span) -> None:
        """Refuse a label whose horizon has not fully passed, or looks into a hole in the orders.

        Raises:
            QuestionError: the history ends before the horizon does, or orders are missing within it.
        """
        end = cutoff + horizon.delta
        ahead = f"A label at {cutoff:%Y-%m-%d} looks {horizon} ahead, to {end:%Y-%m-%d}, but"
        if end > self.ends:
            raise QuestionError(
                f"{ahead} the history ends {self.ends:%Y-%m-%d}. Use a cutoff up to "
                f"{self.ends - horizon.delta:%Y-%m-%d}, or a shorter horizon."
            )
        for first, after in self.holes:
            if cutoff < after and first < end:
                raise QuestionError(
                    f"{ahead} no order is known from {first:%Y-%m-%d} to {after - timedelta(days=1):%Y-%m-%d}, as if "
                    f"everybody had left. Use a cutoff up to {first - horizon.delta:%Y-%m-%d} or from {after:%Y-%m-%d} "
                    "on, read the orders that are missing, or write gaps = 'closed' if the business was closed then."
                )


def _check_declared(events: Mapping[str, object]) -> None:
    for name, declared in events.items():
        if not isinstance(declared, Events):
            raise HistoryError(
                f"The table {name!r} of a history is no declared event table, got {type(declared).__name__}. "
                f"Declare it first: {name}=pt.events(frame, customer='...', at='...')."
            )


def _check_together(tables: Mapping[str, Table]) -> None:
    try:
        ibis.union(*(table.select("customer") for table in tables.values())).get_backend()
    except IbisError:
        raise HistoryError(
            f"The event tables {listed(tables)} are opened by different engines or connections. "
            "Open all of them with the same one, or give files and data frames."
        ) from None


def _shared(
    events: Mapping[str, Events],
    facts: Mapping[str, Facts],
    tables: Mapping[str, Table],
    receipts: Mapping[str, Receipt],
) -> dict[str, tuple[str, ...]]:
    """Compare the keys of each table with those of the orders; refuse a table that shares none."""
    if "orders" not in tables:
        return {}
    buyers = tables["orders"].group_by("customer").aggregate(n=tables["orders"].count())
    buyers = buyers.cache() if len(events) > 2 else buyers
    read = "orders" if "orders" in events else "lines"
    many = receipts[read].customers >= MIN_OWN
    notes = {read: note_of_own_keys(events[read].used, buyers)} if many else {}
    for name, declared in events.items():
        if name in facts:
            notes[name] = unknown_of(name, facts[name].rows, buyers)
        elif name != read:
            notes[name] = check_meeting(name, declared.used, buyers)
    return notes


def _days(late: Any, early: Any) -> Any:
    return late.delta(early, unit="microsecond") / DAY


def _with(receipt: Receipt, *seen: Findings) -> Receipt:
    """Add to a receipt what was seen in the rows."""
    notes = (note for findings in seen for note in findings.notes)
    assumed = (assumption for findings in seen for assumption in findings.assumed)
    return replace(receipt, notes=(*receipt.notes, *notes), assumed=(*receipt.assumed, *assumed))


def _counted(name: str, declared: Events) -> tuple[Events, Receipt]:
    """Count rows by reason, once more where rows of whole orders are brought back or do not count."""
    receipt = _count(name, declared)
    whole = once_per_order(with_lost_rows(declared, receipt.set_aside))
    return (declared, receipt) if whole is declared else (whole, _count(name, whole))


def _count(name: str, events: Events) -> Receipt:
    """Count rows by reason; refuse a table that has nothing to use."""
    table = events.table
    priced = [role for role in ("amount", "cost") if role in table.columns and not events.attributes]
    money = {"money": table.amount.sum().cast("float64")} if "amount" in priced else {}
    unsaid = {f"no {role}": table[role].isnull().sum() for role in priced}
    counted = table.group_by("set_aside").aggregate(
        n=table.count(),
        customers=table.customer.nunique(),
        first=table["at"].min(where=table.set_aside.isnull()),  # what is set aside may lie beyond any calendar
        last=table["at"].max(where=table.set_aside.isnull()),
        **money,
        **unsaid,
        **({} if events.attributes else role_sums(table)),
    )
    by_reason = {row.pop("set_aside"): row for row in counted.to_pyarrow().to_pylist()}
    aside = {reason: row["n"] for reason, row in sorted(by_reason.items(), key=lambda kv: str(kv[0])) if reason}
    read = sum(row["n"] for row in by_reason.values())
    if None not in by_reason:
        raise HistoryError(_unusable(name, events, aside))
    used = by_reason[None]
    small = used["n"] <= LOOKED_THROUGH  # beyond, telling rows apart costs more than all features
    doubled = used["n"] - int(events.used.distinct().count().to_pyarrow().as_py()) if small else 0
    notes = tuple(f"{used[no]:,} rows have {no}; {UNSAID[no]}" for no in unsaid if used[no])
    notes += (
        (f'{doubled:,} rows repeat another one exactly, and are used (duplicates = "drop" sets aside)',)
        if doubled
        else ()
    )
    sums = {reason or "used": row["money"] or 0.0 for reason, row in by_reason.items()} if money else {}
    seen = (*events.notes, *role_notes(used, events.columns), *notes)
    return Receipt(
        name,
        read,
        aside,
        used["n"],
        used["customers"],
        used["first"],
        used["last"],
        seen,
        sums,
        events.assumed,
        events.holes,
    )


def _unusable(name: str, events: Events, aside: Mapping[str, int]) -> str:
    """Describe why no row of a table is used, with the lines that would have its rows read otherwise."""
    read = sum(aside.values())
    why = "".join(f" {n} rows have {reason}." for reason, n in aside.items())
    why += "".join(
        f" {assumed.what} ({assumed.change})." for assumed in events.assumed if assumed.change.startswith(ASIDE_BY)
    )
    where = "" if read else ", and whether any row meets its condition (where), capitals too"
    return f"Event table {name!r} has no row to use, of {read} read.{why} Check the file and its declaration{where}."


def _split(name: str, rows: Table, taken: Mapping[str, Events]) -> tuple[dict[str, Table], Findings]:
    """Part purchases from returns where one table has both."""
    if name in ASIDE.values():
        return {name: _positive(rows)}, Findings()
    marked = "returned" in rows.columns and rows.returned.type().is_boolean()
    if name not in ASIDE or not (marked or "amount" in rows.columns):
        return {name: rows}, Findings()
    money = next((column for column in (TOTAL, "amount") if column in rows.columns), "")
    back = (rows.returned if marked else rows[money] < 0).fill_null(False)
    count = int(back.sum().to_pyarrow().as_py() or 0)
    if ASIDE[name] in taken:
        return {name: rows}, Findings(_left(name, count, marked))
    if not count and not marked:
        return {name: rows}, Findings()
    bought, returned = rows.filter(~back), rows.filter(back)
    deducted = 0 if marked or money == TOTAL or "order" not in rows.columns else _deducted(rows, returned)
    if deducted:
        key = list((sold := deductions(rows)).columns)
        bought, returned = bought.union(returned.semi_join(sold, key)), returned.anti_join(sold, key)
    if deducted == count > 0:
        return {name: rows}, Findings(assumed=_off(deducted))
    notes = (f"{count - deducted:,} rows read as {ASIDE[name].replace('_', ' ')}",) if count else ()
    return {name: bought, ASIDE[name]: _positive(returned)}, Findings(notes, _off(deducted))


def _deducted(rows: Table, returned: Table) -> int:
    """Count the rows below zero that are a part of a purchase, such as a coupon."""
    sold = deductions(rows)
    return int(returned.semi_join(sold, sold.columns).count().to_pyarrow().as_py())


def _off(count: int) -> tuple[Assumption, ...]:
    if not count:
        return ()
    what = f"{count:,} rows below zero beside larger ones of the same order and time are a part of that purchase"
    return (Assumption(f"{what}, and nothing that came back", "returns = { the_column = [...] }"),)


def _left(name: str, count: int, marked: bool) -> tuple[str, ...]:
    """Describe which negative rows stay where they are; refuse returns that were declared twice."""
    if count and marked:
        raise HistoryError(
            f"Returns come twice: {count} rows of event table {name!r} are marked as returns, and there is a table "
            f"{ASIDE[name]!r} of its own. Leave out the mark (returns=...) or the table."
        )
    return (f"{count:,} rows with a negative amount left in place, as there is a table {ASIDE[name]}",) if count else ()


def _positive(rows: Table) -> Table:
    """Turn the signs of what was taken back, so that more is more, whichever columns the business wrote below zero.

    A margin below zero beside an amount above it says what the return cost, not that the sale had been at a loss.
    """
    return rows.mutate(**{c: rows[c].abs().cast(rows[c].type()) for c in SIGNED if c in rows.columns})
