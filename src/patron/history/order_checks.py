"""Order checks: what the rows of one order look like, and the declaration that would have them read otherwise."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
from ibis.expr.types import Table

from patron.engines.uniqueness import are_unique
from patron.history.assumptions import Assumption
from patron.history.conditions import line
from patron.history.point_in_time import CUSTOMER_NUMBER
from patron.history.roles import UNSAID

__all__ = ["Findings", "OrderCounts", "count_orders", "findings"]

LONE = "time_without_order"
NEARLY_ALL = 0.9  # of the orders with several rows
MAX_COLUMNS, MAX_STATES = 40, 10
TIMES = {"at", "known_at"}
STATE_NAMES = r"status|state|stage|phase|zustand|statut"
BACK = r"refund|return|retour|erstatt|rembours|reembols|rimbors|devol|charge.?back"
NO_SALE = r"pending|open|offen|cancel|storn|annul|fail|void|declin|expired|abandon"
STATES = r"pending|paid|open|cancel|complete|ship|process|fulfil|authori[sz]ed|captured|bezahlt|offen|storn|refund|new$"


@dataclass(frozen=True)
class Findings:
    """What was seen in the rows of orders: notes, and what was assumed with the line that changes it."""

    notes: tuple[str, ...] = ()
    assumed: tuple[Assumption, ...] = ()


@dataclass(frozen=True)
class OrderCounts:
    """The rows of orders in numbers.

    Args:
        orders: orders, or purchases of one time where there is no number.
        rows: their rows.
        most: the rows of the order with the most.
        several: orders with several rows.
        same: of these, those with one amount on all rows.
        long: orders with rows on several days.
        spread: orders with rows at several times.
        shared: order numbers of several customers.
    """

    orders: int
    rows: int
    most: int
    several: int = 0
    same: int = 0
    long: int = 0
    spread: int = 0
    shared: int = 0


def count_orders(rows: Table) -> OrderCounts:
    """Count orders by how their rows look, with one query."""
    orders = _orders(rows)
    if "order" not in rows.columns:
        counts = orders.aggregate(orders=orders.count(), rows=orders.n.sum(), most=orders.n.max())
    else:
        by_number = orders.group_by("order").aggregate(
            orders=orders.count(),
            rows=orders.n.sum(),
            most=orders.n.max(),
            several=(orders.n > 1).sum(),
            same=_is_same(orders).sum(),
            long=(orders["first"].truncate("D") < orders["last"].truncate("D")).sum(),
            spread=(orders["first"] < orders["last"]).sum(),
        )
        named = by_number.order.notnull()
        sums = {c: by_number[c].sum() for c in ("orders", "rows")} | {"most": by_number.most.max()}
        sums |= {c: by_number[c].sum(where=named) for c in ("several", "same", "long", "spread")}
        counts = by_number.aggregate(**sums, shared=(named & (by_number.orders > 1)).sum())
    return OrderCounts(**{key: int(n or 0) for key, n in counts.to_pyarrow().to_pylist()[0].items()})


def findings(rows: Table, counts: OrderCounts, columns: Mapping[str, str], declared: str) -> Findings:
    """Describe what the rows of orders look like, each with the line that would have them read otherwise.

    Args:
        rows: purchases as they were read.
        counts: what `count_orders` counted.
        columns: by role the column of the table as it was read.
        declared: what a row was declared to be.
    """
    notes: list[str] = []
    assumed: list[Assumption] = []
    if counts.most > 1 and "order" not in rows.columns and not declared:
        notes.append(
            f"{counts.rows - counts.orders:,} rows share a customer and one time with another row, and are purchases "
            "of their own; if they are lines of one purchase, name the order number (order = '...') or write "
            'rows = "lines" (rows = "orders" says that they are not)'
        )
    if "order" not in rows.columns and not declared:
        notes += _same_days(rows)
    if counts.long:
        notes.append(f"{counts.long:,} orders have lines on several days, and count once for each day")
        assumed.append(Assumption("each day of an order with lines on several days is a purchase of its own"))
    if counts.shared:
        notes.append(
            f"{counts.shared:,} order numbers are those of several customers, and the rows of each customer are an "
            "order of their own"
        )
    if counts.same and not declared:
        notes += _same_amounts(rows, counts, columns)
    return Findings(tuple(notes), tuple(assumed))


def _same_days(rows: Table) -> list[str]:
    """Describe how many purchases of a customer came at another time of a day with a purchase already."""
    day = ibis.struct({"customer": rows.customer, "day": rows["at"].truncate("D")})
    if are_unique(rows, day.hash()):
        return []
    times = rows.select("customer", "at").distinct()
    days = times.group_by("customer", day=times["at"].truncate("D")).aggregate(n=times.count())
    more = days.aggregate(more=(days.n - 1).sum()).to_pyarrow()["more"][0].as_py()
    if not more:
        return []
    return [
        f"{more:,} purchases came on a day of another one of the same customer, at another time, and are purchases of "
        "their own; if a purchase has rows of several times, name the order number (order = '...')"
    ]


def _orders(rows: Table) -> Table:
    """Return one row for each order of a customer; without an order number only the time tells two apart."""
    if "order" not in rows.columns:
        return rows.group_by(["customer", "at"]).aggregate(n=rows.count())
    lone = rows.order.isnull().ifelse(rows["at"], ibis.null(rows["at"].type()))
    timed = rows.mutate(**{LONE: lone})
    sums: dict[str, Any] = {"n": timed.count(), "first": timed["at"].min(), "last": timed["at"].max()}
    if "amount" in rows.columns:
        sums |= {"low": timed.amount.min(), "high": timed.amount.max(), "priced": timed.amount.count()}
    return timed.group_by(["customer", "order", LONE]).aggregate(**sums)


def _is_same(orders: Table) -> Any:
    """Check where all rows of an order have one amount, which is something."""
    if "low" not in orders.columns:
        return orders.n < 0
    return (orders.n > 1) & (orders.priced == orders.n) & (orders.low == orders.high) & (orders.low != 0)


def _same_amounts(rows: Table, counts: OrderCounts, columns: Mapping[str, str]) -> list[str]:
    """Describe whether one amount on all rows is the total of the order, or the order was written several times."""
    orders = _orders(rows)
    orders = orders.filter(_is_same(orders) & orders.order.notnull()).select("customer", "order")
    same = rows.semi_join(orders, ["customer", "order"]).cache()
    patterns = _patterns(same)
    states = {c for varying in patterns for c in varying - TIMES if _is_state(c, columns) or _has_states(same, c)}
    twice = {varying: n for varying, n in patterns.items() if varying and varying <= TIMES | states}
    totals = sum(n for varying, n in patterns.items() if varying and varying not in twice)
    by_state = any(varying & states for varying in twice)
    notes = []
    if twice and (by_state or sum(twice.values()) >= NEARLY_ALL * counts.several):
        notes.append(_twice(same, sum(twice.values()), frozenset().union(*twice), columns))
    if totals >= NEARLY_ALL * counts.several:
        notes.append(_total(totals, counts.several, columns))
    return notes


def _compared(rows: Table) -> list[str]:
    """The columns in which the rows of an order may differ."""
    fixed = ("customer", "order", "amount", UNSAID, CUSTOMER_NUMBER)
    plain = [c for c in rows.columns if c not in fixed and not rows[c].type().is_nested()]
    return plain[:MAX_COLUMNS]


def _patterns(same: Table) -> dict[frozenset[str], int]:
    """Count orders by the columns in which their rows differ."""
    compared = _compared(same)
    names = {f"varies_{i}": column for i, column in enumerate(compared)}
    differ = {name: same[column].min() < same[column].max() for name, column in names.items()}
    orders = same.group_by(["customer", "order"]).aggregate(**differ)
    counts = orders.group_by(list(names)).aggregate(n=orders.count()).to_pyarrow().to_pylist()
    patterns: dict[frozenset[str], int] = {}
    for row in counts:
        varying = frozenset(column for name, column in names.items() if row[name])
        patterns[varying] = patterns.get(varying, 0) + row["n"]
    return patterns


def _is_state(column: str, columns: Mapping[str, str]) -> bool:
    return bool(re.search(STATE_NAMES, columns.get(column, column).lower()))


def _has_states(same: Table, column: str) -> bool:
    """Check whether the texts of a column are few and call states of an order."""
    if not same[column].type().is_string():
        return False
    values = same.select(value=same[column]).distinct().limit(MAX_STATES + 1).to_pyarrow()["value"].to_pylist()
    return len(values) <= MAX_STATES and any(re.search(STATES, value.lower()) for value in values if value)


def _twice(same: Table, n: int, varying: frozenset[str], columns: Mapping[str, str]) -> str:
    state = min(varying - TIMES, default="at")
    name = columns.get(state) or state
    back = [] if state == "at" else _states(same, state, BACK)
    lines = f"the last of each counts with status = {json.dumps(name, ensure_ascii=False)}"
    if back:
        lines = _refunds(same, state, name, back)
    elif state != "at" and "at" in varying:
        lines += f", those of one state alone with {line('where', {name: _last_states(same, state)})}"
    differ = ", ".join(repr(columns.get(column) or column) for column in sorted(varying))
    verb = "order comes" if n == 1 else "orders come"
    return f"{n:,} {verb} twice with the same amount (the rows differ in {differ}), and the rows are added up; {lines}"


def _states(same: Table, state: str, pattern: str) -> list[str]:
    """Return the few states that a column has, those that a pattern is found in."""
    values = same.select(value=same[state]).distinct().limit(MAX_STATES + 1).to_pyarrow()["value"].to_pylist()
    return sorted(value for value in values if value and re.search(pattern, value.lower()))


def _refunds(same: Table, state: str, name: str, back: Sequence[str]) -> str:
    """Return the lines that read the rows of a state as returns, and the last of the others as purchases."""
    sold = [value for value in _last_states(same.filter(~same[state].isin(back)), state) if value not in back]
    returned = f"{line('returns', {name: list(back)})} reads those of {', '.join(map(repr, back))} as returns"
    others = set(_states(same, state, ".")) - {*sold, *back}
    return f"{returned}, with {line('where', {name: [*sold, *back]})} to count no earlier state" if others else returned


def _last_states(same: Table, state: str) -> Sequence[str]:
    """Return the states of a sale that the last rows of orders have, the most frequent first."""
    orders = same.group_by(["customer", "order"]).aggregate(last=same[state].argmax(same["at"]))
    counts = orders.group_by("last").aggregate(n=orders.count())
    ranked = counts.order_by(counts.n.desc(), counts["last"]).limit(MAX_STATES).to_pyarrow()["last"].to_pylist()
    known = [value for value in ranked if value is not None]
    return [value for value in known if not re.search(NO_SALE, value.lower())] or known


def _total(totals: int, several: int, columns: Mapping[str, str]) -> str:
    name = json.dumps(columns.get("amount") or "the column", ensure_ascii=False)
    return (
        f"{totals:,} of {several:,} orders with several rows have the same amount on all of them, and the rows are "
        f"added up; if it is the total of the order, it counts once with total = {name} in place of amount"
    )
