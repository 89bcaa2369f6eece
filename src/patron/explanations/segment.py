"""Segment: the customers that meet a condition such as country == 'UK' or recency > 90."""

import operator
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError, cell, listed

__all__ = ["in_segment"]

CONDITION = re.compile(r"\s*(?P<column>[\w .-]*?\w)\s*(?P<sign>==|!=|<=|>=|=|<|>)\s*(?P<value>.*?)\s*")
SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
FEW, SHOWN = 50, 5  # of a column with more different texts none is shown
EXAMPLE = 'Write for example --segment "country == \'UK\'" or --segment "recency > 90".'


def in_segment(condition: str, table: pd.DataFrame) -> np.ndarray:
    """Return which rows meet a condition, as a mask; an unknown value meets none.

    Args:
        condition: a column, a sign (== = != < <= > >=) and a value, in quotes where it has blanks at its ends.
        table: features and answers of n customers, without their keys.

    Raises:
        QuestionError: it is no condition, names a column that is not there, compares a text by size, or all rows or
            none meet it.

    >>> in_segment("country == 'UK'", pd.DataFrame({"country": ["UK", "DE", None]})).tolist()
    [True, False, False]
    """
    parts = CONDITION.fullmatch(condition)
    if parts is None:
        raise QuestionError(f"A segment is a column, a sign and a value, and this has other parts. {EXAMPLE}")
    name, sign, value = parts["column"], parts["sign"], re.sub(r"""^(["'])(.*)\1$""", r"\2", parts["value"])
    if name not in table:
        raise QuestionError(
            f"A segment names {name!r}, which is no feature or answer of today's customers.{_near(name, table)} "
            f"{EXAMPLE}"
        )
    column = table[name]
    if pd.api.types.is_numeric_dtype(column):
        mask = SIGNS[sign](column, _number(name, value)) & column.notna()
    else:
        _check_sign(name, sign)
        mask = SIGNS[sign](column.astype(object), value) & column.notna()
    if not 0 < mask.sum() < len(mask):
        who = "all" if mask.any() else "none"
        raise QuestionError(
            f"Of {len(mask):,} customers {who} meet the segment's condition on {name!r}, so there is nobody to "
            f"compare.{_values(column)}"
        )
    return mask.to_numpy(dtype=bool)


def _near(name: str, table: pd.DataFrame) -> str:
    """Suggest the names that are spelt most alike; some of all where none is."""
    close = get_close_matches(name, table.columns, n=SHOWN)
    if close:
        return f" Did you mean {' or '.join(map(repr, close))}?"
    rest = len(table.columns) - SHOWN
    return f" There are: {listed(table.columns[:SHOWN])}{f' and {rest} others' if rest > 0 else ''}."


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise QuestionError(
            f'A segment compares {name!r}, a number, with a text. Write a number: --segment "{name} > 10".'
        ) from None


def _check_sign(name: str, sign: str) -> None:
    if sign not in ("==", "=", "!="):
        raise QuestionError(
            f"A segment compares {name!r}, a text, by {sign}. Texts are equal or not: --segment \"{name} == 'value'\"."
        )


def _values(column: pd.Series) -> str:
    """Describe what a column holds, where it is a number or has few texts."""
    if pd.api.types.is_numeric_dtype(column):
        return f" It goes from {cell(column.min(), 'g')} to {cell(column.max(), 'g')}."
    counts = column.value_counts()
    return f" Its most frequent values are {', '.join(map(cell, counts.index[:SHOWN]))}." if len(counts) <= FEW else ""
