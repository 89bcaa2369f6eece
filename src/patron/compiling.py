"""Compiling: loops become machine code on first use, which later processes find again."""

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["compiled"]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on first use and keep the machine code for the next process.

    The code is kept beside this file; where that is read-only, in the user's cache folder; where there is none, not
    at all, so that a locked-down machine is slower to start but works.
    """
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)
