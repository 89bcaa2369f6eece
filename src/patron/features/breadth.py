"""Features of how widely a customer buys: items, categories, and how full the basket is."""

from patron.features.measures import combine, measure
from patron.features.purchases import orders
from patron.periods import EVER, days

__all__ = ["ALL"]

WINDOWS = (*days(90, 365), EVER)


@measure(windows=WINDOWS, empty=0, theme="breadth", unit="lines")
def lines(lines):
    """Order lines bought."""
    return lines.count()


@measure(windows=WINDOWS, empty=0, theme="breadth", unit="items")
def items(lines):
    """Different items bought."""
    return lines.item.nunique()


@measure(windows=WINDOWS, empty=0, theme="breadth", unit="categories")
def categories(lines):
    """Different categories bought from."""
    return lines.category.nunique()


@measure(windows=WINDOWS, theme="breadth", unit="pieces")
def usual_quantity(lines):
    """Usual quantity of one order line."""
    return lines.quantity.mean()


@measure(windows=WINDOWS, theme="price", unit="money")
def usual_price(lines):
    """Usual price of a piece."""
    return lines.price.mean()


@combine(lines, orders.over(*WINDOWS), theme="breadth", unit="lines")
def basket(lines, orders):
    """Lines in a usual order."""
    return lines / orders.nullif(0)


@combine(items, lines, theme="breadth")
def novelty(items, lines):
    """Share of order lines that were not a repeat."""
    return items / lines.nullif(0)


ALL = (lines, items, categories, usual_quantity, usual_price, basket, novelty)
