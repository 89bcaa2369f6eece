"""Kernel calls: the compiled loops that are run over the events of one table, and the slots that they fill."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patron.features.compute.fold.encodings import Column
from patron.features.compute.fold.event_arrays import EventArrays, horizon_ends, window_opens
from patron.features.compute.fold.program import Draft
from patron.features.compute.fold.reductions import KNOWN, Leaf, one_kind
from patron.features.compute.fold.states import STATES
from patron.features.compute.fold.views import EventRanges, EventView, code_of, column_of, used_mask
from patron.periods import EVER, Span

__all__ = ["KernelCall", "KernelCalls", "WindowedLeaf", "kernel_calls_of", "locate_future", "locate_past"]

WindowedLeaf = tuple[Leaf, Span]


def locate_past(events: EventArrays, position: np.ndarray, moments: np.ndarray, windows: Sequence[Span]) -> EventRanges:
    """Return the events of each row that were before its cutoff.

    Args:
        events: the events of a table.
        position: where each row's customer stands in the table, -1 where it has no event; rows of one customer stand
            together, by time.
        moments: cutoffs in microseconds.
        windows: how far back is looked.
    """
    from patron.features.compute.fold.cutting import cut_windows

    opens = np.stack([window_opens(moments, window) for window in windows])
    stop, lows = np.empty(len(position), np.int64), np.empty((len(windows), len(position)), np.int64)
    cut_windows(events.at, events.starts, position, moments, opens, stop, lows)
    return EventRanges(moments, stop, tuple(windows), lows)


def locate_future(
    events: EventArrays, position: np.ndarray, moments: np.ndarray, windows: Sequence[Span]
) -> EventRanges:
    """Return the events of each row from its cutoff on, up to the end of the one horizon, which is left out."""
    from patron.features.compute.fold.cutting import cut

    (horizon,) = windows
    present = position >= 0
    first, end = np.where(present, events.starts[position], 0), np.where(present, events.starts[position + 1], 0)
    start = cut(events.at, first, end, moments)
    stop = cut(events.at, start, end, horizon_ends(moments, horizon))
    return EventRanges(moments, stop, (horizon,), start[None])


@dataclass(frozen=True)
class KernelCall:
    """Reductions that share one loop.

    Args:
        state: the loop, by its name in `states.STATES`.
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
    def n_by_window(self) -> int:
        """How many of the windows the loop for windows takes; all time has its own where that is quicker."""
        return len(self.windows) - (STATES[self.state].ever is not None and self.windows[-1] == EVER)

    def slots(self, leaf: Leaf, window: Span) -> list[int]:
        """Return the slots with the state of a reduction over a window."""
        w, numbers = self.windows.index(window), range(self.count)
        if self.state == "tally":
            numbers = range(self.leaves.index(leaf), self.leaves.index(leaf) + 1)
        if w == self.n_by_window:
            return [self.begin + self.count * self.n_by_window + n for n in numbers]
        return [self.begin + self.n_by_window * n + w for n in numbers]

    def view(self, events: EventArrays) -> EventView:
        """Return what the loop looks at."""
        if self.state == "tally":
            return _tally_view(events, self.leaves)
        leaf = self.leaves[0]
        column = column_of(events, leaf)
        return EventView(events, column, used_mask(events, leaf, column), leaf)

    def fill(self, view: EventView, ranges: EventRanges, slots: np.ndarray) -> None:
        """Run the loop; slots has shape (slots, rows)."""
        state, n = STATES[self.state], self.n_by_window
        middle, end = self.begin + self.count * n, self.begin + self.size
        if n:
            output = slots[self.begin : middle].reshape(self.count, n, -1)
            state.by_window(view, ranges, view.lows(ranges, self.windows[:n]), output)
        if middle < end and state.ever is not None:
            output = slots[middle:end].reshape(self.count, 1, -1)
            state.ever(view, ranges, view.lows(ranges, self.windows[-1:]), output)


def _tally_view(events: EventArrays, leaves: Sequence[Leaf]) -> EventView:
    """Return a view in which each event has the number of its kind among those of the leaves; the last for others."""
    kinds = [one_kind(leaf.where) for leaf in leaves if leaf.where is not None]
    (source,) = {kind[0] for kind in kinds if kind}
    column = events.columns[source]
    numbers = np.full(len(column.words if column.words is not None else ()) + 1, len(kinds), np.int32)  # last: unknown
    for k, kind in enumerate(kinds):
        code = code_of(column, kind[1]) if kind else -1
        if code >= 0:
            numbers[code] = k
    return EventView(events, Column(numbers[column.values]), events.all_events, leaves[0])


@dataclass(frozen=True)
class KernelCalls:
    """The loops over one event table, and the slots of a block of rows that they fill.

    Args:
        windows: all that are looked at, widest last; the first slots hold the number of events in each.
        calls: what else is run.
        begin: the first of the slots.
    """

    windows: tuple[Span, ...]
    calls: tuple[KernelCall, ...]
    begin: int

    @property
    def size(self) -> int:
        """How many slots are filled."""
        return len(self.windows) + sum(call.size for call in self.calls)

    def events(self, window: Span) -> int:
        """Return the slot with the number of events in a window."""
        return self.begin + self.windows.index(window)

    def value(self, leaf: Leaf, window: Span, draft: Draft) -> int:
        """Return the slot with a reduction over a window; steps that it needs are added to a draft."""
        if _is_number_of_events(leaf):
            return self.events(window)
        call = next(call for call in self.calls if leaf in call.leaves)
        states = [self.begin + slot for slot in call.slots(leaf, window)]
        return KNOWN[leaf.reduction].finish(draft, states)

    def views(self, events: EventArrays) -> tuple[EventView, ...]:
        """Return what the loops look at; done once, however many blocks of rows follow."""
        return tuple(call.view(events) for call in self.calls)

    def fill(self, views: Sequence[EventView], ranges: EventRanges, slots: np.ndarray) -> None:
        """Run all loops for a block of rows; slots are those of these calls, shape (size, rows)."""
        np.subtract(ranges.stop, ranges.lows, out=slots[: len(self.windows), : len(ranges.stop)])
        for call, view in zip(self.calls, views, strict=True):
            call.fill(view, ranges, slots)


def kernel_calls_of(leaves: Iterable[WindowedLeaf], draft: Draft) -> KernelCalls:
    """Return the loops that are needed, each once, with slots in a draft; done once, however many blocks follow."""
    leaves = tuple(leaves)
    members: dict[Any, dict[Leaf, None]] = defaultdict(dict)
    over: dict[Any, set[Span]] = defaultdict(set)
    for leaf, window in leaves:
        if not _is_number_of_events(leaf):
            members[_key(leaf)][leaf] = None
            over[_key(leaf)].add(window)
    for key in [key for key in members if key[0] == "sums" and ("numbers", *key[1:]) in members]:
        members["numbers", *key[1:]] |= members.pop(key)  # a loop over numbers has their sum too
        over["numbers", *key[1:]] |= over.pop(key)
    windows, calls = _in_order({window for _, window in leaves}), []
    size = len(windows)
    for key, same in members.items():
        count = len(same) if key[0] == "tally" else STATES[key[0]].count
        calls.append(KernelCall(key[0], tuple(same), _in_order(over[key]), count, size))
        size += calls[-1].size
    return KernelCalls(windows, tuple(calls), draft.reserve(size))


def _in_order(windows: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(windows, key=lambda window: (window.days is None, window.days or 0)))


def _is_number_of_events(leaf: Leaf) -> bool:
    return leaf.reduction == "count" and leaf.where is None


def _key(leaf: Leaf) -> tuple[Any, ...]:
    """Return the loop and what it reads: leaves of one key share one run."""
    kind = one_kind(leaf.where) if leaf.reduction == "count" and leaf.where is not None else None
    if kind:
        return "tally", kind[0]
    return KNOWN[leaf.reduction].state, leaf.value, leaf.where, leaf.number
