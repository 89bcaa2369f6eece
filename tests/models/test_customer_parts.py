"""Customer parts: everybody is held out once in each repeat, with all rows, and every part has its leavers."""

import numpy as np

from patron.models.customer_parts import held_out_parts

CUSTOMERS = np.repeat(np.arange(40), 2)
LEFT = (CUSTOMERS % 4 == 0).astype(float)


def test_every_customer_is_held_out_once_in_each_repeat_with_all_rows():
    turns = held_out_parts(CUSTOMERS, LEFT, parts=2, repeats=5, seed=0)
    assert len(turns) == 10
    assert all((first ^ second).all() for first, second in zip(turns[::2], turns[1::2], strict=True))
    assert all((turn[::2] == turn[1::2]).all() for turn in turns)


def test_each_part_has_its_share_of_those_who_left():
    for turn in held_out_parts(CUSTOMERS, LEFT, parts=2, repeats=5, seed=0):
        assert LEFT[turn].sum() == 10


def test_the_seed_draws_the_parts_and_nothing_else_does():
    first, again, other = (held_out_parts(CUSTOMERS, LEFT, 2, 1, seed) for seed in (1, 1, 2))
    assert (first[0] == again[0]).all()
    assert (first[0] != other[0]).any()
