"""File states: whether files are what they were, so that nobody reads again what cannot have changed."""

import json
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from patron.engines.databases import is_database
from patron.engines.table_files import OWN

__all__ = ["file_states"]


def file_states(sources: Iterable[object]) -> str:
    """Return a hash of the path, the size and the times of change of all files; empty where only reading can tell.

    Nobody can tell of servers, databases, frames and tables of an engine. A file that was copied over another has a
    time of change of its own, also where the copy keeps that of its content.

    Args:
        sources: what tables are read from: files and folders, or whatever else.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "orders.csv"
    >>> _ = file.write_text("customer,at")
    >>> before = file_states([file])
    >>> _ = file.write_text("customer,at,amount")
    >>> before == file_states([file]), file_states([file, "$SHOP#orders"])
    (False, '')
    """
    states: list[tuple[str, int, int, int]] = []
    for source in sources:
        files = _files(source)
        if not files:
            return ""
        states += map(_state, files)
    return blake2b(json.dumps(states).encode(), digest_size=16).hexdigest() if states else ""


def _files(source: object) -> list[Path]:
    """Return the files of a source, none where it is something else."""
    if not isinstance(source, str | Path) or is_database(source):
        return []
    path = Path(source)
    if not path.is_dir():
        return [path] if path.is_file() else []
    below = ((file, file.relative_to(path).parts) for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file, parts in below if not OWN & {*parts} and not any(part.startswith(".") for part in parts)]


def _state(file: Path) -> tuple[str, int, int, int]:
    stat = file.stat()
    return str(file.absolute()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
