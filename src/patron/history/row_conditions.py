"""Row conditions: what rows of a table in memory must meet, such as country == 'UK' or recency > 90."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from patron.errors import QuestionError, cell, listed

__all__ = ["RowCondition", "values_held"]

CONDITION = re.compile(r"\s*(?P<column>[\w .-]*?\w)\s*(?P<sign>==|!=|<=|>=|=|<|>)\s*(?P<value>.*?)\s*")
SIGNS = {"==": "eq", "=": "eq", "!=": "ne", "<=": "le", ">=": "ge", "<": "lt", ">": "gt"}
EXAMPLES = ("country == 'UK'", "recency > 90")
FEW, SHOWN = 50, 5  # of a column with more different texts none is shown


@dataclass(frozen=True)
class RowCondition:
    """A condition of one column: its name, a sign and a value.

    Args:
        text: a column, a sign (== = != < <= > >=) and a value, in quotes where it has blanks at its ends.
        subject: what has the condition, for messages.
        writing: how one is written, around CONDITION in its place.

    Raises:
        QuestionError: it is no condition.

    >>> RowCondition("recency > 90").column
    'recency'
    """

    text: str
    subject: str = "A condition"
    writing: str = '"CONDITION"'

    def __post_init__(self) -> None:
        if CONDITION.fullmatch(self.text) is None:
            raise QuestionError(
                f"{self.subject} is a column, a sign and a value, and this has other parts. {self._examples}"
            )

    @property
    def column(self) -> str:
        """The name of the column."""
        return self._parts[0]

    @property
    def plain(self) -> dict[str, str]:
        """The condition as plain values, its sign by the name that Python's `operator` has for it.

        >>> RowCondition("recency > 90").plain
        {'column': 'recency', 'sign': 'gt', 'value': '90'}
        """
        name, sign, value = self._parts
        return {"column": name, "sign": SIGNS[sign], "value": value}

    def check(self, table: pd.DataFrame) -> None:
        """Refuse a condition that the columns of a table do not suit.

        Raises:
            QuestionError: it names a column that is not there, or compares a text by size or a number with a text.
        """
        name, _, value = self._parts
        if name not in table:
            raise QuestionError(
                f"{self.subject} names {name!r}, which is no feature or answer of today's customers."
                f"{_near(name, table)} {self._examples}"
            )
        if pd.api.types.is_numeric_dtype(table[name]):
            self._check_number(value)
        else:
            self._check_sign()

    @property
    def _parts(self) -> tuple[str, str, str]:
        parts = CONDITION.fullmatch(self.text)
        assert parts is not None  # as it was checked when the condition was written
        return parts["column"], parts["sign"], re.sub(r"""^(["'])(.*)\1$""", r"\2", parts["value"])

    @property
    def _examples(self) -> str:
        return f"Write for example {' or '.join(map(self._written, EXAMPLES))}."

    def _written(self, condition: str) -> str:
        return self.writing.replace("CONDITION", condition)

    def _check_number(self, value: str) -> None:
        try:
            float(value)
        except ValueError:
            raise QuestionError(
                f"{self.subject} compares {self.column!r}, a number, with a text. Write a number: "
                f"{self._written(f'{self.column} > 10')}."
            ) from None

    def _check_sign(self) -> None:
        name, sign, _ = self._parts
        example = self._written(f"{name} == 'value'")
        if sign not in ("==", "=", "!="):
            raise QuestionError(
                f"{self.subject} compares {name!r}, a text, by {sign}. Texts are equal or not: {example}."
            )


def values_held(column: pd.Series) -> str:
    """Describe what a column holds, where it is a number or has few texts, as the end of a message."""
    if pd.api.types.is_numeric_dtype(column):
        return f" It goes from {cell(column.min(), 'g')} to {cell(column.max(), 'g')}."
    counts = column.value_counts()
    return f" Its most frequent values are {', '.join(map(cell, counts.index[:SHOWN]))}." if len(counts) <= FEW else ""


def _near(name: str, table: pd.DataFrame) -> str:
    """Suggest the names that are spelt most alike; some of all where none is."""
    close = get_close_matches(name, table.columns, n=SHOWN)
    if close:
        return f" Did you mean {' or '.join(map(repr, close))}?"
    rest = len(table.columns) - SHOWN
    return f" There are: {listed(table.columns[:SHOWN])}{f' and {rest} others' if rest > 0 else ''}."
