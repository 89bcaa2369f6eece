"""Buying style: how far customers buy at a discount, cheaply or always one brand, and which stage of loyalty that is.

Behaviour alone tells it: nobody was asked what they feel.
"""

from collections.abc import Mapping
from datetime import datetime

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.features.measures import standing
from patron.history.history import History
from patron.periods import Span
from patron.portfolio.exact_sums import exact
from patron.portfolio.loyalty import LIKELY

__all__ = ["STAGES", "STYLE", "buying_style", "loyalty_stage", "with_style"]

YEAR = Span(365)
STYLE: Mapping[str, str] = {
    "discount_share": "the discount and the amount",
    "price_index": "the price, quantity and category",
    "brand_concentration": "the brand and category",
}
"""How customers bought, and the columns that tell it."""
MOSTLY, CHEAP, LOYAL, OFTEN, AGAIN = 0.5, 0.8, 0.8, 3, 2
STAGES: Mapping[str, str] = {
    "price-driven": "at least half of the money of a year went into orders at a discount",
    "affective": "mostly at the full price, one order within a year",
    "intention": "mostly at the full price, two orders or more within a year",
    "action": "mostly at the full price, three orders or more within a year, and expected back",
    "silent": "no order within a year",
}
"""Each stage of loyalty with its rule, the weakest first, and who has none."""


def buying_style(history: History, cutoff: datetime) -> pd.DataFrame:
    """Return how customers bought within the last year, a row for each who did, as far as columns tell it.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.

    Returns:
        by customer: `orders_of_year`; `discount_share`, the share of the money that went into rows with a discount,
        net of returns, where a line counts by the part that is left of its order;
        `price_index`, what was paid for pieces by what the same pieces cost at the usual price of their category;
        `brand_concentration`, from 0 to 1, the Herfindahl index of brands within a category, weighed by purchases.
    """
    orders = history.past("orders", cutoff, YEAR)
    table = orders.group_by("customer").aggregate(orders_of_year=orders.count()).to_pandas().set_index("customer")
    for name in (name for name in ("orders", "lines") if name in history.tables):
        rows = history.past(name, cutoff, YEAR)
        columns = set(rows.columns)
        if {"discount", "amount"} <= columns:
            table["discount_share"] = _by_customer(_discount_share(_with_money(history, cutoff, name, rows)))
        if {"price", "quantity", "category"} <= columns:
            table["price_index"] = _by_customer(_price_index(rows))
        if {"brand", "category"} <= columns:
            table["brand_concentration"] = _by_customer(_brand_concentration(rows))
    return table


def loyalty_stage(customers: pd.DataFrame) -> np.ndarray:
    """Return the stage of loyalty of each customer, shape (n,).

    Args:
        customers: `orders_of_year` and `discount_share`, missing for who ordered nothing; `purchase_probability`.

    Source: L. C. Harris and M. M. H. Goode, The four levels of loyalty, Journal of Retailing 80 (2004), after R. L.
    Oliver, Whence consumer loyalty?, Journal of Marketing 63 (1999); what stands for a stage is Patron's choice.

    >>> customers = pd.DataFrame({"orders_of_year": [5, 5, 2, 1, None], "discount_share": [0.6, 0, 0, 0, None],
    ...                           "purchase_probability": [0.9, 0.9, 0.9, 0.2, 0.1]})
    >>> loyalty_stage(customers).tolist()
    ['price-driven', 'action', 'intention', 'affective', 'silent']
    """
    count, back = customers.orders_of_year.fillna(0), customers.purchase_probability >= LIKELY
    stages = ["silent", "price-driven", "action", "intention"]
    rules = [count == 0, customers.discount_share >= MOSTLY, (count >= OFTEN) & back, count >= AGAIN]
    return np.asarray(np.select(rules, stages, "affective"), dtype=object)


def with_style(history: History, cutoff: datetime, customers: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return customers with their buying style and stage of loyalty, and what could not be told, with why.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        customers: everybody who ordered before it, with `purchase_probability` where it is known.

    Returns:
        the customers with the columns of `buying_style`; `budget_conscious`, who buy mostly at a discount, or cheaper
        than usual by a fifth; `brand_loyal`, whose brands are concentrated to .8 or more over three orders or more; and
        `loyalty_stage`.
    """
    style = buying_style(history, cutoff)
    unknown = [name for name in STYLE if name not in style]
    left_out = {name.replace("_", " "): f"It needs {STYLE[name]} of orders or lines. Declare them." for name in unknown}
    if len(unknown) == len(STYLE):
        return customers, left_out
    known = pd.concat([customers, style.reindex(customers.customer).set_axis(customers.index)], axis=1)
    budget = [known.discount_share >= MOSTLY] if "discount_share" in known else []
    budget += [known.price_index <= CHEAP] if "price_index" in known else []
    if budget:
        known["budget_conscious"] = np.logical_or.reduce(budget)
    if "brand_concentration" in known:
        known["brand_loyal"] = (known.brand_concentration >= LOYAL) & (known.orders_of_year >= OFTEN)
    if "discount_share" not in known or "purchase_probability" not in known:
        why = "They need the discount of orders, and equity. Declare discount = '...'."
        return known, left_out | {"stages of loyalty": why}
    return known.assign(loyalty_stage=loyalty_stage(known)), left_out


def _by_customer(ratio: Table) -> pd.Series:
    return ratio.to_pandas().set_index("customer").value.astype(float)


def _with_money(history: History, cutoff: datetime, name: str, rows: Table) -> Table:
    """Return orders or lines with the `money` of each that returns left."""
    if name == "orders":
        return rows.mutate(money=standing(rows).fill_null(0))
    orders = history.past("orders", cutoff, YEAR)
    if "returns" not in history.tables or "amount" not in orders.columns:
        return rows.mutate(money=rows.amount.fill_null(0))
    key = ["customer", "order" if "order" in rows.columns and "order" in orders.columns else "at"]
    kept, sold = (money.fill_null(0).sum().cast("float64") for money in (standing(orders), orders.amount))
    parts = rows.left_join(orders.group_by(key).aggregate(left=kept / sold.nullif(0.0)), key)
    return parts.mutate(money=exact(parts.amount.cast("float64").fill_null(0.0) * parts.left.fill_null(1.0)))


def _discount_share(rows: Table) -> Table:
    cheap = (rows.discount.fill_null(0) > 0).ifelse(rows.money, 0)
    sums = rows.group_by("customer").aggregate(cheap=cheap.sum(), all=rows.money.sum())
    return sums.select("customer", value=sums.cheap.cast("float64") / sums["all"].cast("float64").nullif(0.0))


def _price_index(rows: Table) -> Table:
    priced = rows.filter(rows.category.notnull(), rows.price > 0, rows.quantity > 0)
    quantity = priced.quantity.cast("float64")
    kind = ibis.window(group_by="category")
    usual = exact(priced.price).sum().over(kind).cast("float64") / priced.count().over(kind)
    beside = priced.mutate(paid=exact(priced.price.cast("float64") * quantity), cost=exact(usual * quantity))
    paid, cost = (money.sum().cast("float64") for money in (beside.paid, beside.cost))
    return beside.group_by("customer").aggregate(value=paid / cost)


def _brand_concentration(rows: Table) -> Table:
    named = rows.filter(rows.category.notnull(), rows.brand.notnull())
    brands = named.group_by(["customer", "category", "brand"]).aggregate(n=named.count())
    squares = (brands.n.cast("float64") ** 2).sum()
    kinds = brands.group_by(["customer", "category"]).aggregate(n=brands.n.sum(), squares=squares)
    return kinds.group_by("customer").aggregate(value=exact(kinds.squares / kinds.n).sum() / kinds.n.sum())
