"""Results: how well lists of candidates foretold the baskets that came, customer by customer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.models.baskets.candidates import Candidates
from patron.models.baskets.market import Buyers

__all__ = ["bought_before", "came", "list_results", "simple_scores", "sizes_of"]

TIE = 1e-3


def came(candidates: Candidates, held: pd.DataFrame) -> np.ndarray:
    """Return whether each candidate was in the basket that came, shape (n,).

    Args:
        candidates: what each customer might buy.
        held: what each next basket held: `customer` and `item`.
    """
    bought = _numbered(candidates.customers, candidates.items, held)
    return np.isin(candidates.row.astype(np.int64) * len(candidates.items) + candidates.column, bought)


def bought_before(buyers: Buyers, items: pd.Index, held: pd.DataFrame) -> np.ndarray:
    """Return whether the customer of each `customer` and `item` had bought the item before, shape (n,)."""
    before = buyers.row.astype(np.int64) * len(items) + buyers.column
    return np.isin(_numbered(buyers.customers, items, held), before)


def sizes_of(candidates: Candidates, held: pd.DataFrame) -> np.ndarray:
    """Return how many items the basket of each customer held, shape (customers,); 0 where none came."""
    row = pd.Index(candidates.customers).get_indexer(held["customer"])
    return np.bincount(row[row >= 0], minlength=len(candidates.customers))


def list_results(
    row: np.ndarray, scores: np.ndarray, hits: np.ndarray, sizes: np.ndarray, lengths: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Return recall, hit and NDCG of each customer whose basket held something, for lists of some lengths.

    Args:
        row: customer of each candidate, shape (n,).
        scores: the higher, the earlier in the list; equal ones in the order given, shape (n,).
        hits: whether the basket held the candidate, shape (n,).
        sizes: of the basket of each customer, shape (customers,).
        lengths: of the lists.

    >>> row, hits = np.array([0, 0, 0]), np.array([True, False, True])
    >>> result = list_results(row, np.array([3.0, 2.0, 1.0]), hits, np.array([2]), (2,))
    >>> {name: values.round(3).tolist() for name, values in result.items()}
    {'recall_2': [0.5], 'hit_2': [1.0], 'ndcg_2': [0.613]}
    """
    order = np.lexsort((-scores, row))
    sorted_rows, sorted_hits = row[order], hits[order]
    place = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    came = sizes > 0
    ideal = np.cumsum(1.0 / np.log2(np.arange(2, max(lengths) + 2)))
    results: dict[str, np.ndarray] = {}
    for length in lengths:
        listed = sorted_hits & (place < length)
        right = np.bincount(sorted_rows[listed], minlength=len(sizes))[came]
        gain = np.bincount(sorted_rows[listed], 1.0 / np.log2(place[listed] + 2.0), minlength=len(sizes))[came]
        results[f"recall_{length}"] = right / sizes[came]
        results[f"hit_{length}"] = (right > 0).astype(np.float64)
        results[f"ndcg_{length}"] = gain / ideal[np.minimum(sizes[came], length) - 1]
    return results


def simple_scores(X: pd.DataFrame) -> Mapping[str, np.ndarray]:
    """Return the scores of ways without learning: what was bought most, what everybody buys, and both."""
    popular = X.sold_30.to_numpy(np.float64)
    most = max(popular.max(initial=0.0), 1.0)
    return {
        "own past": X.n.to_numpy(np.float64) + popular / most * TIE,
        "popular": popular,
        "own, then popular": X.share_60.fillna(0.0).to_numpy(np.float64) + popular / most * TIE,
    }


def _numbered(customers: np.ndarray, items: pd.Index, held: pd.DataFrame) -> np.ndarray:
    """A number for each pair of customer and item, below zero where either is unknown."""
    row, column = pd.Index(customers).get_indexer(held["customer"]), items.get_indexer(held["item"])
    return np.where((row >= 0) & (column >= 0), row.astype(np.int64) * len(items) + column, -1)
