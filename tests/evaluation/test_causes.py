"""Causes of an end are judged by how often they came, and by whether the model knew for whom."""

import numpy as np
import pandas as pd
import pytest

from patron.evaluation.causes import judge_causes

ANSWERS = pd.DataFrame(
    {
        "cancellation_by_cancelled": [0.6, 0.2, 0.3, 0.1],
        "cancellation_by_other": [0.2, 0.2, 0.1, 0.3],
        "cancellation_probability": [0.8, 0.4, 0.4, 0.4],
    }
)


def test_expected_ends_are_sums_of_chances_and_rare_causes_are_others():
    card = judge_causes(ANSWERS, ["Cancelled", "moved", None, None], np.arange(4) < 3, "cancellation")
    assert card.table.came.tolist() == [1, 2]  # moved, and one that nobody told
    assert card.table.expected.tolist() == pytest.approx([1.2, 0.8])


def test_the_log_loss_is_that_of_the_share_of_the_cause_that_came():
    card = judge_causes(ANSWERS, ["cancelled", "moved", None, None], np.arange(4) < 2, "cancellation")
    assert card.log_loss == pytest.approx(-(np.log(0.75) + np.log(0.5)) / 2)
    assert card.constant == pytest.approx(-(np.log(0.625) + np.log(0.375)) / 2)


def test_where_nobody_left_there_is_no_figure():
    card = judge_causes(ANSWERS, [None] * 4, np.zeros(4, bool), "cancellation")
    assert card.table.came.tolist() == [0, 0]
    assert np.isnan(card.log_loss)
