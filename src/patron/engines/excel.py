"""Excel files: a sheet, or several that are one table, as a data frame; read with openpyxl where it is installed."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pandas as pd

from patron.engines.column_names import distinct_names, renamed
from patron.errors import HistoryError, listed, nearest

__all__ = ["EXCEL_ENDINGS", "read_sheet"]

EXCEL_ENDINGS = (".xlsx", ".xlsm")
LOCKED = b"\xd0\xcf\x11\xe0"  # a file with a password is no zip archive but an envelope of the old format
ALL, ABOVE = "*", 20  # no sheet can be called "*"; lines above a header at most
PLACE_IN_SERIES = re.compile(  # months in the languages of the settings, and whatever is no letter
    r"(?<![^\W\d_])(jan|feb|fév|mar|mär|apr|avr|abr|may|mai|mag|jun|juin|giu|jul|juil|lug|aug|aoû|ago|sep|set|oct|okt|ott|"
    r"nov|dec|déc|dez|dic|ene|gen)[^\W\d_]*|[\W\d_]"
)


def read_sheet(path: Path, sheet: str = "") -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Read a sheet, or all that are parts of one table; the first line that fills several cells names the columns.

    Args:
        path: a .xlsx file.
        sheet: the name of the sheet, or "*" for all with the columns of the first. By default the first, with those
            of the same columns where their names are a series such as months; which were read is told.

    Raises:
        HistoryError: openpyxl is not installed, the file has a password, there is no such sheet, or nobody can tell
            whether sheets of the same columns are one table.
    """
    with path.open("rb") as file:
        if file.read(len(LOCKED)) == LOCKED:
            raise HistoryError(
                f"{path.name!r} has a password, or is an old .xls file under a new name, and cannot be read. "
                "Save it as .xlsx without a password, or as CSV."
            )
    book = _book(path)
    try:
        names = _chosen(path, book, sheet)
        sheets = [_framed(path, name, book[name].iter_rows(values_only=True)) for name in names]
    finally:
        book.close()
    whole = pd.concat([frame for frame, _ in sheets], ignore_index=True) if len(sheets) > 1 else sheets[0][0]
    frame = whole.set_axis(distinct_names(list(whole.columns)), axis=1)
    assumed = renamed(path, list(whole.columns), list(frame.columns))
    return frame, (*_which(path, names, book.sheetnames, sheet), *_titled(path, sheets[0][1]), *assumed)


def _chosen(path: Path, book: Any, sheet: str) -> list[str]:
    """Return the sheets that are read; refuse a name that none has, and several that may be one table or not."""
    if sheet not in ("", ALL, *book.sheetnames):
        raise HistoryError(
            f"{path.name!r} has no sheet {sheet!r}.{nearest(sheet, book.sheetnames)} It has: "
            f"{listed(book.sheetnames)}. Name one: sheet = {book.sheetnames[0]!r}."
        )
    if sheet not in ("", ALL):
        return [sheet]
    tops = {part.title: _split(part.iter_rows(values_only=True)) for part in book.worksheets}
    first = next(iter(tops))
    alike = [name for name, (_, header, rows) in tops.items() if name == first or (rows and header == tops[first][1])]
    if sheet == ALL or len(alike) == 1 or len({PLACE_IN_SERIES.sub("", name.lower()) for name in alike}) == 1:
        return alike
    raise HistoryError(
        f"{path.name!r} has {len(alike)} sheets with the same columns ({listed(alike)}), and nobody can tell whether "
        f'they are one table. Read all of them with sheet = "{ALL}", or one with sheet = "{first}".'
    )


def _which(path: Path, names: Sequence[str], held: Sequence[str], sheet: str) -> tuple[tuple[str, str], ...]:
    """Describe which of several sheets were read, where nobody named one."""
    if len(held) == 1 or sheet not in ("", ALL):
        return ()
    others = [name for name in held if name not in names]
    read = ", ".join(map(repr, names)) + (" were read as one table" if len(names) > 1 else " was read")
    return ((f"{path.name!r} has {len(held)} sheets; {read}", f'sheet = "{(others or names)[0]}"'),)


def _titled(path: Path, titles: int) -> tuple[tuple[str, str], ...]:
    some = f"{titles} lines" if titles > 1 else "1 line"
    return ((f"{some} above the header of {path.name!r} passed over as its title", ""),) if titles else ()


def _book(path: Path) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise HistoryError(
            f"{path.name!r} is an Excel file, and openpyxl, which reads these, is not installed. "
            "Install it: pip install 'patron[excel]', or save the sheet as CSV."
        ) from None
    try:
        return load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # whatever a broken archive makes of itself
        raise HistoryError(
            f"{path.name!r} cannot be read as an Excel file ({type(error).__name__}). Open it in Excel and save it "
            "again as .xlsx, or as CSV."
        ) from None


def _split(rows: Iterator[Sequence[Any]]) -> tuple[int, list[tuple[int, str]], list[Sequence[Any]]]:
    """Return how many lines are a title, the names of the columns with their places, and the first row below them."""
    top = list(islice((row for row in rows if any(cell is not None for cell in row)), ABOVE + 2))
    filled = [sum(cell is not None for cell in row) for row in top]
    titles = next((k for k, n in enumerate(filled[:-1]) if n > 1), 0)
    if titles and not all(isinstance(cell, str) for cell in top[titles] if cell is not None):
        titles = 0
    header = top[titles] if top else ()
    return titles, [(i, str(cell).strip()) for i, cell in enumerate(header) if cell is not None], top[titles + 1 :]


def _framed(path: Path, sheet: str, rows: Iterator[Sequence[Any]]) -> tuple[pd.DataFrame, int]:
    """Return a sheet as a data frame, and how many lines above its header are a title."""
    titles, named, first = _split(rows)
    if not first:
        raise HistoryError(
            f"The sheet {sheet!r} of {path.name!r} has no rows below a header. Name another sheet: sheet = '...'."
        )
    below = [[row[i] for i, _ in named] for row in chain(first, rows) if any(cell is not None for cell in row)]
    return pd.DataFrame(below, columns=[name for _, name in named]), titles
