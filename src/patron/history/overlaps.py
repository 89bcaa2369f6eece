"""Overlaps: what share of each table's customers is in each other table."""

from collections.abc import Mapping
from itertools import combinations

import pandas as pd
from ibis.expr.types import Table

from patron.history.keys import meeting

__all__ = ["overlaps"]


def overlaps(tables: Mapping[str, Table]) -> pd.DataFrame:
    """Return the share of the customers of each table (rows) that are in each other table (columns).

    Args:
        tables: with the column `customer`, none of them empty.

    >>> import ibis
    >>> sides = {"orders": ["a", "b", "c", "c"], "visits": ["c", "d"]}
    >>> overlaps({name: ibis.memtable({"customer": keys}) for name, keys in sides.items()}).round(2)
            orders  visits
    orders     1.0    0.33
    visits     0.5    1.00
    """
    keys = {name: table.select("customer").distinct().cache() for name, table in tables.items()}
    shares = pd.DataFrame(1.0, index=list(tables), columns=list(tables))
    for first, second in combinations(tables, 2):
        shared = meeting(keys[first], keys[second])
        shares.loc[first, second] = shared.both / (shared.alone + shared.both)
        shares.loc[second, first] = shared.both / (shared.unknown + shared.both)
    return shares
