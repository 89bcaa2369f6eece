"""What choosing reasons promises: the strongest facts on each side, in order, each with the push of its features."""

import numpy as np

from patron.explanations.redundancy import NO_FACT, Facts, Reasons, facts, parts_of, strongest

ALL = np.ones(9, dtype=bool)


def chosen(pushes: list[float], numbers: list[int], stable: np.ndarray, top: int) -> Reasons:
    """The reasons of one row whose features hold facts of these numbers."""
    return strongest(np.array([pushes]), Facts(np.array([numbers]), np.zeros(1, dtype=np.intp)), stable, top)


def test_a_fact_that_is_not_stable_comes_after_the_strongest_stable_one():
    pushes, numbers = [9.0, 5.0, 3.0, 1.0, -2.0], [0, 1, 2, 3, 4]
    stable = np.array([False, False, False, True, False])
    assert chosen(pushes, numbers, stable, 2).fact.tolist() == [3, 0, 4]
    assert chosen(pushes, numbers, stable, 1).fact.tolist() == [3, 4]
    assert chosen(pushes, numbers, np.array([False, False, True, True, True]), 3).fact.tolist() == [2, 0, 1, 4]


def test_the_strongest_facts_of_each_side_come_in_order_and_equal_ones_by_their_number():
    reasons = chosen([0.5, -1.0, 2.0, 0.5, 0.0, -3.0], [0, 1, 2, 3, 4, 5], ALL[:6], 2)
    assert reasons.fact.tolist() == [2, 0, 5, 1]
    assert reasons.side.tolist() == [0, 0, 1, 1]
    assert reasons.rank.tolist() == [1, 2, 1, 2]
    assert reasons.push.tolist() == [2.0, 0.5, -3.0, -1.0]


def test_of_a_fact_the_feature_speaks_that_pushes_most_the_way_of_all_of_them():
    reasons = chosen([4.0, -1.0, -5.0], [0, 0, 0], ALL[:3], 3)
    assert (reasons.push.tolist(), reasons.speaker.tolist(), reasons.side.tolist()) == ([-2.0], [2], [1])


def test_a_feature_without_a_fact_is_never_a_reason():
    reasons = chosen([9.0, 1.0], [NO_FACT, 1], ALL[:2], 3)
    assert (reasons.fact.tolist(), reasons.push.tolist()) == ([1], [1.0])


def test_what_a_fact_gives_at_each_step_is_that_of_its_features_together():
    parts = np.array([[[[1.0, 2.0, 4.0]], [[10.0, 20.0, 40.0]]]])
    held = Facts(np.array([[0, 1, 0]]), np.zeros(1, dtype=np.intp))
    assert parts_of(parts, held, np.array([0, 0]), np.array([0, 1])).tolist() == [[[5.0], [50.0]], [[2.0], [20.0]]]


def test_rows_hold_other_facts_where_times_are_equal():
    features = [{"words": words, "unit": "days"} for words in ("Days ago", "Days known", "Longest gap")]
    held = facts(np.array([[30.0, 31.0, 7.0], [30.0, 30.0, 7.0], [9.0, 9.0, 9.0], [30.0, np.nan, 7.0]]), features)
    assert [held.of_row(row).tolist() for row in range(4)] == [[0, 1, 2], [0, 0, 2], [0, 0, 0], [0, 1, 2]]
    assert held.without(np.array([True, False, False])).of_row(1).tolist() == [NO_FACT, 0, 2]
