"""Loops over instants: the first and the last event of a window, and the stretches of time with an event."""

import numpy as np

from patron.compiling import compiled
from patron.features.compute.fold.event_arrays import DAY

__all__ = ["bins_by_window", "newest", "oldest"]


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
                is_known = known[best] and best >= lows[w, r] + skipped
                out[0, w, r], out[1, w, r] = _age_and_value(values[best], is_known, at[best], moments[r], scale)


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
                is_known = known[best] and best >= lows[w, r] + skipped
                out[0, w, r], out[1, w, r] = _age_and_value(values[best], is_known, at[best], moments[r], scale)


@compiled
def _age_and_value(value, known, event_at, moment, scale):
    """Return how many days ago an event was, and its value where that is known."""
    return float(moment - event_at) / DAY, float(value) / scale if known else np.nan


@compiled
def bins_by_window(used, at, moments, width, lows, stop, out):
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
