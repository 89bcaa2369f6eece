"""Strangers: customers who were decided on and of whom the history knows nothing, as of a log of another project."""

import ibis
import pandas as pd
import pyarrow as pa

from patron.errors import ScoreError
from patron.history.history import History

__all__ = ["strangers"]


def strangers(history: History, decided: pd.DataFrame) -> tuple[str, ...]:
    """Describe how many customers who were decided on have no event in the history; refuse where none has.

    Args:
        history: the checked event tables.
        decided: the decisions, with `customer` as text.

    Raises:
        ScoreError: none of them has any, so that these are decisions about others.
    """
    customers = decided.customer.unique()
    unseen = ibis.memtable(pa.table({"customer": pa.array(customers, pa.string())}))
    for rows in history.tables.values():
        seen = rows.select(key=rows.customer.cast("string"))
        unseen = unseen.anti_join(seen, unseen.customer == seen.key)
    n = int(unseen.count().to_pyarrow().as_py())
    if n and n == len(customers):
        raise ScoreError(
            f"The history has no event of any of the {n:,} customers who were decided on, so these are decisions about "
            "others: of another project, or with keys written otherwise. Give those about the customers of this "
            "history: learn(history, plan.table, ...), of patron decide the folder decision_log of its results."
        )
    words = f"of {n:,} of the {len(customers):,} customers who were decided on the history has no event"
    return (f"{words}; they count as having stayed away",) if n else ()
