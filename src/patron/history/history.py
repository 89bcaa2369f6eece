"""Customer histories: checked event tables, and the only two doors into them.

`past` hands out what was known before a cutoff, `future` what came from it on.
Both compare times as `patron.history.point_in_time` says, and so does the fold; nothing else in the package does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

import ibis
import pandas as pd
from ibis.common.exceptions import IbisError
from ibis.expr.types import Table

from patron.engines.files import check_unchanged
from patron.errors import HistoryError, QuestionError, listed, nearest
from patron.history.attribute_tables import Facts, facts_of, unknown_of
from patron.history.complaints import WITH_COMPLAINTS, complaint_notes
from patron.history.contract_checks import outside_notes
from patron.history.contracts import STARTS, contract_tables, subscription_name
from patron.history.event_tables import Events
from patron.history.identities.merging import merged
from patron.history.identities.table import Identities, check_identities
from patron.history.keys import MIN_OWN, OWN, check_meeting, note_of_own_keys, note_of_returns_only
from patron.history.offers import OFFERS, declared_offers, offer_notes
from patron.history.order_checks import Findings
from patron.history.order_lines import BEGAN, orders_of
from patron.history.point_in_time import STANDING, UNTIL, in_window, is_past
from patron.history.receipts import Receipt, receipt_html, receipt_table
from patron.history.regular_payers import prepaid_notes
from patron.history.returns import with_returns
from patron.history.roles import OTHER
from patron.history.row_counts import RowCounts, counted
from patron.history.set_aside import lost_customers, set_aside_rows
from patron.history.standing import with_standing
from patron.history.tie_checks import tie_notes
from patron.periods import Span

__all__ = ["History"]

DAY = 86_400_000_000
STALE = timedelta(days=31)


@dataclass(frozen=True)
class History:
    """The checked event tables of one business, each with the columns `customer` and `at`.

    Args:
        tables: event tables by name. Built-in measures look for `orders` (one row for each purchase), `returns`
            and `lines` (one row for each item of a purchase).
        receipts: what became of the rows that were read.
        attributes: the tables that tell of customers and not of events, each with the columns of its features.
        standing: the orders as they stood from when to when, where returns took some of them back.
        contracts: the name under which a table of contracts was declared, nothing where there is none. Its rows are the
            tables `contracts`, `contract_ends` and their like.
        set_aside: the rows that are not used, by the table that was read, each with its `reason` and its `row`.

    >>> from patron.history.event_tables import declare
    >>> rows = ibis.memtable({"customer": ["a", None], "at": ["2024-05-01", "2024-05-02"]})
    >>> history = History.of(orders=declare(rows))
    >>> history.receipts[0].read, dict(history.receipts[0].set_aside), history.receipts[0].used
    (2, {'no customer': 1}, 1)
    """

    tables: Mapping[str, Table]
    receipts: tuple[Receipt, ...]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    standing: Table | None = None
    contracts: str = ""
    set_aside: Mapping[str, Table] = field(default_factory=dict)

    @classmethod
    def of(cls, identities: Identities | None = None, **events: Events) -> "History":
        """Check event tables and attributes, and open the doors; runs a few counting queries for each table.

        Rows of `orders` (or `lines`) that take a purchase back become the table `returns`; the amounts of returns
        are positive. A row below zero beside larger ones of the same order and time is a part of that purchase.
        Where several rows of `orders` share customer, order and day they are lines: they stay as `lines` and are
        added up to `orders`, each at the time of its last line. Rows without an order number share a time instead,
        where others have one or `rows` says that they are lines.
        An order that goes on for days counts once for each day, so that no line is known at a midnight before it.
        Which return takes which order back is matched as `patron.history.standing` says.

        Args:
            identities: the customer of each key, where keys of several tables or silos are one customer.
            **events: the tables by name.

        Raises:
            HistoryError: a table is not declared, is empty or breaks a promise, returns come twice, or engines are
                mixed.
        """
        _check_declared(events)
        subscription = subscription_name(events)
        if all(declared.attributes for declared in events.values()):
            got = f"only attributes: {listed(events)}" if events else "none"
            raise HistoryError(f"A history needs at least one event table, got {got}. Name one: orders = ...")
        if identities is not None:
            check_identities(identities)
            _check_together({name: declared.used for name, declared in events.items()})
            events = merged(events, identities)
        tables: dict[str, Table] = {}
        alone: set[str] = set()
        counts = {name: counted(name, declared) for name, declared in events.items()}
        events = {name: count.declared for name, count in counts.items()}
        receipts = {name: count.receipt for name, count in counts.items()}
        for declared in events.values():
            check_unchanged(declared.stamps)
        noted: dict[str, Findings] = {}
        facts = {
            name: facts_of(name, declared, receipts[name]) for name, declared in events.items() if declared.attributes
        }
        for name in events:
            if name not in facts and name != subscription:
                parted, noted[name] = with_returns(name, counts[name], taken=events)
                tables |= parted
                alone |= parted.keys() if counts[name].alone else set()
        orders, read, added = orders_of(tables, events, alone)
        tables |= orders | {name: known.rows for name, known in facts.items()}
        if subscription:
            declared = events[subscription]
            tables |= contract_tables(declared.used)
            receipts[subscription] = _up_to(receipts[subscription], declared.contracts)
        _check_together(tables)
        for name, known in facts.items():
            receipts[name] = known.receipt
        for name, shared in _shared(counts, facts, tables, subscription).items():
            seen = noted.get(name, Findings())
            noted[name] = replace(seen, notes=(*seen.notes, *shared))
        for name in (name for name in noted if subscription and name not in (subscription, *facts)):
            outside = outside_notes(counts[name].declared.used, events[subscription].used)
            noted[name] = replace(noted[name], notes=(*noted[name].notes, *outside))
        if "orders" in tables and read in receipts:
            seen, regular = noted.get(read, Findings()), prepaid_notes(tables["orders"], receipts[read].used)
            noted[read] = replace(seen, notes=(*seen.notes, *regular))
        if OFFERS in noted:
            seen, until = noted[OFFERS], _ends([r for name, r in receipts.items() if name not in facts], subscription)
            tables[OFFERS], own = declared_offers(tables[OFFERS], events[OFFERS])
            noted[OFFERS] = replace(seen, notes=(*seen.notes, *own, *offer_notes(tables[OFFERS], until)))
        for name in WITH_COMPLAINTS & noted.keys():
            unknown = complaint_notes(tables[name])
            noted[name] = replace(noted[name], notes=(*noted[name].notes, *unknown))
        standing = with_standing(tables["orders"], tables["returns"]) if _have_returns(tables, counts) else None
        complete = (
            _with(r, noted.get(name, Findings()), added if name == read else Findings()) for name, r in receipts.items()
        )
        known_columns = {name: known.columns for name, known in facts.items()}
        return cls(tables, tuple(complete), known_columns, standing, subscription, set_aside_rows(counts))

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

    def as_happened(self, name: str) -> Table:
        """Return one event table by name, with all of each order's amount standing.

        Raises:
            HistoryError: no table has that name.
        """
        table = self[name]
        return table.mutate(**{STANDING: table.amount}) if name == "orders" and "amount" in table.columns else table

    def as_known(self, name: str) -> Table:
        """Return one event table by name, with a row of each order for each time from which it stood otherwise.

        Raises:
            HistoryError: no table has that name.
        """
        return self.standing if name == "orders" and self.standing is not None else self.as_happened(name)

    def past(self, name: str, cutoff: datetime, window: Span) -> Table:
        """Return the events known before *cutoff*, within the *window*; an event at the cutoff is the future.

        Orders have `standing_amount` beside their amount: what returns known by then have left of it, null where that
        is nothing. The column `days_ago` (float) tells how long before the cutoff each event was, `days_between` how
        long after the customer's event before it; that of the first event in the window is null.
        """
        table = self.as_known(name)
        known = [is_past(table[column], cutoff) for column in ("at", "known_at") if column in table.columns]
        if UNTIL in table.columns:
            known.append(in_window(table[UNTIL], cutoff))
        if window.days is not None:
            known.append(in_window(table["at"], window.before(cutoff)))
        rows = table.filter(known).drop(*(c for c in (UNTIL,) if c in table.columns))
        before = rows["at"].lag().over(ibis.window(group_by=rows.customer, order_by=rows["at"]))
        return rows.mutate(days_ago=_days(ibis.literal(cutoff), rows["at"]), days_between=_days(rows["at"], before))

    def future(self, name: str, cutoff: datetime, horizon: Span) -> Table:
        """Return the events from *cutoff* up to the end of the *horizon*, which is left out.

        The column `days_ahead` (float) tells how long after the cutoff each event was.
        """
        table = self.as_happened(name)
        rows = table.filter(in_window(table["at"], cutoff), is_past(table["at"], horizon.after(cutoff)))
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

        Where there are contracts it is no later than these are known. Where there are neither, nor lines, the last
        event in any table counts. A table of visits that goes on after the orders end must not make customers look as
        if they had left.
        """
        return _ends(self._events, self.contracts)

    @property
    def lost_customers(self) -> int:
        """The number of customers of whom every event was set aside; runs a query."""
        aside, used = (
            [table for name, table in tables.items() if name not in self.attributes]
            for tables in (self.set_aside, self.tables)
        )
        return lost_customers(aside, used)

    @property
    def holes(self) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches without any order in which orders are usual: from the first midnight to the end of each."""
        bought = [receipt for receipt in self._events if receipt.table in ("orders", "lines")]
        return tuple(hole for receipt in bought[:1] for hole in receipt.holes)

    @property
    def _latest(self) -> str:
        """What the history is known up to, as a noun."""
        return "contract" if self.contracts and not {"orders", "lines"} & set(self.tables) else "order"

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
            what = self._latest
            raise QuestionError(
                f"The cutoff {cutoff:%Y-%m-%d} lies outside the history: "
                f"{'no event is known before it' if early else f'it is long after the last {what}'}. The first event "
                f"is of {self.starts:%Y-%m-%d}, and the last day of {what}s ends at {self.ends:%Y-%m-%d}. Use a "
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
        end = horizon.after(cutoff)
        ahead = f"A label at {cutoff:%Y-%m-%d} looks {horizon.length} ahead, to {end:%Y-%m-%d}, but"
        if end > self.ends:
            raise QuestionError(
                f"{ahead} the history ends {self.ends:%Y-%m-%d}. Use a cutoff up to "
                f"{horizon.before(self.ends):%Y-%m-%d}, or a shorter horizon."
            )
        for first, after in self.holes:
            if cutoff < after and first < end:
                raise QuestionError(
                    f"{ahead} no order is known from {first:%Y-%m-%d} to {after - timedelta(days=1):%Y-%m-%d}, as if "
                    f"everybody had left. Use a cutoff up to {horizon.before(first):%Y-%m-%d} or from {after:%Y-%m-%d} "
                    "on, read the orders that are missing, or write gaps = 'closed' if the business was closed then."
                )


def _check_declared(events: Mapping[str, object]) -> None:
    for name, declared in events.items():
        if not isinstance(declared, Events):
            raise HistoryError(
                f"The table {name!r} of a history is no declared event table, got {type(declared).__name__}. "
                f"Declare it first: {name}=pt.events(frame, customer='...', at='...')."
            )


def _have_returns(tables: Mapping[str, Table], counts: Mapping[str, RowCounts]) -> bool:
    """Check whether there are orders, and returns that may take some of them back."""
    back = counts["returns"].receipt.used if "returns" in counts else sum(count.back for count in counts.values())
    return {"orders", "returns"} <= tables.keys() and back > 0


def _check_together(tables: Mapping[str, Table]) -> None:
    try:
        ibis.union(*(table.select("customer") for table in tables.values())).get_backend()
    except IbisError:
        raise HistoryError(
            f"The event tables {listed(tables)} are opened by different engines or connections. "
            "Open all of them with the same one, or give files and data frames."
        ) from None


def _ends(receipts: Sequence[Receipt], contracts: str) -> datetime:
    """Return the midnight after the last order, and the last that is known of contracts."""
    bought = [receipt for receipt in receipts if receipt.table in ("orders", "lines")]
    bound = [receipt for receipt in receipts if receipt.table == contracts]
    groups = [group for group in (bought, bound) if group] or [list(receipts)]
    last = min(max(receipt.last for receipt in group if receipt.last) for group in groups)
    return datetime.combine(last.date(), time()) + timedelta(days=1)


def _up_to(receipt: Receipt, seen: datetime | None) -> Receipt:
    """Return the receipt of contracts with the last moment up to which they are known."""
    return replace(receipt, last=seen - timedelta(microseconds=1) if seen else receipt.last)


def _shared(
    counts: Mapping[str, RowCounts], facts: Mapping[str, Facts], tables: Mapping[str, Table], subscription: str
) -> dict[str, tuple[str, ...]]:
    """Compare the keys of each table with those of the orders, or contracts; refuse a table that shares none."""
    if "orders" not in tables:
        members = tables[STARTS].group_by("customer").aggregate(n=tables[STARTS].count()) if subscription else None
        others = [name for name in counts if name not in (*facts, subscription)] if subscription else []
        return {name: check_meeting(name, counts[name].declared.used, members, "a contract") for name in others}
    buyers = tables["orders"].group_by("customer").aggregate(n=tables["orders"].count())
    buyers = buyers.cache() if len(counts) > 2 else buyers
    read = "orders" if "orders" in counts else "lines"
    notes = {read: note_of_own_keys(counts[read].declared.used, buyers)} if _may_be_own(counts[read]) else {}
    if _have_returns(tables, counts) and "returns" not in counts:
        notes[read] = (*notes.get(read, ()), *note_of_returns_only(tables["returns"], tables["orders"]))
    for name, count in counts.items():
        if name in facts:
            notes[name] = unknown_of(name, facts[name].rows, buyers)
        elif name != read:
            notes[name] = check_meeting(name, count.declared.used, buyers)
            notes[name] += tie_notes(count.declared.used, buyers) if OTHER in count.declared.columns else ()
    return notes


def _may_be_own(orders: RowCounts) -> bool:
    """Check whether nearly every order may have a customer of its own, as far as their rows tell."""
    customers = orders.receipt.customers
    repeated = orders.alone and orders.receipt.used - orders.back > OWN * customers
    return customers >= MIN_OWN and not repeated


def _days(late: Any, early: Any) -> Any:
    return late.delta(early, unit="microsecond") / DAY


def _with(receipt: Receipt, *seen: Findings) -> Receipt:
    """Add to a receipt what was seen in the rows."""
    notes = (note for findings in seen for note in findings.notes)
    assumed = (assumption for findings in seen for assumption in findings.assumed)
    return replace(receipt, notes=(*receipt.notes, *notes), assumed=(*receipt.assumed, *assumed))
