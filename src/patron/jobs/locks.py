"""Locks: one run at a time in one folder of results."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from patron.errors import LockError

__all__ = ["alone"]


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Let no other run write to the same results meanwhile.

    Raises:
        LockError: another run is at work there.
    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            yield
    except Timeout:
        raise LockError(
            f"Another run is writing to {out.name!r}. Wait until it has ended, or give these settings another 'out'."
        ) from None
