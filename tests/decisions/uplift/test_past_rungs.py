"""What the ladder of a trial promises: strategies learned from others, gains and steps that can be counted by hand."""

import numpy as np
import pytest

from patron.decisions.uplift.assignments import Money
from patron.decisions.uplift.cross_fitting import CrossFit
from patron.decisions.uplift.past_rungs import past_rungs


def trial(effect):
    """Sixty customers in two folds; left alone one third stays with .2, one with .5 and one with .8."""
    left_alone = np.tile([0.2, 0.5, 0.8], 20)
    scores = np.column_stack([left_alone, left_alone + np.tile(effect, 20)])
    return CrossFit(np.repeat([0, 1], 30), scores, np.full((60, 2), 0.5), scores, {}, {})


def ladder(effect, promised):
    money = Money(value=10.0, costs=[0.0, 1.0], level=0.95)
    promised = np.column_stack([np.zeros(60), np.tile(promised, 20)])
    return past_rungs(trial(effect), promised, np.arange(60), money, repeats=20).set_index("rung")


def test_each_strategy_brings_what_a_person_counts_and_more_than_the_one_before():
    # An effect of .4 is worth 4 - 1 = 3 to those at risk; one of 0 loses 1, one of -.1 loses 2.
    table = ladder([0.4, 0.0, -0.1], promised=[3.0, -1.0, -2.0])
    assert table.treated.tolist() == pytest.approx([0.0, 1.0, 1 / 3, 1 / 3, 1 / 3])
    assert table.gain.tolist() == pytest.approx([0.0, 0.0, 1.0, 1.0, 1.0])
    assert table.more.tolist() == pytest.approx([0.0, 0.0, 1.0, 0.0, 0.0])
    assert (table.more_low["model cut"], table.more_high["model cut"]) == (0.0, 0.0)


def test_where_those_at_the_least_risk_are_kept_a_cut_by_risk_is_behind_a_rule_by_segment():
    table = ladder([-0.1, 0.0, 0.4], promised=[-2.0, -1.0, 3.0])
    assert table.gain[["by segment", "model cut", "individual"]].tolist() == pytest.approx([1.0, 0.0, 1.0])


def test_promises_that_mislead_are_seen_in_what_they_brought():
    assert ladder([0.4, 0.0, -0.1], promised=[-1.0, -1.0, 5.0]).gain["individual"] == pytest.approx(-2 / 3)
