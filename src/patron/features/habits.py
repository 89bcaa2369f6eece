"""Features of the rhythm of a customer: the time between orders, how steady it is, and how fresh the activity."""

import ibis

from patron.features.measures import combine, decay, measure
from patron.features.purchases import orders, recency, tenure
from patron.periods import EVER, days

__all__ = ["ALL"]


@measure(empty=0, unit="orders")
def fresh_orders(orders):
    """Orders, each worth half after 30 days."""
    return decay(orders, 30).sum()


@measure(empty=0, unit="orders")
def warm_orders(orders):
    """Orders, each worth half after 180 days."""
    return decay(orders, 180).sum()


@measure(unit="days")
def mean_gap(orders):
    """Mean days between orders."""
    return orders.days_between.mean()


@measure(unit="days")
def gap_spread(orders):
    """Spread of the days between orders."""
    return orders.days_between.std()


@measure(unit="days")
def longest_gap(orders):
    """Longest time between two orders."""
    return orders.days_between.max()


@measure(unit="days")
def last_gap(orders):
    """Days between the last two orders."""
    turn = ibis.struct({"days_ago": orders.days_ago, "gap": orders.days_between})
    return orders.days_between.argmin(turn)


@measure()
def weekend_orders(orders):
    """Orders placed on a weekend."""
    return orders.count(where=orders["at"].day_of_week.index() >= 5)


@combine(gap_spread, mean_gap, unit="times")
def unsteadiness(gap_spread, mean_gap):
    """Spread of the days between orders, in mean gaps."""
    return gap_spread / mean_gap.nullif(0)


@combine(last_gap, mean_gap, unit="times")
def gap_change(last_gap, mean_gap):
    """Days between the last two orders, in mean gaps."""
    return last_gap / mean_gap.nullif(0)


@combine(recency, longest_gap, unit="times")
def overdue_longest(recency, longest_gap):
    """Time since the last order, in longest gaps."""
    return recency / longest_gap.nullif(0)


@combine(weekend_orders, orders.over(EVER))
def weekend_share(weekend_orders, orders):
    """Share of orders placed on a weekend."""
    return weekend_orders / orders.nullif(0)


@combine(orders.over(*days(30)), orders.over(*days(90)))
def month_trend(recent, quarter):
    """Share of the last 90 days' orders that fell in the last 30 days."""
    return recent / quarter.nullif(0)


@combine(orders.over(EVER), tenure, theme="lifecycle", unit="orders")
def order_rate(orders, tenure):
    """Orders in each day since the first."""
    return orders / tenure.nullif(0)


@combine(recency, tenure, theme="lifecycle")
def quiet_share(recency, tenure):
    """Share of the time since the first order that has passed since the last."""
    return recency / tenure.nullif(0)


ALL = (
    fresh_orders,
    warm_orders,
    gap_spread,
    longest_gap,
    last_gap,
    unsteadiness,
    gap_change,
    overdue_longest,
    weekend_share,
    month_trend,
    order_rate,
    quiet_share,
)
