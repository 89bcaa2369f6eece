"""Threads of trees: how many LightGBM takes, for as long as several threads of a training use it at once.

LightGBM keeps one number of threads for all that a process does with it. A call that changes it while another lays out
its memory makes the other write where it has none, and the process dies of it.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from lightgbm.basic import _LIB

__all__ = ["most_threads", "trees_on_one_thread"]


@contextmanager
def trees_on_one_thread() -> Iterator[None]:
    """Hold LightGBM to one thread a call, whatever a call asks for, so that its number does not change within.

    Enter and leave it while nothing else uses LightGBM. Trees are the same on any number of threads.

    >>> with trees_on_one_thread():
    ...     print(most_threads())
    1
    """
    before = most_threads()
    _hold(1)
    try:
        yield
    finally:
        _hold(before)


def most_threads() -> int:
    """Return how many threads LightGBM takes at most for a call, -1 where nothing holds it."""
    count = ctypes.c_int()
    _LIB.LGBM_GetMaxThreads(ctypes.byref(count))
    return count.value


def _hold(count: int) -> None:
    _LIB.LGBM_SetMaxThreads(ctypes.c_int(count))
