"""Shared folders: where executors leave what the driver or each other read next, and which nobody needs afterwards."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["shared_folder"]


@contextmanager
def shared_folder(results: Path, what: str) -> Iterator[Path]:
    """Return a folder in that of the results, which all executors see; it goes at the end.

    What a run that was killed left of the same kind goes first, as one run at a time writes to a folder of results.

    Args:
        results: the folder of the results.
        what: what lies in it, one word.
    """
    results.mkdir(parents=True, exist_ok=True)
    for left in results.glob(f".{what}-*"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=f".{what}-", dir=results) as folder:
        yield Path(folder)
