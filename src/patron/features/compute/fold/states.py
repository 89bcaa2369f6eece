"""States: how each compiled loop is called, and how many numbers it leaves for each row and window."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patron.features.compute.fold.encodings import Column
from patron.features.compute.fold.views import EventRanges, EventView, is_between

__all__ = ["STATES", "State"]

Loop = Callable[[EventView, EventRanges, np.ndarray, np.ndarray], None]


@dataclass(frozen=True)
class State:
    """What one loop keeps.

    Args:
        count: how many numbers for each row and window.
        by_window: the loop for windows; it is given what it looks at, the events of each row, the first event of each
            window and row (widest last), and where it writes; shape (count, windows, rows).
        ever: a loop for all time that is quicker, as it goes forward; given the same for the one window.
    """

    count: int
    by_window: Loop
    ever: Loop | None = None


def _sums(loop: str) -> Loop:
    def run(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import numbers

        values = view.events.zeros if view.column.words is not None else view.column.values  # texts are only counted
        getattr(numbers, loop)(values, view.used, lows, ranges.stop, out)
        out[1] /= view.column.scale

    return run


def _numbers(loop: str) -> Loop:
    def run(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import numbers

        getattr(numbers, loop)(view.column.values, view.used, lows, ranges.stop, out)
        if view.column.scale != 1.0:
            out[1:4] /= view.column.scale
            out[4] /= view.column.scale**2

    return run


def _kinds(loop: str, many: Loop) -> Loop:
    """Return a loop that counts kinds by bits, and by the loop for many where a word has too few."""

    def run(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import kinds

        if _is_small(view.column):
            getattr(kinds, loop)(view.column.values, view.used, lows, ranges.stop, out)
            return
        numbers = np.empty((3, *out.shape[1:]))
        many(view, ranges, lows, numbers)
        out[0] = numbers[1]

    return run


def _is_small(column: Column) -> bool:
    """Check whether one bit for each kind fits into a word."""
    return column.words is not None and len(column.words) <= 64


def _variety(loop: str) -> Loop:
    def run(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import kinds

        codes, different = view.kinds
        getattr(kinds, loop)(codes, view.used, lows, ranges.stop, different, view.steps, out)

    return run


def _quantile(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.features.compute.fold.loops.numbers import quantile_by_window

    column = view.column
    quantile_by_window(column.values, view.used, lows, ranges.stop, view.leaf.number, column.scale, out)


def _decayed(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.features.compute.fold.loops.numbers import decayed_by_window

    values = view.events.zeros + 1 if view.leaf.value is None else view.column.values
    decayed_by_window(
        values, view.used, view.events.at, ranges.moments, view.leaf.number, lows, ranges.stop, view.column.scale, out
    )


def _stretches(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
    from patron.features.compute.fold.loops.instants import bins_by_window

    bins_by_window(view.used, view.events.at, ranges.moments, view.leaf.number, lows, ranges.stop, out)


def _tally(loop: str) -> Loop:
    def run(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import kinds

        getattr(kinds, loop)(view.column.values, lows, ranges.stop, out)

    return run


def _end(loop: str) -> Loop:
    """Return a loop that finds the event at one end of each window: its days ago, and its value."""

    def run(view: EventView, ranges: EventRanges, lows: np.ndarray, out: np.ndarray) -> None:
        from patron.features.compute.fold.loops import instants

        column, events = view.column, view.events
        known = events.all_events if column.valid is None else column.valid
        skipped = int(is_between(view.leaf.value))
        loops = getattr(instants, loop)
        loops(column.values, known, view.used, events.at, ranges.moments, lows, ranges.stop, skipped, column.scale, out)

    return run


STATES = {
    "sums": State(2, _sums("sums_by_window"), _sums("sums_ever")),
    "numbers": State(5, _numbers("numbers_by_window"), _numbers("numbers_ever")),
    "tally": State(1, _tally("tally_by_window"), _tally("tally_ever")),
    "variety": State(3, _variety("variety_by_window"), _variety("variety_ever")),
    "kinds": State(
        1,
        _kinds("kinds_by_window", _variety("variety_by_window")),
        _kinds("kinds_ever", _variety("variety_ever")),
    ),
    "newest": State(2, _end("newest")),
    "oldest": State(2, _end("oldest")),
    "quantile": State(1, _quantile),
    "decayed": State(2, _decayed),
    "stretches": State(1, _stretches),
}
"""The loops by name; a tally keeps one number for each kind that is counted."""
