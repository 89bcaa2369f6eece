"""Features of the money of a customer: what is usual, how it spreads and changes, and what comes back."""

from patron.features.measures import combine, decay, measure, standing
from patron.features.purchases import first_order, largest_order, last_order, mean_order, order_spread, spend
from patron.features.service import returns
from patron.periods import EVER, days

__all__ = ["ALL"]


@measure(windows=(*days(365), EVER), theme="value", unit="money")
def median_order(orders):
    """Value of the middle order."""
    return standing(orders).median()


@measure(theme="value", unit="money")
def smallest_order(orders):
    """Smallest order."""
    return standing(orders).min()


@measure(empty=0, theme="value", unit="money")
def fresh_spend(orders):
    """Money spent, each amount worth half after 30 days."""
    return (standing(orders).cast("float64") * decay(orders, 30)).sum()


@measure(empty=0, theme="value", unit="money")
def warm_spend(orders):
    """Money spent, each amount worth half after 180 days."""
    return (standing(orders).cast("float64") * decay(orders, 180)).sum()


@combine(last_order, mean_order.over(EVER), theme="value", unit="times")
def last_order_size(last_order, mean_order):
    """Value of the last order, in usual orders."""
    return last_order / mean_order.nullif(0)


@combine(first_order, mean_order.over(EVER), theme="lifecycle", unit="times")
def first_order_size(first_order, mean_order):
    """Value of the first order, in usual orders."""
    return first_order / mean_order.nullif(0)


@combine(mean_order.over(*days(365)), mean_order.over(EVER), theme="value", unit="times")
def value_trend(year, ever):
    """Usual value of the year's orders, in usual orders of all time."""
    return year / ever.nullif(0)


@combine(spend.over(*days(30)), spend.over(*days(90)), theme="value")
def spend_month_trend(recent, quarter):
    """Share of the last 90 days' money that was spent in the last 30 days."""
    return recent / quarter.nullif(0)


@measure(theme="service", unit="money")
def mean_return(returns):
    """Usual value of a return."""
    return returns.amount.mean()


@measure(theme="service", unit="money")
def largest_return(returns):
    """Largest return."""
    return returns.amount.max()


@measure(empty=0, theme="service", unit="returns")
def warm_returns(returns):
    """Returns, each worth half after 180 days."""
    return decay(returns, 180).sum()


@combine(returns.over(*days(90)), returns.over(*days(365)), theme="service")
def return_trend(recent, year):
    """Share of the year's returns that fell in the last 90 days."""
    return recent / year.nullif(0)


ALL = (
    median_order,
    smallest_order,
    largest_order.over(*days(365)),
    order_spread.over(*days(365)),
    fresh_spend,
    warm_spend,
    last_order_size,
    first_order_size,
    value_trend,
    spend_month_trend,
    mean_return,
    largest_return,
    warm_returns,
    return_trend,
)
