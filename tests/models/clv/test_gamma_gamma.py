"""Gamma-Gamma spend: orders shrink towards the mean as far as the data says, and intervals of worth hold."""

import numpy as np
import pytest

from patron.errors import HistoryError, QuestionError
from patron.models.clv.gamma_gamma import Spend, fit_spend, worth
from patron.models.clv.pareto_nbd import ParetoNBD
from patron.models.clv.transactions import Transactions

MODEL = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0)
TWO = Transactions(x=[0, 4], t_x=[0, 200], T=[270, 270])


def test_an_order_value_is_shrunk_as_if_two_more_orders_were_seen():
    # (20 + 2 * 50) / 3 and (800 + 2 * 50) / 10; a prospect takes the mean
    assert Spend(p=2.0, q=5.0, mean=50.0).order_value([1, 8, 0], [20, 800, 0]) == pytest.approx([40, 90, 50])


def test_the_weight_of_the_prior_comes_from_the_data():
    rng = np.random.default_rng(5)
    n = rng.integers(1, 9, 5000)
    level = rng.gamma(4.0, 1 / 40.0, 5000)
    orders = [rng.gamma(3.0, 1 / rate, k) for rate, k in zip(level, n, strict=True)]
    fitted = fit_spend(n, [o.sum() for o in orders], [(o**2).sum() for o in orders])
    # within shape 3, between shape 4: (4 - 1) / 3 = 1 order, with mean 3 / (4 - 1) * 40 = 40
    assert fitted.prior_orders == pytest.approx(1.0, rel=0.1)
    assert fitted.mean == pytest.approx(40.0, rel=0.05)


def test_returns_and_a_whale_leave_the_value_of_the_others_usable():
    total = [20.0, 30.0, 25.0, 40.0, 30.0, 0.0, -15.0, 1e6]
    assert 15 < fit_spend([1, 1, 1, 2, 1, 1, 1, 1], total).order_value([1], [25.0])[0] < 500
    assert fit_spend([1, 2], [0.0, -10.0]).order_value([1], [0.0])[0] <= 0


def test_the_interval_of_worth_covers_as_often_as_it_says():
    rng = np.random.default_rng(6)
    many = Transactions([12] * 4000, [360] * 4000, [365] * 4000)
    model, spend = ParetoNBD(r=2.0, alpha=40.0, s=0.5, beta=300.0), Spend(p=3.0, q=4.0, mean=40.0)
    value = worth(model, spend, many, np.full(4000, 520.0), horizon=365, yearly_rate=0.1)
    # posterior of each customer: rate Gamma(14, 405), end Gamma(.5, 665), order level Gamma(43, 560)
    alive = rng.random(4000) < model.p_alive(many)
    end = np.minimum(rng.exponential(1 / rng.gamma(0.5, 1 / 665.0, 4000)), 365)
    buys = np.where(alive, rng.poisson(rng.gamma(14, 1 / 405.0, 4000) * end), 0)
    level = rng.gamma(4 + 3 * 13, 1 / (40.0 + 520.0), 4000)
    discounted = [
        np.sum(rng.gamma(3, 1 / g, k) * 1.1 ** (-rng.random(k) * e / 365))
        for k, e, g in zip(buys, end, level, strict=True)
    ]
    assert np.mean(discounted) == pytest.approx(value.expected[0], rel=0.03)
    inside = (value.low <= discounted) & (discounted <= value.high)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.03)


def test_values_out_of_range_are_refused_with_what_was_got():
    with pytest.raises(QuestionError, match=r"between 0 and 1\. Got 80"):
        worth(MODEL, Spend(2.0, 5.0, 50.0), TWO, [20, 300], 90, level=80)
    with pytest.raises(HistoryError, match=r"orders is negative .* has -1"):
        fit_spend([-1], [0])


def test_the_general_mean_is_that_of_the_orders_to_come():
    orders, total = [1, 1, 9, 9], [10.0, 12.0, 360.0, 342.0]
    alike, coming = fit_spend(orders, total), fit_spend(orders, total, ahead=[0.1, 0.1, 5.0, 5.0])
    assert alike.mean < coming.mean <= 40.0
    assert coming.prior_orders == alike.prior_orders
