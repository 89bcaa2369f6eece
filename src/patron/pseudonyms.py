"""Pseudonyms: short names for customers, so that reports and logs name nobody."""

import hashlib
import secrets
from pathlib import Path

import pandas as pd

__all__ = ["key_at", "pseudonyms"]

LETTERS = 10


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
    """Return the secret kept in a folder; it is made on first use, readable by its owner only."""
    path = folder / "pseudonyms.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip().encode()
