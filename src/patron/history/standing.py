"""Standing: what was left of each order when, as returns took it back in part or whole.

A return takes back the latest order before it that has its order number; one whose number no order of the customer has
takes back the latest order of its amount that no return took before, if that came at most `SOON` days earlier. Where
there is none it takes back orders that follow one another on one day and add up to it: among the first `MOST` of a day
that lies at most `SOON` days before or is that of the return, and once for each day. What a return takes back is known
when the return and the orders are: neither what came later nor what was known later changes a match.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import ibis
from ibis.expr.types import Table

from patron.history.point_in_time import FOREVER, STANDING, UNTIL

__all__ = ["SOON", "with_standing"]

SOON = 30
MOST = 10  # orders of one day: who places more is a till, or a key that many share
DAY = 86_400_000_000
# Beside the columns of a business, which may be called time or number, in any capitals.
ROW, WHEN, NUMBER, SINCE, GONE = (f"{word}_of_standing" for word in ("row", "time", "number", "since", "gone"))
DATE, TURN, CENTS, TOTAL = (f"{word}_of_standing" for word in ("date", "turn", "cents", "total"))
LEAST = 0.005  # of money: less than that is nothing


def with_standing(orders: Table, returns: Table) -> Table | None:
    """Return the orders as they stood from when to when; none where no return takes any back.

    An order that returns took back comes several times: `known_at` tells from when a row holds, `UNTIL` up to when,
    and `STANDING` what was left of its amount, null where it was all taken back. Exactly one row of an order holds at
    any instant from which on it is known.

    Args:
        orders: one row for each order.
        returns: what came back, with positive amounts.
    """
    if not ("amount" in orders.columns and "amount" in returns.columns):
        return None
    returns = returns.mutate(amount=returns.amount.cast(orders.amount.type()))
    customers = _customers(orders, returns).cache()
    if not customers.count().to_pyarrow().as_py():
        return None
    bought, back = (_numbered(rows.semi_join(customers, "customer")) for rows in (orders, returns))
    rows = _rows(bought, _taken(bought, back)).cache()
    others = _with_time(orders.anti_join(customers, "customer"))
    columns = (*(c for c in orders.columns if c != "known_at"), "known_at", UNTIL, STANDING)
    others = others.mutate(**_state(others)).select(*columns)
    return rows.select(*columns).cast(others.schema()).union(others)  # kept times have no places on some engines


def _customers(orders: Table, returns: Table) -> Table:
    """Return the customers of whom a return may take an order back; those of whom it does are among them."""
    keys = [["customer", "amount"], *([["customer", "order"]] if _have_numbers(orders, returns) else [])]
    met = [returns.semi_join(orders, key).select("customer") for key in keys]
    runs = _runs(_with_time(orders.semi_join(returns, "customer")))
    several = _in_cents(returns).semi_join(runs, ["customer", CENTS]).select("customer")
    return ibis.union(*met, several, distinct=True)


def _have_numbers(*tables: Table) -> bool:
    return all("order" in table.columns for table in tables)


def _with_time(rows: Table) -> Table:
    """Return rows with the time from which on each is known."""
    times = [rows[column] for column in ("at", "known_at") if column in rows.columns]
    return rows.mutate(**{WHEN: reduce(ibis.greatest, times).cast("timestamp(6)")})


def _state(rows: Table) -> dict[str, Any]:
    """Return what holds of an order of which nothing was taken back."""
    return {"known_at": rows[WHEN], UNTIL: ibis.literal(FOREVER).cast("timestamp(6)"), STANDING: rows.amount}


def _numbered(rows: Table) -> Table:
    """Return rows with a number of their own, and the time from which on each is known."""
    timed = _with_time(rows)
    return timed.mutate(**{ROW: ibis.row_number().over(ibis.window(order_by=[timed.customer, *_turns(timed)]))}).cache()


def _turns(timed: Table) -> list[Any]:
    """Return what orders or returns follow one another by."""
    return [timed[WHEN], timed["at"], timed.amount, *([timed.order] if "order" in timed.columns else [])]


def _taken(bought: Table, back: Table) -> Table:
    """Return which return took what of which order: `bought`, `back` (their numbers), `time`, `money`."""
    numbered = [_by_number(bought, back).cache()] if _have_numbers(bought, back) else []
    others = back.anti_join(numbered[0], back[ROW] == numbered[0].back) if numbered else back
    single = ibis.union(*numbered, _by_amount(bought, others)).cache()
    return single.union(_by_sum(bought, back.anti_join(single, back[ROW] == single.back), single))


def _by_number(bought: Table, back: Table) -> Table:
    """Return of each return the latest order before it of the same customer and number."""
    sold = bought.select("customer", "order", bought=ROW, sold=WHEN)
    pairs = back.select("customer", "order", "amount", back=ROW, time=WHEN).inner_join(sold, ["customer", "order"])
    pairs = pairs.filter(pairs.sold <= pairs.time)
    latest = ibis.window(group_by=pairs.back, order_by=[pairs.sold.desc(), pairs.bought.desc()])
    turns = pairs.mutate(turn=ibis.row_number().over(latest))
    return turns.filter(turns.turn == 0).select("bought", "back", "time", money="amount")


def _by_amount(bought: Table, back: Table) -> Table:
    """Return of each return the latest order of its amount that no return took before, as brackets are matched.

    Orders open and returns close, each at a depth. At one depth they take turns: the event before a return is the order
    that it takes back, or another return where no order is left.
    """
    key = ["customer", "amount"]
    sides = ((bought.filter(bought.amount > 0).semi_join(back, key), 1), (back, -1))
    named = {"row": ROW, "time": WHEN}
    events = ibis.union(*(rows.select(*key, "at", **named, step=ibis.literal(step, "int64")) for rows, step in sides))
    summed = events.mutate(sum=events.step.sum().over(_so_far(events, key)))
    floor = ibis.least(summed["sum"].min().over(_so_far(summed, key)), 0)
    depths = summed.mutate(depth=summed["sum"] - floor + (summed.step < 0).cast("int64"))
    before = _so_far(depths, [*key, "depth"])
    pairs = depths.mutate(**{f"{c}_before": depths[c].lag().over(before) for c in ("step", "row", "at")})
    days = pairs["at"].delta(pairs.at_before, unit="microsecond") / DAY
    taken = pairs.filter((pairs.step < 0) & (pairs.step_before > 0) & days.between(0, SOON))
    return taken.select(bought="row_before", back="row", time="time", money="amount")


def _so_far(events: Table, key: Sequence[str]) -> Any:
    """Return the window of all events of a key up to each, orders before returns at one instant."""
    return ibis.cumulative_window(group_by=key, order_by=[events.time, events.step.desc(), events.row])


def _by_sum(bought: Table, back: Table, before: Table) -> Table:
    """Return of each return the first run of orders that adds up to it, none of which was taken back before.

    Of several runs that are known at one time it is the last; the first return of a day keeps it from others.
    """
    rows = _run_orders(bought, back)
    gone = before.group_by("bought").aggregate(gone=before.time.min())
    rows = rows.left_join(gone, "bought").drop("bought_right")
    taken = (rows.gone <= rows.time).ifelse(1, 0)
    rows = rows.mutate(taken=taken.max().over(ibis.window(group_by=[rows.back, rows[DATE], rows.last])))
    rows = rows.filter(rows.taken == 0)
    best = ibis.window(group_by=rows.back, order_by=[rows.time, rows[DATE].desc(), rows.last.desc()])
    rows = rows.mutate(place=ibis.dense_rank().over(best)).filter(ibis._.place == 0)
    days = ibis.window(group_by=[rows.customer, rows[DATE]], order_by=[rows.time, rows.back])
    rows = rows.mutate(place=ibis.dense_rank().over(days)).filter(ibis._.place == 0)
    return rows.select("bought", "back", "time", money="amount")


def _run_orders(bought: Table, back: Table) -> Table:
    """Return the orders of each run that adds up to a return soon after it, with the time when all of it is known."""
    returns = _in_cents(back).select("customer", CENTS, "at", back=ROW, time=WHEN, date=back["at"].date())
    pairs = returns.inner_join(_runs(bought), ["customer", CENTS])
    soon = (pairs["at"].delta(pairs.begun, unit="microsecond") <= SOON * DAY) & (pairs[DATE] <= pairs.date)
    pairs = pairs.filter(soon).mutate(time=ibis.greatest(pairs.time, pairs.known)).drop("known", "begun", "at", CENTS)
    orders = _of_days(bought).select("customer", DATE, TURN, "amount", bought=ROW)
    rows = pairs.inner_join(orders, ["customer", DATE])
    return rows.filter(rows[TURN].between(rows.first, rows.last))


def _runs(orders: Table) -> Table:
    """Return every run of two orders or more of one day: `first` and `last` turn, when it `begun` and was `known`."""
    days = _of_days(orders)
    firsts = days.select("customer", DATE, first=TURN, begun="at", sum_before=days[TOTAL] - days[CENTS])
    pairs = days.select("customer", DATE, TOTAL, last=TURN, known=WHEN).inner_join(firsts, ["customer", DATE])
    pairs = pairs.filter(pairs.first < pairs.last)
    return pairs.mutate(**{CENTS: pairs[TOTAL] - pairs.sum_before}).drop(TOTAL, "sum_before")


def _of_days(orders: Table) -> Table:
    """Return the first orders of each customer and day that has several, each with its turn and the sum so far."""
    dated = _in_cents(orders.filter(orders.amount > 0)).mutate(**{DATE: orders["at"].date()})
    day = [dated.customer, dated[DATE]]
    so_far = ibis.cumulative_window(group_by=day, order_by=_turns(dated))
    turn = ibis.row_number().over(ibis.window(group_by=day, order_by=_turns(dated)))
    return dated.mutate(**{TURN: turn, TOTAL: dated[CENTS].sum().over(so_far)}).filter(ibis._[TURN] < MOST)


def _in_cents(rows: Table) -> Table:
    """Return rows with their amounts in whole cents, which add up without a rest."""
    return rows.mutate(**{CENTS: (rows.amount * 100).round().cast("int64")})


def _rows(bought: Table, taken: Table) -> Table:
    """Return one row for each order, and one more from each return on that took of it."""
    turn = ibis.cumulative_window(group_by=taken.bought, order_by=[taken.time, taken.back])
    so_far = taken.money.sum().over(turn)
    later = taken.select(**{NUMBER: taken.bought, SINCE: taken.time, UNTIL: taken.time.lead().over(turn), GONE: so_far})
    first = taken.group_by(**{NUMBER: taken.bought}).aggregate(**{SINCE: taken.time.min()})
    whole = bought.mutate(**_state(bought)).left_join(first, bought[ROW] == first[NUMBER])
    whole = whole.mutate(**{UNTIL: whole[SINCE].coalesce(whole[UNTIL])})
    parts = bought.mutate(**_state(bought)).drop(UNTIL).inner_join(later, bought[ROW] == later[NUMBER])
    left = (parts.amount - parts[GONE]).cast(parts.amount.type())
    forever = parts[UNTIL].coalesce(ibis.literal(FOREVER).cast("timestamp(6)"))
    parts = parts.mutate(known_at=parts[SINCE], **{UNTIL: forever, STANDING: (left > LEAST).ifelse(left, ibis.null())})
    columns = [*bought.columns, *(c for c in ("known_at", UNTIL, STANDING) if c not in bought.columns)]
    return whole.select(*columns).union(parts.select(*columns))
