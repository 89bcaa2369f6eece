"""Seasons: the same month a year before speaks, a business that has just begun does not."""

from datetime import datetime

import numpy as np

from patron.models.seasonality import month_shifts, season_cutoffs, without_cutoff_constants
from patron.periods import Span

YEAR = [datetime(2010, 6, 1), datetime(2010, 9, 1), datetime(2010, 12, 1), datetime(2011, 4, 1)]


def test_cutoffs_that_do_not_go_round_the_year_tell_nothing():
    assert season_cutoffs(YEAR[:3], datetime(2009, 1, 1), Span(90)) == ()


def test_the_first_two_horizons_of_a_business_are_no_season():
    assert season_cutoffs(YEAR, datetime(2010, 4, 1), Span(90)) == tuple(YEAR[2:])


def test_cutoffs_at_the_same_time_of_every_year_tell_no_season():
    yearly = [datetime(2007, 12, 22), datetime(2008, 12, 20), datetime(2010, 1, 3)]
    assert season_cutoffs(yearly, datetime(2000, 1, 1), Span(365)) == ()
    assert season_cutoffs([*yearly, datetime(2009, 6, 1)], datetime(2000, 1, 1), Span(365)) != ()


def test_the_season_of_who_buys_nothing_counts_in_full_and_of_which_tier_by_three_quarters():
    # The three tiers of buyers rise by .2 on average, which counts; one lies .4 below that and one above it.
    shifts = month_shifts({datetime(2010, 6, 15): np.array([-0.6, -0.2, 0.2, 0.6])})
    assert np.allclose(shifts[5], [-0.6, 0.2 - 0.3, 0.2, 0.2 + 0.3])


def test_december_is_near_january():
    shifts = month_shifts({datetime(2010, 12, 28): np.array([0.4])})
    assert [month for month, shift in enumerate(shifts, start=1) if shift[0]] == [1, 12]
    assert np.isclose(shifts[0][0], 0.4)


def test_a_feature_that_names_the_cutoff_is_hidden_and_others_are_not():
    X = np.array([[6, 1.0], [6, 2.0], [9, 1.0], [9, np.nan]])
    made = without_cutoff_constants(X, np.array([0, 0, 1, 1]))
    assert made[:, 0].tolist() == [0, 0, 0, 0]
    np.testing.assert_array_equal(made[:, 1], X[:, 1])
