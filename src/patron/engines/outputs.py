"""Outputs: tables and texts written whole or not at all, for their owner alone, and safe to open in a spreadsheet."""

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from patron.errors import HistoryError, PatronError

__all__ = ["atomic_path", "private_path", "write", "write_text"]

# A spreadsheet runs a text that begins with one of these signs; one that is a number, such as -5 or +4670, it reads.
FORMULA, NUMBER = r"^[=+\-@\t\r\n]", r"^[+\-]?[0-9.,]+([eE][+\-]?[0-9]+)?$"
# Of keys that another system must find again, only those go that no system gives: others call nothing, such as @anna.
CALL = r"^([=\t\r\n]|[+\-@].*[^\w .@+\-])"
PRIVATE = 0o600


def write(frame: pd.DataFrame, path: Path, keys: Collection[str] = ()) -> Path:
    """Write a table as Parquet or CSV, whole or not at all, readable by its owner only where it is new.

    In a CSV file a text that a spreadsheet would run as a formula has an apostrophe before it; Parquet has it as is.

    Args:
        frame: the table.
        path: where to; its ending tells the format.
        keys: columns by which another system finds its records, whose texts stay wherever they call nothing.

    Raises:
        HistoryError: the ending is neither .parquet nor .csv.
        PatronError: the file cannot be written.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise HistoryError(f"{path.name!r} ends neither in .parquet nor in .csv, so its format is unknown. Rename it.")
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    with private_path(path) as unfinished:
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(_harmless(table, keys), unfinished)
        else:
            pyarrow.parquet.write_table(table, unfinished)
    return path


def write_text(text: str, path: Path) -> Path:
    """Write a text file, whole or not at all.

    Raises:
        PatronError: it cannot be written.
    """
    with atomic_path(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return path


@contextmanager
def private_path(path: Path) -> Iterator[Path]:
    """Yield a path to write to, as `atomic_path` does, to a file that its owner alone can read where it is new.

    Raises:
        PatronError: as `atomic_path`.
    """
    with atomic_path(path) as unfinished:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY, _mode(path)))
        yield unfinished


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path to write to, and move what was written to its place when the block has ended well.

    A block that fails leaves what was at *path* before, and nothing beside it.

    Raises:
        PatronError: the disk is full, the folder may not be written, or a folder has that name.

    >>> import tempfile
    >>> report = Path(tempfile.mkdtemp()) / "report.txt"
    >>> with atomic_path(report) as unfinished:
    ...     _ = unfinished.write_text("all of it")
    >>> report.read_text()
    'all of it'
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise PatronError(
            f"{path.name!r} cannot be written to {path.parent.name!r}: {error.strerror or 'the disk refuses'}. What "
            "was there before is as it was. Free the disk or the name, or let this user write there, and run it again: "
            f"df -h {path.parent}"
        ) from error
    finally:
        if unfinished.parent.is_dir():
            unfinished.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """Return the rights of a table: its owner's alone, or those that somebody gave to the one that is there."""
    return stat.S_IMODE(path.stat().st_mode) if path.is_file() else PRIVATE


def _harmless(table: pa.Table, keys: Collection[str]) -> pa.Table:
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            table = table.set_column(place, name, _without_formulas(column, CALL if name in keys else FORMULA))
    return table


def _without_formulas(texts: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    runs = pc.and_(pc.match_substring_regex(texts, pattern), pc.invert(pc.match_substring_regex(texts, NUMBER)))
    apostrophe, between = pa.scalar("'", texts.type), pa.scalar("", texts.type)
    return pc.if_else(pc.fill_null(runs, False), pc.binary_join_element_wise(apostrophe, texts, between), texts)
