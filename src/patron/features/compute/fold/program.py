"""Programs: the arithmetic from what the loops leave to finished columns, as steps that one compiled loop takes.

A *slot* is one number for each row of a block. Numbers are float64 and NaN is null. Arithmetic has an engine's meaning:
null in, null out; a division by zero is null.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patron.features.compute.fold.operations import Operation

__all__ = ["Draft", "Program"]


@dataclass(frozen=True)
class Program:
    """Steps over the slots of a block of rows.

    Args:
        slots: how many there are.
        steps: operation, three slots that are read (any, where fewer are), and the slot, or for `PLACED` the column,
            that is written; shape (n, 5).
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

    def run(self, slots: np.ndarray, where: np.ndarray, out: np.ndarray) -> None:
        """Take all steps for a block of rows, and write its columns to their places.

        Args:
            slots: as `room` makes them.
            where: the place of each row.
            out: all columns, float32 or float64, shape (columns, places).
        """
        from patron.features.compute.fold.interpreter import run

        narrow, wide = (out if out.dtype == kind else np.empty((0, 0), kind) for kind in (np.float32, np.float64))
        run(slots, self.steps, self.numbers, where, narrow, wide)


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
        self._given = 0
        self._steps: list[tuple[Operation, tuple[int, ...], float, int]] = []
        self._made: dict[tuple[Operation, tuple[int, ...], float], int] = {}

    def given(self, count: int = 1) -> int:
        """Return the first of some slots side by side that others fill before the steps are taken."""
        self._given += count
        return self._given - count

    def step(self, operation: Operation, *read: int, number: float = 0.0) -> int:
        """Return the slot with the result of an operation; it has a number below zero until the program is done."""
        key = (operation, read, number)
        if key not in self._made:
            self._made[key] = -len(self._made) - 1
            self._steps.append((*key, self._made[key]))
        return self._made[key]

    def constant(self, number: float) -> int:
        """Return the slot of a number that is the same for all rows."""
        return self.step(Operation.CONSTANT, number=number)

    def place(self, slot: int, column: int) -> None:
        """Write a slot to a column of the result."""
        self._steps.append((Operation.PLACED, (slot,), 0.0, column))

    def keep(self, slot: int) -> int:
        """Return a slot with the same numbers that are still there after the program has run."""
        kept = self.given()
        self._steps.append((Operation.FIRST_KNOWN, (slot, slot), 0.0, kept))
        return kept

    def done(self) -> Program:
        """Return the program.

        A slot that no later step reads is used anew, so that what is worked on stays near the processor.
        """
        last = {slot: n for n, (_, read, _, _) in enumerate(self._steps) for slot in read}
        final, free, slots, steps = {slot: slot for slot in range(self._given)}, list[int](), self._given, []
        for n, (operation, read, _, made) in enumerate(self._steps):
            if made < 0:
                if not free:
                    free, slots = [slots], slots + 1
                final[made] = free.pop()
            steps.append((operation, *_three([final[slot] for slot in read]), final[made] if made < 0 else made))
            free += [final[slot] for slot in {*read, made} if slot < 0 and last.get(slot, n) == n]
        numbers = [number for _, _, number, _ in self._steps]
        return Program(slots, np.array(steps, np.int64).reshape(-1, 5), np.array(numbers, np.float64))


def _three(read: Sequence[int]) -> tuple[int, ...]:
    return (*read, 0, 0, 0)[:3]
