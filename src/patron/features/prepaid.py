"""Features of what is paid in advance: for how long a customer is paid up, where orders carry a term."""

from patron.features.attributes import TODAY
from patron.features.measures import combine, measure

__all__ = ["ALL", "PAID_AHEAD"]

DAY = 86_400
PAID_AHEAD = "paid_ahead"


@measure(theme="lifecycle", unit="days")
def paid_until(orders):
    """Day up to which is paid."""
    return (orders.paid_until.epoch_seconds() / DAY).max()


@combine(paid_until, TODAY, theme="lifecycle", unit="days")
def paid_ahead(paid, today):
    """Days for which is paid in advance; below zero since the term is over."""
    return paid - today


ALL = (paid_ahead,)
