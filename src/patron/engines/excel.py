"""Excel files: one sheet as a data frame, read with openpyxl where it is installed."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from patron.engines.column_names import distinct_names, renamed
from patron.errors import HistoryError, listed, nearest

__all__ = ["EXCEL_ENDINGS", "read_sheet"]

EXCEL_ENDINGS = (".xlsx", ".xlsm")
LOCKED = b"\xd0\xcf\x11\xe0"  # a file with a password is no zip archive but an envelope of the old format


def read_sheet(path: Path, sheet: str = "") -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Read one sheet; its first line that is not empty names the columns.

    Args:
        path: a .xlsx file.
        sheet: the name of the sheet; by default the first, which is told where there are several.

    Raises:
        HistoryError: openpyxl is not installed, the file has a password, or there is no such sheet.
    """
    with path.open("rb") as file:
        if file.read(len(LOCKED)) == LOCKED:
            raise HistoryError(
                f"{path.name!r} has a password, or is an old .xls file under a new name, and cannot be read. "
                "Save it as .xlsx without a password, or as CSV."
            )
    book = _book(path)
    try:
        if sheet and sheet not in book.sheetnames:
            raise HistoryError(
                f"{path.name!r} has no sheet {sheet!r}.{nearest(sheet, book.sheetnames)} It has: "
                f"{listed(book.sheetnames)}. Name one: sheet = {book.sheetnames[0]!r}."
            )
        name = sheet or book.worksheets[0].title
        written = _framed(path, name, book[name].iter_rows(values_only=True))
    finally:
        book.close()
    others = [other for other in book.sheetnames if other != name]
    frame = written.set_axis(distinct_names(list(written.columns)), axis=1)
    assumed = renamed(path, list(written.columns), list(frame.columns))
    if others and not sheet:
        words = f"{path.name!r} has {len(others) + 1} sheets; {name!r} was read"
        assumed = ((words, f'sheet = "{others[0]}"'), *assumed)
    return frame, assumed


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


def _framed(path: Path, sheet: str, rows: Iterator[Sequence[Any]]) -> pd.DataFrame:
    header = next((row for row in rows if any(cell is not None for cell in row)), None)
    first = next((row for row in rows if any(cell is not None for cell in row)), None)
    if header is None or first is None:
        raise HistoryError(
            f"The sheet {sheet!r} of {path.name!r} has no rows below a header. Name another sheet: sheet = '...'."
        )
    named = [(i, str(cell).strip()) for i, cell in enumerate(header) if cell is not None]
    below = [[row[i] for i, _ in named] for row in chain([first], rows) if any(cell is not None for cell in row)]
    return pd.DataFrame(below, columns=[name for _, name in named])
