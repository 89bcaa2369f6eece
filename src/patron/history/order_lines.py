"""Order lines: added up to orders, so that nothing of an order is known before it was there."""

from collections.abc import Mapping
from typing import Any

import ibis
from ibis.expr.types import Table

from patron.history.event_tables import MONEY, SIGNED

__all__ = ["BEGAN", "PART", "orders_of", "unsaid", "with_parts"]

PART, BEGAN, UNSAID = "part_of_order", "first_line_at", "amount_without_cost"


def orders_of(tables: Mapping[str, Table]) -> tuple[dict[str, Table], dict[str, tuple[str, ...]]]:
    """Add lines up to orders where the business gave only lines, or gave lines as orders; with notes by table read."""
    read = "orders" if "orders" in tables or "lines" not in tables else "lines"
    back = "returned_lines" if read == "lines" and "returns" not in tables else "returns"
    given = {name: tables[source] for name, source in (("orders", read), ("returns", back)) if source in tables}
    added = {name: _added_up(table) for name, table in given.items()}
    made = {name: table for name, (table, _) in added.items()}
    if made.get("orders") is not given.get("orders") and "lines" not in tables:
        made["lines"] = given["orders"]
    return made, {read: added["orders"][1]} if "orders" in added else {}


def _added_up(rows: Table) -> tuple[Table, tuple[str, ...]]:
    """Add up the lines of each order; of an order on several days, those of each day."""
    if "order" not in rows.columns:
        return rows, ()
    parted, key = with_parts(rows), ["customer", "order", PART]
    found = parted.group_by(key).aggregate(n=parted.count(), first=parted["at"].min(), last=parted["at"].max())
    spread = (found["first"] < found["last"]).any()
    told = found.aggregate(most=found.n.max(), spread=spread).to_pyarrow().to_pylist()[0]
    if (told["most"] or 0) <= 1:
        return rows, ()
    began = {BEGAN: parted["at"].min()} if told["spread"] else {}
    added = parted.group_by(key).aggregate(**_sums(parted), **began, lines=parted.count())
    made = added.drop(PART).cache()
    named = made.filter(made.order.notnull())
    days = named.group_by(["customer", "order"]).aggregate(n=named.count())
    long = int(days.filter(days.n > 1).count().to_pyarrow().as_py())
    return made, (f"{long:,} orders have lines on several days, and count once for each day",) if long else ()


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
    sums |= {c: rows[c].min() for c in ("channel", "kind") if c in rows.columns}
    return sums | ({"known_at": rows.known_at.max()} if "known_at" in rows.columns else {})
