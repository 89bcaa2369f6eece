"""Uniqueness: a proof that no value comes twice, for less than an engine takes to group by it.

Equal values have equal hashes, so where all hashes differ all values do; 8 bytes a row pass by and are sorted.
"""

import numpy as np
from ibis.expr.types import Column, Table

from patron.engines.batches import batches

__all__ = ["are_unique"]


def are_unique(table: Table, column: Column) -> bool:
    """Check whether no value of a column comes twice; a true answer is a proof, a false one none.

    Values that come again soon, as in lines of one order, are found in the first batch of rows. The unknown is a value.

    Args:
        table: the rows.
        column: a column of it, of any type.

    >>> import ibis
    >>> rows = ibis.memtable({"key": ["a", "b", None], "again": [1, 2, 1]})
    >>> are_unique(rows, rows.key), are_unique(rows, rows.again)
    (True, False)
    """
    parts: list[np.ndarray] = []
    for batch in batches(table.select(hash=column.hash())):
        hashes = batch.column(0).to_numpy(zero_copy_only=False)
        if len(parts) < 2 and not _differ(hashes):
            return False
        parts.append(hashes.copy())  # what an engine hands out may be filled again
    return _differ(np.concatenate(parts))


def _differ(hashes: np.ndarray) -> bool:
    ordered = np.sort(hashes)
    return bool((ordered[1:] != ordered[:-1]).all())
