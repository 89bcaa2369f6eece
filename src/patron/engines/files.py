"""Files: a source of somebody, whatever it is, opened as a table that an engine can run."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
from patron.engines.csv_files import open_csv
from patron.engines.databases import is_database, open_database
from patron.engines.deferred import collected, deferred, run_here
from patron.engines.excel import read_sheet
from patron.engines.frames import ArrowStream, framed, framed_stream, shapeless
from patron.engines.lakes import lake_reader
from patron.engines.table_files import CSV, EXCEL, PARQUET, checked_path, table_files
from patron.engines.text_columns import typed, typed_pointless
from patron.errors import HistoryError, listed_columns

__all__ = [
    "FileFormat",
    "Opened",
    "check_unchanged",
    "open_source",
    "read",
]

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
    path = checked_path(source)
    if path.is_dir() and (reader := lake_reader(path)) is not None:
        return Opened(reader(path, form.needed))  # stays what it was when it is written to: that gives another version
    files = table_files(path)
    return replace(_openers()[files.format](files.parts, form), stamps=tuple(_stamp(file) for file in files.parts))


def _stamp(path: Path) -> tuple[Path, int, int]:
    stat = path.stat()
    return path, stat.st_size, stat.st_mtime_ns


Opener: TypeAlias = Callable[[Sequence[Path], FileFormat], Opened]


def _openers() -> Mapping[str, Opener]:
    return {PARQUET: _open_parquet, CSV: _open_csv, EXCEL: _open_sheet}


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
