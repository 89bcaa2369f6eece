"""Two measures that differ only in what a window without events gives."""

from patron.features.measures import measure
from patron.periods import days


@measure(windows=days(30), empty=None)
def unknown(orders):
    """Nothing is known."""
    return orders.amount.max()


@measure(windows=days(30), empty=7.5)
def declared(orders):
    """A declared number."""
    return orders.amount.max()
