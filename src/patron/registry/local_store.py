"""The local store: a SQLite database beside its artifacts, created once and mended when it was moved."""

import importlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from patron.errors import LockError, RegistryError

__all__ = ["artifacts", "database", "ensure_store", "locked", "mend", "move_champions"]

LOCK_SECONDS = 60
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def database(path: Path) -> str:
    """Return the address of a database file."""
    return f"sqlite:///{path.as_posix()}"


def artifacts(folder: Path) -> str:
    """Return the address of a store's artifacts."""
    return (folder / "artifacts").as_uri()


def ensure_store(folder: Path) -> None:
    """Create the store where there is none, once, whatever the number of processes that start on it.

    Raises:
        RegistryError: the project was moved, or what is there is no store.
    """
    database = folder / "mlflow.db"
    if not database.exists():
        with locked(folder):
            if not database.exists():
                _create(folder)
    with _opened(database) as connection:
        address = _artifacts_address(connection)
    # A database that mlflow made by itself has another default; ours always ends like this.
    if address.endswith("/mlruns/artifacts") and address != artifacts(folder):
        raise RegistryError(
            f"The project was moved: the store in {folder} still has its artifacts at {address}. "
            f"Mend it once: patron relocate {str(folder.parent)!r}, "
            f"or in Python Registry.relocate(Path({str(folder.parent)!r}))"
        )


def mend(folder: Path) -> None:
    """Rewrite the beginning of every artifact address, in one transaction.

    Raises:
        RegistryError: there is no store in the folder.
    """
    file = folder / "mlflow.db"
    if not file.exists():
        raise RegistryError(
            f"There is no store to mend in {folder}: 'mlflow.db' is missing. Name the folder that holds 'mlruns'."
        )
    with locked(folder), _opened(file) as connection, connection:
        old, new = _artifacts_address(connection), artifacts(folder)
        for table, column in ADDRESSES:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} GLOB ?",
                (new, len(old) + 1, f"{old}/*"),
            )


def move_champions(folder: Path, champions: Sequence[tuple[str, str]]) -> None:
    """Make versions the champions of their models, all at once: a reader sees all of them, or none.

    The database moves them in one transaction, which a kill at any point undoes; a challenger that wins is none any
    more.

    Args:
        folder: of the store.
        champions: name and version of each.
    """
    rows = [{"name": name, "version": int(version)} for name, version in champions]
    with _opened(folder / "mlflow.db") as connection, connection:
        connection.executemany(
            "DELETE FROM registered_model_aliases WHERE name = :name "
            "AND (alias = 'champion' OR (alias = 'challenger' AND version = :version))",
            rows,
        )
        connection.executemany(
            "INSERT INTO registered_model_aliases (name, alias, version) VALUES (:name, 'champion', :version)", rows
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a store, so that no other process moves a champion meanwhile.

    Raises:
        LockError: another run is at it for too long.
    """
    # SQLite's own lock: works on every system, and the system lets it go when the process dies.
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "registry.lock"
    try:
        lock = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise RegistryError(
                f"The registry in {folder} cannot be locked: {error}. Free the disk or the folder for writing; if "
                f"{path.name!r} is something else than a lock, take it away."
            ) from None
        raise LockError(
            f"The registry in {folder} has been held by another run for {LOCK_SECONDS} s ({error}). "
            "Wait for that run, or stop it, then start again."
        ) from error
    with closing(lock):
        yield


def _create(folder: Path) -> None:
    # Made aside and moved into place, so that a process that dies leaves no half-made database.
    store = importlib.import_module("mlflow.store.tracking.sqlalchemy_store")
    unfinished = folder / "mlflow.db.new"
    unfinished.unlink(missing_ok=True)
    store.SqlAlchemyStore(database(unfinished), artifacts(folder)).engine.dispose()
    unfinished.replace(folder / "mlflow.db")


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Connect to a database, refused where it is none of a store."""
    try:
        with closing(sqlite3.connect(database, timeout=LOCK_SECONDS)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise RegistryError(
            f"The database {database.name!r} in {database.parent} cannot be used: {error}. "
            "Put it back from a copy, or begin anew: move the folder away, then patron train."
        ) from None


def _artifacts_address(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT artifact_location FROM experiments WHERE experiment_id = 0").fetchone()
    return str(row[0]).removesuffix("/0") if row else ""
