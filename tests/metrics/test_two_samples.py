"""Two samples: distances can be counted by hand, and chance alone is seldom taken for more."""

import numpy as np
import pytest

from patron.metrics.two_samples import gap_of_kinds, gap_of_numbers, gap_of_shares, gap_of_spread, holm


def test_the_gap_of_numbers_is_the_largest_between_the_two_distributions():
    assert gap_of_numbers(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])).value == 0.5
    assert gap_of_numbers(np.array([1.0, 2]), np.array([1.0, 2])).p == 1.0


def test_samples_of_one_population_are_parted_in_about_five_of_a_hundred():
    rng = np.random.default_rng(0)
    pairs = rng.normal(size=(400, 2, 300))
    share = np.mean([gap_of_numbers(first, second).p < 0.05 for first, second in pairs])
    assert 0.02 < share < 0.07


def test_quantiles_that_are_kept_say_no_more_than_all_values_would():
    rng = np.random.default_rng(1)
    then, now, ranks = (
        rng.integers(0, 9, 500).astype(float),
        rng.integers(2, 11, 400).astype(float),
        np.linspace(0, 1, 41),
    )
    kept = gap_of_spread(now, np.quantile(then, ranks, method="inverted_cdf"), ranks, len(then))
    assert 0.0 < kept.value <= gap_of_numbers(now, then).value


def test_kinds_and_shares_that_are_alike_are_no_distance_and_others_are():
    half = np.array([0.5, 0.5])
    assert gap_of_kinds(half, half, (100, 100)).p == 1.0
    assert gap_of_kinds(half, np.array([0.9, 0.1]), (100, 100)).value == pytest.approx(0.4)
    assert gap_of_shares(0.5, 0.9, (100, 100)).p < 1e-6


def test_of_many_tests_the_smallest_must_be_the_smaller_the_more_there_are():
    assert holm([0.02, 0.5], 0.05) == [True, False]
    assert holm([0.02, 0.5, 0.5], 0.05) == [False, False, False]
