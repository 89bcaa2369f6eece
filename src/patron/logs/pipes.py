"""Pipes: a run ends quietly, as Unix programs do, where nobody reads its lines any more (`patron check | head -1`)."""

import os
from typing import TextIO

__all__ = ["UNREAD", "write_line"]

UNREAD = 141  # as shells report a program that SIGPIPE ends


def write_line(file: TextIO, line: str) -> None:
    """Write a line at once.

    Raises:
        SystemExit: nobody reads it; what is written to the file from then on goes nowhere.
    """
    try:
        file.write(f"{line}\n")
        file.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file.fileno())
        os.close(nowhere)
        raise SystemExit(UNREAD) from None
