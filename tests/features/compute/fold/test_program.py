"""Programs: slots are used anew, but for those that are kept, and stand where a processor likes them."""

import numpy as np
import pytest

from patron.features.compute.fold.operations import Operation
from patron.features.compute.fold.program import Draft, Program


def test_slots_are_used_anew_but_for_those_that_are_kept():
    draft = Draft()
    result = draft.reserve()
    for n in range(1, 9):
        result = draft.step(Operation.ADD, result, draft.constant(n))
        if n == 4:
            four = draft.keep(result)
    draft.output(result, 0)
    program, out = draft.program(), np.empty((1, 2))
    slots = program.allocate(2)
    slots[0, :2] = 10.0, 20.0
    program.run(slots, np.array([1, 0]), out)
    assert program.slots == 5  # given, kept, and three that are worked in
    assert out.tolist() == [[56.0, 46.0]]
    assert slots[four, :2].tolist() == [20.0, 30.0]


@pytest.mark.parametrize("rows", [0, 511, 512, 8192, 10_240])
def test_slots_stand_an_odd_number_of_cache_lines_apart(rows):
    slots = Program(3, np.empty((0, 5), np.int64), np.empty(0)).allocate(rows)
    assert slots.shape[1] >= rows
    assert (slots.strides[0] // 64) % 2 == 1
    assert not slots[:, rows:].any()
