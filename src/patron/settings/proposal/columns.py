"""Columns: what each column of a file looks like, from its name, all of its cells counted and some of them seen."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ibis.expr.types import Column, Table

from patron.engines.files import Source, open_source
from patron.errors import HistoryError, listed_columns
from patron.history.numbers import VALID
from patron.history.roles import NUMERIC
from patron.history.time_forms import family_of
from patron.history.time_numbers import NUMBER_FORMS
from patron.settings.proposal.words import has, words_of

__all__ = ["ColumnLook", "TableLook", "look_at"]

SEEN, TESTED = 2000, 300  # rows whose cells are seen, and different texts that are tested for what they are
EXACT = 200_000  # rows up to which different values are counted, and not estimated, in every column
KEYS = "id|customer|email|phone|name|order|invoice|transaction|item|account|contact|member|user"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NOBODY = {"", "0", "-", "guest", "n/a", "na", "none", "null", "unknown", "gast", "nan"}
NEARLY_ALL, MOST, NEAR = 0.999, 0.8, 0.9
DIGITS = 1e7  # from here on a number can be a time: 20240131, or seconds since 1970
Cells = Sequence[Any]


@dataclass(frozen=True)
class ColumnLook:
    """One column: its name in plain words, what it holds, how many cells are known and different, and the first ones.

    Args:
        name: as the file has it.
        words: the same in plain words.
        kind: "text", "number", "truth", "time" or "other".
        rows: of the table.
        known: cells with a value.
        distinct: different values.
        cells: those of the first rows, with None for the unknown.
    """

    name: str
    words: str
    kind: str
    rows: int
    known: int
    distinct: int
    cells: Cells = field(repr=False)

    @cached_property
    def values(self) -> list[Any]:
        """The known cells of the first rows."""
        return [cell for cell in self.cells if cell is not None and str(cell).strip() != ""]

    @cached_property
    def filled(self) -> float:
        """Share of the rows that have a value, which stands for somebody where it is a key."""
        nobody = sum(str(value).strip().lower() in NOBODY for value in self.values)
        return self.known / max(1, self.rows) * (1 - nobody / max(1, len(self.values)))

    @property
    def is_unique(self) -> bool:
        """Whether every row has another value."""
        return self.known > 1 and self.distinct >= NEARLY_ALL * self.known

    @cached_property
    def has_emails(self) -> bool:
        """Whether nearly all values are e-mail addresses."""
        return self.kind == "text" and self._share(lambda text: bool(EMAIL.fullmatch(text))) >= MOST

    @cached_property
    def is_number(self) -> bool:
        """Whether the values are numbers, or texts of such as people write money."""
        if self.kind != "text":
            return self.kind == "number"
        return self._share(lambda text: bool(re.match(NUMERIC, text) or re.match(VALID, text))) > MOST

    @cached_property
    def is_time(self) -> bool:
        """Whether the values are times, or texts of such; numbers only where their name says so."""
        if self.kind == "time":
            return True
        if self.kind == "number":
            named = has(self.words, "date|time|timestamp|created|at")
            return named and bool(self.values) and (min(self.values) > DIGITS or self._are_spreadsheet_days)
        if self.kind != "text" or not self.values:
            return False
        return self._share(lambda text: bool(family_of(text)) and not text.isdigit()) >= NEARLY_ALL - 0.01

    @cached_property
    def texts(self) -> list[str]:
        """The known cells of the first rows as texts without blanks around them."""
        return [str(value).strip() for value in self.values]

    @property
    def _are_spreadsheet_days(self) -> bool:
        days = NUMBER_FORMS["spreadsheet days"]
        return days.first <= min(self.values) and max(self.values) <= days.last

    @cached_property
    def _different(self) -> list[str]:
        return list(dict.fromkeys(self.texts))[:TESTED]

    def _share(self, test: Callable[[str], bool]) -> float:
        return sum(map(test, self._different)) / len(self._different) if self._different else 0.0


@dataclass(frozen=True)
class TableLook:
    """One file or frame as it looks.

    Args:
        name: the stem of the file, or the name of the frame.
        source: where it is read from.
        table: the rows, which an engine can run.
        rows: how many there are.
        columns: by name.
    """

    name: str
    source: Source = field(repr=False)
    table: Table = field(repr=False)
    rows: int
    columns: Mapping[str, ColumnLook]

    @property
    def words(self) -> str:
        """The name in plain words."""
        return words_of(self.name)

    @property
    def label(self) -> str:
        """The file as messages name it."""
        return Path(self.source).name if isinstance(self.source, str | Path) else self.name


def look_at(name: str, source: Source) -> TableLook:
    """Open a source, count its cells in one pass, and look at those of its first rows.

    Raises:
        HistoryError: it is not there or cannot be read.

    >>> import pandas as pd
    >>> look = look_at("shop", pd.DataFrame({"Customer ID": [7, 7], "Paid": [1.5, None]}))
    >>> [(c.words, c.kind, c.known, c.distinct) for c in look.columns.values()]
    [('customer id', 'number', 2, 1), ('paid', 'number', 1, 1)]
    """
    opened = open_source(source)
    table = opened.table.cache() if opened.delimiter else opened.table
    rows = table.count().to_pyarrow().as_py()
    if not rows:
        raise HistoryError(f"{name!r} has no rows below its columns {listed_columns(table.columns)}. Write some.")
    first = table.limit(SEEN).to_pyarrow().to_pydict()
    counts = _counts(table, rows)
    columns = {c: _look(table[c], rows, counts[c], _plain(first[c])) for c in table.columns}
    return TableLook(name, source, table, rows, columns)


def _counts(table: Table, rows: int) -> Mapping[str, tuple[int, int]]:
    """Count the known cells of each column and the different ones, of a large table exactly where few come twice."""
    values = {c: table[c].strip().nullif("") if table[c].type().is_string() else table[c] for c in table.columns}
    small = rows <= EXACT
    counts = _counted(table, {c: (v.count(), v.nunique() if small else v.approx_nunique()) for c, v in values.items()})
    near = [c for c, (known, n) in counts.items() if not small and n >= NEAR * known and has(words_of(c), KEYS)]
    return {**counts, **_counted(table, {c: (values[c].count(), values[c].nunique()) for c in near})}


def _counted(table: Table, pairs: Mapping[str, tuple[Column, Column]]) -> dict[str, tuple[int, int]]:
    if not pairs:
        return {}
    numbered = enumerate(pairs.values())
    aggregates = {f"{k}{i}": value for i, pair in numbered for k, value in zip("kd", pair, strict=True)}
    row = table.aggregate(**aggregates).to_pyarrow().to_pylist()[0]
    return {column: (int(row[f"k{i}"]), int(row[f"d{i}"])) for i, column in enumerate(pairs)}


def _look(column: Column, rows: int, counts: tuple[int, int], cells: Cells) -> ColumnLook:
    name = column.get_name()
    return ColumnLook(name, words_of(name), _kind(column), rows, *counts, cells)


def _plain(cells: Cells) -> Cells:
    return tuple(None if cell is None or cell != cell else cell for cell in cells)


def _kind(column: Column) -> str:
    kind = column.type()
    if kind.is_string():
        return "text"
    if kind.is_boolean():
        return "truth"
    if kind.is_numeric():
        return "number"
    return "time" if kind.is_timestamp() or kind.is_date() else "other"
