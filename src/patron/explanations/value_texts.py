"""Value texts: the values of many cells as people read them, each distinct one written once; money from its digits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from patron.explanations.texts import Coded
from patron.formatting import amount, quantity, rounded
from patron.models.serving import FeatureSpec

__all__ = ["ValueTexts", "is_named", "value_texts"]

PIECES = 4  # sign, thousands, hundreds, cents
THOUSAND, MOST = 1_000, 1_000_000
Value = float | str | None


@dataclass(frozen=True)
class ValueTexts:
    """The texts of some cells.

    Args:
        shown: each with its unit.
        said: the same as a sentence says it, without the unit where the words before it begin with that.
        is_usual: whether it reads as what is usual does, shape (m,).
    """

    shown: Coded
    said: Coded
    is_usual: np.ndarray


class _Numbered(dict[str, int]):
    """Texts by number, in the order in which they are first asked for."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]


def value_texts(
    columns: pd.DataFrame,
    features: Sequence[FeatureSpec],
    cells: tuple[np.ndarray, np.ndarray],
    usual: Sequence[Sequence[Value]],
    known: np.ndarray,
) -> ValueTexts:
    """Return the texts of the values of some cells.

    Args:
        columns: features of n customers, as people read them.
        features: what they mean.
        cells: row and feature of each, shape (m,) both.
        usual: values that may be usual of each feature.
        known: which of them is usual of each cell, shape (m,).
    """
    row, which = cells
    numbers = _Numbered({"": 0})
    shown, said = np.zeros((2, PIECES, len(row)), dtype=np.int32)
    is_usual = np.empty(len(row), dtype=bool)
    for members, parts in _alike(columns, features, which):
        own = [columns[features[i]["name"]].to_numpy()[row[part]] for i, part in zip(members, parts, strict=True)]
        values = np.concatenate([*own, *(_array(usual[i]) for i in members)])
        codes = _codes(values, features[members[0]], numbers)
        where = np.concatenate(parts)
        shown[:, where], said[:, where] = codes[:, :, : len(where)]
        place = np.repeat(np.arange(len(members)), [len(part) for part in parts])
        at = len(where) + place * len(usual[0]) + known[where]
        is_usual[where] = (codes[1][:, : len(where)] == codes[1][:, at]).all(axis=0)
    texts = list(numbers)
    return ValueTexts(Coded(texts, shown), Coded(texts, said), is_usual)


def is_named(feature: FeatureSpec) -> bool:
    """Check whether the words begin with the unit, which is then not said again."""
    return feature["unit"] not in ("money", "share") and feature["words"].lower().startswith(feature["unit"].lower())


def _alike(
    columns: pd.DataFrame, features: Sequence[FeatureSpec], which: np.ndarray
) -> Iterator[tuple[list[int], list[np.ndarray]]]:
    """Yield features that are written alike, and the cells of each."""
    order = np.argsort(which.astype(np.int16), kind="stable")
    ends = np.searchsorted(which[order], np.arange(len(features) + 1))
    groups: dict[tuple[str, bool, bool], list[int]] = {}
    for i in np.flatnonzero(np.diff(ends)).tolist():
        feature = features[i]
        alike = (feature["unit"], is_named(feature), _is_number(columns[feature["name"]]))
        groups.setdefault(alike, []).append(i)
    for members in groups.values():
        yield members, [order[ends[i] : ends[i + 1]] for i in members]


def _is_number(column: pd.Series) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub"


def _array(usual: Sequence[Value]) -> np.ndarray:
    """Return values as numbers, NaN for unknown, where none is a text."""
    return np.array(usual, dtype=object if any(isinstance(value, str) for value in usual) else np.float64)


def _codes(values: np.ndarray, feature: FeatureSpec, numbers: _Numbered) -> np.ndarray:
    """Return the pieces of values, shown and said, shape (2, pieces, values)."""
    codes = np.zeros((2, PIECES, len(values)), dtype=np.int32)
    unit, rest = feature["unit"], np.ones(len(values), dtype=bool)
    if values.dtype.kind in "fiub":
        values = rounded(values.astype(np.float64), unit)
        if unit == "money":
            rest = ~(np.abs(values) < MOST)
            codes[:, :, ~rest] = _digits(values[~rest], numbers)
    kind, distinct = pd.factorize(values[rest], use_na_sentinel=False)
    shown = [(_amount if value else amount)(value, unit) for value in distinct.tolist()]  # 0.0 equals -0.0
    said = (
        [(_quantity if value else quantity)(value, unit) for value in distinct.tolist()] if is_named(feature) else shown
    )
    for texts, which in zip(codes, (shown, said), strict=True):
        texts[1, rest] = np.array([numbers[text] for text in which], dtype=np.int32)[kind]
    return codes


@lru_cache(maxsize=50_000)
def _amount(value: Value, unit: str) -> str:
    return amount(value, unit)


@lru_cache(maxsize=50_000)
def _quantity(value: Value, unit: str) -> str:
    return quantity(value, unit)


def _digits(values: np.ndarray, numbers: _Numbered) -> np.ndarray:
    """Return the pieces of money below a million: 1,234.50 is "1", ",234" and ".50"."""
    heads, hundreds, cents = (
        np.array([numbers[form.format(i)] for i in range(count)], dtype=np.int32)
        for form, count in (("{}", THOUSAND), (",{:03}", THOUSAND), (".{:02}", 100))
    )
    whole, cent = np.divmod(np.rint(np.abs(values) * 100).astype(np.int64), 100)
    over, under = np.divmod(whole, THOUSAND)
    sign = np.where(np.signbit(values), numbers["-"], 0)
    return np.stack([sign, np.where(over, heads[over], heads[under]), np.where(over, hundreds[under], 0), cents[cent]])
