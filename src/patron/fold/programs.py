"""Programs: the arithmetic from what the loops leave to finished columns, as steps that one compiled loop takes.

A *slot* is one number for each row of a block. Numbers are float64 and NaN is null. Arithmetic has an engine's meaning:
null in, null out; a division by zero is null.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

__all__ = ["Draft", "Operation", "Program"]


class Operation(IntEnum):
    """What a step does with the slots x, y, z that it reads."""

    CONSTANT = 0  # its number
    FILLED = 1  # x, and its number where y, the events seen, is none or x unknown
    ADD = 2
    SUBTRACT = 3
    MULTIPLY = 4
    DIVIDE = 5
    NULL_IF = 6  # null where x equals y
    FIRST_KNOWN = 7
    EQUAL = 8
    LESS = 9
    AT_MOST = 10
    BOTH = 11
    NOT = 12
    CHOICE = 13  # y where x holds, else z
    IS_NULL = 14
    GREATEST = 15  # of those known
    LEAST = 16
    EXP = 17
    ROOT = 18
    LOG2 = 19


@dataclass(frozen=True)
class Program:
    """Steps over the slots of a block of rows.

    Args:
        slots: how many there are.
        steps: operation, three slots that are read (any, where fewer are), and the slot that is written; shape (n, 5).
        numbers: the one number that a step may need; shape (n,).
    """

    slots: int
    steps: np.ndarray
    numbers: np.ndarray

    def room(self, rows: int) -> np.ndarray:
        """Return empty slots for a block of rows, shape (slots, width); what is wider than the rows is zero.

        Slots stand an odd number of cache lines apart: a power of two would put one row of all of them into the same
        few lines of the processor's cache, which makes loops several times slower.
        """
        made = np.empty((self.slots, (rows // 64 + 1) * 64 + 8))
        made[:, rows:] = 0
        return made

    def run(self, slots: np.ndarray) -> None:
        """Take all steps for a block of rows; slots as `room` makes them."""
        from patron.fold.machine import run

        run(slots, self.steps, self.numbers)


class Draft:
    """A program while it is written: slots are given, or made by a step; the same step is taken once.

    >>> draft = Draft()
    >>> one, other = draft.given(), draft.given()
    >>> draft.step(Operation.ADD, one, other) == draft.step(Operation.ADD, one, other)
    True
    >>> draft.done().slots
    3
    """

    def __init__(self) -> None:
        self._slots = 0
        self._steps: dict[tuple[Operation, tuple[int, ...], float], int] = {}

    def given(self, count: int = 1) -> int:
        """Return the first of some slots side by side that others fill before the steps are taken."""
        self._slots += count
        return self._slots - count

    def step(self, operation: Operation, *read: int, number: float = 0.0) -> int:
        """Return the slot with the result of an operation."""
        key = (operation, read, number)
        if key not in self._steps:
            self._steps[key] = self.given()
        return self._steps[key]

    def constant(self, number: float) -> int:
        """Return the slot of a number that is the same for all rows."""
        return self.step(Operation.CONSTANT, number=number)

    def done(self) -> Program:
        """Return the program."""
        steps = [(operation, *_three(read), made) for (operation, read, _), made in self._steps.items()]
        numbers = [number for _, _, number in self._steps]
        return Program(self._slots, np.array(steps, np.int64).reshape(-1, 5), np.array(numbers, np.float64))


def _three(read: Sequence[int]) -> tuple[int, ...]:
    return (*read, 0, 0, 0)[:3]
