"""Quick reads: champions and figures straight from the local store's database, as importing mlflow takes seconds.

Whatever is not as expected is left to mlflow, and to its errors: these functions return nothing then, and never refuse.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = ["KeptVersion", "kept_champions", "kept_run", "kept_versions"]

SECONDS = 60  # that another process may hold the database
CHAMPION = (
    "SELECT version, run_id, coalesce(storage_location, source) FROM registered_model_aliases "
    "JOIN model_versions USING (name, version) WHERE alias = 'champion' AND name = ?"
)
VERSIONS = (
    "SELECT version, run_id, (SELECT json_group_array(alias) FROM registered_model_aliases a "
    "WHERE a.name = v.name AND a.version = v.version), (SELECT json_group_object(key, value) FROM model_version_tags t "
    "WHERE t.name = v.name AND t.version = v.version) FROM model_versions v WHERE name = ? ORDER BY version"
)


@dataclass(frozen=True)
class KeptVersion:
    """A registered version as the database has it: its number, run, tags, and the folder of its bundle."""

    name: str
    version: str
    run_id: str
    bundle: Path
    tags: dict[str, str]


def kept_champions(folder: Path, names: Sequence[str]) -> list[KeptVersion] | None:
    """Return the champions of several models in one reading, which no promotion can come between.

    Args:
        folder: of the store.
        names: of the models.
    """
    try:
        with closing(_opened(folder)) as database:
            database.execute("BEGIN")
            versions = [_champion(database, name) for name in names]
    except (sqlite3.Error, ValueError, TypeError):
        return None
    return versions if all(version.bundle.is_dir() for version in versions) else None


def kept_run(folder: Path, run_id: str) -> tuple[dict[str, float], dict[str, str]] | None:
    """Return the figures and the tags of a run.

    Args:
        folder: of the store.
        run_id: of the run.
    """
    try:
        with closing(_opened(folder)) as database:
            metrics = database.execute("SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ?", (run_id,))
            figures = {str(key): float("nan") if is_nan else float(value) for key, value, is_nan in metrics}
            tags = {
                str(k): str(v) for k, v in database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run_id,))
            }
    except (sqlite3.Error, ValueError, TypeError):
        return None
    return (figures, tags) if tags else None


def kept_versions(folder: Path, names: Sequence[str]) -> list[dict[str, Any]] | None:
    """Return all versions of several models, oldest first: `name`, `version`, `run`, `aliases` and `tags`.

    Args:
        folder: of the store.
        names: of the models.
    """
    try:
        with closing(_opened(folder)) as database:
            rows = [(name, *row) for name in names for row in database.execute(VERSIONS, (name,)).fetchall()]
        return [
            {
                "name": name,
                "version": f"{version}",
                "run": run,
                "aliases": sorted(json.loads(aliases)),
                "tags": json.loads(tags),
            }
            for name, version, run, aliases, tags in rows
        ]
    except (sqlite3.Error, ValueError, TypeError):
        return None


def _opened(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{(folder / 'mlflow.db').as_uri()}?mode=ro", uri=True, timeout=SECONDS)


def _champion(database: sqlite3.Connection, name: str) -> KeptVersion:
    ((version, run_id, address),) = database.execute(CHAMPION, (name,)).fetchall()
    rows = database.execute("SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?", (name, version))
    parts = urlsplit(address)
    if parts.scheme != "file":
        raise ValueError(address)
    bundle = Path(url2pathname(parts.path)) / "artifacts" / "bundle"
    return KeptVersion(name, f"{version}", str(run_id), bundle, {str(key): str(value) for key, value in rows})
