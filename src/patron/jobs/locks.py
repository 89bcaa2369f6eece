"""Locks: one run at a time in one folder of results, and one hand at a time on one business's champions."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout

from patron.errors import LockError, PatronError

__all__ = ["alone", "champions_alone"]

PRIVATE = 0o700  # of a new folder, as results name customers


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Lock a folder of results, so that no other run writes to it, and leave no temporary files, whatever the end.

    What is set aside on disk goes to one folder of these results below the system's temporary one. As no other run has
    the lock, what lies there at the beginning was left by one that was killed, and goes.

    Raises:
        LockError: another run is at work there.
    """
    refusal = f"Another run is writing to {out.name!r}. Wait until it has ended, or give these settings another 'out'."
    with _locked(out / ".lock", refusal), _scratch(out):
        yield


@contextmanager
def champions_alone(root: Path, business: str) -> Iterator[None]:
    """Lock the champions of a business, so that nobody else changes which versions of its models score.

    Args:
        root: the folder that holds `mlruns`.
        business: the name that its models begin with.

    Raises:
        LockError: a training or a promotion is under way.
    """
    refusal = (
        f"The models of {business!r} are being trained or promoted by another run, which decides at its end which "
        "versions score. Wait until it has ended, then try again."
    )
    with _locked(root / "mlruns" / f".{business}.lock", refusal):
        yield


@contextmanager
def _locked(path: Path, refusal: str) -> Iterator[None]:
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=PRIVATE, exist_ok=True)
        lock = FileLock(path, timeout=0)
        lock.acquire()
    except Timeout:
        raise LockError(refusal) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise PatronError(
            f"Nothing can be written to {str(path.parent)!r}: {why}. It must be a folder that this user may write to, "
            "on a disk with space: mend it, or name another one (out, root) in the settings."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _scratch(out: Path) -> Iterator[None]:
    """Collect temporary files in a folder of their own, which goes at the end."""
    before = tempfile.tempdir
    name = f"patron-{blake2b(str(out.resolve()).encode(), digest_size=8).hexdigest()}-"
    for left in Path(tempfile.gettempdir()).glob(f"{name}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=name) as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before
