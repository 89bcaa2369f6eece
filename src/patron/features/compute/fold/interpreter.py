"""The machine: one compiled loop takes the steps of a program."""

import math

import numpy as np

from patron.features.compute.fold.compiling import compiled
from patron.features.compute.fold.operations import Operation

__all__ = ["run"]


@compiled
def run(slots, steps, numbers, where, narrow, wide):
    """Take the steps of a program over all rows, one step after the other; slots has shape (slots, rows).

    Columns are written to *wide*, or to *narrow* where that is empty, so that one compiled loop serves both.
    """
    rows = range(slots.shape[1])
    for s in range(len(steps)):
        does, number = steps[s, 0], numbers[s]
        x, y, z = slots[steps[s, 1]], slots[steps[s, 2]], slots[steps[s, 3]]
        made = x if does == Operation.PLACED else slots[steps[s, 4]]
        if does == Operation.CONSTANT:
            made[:] = number
        elif does == Operation.FILLED:
            for r in rows:
                made[r] = x[r] if y[r] > 0 and x[r] == x[r] else number
        elif does == Operation.ADD:
            for r in rows:
                made[r] = x[r] + y[r]
        elif does == Operation.SUBTRACT:
            for r in rows:
                made[r] = x[r] - y[r]
        elif does == Operation.MULTIPLY:
            for r in rows:
                made[r] = x[r] * y[r]
        elif does == Operation.DIVIDE:
            for r in rows:
                made[r] = x[r] / y[r] if y[r] != 0 else np.nan
        elif does == Operation.NULL_IF:
            for r in rows:
                made[r] = np.nan if x[r] == y[r] else x[r]
        elif does == Operation.FIRST_KNOWN:
            for r in rows:
                made[r] = x[r] if x[r] == x[r] else y[r]
        elif does == Operation.EQUAL:
            for r in rows:
                made[r] = (1.0 if x[r] == y[r] else 0.0) if x[r] == x[r] and y[r] == y[r] else np.nan
        elif does == Operation.LESS:
            for r in rows:
                made[r] = (1.0 if x[r] < y[r] else 0.0) if x[r] == x[r] and y[r] == y[r] else np.nan
        elif does == Operation.AT_MOST:
            for r in rows:
                made[r] = (1.0 if x[r] <= y[r] else 0.0) if x[r] == x[r] and y[r] == y[r] else np.nan
        elif does == Operation.BOTH:
            for r in rows:
                made[r] = 0.0 if x[r] == 0 or y[r] == 0 else x[r] * y[r]
        elif does == Operation.NOT:
            for r in rows:
                made[r] = 1.0 - x[r]
        elif does == Operation.CHOICE:
            for r in rows:
                made[r] = y[r] if x[r] == 1 else z[r]
        elif does == Operation.IS_NULL:
            for r in rows:
                made[r] = 1.0 if x[r] != x[r] else 0.0
        elif does == Operation.GREATEST:
            for r in rows:
                made[r] = y[r] if y[r] > x[r] or x[r] != x[r] else x[r]
        elif does == Operation.LEAST:
            for r in rows:
                made[r] = y[r] if y[r] < x[r] or x[r] != x[r] else x[r]
        elif does == Operation.EXP:
            for r in rows:
                made[r] = math.exp(x[r])
        elif does == Operation.ROOT:
            for r in rows:
                made[r] = math.sqrt(x[r])
        elif does == Operation.LOG2:
            for r in rows:
                made[r] = np.log2(x[r])
        elif does == Operation.PLACED:
            if len(wide):
                for r in range(len(where)):
                    wide[steps[s, 4], where[r]] = x[r]
            else:
                for r in range(len(where)):
                    narrow[steps[s, 4], where[r]] = x[r]
