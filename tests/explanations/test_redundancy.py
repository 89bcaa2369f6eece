"""What choosing reasons promises: the strongest facts on each side, in order, each with the push of its features."""

import numpy as np

from patron.explanations.redundancy import NO_FACT, parts_of, strongest
from patron.explanations.sentences import each, joined

ALL = np.ones(9, dtype=bool)


def test_a_fact_that_is_not_stable_comes_after_the_strongest_stable_one():
    pushes, number = np.array([[9.0, 5.0, 3.0, 1.0, -2.0]]), np.arange(5)[None]
    stable = np.array([False, False, False, True, False])
    assert strongest(pushes, number, stable, 2).fact.tolist() == [3, 0, 4]
    assert strongest(pushes, number, stable, 1).fact.tolist() == [3, 4]
    assert strongest(pushes, number, np.array([False, False, True, True, True]), 3).fact.tolist() == [2, 0, 1, 4]


def test_the_strongest_facts_of_each_side_come_in_order_and_equal_ones_by_their_number():
    pushes = np.array([[0.5, -1.0, 2.0, 0.5, 0.0, -3.0]])
    reasons = strongest(pushes, np.arange(6)[None], ALL[:6], 2)
    assert reasons.fact.tolist() == [2, 0, 5, 1]
    assert reasons.side.tolist() == [0, 0, 1, 1]
    assert reasons.rank.tolist() == [1, 2, 1, 2]
    assert reasons.push.tolist() == [2.0, 0.5, -3.0, -1.0]


def test_of_a_fact_the_feature_speaks_that_pushes_most_the_way_of_all_of_them():
    reasons = strongest(np.array([[4.0, -1.0, -5.0]]), np.zeros((1, 3), dtype=np.intp), ALL[:3], 3)
    assert (reasons.push.tolist(), reasons.speaker.tolist(), reasons.side.tolist()) == ([-2.0], [2], [1])


def test_a_feature_without_a_fact_is_never_a_reason():
    reasons = strongest(np.array([[9.0, 1.0]]), np.array([[NO_FACT, 1]]), ALL[:2], 3)
    assert (reasons.fact.tolist(), reasons.push.tolist()) == ([1], [1.0])


def test_what_a_fact_gives_at_each_step_is_that_of_its_features_together():
    parts = np.array([[[[1.0, 2.0, 4.0]], [[10.0, 20.0, 40.0]]]])
    given = parts_of(parts, np.array([[0, 1, 0]]), np.array([0, 0]), np.array([0, 1]))
    assert given.tolist() == [[[5.0], [50.0]], [[2.0], [20.0]]]


def test_texts_of_a_million_cells_are_built_from_those_of_a_few():
    place = np.tile([1, 0], 500_000)
    texts = joined(each(["few", "many"], place), each([": 1", ": 2"], place))
    assert (texts[0].as_py(), texts[1].as_py(), len(texts)) == ("many: 2", "few: 1", 1_000_000)
