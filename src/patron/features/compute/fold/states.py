"""States: how each compiled loop is called, and how many numbers it leaves for each row and window."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patron.features.compute.fold.encodings import Column
from patron.features.compute.fold.views import Rows, Seen, is_between

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


def _sums(loop: str) -> Loop:
    def run(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import numbers

        values = seen.track.nothing if seen.column.words is not None else seen.column.values  # texts are only counted
        getattr(numbers, loop)(values, seen.used, lows, rows.stop, out)
        out[1] /= seen.column.scale

    return run


def _numbers(loop: str) -> Loop:
    def run(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import numbers

        getattr(numbers, loop)(seen.column.values, seen.used, lows, rows.stop, out)
        if seen.column.scale != 1.0:
            out[1:4] /= seen.column.scale
            out[4] /= seen.column.scale**2

    return run


def _kinds(loop: str, many: Loop) -> Loop:
    """Return a loop that counts kinds by bits, and by the loop for many where a word has too few."""

    def run(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import kinds

        if _is_small(seen.column):
            getattr(kinds, loop)(seen.column.values, seen.used, lows, rows.stop, out)
            return
        room = np.empty((3, *out.shape[1:]))
        many(seen, rows, lows, room)
        out[0] = room[1]

    return run


def _is_small(column: Column) -> bool:
    """Tell whether one bit for each kind fits into a word."""
    return column.words is not None and len(column.words) <= 64


def _variety(loop: str) -> Loop:
    def run(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import kinds

        codes, different = seen.kinds
        getattr(kinds, loop)(codes, seen.used, lows, rows.stop, different, seen.steps, out)

    return run


def _quantile(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.features.compute.fold.loops.numbers import quantile_walk

    column = seen.column
    quantile_walk(column.values, seen.used, lows, rows.stop, seen.leaf.number, column.scale, out)


def _decayed(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.features.compute.fold.loops.numbers import decayed_walk

    values = seen.track.nothing + 1 if seen.leaf.value is None else seen.column.values
    decayed_walk(
        values, seen.used, seen.track.at, rows.moments, seen.leaf.number, lows, rows.stop, seen.column.scale, out
    )


def _stretches(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.features.compute.fold.loops.instants import bins_walk

    bins_walk(seen.used, seen.track.at, rows.moments, seen.leaf.number, lows, rows.stop, out)


def _tally(loop: str) -> Loop:
    def run(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import kinds

        getattr(kinds, loop)(seen.column.values, lows, rows.stop, out)

    return run


def _end(loop: str) -> Loop:
    """Return a walk that finds the event at one end of each window: its days ago, and its value."""

    def walk(seen: Seen, rows: Rows, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import instants

        column, track = seen.column, seen.track
        known = track.everything if column.valid is None else column.valid
        skipped = int(is_between(seen.leaf.value))
        loops = getattr(instants, loop)
        loops(column.values, known, seen.used, track.at, rows.moments, lows, rows.stop, skipped, column.scale, out)

    return walk


STATES = {
    "sums": State(2, _sums("sums_walk"), _sums("sums_ever")),
    "numbers": State(5, _numbers("numbers_walk"), _numbers("numbers_ever")),
    "tally": State(1, _tally("tally_walk"), _tally("tally_ever")),
    "variety": State(3, _variety("variety_walk"), _variety("variety_ever")),
    "kinds": State(1, _kinds("kinds_walk", _variety("variety_walk")), _kinds("kinds_ever", _variety("variety_ever"))),
    "newest": State(2, _end("newest")),
    "oldest": State(2, _end("oldest")),
    "quantile": State(1, _quantile),
    "decayed": State(2, _decayed),
    "stretches": State(1, _stretches),
}
"""The loops by name; a tally keeps one number for each kind that is asked for."""
