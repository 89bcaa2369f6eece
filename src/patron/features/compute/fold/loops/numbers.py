"""Loops over numbers: counts, sums, extremes, deviations, quantiles, and sums that fade."""

import numpy as np

from patron.compiling import compiled
from patron.features.compute.fold.event_arrays import DAY

__all__ = [
    "decayed_by_window",
    "numbers_by_window",
    "numbers_ever",
    "quantile_by_window",
    "sums_by_window",
    "sums_ever",
]


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
def numbers_by_window(values, used, lows, stop, out):
    """Write count, sum, least, greatest and squared deviations of each window, widest last; out is (5, W, R)."""
    zero = values.dtype.type(0)
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
def numbers_ever(values, used, lows, stop, out):
    """Write the same of all events before each cutoff; out is (5, 1, R)."""
    zero = values.dtype.type(0)
    n, total, carry, shift, low, high, s1, s2 = 0, zero, zero, zero, zero, zero, 0.0, 0.0
    begun, i = -1, 0
    for r in range(len(stop)):
        if lows[0, r] != begun or stop[r] < i:
            n, total, carry, shift, low, high, s1, s2 = 0, zero, zero, zero, zero, zero, 0.0, 0.0
            begun = i = lows[0, r]
        while i < stop[r]:
            if used[i]:
                n, total, carry, shift, s1, s2, low, high = _add(values[i], n, total, carry, shift, s1, s2, low, high)
            i += 1
        _note(out, 0, r, n, total, carry, s1, s2, low, high)


@compiled
def sums_by_window(values, used, lows, stop, out):
    """Write count and sum of each window, widest last; out is (2, W, R)."""
    zero = values.dtype.type(0)
    for r in range(len(stop)):
        n, total, carry, i = 0, zero, zero, stop[r] - 1
        for w in range(len(lows)):
            while i >= lows[w, r]:
                if used[i]:
                    n, total, carry = _sum(values[i], n, total, carry)
                i -= 1
            out[0, w, r], out[1, w, r] = n, total + carry if n > 0 else np.nan


@compiled
def sums_ever(values, used, lows, stop, out):
    """Write the same of all events before each cutoff."""
    zero = values.dtype.type(0)
    n, total, carry, begun, i = 0, zero, zero, -1, 0
    for r in range(len(stop)):
        if lows[0, r] != begun or stop[r] < i:
            n, total, carry = 0, zero, zero
            begun = i = lows[0, r]
        while i < stop[r]:
            if used[i]:
                n, total, carry = _sum(values[i], n, total, carry)
            i += 1
        out[0, 0, r], out[1, 0, r] = n, total + carry if n > 0 else np.nan


@compiled
def quantile_by_window(values, used, lows, stop, share, scale, out):
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
def decayed_by_window(values, used, at, moments, half, lows, stop, scale, out):
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
