"""Features of what went wrong: purchases taken back, and what that cost."""

from patron.features.measures import combine, measure
from patron.features.purchases import orders
from patron.periods import EVER, days

__all__ = ["ALL"]

WINDOWS = (*days(90, 365), EVER)


@measure(windows=WINDOWS, empty=0, theme="service", unit="returns")
def returns(returns):
    """Returns made."""
    return returns.count()


@measure(windows=WINDOWS, empty=0, theme="service", unit="money")
def refunded(returns):
    """Money paid back for returns."""
    return returns.amount.sum()


@measure(windows=WINDOWS, empty=0, theme="value", unit="money")
def ordered(orders):
    """Money of all orders, those taken back included."""
    return orders.amount.sum()


@measure(theme="service", unit="days")
def last_return(returns):
    """Days since the last return."""
    return returns.days_ago.min()


@combine(returns, orders.over(*WINDOWS), theme="service")
def return_rate(returns, orders):
    """Returns for each order."""
    return returns / orders.nullif(0)


@combine(refunded, ordered, theme="service")
def refund_share(refunded, ordered):
    """Share of the money of all orders that was paid back."""
    return refunded / ordered.nullif(0)


ALL = (returns, refunded, last_return, return_rate, refund_share)
