"""Profit: the one definition of what a customer is worth, used by tiers, decisions and reports alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from ibis.expr.types import Table

from patron.errors import QuestionError, listed
from patron.history import History
from patron.measures import Combination, combine, measure
from patron.periods import Span

__all__ = ["CostModel", "profit_over"]


@dataclass(frozen=True)
class CostModel:
    """What is left of money that comes in, stated by the business because orders rarely say it.

    Args:
        margin_rate: share of an order's amount that is left after the cost of goods, between 0 and 1; not used
            where the orders have a `margin` or `cost` of their own.
        cost_per_order: picking, packing and shipping of one order, in the currency of the amounts.
        cost_per_return: handling of one return, beside the margin that is lost with it.

    Raises:
        QuestionError: a rate lies outside 0 to 1, or a cost is negative.
    """

    margin_rate: float | None = None
    cost_per_order: float = 0.0
    cost_per_return: float = 0.0

    def __post_init__(self) -> None:
        if self.margin_rate is not None and not 0 < self.margin_rate <= 1:
            raise QuestionError(
                f"The margin rate is a share above 0 and up to 1, got {self.margin_rate}. Write 0.35 for 35 %."
            )
        for name in ("cost_per_order", "cost_per_return"):
            if getattr(self, name) < 0:
                raise QuestionError(f"{name} cannot be negative, got {getattr(self, name)}. Costs are positive.")


def profit_over(history: History, costs: CostModel, horizon: Span) -> Combination:
    """Return the measure of a customer's profit over a horizon.

    Margin of the orders, less the margin of what came back, less handling of orders and returns.

    Raises:
        QuestionError: orders or returns have no amount, or neither they nor the cost model say what is left of it.
    """
    _check(history, costs)
    windows = (horizon,)

    def margin(table: Table):
        if "margin" in table.columns:
            return table.margin.sum()
        if "cost" in table.columns:
            return (table.amount - table.cost).sum()
        return table.amount.sum().cast("float64") * costs.margin_rate

    @measure(windows=windows, empty=0, theme="value", unit="money")
    def orders_profit(orders):
        """Margin of orders after their handling."""
        return margin(orders) - orders.count() * costs.cost_per_order

    @measure(windows=windows, empty=0, theme="service", unit="money")
    def returns_loss(returns):
        """Margin lost by returns, and their handling."""
        return margin(returns) + returns.count() * costs.cost_per_return

    if "returns" not in history.tables:

        @combine(orders_profit, theme="value", unit="money")
        def profit(earned):
            """Profit after costs."""
            return earned

        return profit

    @combine(orders_profit, returns_loss, theme="value", unit="money")  # type: ignore[no-redef]
    def profit(earned, lost):
        """Profit after returns and costs."""
        return earned - lost

    return profit


def _check(history: History, costs: CostModel) -> None:
    for name in ("orders", "returns"):
        if name == "orders" or name in history.tables:
            _check_table(name, history[name].columns, costs)


def _check_table(name: str, columns: Sequence[str], costs: CostModel) -> None:
    if "margin" in columns:
        return
    if "amount" not in columns:
        raise QuestionError(
            f"Profit needs the amount of each row, which event table {name!r} lacks. It has: {listed(columns)}. "
            "Declare it at the door (amount = '...'), or ask no question about profit."
        )
    if "cost" not in columns and costs.margin_rate is None:
        raise QuestionError(
            f"Profit needs to know what is left of an amount: event table {name!r} has neither 'margin' nor 'cost', "
            f"and no margin rate is set. It has: {listed(columns)}. Set it, for example margin_rate = 0.35."
        )
