"""The engines that the tests of features run on: how each opens a frame."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

Frame = pd.DataFrame | pa.Table


def _duckdb(frame: Frame) -> Any:
    """Frames are read by DuckDB as they are."""
    return frame if isinstance(frame, pd.DataFrame) else ibis.memtable(frame)


ENGINES: Mapping[str, Callable[[Frame], Any]] = {"duckdb": _duckdb}
"""What an event table is declared of, by engine."""

_running = ["duckdb"]


def open_frame(frame: Frame) -> Any:
    """A frame as the engine that is running has it."""
    return ENGINES[_running[-1]](frame)


@contextmanager
def running(engine: str) -> Iterator[Callable[[Frame], Any]]:
    """Open frames by an engine, for some tests."""
    _running.append(engine)
    try:
        yield open_frame
    finally:
        _running.pop()
