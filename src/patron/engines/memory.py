"""Memory: how much there is for this process, how much of it the engine may take, and what goes back when free."""

import ctypes
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

__all__ = ["give_back", "limit_engine", "machine_gigabytes", "set_aside"]

GIGABYTE = 2**30
UNKNOWN = 8.0  # gigabytes, where the system does not tell
LIMITS = ("memory.max", "memory/memory.limit_in_bytes")  # of a container, by the two versions of control groups


def machine_gigabytes(groups: Path = Path("/sys/fs/cgroup")) -> float:
    """Return the memory of this machine, or of the container where it has less.

    Args:
        groups: where the system tells the limits of a container.
    """
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    except (AttributeError, ValueError, OSError):
        whole = UNKNOWN
    return min([whole, *(_limit(groups / name) for name in LIMITS)])


def limit_engine(gigabytes: float) -> None:
    """Let the engine of files take no more memory, and set aside what does not fit where temporary files go."""
    engine: Any = ibis.get_backend()
    if engine.name == "duckdb":
        _work_in(engine, tempfile.gettempdir())
        engine.raw_sql(f"SET memory_limit = '{gigabytes:.3f}GiB'")


def set_aside(kept: float, limit: float) -> None:
    """Have the engine of files put on disk what it holds beyond some gigabytes, as far as nobody is reading it.

    Args:
        kept: gigabytes that stay in memory.
        limit: gigabytes that it may take again from now on.
    """
    with suppress(Exception):  # what cannot go, or finds no room on disk, stays where it is
        limit_engine(kept)
    limit_engine(limit)
    give_back()


def give_back() -> None:
    """Give memory that was freed back to the machine, which allocators keep for later: of many threads it adds up."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU library; others have none
        if trim is not None:
            trim(0)


def _work_in(engine: Any, folder: str) -> None:
    """Have the engine set aside in a folder; where it has done so in another, that one stays, and is there again."""
    (used,) = engine.raw_sql("SELECT current_setting('temp_directory')").fetchone()
    if used == folder:  # one that was used cannot be named again
        return
    try:
        engine.raw_sql("SET temp_directory = '{}'".format(folder.replace("'", "''")))
    except duckdb.NotImplementedException:
        Path(used).mkdir(parents=True, exist_ok=True)


def _limit(path: Path) -> float:
    """Return the limit that a file tells, none where it tells none."""
    try:
        return int(path.read_text()) / GIGABYTE
    except (OSError, ValueError):
        return float("inf")
