"""Parted: the lines of some customers at a time, so that any number of lines fits into memory.

Parts hold ranges of the keys in their order, so that what is added up over all of them does not depend on their number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from patron.history.history import History
from patron.models.baskets.contents import check_contents
from patron.models.baskets.lines import Lines, LineSource
from patron.models.baskets.reading import categories_of, item_keys, read_lines, read_some_lines

__all__ = ["BLOCK", "PartedLines", "lines_within"]

BLOCK = 10_000  # customers who are answered at once
GIGABYTE, LINE_BYTES = 2**30, 200  # of a line while it is read and counted


@dataclass(frozen=True)
class PartedLines:
    """What was bought, of which some lines at a time are read.

    Args:
        history: the checked event tables, with `lines`.
        by: category or item.
        items: all items or categories, in order.
        category: of each item the name of its category.
        ends: the last keys of all parts but the last part.
        together: of how many customers the lines are read at once, where their keys are given.
    """

    history: History
    by: str
    items: np.ndarray
    category: np.ndarray
    ends: tuple[str, ...]
    together: int

    @classmethod
    def of_size(cls, history: History, by: str, most: int) -> "PartedLines":
        """Return what was bought, of which at most about so many lines are read at once.

        Raises:
            QuestionError: there are no order lines, or they have no such column.
        """
        check_contents(history, by)
        items = item_keys(history, by)
        ends, mean = _ends(history["lines"], most)
        together = max(1, int(most / mean) // BLOCK) * BLOCK
        return cls(history, by, items, categories_of(history, by, items), ends, together)

    def parts(self) -> Iterator[Lines]:
        """Yield the lines of all customers, in the order of their keys."""
        for after, until in zip((None, *self.ends), (*self.ends, None), strict=True):
            yield self._read(partial(_within, after, until))

    def of(self, customers: np.ndarray) -> Lines:
        """Return the lines of a few customers."""
        keys = ibis.memtable(pa.table({"key": pa.array(customers, pa.string())}))
        return self._read(lambda table: table.semi_join(keys, _key(table) == keys.key))

    def each(self, customers: np.ndarray) -> Iterator[tuple[np.ndarray, Lines]]:
        """Yield customers, in order, some at a time, each time with their lines."""
        for start in range(0, max(len(customers), 1), self.together):
            some = customers[start : start + self.together]
            yield some, self.of(some)

    def _read(self, some: Callable[[Table], Table]) -> Lines:
        return read_some_lines(self.history, self.by, self.items, self.category, some)


def lines_within(history: History, by: str, gigabytes: float) -> LineSource:
    """Return what was bought: all lines in memory where so many gigabytes hold them, and else part by part.

    Raises:
        QuestionError: there are no order lines, or they have no such column.
    """
    check_contents(history, by)
    if int(history["lines"].count().to_pyarrow().as_py()) * LINE_BYTES <= gigabytes * GIGABYTE:
        return read_lines(history, by)
    return PartedLines.of_size(history, by, max(1, int(gigabytes * GIGABYTE / LINE_BYTES)))


def _key(table: Table) -> ibis.expr.types.StringValue:
    return table.customer.cast("string")


def _within(after: str | None, until: str | None, table: Table) -> Table:
    """Return the rows of customers whose keys come after one, and not after another."""
    key = _key(table)
    bounds = [key > after] if after is not None else []
    return table.filter(*bounds, *([key <= until] if until is not None else []))


def _ends(lines: Table, most: int) -> tuple[tuple[str, ...], float]:
    """Return the last keys of parts of about so many lines but for the last part, and how many lines a customer has."""
    counts = lines.group_by(key=_key(lines)).aggregate(lines=lines.count())
    before = counts.lines.sum().over(ibis.cumulative_window(order_by=counts.key)) - counts.lines
    parts = counts.mutate(part=before // most).group_by("part")
    table = parts.aggregate(last=lambda t: t.key.max(), lines=lambda t: t.lines.sum(), keys=lambda t: t.count())
    read = table.order_by("part").to_pyarrow()
    customers = max(sum(read["keys"].to_pylist()), 1)
    return tuple(read["last"].to_pylist()[:-1]), max(sum(read["lines"].to_pylist()) / customers, 1.0)
