"""Interpreter: one compiled loop takes the steps of a program."""

import math

import numpy as np

from patron.compiling import compiled
from patron.features.compute.fold.operations import Operation

__all__ = ["interpret"]


@compiled
def interpret(slots, steps, numbers, destination, narrow, wide):
    """Take the steps of a program over all rows, one step after the other; slots has shape (slots, rows).

    Columns are written to *wide*, or to *narrow* where that is empty, so that one compiled loop serves both.
    """
    rows = range(slots.shape[1])
    for s in range(len(steps)):
        operation, number = steps[s, 0], numbers[s]
        x, y, z = slots[steps[s, 1]], slots[steps[s, 2]], slots[steps[s, 3]]
        target = x if operation == Operation.OUTPUT else slots[steps[s, 4]]
        if operation == Operation.CONSTANT:
            target[:] = number
        elif operation == Operation.FILLED:
            for r in rows:
                target[r] = x[r] if y[r] > 0 and x[r] == x[r] else number
        elif operation == Operation.ADD:
            for r in rows:
                target[r] = x[r] + y[r]
        elif operation == Operation.SUBTRACT:
            for r in rows:
                target[r] = x[r] - y[r]
        elif operation == Operation.MULTIPLY:
            for r in rows:
                target[r] = x[r] * y[r]
        elif operation == Operation.DIVIDE:
            for r in rows:
                target[r] = x[r] / y[r] if y[r] != 0 else np.nan
        elif operation == Operation.NULL_IF:
            for r in rows:
                target[r] = np.nan if x[r] == y[r] else x[r]
        elif operation == Operation.FIRST_KNOWN:
            for r in rows:
                target[r] = x[r] if x[r] == x[r] else y[r]
        elif operation == Operation.EQUAL:
            for r in rows:
                target[r] = (1.0 if x[r] == y[r] else 0.0) if x[r] == x[r] and y[r] == y[r] else np.nan
        elif operation == Operation.LESS:
            for r in rows:
                target[r] = (1.0 if x[r] < y[r] else 0.0) if x[r] == x[r] and y[r] == y[r] else np.nan
        elif operation == Operation.AT_MOST:
            for r in rows:
                target[r] = (1.0 if x[r] <= y[r] else 0.0) if x[r] == x[r] and y[r] == y[r] else np.nan
        elif operation == Operation.BOTH:
            for r in rows:
                target[r] = 0.0 if x[r] == 0 or y[r] == 0 else x[r] * y[r]
        elif operation == Operation.NOT:
            for r in rows:
                target[r] = 1.0 - x[r]
        elif operation == Operation.CHOICE:
            for r in rows:
                target[r] = y[r] if x[r] == 1 else z[r]
        elif operation == Operation.IS_NULL:
            for r in rows:
                target[r] = 1.0 if x[r] != x[r] else 0.0
        elif operation == Operation.GREATEST:
            for r in rows:
                target[r] = y[r] if y[r] > x[r] or x[r] != x[r] else x[r]
        elif operation == Operation.LEAST:
            for r in rows:
                target[r] = y[r] if y[r] < x[r] or x[r] != x[r] else x[r]
        elif operation == Operation.EXP:
            for r in rows:
                target[r] = math.exp(x[r])
        elif operation == Operation.ROOT:
            for r in rows:
                target[r] = math.sqrt(x[r])
        elif operation == Operation.LOG2:
            for r in rows:
                target[r] = np.log2(x[r])
        elif operation == Operation.OUTPUT:
            if len(wide):
                for r in range(len(destination)):
                    wide[steps[s, 4], destination[r]] = x[r]
            else:
                for r in range(len(destination)):
                    narrow[steps[s, 4], destination[r]] = x[r]
