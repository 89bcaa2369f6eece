"""Lines: what was bought, as arrays from which the baskets before and after any cutoff are cut.

Times are compared with cutoffs as `patron.history.point_in_time` says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.history.point_in_time import in_window, is_past
from patron.periods import Span

__all__ = [
    "DAY",
    "LineSource",
    "Lines",
    "Orders",
    "changes",
    "microseconds",
    "next_baskets",
    "next_baskets_before",
]

DAY = 86_400_000_000


@dataclass(frozen=True)
class Orders:
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
    orders: Orders
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

    def parts(self) -> Iterator["Lines"]:
        """Yield the lines, which all stand in memory."""
        yield self

    def of(self, customers: np.ndarray) -> "Lines":
        """Return the lines, among which are those of the customers."""
        return self

    def each(self, customers: np.ndarray) -> Iterator[tuple[np.ndarray, "Lines"]]:
        """Yield the customers with the lines."""
        yield customers, self


class LineSource(Protocol):
    """What was bought, in memory or read for some customers at a time; all of it numbers the same items."""

    @property
    def items(self) -> np.ndarray:
        """All items or categories, in order."""

    @property
    def category(self) -> np.ndarray:
        """Of each item the name of its category."""

    def parts(self) -> Iterator[Lines]:
        """Yield the lines of all customers, in the order of their keys."""

    def of(self, customers: np.ndarray) -> Lines:
        """Return lines among which are those of a few customers."""

    def each(self, customers: np.ndarray) -> Iterator[tuple[np.ndarray, Lines]]:
        """Yield customers, in order, some at a time, each time with lines among which are theirs."""


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


def changes(*keys: np.ndarray) -> np.ndarray:
    """Return where an entry differs in any key from the one before; the first does."""
    changed = np.ones(len(keys[0]), bool)
    changed[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return changed


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
