"""Files: where tables are read from."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from ibis.common.exceptions import IbisError
from ibis.expr.types import Table

from patron.engines.column_names import renamed
from patron.engines.csv_files import CSV_ENDINGS, open_csv
from patron.engines.databases import is_database, open_database
from patron.engines.deferred import collected, deferred, run_here
from patron.engines.excel import EXCEL_ENDINGS, read_sheet
from patron.engines.frames import ArrowStream, framed, framed_stream, shapeless
from patron.engines.lakes import LakeReader, lake_reader
from patron.engines.text_columns import typed, typed_pointless
from patron.errors import HistoryError, listed_columns

__all__ = [
    "ENDINGS",
    "FileFormat",
    "Opened",
    "check_unchanged",
    "check_whole",
    "open_source",
    "parquet_files",
    "read",
]

ENDINGS = (".parquet", *CSV_ENDINGS, *EXCEL_ENDINGS)  # of files that hold one table
OWN = {"patron-out", "mlruns"}  # folders of results
TEXTS = (".csv", ".csv.gz", ".tsv")
NOTES = (".txt", ".dat", ".txt.gz", ".dat.gz")  # tables only where nothing else is: beside others mostly notes
Source: TypeAlias = str | Path | pd.DataFrame | ArrowStream | Table


@dataclass(frozen=True)
class FileFormat:
    """How a file is written, as far as somebody said so; whatever is empty is read off the file.

    Args:
        encoding: how the bytes of a CSV file are read, for example "cp1252".
        sheet: the sheet of an Excel file.
        decimal: the sign before decimals in the texts of a CSV file.
        texts: the columns of a CSV file that stay texts.
        needed: the columns that are read of what takes no part in queries, where it has them; none for all.
    """

    encoding: str = ""
    sheet: str = ""
    decimal: str = ""
    texts: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A table that an engine can run, and what was seen of the file that it lies in.

    Args:
        table: the rows.
        delimiter: the sign between the columns of a CSV file.
        assumed: sentences on how it was read, each with the line that would change it.
        stamps: the files with their sizes and times of change.
        shapeless: the columns of a frame that are texts here only because they hold lists or bytes, by what they hold.
        met: by the key of each joined file, how many rows there are, and how many of them it has.
    """

    table: Table
    delimiter: str = ""
    assumed: tuple[tuple[str, str], ...] = ()
    stamps: tuple[tuple[Path, int, int], ...] = ()
    shapeless: Mapping[str, str] = field(default_factory=dict)
    met: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def open_source(source: Source, form: FileFormat = FileFormat()) -> Opened:
    """Open a file, a folder of files, a table of a database, a data frame, or a table of Ibis, Arrow or polars.

    Raises:
        HistoryError: the file is not there, cannot be read, or is of no known format.
    """
    if isinstance(source, Table):
        return Opened(run_here(source, form.needed))
    if isinstance(source, pd.DataFrame):
        return Opened(framed(source), shapeless=shapeless(source))
    if not isinstance(source, str | Path):
        table = deferred(source)
        return _streamed(collected(source, form.needed)) if table is None else Opened(table)
    try:
        return _open_path(source, form)
    except (duckdb.Error, IbisError, OSError, EOFError, zlib.error, pa.ArrowInvalid) as error:
        first = str(error).partition("\n")[0].rstrip(".")
        raise HistoryError(
            f"{Path(source).name!r} cannot be read: {first}. Check that it is whole, and that nothing writes to it."
        ) from None


def read(source: Source) -> Table:
    """Open a source as a table that an engine can run, as `open_source` does.

    Raises:
        HistoryError: the file is not there, cannot be read, or is of no known format.
    """
    return open_source(source).table


def parquet_files(source: object) -> Sequence[Path]:
    """Return the Parquet files that are a table: one, or the parts in a folder; none where it is something else.

    Raises:
        HistoryError: there is no such file, or the parts have different columns.
    """
    if not isinstance(source, str | Path) or is_database(source):
        return ()
    path = _checked_path(source)
    files, opened = _opened(path)
    return files if opened is _open_parquet else ()


def check_unchanged(stamps: Sequence[tuple[Path, int, int]]) -> None:
    """Refuse files that were written to since they were opened, so that two counts of them would differ.

    Raises:
        HistoryError: a file has another size or time of change, or is gone.
    """
    for stamp in stamps:
        path = stamp[0]
        if not path.exists() or _stamp(path) != stamp:
            raise HistoryError(
                f"{path.name!r} changed while it was read: it had {stamp[1]:,} bytes when it was opened. "
                "Wait until it is written, or give a copy that nothing writes to."
            )


def _streamed(source: object) -> Opened:
    if isinstance(source, ArrowStream):
        with suppress(pa.ArrowInvalid):  # one column alone is streamed, too, and is no table
            table = pa.table(source)
            return Opened(framed_stream(table), shapeless=shapeless(table))
    raise HistoryError(
        "A table is a path of a file, a frame of pandas, polars or Spark, or a table of Arrow or Ibis, "
        f"got {type(source).__name__}. Make a frame of it: pd.DataFrame(rows)."
    )


def _open_path(source: str | Path, form: FileFormat) -> Opened:
    if is_database(source):
        return Opened(open_database(source, form.needed))
    files, opened = _opened(_checked_path(source))
    stamps = tuple(_stamp(file) for file in files)
    return replace(opened(files, form), stamps=stamps)


def _checked_path(source: str | Path) -> Path:
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


def _stamp(path: Path) -> tuple[Path, int, int]:
    stat = path.stat()
    return path, stat.st_size, stat.st_mtime_ns


Opener: TypeAlias = Callable[[Sequence[Path], FileFormat], Opened]


def _opened(path: Path) -> tuple[Sequence[Path], Opener]:
    """Return the files of a path, and what opens them."""
    if path.is_dir():
        return _parts(path)
    opener = _openers().get(path.suffix.lower())
    if opener is None:
        old = "an old Excel file; save it as .xlsx" if path.suffix.lower() == ".xls" else "of no known format"
        raise HistoryError(
            f"{path.name!r} is neither Parquet nor CSV nor Excel, but {old}. Give a .parquet, .csv (or .tsv, .txt, "
            ".dat), .csv.gz or .xlsx file, a folder of Parquet or CSV files, a DuckDB or SQLite file, or an opened "
            "table."
        )
    return [path], opener


def _openers() -> Mapping[str, Opener]:
    csv, sheets = dict.fromkeys(CSV_ENDINGS, _open_csv), dict.fromkeys(EXCEL_ENDINGS, _open_sheet)
    return {".parquet": _open_parquet, **csv, **sheets}


def _parts(folder: Path) -> tuple[Sequence[Path], Opener]:
    """Return the parts of one table; of files that are tables of their own, none could stand for the others."""
    if (reader := lake_reader(folder)) is not None:
        return (), partial(_open_lake, folder, reader)
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
    return (parquet, _open_parquet) if parquet else (texts, _open_csv)


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


def _open_lake(folder: Path, reader: LakeReader, files: Sequence[Path], form: FileFormat) -> Opened:
    """Open a table with a log, which stays what it was when it is written to: that gives another version."""
    return Opened(reader(folder, form.needed))


def _open_parquet(files: Sequence[Path], form: FileFormat) -> Opened:
    table = ibis.read_parquet([str(file) for file in files])
    return Opened(table, assumed=renamed(files[0], pyarrow.parquet.read_schema(files[0]).names, table.columns))


def _open_csv(files: Sequence[Path], form: FileFormat) -> Opened:
    """Open CSV files, and give each column the type that its rows prove."""
    opened = open_csv(files, form.encoding)
    prove = typed_pointless if (opened.delimiter == ";" and form.decimal != ".") or form.decimal == "," else typed
    table = prove(opened.table, form.texts)
    if not len(table.limit(1).to_pyarrow()):
        raise HistoryError(
            f"{files[0].name!r} has no rows below its header {listed_columns(opened.table.columns)}. Write some."
        )
    words = (*renamed(files[0], opened.header, opened.table.columns), *_unread_folders(files))
    return Opened(table, opened.delimiter, (*opened.assumed, *words))


def _unread_folders(files: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    """Describe the columns that stand in names of folders alone, such as year=2024, which only Parquet files get."""
    names = dict.fromkeys(file.parent.name.partition("=")[0] for file in files if "=" in file.parent.name)
    return tuple(
        (f"column {name!r} stands in the names of folders, and is not read of CSV files", "") for name in names
    )


def _open_sheet(files: Sequence[Path], form: FileFormat) -> Opened:
    frame, assumed = read_sheet(files[0], form.sheet)
    return Opened(framed(frame), assumed=assumed)
