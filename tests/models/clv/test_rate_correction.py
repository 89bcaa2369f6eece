"""The rate correction: half of what a process was off is mended, in counts and in the chance of none alike."""

import numpy as np

from patron.models.clv.pareto_nbd import ParetoNBD
from patron.models.clv.rate_correction import CorrectedProcess, RateCorrection, fit_rate_correction
from patron.models.clv.transactions import Transactions

THREE = Transactions(x=[0, 4, 9], t_x=[0, 200, 260], T=[270, 270, 270])


def test_half_of_what_the_process_was_off_is_mended():
    many = Transactions(np.tile(THREE.x, 200), np.tile(THREE.t_x, 200), np.tile(THREE.T, 200))
    correction = fit_rate_correction(many, expected=np.full(600, 1.0), bought=np.full(600, 4.0))
    np.testing.assert_allclose(correction.factor(many), 2.0, rtol=0.02)


def test_a_factor_of_two_doubles_the_mean_and_squares_the_chance_of_none():
    process, twice = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0), RateCorrection(intercept=float(np.log(2.0)))
    slow, fast = process.moments(THREE, 90, 0.1), CorrectedProcess(process, twice).moments(THREE, 90, 0.1)
    np.testing.assert_allclose(fast.sum, 2 * slow.sum)
    np.testing.assert_allclose(1 - fast.p_any, (1 - slow.p_any) ** 2)
    np.testing.assert_allclose(fast.pairs, 4 * slow.pairs)
