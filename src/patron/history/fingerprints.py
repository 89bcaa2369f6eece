"""Fingerprints: what a history held when a model was trained on it, without holding any of it."""

from typing import Any

from ibis.expr.types import Table

from patron.history.history import History

__all__ = ["fingerprint"]

PRIME = 2_147_483_629


def fingerprint(history: History) -> dict[str, dict[str, Any]]:
    """Return rows, time span and a hash of each table, so that a run records which data it saw.

    The hash is of all columns, as any may be looked at. It adds the rows' hashes up, so that the order of rows changes
    nothing.

    >>> from patron.datasets import online_retail
    >>> fingerprint(online_retail())["orders"]["rows"]
    24941
    """
    return {name: _of(table) for name, table in sorted(history.tables.items())}


def _of(table: Table) -> dict[str, Any]:
    text = table.customer.length().cast("string").concat("|", table.customer)
    for column in (table[name].cast("string") for name in sorted(table.columns) if name != "customer"):
        text = text.concat(column.length().cast("string").fill_null(""), "|", column.fill_null(""))
    figures = table.aggregate(
        rows=table.count(),
        customers=table.customer.nunique(),
        first=table["at"].min().cast("string"),
        last=table["at"].max().cast("string"),
        hash=(text.hash() % PRIME).cast("int64").sum().cast("string"),
    )
    return figures.to_pyarrow().to_pylist()[0]
