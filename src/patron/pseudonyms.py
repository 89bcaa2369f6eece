"""Pseudonyms: short names for customers, so that reports and logs name nobody."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

import pandas as pd

from patron.errors import PatronError

__all__ = ["key_at", "pseudonyms"]

LETTERS = 10
LEAST, MOST = 32, 64  # bytes of a key


def pseudonyms(customers: pd.Series, key: bytes) -> pd.Series:
    """Return a name for each customer that only the holder of the key can lead back.

    Args:
        customers: customer keys, shape (n,).
        key: secret of this business, up to 64 bytes; the same key gives the same names.

    >>> pseudonyms(pd.Series(["a", "a", "b"]), b"secret").nunique()
    2
    """
    named = {c: hashlib.blake2b(str(c).encode(), key=key, digest_size=LETTERS // 2).hexdigest() for c in set(customers)}
    return customers.map(named).rename("pseudonym")


def key_at(folder: Path) -> bytes:
    """Return the secret kept in a folder; it is made on first use, whole or not at all, readable by its owner only.

    Raises:
        PatronError: what is there is no key, or none can be written.
    """
    path = folder / "pseudonyms.key"
    try:
        if not path.exists():
            _write_key(path)
        key = path.read_bytes().strip() if path.is_file() else b""
    except OSError as error:
        raise PatronError(
            f"The key of the pseudonyms, {path.name!r} in {folder.name!r}, cannot be read or written: {error.strerror}."
            f" Free the disk, or let its owner run this: chmod 600 {path}"
        ) from None
    if not LEAST <= len(key) <= MOST or not key.isascii() or not key.decode().isprintable():
        raise PatronError(
            f"The key of the pseudonyms, {path.name!r} in {folder.name!r}, holds {len(key)} bytes that are no key of "
            f"{LEAST} to {MOST} letters and digits; without one anybody could lead pseudonyms back to customers. "
            f"Put it back from a copy, or have a new one, with other pseudonyms: rm -r {path}"
        )
    return key


def _write_key(path: Path) -> None:
    """Write a new key; of several runs that begin at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(LEAST // 2))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(unfinished, path)  # unlike a rename it takes no other run's key away
    finally:
        unfinished.unlink(missing_ok=True)
