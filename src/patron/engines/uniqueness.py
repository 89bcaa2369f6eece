"""Uniqueness: whether values come twice, for less than it takes to group by them; Spark groups by their hashes.

Equal values have equal hashes, so where all hashes differ all values do; 8 bytes a row pass by and are sorted.
"""

from collections.abc import Iterator, Sequence

import ibis
import ibis.expr.datatypes as dt
import numpy as np
from ibis.expr.types import Column, StructValue, Table

from patron.engines.batches import batches

__all__ = ["are_unique", "count_repeated"]


def are_unique(table: Table, *columns: Column) -> bool:
    """Check whether no value of a column comes twice; a true answer is a proof, a false one none.

    Values that come again soon, as in lines of one order, are found in the first batch of rows. The unknown is a value.

    Args:
        table: the rows.
        columns: a column of it, of any type; of several the values side by side.

    >>> rows = ibis.memtable({"key": ["a", "b", None], "again": [1, 2, 1]})
    >>> are_unique(rows, rows.key), are_unique(rows, rows.again), are_unique(rows, rows.key, rows.again)
    (True, False, True)
    """
    if _has_no_hashes(table):
        return not _count_repeated(table, columns)
    parts: list[np.ndarray] = []
    for hashes in _hashes(table, columns):
        if len(parts) < 2 and _repeated(hashes):
            return False
        parts.append(hashes)
    return not _repeated(np.concatenate(parts))


def count_repeated(table: Table) -> int:
    """Count the rows that repeat another one in every column, with one query.

    Two rows that differ have the same hash of 64 bits once in many millions of tables of a million rows.

    >>> count_repeated(ibis.memtable({"key": ["a", "b", "a", "a"], "x": [1, 2, 1, 2]}))
    1
    """
    columns = [table[column] for column in table.columns]
    if _has_no_hashes(table):
        return _count_repeated(table, columns)
    return _repeated(np.concatenate(list(_hashes(table, columns))))


def _has_no_hashes(table: Table) -> bool:
    """Check whether rows stay where they are: what many machines group is not brought to one to be sorted."""
    return bool(table.get_backend().name != "duckdb")


def _count_repeated(table: Table, columns: Sequence[Column]) -> int:
    """Count by groups of hashes, which are far smaller than values; that a value is missing is hashed, too."""
    hashes = _side_by_side([*columns, *(column.isnull() for column in columns)]).hash()
    counts = table.aggregate(rows=table.count(), distinct=hashes.nunique()).to_pyarrow()
    return int(counts["rows"][0].as_py() - counts["distinct"][0].as_py())


def _hashes(table: Table, columns: Sequence[Column]) -> Iterator[np.ndarray]:
    value = columns[0] if len(columns) == 1 else _side_by_side(columns)
    for batch in batches(table.select(hash=_plain_hash(value))):  # Ibis turns each hash into a text of bits and back
        yield batch.column(0).to_numpy(zero_copy_only=False).copy()  # what an engine hands out may be filled again


def _side_by_side(columns: Sequence[Column]) -> StructValue:
    return ibis.struct({f"c{i}": column for i, column in enumerate(columns)})


def _repeated(hashes: np.ndarray) -> int:
    ordered = np.sort(hashes)
    return int((ordered[1:] == ordered[:-1]).sum())


@ibis.udf.scalar.builtin(name="hash")
def _plain_hash(value) -> dt.uint64:
    """Return the hash of a value of any type."""
