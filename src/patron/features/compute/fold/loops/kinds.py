"""Loops over kinds: how many there are, how evenly events spread over them, and how often each one came."""

import numba
import numpy as np

from patron.compiling import compiled

__all__ = ["kinds_by_window", "kinds_ever", "tally_by_window", "tally_ever", "variety_by_window", "variety_ever"]


@compiled
def variety_by_window(codes, used, lows, stop, kinds, steps, out):
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
def variety_ever(codes, used, lows, stop, kinds, steps, out):
    """Write the same of all events before each cutoff."""
    stamp, met = np.full(kinds, -1, np.int64), np.zeros(kinds, np.int64)
    n, different, spread, begun, i, run = 0, 0, 0.0, -1, 0, -1
    for r in range(len(stop)):
        if lows[0, r] != begun or stop[r] < i:
            n, different, spread, run = 0, 0, 0.0, r
            begun = i = lows[0, r]
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
def kinds_by_window(codes, used, lows, stop, out):
    """Write how many of up to 64 kinds are met in each window; a kind is a bit."""
    bit = np.uint64(1)
    for r in range(len(stop)):
        met, i = np.uint64(0), stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    met |= bit << np.uint64(codes[i])
                i -= 1
            out[0, w, r] = _bits(met)


@compiled
def kinds_ever(codes, used, lows, stop, out):
    """Write the same of all events before each cutoff."""
    bit, met, begun, i = np.uint64(1), np.uint64(0), -1, 0
    for r in range(len(stop)):
        if lows[0, r] != begun or stop[r] < i:
            met = np.uint64(0)
            begun = i = lows[0, r]
        while i < stop[r]:
            if used[i]:
                met |= bit << np.uint64(codes[i])
            i += 1
        out[0, 0, r] = _bits(met)


@compiled
def tally_by_window(slots, lows, stop, out):
    """Write how many events of each kind that is counted lie in each window; out is (kinds, W, R).

    Each event has the slot of its kind; the slot after the last is for all other kinds.
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
def tally_ever(slots, lows, stop, out):
    """Write the same of all events before each cutoff."""
    counts = np.zeros(out.shape[0] + 1, np.int64)
    begun, i = -1, 0
    for r in range(len(stop)):
        if lows[0, r] != begun or stop[r] < i:
            counts[:] = 0
            begun = i = lows[0, r]
        while i < stop[r]:
            counts[slots[i]] += 1
            i += 1
        for k in range(out.shape[0]):
            out[k, 0, r] = counts[k]
