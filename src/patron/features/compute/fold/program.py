"""Program: the arithmetic from what kernels leave to finished columns, as steps that one compiled loop takes.

A *slot* is one number for each row of a block. Numbers are float64 and NaN is null. Arithmetic has an engine's meaning:
null in, null out; a division by zero is null.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patron.features.compute.fold.operations import Operation

__all__ = ["Draft", "Program", "Step"]


@dataclass(frozen=True)
class Program:
    """Steps over the slots of a block of rows.

    Args:
        slots: how many there are.
        steps: operation, three slots that are read (any, where fewer are), and the slot, or for `OUTPUT` the column,
            that is written; shape (n, 5).
        numbers: the number that a step may need; shape (n,).
    """

    slots: int
    steps: np.ndarray
    numbers: np.ndarray

    def allocate(self, rows: int) -> np.ndarray:
        """Return empty slots for a block of rows, shape (slots, width); what is wider than the rows is zero.

        Slots stand an odd number of cache lines apart: a power of two would put one row of all of them into the same
        few lines of the processor's cache, which makes loops several times slower.
        """
        slots = np.empty((self.slots, (rows // 64 + 1) * 64 + 8))
        slots[:, rows:] = 0
        return slots

    def run(self, slots: np.ndarray, destination: np.ndarray, out: np.ndarray) -> None:
        """Take all steps for a block of rows, and write its columns.

        Args:
            slots: as `allocate` returns them.
            destination: the row of *out* that each row is written to.
            out: all columns, float32 or float64, shape (columns, rows).
        """
        from patron.features.compute.fold.interpreter import interpret

        narrow, wide = (out if out.dtype == kind else np.empty((0, 0), kind) for kind in (np.float32, np.float64))
        interpret(slots, self.steps, self.numbers, destination, narrow, wide)


@dataclass(frozen=True)
class Step:
    """What is done to a row, as it is drafted.

    Args:
        operation: what is done.
        read: the slots that it reads; those below zero are results of other steps.
        number: the number that it may need.
        target: the slot that it writes, a result below zero; for `OUTPUT` the column.
    """

    operation: Operation
    read: tuple[int, ...]
    number: float
    target: int

    @property
    def results(self) -> set[int]:
        """The results that it reads or writes."""
        return {slot for slot in (*self.read, self.target) if slot < 0}


class Draft:
    """A program while it is written: slots are reserved, or results of steps; the same step is taken once.

    >>> draft = Draft()
    >>> x, y = draft.reserve(), draft.reserve()
    >>> draft.step(Operation.ADD, x, y) == draft.step(Operation.ADD, x, y)
    True
    >>> draft.program().slots
    3
    """

    def __init__(self) -> None:
        self._reserved = 0
        self._steps: list[Step] = []
        self._results: dict[tuple[Operation, tuple[int, ...], float], int] = {}

    def reserve(self, count: int = 1) -> int:
        """Return the first of some slots side by side that others fill before the steps are taken."""
        self._reserved += count
        return self._reserved - count

    def step(self, operation: Operation, *read: int, number: float = 0.0) -> int:
        """Return the slot with the result of an operation; it has a number below zero until the program is written."""
        key = (operation, read, number)
        if key not in self._results:
            self._results[key] = -len(self._results) - 1
            self._steps.append(Step(*key, self._results[key]))
        return self._results[key]

    def constant(self, number: float) -> int:
        """Return the slot of a number that is the same for all rows."""
        return self.step(Operation.CONSTANT, number=number)

    def output(self, slot: int, column: int) -> None:
        """Write a slot to a column of the output."""
        self._steps.append(Step(Operation.OUTPUT, (slot,), 0.0, column))

    def keep(self, slot: int) -> int:
        """Return a slot with the same numbers that are still there after the program has run."""
        kept = self.reserve()
        self._steps.append(Step(Operation.FIRST_KNOWN, (slot, slot), 0.0, kept))
        return kept

    def program(self) -> Program:
        """Return the program.

        Results get slots behind those that are reserved. A slot whose result no later step reads is used anew, so that
        what is worked on stays near the processor.
        """
        last_use = {result: n for n, step in enumerate(self._steps) for result in step.results}
        slot_of = {slot: slot for slot in range(self._reserved)}
        free: list[int] = []
        rows, size = [], self._reserved
        for n, step in enumerate(self._steps):
            if step.target < 0:
                if not free:
                    free, size = [size], size + 1
                slot_of[step.target] = free.pop()
            target = slot_of[step.target] if step.target < 0 else step.target
            rows.append((step.operation, *_three([slot_of[slot] for slot in step.read]), target))
            free += [slot_of[result] for result in step.results if last_use[result] == n]
        numbers = [step.number for step in self._steps]
        return Program(size, np.array(rows, np.int64).reshape(-1, 5), np.array(numbers, np.float64))


def _three(read: Sequence[int]) -> tuple[int, ...]:
    return (*read, 0, 0, 0)[:3]
