"""The compiled loops of reductions: they walk each customer's events, sorted by time, once for all windows of a cutoff.

A *row* is one customer at one cutoff. Its events are `at[first:stop]`, those of a window `at[low:stop]`. Loops called
`..._walk` go back from the cutoff through nested windows; loops called `..._ever` go forward through the cutoffs of a
customer and keep what they have.
"""

import numba
import numpy as np

from patron.fold.compiling import compiled
from patron.fold.views import DAY

__all__ = [
    "bins_walk", "decayed_walk", "kinds_ever", "kinds_walk", "newest", "numbers_ever", "numbers_walk", "oldest",
    "quantile_walk", "sums_ever", "sums_walk", "tally_ever", "tally_walk", "variety_ever", "variety_walk",
]  # fmt: skip


@compiled
def _sum(x, n, total, carry):
    """Add one number: exact for integers, compensated (Neumaier 1974) for floats."""
    new = total + x
    carry += (total - new) + x if abs(total) >= abs(x) else (x - new) + total
    return n + 1, new, carry


@compiled
def _add(x, n, total, carry, shift, s1, s2, low, high):
    """Add one number, and its square about the first one.

    The first number lies within sqrt(n - 1) deviations of the mean, so the squares lose at most a factor n.
    """
    if n == 0:
        shift, low, high = x, x, x
    d = float(x - shift)
    n, total, carry = _sum(x, n, total, carry)
    return n, total, carry, shift, s1 + d, s2 + d * d, min(low, x), max(high, x)


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
def sums_walk(values, used, lows, stop, out):
    """Write count and sum of each window, widest last; out is (2, W, R)."""
    zero = values[:1].sum() * 0
    for r in range(len(stop)):
        n, total, carry, i = 0, zero, zero, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    n, total, carry = _sum(values[i], n, total, carry)
                i -= 1
            out[0, w, r], out[1, w, r] = n, total + carry if n > 0 else np.nan


@compiled
def sums_ever(values, used, first, stop, out):
    """Write the same of all events before each cutoff."""
    zero = values[:1].sum() * 0
    n, total, carry, begun, i = 0, zero, zero, -1, 0
    for r in range(len(stop)):
        if first[r] != begun or stop[r] < i:
            n, total, carry = 0, zero, zero
            begun = i = first[r]
        while i < stop[r]:
            if used[i]:
                n, total, carry = _sum(values[i], n, total, carry)
            i += 1
        out[0, 0, r], out[1, 0, r] = n, total + carry if n > 0 else np.nan


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
def newest(values, known, used, at, moments, lows, stop, skipped, scale, out):
    """Write how many days ago the last used event of each window was, and its value; out is (2, W, R).

    Of several at one instant the one with the least value counts. The value of the first *skipped* events of a window
    is unknown.
    """
    for w in range(len(lows)):
        for r in range(len(stop)):
            best, i = -1, stop[r] - 1
            while i >= lows[w, r] and (best < 0 or at[i] == at[best]):
                if used[i] and (best < 0 or (known[i] and (not known[best] or values[i] < values[best]))):
                    best = i
                i -= 1
            out[0, w, r] = out[1, w, r] = np.nan
            if best >= 0:
                told = known[best] and best >= lows[w, r] + skipped
                out[0, w, r], out[1, w, r] = _told(values[best], told, at[best], moments[r], scale)


@compiled
def oldest(values, known, used, at, moments, lows, stop, skipped, scale, out):
    """Write the same of the first used event; of several at one instant the one with the greatest value.

    An unknown value counts as the greatest, as it does where an engine sorts.
    """
    for w in range(len(lows)):
        for r in range(len(stop)):
            best, i = -1, lows[w, r]
            while i < stop[r] and (best < 0 or at[i] == at[best]):
                if used[i] and (best < 0 or (known[best] and (not known[i] or values[i] > values[best]))):
                    best = i
                i += 1
            out[0, w, r] = out[1, w, r] = np.nan
            if best >= 0:
                told = known[best] and best >= lows[w, r] + skipped
                out[0, w, r], out[1, w, r] = _told(values[best], told, at[best], moments[r], scale)


@compiled
def _told(value, known, event_at, moment, scale):
    """Return how many days ago an event was, and its value where that is known."""
    return float(moment - event_at) / DAY, float(value) / scale if known else np.nan


@compiled
def quantile_walk(values, used, lows, stop, share, scale, out):
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
                out[0, w, r] = (kept[below] + (kept[above] - kept[below]) * (at - below)) / scale
            else:
                out[0, w, r] = np.nan


@compiled
def decayed_walk(values, used, at, moments, half, lows, stop, scale, out):
    """Write count and sum of values that lose half their weight every *half* days; out is (2, W, R)."""
    for r in range(len(stop)):
        n, total, i = 0, 0.0, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    total += values[i] * 0.5 ** ((moments[r] - at[i]) / DAY / half)
                    n += 1
                i -= 1
            out[0, w, r], out[1, w, r] = n, total / scale if n > 0 else np.nan


@compiled
def bins_walk(used, at, moments, width, lows, stop, out):
    """Write in how many stretches of *width* days, counted back from the cutoff, an event fell."""
    for r in range(len(stop)):
        n, last, i = 0, -1.0, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    stretch = np.floor((moments[r] - at[i]) / DAY / width)
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
