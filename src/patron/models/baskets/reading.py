"""Reading: what all or some customers ever bought, read into arrays in one order, whatever the engine's."""

from collections.abc import Callable, Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from patron.engines.batches import batches
from patron.features.compute.fold.encodings import column, compact, encode, instants
from patron.history.history import History
from patron.history.order_lines import PART, with_parts
from patron.models.baskets.contents import check_contents, item_categories
from patron.models.baskets.lines import Lines, Orders, changes

__all__ = ["categories_of", "item_keys", "read_lines", "read_some_lines"]

KEYS, TIMES = ("customer", "order", "item"), ("at", PART, "known_at")


def read_lines(history: History, by: str) -> Lines:
    """Read what was bought.

    A basket is what one customer bought by one order on one day, or at one instant where no order is named.

    Args:
        history: the checked event tables, with `lines`.
        by: category or item.

    Raises:
        QuestionError: there are no order lines, or they have no such column.
    """
    check_contents(history, by)
    items = item_keys(history, by)
    return read_some_lines(history, by, items, categories_of(history, by, items), lambda table: table)


def item_keys(history: History, by: str) -> np.ndarray:
    """Return all items or categories that lines name, in order."""
    columns = _columns(history["lines"].select(item=by).distinct())
    return encode(columns["item"])[0].to_numpy(zero_copy_only=False)


def categories_of(history: History, by: str, items: np.ndarray) -> np.ndarray:
    """Return of each item the name of its category, nothing where none is known."""
    named = item_categories(history, by)
    return np.array([named.get(item, "") for item in items], dtype=object)


def read_some_lines(
    history: History, by: str, items: np.ndarray, category: np.ndarray, some: Callable[[Table], Table]
) -> Lines:
    """Read what some customers bought.

    Args:
        history: the checked event tables, with `lines`.
        by: category or item.
        items: as `item_keys` returns them.
        category: of each item the name of its category.
        some: returns the rows of these customers from an event table.
    """
    columns = _columns(_entries(some(history.as_known("lines")), by))
    (customers, customer), (_, order), (names, code) = (encode(columns[name]) for name in KEYS)
    place = pd.Index(items).get_indexer(names.to_numpy(zero_copy_only=False))
    item = np.append(place, -1).astype(np.int32)[code]
    position, times = np.arange(len(customer)), _times(columns)
    known = (times["known_at"],) if "known_at" in times else ()
    rows = np.lexsort((*known, times["at"], times[PART], order, customer))
    basket = np.cumsum(changes(customer[rows], order[rows], times[PART][rows])) - 1
    sorted_rows = np.argsort(customer[rows].astype(np.int64) * (len(items) + 1) + item[rows], kind="stable")
    rows = rows[sorted_rows]
    return Lines(
        history,
        by,
        _orders(some(history.as_happened("orders"))),
        customers.to_numpy(zero_copy_only=False),
        items,
        category,
        customer[rows],
        item[rows],
        basket[sorted_rows].astype(np.int32),
        times["at"][rows],
        known[0][rows] if known else None,
        *(_numbers(columns[name], position)[rows] for name in ("price", "quantity")),
    )


def _entries(lines: Table, by: str) -> Table:
    """What the engine hands out: each item of a basket once for each time at which it was bought or became known."""
    parted = with_parts(lines)
    price, quantity = (parted[c] if c in parted.columns else ibis.null("decimal(18, 4)") for c in ("price", "quantity"))
    if "price" not in parted.columns and {"amount", "quantity"} <= set(parted.columns):
        price = (parted.amount / parted.quantity.nullif(0)).cast("decimal(18, 4)")
    order = parted.order.fill_null("") if "order" in parted.columns else ibis.literal("")
    times = {name: parted[name].cast("timestamp(6)") for name in TIMES if name in parted.columns}
    rows = parted.select("customer", order=order, item=parted[by], **times, price=price, quantity=quantity)
    keys = [*KEYS, *times]
    return rows.group_by(keys).aggregate(price=rows.price.min(), quantity=rows.quantity.sum())


def _columns(entries: Table) -> dict[str, list[pa.Array]]:
    read = [[compact(values) for values in batch.columns] for batch in batches(entries)]
    return {name: list(parts) for name, parts in zip(entries.columns, zip(*read, strict=True), strict=True)}


def _times(columns: dict[str, list[pa.Array]]) -> dict[str, np.ndarray]:
    present = {name: columns[name] for name in TIMES if name in columns}
    return {name: instants(parts, np.arange(sum(map(len, parts)))) for name, parts in present.items()}


def _orders(orders: Table) -> Orders:
    times = {name: orders[name].cast("timestamp(6)") for name in ("at", "known_at") if name in orders.columns}
    columns = _columns(orders.select("customer", **times).distinct())
    customers, customer = encode(columns["customer"])
    known = _times(columns)
    return Orders(customers.to_numpy(zero_copy_only=False), customer, known["at"], known.get("known_at"))


def _numbers(values: Sequence[pa.Array], position: np.ndarray) -> np.ndarray:
    numbers: Any = column(values, position)
    floats = numbers.values / numbers.scale
    return floats if numbers.valid is None else np.where(numbers.valid, floats, np.nan)
