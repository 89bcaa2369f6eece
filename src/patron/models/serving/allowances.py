"""Allowances: which offer each customer may get, by consent, conditions and former contacts, where Patron is not."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

AGREED = {"true", "yes", "y", "1", "1.0", "ja", "oui", "si", "sí", "sim", "vrai", "wahr"}


@dataclass(frozen=True)
class Allowances:
    """Which offer each customer may get, by the rules that there are.

    Args:
        allowed: whether a customer may get an offer, shape (n, offers).
        refused: by each rule in words, whom it keeps from which offer, shape (n, offers).
        exhausted: by each rule in words, who may get none once it holds and might before, shape (n,).
    """

    allowed: np.ndarray
    refused: Mapping[str, np.ndarray]
    exhausted: Mapping[str, np.ndarray]


def agrees(column: pd.Series) -> np.ndarray:
    """Return who has agreed: true, yes or 1, also in other languages; unknown is no, shape (n,)."""
    codes, values = pd.factorize(column)
    return np.array([*(str(value).strip().lower() in AGREED for value in values), False])[codes]


def rested(days: pd.Series, rest: float) -> np.ndarray:
    """Return whose last contact is some days ago, or unknown, shape (n,)."""
    since = days.to_numpy(np.float64, na_value=np.nan)
    return np.asarray(np.isnan(since) | (since >= rest))


def contacts_known(column: pd.Series) -> np.ndarray:
    """Return how many former contacts each customer had, none where nothing is known, shape (n,)."""
    return np.nan_to_num(column.to_numpy(np.float64, na_value=0.0))


def meets(column: pd.Series, sign: str, value: str) -> np.ndarray:
    """Return which values meet a condition: numbers by size, texts by being equal or not; unknown ones meet none.

    Args:
        column: values, shape (n,).
        sign: name of a function of Python's `operator`.
        value: what they are compared with.
    """
    compare = getattr(operator, sign)
    if sign not in ("eq", "ne") or pd.api.types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        return np.asarray(compare(numbers, float(value)) & ~np.isnan(numbers))
    return np.asarray(compare(column.astype(object), value) & column.notna(), dtype=bool)


def who_may(frame: pd.DataFrame, offers: Sequence[Mapping[str, Any]], cap: Mapping[str, Any] | None) -> Allowances:
    """Return which offer each customer may get, and what keeps them from the others.

    Args:
        frame: with the columns that offers and the cap look at.
        offers: `consent` (a column), `eligible` (conditions: `column`, `sign`, `value`) and `rest` (`column`, `days`),
            of each as far as it has them.
        cap: the `column` of former contacts, and the `most` that a customer may have, this one counted; or None.
    """
    rules: dict[str, tuple[Callable[[pd.DataFrame, Any], np.ndarray], list[Any]]] = {
        "no consent": (_disagrees, [offer.get("consent") for offer in offers]),
        "not eligible": (_misses, [offer.get("eligible") for offer in offers]),
        "contacted too lately": (_unrested, [offer.get("rest") for offer in offers]),
        "contacted too often": (_full, [cap] * len(offers)),
    }
    free = np.zeros(len(frame), dtype=bool)
    allowed, refused, exhausted = np.ones((len(frame), len(offers)), dtype=bool), {}, {}
    for why, (keeps, limits) in rules.items():
        if any(limits):
            refused[why] = np.column_stack([keeps(frame, limit) if limit else free for limit in limits])
            left = allowed & ~refused[why]
            exhausted[why] = np.asarray(allowed.any(axis=1) & ~left.any(axis=1))
            allowed = left
    return Allowances(allowed, refused, exhausted)


def _disagrees(frame: pd.DataFrame, consent: str) -> np.ndarray:
    return ~agrees(frame[consent])


def _misses(frame: pd.DataFrame, conditions: Sequence[Mapping[str, str]]) -> np.ndarray:
    return ~np.logical_and.reduce([meets(frame[each["column"]], each["sign"], each["value"]) for each in conditions])


def _unrested(frame: pd.DataFrame, rest: Mapping[str, Any]) -> np.ndarray:
    return ~rested(frame[rest["column"]], rest["days"])


def _full(frame: pd.DataFrame, cap: Mapping[str, Any]) -> np.ndarray:
    return contacts_known(frame[cap["column"]]) >= cap["most"]
