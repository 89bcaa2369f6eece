"""Features of what a customer buys: how often, how lately, for how much, how regularly."""

import ibis

from patron.features.measures import combine, measure, standing
from patron.periods import EVER, days

__all__ = ["ALL"]

WINDOWS = (*days(30, 90, 180, 365), EVER)
MONEY_WINDOWS = (*days(90, 365), EVER)


@measure(windows=WINDOWS, empty=0, unit="orders")
def orders(orders):
    """Orders placed."""
    return orders.count()


@measure(unit="days")
def recency(orders):
    """Days since the last order."""
    return orders.days_ago.min()


@measure(theme="lifecycle", unit="days")
def tenure(orders):
    """Days since the first order."""
    return orders.days_ago.max()


@measure(windows=days(365), empty=0, unit="months")
def active_months(orders):
    """Months with an order."""
    return (orders.days_ago / 30.4375).floor().nunique()


@measure(windows=(*days(30), *MONEY_WINDOWS), empty=0, theme="value", unit="money")
def spend(orders):
    """Money spent."""
    return standing(orders).sum()


@measure(windows=MONEY_WINDOWS, theme="value", unit="money")
def mean_order(orders):
    """Usual value of an order."""
    return standing(orders).mean()


@measure(windows=(EVER,), theme="value", unit="money")
def largest_order(orders):
    """Largest order."""
    return standing(orders).max()


@measure(windows=(EVER,), theme="value", unit="money")
def order_spread(orders):
    """Spread of the value of orders."""
    return standing(orders).cast("float64").std()


def _in_turn(orders, days_ago):
    """Order by time, then by amount, so that of orders at one instant the same one counts in every run."""
    return ibis.struct({"days_ago": days_ago, "amount": standing(orders)})


def _stands(orders):
    """Leave out orders that were all taken back; of an order without an amount nothing can be."""
    return standing(orders).notnull() | orders.amount.isnull()


@measure(theme="value", unit="money")
def last_order(orders):
    """Value of the last order."""
    return standing(orders).argmin(_in_turn(orders, orders.days_ago), where=_stands(orders))


@measure(theme="lifecycle", unit="money")
def first_order(orders):
    """Value of the first order."""
    return standing(orders).argmax(_in_turn(orders, orders.days_ago), where=_stands(orders))


@combine(tenure, recency, orders.over(EVER), unit="days")
def usual_gap(tenure, recency, orders):
    """Usual days between orders."""
    return (tenure - recency) / (orders - 1).nullif(0)


@combine(recency, tenure, orders.over(EVER), unit="times")
def overdue(recency, tenure, orders):
    """Time since the last order, in usual gaps."""
    return recency * (orders - 1) / (tenure - recency).nullif(0)


@combine(orders.over(*days(90)), orders.over(*days(365)))
def order_trend(recent, year):
    """Share of the year's orders that fell in the last 90 days."""
    return recent / year.nullif(0)


@combine(spend.over(*days(90)), spend.over(*days(365)), theme="value")
def spend_trend(recent, year):
    """Share of the year's money that was spent in the last 90 days."""
    return recent / year.nullif(0)


ALL = (
    orders,
    recency,
    tenure,
    active_months,
    spend,
    mean_order,
    largest_order,
    order_spread,
    last_order,
    first_order,
    usual_gap,
    overdue,
    order_trend,
    spend_trend,
)
