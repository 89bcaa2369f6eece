"""RFM: scores from 1 to 5 of recency, frequency and money, by thresholds that equal values never straddle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.errors import QuestionError, is_number, listed

__all__ = ["LEAST", "Thresholds", "money_thresholds", "quantile_thresholds", "rfm", "rfm_grid"]

COLUMNS = {"recency": "recency", "frequency": "orders", "money": "spend"}
FIFTHS = np.array([0.2, 0.4, 0.6, 0.8])
BEST = 5
LEAST = 5  # customers of whom each may have a score of their own
SLACK = 1e-12


@dataclass(frozen=True)
class Thresholds:
    """Where one score ends and the next begins.

    Args:
        recency: days since the last order up to which the score is 5, 4, 3 and 2, rising.
        frequency: orders from which on the score is 2, 3, 4 and 5, rising.
        money: money spent from which on the score is 2, 3, 4 and 5, rising; empty where orders have no amount.

    Raises:
        QuestionError: thresholds are not four numbers that rise.
    """

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    money: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name, edges in (("recency", self.recency), ("frequency", self.frequency), ("money", self.money)):
            rising = all(is_number(e) or e == np.inf for e in edges) and list(edges) == sorted(edges)
            if not (rising and len(edges) == len(FIFTHS)) and (edges or name != "money"):
                raise QuestionError(
                    f"Scores of {name} need four thresholds that rise, got {list(edges)}. Write for example "
                    f"{name} = {[30, 90, 180, 365] if name == 'recency' else [2, 3, 5, 10]}."
                )

    @classmethod
    def of(cls, declared: Mapping[str, Sequence[float]]) -> "Thresholds":
        """Return the thresholds of a mapping from recency, frequency and money.

        Raises:
            QuestionError: it lacks recency or frequency, names anything else, or its numbers do not rise.
        """
        if not {"recency", "frequency"} <= set(declared) <= set(COLUMNS):
            raise QuestionError(
                f"Thresholds of scores are of {listed(COLUMNS)}, got {listed(declared) or 'none'}. Write for example "
                "{ recency = [30, 90, 180, 365], frequency = [2, 3, 5, 10], money = [50, 100, 500, 1000] }."
            )
        return cls(**{name: tuple(edges) for name, edges in declared.items()})


def quantile_thresholds(customers: pd.DataFrame) -> Thresholds:
    """Return the thresholds that part customers into fifths, as far as equal values allow.

    Args:
        customers: `recency`, `orders` and, where orders have an amount, `spend`.

    Source: A. M. Hughes, Strategic Database Marketing (1994).

    >>> quantile_thresholds(pd.DataFrame({"recency": [1, 2, 3, 4, 5], "orders": [1, 1, 1, 2, 3]}))
    Thresholds(recency=(1.0, 2.0, 3.0, 4.0), frequency=(2.0, 2.0, 2.0, 3.0), money=())
    """
    return _thresholds(customers, np.ones(len(customers)))


def money_thresholds(customers: pd.DataFrame) -> Thresholds:
    """Return the thresholds that part customers so that each score brings a fifth of the money spent.

    Args:
        customers: `recency`, `orders` and `spend`.

    Raises:
        QuestionError: nobody spent anything.

    Source: J. Miglautsch, Thoughts on RFM scoring, Journal of Database Marketing 8 (2000): behaviour quintiles.

    >>> money_thresholds(pd.DataFrame({"recency": [1, 2], "orders": [1, 9], "spend": [10.0, 90.0]})).recency
    (2.0, 2.0, 2.0, 2.0)
    """
    weight = np.maximum(customers.get("spend", pd.Series(0.0, customers.index)).to_numpy(np.float64), 0.0)
    if not weight.sum() > 0:
        raise QuestionError(
            'Scores by money need customers who spent some, and nobody did. Use quantiles: scores = "quantiles".'
        )
    return _thresholds(customers, weight)


def rfm(customers: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Return the scores of recency, frequency and money of each customer, from 1 to 5, the best.

    Args:
        customers: `recency`, `orders` and, where orders have an amount, `spend`.
        thresholds: where one score ends and the next begins.

    >>> edges = Thresholds((30, 90, 180, 365), (2, 3, 5, 10))
    >>> rfm(pd.DataFrame({"recency": [30.0, 400.0], "orders": [4, 1]}), edges).values.tolist()
    [[5, 3], [1, 1]]
    """
    recency = BEST - np.searchsorted(thresholds.recency, customers.recency.to_numpy(), side="left")
    scores = {"recency": recency, "frequency": _from(thresholds.frequency, customers.orders)}
    if thresholds.money and "spend" in customers:
        scores["money"] = _from(thresholds.money, customers.spend.fillna(0.0))
    return pd.DataFrame(scores, index=customers.index).astype("int8")


def rfm_grid(scores: pd.DataFrame, money: pd.DataFrame) -> pd.DataFrame:
    """Return how many customers stand in each of the 25 fields of recency and frequency, and what they bring.

    Args:
        scores: `recency` and `frequency` of n customers.
        money: columns that are added up, of the same customers.
    """
    fields = pd.MultiIndex.from_product([range(BEST, 0, -1), range(1, BEST + 1)], names=["recency", "frequency"])
    grouped = money.assign(customers=1).groupby([scores.recency.astype(int), scores.frequency.astype(int)]).sum()
    grid = grouped.reindex(fields, fill_value=0.0)
    return grid[["customers", *money.columns]].astype({"customers": int}).reset_index()


def _from(edges: Sequence[float], values: pd.Series) -> np.ndarray:
    return 1 + np.searchsorted(edges, values.to_numpy(), side="right")


def _thresholds(customers: pd.DataFrame, weight: np.ndarray) -> Thresholds:
    values = {name: customers[c].fillna(0.0).to_numpy(np.float64) for name, c in COLUMNS.items() if c in customers}
    edges = {name: _edges(column, weight) for name, column in values.items()}
    starts = {name: _above(values[name], edges[name]) for name in values if name != "recency"}
    return Thresholds(tuple(edges["recency"].tolist()), **starts)


def _edges(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the values up to which one, two, three and four fifths of the weight lie."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    return values[order][np.searchsorted(reached, FIFTHS - SLACK)]


def _above(values: np.ndarray, edges: np.ndarray) -> tuple[float, ...]:
    """Return the next value above each edge, at most the highest; where all are the same, more than anybody has."""
    distinct = np.unique(values)
    if len(distinct) == 1:
        return (np.inf,) * len(edges)
    place = np.searchsorted(distinct, edges, side="right")
    return tuple(distinct[np.minimum(place, len(distinct) - 1)].tolist())
