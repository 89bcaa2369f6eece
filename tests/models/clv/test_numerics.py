"""Numerics: integrals are those of a careful quadrature, and medians those of a world drawn at random."""

import numpy as np
import pytest
from scipy.integrate import quad
from threadpoolctl import threadpool_info, threadpool_limits

from patron.models.clv.numerics import decay, minimised
from patron.models.clv.pareto_nbd import ParetoNBD
from patron.models.clv.transactions import Transactions

THREE = Transactions(x=[0, 4, 9], t_x=[0, 200, 260], T=[270, 270, 270])


@pytest.mark.parametrize(
    ("power_a", "a", "power_b", "b"), [(0.5, 3.0, 1.6, 3.0), (2000.0, 2100.0, 1.6, 2050.0), (0.1, 1e-3, 1.1, 1e4)]
)
def test_the_chance_to_have_left_is_its_integral_whatever_the_powers(power_a, a, power_b, b):
    ours = decay(np.array([300.0]), np.array([power_a]), np.array([a]), power_b, np.array([b])).weight.sum()
    exact = quad(lambda u: (1 + u / a) ** -power_a * (1 + u / b) ** -power_b, 0, 300, points=[1, 10], limit=200)
    assert ours == pytest.approx(exact[0], rel=1e-7)


def test_the_median_of_orders_is_that_of_a_world_drawn_from_the_process_within_one():
    process, rng = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0), np.random.default_rng(0)
    alive = rng.random((9_999, 3)) < process.p_alive(THREE)
    stays = rng.exponential(1 / rng.gamma(0.61, 1 / (82 + THREE.T), (9_999, 3)))
    drawn = rng.poisson(rng.gamma(0.55 + THREE.x, 1 / (74 + THREE.T), (9_999, 3)) * np.minimum(stays, 365)) * alive
    assert np.median(drawn, axis=0).tolist() == [0, 2, 8]
    np.testing.assert_allclose(process.moments(THREE, 365, 0.0).median(), [0, 2, 8], atol=1)


def test_a_fit_of_a_few_numbers_takes_one_thread_and_gives_the_others_back():
    threads = []

    def loss(at):
        threads.extend(blas_threads())
        return float((at[0] - 3.0) ** 2)

    with threadpool_limits(2):
        assert minimised(loss, np.zeros(1)) == pytest.approx(3.0, abs=1e-3)
        assert set(threads) == {1}
        assert set(blas_threads()) == {2}


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
