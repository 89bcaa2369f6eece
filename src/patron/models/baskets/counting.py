"""Counting: what past baskets held, added up for each customer and each item.

Weights are added as whole numbers, so that sums do not depend on the order of entries.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from patron.models.baskets.lines import DAY, Lines, changes, microseconds

__all__ = [
    "FADES",
    "LATEST",
    "MONTH",
    "QUARTER",
    "YEAR",
    "Baskets",
    "baskets_of",
    "customer_items",
    "customer_visits",
    "groups",
    "held_before",
    "latest_baskets",
    "whole",
]

FADES = (7, 21, 60, 180)  # days after which a basket counts half
GROUP, WITHIN, ACROSS = 20, 0.95, 0.9  # baskets of a group, and how they and their groups fade
LATEST = 180
MONTH, QUARTER, YEAR = 30, 90, 365
WHOLE = 2**30


@dataclass(frozen=True)
class _Held:
    """What baskets held at a cutoff, each item of a basket once, in the order of customer, item and basket."""

    customer: np.ndarray
    item: np.ndarray
    basket: np.ndarray
    days: np.ndarray
    price: np.ndarray
    quantity: np.ndarray


@dataclass(frozen=True)
class Baskets:
    """What each past basket of some customers held, in the order of customer and item.

    Args:
        customers: their keys, in order.
        row: of each item of a basket the place of the customer, shape (n,).
        item: its place among the items of the lines, shape (n,).
        visit: the place of its basket among all of them, which are told by customer, the latest first, shape (n,).
        price: of a piece, shape (n,).
        quantity: shape (n,).
        visit_row: of each basket the place of the customer, shape (baskets,).
        days: of each basket, how long ago it was, shape (baskets,).
        place: of each basket, how many later ones the customer has, shape (baskets,).
    """

    customers: np.ndarray
    row: np.ndarray
    item: np.ndarray
    visit: np.ndarray
    price: np.ndarray
    quantity: np.ndarray
    visit_row: np.ndarray
    days: np.ndarray
    place: np.ndarray


def baskets_of(lines: Lines, cutoff: datetime, customers: np.ndarray) -> Baskets:
    """Return what each past basket of some customers, in the order of their keys, held."""
    place = pd.Index(customers).get_indexer(lines.customers)
    held = held_before(lines, cutoff, lines.known(cutoff) & (place >= 0)[lines.customer])
    row = place[held.customer]
    by_basket = np.argsort(held.basket, kind="stable")
    each = groups(held.basket[by_basket])
    visit_row, days = row[by_basket][each.starts], each.least(held.days[by_basket])
    order = np.lexsort((days, visit_row))
    number = np.empty(len(held.basket), np.int64)
    number[by_basket] = np.repeat(np.argsort(order), each.size)
    visit_row, days = visit_row[order], days[order]
    back = np.arange(len(order)) - np.searchsorted(visit_row, visit_row)
    return Baskets(customers, row, held.item, number, held.price, held.quantity, visit_row, days, back)


def customer_items(baskets: Baskets) -> pd.DataFrame:
    """Return what customers bought of each item so far, a row for each pair, in order: `row`, `item` and counts."""
    pair = groups(baskets.row, baskets.item)
    days, place = baskets.days[baskets.visit], baskets.place[baskets.visit]
    weights = {name: pair.sum(weight[baskets.visit]) for name, weight in _weights(baskets).items()}
    counts = {
        "row": baskets.row[pair.starts],
        "item": baskets.item[pair.starts],
        "n": pair.size,
        "last": pair.least(days),
        "first": pair.most(days),
        "place": pair.least(place),
        "n_5": pair.sum(place < GROUP // 4),
        "n_30": pair.sum(days <= MONTH),
        "season": pair.sum((days <= YEAR) & (days > YEAR - QUARTER)),
        "quantity": pair.known_sum(baskets.quantity),
        "price": pair.least(baskets.price),
        "spent": pair.known_sum(baskets.price * baskets.quantity),
    }
    return pd.DataFrame(counts | weights)


def customer_visits(baskets: Baskets) -> pd.DataFrame:
    """Return how customers shop, a row for each, in the order of their keys, which are the index."""
    row, days, few = baskets.visit_row, baskets.days, baskets.place < GROUP // 4
    held = np.bincount(baskets.visit, minlength=len(days))

    def total(values: np.ndarray, of: np.ndarray = row) -> np.ndarray:
        return np.bincount(of, weights=values, minlength=len(baskets.customers))

    each = groups(row)
    present = row[each.starts]
    visits = total(np.ones(len(row)))
    recency, age = np.full((2, len(visits)), np.nan)
    recency[present], age[present] = each.least(days), each.most(days)
    paid, priced = (total(v, baskets.row) for v in (np.nan_to_num(baskets.price), ~np.isnan(baskets.price)))
    sums = {
        "visits": visits,
        "recency": recency,
        "age": age,
        "size": _ratio(total(held), visits),
        "size_5": _ratio(total(held * few), total(few)),
        "visits_30": total(days <= MONTH),
        "visits_90": total(days <= QUARTER),
        "usual_price": _ratio(paid, priced),
        **{name: total(weight) for name, weight in _weights(baskets).items()},
    }
    return pd.DataFrame(sums, index=pd.Index(baskets.customers, name="customer"))


def latest_baskets(baskets: Baskets) -> pd.DataFrame:
    """Return what the baskets of the last months held: `basket`, a number, and `item`."""
    latest = baskets.days[baskets.visit] <= LATEST
    number = np.unique(baskets.visit[latest], return_inverse=True)[1]
    return pd.DataFrame({"basket": number, "item": baskets.item[latest]})


@dataclass(frozen=True)
class _Groups:
    """Neighbouring entries of equal keys: where each group starts, and how many entries it has."""

    starts: np.ndarray
    size: np.ndarray

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of each group."""
        return self._reduced(np.add, values.astype(np.int64) if values.dtype == bool else values)

    def known_sum(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of what is known in each group, nan where nothing is."""
        known = ~np.isnan(values)
        return np.where(self.sum(known) > 0, self.sum(np.where(known, values, 0.0)), np.nan)

    def least(self, values: np.ndarray) -> np.ndarray:
        """Return the least known value of each group, nan where none is."""
        return self._reduced(np.fmin, values)

    def most(self, values: np.ndarray) -> np.ndarray:
        """Return the largest known value of each group, nan where none is."""
        return self._reduced(np.fmax, values)

    def _reduced(self, of: np.ufunc, values: np.ndarray) -> np.ndarray:
        return np.asarray(of.reduceat(values, self.starts) if len(values) else values)


def groups(*keys: np.ndarray) -> _Groups:
    """Return the groups of neighbouring entries of equal keys."""
    starts = np.flatnonzero(changes(*keys))
    return _Groups(starts, np.diff(np.append(starts, len(keys[0]))))


def held_before(lines: Lines, cutoff: datetime, chosen: np.ndarray) -> _Held:
    """The baskets before a cutoff with what each held, once, of the entries chosen."""
    rows = np.flatnonzero(chosen & (lines.item >= 0))
    customer, item, basket = lines.customer[rows], lines.item[rows], lines.basket[rows]
    each = groups(item, basket)
    days = (microseconds(cutoff) - each.most(lines.at[rows])) / DAY
    price, quantity = each.least(lines.price[rows]), each.known_sum(lines.quantity[rows])
    return _Held(customer[each.starts], item[each.starts], basket[each.starts], days, price, quantity)


def _weights(baskets: Baskets) -> dict[str, np.ndarray]:
    """The weights of baskets: by their place in groups, as TIFU-KNN weighs them, and fading with the days."""
    grouped = WITHIN ** (baskets.place % GROUP) * ACROSS ** (baskets.place // GROUP)
    return {"grouped": whole(grouped), **{f"faded_{days}": whole(0.5 ** (baskets.days / days)) for days in FADES}}


def whole(weight: np.ndarray) -> np.ndarray:
    """Return weights as whole numbers of the smallest one."""
    return np.floor(weight * WHOLE + 0.5) / WHOLE


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
