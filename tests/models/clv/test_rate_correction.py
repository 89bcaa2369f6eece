"""The rate correction: three quarters of what a process was off are mended, in counts and in the chance of none."""

import numpy as np
import pytest

from patron.models.clv.pareto_nbd import ParetoNBD
from patron.models.clv.rate_correction import CorrectedProcess, RateCorrection, fit_rate_correction
from patron.models.clv.transactions import Transactions

THREE = Transactions(x=[0, 4, 9], t_x=[0, 200, 260], T=[270, 270, 270])
MANY = 100_000


def test_three_quarters_of_what_all_orders_were_off_are_mended():
    correction = fit_rate_correction(expected=np.full(MANY, 1.0), bought=np.full(MANY, 4.0))
    np.testing.assert_allclose(correction.factors(np.ones(3)), 4**0.75, rtol=0.01)


def test_of_twenty_orders_in_the_place_of_ten_little_is_learned():
    correction = fit_rate_correction(expected=np.full(10, 1.0), bought=np.full(10, 2.0))
    np.testing.assert_allclose(correction.factors(np.ones(3)), (120 / 110) ** 0.75)


def test_whoever_little_is_expected_of_is_raised_where_they_came_back_and_the_sum_stays():
    expected, bought = np.repeat([0.1, 1.9], MANY), np.repeat([0.3, 1.7], MANY)
    correction = fit_rate_correction(expected, bought)
    rare, often = correction.factors(np.array([0.1, 1.9]))
    assert correction.level == pytest.approx(0.0)
    assert 1.5 < rare < 3.0 and often < 1.0
    assert 0.1 * rare + 1.9 * often == pytest.approx(2.0)


def test_no_customer_is_raised_for_being_expected_to_buy_much():
    correction = fit_rate_correction(np.repeat([0.3, 1.7], MANY), np.repeat([0.1, 1.9], MANY))
    np.testing.assert_allclose(correction.factors(np.array([0.1, 1.9])), 1.0)


def test_a_factor_of_two_doubles_the_mean_and_squares_the_chance_of_none():
    process = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0)
    corrected = CorrectedProcess(process, RateCorrection(level=float(np.log(2.0))).factors(np.ones(3)))
    slow, fast = process.moments(THREE, 90, 0.1), corrected.moments(THREE, 90, 0.1)
    np.testing.assert_allclose(fast.sum, 2 * slow.sum)
    np.testing.assert_allclose(1 - fast.p_any, (1 - slow.p_any) ** 2)
    np.testing.assert_allclose(fast.pairs, 4 * slow.pairs)


def test_equal_customers_are_computed_once_and_each_keeps_their_own_factor():
    asked = []

    class Counting:
        def moments(self, history, horizon, yearly_rate):
            asked.append(len(history.x))
            return ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0).moments(history, horizon, yearly_rate)

    twice = Transactions(x=[4, 0, 4], t_x=[200, 0, 200], T=[270, 270, 270])
    moments = CorrectedProcess(Counting(), np.array([1.0, 1.0, 2.0])).moments(twice, 90, 0.0)
    assert asked == [2]
    assert moments.sum[2] == pytest.approx(2 * moments.sum[0]) and moments.sum[1] < moments.sum[0]
