"""The compiled loops: they walk each customer's events, sorted by time, once for all windows of a cutoff.

A *row* is one customer at one cutoff. Its events are `at[first:stop]`, those of a window `at[low:stop]`. Loops called
`..._walk` go back from the cutoff through nested windows; loops called `..._ever` go forward through the cutoffs of a
customer and keep what they have. Nothing here compares a time but `cut`, which asks `patron.doors`.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from patron.doors import is_past

__all__ = [
    "active", "arrange", "bins_walk", "cut", "decayed_walk", "kinds_ever", "kinds_walk", "newest", "null_if",
    "numbers_ever", "numbers_walk", "oldest", "place", "quantile_walk", "ratio", "tally_ever", "tally_walk", "tied",
    "variety_ever", "variety_walk",
]  # fmt: skip


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on first use and keep the machine code for the next process.

    The code is kept beside this file; where that is read-only, in the user's cache folder; where there is none, not
    at all, so that a locked-down machine is slower to start but works.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


_is_past = numba.njit(inline="always")(is_past)


@compiled
def cut(at, begin, end, moments):
    """Return for each row the first event from *begin* on that is no past of its moment.

    Rows of one customer mostly stand together by time, so each search starts where the one before it ended: a few
    steps, then by halves.
    """
    found = np.empty(len(begin), np.int64)
    for r in range(len(begin)):
        low, high = begin[r], end[r]
        if r > 0 and low == begin[r - 1] and moments[r] >= moments[r - 1]:
            low = min(found[r - 1], high)
        steps = min(low + 6, high)
        while low < steps and _is_past(at[low], moments[r]):
            low += 1
        if low < steps:
            high = low
        while low < high:
            middle = (low + high) // 2
            if _is_past(at[middle], moments[r]):
                low = middle + 1
            else:
                high = middle
        found[r] = low
    return found


@compiled
def active(at, starts, opens, moments):
    """Return which customers had an event from *opens* on before each of some ascending moments."""
    found = np.zeros((len(starts) - 1, len(moments)), np.bool_)
    for c in range(len(starts) - 1):
        i = starts[c]
        for m in range(len(moments)):
            while i < starts[c + 1] and _is_past(at[i], moments[m]):
                i += 1
            found[c, m] = i > starts[c] and not _is_past(at[i - 1], opens[m])
    return found


@compiled
def place(values, seen, empty, where, out):
    """Write each value to its place in *out*, and *empty* where no event was seen or nothing is known."""
    for r in range(len(values)):
        value = values[r]
        out[where[r]] = value if seen[r] > 0 and value == value else empty


@compiled
def ratio(one, other):
    """Return one number divided by another, NaN where the other is zero."""
    out = np.empty(len(one))
    for r in range(len(one)):
        out[r] = one[r] / other[r] if other[r] != 0 else np.nan
    return out


@compiled
def null_if(one, other):
    """Return numbers, NaN where they equal the others."""
    out = np.empty(len(one))
    for r in range(len(one)):
        out[r] = np.nan if one[r] == other[r] else one[r]
    return out


@compiled
def arrange(codes, at, starts, begin, end, order):
    """Write the order that sorts the events of the customers from *begin* up to *end* by customer, then time.

    Events at one instant keep their order. Stretches of customers can be arranged side by side.
    """
    place = starts[begin:end].copy()
    for i in range(len(codes)):
        if begin <= codes[i] < end:
            order[place[codes[i] - begin]] = i
            place[codes[i] - begin] += 1
    for c in range(begin, end):
        for i in range(starts[c] + 1, starts[c + 1]):
            if at[order[i - 1]] > at[order[i]]:
                part = order[starts[c] : starts[c + 1]].copy()
                order[starts[c] : starts[c + 1]] = part[np.argsort(at[part], kind="mergesort")]
                break


@compiled
def tied(at, starts):
    """Return the places of sorted events that share customer and instant with another, and their group."""
    pairs = 0
    for c in range(len(starts) - 1):
        for i in range(starts[c] + 1, starts[c + 1]):
            pairs += at[i] == at[i - 1]
    among, group, n, groups = np.empty(2 * pairs, np.int64), np.empty(2 * pairs, np.int64), 0, 0
    for c in range(len(starts) - 1):
        for i in range(starts[c] + 1, starts[c + 1]):
            if at[i] == at[i - 1]:
                if n == 0 or among[n - 1] != i - 1:
                    among[n], group[n] = i - 1, groups
                    n, groups = n + 1, groups + 1
                among[n], group[n] = i, groups - 1
                n += 1
    return among[:n], group[:n]


@compiled
def _add(x, n, total, carry, shift, s1, s2, low, high):
    """Add one number: exact for integers, compensated (Neumaier 1974) for floats, squares about the first number.

    The first number lies within sqrt(n - 1) deviations of the mean, so the squares lose at most a factor n.
    """
    if n == 0:
        shift, low, high = x, x, x
    new = total + x
    carry += (total - new) + x if abs(total) >= abs(x) else (x - new) + total
    d = float(x - shift)
    return n + 1, new, carry, shift, s1 + d, s2 + d * d, min(low, x), max(high, x)


@compiled
def _note(out, w, r, n, total, carry, s1, s2, low, high):
    out[0, w, r] = n
    if n == 0:
        out[1, w, r] = out[2, w, r] = out[3, w, r] = out[4, w, r] = np.nan
        return
    out[1, w, r] = total + carry
    out[2, w, r] = low
    out[3, w, r] = high
    out[4, w, r] = max(s2 - s1 * s1 / n, 0.0) if n > 1 else 0.0


@compiled
def numbers_walk(values, used, lows, stop, out):
    """Write count, sum, least, greatest and squared deviations of each window, widest last; out is (5, W, R)."""
    zero = values[:1].sum() * 0
    for r in range(len(stop)):
        n, total, carry, shift, low, high, s1, s2 = 0, zero, zero, zero, zero, zero, 0.0, 0.0
        i = stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    n, total, carry, shift, s1, s2, low, high = _add(
                        values[i], n, total, carry, shift, s1, s2, low, high
                    )
                i -= 1
            _note(out, w, r, n, total, carry, s1, s2, low, high)


@compiled
def numbers_ever(values, used, first, stop, out):
    """Write the same of all events before each cutoff; out is (5, 1, R)."""
    zero = values[:1].sum() * 0
    n, total, carry, shift, low, high, s1, s2 = 0, zero, zero, zero, zero, zero, 0.0, 0.0
    begun, i = -1, 0
    for r in range(len(stop)):
        if first[r] != begun or stop[r] < i:
            n, total, carry, shift, low, high, s1, s2 = 0, zero, zero, zero, zero, zero, 0.0, 0.0
            begun = i = first[r]
        while i < stop[r]:
            if used[i]:
                n, total, carry, shift, s1, s2, low, high = _add(values[i], n, total, carry, shift, s1, s2, low, high)
            i += 1
        _note(out, 0, r, n, total, carry, s1, s2, low, high)


@compiled
def variety_walk(codes, used, lows, stop, kinds, steps, out):
    """Write count, kinds met, and the sum of m log2 m over the kinds' counts m; *steps* are its increments."""
    stamp, met = np.full(kinds, -1, np.int64), np.zeros(kinds, np.int64)
    for r in range(len(stop)):
        n, different, spread, i = 0, 0, 0.0, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    c = codes[i]
                    if stamp[c] != r:
                        stamp[c], met[c] = r, 0
                        different += 1
                    spread += steps[min(met[c], len(steps) - 1)]
                    met[c] += 1
                    n += 1
                i -= 1
            out[0, w, r], out[1, w, r], out[2, w, r] = n, different, spread


@compiled
def variety_ever(codes, used, first, stop, kinds, steps, out):
    """Write the same of all events before each cutoff."""
    stamp, met = np.full(kinds, -1, np.int64), np.zeros(kinds, np.int64)
    n, different, spread, begun, i, run = 0, 0, 0.0, -1, 0, -1
    for r in range(len(stop)):
        if first[r] != begun or stop[r] < i:
            n, different, spread, run = 0, 0, 0.0, r
            begun = i = first[r]
        while i < stop[r]:
            if used[i]:
                c = codes[i]
                if stamp[c] != run:
                    stamp[c], met[c] = run, 0
                    different += 1
                spread += steps[min(met[c], len(steps) - 1)]
                met[c] += 1
                n += 1
            i += 1
        out[0, 0, r], out[1, 0, r], out[2, 0, r] = n, different, spread


@numba.njit(inline="always")
def _bits(mask):
    """Return how many bits are set, by adding neighbours (the usual parallel count)."""
    mask = mask - ((mask >> np.uint64(1)) & np.uint64(0x5555555555555555))
    mask = (mask & np.uint64(0x3333333333333333)) + ((mask >> np.uint64(2)) & np.uint64(0x3333333333333333))
    mask = (mask + (mask >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (mask * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def kinds_walk(codes, used, lows, stop, out):
    """Write how many of up to 64 kinds are met in each window; a kind is a bit."""
    one = np.uint64(1)
    for r in range(len(stop)):
        met, i = np.uint64(0), stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    met |= one << np.uint64(codes[i])
                i -= 1
            out[0, w, r] = _bits(met)


@compiled
def kinds_ever(codes, used, first, stop, out):
    """Write the same of all events before each cutoff."""
    one, met, begun, i = np.uint64(1), np.uint64(0), -1, 0
    for r in range(len(stop)):
        if first[r] != begun or stop[r] < i:
            met = np.uint64(0)
            begun = i = first[r]
        while i < stop[r]:
            if used[i]:
                met |= one << np.uint64(codes[i])
            i += 1
        out[0, 0, r] = _bits(met)


@compiled
def newest(values, known, used, at, low, stop, found):
    """Write the last used event of each row, or -1; of several at one instant the one with the least value."""
    for r in range(len(stop)):
        best, i = -1, stop[r] - 1
        while i >= low[r] and (best < 0 or at[i] == at[best]):
            if used[i] and (best < 0 or (known[i] and (not known[best] or values[i] < values[best]))):
                best = i
            i -= 1
        found[r] = best


@compiled
def oldest(values, known, used, at, low, stop, found):
    """Write the first used event of each row, or -1; of several at one instant the one with the greatest value.

    An unknown value counts as the greatest, as it does where an engine sorts.
    """
    for r in range(len(stop)):
        best, i = -1, low[r]
        while i < stop[r] and (best < 0 or at[i] == at[best]):
            if used[i] and (best < 0 or (known[best] and (not known[i] or values[i] > values[best]))):
                best = i
            i += 1
        found[r] = best


@compiled
def quantile_walk(values, used, lows, stop, share, out):
    """Write the quantile of each window, between neighbours in proportion; out is (1, W, R)."""
    for r in range(len(stop)):
        for w in range(len(lows)):
            kept = np.empty(stop[r] - lows[w, r], np.float64)
            n = 0
            for i in range(lows[w, r], stop[r]):
                if used[i]:
                    kept[n] = values[i]
                    n += 1
            if n > 0:
                kept = np.sort(kept[:n])
                at = share * (n - 1)
                below = int(at)
                above = min(below + 1, n - 1)
                out[0, w, r] = kept[below] + (kept[above] - kept[below]) * (at - below)


@compiled
def decayed_walk(values, used, at, moments, half, lows, stop, out):
    """Write count and sum of values that lose half their weight every *half* days; out is (2, W, R)."""
    for r in range(len(stop)):
        n, total, i = 0, 0.0, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    total += values[i] * 0.5 ** ((moments[r] - at[i]) / 86_400_000_000 / half)
                    n += 1
                i -= 1
            out[0, w, r], out[1, w, r] = n, total if n > 0 else np.nan


@compiled
def bins_walk(used, at, moments, width, lows, stop, out):
    """Write in how many stretches of *width* days, counted back from the cutoff, an event fell."""
    for r in range(len(stop)):
        n, last, i = 0, -1.0, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    stretch = np.floor((moments[r] - at[i]) / 86_400_000_000 / width)
                    if n == 0 or stretch != last:
                        n += 1
                        last = stretch
                i -= 1
            out[0, w, r] = n


@compiled
def tally_walk(slots, lows, stop, out):
    """Write how many events of each kind asked for lie in each window; out is (kinds, W, R).

    Each event has the slot of its kind; the slot after the last is for kinds that nobody asked for.
    """
    counts = np.zeros(out.shape[0] + 1, np.int64)
    for r in range(len(stop)):
        counts[:] = 0
        i = stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                counts[slots[i]] += 1
                i -= 1
            for k in range(out.shape[0]):
                out[k, w, r] = counts[k]


@compiled
def tally_ever(slots, first, stop, out):
    """Write the same of all events before each cutoff."""
    counts = np.zeros(out.shape[0] + 1, np.int64)
    begun, i = -1, 0
    for r in range(len(stop)):
        if first[r] != begun or stop[r] < i:
            counts[:] = 0
            begun = i = first[r]
        while i < stop[r]:
            counts[slots[i]] += 1
            i += 1
        for k in range(out.shape[0]):
            out[k, 0, r] = counts[k]
