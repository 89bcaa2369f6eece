"""Stores: where tables are read from and written to; the only module that knows an engine."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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

from patron.attribute_tables import declare_attributes
from patron.csv_files import check_dates, check_file, check_numbers, check_times, with_times
from patron.errors import HistoryError, listed
from patron.event_tables import Events, Role, Where, declare

__all__ = ["attributes", "events", "read", "write", "write_text"]

REPEATED = "repeated row"
Source: TypeAlias = str | Path | pd.DataFrame | Table


def events(
    source: Source,
    where: Where | None = None,
    returns: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "keep",
    **roles: Role,
) -> Events:
    """Read an event table from a file, a data frame or an Ibis table, and fix its names.

    Args:
        source: path of a Parquet or CSV file, a pandas frame, or an Ibis table of any backend.
        where: columns and the value (or list of values) that a row must have to be read.
        returns: columns and the value (or values) that mark a row as taking a purchase back.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column.
        **roles: the column of each role, for example customer="cust_id", at="ts", amount="paid".

    Raises:
        HistoryError: the file is not there or cannot be read, a column is missing, or *duplicates* is neither.

    >>> orders = pd.DataFrame({"cust_id": ["a"], "ts": ["2024-05-01"]})
    >>> events(orders, customer="cust_id", at="ts").used.count().to_pyarrow().as_py()
    1
    """
    table = read(source)
    check_numbers(table, roles, not isinstance(source, Table))
    return _checked(source, table, declare(table, where, returns, timezone, **roles), duplicates, roles)


def attributes(
    source: Source,
    where: Where | None = None,
    timezone: str = "UTC",
    duplicates: str = "keep",
    leave_out: Sequence[str] = (),
    **roles: Role,
) -> Events:
    """Read what is known of customers, such as country, channel or plan, so that every answer can use it.

    Args:
        source: path of a Parquet or CSV file, a pandas frame, or an Ibis table of any backend.
        where: columns and the value (or list of values) that a row must have to be read.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column.
        leave_out: columns that must not count, for example a status that was written after the customer left.
        **roles: the column of the customer's key, customer="cust_id", and where facts change that of the time from
            which a row holds, at="valid_from". Without `at` there is one row for each customer, which holds at any
            time.

    Raises:
        HistoryError: the file is not there or cannot be read, a column is missing, or *duplicates* is neither.

    >>> people = pd.DataFrame({"cust_id": ["a"], "country": ["FR"], "mail": ["a@b.fr"]})
    >>> attributes(people, customer="cust_id", leave_out=["mail"]).attributes
    ('country',)
    """
    table = read(source)
    declared = declare_attributes(table, where, timezone, leave_out, **roles)
    return _checked(source, table, declared, duplicates, roles)


def _checked(source: Source, table: Table, declared: Events, duplicates: str, roles: Mapping[str, Role]) -> Events:
    """Refuse times that cannot be read, or in two ways; set repeated rows aside where that is asked."""
    if duplicates not in DUPLICATES:
        raise HistoryError(f"Repeated rows are 'keep' or 'drop', got {duplicates!r}. Write duplicates = 'drop'.")
    check_times(declared, table, roles, not isinstance(source, Table))
    if _is_csv(source):
        check_dates(ibis.read_csv(str(source), all_varchar=True), roles)
    return DUPLICATES[duplicates](declared)


def _once(declared: Events) -> Events:
    """Set aside what repeats a row in every column; of rows that are the same, any may stay."""
    table = declared.table
    place = ibis.row_number().over(ibis.window(group_by=list(table.columns), order_by=table.customer))
    again = table.set_aside.isnull() & (place > 0)
    marked = table.mutate(set_aside=again.ifelse(REPEATED, table.set_aside))
    return replace(declared, table=marked.cache(), used=declared.used.distinct().cache())


DUPLICATES: Mapping[str, Callable[[Events], Events]] = {"keep": lambda declared: declared, "drop": _once}


def read(source: Source) -> Table:
    """Open a file, a data frame or an Ibis table as a table that an engine can run.

    Raises:
        HistoryError: the file is not there, cannot be read, or is neither Parquet nor CSV.
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, pd.DataFrame):
        return _framed(source)
    path = Path(source)
    if not path.exists():
        raise HistoryError(f"There is no file {str(source)!r}. Check the path; it is seen from {Path.cwd().name!r}.")
    try:
        return _reader(path)(str(path))
    except (duckdb.Error, IbisError, OSError, pa.ArrowInvalid) as error:
        first = str(error).partition("\n")[0]
        raise HistoryError(
            f"{path.name!r} cannot be read: {first}. Check that it is whole; CSV must be UTF-8 text."
        ) from None


def _framed(frame: pd.DataFrame) -> Table:
    """Take a data frame in; an engine keeps microseconds, so finer times are cut, and one type in a column."""
    named = frame.rename(columns=str)
    twice = named.columns[named.columns.duplicated()]
    if len(twice):
        raise HistoryError(f"The data frame has the column {twice[0]!r} twice. Give each column one name.")
    times = [column for column, kind in named.dtypes.items() if str(kind).startswith("datetime64[ns")]
    cut = {column: named[column].dt.as_unit("us") for column in times}
    texts = {column: named[column].map(str, na_action="ignore") for column in named if _is_mixed(named[column])}
    return ibis.memtable(named.assign(**cut, **texts))


def _is_mixed(column: pd.Series) -> bool:
    return pd.api.types.infer_dtype(column, skipna=True) in ("mixed", "mixed-integer")


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
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(table, unfinished)
    else:
        pyarrow.parquet.write_table(table, unfinished)
    unfinished.replace(path)
    return path


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


def _is_csv(source: Source) -> bool:
    return isinstance(source, str | Path) and Path(source).suffix.lower() in (".csv", ".gz")


def write_text(text: str, path: Path) -> Path:
    """Write a text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    unfinished.write_text(text, encoding="utf-8")
    return unfinished.replace(path)
