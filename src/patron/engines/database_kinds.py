"""Kinds of databases: how the tables of a DuckDB or SQLite file, or of a PostgreSQL server, are listed and read."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

import ibis
import pandas as pd
from ibis.expr.types import Table

from patron.engines.deferred import streamed_in
from patron.engines.frames import framed
from patron.errors import HistoryError

__all__ = ["SERVERS", "Database", "duckdb_file", "postgresql_server", "sqlite_file"]

SERVERS = ("postgresql", "postgres")
# PostgreSQL's types that come over as they are; its exact numbers come as floats, what is left as texts.
NUMBERS = ("smallint", "integer", "bigint", "real", "double precision")
TEXTS = ("text", "character", "character varying")
TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
PLAIN = (*NUMBERS, *TEXTS, *TIMES, "boolean")


@dataclass(frozen=True)
class Database:
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


@contextmanager
def duckdb_file(path: Path) -> Iterator[Database]:
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

    yield Database(
        repr(path.name),
        tables,
        lambda name: list(opened(name).columns) if name in tables() else [],
        lambda name, columns: opened(name).select(*columns),
    )


@contextmanager
def sqlite_file(path: Path) -> Iterator[Database]:
    """Open a file for reading, whose rows are read at once.

    Raises:
        HistoryError: it is broken.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:

        def rows(query: str, *values: str) -> list[tuple[Any, ...]]:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                why = str(error).partition(" with text ")[0]  # what follows is a value of the table
                raise HistoryError(f"{path.name!r} cannot be read: {why}. Check that it is whole.") from None

        def read(name: str, columns: Sequence[str]) -> Table:
            wanted = ", ".join(map(_quoted, columns))
            return framed(pd.DataFrame.from_records(rows(f"SELECT {wanted} FROM {_quoted(name)}"), columns=columns))

        yield Database(
            repr(path.name),
            lambda: [
                name
                for (name,) in rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
                if not name.startswith("sqlite_")
            ],
            lambda name: [column for (column,) in rows("SELECT name FROM pragma_table_info(?)", name)],
            read,
        )


@contextmanager
def postgresql_server(address: SplitResult) -> Iterator[Database]:
    """Connect to a server, whose rows are streamed into the engine.

    Raises:
        HistoryError: it is no PostgreSQL server, is not there, or refuses.
    """
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
                return streamed_in(cursor.fetch_record_batch())

            yield Database(name, lambda: [name for (name,) in rows(_TABLES)], columns, read)
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


def _reason(error: Exception, address: SplitResult) -> str:
    """Return the first line of a server's error, without the password."""
    first = str(error).partition("\n")[0].rstrip(".").replace(address.geturl(), "the address")
    secret = address.password or ""
    return first.replace(secret, "...").replace(unquote(secret), "...") if secret else first
