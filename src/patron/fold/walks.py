"""Walks: the reductions of many rows over the events of one track, by windows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patron.fold.codings import Column
from patron.fold.reductions import KNOWN, Leaf, one_kind
from patron.fold.states import by_window
from patron.fold.tracks import Track
from patron.fold.views import DAY, Rows, Seen, code_of, column_of, used_by
from patron.periods import Span

__all__ = ["Ask", "Group", "rows_ahead", "rows_before", "together", "walked"]

Ask = tuple[Leaf, Span]


def rows_before(track: Track, place: np.ndarray, moments: np.ndarray, windows: Iterable[Span]) -> Rows:
    """Return the rows that see what was before their cutoffs.

    Args:
        track: the events.
        place: the place of each row's customer in the track, -1 where it has no event; rows of one customer stand
            together, by time.
        moments: cutoffs in microseconds.
        windows: how far back is looked.
    """
    from patron.fold.placing import cut

    first, end = _bounds(track, place)
    stop = cut(track.at, first, end, moments)
    lows = {
        window: first if window.days is None else cut(track.at, first, stop, moments - window.days * DAY)
        for window in windows
    }
    return Rows(moments, first, stop, lows)


def rows_ahead(track: Track, place: np.ndarray, moments: np.ndarray, windows: Iterable[Span]) -> Rows:
    """Return the rows that see what came from their cutoffs on, up to the end of the one horizon, which is left out."""
    from patron.fold.placing import cut

    (horizon,) = windows
    first, end = _bounds(track, place)
    start = cut(track.at, first, end, moments)
    stop = cut(track.at, start, end, moments + (horizon.days or 0) * DAY)
    return Rows(moments, start, stop, {horizon: start})


def _bounds(track: Track, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    met = place >= 0
    return np.where(met, track.starts[place], 0), np.where(met, track.starts[place + 1], 0)


@dataclass(frozen=True)
class Group:
    """Reductions that share one loop.

    Args:
        state: the loop.
        windows: what it is run over, widest last.
        members: of each the number of its ask, the reduction, and the number of its window.
    """

    state: str
    windows: tuple[Span, ...]
    members: tuple[tuple[int, Leaf, int], ...]


def together(asks: Sequence[Ask]) -> tuple[Group, ...]:
    """Group asks by the loop that they share; done once, however many blocks of rows follow."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for i, (asked, _) in enumerate(asks):
        groups[_key(asked)].append(i)
    for state, *rest in list(groups):
        if state == "sums" and ("numbers", *rest) in groups:
            groups["numbers", *rest] += groups.pop(("sums", *rest))
    return tuple(_group(state, members, asks) for (state, *_), members in groups.items())


def _group(state: str, members: Sequence[int], asks: Sequence[Ask]) -> Group:
    windows = sorted({asks[i][1] for i in members}, key=lambda w: (w.days is None, w.days or 0))
    return Group(state, tuple(windows), tuple((i, asks[i][0], windows.index(asks[i][1])) for i in members))


def walked(track: Track, rows: Rows, groups: Iterable[Group]) -> dict[int, np.ndarray]:
    """Return each reduction over each window by the number of its ask: one value a row, NaN (or None) for unknown."""
    made: dict[int, np.ndarray] = {}
    for group in groups:
        made |= _tallied(track, rows, group) if group.state == "tally" else _finished(track, rows, group)
    return made


def _finished(track: Track, rows: Rows, group: Group) -> dict[int, np.ndarray]:
    """Run one loop for all reductions and windows that share its state."""
    some = group.members[0][1]
    seen = Seen(track, rows, column_of(track, some), used_by(track, some), some)
    found = by_window(seen, group.state, group.windows)
    return {i: KNOWN[asked.reduction].finish(found[w], seen.column) for i, asked, w in group.members}


def _tallied(track: Track, rows: Rows, group: Group) -> dict[int, np.ndarray]:
    """Count the events of several kinds of one column in one loop."""
    kinds = {asked: one_kind(asked.where) for _, asked, _ in group.members if asked.where is not None}
    (source,) = {kind[0] for kind in kinds.values() if kind}
    column = track.columns[source]
    slots = np.full(len(column.words if column.words is not None else ()) + 1, len(kinds), np.int64)  # last: unknown
    for k, kind in enumerate(kinds.values()):
        code = code_of(column, kind[1]) if kind else -1
        if code >= 0:
            slots[code] = k
    seen = Seen(track, rows, Column(slots[column.values]), track.everything, Leaf(str(len(kinds)), None, None))
    found = by_window(seen, "tally", group.windows)
    slot = {asked: k for k, asked in enumerate(kinds)}
    return {i: found[w][slot[asked]] for i, asked, w in group.members}


def _key(asked: Leaf) -> tuple[Any, ...]:
    kind = one_kind(asked.where) if asked.reduction == "count" and asked.where is not None else None
    if kind:
        return "tally", kind[0]
    return KNOWN[asked.reduction].state, asked.value, asked.where, asked.number
