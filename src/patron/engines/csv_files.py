"""CSV files and texts: what is wrong with them, told by the first value that is wrong, its column and its row."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from ibis.expr.types import Column, Table

from patron.errors import HistoryError

__all__ = ["check_file", "with_times"]

DELIMITERS = ",;\t|"
LOOKED_AT = 1000  # dates of one column look alike
NAMELESS = "column0"  # as an engine calls the first column of a file without a header
MINUTES = r"^\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})[ T]+(\d{1,2}:\d\d(:\d\d)?)\s*$"
ORDERS = (r"\3-\2-\1 \4", r"\3-\1-\2 \4")  # day first, month first


def check_file(path: Path, columns: Sequence[str]) -> None:
    """Refuse a CSV file that is empty, or of which a row has more or fewer columns than its header, or an open quote.

    Args:
        path: the file, which may be packed (.gz).
        columns: what an engine takes for its columns; rows are only walked where they are not the first line's.

    Raises:
        HistoryError: with the line that is wrong.
    """
    with _opened(path) as file:
        first = file.readline()
        if not first.strip():
            raise HistoryError(f"{path.name!r} is empty. Its first line must name the columns.")
        delimiter = max(DELIMITERS, key=first.count)
        header = next(csv.reader([first], delimiter=delimiter))
        if set(header) <= set(columns) or columns[0] == NAMELESS:
            return
        for line, last, row in _rows(path.name, file, delimiter):
            if row and len(row) != len(header):
                far = f" goes on to line {last}, where a quote that it opens is closed, and" if last > line else ""
                raise HistoryError(
                    f"{path.name!r}, line {line}: this row{far} has {len(row)} columns, but the first line has "
                    f'{len(header)}. Mend that line; a text that holds {delimiter!r} must stand in "quotes".'
                )


def with_times(table: Table) -> Table:
    """Turn times such as 13.05.2024 17:45, which an engine reads only with seconds, into 2024-05-13 17:45.

    A column in which none tells whether the day or the month comes first stays as it is.
    """
    begun = table.limit(LOOKED_AT)
    seen = {c: begun[c].re_search(MINUTES).any() for c in table.columns if table[c].type().is_string()}
    found = begun.aggregate(**seen).to_pyarrow().to_pylist()[0] if seen else {}
    return table.mutate(**{column: _turned(table, column) for column in found if found[column]})


def _turned(table: Table, column: str) -> Column:
    day, month = largest_day_and_month(table, column, MINUTES)
    if (day > 12) == (month > 12):
        return table[column]
    return table[column].re_replace(MINUTES, ORDERS[month > 12])


def largest_day_and_month(table: Table, column: str, pattern: str) -> tuple[int, int]:
    """The largest first and second number of a column's dates; a day can be larger than a month."""
    one, other = (table[column].re_extract(pattern, k).try_cast("int32").max() for k in (1, 2))
    most = table.aggregate(one=one, other=other).to_pyarrow().to_pylist()[0]
    return most["one"] or 0, most["other"] or 0


def _rows(name: str, file: IO[str], delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Walk the rows below the first line, each with the lines of the file that it begins and ends in."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    line = 2
    try:
        for row in reader:
            yield line, reader.line_num + 1, row
            line = reader.line_num + 2
    except csv.Error:
        raise HistoryError(
            f"{name!r}, line {line}: a quote that opens in the row that begins there is not closed. "
            'Close it, or take it away; a quote within a text in "quotes" is written twice.'
        ) from None


def _opened(path: Path) -> IO[str]:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    return opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
