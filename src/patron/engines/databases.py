"""Databases: one table of a DuckDB or SQLite file, or of a PostgreSQL server, of which only needed columns are read.

Names and passwords of users come from the environment alone, and stand in no message.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ibis.expr.types import Table

from patron.engines.database_kinds import SERVERS, Database, duckdb_file, postgresql_server, sqlite_file
from patron.errors import HistoryError, listed, nearest

__all__ = ["is_database", "is_remote", "open_database", "table_names"]

DUCKDB, SQLITE = b"DUCK", b"SQLite format 3\0"  # with what the files begin; the former behind a checksum of 8 bytes
CHECKSUM = 8


def is_remote(source: object) -> bool:
    """Check whether a text is the address of a server, or names the variable of the environment that holds it.

    >>> is_remote("postgresql://db.example/shop#orders"), is_remote("$SHOP#orders"), is_remote("orders.csv")
    (True, True, False)
    """
    return isinstance(source, str) and source.startswith(("$", *(f"{server}:" for server in SERVERS)))


def is_database(source: str | Path) -> bool:
    """Check whether a source is a database file or server, with or without the name of a table behind a #."""
    if is_remote(source):
        return True
    path = Path(_parted(str(source))[0])
    return _is_file(path) and _kind(path) is not None


def table_names(source: str | Path) -> list[str]:
    """Return the tables and views of a database, for example those of "shop.sqlite".

    Raises:
        HistoryError: the database cannot be read.
    """
    with _opened(source) as (database, _):
        return database.tables()


def open_database(source: str | Path, needed: Collection[str] = ()) -> Table:
    """Open one table of a database, whose name stands behind a #: "shop.sqlite#orders".

    Args:
        source: path of a DuckDB or SQLite file, the address of a PostgreSQL server such as
            "postgresql://db.example/shop#sales.orders", or "$SHOP#orders" where the variable SHOP of the environment
            holds the address. The only table of a database needs no name.
        needed: the columns to be read, of which the table may lack some; none for all.

    Raises:
        HistoryError: the database or the table is not there or cannot be read, or a password stands in the address.
    """
    with _opened(source) as (database, table):
        table = table or _only(database, source)
        columns = database.columns(table)
        if not columns:
            names = database.tables()
            raise HistoryError(
                f"{database.name} has no table {table!r}.{nearest(table, names)} It has: {listed(names)}. "
                f"{_choice(source, names)}"
            )
        return database.read(table, [column for column in columns if not needed or column in needed] or columns[:1])


def _only(database: Database, source: str | Path) -> str:
    names = database.tables()
    if len(names) == 1:
        return names[0]
    raise HistoryError(f"{database.name} has {len(names)} tables: {listed(names)}. {_choice(source, names)}")


def _choice(source: str | Path, names: Sequence[str]) -> str:
    """Return the line that names a table of a database."""
    address = _parted(str(source))[0]
    shown = address if is_remote(address) else Path(address).name
    example = f"{shown}#{next(iter(names), 'orders')}"
    return f"Name one behind a #: path = {json.dumps(example)}."


def _parted(source: str) -> tuple[str, str]:
    """Return the address of a database and the name of a table; a file may have a # in its own name."""
    if not is_remote(source) and _is_file(Path(source)):
        return source, ""
    address, _, table = source.rpartition("#")
    return (address, table) if address else (source, "")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # longer than any path, or with a sign that none has
        return False


def _kind(path: Path) -> Callable[[Path], Any] | None:
    """Return what opens a file, by its first bytes; endings say little, as .db may be anything."""
    with path.open("rb") as file:
        start = file.read(len(SQLITE))
    if start == SQLITE:
        return sqlite_file
    return duckdb_file if start[CHECKSUM : CHECKSUM + len(DUCKDB)] == DUCKDB else None


@contextmanager
def _opened(source: str | Path) -> Iterator[tuple[Database, str]]:
    address, table = _parted(str(source))
    if is_remote(address):
        with postgresql_server(_address(address)) as database:
            yield database, table
        return
    opener = _kind(Path(address))
    if opener is None:
        raise HistoryError(f"{Path(address).name!r} is no database of DuckDB or SQLite. Check the path.")
    with opener(Path(address)) as database:
        yield database, table


def _address(text: str) -> SplitResult:
    """Return the parts of a server's address; only the environment may hold a password."""
    if text.startswith("$"):
        variable = text[1:]
        if not os.environ.get(variable):
            raise HistoryError(
                f"The environment has no variable {variable!r}, which is to hold the address of a database. "
                f"Set it: export {variable}=postgresql://..."
            )
        return urlsplit(os.environ[variable])
    parts = urlsplit(text)
    if parts.password:
        raise HistoryError(
            f"The address of {parts.hostname or 'the database'!r} holds a password, which belongs into no file. "
            'Set PGUSER and PGPASSWORD in the environment, or the whole address in a variable: path = "$SHOP#orders".'
        )
    return parts
