"""Table files: which files a path means as the parts of one table; what could be something else is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet

from patron.engines.csv_files import CSV_ENDINGS
from patron.engines.databases import is_database
from patron.engines.excel import EXCEL_ENDINGS
from patron.engines.lakes import lake_reader
from patron.errors import HistoryError

__all__ = [
    "CSV",
    "ENDINGS",
    "EXCEL",
    "OWN",
    "PARQUET",
    "TableFiles",
    "check_whole",
    "checked_path",
    "parquet_files",
    "table_files",
]

PARQUET, CSV, EXCEL = "Parquet", "CSV", "Excel"
FORMATS = {".parquet": PARQUET} | dict.fromkeys(CSV_ENDINGS, CSV) | dict.fromkeys(EXCEL_ENDINGS, EXCEL)
ENDINGS = tuple(FORMATS)  # of files that hold one table
OWN = {"patron-out", "mlruns"}  # folders of results
TEXTS = (".csv", ".csv.gz", ".tsv")
NOTES = (".txt", ".dat", ".txt.gz", ".dat.gz")  # tables only where nothing else is: beside others mostly notes


@dataclass(frozen=True)
class TableFiles:
    """The files of one table.

    Args:
        format: how they are written: PARQUET, CSV or EXCEL.
        parts: the files, in the order of their names.
    """

    format: str
    parts: Sequence[Path]


def table_files(path: Path) -> TableFiles:
    """Return the files of a path: itself, or the parts in a folder.

    Raises:
        HistoryError: it is of no known format, or a folder of tables of their own.
    """
    if path.is_dir():
        return _parts(path)
    if path.suffix.lower() not in FORMATS:
        old = "an old Excel file; save it as .xlsx" if path.suffix.lower() == ".xls" else "of no known format"
        raise HistoryError(
            f"{path.name!r} is neither Parquet nor CSV nor Excel, but {old}. Give a .parquet, .csv (or .tsv, .txt, "
            ".dat), .csv.gz or .xlsx file, a folder of Parquet or CSV files, a DuckDB or SQLite file, or an opened "
            "table."
        )
    return TableFiles(FORMATS[path.suffix.lower()], [path])


def parquet_files(source: object) -> Sequence[Path]:
    """Return the Parquet files that are a table: one, or the parts in a folder; none where it is something else.

    Raises:
        HistoryError: there is no such file, or the parts have different columns.
    """
    if not isinstance(source, str | Path) or is_database(source):
        return ()
    path = checked_path(source)
    if path.is_dir() and lake_reader(path) is not None:
        return ()
    files = table_files(path)
    return files.parts if files.format == PARQUET else ()


def checked_path(source: str | Path) -> Path:
    """Return the path of a file or folder that is there.

    Raises:
        HistoryError: it is not, or is a pipe, a device or a socket.
    """
    path = Path(source)
    if not _is_there(path):
        raise HistoryError(f"There is no file {str(source)!r}. Check the path; it is seen from {Path.cwd().name!r}.")
    check_whole(path)
    return path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # longer than any path, or with a sign that none has
        return False


def check_whole(path: Path) -> None:
    """Refuse what is neither a file nor a folder, such as a pipe, which may never end and can be read only once.

    Raises:
        HistoryError: it is a pipe, a device or a socket.
    """
    if not path.is_file() and not path.is_dir():
        raise HistoryError(
            f"{path.name!r} is a pipe or a device, and tables are read more than once. Write it to a file first: "
            f"cat {path.name} > copy-of-{path.name}"
        )


def _parts(folder: Path) -> TableFiles:
    """Return the parts of one table; of files that are tables of their own, none could stand for the others."""
    parquet, texts, sheets = (_files(folder, endings) for endings in ((".parquet",), TEXTS, EXCEL_ENDINGS))
    if not parquet and not texts:
        texts = _files(folder, NOTES)
    why, formats = "", [files[0] for files in (parquet, texts, sheets) if files]
    if not parquet and not texts:
        why = "no .parquet and no .csv is in it"
    elif len(formats) > 1:
        why = f"{formats[0].name!r} and {formats[1].name!r} are of two formats"
    names = [set(pyarrow.parquet.read_schema(file).names) for file in parquet]
    for file, columns in zip(parquet, names, strict=True):
        same = names[0] <= columns
        why = why or ("" if same else f"{parquet[0].name!r} and {file.name!r} have different columns")
    if why:
        raise HistoryError(
            f"The folder {folder.name!r} does not hold the parts of one table: {why}. Name the file of each."
        )
    return TableFiles(PARQUET, parquet) if parquet else TableFiles(CSV, texts)


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """Return the files of a folder and of those below it, but for what is no data: hidden, unfinished, or Patron's."""
    files = sorted(file for file in folder.rglob("*") if file.name.lower().endswith(endings) and not file.is_dir())
    parts = [file for file in files if _holds_data(file.relative_to(folder))]
    for part in parts:
        check_whole(part)
    return parts


def _holds_data(path: Path) -> bool:
    """Check that a file is not hidden, no result, and in no folder like _temporary, of writing that is not done."""
    unfinished = any(name.startswith("_") and "=" not in name for name in path.parts[:-1])
    return not unfinished and not OWN & {*path.parts} and not any(name.startswith(".") for name in path.parts)
