"""The store: a project folder or a server, where runs and models are kept."""

import importlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from patron.errors import RegistryError
from patron.registry.addresses import masked
from patron.registry.local_store import database, ensure_store, locked, mend
from patron.registry.mlflow_import import mlflow, quiet

__all__ = ["Store"]

FULL = ("No space left", "disk is full")  # as the system says it, and the database
GONE = ("Max retries exceeded", "Connection refused", "Connection reset", "Remote end closed")
CONNECT_SECONDS = 10
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Store:
    """The addresses of a store; nothing is opened until it is used."""

    # Addresses may hold a password, so they are left out of the repr.
    tracking_uri: str = field(repr=False)
    registry_uri: str = field(repr=False)
    folder: Path | None = None

    @classmethod
    def at(cls, root: Path) -> Self:
        """Return the store of a project folder: a SQLite database and artifacts under `<root>/mlruns`.

        Raises:
            RegistryError: the folder's path holds a character that a database address cannot.

        >>> Store.at(Path("shop")).folder.name
        'mlruns'
        """
        folder = Path(root).resolve() / "mlruns"
        if set("?#%") & set(str(folder)):
            raise RegistryError(
                f"A database address cannot hold '?', '#' or '%', but the store is in {str(folder)!r}. "
                "Rename the folder."
            )
        address = database(folder / "mlflow.db")
        return cls(address, address, folder)

    @classmethod
    def server(cls, tracking_uri: str, registry_uri: str | None = None) -> Self:
        """Return the store on a tracking server; the audit log is kept there too, as tags of the model.

        >>> Store.server("http://tracking:5000").registry_uri
        'http://tracking:5000'
        """
        return cls(tracking_uri, registry_uri or tracking_uri)

    @classmethod
    def relocate(cls, root: Path) -> Self:
        """Mend a local store whose project folder was moved or copied, and return it.

        mlflow stores absolute artifact addresses; here their beginning is rewritten.

        Raises:
            RegistryError: there is no store under `root`.
        """
        store = cls.at(root)
        mend(store._local())
        return store

    @property
    def _shown(self) -> str:
        return str(self.folder or masked(self.tracking_uri))

    @contextmanager
    def _client(self) -> Iterator[Any]:
        refused = (
            mlflow().exceptions.MlflowException,
            importlib.import_module("sqlalchemy.exc").SQLAlchemyError,
            OSError,
        )
        with quiet():
            try:
                if self.folder is not None:
                    ensure_store(self.folder)
                else:
                    self._check_reachable()
                yield mlflow().MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.registry_uri)
            except refused as error:
                raise RegistryError(self._refusal(str(error))) from error

    def _check_reachable(self) -> None:
        """Refuse a server that nobody answers at, within seconds; behind a proxy only the server itself can tell."""
        for address in {self.tracking_uri, self.registry_uri}:
            parts = urlsplit(address)
            if parts.scheme not in PORTS or parts.scheme in getproxies():
                continue
            try:
                port = parts.port or PORTS[parts.scheme]
                socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS).close()
            except (OSError, ValueError) as error:
                raise RegistryError(
                    f"The registry {masked(address)} does not answer ({error}). Check its address, and that it runs: "
                    f"curl {masked(address)}/health"
                ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self.folder is None:
            yield
        else:
            with locked(self.folder):
                yield

    def _local(self) -> Path:
        if self.folder is None:
            raise RegistryError(
                f"{self._shown} is a server, not a local store. Open that address in a browser, "
                "or name a project: Registry.at(Path('.'))."
            )
        return self.folder

    def _refusal(self, message: str) -> str:
        first = masked(next(iter(message.strip().splitlines()), "it says nothing"))[:200].rstrip(".")
        if "out-of-date database schema" in message:
            return (
                f"The store {self._shown} was written by another mlflow than the one installed ({first}) "
                f"Keep a copy, then: mlflow db upgrade '{masked(self.tracking_uri)}'"
            )
        if any(words in first for words in FULL):
            return f"The registry {self._shown} cannot keep more: {first}. Free the disk, then run it again."
        if any(words in message for words in GONE):
            return (
                f"The registry {self._shown} went away while it was asked. Check that it runs, then start again: "
                f"curl {masked(self.tracking_uri)}/health"
            )
        return f"The registry {self._shown} refused: {first}. Check its address, the names and the run's id."
