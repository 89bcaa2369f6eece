"""Lines: what was ever bought, read once into arrays from which the baskets before and after any cutoff are cut.

Times are compared with cutoffs as `patron.history.point_in_time` says. Rows have one order, whatever the engine's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from patron.history.point_in_time import in_window, is_past
from patron.models.baskets.contents import check_contents, item_categories
from patron.periods import Span

__all__ = ["DAY", "Lines", "changes", "microseconds", "next_baskets", "next_baskets_before", "read_lines"]

DAY = 86_400_000_000
KEYS, TIMES = ("customer", "order", "item"), ("at", PART, "known_at")


@dataclass(frozen=True)
class _Orders:
    """Who ordered: keys of customers, in order, and for each time of an order whose it was and when it was known."""

    customers: np.ndarray
    customer: np.ndarray
    at: np.ndarray
    known_at: np.ndarray | None


@dataclass(frozen=True)
class Lines:
    """What was bought, an entry for each item, basket and time, in the order of customer, item, basket and time.

    Args:
        history: the checked event tables, with `lines`.
        by: category or item.
        orders: who ordered when, whatever the lines name.
        customers: their keys, in order.
        items: all items or categories, in order.
        category: of each item the name of its category, nothing where none is known, shape (items,).
        customer: of each entry the place of its customer, shape (n,).
        item: of each entry the place of its item, -1 where none is named, shape (n,).
        basket: of each entry the number of its basket; those of one customer go up with order and part, shape (n,).
        at: when, in microseconds, shape (n,).
        known_at: from when on it was known, where the lines tell, shape (n,).
        price: of a piece, nan where it is unknown, shape (n,).
        quantity: nan where it is unknown, shape (n,).
    """

    history: History
    by: str
    orders: _Orders
    customers: np.ndarray
    items: np.ndarray
    category: np.ndarray
    customer: np.ndarray
    item: np.ndarray
    basket: np.ndarray
    at: np.ndarray
    known_at: np.ndarray | None
    price: np.ndarray
    quantity: np.ndarray

    def known(self, cutoff: datetime) -> np.ndarray:
        """Return what was known before a cutoff, shape (n,)."""
        return _known(self.at, self.known_at, cutoff)

    def active(self, cutoff: datetime, active_in: Span) -> np.ndarray:
        """Return the keys of who ordered within a window before a cutoff, in order."""
        orders = self.orders
        within = _known(orders.at, orders.known_at, cutoff) & _opened(orders.at, cutoff, active_in)
        return orders.customers[np.unique(orders.customer[within])]


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
    columns = _columns(_entries(history, by))
    (customers, customer), (_, order), (items, item) = (encode(columns[name]) for name in KEYS)
    position, times = np.arange(len(customer)), _times(columns)
    known = (times["known_at"],) if "known_at" in times else ()
    rows = np.lexsort((*known, times["at"], times[PART], order, customer))
    basket = np.cumsum(changes(customer[rows], order[rows], times[PART][rows])) - 1
    sorted_rows = np.argsort(customer[rows].astype(np.int64) * (len(items) + 1) + item[rows], kind="stable")
    rows = rows[sorted_rows]
    return Lines(
        history,
        by,
        _orders(history),
        customers.to_numpy(zero_copy_only=False),
        names := items.to_numpy(zero_copy_only=False),
        _categories(history, by, names),
        customer[rows],
        item[rows],
        basket[sorted_rows].astype(np.int32),
        times["at"][rows],
        known[0][rows] if known else None,
        *(_numbers(columns[name], position)[rows] for name in ("price", "quantity")),
    )


def next_baskets(lines: Lines, cutoff: datetime, horizon: Span) -> pd.DataFrame:
    """Return what the first basket of each customer within a horizon held: `customer` and `item`, in order.

    Raises:
        QuestionError: the horizon has not passed.
    """
    lines.history.check_passed(cutoff, horizon)
    end = microseconds(horizon.after(cutoff))
    return _first(lines, in_window(lines.at, microseconds(cutoff)) & is_past(lines.at, end))


def next_baskets_before(lines: Lines, cutoff: datetime, horizon: Span) -> pd.DataFrame:
    """Return the same of the horizon that ended at a cutoff, as far as it was known by then."""
    return _first(lines, lines.known(cutoff) & _opened(lines.at, cutoff, horizon))


def microseconds(moment: datetime) -> int:
    """Return a moment as the engine keeps times.

    >>> microseconds(datetime(1970, 1, 2)) == DAY
    True
    """
    return int(np.datetime64(moment, "us").astype(np.int64))


def _known(at: np.ndarray, known_at: np.ndarray | None, cutoff: datetime) -> np.ndarray:
    past = is_past(at, microseconds(cutoff))
    return past if known_at is None else past & is_past(known_at, microseconds(cutoff))


def _opened(at: np.ndarray, cutoff: datetime, window: Span) -> Any:
    return True if window.days is None else in_window(at, microseconds(window.before(cutoff)))


def _entries(history: History, by: str) -> Table:
    """What the engine hands out: each item of a basket once for each time at which it was bought or became known."""
    parted = with_parts(history.as_known("lines"))
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


def _orders(history: History) -> _Orders:
    orders = history.as_happened("orders")
    times = {name: orders[name].cast("timestamp(6)") for name in ("at", "known_at") if name in orders.columns}
    columns = _columns(orders.select("customer", **times).distinct())
    customers, customer = encode(columns["customer"])
    known = _times(columns)
    return _Orders(customers.to_numpy(zero_copy_only=False), customer, known["at"], known.get("known_at"))


def _categories(history: History, by: str, items: np.ndarray) -> np.ndarray:
    named = item_categories(history, by)
    return np.array([named.get(item, "") for item in items], dtype=object)


def changes(*keys: np.ndarray) -> np.ndarray:
    """Return where an entry differs in any key from the one before; the first does."""
    changed = np.ones(len(keys[0]), bool)
    changed[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return changed


def _numbers(values: Sequence[pa.Array], position: np.ndarray) -> np.ndarray:
    numbers: Any = column(values, position)
    floats = numbers.values / numbers.scale
    return floats if numbers.valid is None else np.where(numbers.valid, floats, np.nan)


def _first(lines: Lines, chosen: np.ndarray) -> pd.DataFrame:
    """What the first basket of each customer held, of the entries chosen."""
    rows = np.flatnonzero(chosen)
    customer, at, basket = lines.customer[rows], lines.at[rows], lines.basket[rows]
    starts = np.flatnonzero(changes(customer))
    first = np.repeat(np.minimum.reduceat(at, starts) if len(rows) else at, np.diff(np.append(starts, len(rows))))
    begun = np.zeros(int(lines.basket.max(initial=-1)) + 1, bool)
    begun[basket[at == first]] = True
    held = rows[begun[basket] & (lines.item[rows] >= 0)]
    held = held[changes(lines.customer[held], lines.item[held])]
    return pd.DataFrame(
        {"customer": lines.customers[lines.customer[held]], "item": lines.items[lines.item[held]]}, dtype=object
    )
