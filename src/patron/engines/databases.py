"""Databases: one table of a DuckDB or SQLite file, or of a PostgreSQL server, of which only needed columns are read.

Names and passwords of users come from the environment alone, and stand in no message.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.engines.frames import framed
from patron.errors import HistoryError, listed, nearest

__all__ = ["is_database", "is_remote", "open_database", "table_names"]

SERVERS = ("postgresql", "postgres")
DUCKDB, SQLITE = b"DUCK", b"SQLite format 3\0"  # with what the files begin; the former behind a checksum of 8 bytes
CHECKSUM = 8
# PostgreSQL's types that come over as they are; its exact numbers come as floats, what is left as texts.
NUMBERS = ("smallint", "integer", "bigint", "real", "double precision")
TEXTS = ("text", "character", "character varying")
TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
PLAIN = (*NUMBERS, *TEXTS, *TIMES, "boolean")


@dataclass(frozen=True)
class _Database:
    """One database that can be asked what it holds.

    Args:
        name: as messages call it.
        tables: the names of its tables and views.
        columns: the columns of a table, in their order.
        read: the rows of a table, by its columns.
    """

    name: str
    tables: Callable[[], list[str]]
    columns: Callable[[str], list[str]]
    read: Callable[[str, Sequence[str]], Table]


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


def _only(database: _Database, source: str | Path) -> str:
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
        return _sqlite
    return _duckdb if start[CHECKSUM : CHECKSUM + len(DUCKDB)] == DUCKDB else None


@contextmanager
def _opened(source: str | Path) -> Iterator[tuple[_Database, str]]:
    address, table = _parted(str(source))
    if is_remote(address):
        with _postgres(_address(address)) as database:
            yield database, table
        return
    opener = _kind(Path(address))
    if opener is None:
        raise HistoryError(f"{Path(address).name!r} is no database of DuckDB or SQLite. Check the path.")
    with opener(Path(address)) as database:
        yield database, table


@contextmanager
def _duckdb(path: Path) -> Iterator[_Database]:
    """Attach a file for reading; it stays attached, as rows are read when they are asked for."""
    engine: Any = ibis.get_backend()
    alias = f"file_{sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    engine.con.execute(f"ATTACH IF NOT EXISTS {_literal(str(path))} AS {alias} (READ_ONLY)")

    def tables() -> list[str]:
        named = "SELECT schema_name, {0}_name FROM duckdb_{0}s() WHERE database_name = ? AND NOT internal"
        rows = [row for kind in ("table", "view") for row in engine.con.execute(named.format(kind), [alias]).fetchall()]
        return sorted(name if schema == "main" else f"{schema}.{name}" for schema, name in rows)

    def opened(name: str) -> Table:
        schema, _, table = name.rpartition(".")
        rows: Table = engine.table(table, database=(alias, schema or "main"))
        return rows

    yield _Database(
        repr(path.name),
        tables,
        lambda name: list(opened(name).columns) if name in tables() else [],
        lambda name, columns: opened(name).select(*columns),
    )


@contextmanager
def _sqlite(path: Path) -> Iterator[_Database]:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:

        def rows(query: str, *values: str) -> list[tuple[Any, ...]]:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise HistoryError(f"{path.name!r} cannot be read: {error}. Check that it is whole.") from None

        def read(name: str, columns: Sequence[str]) -> Table:
            wanted = ", ".join(map(_quoted, columns))
            return framed(pd.DataFrame.from_records(rows(f"SELECT {wanted} FROM {_quoted(name)}"), columns=columns))

        yield _Database(
            repr(path.name),
            lambda: [
                name
                for (name,) in rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
                if not name.startswith("sqlite_")
            ],
            lambda name: [column for (column,) in rows("SELECT name FROM pragma_table_info(?)", name)],
            read,
        )


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


@contextmanager
def _postgres(address: SplitResult) -> Iterator[_Database]:
    name = f"The database {address.path.lstrip('/') or 'of the server'!r}"
    if address.scheme not in SERVERS:
        raise HistoryError(
            f"The address of a database begins with {address.scheme or 'nothing'!r}, and only PostgreSQL servers are "
            "read. Write postgresql://host/name, or open the table yourself: patron.events(ibis_table, ...)."
        )
    driver = _driver()
    try:
        with driver.connect(address.geturl()) as connection, connection.cursor() as cursor:

            def rows(query: str, *values: str) -> list[tuple[Any, ...]]:
                cursor.execute(query, parameters=values or None)
                return list(cursor.fetchall())

            kinds: dict[str, Mapping[str, str]] = {}

            def columns(table: str) -> list[str]:
                kinds[table] = dict(rows(_COLUMNS, _qualified(table)))
                return list(kinds[table])

            def read(table: str, wanted: Sequence[str]) -> Table:
                selected = ", ".join(_cast(column, kinds[table][column]) for column in wanted)
                cursor.execute(f"SELECT {selected} FROM {_qualified(table)}")
                return _kept(cursor.fetch_record_batch())

            yield _Database(name, lambda: [name for (name,) in rows(_TABLES)], columns, read)
    except driver.Error as error:
        raise HistoryError(
            f"{name} cannot be read: {_reason(error, address)}. Check the address and the rights."
        ) from None


def _driver() -> Any:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise HistoryError(
            "A PostgreSQL server is read by adbc-driver-postgresql, which is not installed. "
            "Install it: pip install 'patron[postgres]'."
        ) from None
    return dbapi


_TABLES = """
SELECT CASE schemaname WHEN current_schema() THEN name ELSE schemaname || '.' || name END
FROM (
    SELECT schemaname, tablename AS name FROM pg_tables UNION ALL
    SELECT schemaname, viewname FROM pg_views UNION ALL SELECT schemaname, matviewname FROM pg_matviews
) AS named
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_COLUMNS = """
SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _qualified(table: str) -> str:
    return ".".join(map(_quoted, table.split(".", 1)))


def _cast(column: str, kind: str) -> str:
    name = _quoted(column)
    if kind == "numeric":
        return f"{name}::double precision AS {name}"
    return name if kind in PLAIN else f"{name}::text AS {name}"


def _kept(batches: Any) -> Table:
    """Stream rows into a table of the engine, which parts with memory where there is too little."""
    engine: Any = ibis.get_backend()
    name = ibis.util.gen_name("patron")
    engine.con.register(f"{name}_rows", batches)
    engine.con.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_rows"')
    engine.con.unregister(f"{name}_rows")
    table: Table = engine.table(name, database=("temp", "main"))
    return table


def _reason(error: Exception, address: SplitResult) -> str:
    """Return the first line of a server's error, without the password."""
    first = str(error).partition("\n")[0].rstrip(".").replace(address.geturl(), "the address")
    secret = address.password or ""
    return first.replace(secret, "...").replace(unquote(secret), "...") if secret else first
