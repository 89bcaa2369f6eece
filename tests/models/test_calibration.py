"""Calibration: levels meet what happened, and a slope is kept only where every cutoff agrees."""

import numpy as np

from patron.models.calibration import calibrate, level, levelled
from patron.models.serving import sigmoid, softmax

RNG = np.random.default_rng(1)


def drawn(size: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    margins = RNG.normal(0, 1.5, (size, 1))
    return margins, (RNG.uniform(size=size) < sigmoid(slope * margins[:, 0])).astype(int)


def test_the_level_of_yes_or_no_meets_the_rate():
    margins, y = np.array([[0.0], [1.0], [-1.0], [2.0]]), np.array([1, 0, 0, 0])
    fine = np.tile(margins, (500, 1)), np.tile(y, 500)
    assert np.isclose(sigmoid(fine[0][:, 0] + level(*fine)).mean(), 0.25, atol=1e-3)


def test_a_level_far_above_small_chances_is_found():
    margins, y = np.linspace(-4.8, -3.9, 200)[:, None], np.repeat([1, 0], [30, 170])
    assert np.isclose(sigmoid(margins[:, 0] + level(margins, y)).sum(), 30, atol=0.1)


def test_the_level_of_classes_meets_their_shares():
    margins = RNG.normal(size=(3000, 3))
    y = np.repeat([0, 1, 2], [1500, 1200, 300])
    assert np.allclose(softmax(margins + level(margins, y)).mean(axis=0), [0.5, 0.4, 0.1], atol=2e-3)


def test_each_cutoff_gets_its_own_level():
    margins, y = np.zeros((2000, 1)), np.repeat([1, 0, 1, 0], [800, 200, 200, 800])
    made = sigmoid(levelled(margins, y, np.repeat([0, 1], 1000)))[:, 0]
    assert np.allclose([made[0], made[-1]], [0.8, 0.2], atol=0.01)


def test_log_odds_that_are_spread_too_far_are_pulled_together():
    margins, y = drawn(3000, slope=0.5)
    assert 0.4 < calibrate(margins, y, np.repeat([0, 1, 2], 1000))["slope"] < 0.65


def test_right_log_odds_stay_as_they_are_or_nearly():
    margins, y = drawn(3000, slope=1.0)
    made = calibrate(margins, y, np.repeat([0, 1, 2], 1000))
    assert made is None or abs(made["slope"] - 1) < 0.12


def test_one_cutoff_alone_calibrates_nothing():
    margins, y = drawn(1000, slope=0.5)
    assert calibrate(margins, y, np.zeros(1000)) is None


def test_cutoffs_that_disagree_calibrate_nothing():
    flat, steep = drawn(1500, slope=0.4), drawn(1500, slope=2.0)
    assert calibrate(np.vstack([flat[0], steep[0]]), np.append(flat[1], steep[1]), np.repeat([0, 1], 1500)) is None


def test_a_slope_leaves_the_mean_prediction_where_it_was():
    margins, y = drawn(3000, slope=0.5)
    rare = margins - 3.0
    y = (RNG.uniform(size=3000) < sigmoid(0.5 * margins[:, 0] - 3.0)).astype(int)
    made = calibrate(rare, y, np.repeat([0, 1, 2], 1000))
    assert np.isclose(sigmoid(made["slope"] * rare + made["intercept"]).mean(), sigmoid(rare).mean(), atol=1e-4)
