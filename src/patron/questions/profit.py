"""Profit: the one definition of what a customer is worth, used by tiers, decisions and reports alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial, reduce
from operator import add
from typing import Any

import ibis
from ibis.expr.types import Scalar, Table

from patron.errors import QuestionError, is_number, listed, listed_columns, nearest
from patron.features.compute.generic import feature_table
from patron.features.measures import Combination, Measure
from patron.history.history import History
from patron.history.order_lines import unsaid
from patron.periods import EVER, Span

__all__ = ["CostModel", "ledger", "profit_before", "profit_over", "sensitivity"]

LINES = ("lines", "returned_lines")


@dataclass(frozen=True)
class CostModel:
    """What is left of money that comes in, stated by the business because orders rarely say it.

    Args:
        margin_rate: share of an order's amount that is left after the cost of goods, between 0 and 1; used for the
            rows that do not say it themselves, in a `margin` or `cost` of their own.
        cost_per_order: picking, packing and shipping of one order, in the currency of the amounts.
        cost_per_return: handling of one return, beside the margin that is lost with it.
        cost_per_event: cost of one event of other tables, by table, for example {"tickets": 4.0}; comes on top of
            the `cost` that such a table has of its own.

    Raises:
        QuestionError: a rate lies outside 0 to 1, or a cost is negative.
    """

    margin_rate: float | None = None
    cost_per_order: float = 0.0
    cost_per_return: float = 0.0
    cost_per_event: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rate = self.margin_rate
        if rate is not None and not (is_number(rate) and 0 < rate <= 1):
            raise QuestionError(f"The margin rate is a share above 0 and up to 1, got {rate}. Write 0.35 for 35 %.")
        if not isinstance(self.cost_per_event, Mapping):
            raise QuestionError(
                f"cost_per_event is a cost for each table, got {self.cost_per_event!r}. Write {{'tickets': 4.0}}."
            )
        rates = {"cost_per_order": self.cost_per_order, "cost_per_return": self.cost_per_return}
        for name, cost in (rates | {f"cost_per_event of {t!r}": c for t, c in self.cost_per_event.items()}).items():
            if not is_number(cost):
                raise QuestionError(f"{name} must be a number, got {cost!r}. Write for example 3.0.")
            if cost < 0:
                raise QuestionError(f"{name} cannot be negative, got {cost}. Costs are positive.")


def profit_over(history: History, costs: CostModel, horizon: Span) -> Combination:
    """Return the measure of a customer's profit over a horizon.

    Margin of the orders, less the margin of what came back, less the cost of orders, returns and all other events
    (contacts, tickets) that have a cost. The margin is a column of its own, or the amount less the `cost` of goods;
    where a row does not say it, the margin rate of the amount, or nothing where there is no rate. The `shipping` that
    rows may have is a cost. Each cost is counted once.

    Raises:
        QuestionError: orders or returns have no amount, or neither they nor the cost model say what is left of it.
    """
    parts = tuple(
        Measure(f"{name}_profit", name, partial(_worth, name, costs), (horizon,), 0, words, theme, "money")
        for name, (words, theme) in _earners(history, costs).items()
    )
    words = "Profit after returns and costs" if len(parts) > 1 else "Profit after costs"
    return Combination("profit", parts, lambda *earned: sum(earned[1:], earned[0]), words, "value", "money")


def ledger(history: History, costs: CostModel) -> dict[str, float]:
    """Return how the amounts that were read become the profit of customers, line by line, in currency.

    The last line is what is left unexplained: costs of customers who never ordered, who have no profit of their own.

    Raises:
        QuestionError: as in `profit_over`.

    >>> from patron.datasets import online_retail
    >>> book = ledger(online_retail(), CostModel(margin_rate=0.35, cost_per_order=4.0))
    >>> round(book["profit by ledger"] - book["profit of customers"] - book["not led back to a customer"], 2)
    0.0
    """
    receipts = [r for r in history.receipts if r.money and r.table in _earning(history)]
    lines = {"amounts read": sum(sum(r.money.values()) for r in receipts)}
    for reason in sorted({reason for r in receipts for reason in r.money} - {"used"}):
        lines[f"set aside: {reason}"] = -sum(r.money.get(reason, 0.0) for r in receipts)
    totals = {name: _total(history[name], costs, name) for name in _earners(history, costs)}
    lines |= {f"profit of {name}" if name == "orders" else f"cost of {name}": v for name, v in totals.items()}
    lines["profit by ledger"] = sum(totals.values())
    assumed = _assumed(history, costs, totals)
    lines |= {"of it by margin_rate": assumed} if assumed else {}
    lines["profit of customers"] = _of_customers(history, costs)
    lines["not led back to a customer"] = lines["profit by ledger"] - lines["profit of customers"]
    return lines


def profit_before(history: History, costs: CostModel, cutoff: datetime, window: Span = EVER) -> float:
    """Return the profit of all events known before a cutoff, whoever they belong to.

    Args:
        history: the checked event tables.
        costs: what is left of money that comes in.
        cutoff: only events before it are looked at.
        window: the time before the cutoff that counts.

    Raises:
        QuestionError: as in `profit_over`.
    """
    return sum(_total(history.past(name, cutoff, window), costs, name) for name in _earners(history, costs))


def _assumed(history: History, costs: CostModel, totals: Mapping[str, float]) -> float:
    """Return what the margin rate brings where tables say a margin or cost of their own, but not in every row."""
    stated, sold = replace(costs, margin_rate=None), {"orders", "returns"} & set(totals)
    tables = [name for name in sorted(sold) if {"margin", "cost"} & set(history[name].columns)]
    return sum(totals[name] - _total(history[name], stated, name) for name in tables)


def sensitivity(history: History, costs: CostModel) -> dict[str, float]:
    """Return what the whole profit would be if an assumed cost were otherwise, in currency.

    The margin rate is moved by a tenth of itself, but to no more than 1, which its name then says; each other cost by a
    quarter. What the tables tell is not moved.

    Raises:
        QuestionError: as in `profit_over`.

    >>> from patron.datasets import online_retail
    >>> profits = sensitivity(online_retail(), CostModel(margin_rate=0.35, cost_per_order=4.0))
    >>> sorted(profits)
    ['as assumed', 'cost_per_order +25 %', 'cost_per_order -25 %', 'margin_rate +10 %', 'margin_rate -10 %']
    """
    tried = {"as assumed": costs}
    for name, share in (("margin_rate", 0.10), ("cost_per_order", 0.25), ("cost_per_return", 0.25)):
        for sign in (-1, 1):
            if getattr(costs, name):
                tried |= dict([_moved(costs, name, sign * share)])
    return {
        name: sum(_total(history[table], model, table) for table in _earners(history, model))
        for name, model in tried.items()
    }


def _moved(costs: CostModel, name: str, share: float) -> tuple[str, CostModel]:
    """Return costs with one of them moved by a share of itself, and what that is called."""
    moved, words = getattr(costs, name) * (1 + share), f"{name} {100 * share:+.0f} %"
    if name == "margin_rate" and moved > 1:
        return f"{words}, held at 1 as it would be {moved:.2f}", replace(costs, margin_rate=1.0)
    return words, replace(costs, **{name: moved})


def _earning(history: History) -> tuple[str, ...]:
    """Return the tables as they were read that the amounts of orders and returns come from."""
    declared = {receipt.table for receipt in history.receipts}
    return ("orders", "returns") if "orders" in declared else ("lines", "returned_lines", "returns")


def _earners(history: History, costs: CostModel) -> dict[str, tuple[str, str]]:
    """Return the event tables that earn or cost, each with what that means, in words, and its theme."""
    _check(history, costs)
    earners = {"orders": ("Margin of orders after their costs", "value")}
    if "returns" in history.tables:
        earners["returns"] = ("Margin lost by returns, and their costs", "service")
    others = sorted(set(history.tables) - {"orders", "returns", *LINES, *history.attributes})
    costly = [name for name in others if name in costs.cost_per_event or "cost" in history[name].columns]
    return earners | {name: (f"Cost of {name}", "service") for name in costly}


def _worth(name: str, costs: CostModel, rows: Table) -> Scalar:
    """Return what the rows of an event table bring, below zero where they cost."""
    if name not in ("orders", "returns"):
        own = rows.cost.fill_null(0).sum() if "cost" in rows.columns else 0
        return 0 - rows.count() * float(costs.cost_per_event.get(name, 0.0)) - own
    shipping = rows.shipping.fill_null(0).sum() if "shipping" in rows.columns else 0
    if name == "orders":
        return _margin(rows, costs) - rows.count() * float(costs.cost_per_order) - shipping
    return 0 - _margin(rows, costs) - rows.count() * float(costs.cost_per_return) - shipping


def _margin(rows: Table, costs: CostModel) -> Any:
    """Return what is left of the amounts; a row of which nobody says it hides no other one."""
    parts = []
    if "margin" in rows.columns:
        parts.append(rows.margin.fill_null(0).sum())
    elif "cost" in rows.columns:
        parts.append((rows.amount - rows.cost).fill_null(0).sum())
    if costs.margin_rate is not None and "amount" in rows.columns:
        parts.append(unsaid(rows).fill_null(0).sum().cast("float64") * float(costs.margin_rate))
    return reduce(add, parts)


def _total(rows: Table, costs: CostModel, name: str) -> float:
    worth = _worth(name, costs, rows).cast("float64")
    return float(rows.aggregate(total=worth).to_pyarrow()["total"][0].as_py() or 0.0)


def _of_customers(history: History, costs: CostModel) -> float:
    """Add the profit up over all customers with an order, through the measure that tiers use."""
    end = max(receipt.last for receipt in history.receipts if receipt.last)
    cutoff = ibis.literal(end.replace(year=end.year + 1, day=1))
    spine = history["orders"].select("customer").distinct().mutate(cutoff=cutoff)
    table = feature_table(spine, lambda name, window: history[name], (profit_over(history, costs, EVER),))
    return float(table.profit.sum().to_pyarrow().as_py())


def _check(history: History, costs: CostModel) -> None:
    for name in costs.cost_per_event:
        if name not in history.tables or name in ("orders", "returns", *LINES, *history.attributes):
            others = set(history.tables) - {"orders", "returns", *LINES, *history.attributes}
            raise QuestionError(
                f"A cost is given for each event of {name!r}, which is no event table besides orders and returns."
                f"{nearest(name, others)} There are: {listed(others)}."
            )
    for name in ("orders", "returns"):
        if name == "orders" or name in history.tables:
            _check_table(name, history[name].columns, costs)


def _check_table(name: str, columns: Sequence[str], costs: CostModel) -> None:
    if "margin" in columns:
        return
    if "amount" not in columns:
        raise QuestionError(
            f"Profit needs the amount of each row, which event table {name!r} lacks. It has: "
            f"{listed_columns(columns)}. Declare it at the door (amount = '...'), or ask no question about profit."
        )
    if "cost" not in columns and costs.margin_rate is None:
        raise QuestionError(
            f"Profit needs to know what is left of an amount: event table {name!r} has neither 'margin' nor 'cost', "
            f"and no margin rate is set. It has: {listed_columns(columns)}. Set it, for example margin_rate = 0.35."
        )
