"""Metrics of waits: pairs and intervals counted by hand, although many waits had not ended."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron import metrics
from worlds.metric_columns import WAITS, samples


def test_intervals_of_right_answers_hold_80_percent_also_where_most_are_still_awaited_at_their_end() -> None:
    # Waits fall due evenly over the shares of each wait; of four customers one is watched to each of .25, .5, .75, 1.
    share, seen = np.arange(0.0005, 1, 0.001).repeat(4), np.tile([0.25, 0.5, 0.75, 1.0], 1000)
    bought, passed = share < seen, np.minimum(share, seen)
    assert metrics.early(bought, passed, seen) == pytest.approx(0.1, abs=0.001)
    assert metrics.late(bought, passed, seen) == pytest.approx(0.1, abs=0.003)
    assert metrics.held(bought, passed, seen) == pytest.approx(0.8, abs=0.003)


def test_customers_who_come_before_their_interval_or_after_it_are_told_apart() -> None:
    # Fully watched: 10 of 40 come when a twentieth of their wait has passed, 20 in the middle, 10 at its end.
    passed = np.repeat([0.05, 0.5, 0.95], [10, 20, 10])
    shares = [metric(np.ones(40), passed, np.ones(40)) for metric in WAITS.values()]
    assert shares == pytest.approx([0.25, 0.25, 0.5])


def test_how_often_intervals_hold_is_unknown_where_fewer_than_30_are_watched_to_their_end() -> None:
    back = np.repeat([0.9, 0.5], [29, 500])
    assert math.isnan(metrics.held(np.ones(529), back, back))
    assert metrics.early(np.ones(529), back, back) == 0


def test_the_share_passed_is_that_of_the_foretold_wait_and_grows_with_the_days() -> None:
    wait = {"low": [5] * 4, "median": [20] * 4, "high": [60] * 4, "back": [0.6] * 4}
    # Half way to the first tenth at a constant hazard: 1 - .9 ** .5.
    shares = metrics.passed(days=[2.5, 5, 20, 30], **wait, end=30)
    assert shares == pytest.approx([1 - 0.9**0.5, 0.1, 0.5, 0.6])


def test_concordance_counts_pairs_as_harrell_does() -> None:
    # Day 5 goes before both purchases of day 9 (right twice) and the one awaited (a tie); each purchase of
    # day 9 goes before the one awaited (wrong twice); the two purchases of day 9 are no pair.
    days, bought = [5, 9, 9, 9], [1, 1, 1, 0]
    assert metrics.concordance(days, bought, expected=[4, 8, 6, 4]) == (1 + 1 + 0.5 + 0 + 0) / 5
    assert math.isnan(metrics.concordance([5, 9], [0, 1], [1, 2]))


def test_concordance_ties_customers_who_are_never_expected() -> None:
    assert metrics.concordance([1, 2, 3], [1, 1, 0], [math.inf, math.inf, math.inf]) == 0.5


@given(data=st.data())
def test_concordance_equals_looking_at_every_pair(data: st.DataObject) -> None:
    (days, bought, expected), count = data.draw(samples("concordance"))
    pairs = right = 0.0
    for i, j in np.ndindex(len(days), len(days)):
        if bought[i] and (days[i] < days[j] or (days[i] == days[j] and not bought[j])):
            pairs += count[i] * count[j]
            right += count[i] * count[j] * (float(expected[i] < expected[j]) + (expected[i] == expected[j]) / 2)
    whole = right / pairs if pairs else math.nan
    assert metrics.concordance(days, bought, expected, weight=count) == pytest.approx(whole, nan_ok=True)


def test_concordance_holds_beyond_sixteen_bits_of_days() -> None:
    days = np.arange(70_000)
    assert metrics.concordance(days, np.ones(70_000), days) == 1
    assert metrics.concordance(days, np.ones(70_000), -days) == 0


def test_an_interval_that_is_still_open_covers_a_customer_not_yet_back() -> None:
    closed_before, open_still, never_closed = [20, 30, math.inf]
    high = [closed_before, open_still, never_closed]
    assert metrics.coverage(days=[30] * 3, bought=[0] * 3, low=[40, 40, 5], high=high) == 2 / 3


def test_an_interval_covers_a_purchase_on_its_bounds() -> None:
    assert metrics.coverage(days=[5, 9, 10, 4], bought=[1] * 4, low=[5] * 4, high=[9] * 4) == 0.5
