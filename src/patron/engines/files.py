"""Files: where tables are read from, and where files are written, whole or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from ibis.common.exceptions import IbisError
from ibis.expr.types import Table

from patron.engines.csv_files import check_file, with_times
from patron.engines.frames import framed
from patron.errors import HistoryError, listed

__all__ = ["atomic_path", "read", "write", "write_text"]

Source: TypeAlias = str | Path | pd.DataFrame | Table


def read(source: Source) -> Table:
    """Open a file, a data frame or an Ibis table as a table that an engine can run.

    Raises:
        HistoryError: the file is not there, cannot be read, or is neither Parquet nor CSV.
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, pd.DataFrame):
        return framed(source)
    if not isinstance(source, str | Path):
        raise HistoryError(
            f"A table is a path of a file, a pandas frame or an Ibis table, got {type(source).__name__}. "
            "Make a frame of it: pd.DataFrame(rows)."
        )
    path = Path(source)
    if not _is_there(path):
        raise HistoryError(f"There is no file {str(source)!r}. Check the path; it is seen from {Path.cwd().name!r}.")
    try:
        return _reader(path)(str(path))
    except (duckdb.Error, IbisError, OSError, pa.ArrowInvalid) as error:
        first = str(error).partition("\n")[0]
        raise HistoryError(
            f"{path.name!r} cannot be read: {first}. Check that it is whole; CSV must be UTF-8 text."
        ) from None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # longer than any path, or with a sign that none has
        return False


def write(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as Parquet or CSV, whole or not at all.

    Args:
        frame: the table.
        path: where to; its ending tells the format.

    Raises:
        HistoryError: the ending is neither .parquet nor .csv.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise HistoryError(f"{path.name!r} ends neither in .parquet nor in .csv, so its format is unknown. Rename it.")
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    with atomic_path(path) as unfinished:
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(table, unfinished)
        else:
            pyarrow.parquet.write_table(table, unfinished)
    return path


def write_text(text: str, path: Path) -> Path:
    """Write a text file, whole or not at all."""
    with atomic_path(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a path to write to, and move what was written to its place when the block has ended well.

    A block that fails leaves what was at *path* before, and nothing beside it.

    >>> import tempfile
    >>> report = Path(tempfile.mkdtemp()) / "report.txt"
    >>> with atomic_path(report) as unfinished:
    ...     _ = unfinished.write_text("all of it")
    >>> report.read_text()
    'all of it'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _reader(path: Path) -> Callable[[str], Table]:
    known = {".parquet": ibis.read_parquet, ".csv": _read_csv, ".gz": _read_csv}
    if path.is_dir():
        return _read_folder
    if path.suffix.lower() not in known:
        raise HistoryError(
            f"{path.name!r} is neither Parquet nor CSV. Give a .parquet, .csv or .csv.gz file, "
            "a folder of Parquet files, or a table that you opened yourself."
        )
    return known[path.suffix.lower()]


def _read_folder(folder: str) -> Table:
    """Read the parts of one table; of files that are tables of their own, none could stand for the others."""
    files = sorted(Path(folder).rglob("*.parquet"))
    names = [set(pyarrow.parquet.read_schema(file).names) for file in files]
    why = "" if files else "no .parquet is in it"
    for file, found in zip(files, names, strict=True):
        why = why or ("" if names[0] <= found else f"{files[0].name!r} and {file.name!r} have different columns")
    if why:
        raise HistoryError(
            f"The folder {Path(folder).name!r} does not hold the parts of one table: {why}. Name the file of each."
        )
    return ibis.read_parquet(f"{folder}/**/*.parquet")


def _read_csv(path: str) -> Table:
    """Read the whole file before types are chosen: an order number C536379 may come after a million plain ones."""
    table = ibis.read_csv(path, sample_size=-1)
    check_file(Path(path), table.columns)
    try:
        begun = table.limit(1).to_pyarrow()
    except duckdb.Error:  # times written in two ways; as texts they can be told apart
        table = ibis.read_csv(path, sample_size=-1, auto_type_candidates=["BIGINT", "DOUBLE", "VARCHAR"])
        begun = table.limit(1).to_pyarrow()
    if not len(begun):
        raise HistoryError(f"{Path(path).name!r} has no rows below its header {listed(table.columns)}. Write some.")
    return with_times(table)
