"""Failures: what an engine says of a broken file while it runs, as a sentence that shows no value of it."""

import re

import duckdb

from patron.errors import HistoryError, PatronError

__all__ = ["refusal"]

FULL = re.compile(r"no space left|out of disk|disk quota", re.IGNORECASE)
BROKEN = re.compile(r"failed to read|corrupt|checksum|decompress|could not read|io error|parquet", re.IGNORECASE)
FILE = re.compile(r"""["']([^"']*[/\\])?([^"'/\\]+)["']""")


def refusal(error: Exception) -> PatronError | None:
    """Return what to say of an error of the engine, or None of any other error.

    >>> print(refusal(duckdb.IOException('Failed to read file "/data/orders.parquet": decompression failure')))
    A table cannot be read to its end: the file 'orders.parquet' is broken (IOException). Write it again ...
    """
    if not isinstance(error, duckdb.Error):
        return None
    text = str(error)
    if FULL.search(text):
        return PatronError("The disk is full, where the engine sets work aside. Free some of it: df -h $TMPDIR")
    if type(error) is not duckdb.Error and not BROKEN.search(text):
        return None
    file = FILE.search(text)
    which = f"the file {file[2]!r}" if file else "its file"
    return HistoryError(
        f"A table cannot be read to its end: {which} is broken ({type(error).__name__}). Write it again from its "
        "source, or put it back from a copy."
    )
