"""Candidates: what each customer's next basket might hold, with what is known of customer and item.

Training and scoring take them from here. They are computed in blocks of customers, so that memory does not grow with
their number.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.models.baskets.counting import FADES
from patron.models.baskets.market import Buyers, Market
from patron.models.baskets.sparse import Sparse, at, largest, matrix_of, mixed, unit_rows

__all__ = ["COLUMNS", "Candidates", "candidates"]

BLOCK = 400
NEIGHBOURS = 100
OWN, LIKE, NEXT, PARTNERS, POPULAR = 60, 12, 15, 10, 20
OF_PAIR = ("n", "n_5", "n_30", "season", "grouped", *(f"faded_{days}" for days in FADES))
OF_VISITS = ("visits", "recency", "age", "size", "size_5", "visits_30", "visits_90")
OF_SALES = ("sold_last", "sold_first", "rebuy_rate", "item_gap", "item_price")
OF_MARKET = ("sold_30", "sold_90", "sold_365", "sold_season", "buyers")  # counts grow with the business, shares do not
OF_OWN = ("last", "first", "place", "quantity", "price", "spent")
COLUMNS = (
    *OF_PAIR,
    *OF_OWN,
    *OF_VISITS,
    *OF_SALES,
    *(f"{name}_share" for name in OF_MARKET),
    "own_share",
    *(f"share_{days}" for days in FADES),
    "gap",
    "cadence",
    "item_cadence",
    "usual_cadence",
    "since_last_visit",
    "trend_30",
    "trend_90",
    "price_ratio",
    "category_rate",
    "like_share",
    "like_recent",
    "like_next",
    "partner",
)


@dataclass(frozen=True)
class Candidates:
    """What some customers might buy next, those of one customer one below the other.

    Args:
        customers: keys of the customers, in order.
        items: all items.
        row: of each candidate the place of its customer, shape (n,).
        column: of each candidate the place of its item, shape (n,).
        X: what is known of it: `COLUMNS`, and in how many baskets of the last 30 days it was (`sold_30`).
    """

    customers: np.ndarray
    items: pd.Index
    row: np.ndarray
    column: np.ndarray
    X: pd.DataFrame


@dataclass(frozen=True)
class _Mixes:
    """What is likely of items by those around a block of customers: each of shape (customers, items)."""

    like_share: Sparse
    like_recent: Sparse
    like_next: Sparse
    partner: Sparse


def candidates(market: Market, buyers: Buyers, allowed: np.ndarray | None = None) -> Candidates:
    """Return what customers might buy next.

    Args:
        market: at the cutoff.
        buyers: the customers, at the same cutoff.
        allowed: whether each item may be a candidate, shape (items,); all unless given.
    """
    parts = list(_blocks(market, buyers, np.ones(len(market.items), bool) if allowed is None else allowed))
    row, column = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    X = pd.concat([part[2] for part in parts], ignore_index=True)
    return Candidates(buyers.customers, market.items, row, column, X)


def _blocks(
    market: Market, buyers: Buyers, allowed: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, pd.DataFrame]]:
    peer = pd.Index(market.peers.customers).get_indexer(buyers.customers)
    likeness = unit_rows(buyers.share)
    categories = _category_rates(market, buyers)
    popular = np.argsort(-market.sales.sold_30.to_numpy() * allowed, kind="stable")[:POPULAR]
    popular = popular[allowed[popular]]
    for start in range(0, max(len(buyers.customers), 1), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(buyers.customers)))
        mixes = _mixes(market, buyers, likeness, rows, peer[rows])
        row, column = _pairs(buyers.share[rows], mixes, popular, allowed)
        X = _columns(market, buyers, rows[row], column)
        around = {name: at(getattr(mixes, name), row, column) for name in COLUMNS if hasattr(mixes, name)}
        X |= around | {"category_rate": at(categories, rows[row], market.category[column])}
        yield (
            rows[row],
            column,
            pd.DataFrame({name: np.asarray(X[name], dtype=np.float32) for name in (*COLUMNS, "sold_30")}),
        )


def _mixes(market: Market, buyers: Buyers, likeness: Sparse, rows: np.ndarray, peer: np.ndarray) -> _Mixes:
    like = (likeness[rows] @ market.likeness.T).toarray()
    themselves = np.flatnonzero(peer >= 0)
    like[themselves, peer[themselves]] = 0.0
    like_next = (likeness[rows] @ market.earlier.T).toarray()
    return _Mixes(
        mixed(like, market.peers.share, NEIGHBOURS),
        mixed(like, market.recent, NEIGHBOURS),
        mixed(like_next, market.bought, NEIGHBOURS),
        (buyers.share[rows] @ market.partners).tocsr(),
    )


def _pairs(share: Sparse, mixes: _Mixes, popular: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The candidates of a block: row in the block and column of each, once, in order."""
    count, width = share.shape
    sources = (
        (share, OWN),
        (mixes.like_share, LIKE),
        (mixes.like_recent, LIKE),
        (mixes.like_next, NEXT),
        (mixes.partner, PARTNERS),
    )
    chosen = [_numbered(*largest(_only(matrix, allowed), most), width) for matrix, most in sources]
    chosen.append(_numbered(np.repeat(np.arange(count), len(popular)), np.tile(popular, count), width))
    both = np.zeros(count * width, bool)
    both[np.concatenate(chosen)] = True
    return np.divmod(np.flatnonzero(both), max(width, 1))


def _only(matrix: Sparse, allowed: np.ndarray) -> Sparse:
    if allowed.all():
        return matrix
    kept = matrix.multiply(allowed[None, :].astype(np.float32)).tocsr()
    kept.eliminate_zeros()
    return kept


def _numbered(row: np.ndarray, column: np.ndarray, width: int) -> np.ndarray:
    return row.astype(np.int64) * width + column


def _category_rates(market: Market, buyers: Buyers) -> Sparse:
    count = len(market.category)
    belongs = matrix_of(
        np.arange(count), market.category, np.ones(count), (count, int(market.category.max(initial=0)) + 1)
    )
    return (buyers.share @ belongs).tocsr()


def _columns(market: Market, buyers: Buyers, row: np.ndarray, column: np.ndarray) -> dict[str, np.ndarray]:
    """What is known of customer and item alone; of an item that was never bought the counts are 0, the rest unknown."""
    visits = {name: buyers.visits[name].to_numpy(np.float64)[row] for name in buyers.visits}
    sales = {name: market.sales[name].to_numpy(np.float64)[column] for name in (*OF_SALES, *OF_MARKET)}
    keys = _numbered(buyers.row, buyers.column, len(market.items))
    wanted = _numbered(row, column, len(market.items))
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    known = _taken(keys, place) == wanted
    pair = {
        name: np.where(
            known, _taken(buyers.pairs[name].to_numpy(np.float64), place), 0.0 if name in OF_PAIR else np.nan
        )
        for name in (*OF_PAIR, *OF_OWN)
    }
    X = {**{name: visits[name] for name in OF_VISITS}, **sales, **pair}
    X |= {f"{name}_share": sales[name] / max(market.sales[name].sum(), 1) for name in OF_MARKET}
    X["quantity"] = _ratio(pair["quantity"], pair["n"])
    X["own_share"] = _ratio(pair["grouped"], visits["grouped"])
    X |= {f"share_{days}": _ratio(pair[f"faded_{days}"], visits[f"faded_{days}"]) for days in FADES}
    X["gap"] = _ratio(pair["first"] - pair["last"], np.maximum(pair["n"] - 1.0, 0.0))
    X["cadence"], X["item_cadence"] = _ratio(pair["last"], X["gap"]), _ratio(pair["last"], sales["item_gap"])
    X["usual_cadence"] = _ratio(pair["last"] * visits["visits"], visits["age"])
    X["since_last_visit"] = pair["last"] - visits["recency"]
    X["trend_30"] = sales["sold_30"] * 3 / np.maximum(sales["sold_90"], 1.0)
    X["trend_90"] = sales["sold_90"] * 4 / np.maximum(sales["sold_365"], 1.0)
    X["price_ratio"] = _ratio(sales["item_price"], visits["usual_price"])
    return X


def _taken(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    return values[place] if len(values) else np.full(len(place), np.nan)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return a ratio, unknown where what it is measured by is nothing."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
