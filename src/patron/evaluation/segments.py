"""Segments: how good the answers are for new and old, small and large customers, and in each country or channel."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from patron import metrics
from patron.metrics.curves import reliability
from patron.questions.matrices import Matrix

__all__ = ["COLUMNS", "by_segment"]

COLUMNS = ("by", "segment", "rows", "predicted", "observed", "low", "high", "auc", "off")
NUMBERS = ("tenure", "spend", "orders")
THIRDS = ("low", "middle", "high")
MOST_LEVELS = 12
MIN_ROWS = 50


def by_segment(rows: Matrix, happened: np.ndarray, chance: np.ndarray) -> pd.DataFrame:
    """Return where the answers are wrong although they are right on the whole.

    Args:
        rows: features of n rows.
        happened: 1 where it did, shape (n,).
        chance: the probability given to it, shape (n,).

    Returns:
        a row for each segment of at least 50 rows: what it is split by (thirds of tenure, money and orders, and each
        text feature of a few values, in its words), the segment, rows, mean predicted, observed rate with its 95 %
        bounds, AUC, and `off`: by how much the prediction lies outside the bounds, with its sign; the farthest off
        first.
    """
    segments = [_judged(by, segment, happened[mask], chance[mask]) for by, segment, mask in _parts(rows)]
    table = pd.DataFrame(segments, columns=list(COLUMNS))
    order = table.off.abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _judged(by: str, segment: str, happened: np.ndarray, chance: np.ndarray) -> tuple[object, ...]:
    rates = reliability(happened, chance, bins=1).iloc[0]
    off = max(rates.predicted - rates.high, 0.0) + min(rates.predicted - rates.low, 0.0)
    numbers = (rates.predicted, rates.observed, rates.low, rates.high, metrics.auc(happened, chance), off)
    return by, segment, len(happened), *(float(value) for value in numbers)


def _parts(rows: Matrix) -> Iterator[tuple[str, str, np.ndarray]]:
    words = {definition.name: definition.words for definition in rows.definitions}
    for name in rows.X.columns:
        column = rows.X[name]
        if name in NUMBERS:
            known = column.astype("float64").rank(pct=True)
            place = pd.cut(known, [0.0, 1 / 3, 2 / 3, 1.0], labels=THIRDS).astype("object")
        elif not pd.api.types.is_numeric_dtype(column) and column.nunique() <= MOST_LEVELS:
            place = column.astype("object")
        else:
            continue
        for segment in dict.fromkeys(place.dropna()):
            mask = (place == segment).to_numpy()
            if mask.sum() >= MIN_ROWS:
                yield name if name in NUMBERS else words.get(name, name), str(segment), mask
