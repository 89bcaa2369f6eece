"""Campaigns: the money of a campaign is stated, and the best cut under it is found."""

import numpy as np
import pytest

from patron.errors import PatronError
from patron.metrics.campaign_profit import Campaign, expected_maximum_profit

MONEY = Campaign(value=200, incentive=10, contact=1, accepts=(6, 14))


def test_a_perfect_score_contacts_the_leavers_and_earns_on_those_who_accept():
    profit, share = expected_maximum_profit(np.array([1, 1, 0, 0, 0, 0, 0, 0]), np.arange(8, 0, -1), MONEY)
    # a quarter leaves; of each, .3 accept on average: .25 x (.3 x (200 - 10) - 1) = 14
    assert (round(profit, 2), round(share, 2)) == (14.0, 0.25)


def test_a_constant_score_earns_what_treating_all_or_nobody_earns():
    actual = np.array([1, 0])
    profit, share = expected_maximum_profit(actual, np.zeros(2), MONEY)
    # all: .5 x .3 x 190 - 10 x .5 - 1 = 22.5
    assert round(profit, 1) == 22.5
    assert round(share, 1) == 1.0


def test_the_order_of_the_rows_changes_nothing():
    rng = np.random.default_rng(0)
    actual, score = rng.integers(0, 2, 100), rng.integers(0, 5, 100)
    mixed = rng.permutation(100)
    one, other = (expected_maximum_profit(actual[i], score[i], MONEY) for i in (np.arange(100), mixed))
    assert np.allclose(one, other)


def test_money_that_makes_no_sense_is_refused():
    with pytest.raises(PatronError, match=r"a value above the incentive.*value=5.*Write for example Campaign"):
        Campaign(value=5, incentive=10, contact=1, accepts=(6, 14))
