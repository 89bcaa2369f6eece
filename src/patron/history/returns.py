"""Returns: purchases and what took them back, parted where one table has both."""

from collections.abc import Collection

from ibis.expr.types import Table

from patron.errors import HistoryError
from patron.history.assumptions import Assumption
from patron.history.event_tables import SIGNED
from patron.history.order_checks import Findings
from patron.history.order_lines import deductions
from patron.history.roles import TOTAL
from patron.history.row_counts import RowCounts, are_back, are_marked

__all__ = ["with_returns"]

ASIDE = {"orders": "returns", "lines": "returned_lines"}


def with_returns(name: str, counts: RowCounts, taken: Collection[str]) -> tuple[dict[str, Table], Findings]:
    """Part purchases from returns where one table has both.

    Args:
        name: that of the table.
        counts: its rows, counted.
        taken: the names of all tables.

    Raises:
        HistoryError: returns are marked, and there is a table of them too.
    """
    rows, count = counts.declared.used, counts.back
    if name in ASIDE.values():
        return {name: _positive(rows)}, Findings()
    marked = are_marked(rows)
    if name not in ASIDE or not (marked or "amount" in rows.columns):
        return {name: rows}, Findings()
    if ASIDE[name] in taken:
        return {name: rows}, Findings(_left(name, count, marked))
    if not count and not marked:
        return {name: rows}, Findings()
    bought, returned = rows.filter(~are_back(rows)), rows.filter(are_back(rows))
    may_be_parts = not (marked or counts.alone or TOTAL in rows.columns) and "order" in rows.columns
    deducted = _deducted(rows, returned) if may_be_parts else 0
    if deducted:
        key = list((sold := deductions(rows)).columns)
        bought, returned = bought.union(returned.semi_join(sold, key)), returned.anti_join(sold, key)
    if deducted == count > 0:
        return {name: rows}, Findings(assumed=_off(deducted))
    notes = (f"{count - deducted:,} rows read as {ASIDE[name].replace('_', ' ')}",) if count else ()
    return {name: bought, ASIDE[name]: _positive(returned)}, Findings(notes, _off(deducted))


def _deducted(rows: Table, returned: Table) -> int:
    """Count the rows below zero that are a part of a purchase, such as a coupon."""
    sold = deductions(rows)
    return int(returned.semi_join(sold, sold.columns).count().to_pyarrow().as_py())


def _off(count: int) -> tuple[Assumption, ...]:
    if not count:
        return ()
    what = f"{count:,} rows below zero beside larger ones of the same order and time are a part of that purchase"
    return (Assumption(f"{what}, and nothing that came back", "returns = { the_column = [...] }"),)


def _left(name: str, count: int, marked: bool) -> tuple[str, ...]:
    """Describe which negative rows stay where they are; refuse returns that were declared twice."""
    if count and marked:
        raise HistoryError(
            f"Returns come twice: {count} rows of event table {name!r} are marked as returns, and there is a table "
            f"{ASIDE[name]!r} of its own. Leave out the mark (returns=...) or the table."
        )
    return (f"{count:,} rows with a negative amount left in place, as there is a table {ASIDE[name]}",) if count else ()


def _positive(rows: Table) -> Table:
    """Turn the signs of what was taken back, so that more is more, whichever columns the business wrote below zero.

    A margin below zero beside an amount above it says what the return cost, not that the sale had been at a loss.
    """
    return rows.mutate(**{c: rows[c].abs().cast(rows[c].type()) for c in SIGNED if c in rows.columns})
