"""Rolling: what is judged lies after all that was fitted, and each half chooses for the other."""

from datetime import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from patron.models.rolling_origin import ROUNDS, FoldPredictions, folds, predict_out_of_fold
from patron.models.targets import Examples
from patron.periods import Span

MONTHS = tuple(datetime(2024, month, 1) for month in range(1, 10))


@given(st.sets(st.sampled_from(MONTHS), min_size=2), st.integers(1, 120))
def test_no_label_of_a_fold_reaches_into_what_it_is_judged_by(cutoffs, days):
    for fold in folds(sorted(cutoffs), Span(days)):
        assert max(fold.fitted) + Span(days).delta <= fold.judged


def test_judged_cutoffs_lie_a_horizon_apart_so_that_no_day_counts_twice():
    assert [fold.judged.month for fold in folds(MONTHS, Span(60))] == [5, 7, 9]


def test_the_rounds_that_lose_least_are_chosen():
    y = np.tile([0, 1], 50)
    good, bad = (np.where(y == 1, odds, -odds)[:, None] * 1.0 for odds in (2.0, -2.0))
    path = [bad] * len(ROUNDS)
    path[3] = good
    told = FoldPredictions({"lightgbm": path}, Examples(np.arange(100), None, y, 2), np.arange(100))
    made = predict_out_of_fold([told])
    assert made.rounds == {"lightgbm": ROUNDS[3]}
    assert np.allclose(made.log_odds["lightgbm"], good)


def test_a_level_that_is_off_costs_nothing_because_it_is_chance_to_all():
    y = np.tile([0, 1], 50)
    margins = np.where(y == 1, 1.0, -1.0)[:, None]
    told = FoldPredictions({"a": [margins], "b": [margins + 2.0]}, Examples(np.arange(100), None, y, 2), np.arange(100))
    made = predict_out_of_fold([told])
    assert np.allclose(made.losses(made.log_odds["a"]), made.losses(made.log_odds["b"]), atol=1e-3)
