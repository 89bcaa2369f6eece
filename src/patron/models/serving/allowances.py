"""Allowances: which offer each customer may get, by consent, conditions and former contacts, where Patron is not."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

AGREED = {"true", "yes", "y", "1", "1.0"}
REFUSALS = ("no consent", "not eligible", "contacted too lately", "contacted too often")


def agrees(column: pd.Series) -> np.ndarray:
    """Return who has agreed: true, yes or 1; unknown is no, shape (n,)."""
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


def refusals(frame: pd.DataFrame, offers: Sequence[Mapping[str, Any]], cap: Mapping[str, Any] | None) -> np.ndarray:
    """Return whom each rule keeps from each offer, in the order of `REFUSALS`, shape (rules, n, offers).

    Args:
        frame: with the columns that offers and the cap look at.
        offers: `consent` (a column), `eligible` (conditions: `column`, `sign`, `value`) and `rest` (`column`, `days`),
            of each as far as it has them.
        cap: the `column` of former contacts, and the `most` that a customer may have, this one counted; or None.
    """
    refused = np.zeros((len(REFUSALS), len(frame), len(offers)), dtype=bool)
    for j, offer in enumerate(offers):
        if consent := offer.get("consent"):
            refused[0, :, j] = ~agrees(frame[consent])
        for condition in offer.get("eligible", ()):
            refused[1, :, j] |= ~meets(frame[condition["column"]], condition["sign"], condition["value"])
        if rest := offer.get("rest"):
            refused[2, :, j] = ~rested(frame[rest["column"]], rest["days"])
        if cap:
            refused[3, :, j] = contacts_known(frame[cap["column"]]) >= cap["most"]
    return refused
