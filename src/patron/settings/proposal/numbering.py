"""Numbering: which column numbers the orders of a table, and how the rows of one order look."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.roles import fits

__all__ = ["Layout", "layout_of", "order_column"]

NUMBERED = re.compile(r"#\s?[A-Z]{0,4}-?\d+")
SURE = 4.0  # what a name must score
MOST, NEARLY_ALL = 0.9, 0.98
SEVERAL, TELLING = 3, 5  # orders with several rows that tell something, by a name or without one
LINES = 20  # rows of an order at most, on average


@dataclass(frozen=True)
class Layout:
    """How the rows of one order look: how many orders have several, and which cells these share.

    Args:
        orders: orders of several rows among those seen.
        first: columns that are known only on the first row of such orders.
        same: columns that are the same on all rows of such orders.
        is_itemised: whether rows name the item and the pieces of it, so that orders of several rows may come.
    """

    orders: int = 0
    first: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()
    is_itemised: bool = False

    @property
    def has_lines(self) -> bool:
        """Whether orders have several rows."""
        return self.orders >= SEVERAL


def layout_of(look: TableLook, order: str) -> Layout:
    """Return how the rows of one order look, from the first rows of a file."""
    groups: dict[object, list[int]] = {}
    for place, number in enumerate(look.columns[order].cells if order in look.columns else ()):
        if number is not None:
            groups.setdefault(number, []).append(place)
    several = [rows for rows in list(groups.values())[:-1] if len(rows) > 1]
    if len(several) < SEVERAL:
        itemised = bool(
            order and fits("item", list(look.columns.values())) and fits("quantity", list(look.columns.values()))
        )
        return Layout(len(several), is_itemised=itemised)
    columns = [column for column in look.columns.values() if column.name != order]
    first = frozenset(c.name for c in columns if _share(several, c, _is_first_only) >= MOST)
    same = frozenset(c.name for c in columns if c.name not in first and _share(several, c, _is_same) >= NEARLY_ALL)
    return Layout(len(several), first, same)


def order_column(look: TableLook, customer: str, at: str) -> str:
    """Return the number of the order: by name, by its look, by the rows that share it, or else that of the row."""
    columns = [c for c in look.columns.values() if c.name != customer]
    some = [fit.column for fit in fits("order", columns) if fit.score >= SURE]
    numbered = [c for c in columns if c.texts and all(NUMBERED.fullmatch(text) for text in c.texts)]
    shared = [] if some or numbered else [c for c in columns if _is_shared(look, c, customer, at)]
    own = [c for c in columns if c.is_unique and re.fullmatch(r"(?:record |entity |row )?id|key", c.words)]
    return next((column.name for column in (*numbered, *some, *shared, *own)), "")


def _is_shared(look: TableLook, column: ColumnLook, customer: str, at: str) -> bool:
    """Check whether the rows with one value have one customer and one day, as those of an order do."""
    if column.kind not in ("text", "number") or column.is_time or column.distinct * LINES < column.known:
        return False
    keys = [look.columns[name].cells for name in (customer, at) if name in look.columns]
    groups: dict[object, list[tuple[object, ...]]] = {}
    for value, *key in zip(column.cells, *keys, strict=True):
        if value is not None:
            groups.setdefault(value, []).append(tuple(str(part)[:10] for part in key))
    several = [rows for rows in groups.values() if len(rows) > 1]
    same = sum(len(set(rows)) == 1 for rows in several)
    pairs = {rows[0] for rows in several}
    return (
        len(keys) == 2 and len(several) >= TELLING and same >= 0.98 * len(several) and len(pairs) >= 0.8 * len(several)
    )


def _share(
    orders: Sequence[Sequence[int]], column: ColumnLook, test: Callable[[ColumnLook, Sequence[int]], bool]
) -> float:
    known = [rows for rows in orders if any(_cell(column, place) is not None for place in rows)]
    return sum(test(column, rows) for rows in known) / len(orders)


def _is_first_only(column: ColumnLook, rows: Sequence[int]) -> bool:
    return _cell(column, rows[0]) is not None and all(_cell(column, place) is None for place in rows[1:])


def _is_same(column: ColumnLook, rows: Sequence[int]) -> bool:
    return len({_cell(column, place) for place in rows}) == 1


def _cell(column: ColumnLook, place: int) -> object:
    value = column.cells[place]
    return None if value is None or (isinstance(value, str) and not value.strip()) else value
