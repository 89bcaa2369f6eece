"""States: how each loop of the kernel is called, and what it leaves for each row and window."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from patron.fold.codings import Column
from patron.fold.views import DAY, Seen, is_between
from patron.periods import EVER, Span

__all__ = ["STATES", "by_window"]


def _tally(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import tally_walk

    out = np.empty((int(seen.leaf.reduction), len(windows), len(seen.rows.stop)))
    tally_walk(seen.column.values, _lows(seen, windows), seen.rows.stop, out)
    return out


def _tally_ever(seen: Seen) -> np.ndarray:
    from patron.fold.kernel import tally_ever

    out = np.empty((int(seen.leaf.reduction), 1, len(seen.rows.stop)))
    tally_ever(seen.column.values, seen.rows.first, seen.rows.stop, out)
    return out


def by_window(seen: Seen, state: str, windows: Sequence[Span]) -> list[np.ndarray]:
    """Return the state of each row (states, rows) for each window; the windows come widest last."""
    ever, walk = STATES[state]
    if ever is None or windows[-1] != EVER:
        return _apart(walk(seen, windows))
    finite = _apart(walk(seen, windows[:-1])) if len(windows) > 1 else []
    return [*finite, ever(seen)[:, 0]]


def _apart(found: np.ndarray) -> list[np.ndarray]:
    return [found[:, w] for w in range(found.shape[1])]


def _lows(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    return np.stack([seen.low(window) for window in windows])


def _room(seen: Seen, states: int, windows: int) -> np.ndarray:
    return np.empty((states, windows, len(seen.rows.stop)))


def _sums(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    """Return count and sum as differences of running totals, which are exact in whole numbers; floats are walked."""
    if seen.column.values.dtype == np.float64:
        return _numbers(seen, windows)
    stop, out = seen.rows.stop, _room(seen, 2, len(windows))
    every = seen.leaf.value is None and seen.leaf.where is None
    counts = None if every else _running(seen.used)
    sums = None if seen.leaf.value is None or seen.column.words is not None else _running(_weighted(seen))
    for w, window in enumerate(windows):
        low = seen.low(window)
        out[0, w] = stop - low if counts is None else counts[stop] - counts[low]
        if sums is not None:
            out[1, w] = sums[stop] - sums[low]
            out[1, w][out[0, w] == 0] = np.nan
    return out


def _weighted(seen: Seen) -> np.ndarray:
    return seen.column.values if seen.used.all() else np.where(seen.used, seen.column.values, 0)


def _running(values: np.ndarray) -> np.ndarray:
    total = np.empty(len(values) + 1, np.int64)
    total[0] = 0
    np.cumsum(values, out=total[1:])
    return total


def _numbers(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import numbers_walk

    out = _room(seen, 5, len(windows))
    numbers_walk(seen.column.values, seen.used, _lows(seen, windows), seen.rows.stop, out)
    return out


def _numbers_ever(seen: Seen) -> np.ndarray:
    from patron.fold.kernel import numbers_ever

    out = _room(seen, 5, 1)
    numbers_ever(seen.column.values, seen.used, seen.rows.first, seen.rows.stop, out)
    return out


def _kinds(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import kinds_walk

    if not _is_small(seen.column):
        return _variety(seen, windows)[1:2]
    out = _room(seen, 1, len(windows))
    kinds_walk(seen.column.values, seen.used, _lows(seen, windows), seen.rows.stop, out)
    return out


def _kinds_ever(seen: Seen) -> np.ndarray:
    from patron.fold.kernel import kinds_ever

    if not _is_small(seen.column):
        return _variety_ever(seen)[1:2]
    out = _room(seen, 1, 1)
    kinds_ever(seen.column.values, seen.used, seen.rows.first, seen.rows.stop, out)
    return out


def _is_small(column: Column) -> bool:
    """Tell whether one bit for each kind fits into a word."""
    return column.words is not None and len(column.words) <= 64


def _coded(seen: Seen) -> tuple[np.ndarray, int, np.ndarray]:
    """Return codes of the values, how many kinds there are, and the steps of m log2 m."""
    column = seen.column
    codes, kinds = column.values, len(column.words) if column.words is not None else 0
    if column.words is None:
        different, codes = np.unique(column.values, return_inverse=True)
        kinds = len(different)
    most = int(np.diff(seen.track.starts).max(initial=0)) + 1
    counts = np.arange(1, most + 1, dtype=np.float64)
    steps = np.diff(counts * np.log2(counts), prepend=0.0)
    return codes.astype(np.int32, copy=False), max(kinds, 1), steps


def _variety(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import variety_walk

    out = _room(seen, 3, len(windows))
    codes, kinds, steps = _coded(seen)
    variety_walk(codes, seen.used, _lows(seen, windows), seen.rows.stop, kinds, steps, out)
    return out


def _variety_ever(seen: Seen) -> np.ndarray:
    from patron.fold.kernel import variety_ever

    out = _room(seen, 3, 1)
    codes, kinds, steps = _coded(seen)
    variety_ever(codes, seen.used, seen.rows.first, seen.rows.stop, kinds, steps, out)
    return out


def _quantile(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import quantile_walk

    out = np.full((1, len(windows), len(seen.rows.stop)), np.nan)
    quantile_walk(seen.column.values, seen.used, _lows(seen, windows), seen.rows.stop, seen.leaf.number, out)
    return out


def _decayed(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import decayed_walk

    out, rows = _room(seen, 2, len(windows)), seen.rows
    values = np.ones(len(seen.track), np.int64) if seen.leaf.value is None else seen.column.values
    lows = _lows(seen, windows)
    decayed_walk(values, seen.used, seen.track.at, rows.moments, seen.leaf.number, lows, rows.stop, out)
    return out


def _stretches(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import bins_walk

    out, rows = _room(seen, 1, len(windows)), seen.rows
    bins_walk(seen.used, seen.track.at, rows.moments, seen.leaf.number, _lows(seen, windows), rows.stop, out)
    return out


def _end(loop: str) -> Callable[[Seen, Sequence[Span]], np.ndarray]:
    """Return a walk that finds the event at one end of each window: its days ago, its days ahead, its value."""

    def walk(seen: Seen, windows: Sequence[Span]) -> np.ndarray:
        from patron.fold import kernel

        text = seen.column.words is not None
        out = np.full((3, len(windows), len(seen.rows.stop)), None if text else np.nan, object if text else np.float64)
        for w, window in enumerate(windows):
            found = np.empty(len(seen.rows.stop), np.int64)
            values, track, low = seen.column, seen.track, seen.rows.lows[window]
            known = track.everything if values.valid is None else values.valid
            getattr(kernel, loop)(values.values, known, seen.used, track.at, low, seen.rows.stop, found)
            _write(seen, found, low, out[:, w])
        return out

    return walk


def _write(seen: Seen, found: np.ndarray, low: np.ndarray, out: np.ndarray) -> None:
    met = np.flatnonzero(found >= 0)
    event = found[met]
    ago = (seen.rows.moments[met] - seen.track.at[event]) / DAY
    out[0, met], out[1, met] = ago, -ago
    seen_value = (event > low[met]) | (not is_between(seen.leaf.value))
    if seen.column.valid is not None:
        seen_value &= seen.column.valid[event]
    known, event = met[seen_value], event[seen_value]
    if seen.column.words is None:
        out[2, known] = seen.column.values[event] / seen.column.scale
    else:
        out[2, known] = seen.column.words.take(pa.array(seen.column.values[event])).to_numpy(zero_copy_only=False)


STATES: dict[str, tuple[Any, Any]] = {
    "sums": (None, _sums),
    "numbers": (_numbers_ever, _numbers),
    "tally": (_tally_ever, _tally),
    "variety": (_variety_ever, _variety),
    "kinds": (_kinds_ever, _kinds),
    "newest": (None, _end("newest")),
    "oldest": (None, _end("oldest")),
    "quantile": (None, _quantile),
    "decayed": (None, _decayed),
    "stretches": (None, _stretches),
}
"""The loops by state: one for all time that goes forward (or none), one for windows that goes back."""
