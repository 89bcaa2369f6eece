"""Walks: the reductions of many rows over the events of one track, by windows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.operations as ops
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.doors import BETWEEN
from patron.fold.reductions import KNOWN, Leaf, one_kind
from patron.fold.tracks import Column, Track
from patron.periods import EVER, Span

__all__ = ["DAY", "STATES", "Ask", "Rows", "rows_ahead", "rows_before", "walked"]

DAY = 86_400_000_000
Ask = tuple[Leaf, Span]


@dataclass(frozen=True)
class Rows:
    """Where the events of each row lie in a track: `first:stop` all that is seen, `lows[w]:stop` those of a window.

    Args:
        moments: the cutoff of each row, in microseconds since 1970.
        first: the customer's first event.
        stop: one past the last event that the row sees.
        lows: the first event of each window.
    """

    moments: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    lows: Mapping[Span, np.ndarray]

    def count(self, window: Span) -> np.ndarray:
        """Return the number of events of each row in a window."""
        return self.stop - self.lows[window]


def rows_before(track: Track, place: np.ndarray, moments: np.ndarray, windows: Iterable[Span]) -> Rows:
    """Return the rows that see what was before their cutoffs.

    Args:
        track: the events.
        place: the place of each row's customer in the track, -1 where it has no event; rows of one customer stand
            together, by time.
        moments: cutoffs in microseconds.
        windows: how far back is looked.
    """
    from patron.fold.kernel import cut

    first, end = _bounds(track, place)
    stop = cut(track.at, first, end, moments)
    lows = {
        window: first if window.days is None else cut(track.at, first, stop, moments - window.days * DAY)
        for window in windows
    }
    return Rows(moments, first, stop, lows)


def rows_ahead(track: Track, place: np.ndarray, moments: np.ndarray, windows: Iterable[Span]) -> Rows:
    """Return the rows that see what came from their cutoffs on, up to the end of the one horizon, which is left out."""
    from patron.fold.kernel import cut

    (horizon,) = windows
    first, end = _bounds(track, place)
    start = cut(track.at, first, end, moments)
    stop = cut(track.at, start, end, moments + (horizon.days or 0) * DAY)
    return Rows(moments, start, stop, {horizon: start})


def _bounds(track: Track, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    met = place >= 0
    return np.where(met, track.starts[place], 0), np.where(met, track.starts[place + 1], 0)


def walked(track: Track, rows: Rows, asks: Iterable[Ask]) -> dict[Ask, np.ndarray]:
    """Return each reduction over each window asked for, one value for each row, NaN (or None) where there is none."""
    groups: dict[Any, list[Ask]] = defaultdict(list)
    for ask in asks:
        groups[_key(ask[0])].append(ask)
    for state, *rest in list(groups):
        if state == "sums" and ("numbers", *rest) in groups:
            groups["numbers", *rest] += groups.pop(("sums", *rest))
    made: dict[Ask, np.ndarray] = {}
    for (state, *_), members in groups.items():
        made |= _tallied(track, rows, members) if state == "tally" else _finished(track, rows, state, members)
    return made


def _finished(track: Track, rows: Rows, state: str, members: Sequence[Ask]) -> dict[Ask, np.ndarray]:
    """Run one loop for all reductions and windows that share its state."""
    some = members[0][0]
    seen = _Seen(track, rows, _column(track, some), _used(track, some), some)
    found = _by_window(seen, state, _ordered(members))
    return {ask: KNOWN[ask[0].reduction].finish(found[ask[1]], seen.column) for ask in members}


def _tallied(track: Track, rows: Rows, members: Sequence[Ask]) -> dict[Ask, np.ndarray]:
    """Count the events of several kinds of one column in one loop."""
    kinds = {asked: one_kind(asked.where) for asked, _ in members if asked.where is not None}
    (source,) = {kind[0] for kind in kinds.values() if kind}
    column = track.columns[source]
    slots = np.full(len(column.words if column.words is not None else ()) + 1, len(kinds), np.int64)  # last: unknown
    for k, kind in enumerate(kinds.values()):
        code = _code(column, kind[1]) if kind else -1
        if code >= 0:
            slots[code] = k
    seen = _Seen(track, rows, Column(slots[column.values]), track.everything, Leaf(str(len(kinds)), None, None))
    found = _by_window(seen, "tally", _ordered(members))
    place = {asked: k for k, asked in enumerate(kinds)}
    return {ask: found[ask[1]][place[ask[0]]] for ask in members}


def _ordered(members: Sequence[Ask]) -> list[Span]:
    return sorted({window for _, window in members}, key=lambda w: (w.days is None, w.days or 0))


def _key(asked: Leaf) -> tuple[Any, ...]:
    kind = one_kind(asked.where) if asked.reduction == "count" and asked.where is not None else None
    if kind:
        return "tally", kind[0]
    return KNOWN[asked.reduction].state, asked.value, asked.where, asked.number


@dataclass(frozen=True)
class _Seen:
    track: Track
    rows: Rows
    column: Column
    used: np.ndarray
    leaf: Leaf

    def low(self, window: Span) -> np.ndarray:
        """Return where a window starts; the time since the event before is not known of its first event."""
        low = self.rows.lows[window]
        return np.minimum(low + 1, self.rows.stop) if _is_between(self.leaf.value) else low


def _is_between(value: Any) -> bool:
    return isinstance(value, ops.Field) and value.name == BETWEEN


def _column(track: Track, asked: Leaf) -> Column:
    if asked.value is None:
        return Column(np.zeros(len(track), np.int64))
    if _is_between(asked.value):
        return _between(track)
    return track.columns[asked.value]


def _between(track: Track) -> Column:
    """Return the time since the customer's event before, in microseconds to the day."""
    gone, valid = np.diff(track.at, prepend=track.at[:1]), np.ones(len(track), np.bool_)
    valid[track.starts[:-1][track.starts[:-1] < len(track)]] = False
    return Column(np.where(valid, gone, 0), valid, float(DAY))


def _used(track: Track, asked: Leaf) -> np.ndarray:
    """Return the events that a reduction counts: those of its `where`; first and last count unknown values too."""
    keeps_null = KNOWN[asked.reduction].state in ("newest", "oldest")
    valid = None if asked.value is None or keeps_null else _column(track, asked).valid
    where = None if asked.where is None else _true(track, asked.where)
    kept = [mask for mask in (valid, where) if mask is not None]
    return np.logical_and.reduce(kept) if kept else track.everything


def _true(track: Track, where: ops.Value) -> np.ndarray:
    """Return the events for which a condition holds; one kind of a text is told by its code."""
    kind = one_kind(where)
    if kind is not None:
        return track.columns[kind[0]].values == _code(track.columns[kind[0]], kind[1])
    column = track.columns[where]
    holds = column.values != 0
    return holds if column.valid is None else holds & column.valid


def _tally(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import tally_walk

    out = np.empty((int(seen.leaf.reduction), len(windows), len(seen.rows.stop)))
    tally_walk(seen.column.values, _lows(seen, windows), seen.rows.stop, out)
    return out


def _tally_ever(seen: _Seen) -> np.ndarray:
    from patron.fold.kernel import tally_ever

    out = np.empty((int(seen.leaf.reduction), 1, len(seen.rows.stop)))
    tally_ever(seen.column.values, seen.rows.first, seen.rows.stop, out)
    return out


def _code(column: Column, word: str) -> int:
    found = pc.index(column.words, pa.scalar(word, column.words.type)).as_py() if column.words is not None else -1
    return found if found >= 0 else -2


def _by_window(seen: _Seen, state: str, windows: Sequence[Span]) -> dict[Span, np.ndarray]:
    """Return the state of each row (states, rows) by window."""
    ever, walk = STATES[state]
    if ever is None or EVER not in windows:
        return dict(zip(windows, _apart(walk(seen, windows)), strict=True))
    finite = [window for window in windows if window != EVER]
    found = dict(zip(finite, _apart(walk(seen, finite)), strict=True)) if finite else {}
    return found | {EVER: ever(seen)[:, 0]}


def _apart(found: np.ndarray) -> list[Any]:
    return [found[:, w] for w in range(found.shape[1])]


def _lows(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    return np.stack([seen.low(window) for window in windows])


def _blank(seen: _Seen, states: int, windows: int) -> np.ndarray:
    return np.full((states, windows, len(seen.rows.stop)), np.nan)


def _sums(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    """Return count and sum as differences of running totals, which are exact in whole numbers; floats are walked."""
    if seen.column.values.dtype == np.float64:
        return _numbers(seen, windows)
    stop, out = seen.rows.stop, _blank(seen, 2, len(windows))
    every = seen.leaf.value is None and seen.leaf.where is None
    counts = None if every else _running(seen.used)
    sums = None if seen.leaf.value is None or seen.column.words is not None else _running(_weighted(seen))
    for w, window in enumerate(windows):
        low = seen.low(window)
        out[0, w] = stop - low if counts is None else counts[stop] - counts[low]
        if sums is not None:
            out[1, w] = sums[stop] - sums[low]
    return out


def _weighted(seen: _Seen) -> np.ndarray:
    return seen.column.values if seen.used.all() else np.where(seen.used, seen.column.values, 0)


def _running(values: np.ndarray) -> np.ndarray:
    total = np.empty(len(values) + 1, np.int64)
    total[0] = 0
    np.cumsum(values, out=total[1:])
    return total


def _numbers(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import numbers_walk

    out = _blank(seen, 5, len(windows))
    numbers_walk(seen.column.values, seen.used, _lows(seen, windows), seen.rows.stop, out)
    return out


def _numbers_ever(seen: _Seen) -> np.ndarray:
    from patron.fold.kernel import numbers_ever

    out = _blank(seen, 5, 1)
    numbers_ever(seen.column.values, seen.used, seen.rows.first, seen.rows.stop, out)
    return out


def _coded(seen: _Seen) -> tuple[np.ndarray, int, np.ndarray]:
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


def _variety(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import variety_walk

    out = _blank(seen, 3, len(windows))
    codes, kinds, steps = _coded(seen)
    variety_walk(codes, seen.used, _lows(seen, windows), seen.rows.stop, kinds, steps, out)
    return out


def _variety_ever(seen: _Seen) -> np.ndarray:
    from patron.fold.kernel import variety_ever

    out = _blank(seen, 3, 1)
    codes, kinds, steps = _coded(seen)
    variety_ever(codes, seen.used, seen.rows.first, seen.rows.stop, kinds, steps, out)
    return out


def _quantile(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import quantile_walk

    out = _blank(seen, 1, len(windows))
    quantile_walk(seen.column.values, seen.used, _lows(seen, windows), seen.rows.stop, seen.leaf.number, out)
    return out


def _decayed(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import decayed_walk

    out, rows = _blank(seen, 2, len(windows)), seen.rows
    values = np.ones(len(seen.track), np.int64) if seen.leaf.value is None else seen.column.values
    lows = _lows(seen, windows)
    decayed_walk(values, seen.used, seen.track.at, rows.moments, seen.leaf.number, lows, rows.stop, out)
    return out


def _stretches(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
    from patron.fold.kernel import bins_walk

    out, rows = _blank(seen, 1, len(windows)), seen.rows
    bins_walk(seen.used, seen.track.at, rows.moments, seen.leaf.number, _lows(seen, windows), rows.stop, out)
    return out


def _end(loop: str) -> Callable[[_Seen, Sequence[Span]], np.ndarray]:
    """Return a walk that finds the event at one end of each window: its days ago, its days ahead, its value."""

    def walk(seen: _Seen, windows: Sequence[Span]) -> np.ndarray:
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


def _write(seen: _Seen, found: np.ndarray, low: np.ndarray, out: np.ndarray) -> None:
    met = np.flatnonzero(found >= 0)
    event = found[met]
    ago = (seen.rows.moments[met] - seen.track.at[event]) / DAY
    out[0, met], out[1, met] = ago, -ago
    seen_value = (event > low[met]) | (not _is_between(seen.leaf.value))
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
    "newest": (None, _end("newest")),
    "oldest": (None, _end("oldest")),
    "quantile": (None, _quantile),
    "decayed": (None, _decayed),
    "stretches": (None, _stretches),
}
"""The loops by state: one for all time that goes forward (or none), one for windows that goes back."""
