"""Walks: the reductions of many rows over the events of one track, by windows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patron.features.compute.fold.encodings import Column
from patron.features.compute.fold.event_arrays import Track
from patron.features.compute.fold.program import Draft
from patron.features.compute.fold.reductions import KNOWN, Leaf, one_kind
from patron.features.compute.fold.states import STATES
from patron.features.compute.fold.views import DAY, Rows, Seen, code_of, column_of, used_by
from patron.periods import EVER, Span

__all__ = ["Ask", "Walk", "rows_ahead", "rows_before", "walk_of"]

Ask = tuple[Leaf, Span]


def rows_before(track: Track, place: np.ndarray, moments: np.ndarray, windows: Sequence[Span]) -> Rows:
    """Return the rows that see what was before their cutoffs.

    Args:
        track: the events.
        place: the place of each row's customer in the track, -1 where it has no event; rows of one customer stand
            together, by time.
        moments: cutoffs in microseconds.
        windows: how far back is looked.
    """
    from patron.features.compute.fold.cutting import cut_windows

    widths = np.array([-1 if window.days is None else window.days * DAY for window in windows], np.int64)
    stop, lows = np.empty(len(place), np.int64), np.empty((len(windows), len(place)), np.int64)
    cut_windows(track.at, track.starts, place, moments, widths, stop, lows)
    return Rows(moments, stop, tuple(windows), lows)


def rows_ahead(track: Track, place: np.ndarray, moments: np.ndarray, windows: Sequence[Span]) -> Rows:
    """Return the rows that see what came from their cutoffs on, up to the end of the one horizon, which is left out."""
    from patron.features.compute.fold.cutting import cut

    (horizon,) = windows
    met = place >= 0
    first, end = np.where(met, track.starts[place], 0), np.where(met, track.starts[place + 1], 0)
    start = cut(track.at, first, end, moments)
    stop = cut(track.at, start, end, moments + (horizon.days or 0) * DAY)
    return Rows(moments, stop, (horizon,), start[None])


@dataclass(frozen=True)
class Group:
    """Reductions that share one loop.

    Args:
        state: the loop.
        leaves: the reductions.
        windows: what it is run over, widest last.
        count: how many numbers it leaves for each row and window.
        begin: the first of the slots it writes to.
    """

    state: str
    leaves: tuple[Leaf, ...]
    windows: tuple[Span, ...]
    count: int
    begin: int

    @property
    def size(self) -> int:
        """How many slots it writes to."""
        return self.count * len(self.windows)

    @property
    def walked(self) -> int:
        """How many of the windows the loop for windows takes; all time has its own where that is quicker."""
        return len(self.windows) - (STATES[self.state].ever is not None and self.windows[-1] == EVER)

    def slots(self, asked: Leaf, window: Span) -> list[int]:
        """Return the slots with the state of a reduction over a window."""
        w, numbers = self.windows.index(window), range(self.count)
        if self.state == "tally":
            numbers = range(self.leaves.index(asked), self.leaves.index(asked) + 1)
        if w == self.walked:
            return [self.begin + self.count * self.walked + n for n in numbers]
        return [self.begin + self.walked * n + w for n in numbers]

    def view(self, track: Track) -> Seen:
        """Return what the loop looks at."""
        if self.state == "tally":
            return _tallied(track, self.leaves)
        some = self.leaves[0]
        column = column_of(track, some)
        return Seen(track, column, used_by(track, some, column), some)

    def fill(self, seen: Seen, rows: Rows, slots: np.ndarray) -> None:
        """Run the loop; slots has shape (slots, rows)."""
        state, middle, end = STATES[self.state], self.begin + self.count * self.walked, self.begin + self.size
        if self.walked:
            out = slots[self.begin : middle].reshape(self.count, self.walked, -1)
            state.walk(seen, rows, seen.lows(rows, self.windows[: self.walked]), out)
        if middle < end and state.ever is not None:
            state.ever(seen, rows, seen.lows(rows, self.windows[-1:]), slots[middle:end].reshape(self.count, 1, -1))


def _tallied(track: Track, asked: Sequence[Leaf]) -> Seen:
    """Return a view in which each event has the number of its kind among those asked for; the last for all others."""
    kinds = [one_kind(leaf.where) for leaf in asked if leaf.where is not None]
    (source,) = {kind[0] for kind in kinds if kind}
    column = track.columns[source]
    numbers = np.full(len(column.words if column.words is not None else ()) + 1, len(kinds), np.int32)  # last: unknown
    for k, kind in enumerate(kinds):
        code = code_of(column, kind[1]) if kind else -1
        if code >= 0:
            numbers[code] = k
    return Seen(track, Column(numbers[column.values]), track.everything, asked[0])


@dataclass(frozen=True)
class Walk:
    """The loops over one event table, and the slots of a block of rows that they fill.

    Args:
        windows: all that are looked at, widest last; the first slots hold the number of events in each.
        groups: what else is run.
        begin: the first of the slots.
    """

    windows: tuple[Span, ...]
    groups: tuple[Group, ...]
    begin: int

    @property
    def size(self) -> int:
        """How many slots it fills."""
        return len(self.windows) + sum(group.size for group in self.groups)

    def events(self, window: Span) -> int:
        """Return the slot with the number of events in a window."""
        return self.begin + self.windows.index(window)

    def value(self, asked: Leaf, window: Span, draft: Draft) -> int:
        """Return the slot with a reduction over a window; steps that it needs are added to a draft."""
        if _is_number_of_events(asked):
            return self.events(window)
        group = next(group for group in self.groups if asked in group.leaves)
        states = [self.begin + slot for slot in group.slots(asked, window)]
        return KNOWN[asked.reduction].finish(draft, states)

    def views(self, track: Track) -> tuple[Seen, ...]:
        """Return what the loops look at; done once for a track, however many blocks of rows follow."""
        return tuple(group.view(track) for group in self.groups)

    def fill(self, views: Sequence[Seen], rows: Rows, slots: np.ndarray) -> None:
        """Run all loops for a block of rows; slots are those of this walk, shape (size, rows)."""
        np.subtract(rows.stop, rows.lows, out=slots[: len(self.windows), : len(rows.stop)])
        for group, seen in zip(self.groups, views, strict=True):
            group.fill(seen, rows, slots)


def walk_of(asks: Iterable[Ask], draft: Draft) -> Walk:
    """Return the loops that are needed, each once, with slots in a draft; done once, however many blocks follow."""
    asks = tuple(asks)
    members: dict[Any, dict[Leaf, None]] = defaultdict(dict)
    over: dict[Any, set[Span]] = defaultdict(set)
    for asked, window in asks:
        if not _is_number_of_events(asked):
            members[_key(asked)][asked] = None
            over[_key(asked)].add(window)
    for key in [key for key in members if key[0] == "sums" and ("numbers", *key[1:]) in members]:
        members["numbers", *key[1:]] |= members.pop(key)
        over["numbers", *key[1:]] |= over.pop(key)
    windows, groups = _in_order({window for _, window in asks}), []
    size = len(windows)
    for key, leaves in members.items():
        count = len(leaves) if key[0] == "tally" else STATES[key[0]].count
        groups.append(Group(key[0], tuple(leaves), _in_order(over[key]), count, size))
        size += groups[-1].size
    return Walk(windows, tuple(groups), draft.given(size))


def _in_order(windows: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(windows, key=lambda window: (window.days is None, window.days or 0)))


def _is_number_of_events(asked: Leaf) -> bool:
    return asked.reduction == "count" and asked.where is None


def _key(asked: Leaf) -> tuple[Any, ...]:
    kind = one_kind(asked.where) if asked.reduction == "count" and asked.where is not None else None
    if kind:
        return "tally", kind[0]
    return KNOWN[asked.reduction].state, asked.value, asked.where, asked.number
