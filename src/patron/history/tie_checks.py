"""Tie checks: what keeps ties between customers from carrying anything, as the receipt of their table notes it."""

from ibis.expr.types import Table

from patron.history.roles import OTHER

__all__ = ["tie_notes"]


def tie_notes(rows: Table, buyers: Table) -> tuple[str, ...]:
    """Note the ties that lead to nobody, to a customer without an order, or to the customer itself; runs a query.

    Args:
        rows: the ties that are used.
        buyers: the customers with an order.
    """
    known = buyers.select("customer").distinct().rename(buyer="customer")
    ends = rows.left_join(known, rows[OTHER] == known.buyer)
    counts = ends.aggregate(
        rows=ends.count(),
        nobody=ends[OTHER].isnull().sum(),
        unknown=(ends[OTHER].notnull() & ends.buyer.isnull()).sum(),
        own=(ends[OTHER] == ends.customer).sum(),
    )
    n = {name: int(value or 0) for name, value in counts.to_pyarrow().to_pylist()[0].items()}
    said = {
        "nobody": "lead to nobody",
        "unknown": "lead to a customer without an order",
        "own": "lead from a customer to the same customer",
    }
    return tuple(
        f"{n[name]:,} of {n['rows']:,} ties {words}; they carry nothing" for name, words in said.items() if n[name]
    )
