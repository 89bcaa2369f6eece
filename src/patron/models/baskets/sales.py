"""Sales: how items sell to all customers, added up in one order, so that parts of the customers give the same sums."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from patron.models.baskets.counting import MONTH, QUARTER, YEAR, groups, held_before, whole
from patron.models.baskets.lines import Lines

__all__ = ["Sales"]

RECENT = {f"sold_{span}": span for span in (MONTH, QUARTER, YEAR)}
COUNTS = (*RECENT, "sold_season", "buyers")
SUMS = (*COUNTS, "rebuyers", "rebought", "spans", "priced", "paid")


@dataclass(frozen=True)
class Sales:
    """How items sold to some customers.

    Args:
        last: days since each was bought last, nan where it never was, shape (items,).
        first: days since it was bought first, shape (items,).
        sums: of each name in `SUMS` a row, shape (sums, items).
    """

    last: np.ndarray
    first: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, items: int) -> "Sales":
        """Return the sales of so many items to nobody."""
        unknown = np.full(items, np.nan)
        return cls(unknown, unknown, np.zeros((len(SUMS), items)))

    def plus(self, lines: Lines, cutoff: datetime) -> "Sales":
        """Return the sales with those before a cutoff to further customers, whose keys come after those so far."""
        held = held_before(lines, cutoff, lines.known(cutoff))
        pair = groups(held.customer, held.item)
        item, size, nearest, furthest = held.item[pair.starts], pair.size, pair.least(held.days), pair.most(held.days)
        added = {
            **{name: pair.sum(held.days <= days) for name, days in RECENT.items()},
            "sold_season": pair.sum((held.days <= YEAR) & (held.days > YEAR - QUARTER)),
            "buyers": np.ones(len(item)),
            "rebuyers": size > 1,
            "rebought": size - 1,
            "spans": whole(furthest - nearest),
            "priced": pair.sum(~np.isnan(held.price)),
            "paid": pair.sum(np.nan_to_num(held.price)),
        }
        last, first, sums = self.last.copy(), self.first.copy(), self.sums.copy()
        np.fmin.at(last, item, nearest)
        np.fmax.at(first, item, furthest)
        for total, name in zip(sums, SUMS, strict=True):
            np.add.at(total, item, added[name].astype(np.float64))
        return Sales(last, first, sums)

    def table(self, items: np.ndarray) -> pd.DataFrame:
        """Return a row for each item that was ever sold, in the order of the items, which are the index."""
        sums = dict(zip(SUMS, self.sums, strict=True))
        sold = np.flatnonzero(sums["buyers"])
        some = {name: total[sold] for name, total in sums.items()}
        frame = pd.DataFrame(index=pd.Index(items[sold], name="item"))
        frame["sold_last"], frame["sold_first"] = self.last[sold], self.first[sold]
        frame = frame.assign(**{name: some[name].astype(np.int64) for name in COUNTS})
        frame["rebuy_rate"] = some["rebuyers"] / frame.buyers
        frame["item_gap"] = _known(some["spans"], some["rebought"], some["rebuyers"])
        frame["item_price"] = _known(some["paid"], some["priced"], some["priced"])
        return frame


def _known(above: np.ndarray, below: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=known > 0)
