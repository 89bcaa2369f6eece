"""Whole orders: those written in several states, with their total on every line, or with gaps below their first line.

Each counts once, and every row that does not count is set aside under a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, listed_columns, nearest
from patron.history.assumptions import Assumption
from patron.history.event_tables import EARLIEST, LATEST, Events
from patron.history.roles import TOTAL, Role

__all__ = ["fill_down", "once_per_order", "with_lost_rows"]

EARLIER, NO_CUSTOMER, NO_TIME = "earlier state of its order", "no customer", "no time"
PLACE, FIRST = "place_of_row", "first_of_order_"


def fill_down(table: Table, columns: Sequence[str] | None, order: Role) -> tuple[Table, tuple[str, ...]]:
    """Fill the empty cells of some columns from the first row of the same order number that has them.

    Args:
        table: as it was read.
        columns: those to fill; none where nothing was declared.
        order: the column of the order number.

    Raises:
        HistoryError: a column is not there, or there is no order number.

    >>> shop = ibis.memtable({"order": ["1", "1"], "mail": ["a@b.fr", None]})
    >>> filled, notes = fill_down(shop, ["mail"], "order")
    >>> filled.mail.to_pyarrow().to_pylist(), notes
    (['a@b.fr', 'a@b.fr'], ("1 cells of 'mail' were filled from the first row of the same order",))
    """
    if not columns:
        return table, ()
    _check_fillable(table, columns, order)
    rows = table.mutate(**{PLACE: ibis.row_number()})
    cells = {f"{FIRST}{c}": rows[c].argmin(rows[PLACE], where=_is_known(rows[c])) for c in columns}
    first = rows.group_by(**{FIRST: rows[str(order)]}).aggregate(**cells)
    joined = rows.left_join(first, rows[str(order)] == first[FIRST]).order_by(PLACE)
    filled = joined.mutate(**{c: _is_known(joined[c]).ifelse(joined[c], joined[f"{FIRST}{c}"]) for c in columns})
    filled = filled.select(*table.columns).cache()
    after, before = (_known_cells(rows, columns) for rows in (filled, table))
    notes = (
        f"{after[c] - before[c]:,} cells of {c!r} were filled from the first row of the same order" for c in columns
    )
    return filled, tuple(notes)


def with_lost_rows(declared: Events, set_aside: Mapping[str, int]) -> Events:
    """Give rows without customer or time those of the other rows of their order, where these have one customer.

    Args:
        declared: an event table.
        set_aside: its rows set aside by reason; nothing is looked for where none of them can be brought back.
    """
    lost = set_aside.keys() & {NO_CUSTOMER, NO_TIME}
    if not lost or declared.filled or "order" not in declared.columns or declared.attributes:
        return declared
    rows = declared.table.mutate(**{PLACE: ibis.row_number()})
    known = _known_orders(declared)
    wanting = rows.filter(rows.set_aside.isin(sorted(lost))).select("order").distinct()
    known = known.semi_join(wanting, known.number == wanting.order).cache()
    if not known.count().to_pyarrow().as_py():
        return declared
    joined = rows.left_join(known, rows.order == known.number)
    back = joined.set_aside.isin(sorted(lost)) & joined.number.notnull() & _is_possible(joined)
    filled = {c: back.ifelse(joined[f"whole_{c}"], joined[c]) for c in _kept(declared)}
    filled["at"] = back.ifelse(joined["at"].coalesce(joined.whole_at), joined["at"])
    reasons = back.ifelse(ibis.null("string"), joined.set_aside)
    whole = joined.mutate(**filled, set_aside=reasons).order_by(PLACE)
    table = whole.select(*declared.table.columns).cache()
    used = table.filter(table.set_aside.isnull()).drop("set_aside")
    n = int((used.count().as_scalar() - declared.used.count().as_scalar()).to_pyarrow().as_py())
    assumed = (*declared.assumed, *_assumption(declared, n))
    return replace(declared, table=table, used=used, assumed=assumed, customers=0)


def once_per_order(declared: Events) -> Events:
    """Keep the latest state of each order where a status is declared, and count a declared total once."""
    latest = _latest(declared) if "status" in declared.columns else declared
    return _counted_once(latest) if TOTAL in latest.table.columns else latest


def _check_fillable(table: Table, columns: Sequence[str], order: Role) -> None:
    if isinstance(columns, str):
        raise HistoryError(f"Columns to fill down are given as a list, got {columns!r}; write [{columns!r}].")
    if not isinstance(order, str) or order not in table.columns:
        raise HistoryError(
            f"fill_down = {list(columns)} needs to know which rows are one order. Name the column of the order "
            f"number: order = '...'. The table has: {listed_columns(table.columns)}."
        )
    for column in columns:
        if column not in table.columns:
            raise HistoryError(
                f"The event table has no column {column!r} to fill down.{nearest(column, table.columns)} "
                f"It has: {listed_columns(table.columns)}. Name the right one: fill_down = ['...']."
            )


def _known_cells(rows: Table, columns: Sequence[str]) -> dict[str, int]:
    counts = rows.aggregate(**{c: _is_known(rows[c]).sum() for c in columns}).to_pyarrow().to_pylist()[0]
    return {c: int(counts[c] or 0) for c in columns}


def _is_known(column: Column) -> BooleanValue:
    kind = column.type()
    if kind.is_string():
        return (column.strip() != "").fill_null(False)
    return column.notnull() & ~column.isnan() if kind.is_floating() else column.notnull()


def _kept(declared: Events) -> list[str]:
    return [column for column in ("customer", "customer_number") if column in declared.table.columns]


def _known_orders(declared: Events) -> Table:
    """Return the order numbers of exactly one customer, with that customer and the time of the first row."""
    named = declared.used.filter(declared.used.order.notnull())
    first: dict[str, Any] = {f"whole_{c}": named[c].min() for c in (*_kept(declared), "at")}
    known = named.group_by(number=named.order).aggregate(customers=named.customer.nunique(), **first)
    return known.filter(known.customers == 1).drop("customers")


def _is_possible(joined: Table) -> BooleanValue:
    """Check where nothing else speaks against a row: another customer of its own, or a time beyond any calendar."""
    same = (joined.set_aside == NO_CUSTOMER) | (joined.customer == joined.whole_customer)
    return same.fill_null(False) & (joined["at"].isnull() | joined["at"].between(EARLIEST, LATEST))


def _assumption(declared: Events, n: int) -> tuple[Assumption, ...]:
    if not n:
        return ()
    columns = [name for role in ("customer", "at") if (name := declared.columns.get(role))]
    what = f"{n:,} rows without customer or time have those of the other rows of their order, as if "
    return (Assumption(f"{what}fill_down = {columns} had been written", "fill_down = []"),)


def _latest(declared: Events) -> Events:
    """Set aside the rows of an order that tell of an earlier state than its last row does."""
    rows = declared.table.mutate(**{PLACE: ibis.row_number()})
    used = rows.filter(rows.set_aside.isnull() & rows.order.notnull())
    turn = ibis.struct({"at": used["at"], "place": used[PLACE]})
    last = used.group_by(who=used.customer, number=used.order).aggregate(last=used.status.fill_null("").argmax(turn))
    joined = rows.left_join(last, (rows.customer == last.who) & (rows.order == last.number))
    earlier = joined.set_aside.isnull() & (joined.status.fill_null("") != joined["last"]).fill_null(False)
    marked = joined.mutate(set_aside=earlier.ifelse(EARLIER, joined.set_aside))
    return _marked(declared, marked.order_by(PLACE).select(*declared.table.columns))


def _counted_once(declared: Events) -> Events:
    """Give the total of an order to the first of its rows, and nothing to the others."""
    rows = declared.table.mutate(**{PLACE: ibis.row_number()})
    keys = [rows.customer, rows.order, rows.set_aside]
    place = ibis.row_number().over(ibis.window(group_by=keys, order_by=[rows["at"], rows[PLACE]]))
    total = rows[TOTAL].max().over(ibis.window(group_by=keys))
    once = (place == 0).ifelse(total, ibis.literal(0).cast(rows.amount.type()))
    amount = rows.order.isnull().ifelse(rows[TOTAL], once)
    several = declared.used.group_by(["customer", "order"]).aggregate(differ=_differ(declared.used))
    n = several.differ.sum().to_pyarrow().as_py() or 0
    note = (f"{n:,} orders have different totals on their lines; the largest counts",) if n else ()
    counted = _marked(declared, rows.mutate(amount=amount.cast(rows.amount.type())).order_by(PLACE).drop(PLACE))
    return replace(counted, notes=(*counted.notes, *note))


def _differ(rows: Table) -> BooleanValue:
    return (rows[TOTAL].min() < rows[TOTAL].max()) & rows.order.count().cast("bool")


def _marked(declared: Events, table: Table) -> Events:
    kept = table.cache()
    return replace(declared, table=kept, used=kept.filter(kept.set_aside.isnull()).drop("set_aside"))
