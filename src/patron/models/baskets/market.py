"""Market: what is known at a cutoff of all items, and of the customers that others are likened to.

At most `PEERS` customers are drawn to be likened to, so that the work grows with the customers and not with their
square.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from patron.models.baskets.counting import (
    Baskets,
    baskets_of,
    customer_items,
    customer_visits,
    latest_baskets,
)
from patron.models.baskets.lines import Lines, LineSource, next_baskets_before
from patron.models.baskets.sales import Sales
from patron.models.baskets.sparse import Sparse, at, largest, matrix_of, unit_rows
from patron.periods import Span

__all__ = ["Buyers", "Market", "buyers_of", "market_at"]

PEERS = 1_500
PARTNERS, PARTNER_ITEMS, RARE = 30, 5_000, 5


@dataclass(frozen=True)
class Buyers:
    """Some customers with what they bought so far.

    Args:
        customers: their keys, in order.
        visits: their baskets, a row for each of them.
        pairs: what they bought of each item, a row for each pair.
        row: of each pair the place of the customer, shape (pairs,).
        column: of each pair the place of the item, shape (pairs,).
        share: by customer and item, the share of baskets with the item, late baskets weighing more.
    """

    customers: np.ndarray
    visits: pd.DataFrame
    pairs: pd.DataFrame
    row: np.ndarray
    column: np.ndarray
    share: Sparse


@dataclass(frozen=True)
class Market:
    """What is known at a cutoff of all items and customers.

    Args:
        cutoff: the instant.
        items: all that was ever sold, in order.
        sales: how each item sold.
        category: of each item the place of its category, shape (items,).
        active: the customers asked about, in order.
        peers: those of them that others are likened to.
        likeness: the peers' shares of items at length one.
        recent: by peer and item, how often it was bought in the last month.
        earlier: customers a horizon ago who bought since: their shares of items then, at length one.
        bought: what their first basket since then held.
        partners: by item and item, how often both are in one basket, beside how often they are in any.
    """

    cutoff: datetime
    items: pd.Index
    sales: pd.DataFrame
    category: np.ndarray
    active: np.ndarray
    peers: Buyers
    likeness: Sparse
    recent: Sparse
    earlier: Sparse
    bought: Sparse
    partners: Sparse


def market_at(lines: LineSource, cutoff: datetime, active_in: Span, horizon: Span, seed: int) -> Market:
    """Return the market of a history at a cutoff, of whom all lines pass by once; customers are drawn by the seed."""
    rng = np.random.default_rng(seed)
    sales, active, again = _passed(lines, cutoff, active_in, horizon)
    items, drawn = pd.Index(sales.index), _drawn(active, rng)
    baskets = baskets_of(lines.of(drawn), cutoff, drawn)
    number = items.get_indexer(lines.items)
    peers = _buyers(baskets, number)
    bought_30 = matrix_of(peers.row, peers.column, peers.pairs.n_30.to_numpy(), peers.share.shape)
    bought_30.eliminate_zeros()
    then = _drawn(again, rng)
    earlier, bought = _a_horizon_ago(lines.of(then), cutoff, horizon, items, then)
    category = pd.factorize(lines.category[number >= 0])[0]
    partners = _partners(latest_baskets(baskets), number)
    likeness = unit_rows(peers.share)
    return Market(cutoff, items, sales, category, active, peers, likeness, bought_30, earlier, bought, partners)


def buyers_of(lines: Lines, cutoff: datetime, customers: np.ndarray, items: pd.Index) -> Buyers:
    """Return some customers, in the order of their keys, with what they bought before a cutoff."""
    return _buyers(baskets_of(lines, cutoff, customers), items.get_indexer(lines.items))


def _passed(
    lines: LineSource, cutoff: datetime, active_in: Span, horizon: Span
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """How each item sold, who is asked about, and who bought within the horizon that ended at a cutoff."""
    sales, active, again = Sales.of(len(lines.items)), [], []
    for part in lines.parts():
        sales = sales.plus(part, cutoff)
        active.append(part.active(cutoff, active_in))
        again.append(next_baskets_before(part, cutoff, horizon)["customer"].unique())
    return sales.table(lines.items), np.concatenate(active), np.concatenate(again)


def _buyers(baskets: Baskets, number: np.ndarray) -> Buyers:
    visits, pairs = customer_visits(baskets), customer_items(baskets)
    row, column = pairs.pop("row").to_numpy(), number[pairs.pop("item")]
    share = pairs.grouped.to_numpy() / visits.grouped.to_numpy()[row]
    shape = (len(visits), int(number.max(initial=-1)) + 1)
    return Buyers(baskets.customers, visits, pairs, row, column, matrix_of(row, column, share, shape))


def _drawn(customers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if len(customers) <= PEERS:
        return customers
    return customers[np.sort(rng.choice(len(customers), PEERS, replace=False))]


def _a_horizon_ago(
    lines: Lines, cutoff: datetime, horizon: Span, items: pd.Index, customers: np.ndarray
) -> tuple[Sparse, Sparse]:
    """What customers who bought since looked like a horizon ago, and what they bought next."""
    bought = next_baskets_before(lines, cutoff, horizon)
    known = buyers_of(lines, horizon.before(cutoff), customers, items)
    weights = matrix_of(known.row, known.column, known.pairs.grouped.to_numpy(), known.share.shape)
    row, column = pd.Index(customers).get_indexer(bought["customer"]), items.get_indexer(bought["item"])
    return unit_rows(weights), matrix_of(row, column, np.ones(len(row)), known.share.shape)


def _partners(held: pd.DataFrame, number: np.ndarray) -> Sparse:
    """How much likelier two items are in one basket than chance would have it; of the items that sell most."""
    width = int(number.max(initial=-1)) + 1
    shape = (int(held.basket.max()) + 1 if len(held) else 0, width)
    baskets = matrix_of(held.basket.to_numpy(), number[held["item"]], np.ones(len(held)), shape)
    counts = np.asarray(baskets.sum(axis=0)).ravel()
    often = np.flatnonzero(counts >= RARE)
    often = np.sort(often[np.argsort(-counts[often], kind="stable")[:PARTNER_ITEMS]])
    some = baskets[:, often]
    both = (some.T @ some).tocsr()
    both.setdiag(0)
    both.eliminate_zeros()
    rarity = 1.0 / np.sqrt(counts[often] + RARE)
    both = both.multiply(rarity[:, None]).multiply(rarity[None, :]).tocsr()
    row, column = largest(both, PARTNERS)
    return matrix_of(often[row], often[column], at(both, row, column), (width, width))
