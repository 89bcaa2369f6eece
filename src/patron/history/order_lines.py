"""Order lines: added up to orders, so that nothing of an order is known before it was there."""

from collections.abc import Collection, Mapping
from typing import Any

import ibis
from ibis.expr.types import Table

from patron.history.event_tables import MONEY, SIGNED, Events
from patron.history.order_checks import Findings, OrderCounts, count_orders, findings
from patron.history.roles import BEGAN, PAID_UNTIL, PART, TOTAL, UNSAID

__all__ = ["BEGAN", "PART", "deductions", "orders_of", "unsaid", "with_parts"]


def orders_of(
    tables: Mapping[str, Table], events: Mapping[str, Events], alone: Collection[str] = ()
) -> tuple[dict[str, Table], str, Findings]:
    """Add lines up to orders where the business gave only lines, or gave lines as orders.

    Args:
        tables: purchases and returns, parted.
        events: the tables as they were declared.
        alone: the tables in which each row is known to be an order of its own.

    Returns:
        The tables of orders, returns and lines; the table that orders were read from; what their rows look like.
    """
    read = "orders" if "orders" in tables or "lines" not in tables else "lines"
    back = "returned_lines" if read == "lines" and "returns" not in tables else "returns"
    given = {name: tables[source] for name, source in (("orders", read), ("returns", back)) if source in tables}
    kind = events[read].rows if read in events else ""
    single = {name for name, source in (("orders", read), ("returns", back)) if source in alone}
    counts = {name: _counts(table, name, "orders" if name in single else kind) for name, table in given.items()}
    added = [name for name, table in given.items() if _are_lines(table, counts[name], kind)]
    result = {name: _added_up(table, counts[name]) if name in added else table for name, table in given.items()}
    if "orders" in added and "lines" not in tables:
        result["lines"] = given["orders"]
    lines = {name: table for name, table in {**tables, **result}.items() if name in ("lines", "returned_lines")}
    result |= {name: table.drop("amount") for name, table in lines.items() if TOTAL in table.columns}
    result = {name: table.drop(TOTAL) if TOTAL in table.columns else table for name, table in result.items()}
    if "orders" not in given:
        return result, read, Findings()
    return result, read, findings(given["orders"], counts["orders"], events[read].columns, kind)


def deductions(rows: Table) -> Table:
    """Return the orders that have rows below zero beside larger ones above it, at one time: coupons, discounts.

    They are told by customer, order and time. Rows below zero that stand alone, or came later, take something back.
    """
    key = ["customer", "order", "at"]
    below = rows.filter((rows.amount < 0) & rows.order.notnull()).select(*key).distinct()
    sold = rows.semi_join(below, key).group_by(key).aggregate(sum=rows.amount.sum(), most=rows.amount.max())
    return sold.filter((sold["sum"] >= 0) & (sold.most > 0)).select(*key)


def _counts(rows: Table, name: str, kind: str) -> OrderCounts:
    """Count orders; where each row is one, there is nothing to count."""
    alone = name == "returns" and "order" not in rows.columns
    return OrderCounts(0, 0, 1) if alone or kind == "orders" else count_orders(rows)


def _are_lines(rows: Table, counts: OrderCounts, kind: str) -> bool:
    """Check whether several rows are one order; without an order number somebody must have said so."""
    return counts.most > 1 and ("order" in rows.columns or kind == "lines")


def _added_up(rows: Table, counts: OrderCounts) -> Table:
    """Add up the lines of each order; of an order on several days, those of each day."""
    parted, number = with_parts(rows), [column for column in ("order",) if column in rows.columns]
    key = ["customer", *number, PART]
    began = {BEGAN: parted["at"].min()} if counts.spread and _is_spread(parted, key, counts) else {}
    return parted.group_by(key).aggregate(**_sums(parted), **began, lines=parted.count()).drop(PART).cache()


def _is_spread(parted: Table, key: list[str], counts: OrderCounts) -> bool:
    """Check whether lines of one part of an order came at different times."""
    if not counts.long:
        return True
    parts = parted.group_by(key).aggregate(first=parted["at"].min(), last=parted["at"].max())
    return bool(parts.aggregate(spread=(parts["first"] < parts["last"]).any()).to_pyarrow()["spread"][0].as_py())


def with_parts(rows: Table) -> Table:
    """Return lines with the part of its order that each belongs to: that of one day.

    A day lies wholly before or after a midnight: at such a cutoff no sum holds a line from beyond it, and no line from
    beyond it hides those before. Without an order number only the time can tell two purchases apart.
    """
    if "order" not in rows.columns:
        return rows.mutate(**{PART: rows["at"]})
    return rows.mutate(**{PART: rows.order.isnull().ifelse(rows["at"], rows["at"].truncate("D"))})


def unsaid(rows: Table) -> Any:
    """Return the amount of each row of which neither a margin nor a cost says what is left; null or 0 of the others."""
    if UNSAID in rows.columns:
        return rows[UNSAID]
    known = next((rows[c] for c in ("margin", "cost") if c in rows.columns), None)
    return rows.amount if known is None else known.isnull().ifelse(rows.amount, ibis.null(MONEY))


def _sums(rows: Table) -> dict[str, Any]:
    """What an order is, of what its lines are; an order is there, and known, when its last line is."""
    sums = {"at": rows["at"].max()} | {c: rows[c].sum() for c in SIGNED if c in rows.columns}
    if {"amount", "cost"} <= set(rows.columns):  # a line that does not say its cost brings no profit, nor takes any
        sums["cost"] = rows.cost.fill_null(rows.amount).sum()
    if "amount" in rows.columns and {"margin", "cost"} & set(rows.columns):
        sums[UNSAID] = unsaid(rows).sum()
    if "shipping" in rows.columns:  # told once for the order and repeated on each line, or told for each line
        repeated = rows.shipping.min() == rows.shipping.max()
        sums["shipping"] = repeated.ifelse(rows.shipping.max(), rows.shipping.sum())
    sums |= {c: rows[c].max() for c in (PAID_UNTIL,) if c in rows.columns}
    sums |= {c: rows[c].min() for c in ("channel", "kind") if c in rows.columns}
    return sums | ({"known_at": rows.known_at.max()} if "known_at" in rows.columns else {})
