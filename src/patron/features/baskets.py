"""Features of what is in the baskets: pieces, prices, how evenly purchases spread over categories."""

from patron.features.breadth import items, lines, usual_price
from patron.features.measures import combine, entropy, measure
from patron.periods import EVER, days

__all__ = ["ALL"]

WINDOWS = (*days(90, 365), EVER)
LONG = (*days(365), EVER)


@measure(windows=WINDOWS, empty=0, theme="breadth", unit="pieces")
def pieces(lines):
    """Pieces bought."""
    return lines.quantity.sum()


@measure(theme="breadth", unit="pieces")
def largest_line(lines):
    """Most pieces in one order line."""
    return lines.quantity.max()


@measure(windows=LONG, theme="breadth", unit="bits")
def category_evenness(lines):
    """How evenly order lines spread over categories."""
    return entropy(lines.category)


@measure(windows=LONG, theme="price", unit="money")
def price_spread(lines):
    """Spread of the prices of what was bought."""
    return lines.price.cast("float64").std()


@measure(theme="price", unit="money")
def highest_price(lines):
    """Highest price of a piece."""
    return lines.price.max()


@measure(theme="price", unit="money")
def lowest_price(lines):
    """Lowest price of a piece."""
    return lines.price.min()


@combine(usual_price.over(*days(90)), usual_price.over(EVER), theme="price", unit="times")
def price_trend(recent, ever):
    """Usual price in the last 90 days, in usual prices of all time."""
    return recent / ever.nullif(0)


@combine(lines.over(*days(90)), lines.over(*days(365)), theme="breadth")
def line_trend(recent, year):
    """Share of the year's order lines that fell in the last 90 days."""
    return recent / year.nullif(0)


@combine(items.over(*days(90)), items.over(*days(365)), theme="breadth")
def item_trend(recent, year):
    """Share of the year's different items that were bought in the last 90 days."""
    return recent / year.nullif(0)


ALL = (
    pieces,
    largest_line,
    category_evenness,
    price_spread,
    highest_price,
    lowest_price,
    price_trend,
    line_trend,
    item_trend,
)
