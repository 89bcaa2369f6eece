"""Contracts as events: when each began, when each ended, and when a customer was left without any.

What a contract was at its start is known from then on, its end from when it came or was recorded, whichever is later.
"""

from collections.abc import Mapping

import ibis
from ibis.expr.types import Table, Value

from patron.errors import HistoryError, listed
from patron.history.event_tables import Events
from patron.history.point_in_time import CUSTOMER_NUMBER

__all__ = ["ENDS", "LEAVINGS", "NOTICES", "STARTS", "contract_tables", "subscription_name"]

STARTS, ENDS, NOTICES, LEAVINGS = "contracts", "contract_ends", "contract_notices", "contract_leavings"
OF_STARTS = ("contract", "plan", "price", "monthly_price", "term")
OF_ENDS = ("contract", "plan", "cause", "monthly_price")
DAY = 86_400_000_000


def subscription_name(events: Mapping[str, Events]) -> str:
    """Return the name of the declared table of contracts, nothing where there is none.

    Raises:
        HistoryError: there are two, or another table has the name of what contracts become.
    """
    names = [name for name, declared in events.items() if declared.contracts]
    if len(names) > 1:
        raise HistoryError(
            f"A history has at most one table of contracts, got {listed(names)}. Put them below one another in one "
            "table, with the product as the plan: pt.subscriptions('folder', ..., plan='product')."
        )
    taken = [name for name in (STARTS, ENDS, NOTICES, LEAVINGS) if names and name in events and name != names[0]]
    if taken:
        raise HistoryError(
            f"The table {taken[0]!r} has a name that is needed for what becomes of the contracts in {names[0]!r}. "
            f"Call it otherwise, for example {taken[0]}_of_old."
        )
    return names[0] if names else ""


def contract_tables(rows: Table) -> dict[str, Table]:
    """Return the event tables that contracts become.

    Args:
        rows: the contracts, each with `customer`, `at`, `end` (null while open), and `recorded` where ends were
            recorded late or early.

    Returns:
        `contracts`, at the start of each: with `price_change` as a share of the customer's price before, and `opens`, 1
        where the customer had no contract then as far as was known; `contract_ends`; `contract_notices`, of ends that
        were recorded before they came, with the days in between; and `contract_leavings`, when a customer was left
        without a contract, which are labels and no features.
    """
    rows = rows.drop(CUSTOMER_NUMBER) if CUSTOMER_NUMBER in rows.columns else rows
    moves = _moves(rows).cache()
    ends = rows.filter(rows.end.notnull())
    known = {"known_at": ibis.greatest(ends.end, ends.recorded)} if "recorded" in rows.columns else {}
    tables = {
        STARTS: _starts(rows, moves),
        ENDS: ends.select("customer", **known, at=ends.end, **_there(ends, OF_ENDS)),
        LEAVINGS: _leavings(moves),
    }
    if "recorded" in rows.columns:
        early = ends.filter(ends.recorded < ends.end)
        ahead = early.end.delta(early.recorded, unit="microsecond") / DAY
        tables[NOTICES] = early.select("customer", at=early.recorded, days_to_end=ahead, **_there(early, ("cause",)))
    return {name: table.cache() for name, table in tables.items()}


def _there(rows: Table, columns: tuple[str, ...]) -> dict[str, Value]:
    return {column: rows[column] for column in columns if column in rows.columns}


def _moves(rows: Table) -> Table:
    """Return starts and ends below one another, each with the instant at which it was known."""
    starts = rows.select("customer", at=rows["at"], known=rows["at"], step=ibis.literal(1), cause=ibis.null("string"))
    ends = rows.filter(rows.end.notnull())
    known = ibis.greatest(ends.end, ends.recorded) if "recorded" in rows.columns else ends.end
    cause = ends.cause if "cause" in rows.columns else ibis.null("string")
    return starts.union(ends.select("customer", at=ends.end, known=known, step=ibis.literal(-1), cause=cause))


def _starts(rows: Table, moves: Table) -> Table:
    """Return the contracts at their starts, with whether the customer had none before, as far as was known."""
    sums = ibis.cumulative_window(group_by=moves.customer, order_by=[moves.known, moves.step.desc()])
    counted = moves.mutate(left=moves.step.sum().over(sums))
    opens = (counted.step == 1) & (counted.left == 1)
    first = counted.filter(opens).select("customer", "at").distinct().mutate(opens=1)
    joined = rows.left_join(first, ["customer", "at"])
    result = joined.select("customer", "at", **_there(joined, OF_STARTS), opens=ibis.coalesce(joined.opens, 0))
    if "price" not in result.columns:
        return result
    before = result.price.lag().over(ibis.window(group_by=result.customer, order_by=result["at"]))
    change = result.price.cast("float64") / before.cast("float64").nullif(0.0) - 1.0
    return result.mutate(price_change=change)


def _leavings(moves: Table) -> Table:
    """Return when a customer was left without a contract, and once more when that was recorded, if it was later.

    Until then the customer is taken for one under contract, who leaves for the business on that day.
    """
    order = [moves["at"], moves.step.desc()]
    window = ibis.window(group_by=moves.customer, order_by=order)
    sums = ibis.cumulative_window(group_by=moves.customer, order_by=order)
    counted = moves.mutate(
        left=moves.step.sum().over(sums),
        recorded=moves.known.max().over(sums),
        following=moves["at"].lead().over(window),
    )
    alone = counted.filter(counted.left == 0)
    again = alone.following.isnull() | (alone.recorded < alone.following)
    late = alone.filter((alone.recorded > alone["at"]) & again)
    return alone.select("customer", "at", "cause").union(late.select("customer", at=late.recorded, cause=late.cause))
