"""States: how each compiled loop is called, and how many numbers it leaves for each row and window."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patron.fold.codings import Column
from patron.fold.views import Rows, Seen, is_between

__all__ = ["STATES", "State"]

Loop = Callable[[Seen, Rows, np.ndarray, np.ndarray], None]


@dataclass(frozen=True)
class State:
    """What one loop keeps.

    Args:
        count: how many numbers for each row and window.
        walk: the loop for windows; it is given what it looks at, the rows, the first event of each window and row
            (widest last), and where it writes; shape (count, windows, rows).
        ever: a loop for all time that is quicker, as it goes forward; given the same for the one window.
    """

    count: int
    walk: Loop
    ever: Loop | None = None


def _sums(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.numbers import sums_walk

    sums_walk(_numbers_of(seen), seen.used, lows, rows.stop, out)
    out[1] /= seen.column.scale


def _sums_ever(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.numbers import sums_ever

    sums_ever(_numbers_of(seen), seen.used, lows[0], rows.stop, out)
    out[1] /= seen.column.scale


def _numbers_of(seen: Seen) -> np.ndarray:
    """Return the values; zeros for texts, which are only counted."""
    return seen.column.values if seen.column.words is None else seen.track.nothing


def _numbers(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.numbers import numbers_walk

    numbers_walk(seen.column.values, seen.used, lows, rows.stop, out)
    _scale(out, seen.column.scale)


def _numbers_ever(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.numbers import numbers_ever

    numbers_ever(seen.column.values, seen.used, lows[0], rows.stop, out)
    _scale(out, seen.column.scale)


def _scale(out: np.ndarray, scale: float) -> None:
    if scale != 1.0:
        out[1:4] /= scale
        out[4] /= scale**2


def _kinds(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.kinds import kinds_walk

    if _is_small(seen.column):
        kinds_walk(seen.column.values, seen.used, lows, rows.stop, out)
    else:
        _many_kinds(_variety, seen, rows, lows, out)


def _kinds_ever(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.kinds import kinds_ever

    if _is_small(seen.column):
        kinds_ever(seen.column.values, seen.used, lows[0], rows.stop, out)
    else:
        _many_kinds(_variety_ever, seen, rows, lows, out)


def _many_kinds(loop: Loop, seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    room = np.empty((3, *out.shape[1:]))
    loop(seen, rows, lows, room)
    out[0] = room[1]


def _is_small(column: Column) -> bool:
    """Tell whether one bit for each kind fits into a word."""
    return column.words is not None and len(column.words) <= 64


def _variety(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.kinds import variety_walk

    codes, kinds = seen.kinds
    variety_walk(codes, seen.used, lows, rows.stop, kinds, seen.steps, out)


def _variety_ever(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.kinds import variety_ever

    codes, kinds = seen.kinds
    variety_ever(codes, seen.used, lows[0], rows.stop, kinds, seen.steps, out)


def _quantile(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.numbers import quantile_walk

    column = seen.column
    quantile_walk(column.values, seen.used, lows, rows.stop, seen.leaf.number, column.scale, out)


def _decayed(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.numbers import decayed_walk

    values = seen.track.nothing + 1 if seen.leaf.value is None else seen.column.values
    decayed_walk(
        values, seen.used, seen.track.at, rows.moments, seen.leaf.number, lows, rows.stop, seen.column.scale, out
    )


def _stretches(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.instants import bins_walk

    bins_walk(seen.used, seen.track.at, rows.moments, seen.leaf.number, lows, rows.stop, out)


def _tally(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.kinds import tally_walk

    tally_walk(seen.column.values, lows, rows.stop, out)


def _tally_ever(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.fold.loops.kinds import tally_ever

    tally_ever(seen.column.values, lows[0], rows.stop, out)


def _end(loop: str) -> Loop:
    """Return a walk that finds the event at one end of each window: its days ago, and its value."""

    def walk(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.fold.loops import instants

        column, track = seen.column, seen.track
        known = track.everything if column.valid is None else column.valid
        skipped = int(is_between(seen.leaf.value))
        loops = getattr(instants, loop)
        loops(column.values, known, seen.used, track.at, rows.moments, lows, rows.stop, skipped, column.scale, out)

    return walk


STATES = {
    "sums": State(2, _sums, _sums_ever),
    "numbers": State(5, _numbers, _numbers_ever),
    "tally": State(1, _tally, _tally_ever),
    "variety": State(3, _variety, _variety_ever),
    "kinds": State(1, _kinds, _kinds_ever),
    "newest": State(2, _end("newest")),
    "oldest": State(2, _end("oldest")),
    "quantile": State(1, _quantile),
    "decayed": State(2, _decayed),
    "stretches": State(1, _stretches),
}
"""The loops by name; a tally keeps one number for each kind that is asked for."""
