"""Contents: what past baskets held, added up by the engine for each customer and each item.

A basket is what one customer bought by one order on one day, or at one instant where no order is named. Items stand
for categories too, where categories are asked about. Weights are added as whole numbers, so that sums do not depend
on the order of rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.errors import QuestionError, listed
from patron.history.history import History
from patron.history.order_lines import PART, with_parts
from patron.periods import EVER, Span

__all__ = [
    "FADES",
    "LATEST",
    "active_customers",
    "basket_kinds",
    "baskets_of",
    "check_contents",
    "customer_items",
    "customer_shares",
    "customer_visits",
    "item_categories",
    "item_names",
    "item_sales",
    "latest_baskets",
    "next_baskets",
    "next_baskets_before",
]

FADES = (7, 21, 60, 180)  # days after which a basket counts half
GROUP, WITHIN, ACROSS = 20, 0.95, 0.9  # baskets of a group, and how they and their groups fade
LATEST = 180
MONTH, QUARTER, YEAR = 30, 90, 365
WHOLE = 2**30
BASKET = ("customer", "order", PART)
NAME = "item_name"


def basket_kinds(history: History) -> tuple[str, ...]:
    """Return what baskets can be told in: category, item, both or neither."""
    columns = history["lines"].columns if "lines" in history.tables else ()
    return tuple(by for by in ("category", "item") if by in columns)


def check_contents(history: History, by: str) -> None:
    """Refuse a history that does not say what its baskets held.

    Raises:
        QuestionError: there are no order lines, or they have no such column.
    """
    if "lines" not in history.tables or by not in history["lines"].columns:
        held = listed(history["lines"].columns) if "lines" in history.tables else "no order lines"
        raise QuestionError(
            f"What is bought next needs the {by} of each order line. This history has: {held}. "
            f"Declare it at the door: lines = pt.events(..., {by} = '...')."
        )


def active_customers(history: History, cutoff: datetime, active_in: Span) -> np.ndarray:
    """Return who is asked about, in the order of their keys."""
    orders = history.past("orders", cutoff, active_in)
    return np.sort(orders.select("customer").distinct().to_pyarrow()["customer"].to_numpy(zero_copy_only=False))


def item_sales(history: History, cutoff: datetime, by: str) -> pd.DataFrame:
    """Return how each item sold to all customers, in the order of the items, which are the index."""
    held = _held(history, cutoff, EVER, by)
    recent = {f"sold_{span}": _count(held.days_ago <= span) for span in (MONTH, QUARTER, YEAR)}
    season = _count((held.days_ago <= YEAR) & (held.days_ago > YEAR - QUARTER))
    mine = held.group_by(["customer", "item"]).aggregate(
        n=held.count(),
        last=held.days_ago.min(),
        first=held.days_ago.max(),
        season=season,
        paid=held.price.sum(),
        priced=held.price.count(),
        **recent,
    )
    again = mine.n > 1
    sales = mine.group_by("item").aggregate(
        sold_last=mine["last"].min(),
        sold_first=mine["first"].max(),
        sold_season=mine.season.sum(),
        buyers=mine.count(),
        rebuyers=_count(again),
        span=_whole(again.ifelse(mine["first"] - mine["last"], 0.0)),
        gaps=(mine.n - 1).sum(),
        paid=mine.paid.sum(),
        priced=mine.priced.sum(),
        **{name: mine[name].sum() for name in recent},
    )
    frame = _frame(sales, ["item"]).set_index("item")
    frame["rebuy_rate"] = frame.rebuyers / frame.buyers
    frame["item_gap"] = (frame.pop("span") / WHOLE / frame.pop("gaps")).where(frame.pop("rebuyers") > 0)
    frame["item_price"] = frame.pop("paid").astype("float64") / frame.pop("priced").replace(0, np.nan)
    return frame


def baskets_of(history: History, cutoff: datetime, by: str, customers: Sequence[str] | np.ndarray) -> Table:
    """Return what each past basket of some customers held, with its `place` counted back from their latest."""
    rows = _held(history, cutoff, EVER, by)
    held = rows.semi_join(ibis.memtable({"customer": np.asarray(customers, dtype=object)}), "customer")
    timed = held.mutate(days=held.days_ago.min().over(ibis.window(group_by=[held[key] for key in BASKET])))
    back = ibis.window(group_by=timed.customer, order_by=[timed.days, timed.order, timed[PART]])
    return timed.mutate(place=ibis.dense_rank().over(back)).cache()


def customer_items(baskets: Table) -> pd.DataFrame:
    """Return what customers bought of each item so far, a row for each pair, in order."""
    pairs = baskets.group_by(["customer", "item"]).aggregate(
        n=baskets.count(),
        last=baskets.days.min(),
        first=baskets.days.max(),
        place=baskets.place.min(),
        n_5=_count(baskets.place < GROUP // 4),
        n_30=_count(baskets.days <= MONTH),
        season=_count((baskets.days <= YEAR) & (baskets.days > YEAR - QUARTER)),
        quantity=baskets.quantity.sum().cast("float64"),
        price=baskets.price.min().cast("float64"),
        spent=(baskets.price * baskets.quantity).sum().cast("float64"),
        grouped=_whole(_grouped(baskets)),
        **{f"faded_{days}": _whole(_faded(baskets, days)) for days in FADES},
    )
    return _in_weights(_frame(pairs, ["customer", "item"]))


def customer_shares(baskets: Table) -> pd.DataFrame:
    """Return the weight of each item in the baskets of customers, a row for each pair, in order."""
    pairs = baskets.group_by(["customer", "item"]).aggregate(grouped=_whole(_grouped(baskets)))
    return _in_weights(_frame(pairs, ["customer", "item"]))


def customer_visits(baskets: Table) -> pd.DataFrame:
    """Return how customers shop, a row for each, in the order of their keys, which are the index."""
    visits = baskets.group_by(["customer", "place"]).aggregate(
        days=baskets.days.min(), held=baskets.count(), paid=baskets.price.sum(), priced=baskets.price.count()
    )
    few = visits.place < GROUP // 4
    sums = visits.group_by("customer").aggregate(
        visits=visits.count(),
        recency=visits.days.min(),
        age=visits.days.max(),
        size=visits.held.sum() / visits.count(),
        size_5=few.ifelse(visits.held, 0).sum() / _count(few),
        visits_30=_count(visits.days <= MONTH),
        visits_90=_count(visits.days <= QUARTER),
        usual_price=visits.paid.sum().cast("float64") / visits.priced.sum().nullif(0),
        grouped=_whole(_grouped(visits)),
        **{f"faded_{days}": _whole(_faded(visits, days)) for days in FADES},
    )
    return _in_weights(_frame(sums, ["customer"])).set_index("customer")


def latest_baskets(baskets: Table) -> pd.DataFrame:
    """Return what the baskets of the last months held: `basket`, a number, and `item`."""
    latest = baskets.filter(baskets.days <= LATEST)
    frame = _frame(latest.select("customer", "place", "item"), ["customer", "place", "item"])
    keys = frame[["customer", "place"]]
    return pd.DataFrame({"basket": (keys != keys.shift()).any(axis=1).cumsum() - 1, "item": frame["item"]})


def next_baskets(history: History, cutoff: datetime, horizon: Span, by: str) -> pd.DataFrame:
    """Return what the first basket of each customer within a horizon held: `customer` and `item`, in order.

    Raises:
        QuestionError: the horizon has not passed.
    """
    history.check_passed(cutoff, horizon)
    future = history.future("lines", cutoff, horizon)
    return _first(future.mutate(days_before=-future.days_ahead), by)


def next_baskets_before(history: History, cutoff: datetime, horizon: Span, by: str) -> pd.DataFrame:
    """Return the same of the horizon that ended at a cutoff, as far as it was known by then."""
    past = history.past("lines", cutoff, horizon)
    return _first(past.mutate(days_before=past.days_ago), by)


def item_names(history: History, by: str) -> dict[str, str]:
    """Return what each item is called most often, where a column of the lines gives names."""
    lines = history["lines"]
    if by != "item" or NAME not in lines.columns:
        return {}
    known = lines.filter(lines["item"].notnull(), lines[NAME].notnull())
    counts = known.group_by(["item", NAME]).aggregate(n=known.count())
    frame = counts.to_pyarrow().to_pandas().sort_values(["n", NAME], ascending=[False, True])
    return dict(frame.drop_duplicates("item").set_index("item")[NAME].sort_index())


def item_categories(history: History, by: str) -> dict[str, str]:
    """Return the category of each item, where the lines have both."""
    lines = history["lines"]
    if by != "item" or "category" not in lines.columns:
        return {}
    known = lines.filter(lines["item"].notnull(), lines.category.notnull())
    frame = known.group_by("item").aggregate(category=known.category.min()).to_pyarrow().to_pandas()
    return dict(frame.set_index("item").category.sort_index())


def _held(history: History, cutoff: datetime, window: Span, by: str) -> Table:
    """The past baskets with what each held, once: price of a piece and quantity are null where they are unknown."""
    return _contents(history.past("lines", cutoff, window), by)


def _contents(lines: Table, by: str) -> Table:
    named = _parted(lines)
    known = named.filter(named[by].notnull()).mutate(item=named[by])
    price, quantity = (known[c] if c in known.columns else ibis.null("decimal(18, 4)") for c in ("price", "quantity"))
    if "price" not in known.columns and {"amount", "quantity"} <= set(known.columns):
        price = (known.amount / known.quantity.nullif(0)).cast("decimal(18, 4)")
    rows = known.select(*BASKET, "item", "days_ago", price=price, quantity=quantity)
    return rows.group_by([*BASKET, "item"]).aggregate(
        days_ago=rows.days_ago.min(), price=rows.price.min(), quantity=rows.quantity.sum()
    )


def _parted(lines: Table) -> Table:
    """Lines with the keys of their basket, none of them null."""
    parted = with_parts(lines)
    return parted.mutate(order=parted.order.fill_null("") if "order" in parted.columns else ibis.literal(""))


def _first(lines: Table, by: str) -> pd.DataFrame:
    named = _parted(lines)
    first = named.group_by("customer").aggregate(days_before=named.days_before.max())
    begun = named.semi_join(first, ["customer", "days_before"]).select(*BASKET).distinct()
    held = named.semi_join(begun, list(BASKET))
    return _frame(held.filter(held[by].notnull()).select("customer", item=held[by]).distinct(), ["customer", "item"])


def _grouped(rows: Table) -> Any:
    """The weight of a basket by its place: in groups, as TIFU-KNN weighs them."""
    return ibis.literal(WITHIN) ** (rows.place % GROUP) * ibis.literal(ACROSS) ** (rows.place / GROUP).floor()


def _faded(rows: Table, days: int) -> Any:
    return ibis.literal(0.5) ** (rows.days / days)


def _count(condition: Any) -> Any:
    return condition.cast("int64").sum()


def _whole(weight: Any) -> Any:
    return (weight * WHOLE).round().cast("int64").sum()


def _in_weights(frame: pd.DataFrame) -> pd.DataFrame:
    weighted = [name for name in frame if name == "grouped" or name.startswith("faded_")]
    return frame.assign(**{name: frame[name] / WHOLE for name in weighted})


def _frame(rows: Table, keys: list[str]) -> pd.DataFrame:
    return rows.to_pyarrow().to_pandas().sort_values(keys, ignore_index=True)
