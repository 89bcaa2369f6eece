"""Choice: noise never wins, and ties go to the simpler."""

import numpy as np

from patron.models.selection import choose, mean_estimate

RNG = np.random.default_rng(3)
WHO = np.arange(400)
ONE = np.zeros(400)
NOISE = RNG.normal(0, 0.1, 400)
FLAT = {"constant": 0.7 + NOISE, "activity": 0.7 + NOISE, "logit": 0.7 + NOISE, "lightgbm": 0.7 + NOISE}


def test_what_beats_nothing_beyond_noise_is_not_the_champion():
    lucky = FLAT["lightgbm"] - 0.001 + RNG.normal(0, 0.1, 400)
    made = choose(FLAT | {"lightgbm": lucky}, WHO, ONE)
    assert made.champion == "constant"
    assert "nothing beats the best baseline" in made.reason


def test_the_simpler_of_two_that_tie_is_taken():
    better = FLAT["constant"] - 0.2
    assert (
        choose(FLAT | {"lightgbm": better, "blend": better - 1e-6 * RNG.normal(size=400)}, WHO, ONE).champion
        == "lightgbm"
    )


def test_the_more_complex_is_taken_where_it_is_better_beyond_noise():
    better = FLAT["constant"] - 0.2
    assert choose(FLAT | {"lightgbm": better, "blend": better - 0.1}, WHO, ONE).champion == "blend"


def test_fewer_than_100_customers_get_a_simple_one_and_are_told_why():
    some = {name: loss[:60] for name, loss in FLAT.items()} | {"lightgbm": FLAT["constant"][:60] - 0.5}
    made = choose(some, WHO[:60], ONE[:60])
    assert made.champion == "constant"
    assert "60 customers at later cutoffs are too few" in made.reason


def test_a_simple_one_with_signal_beats_the_constant():
    made = choose(FLAT | {"logit": FLAT["logit"] - 0.3}, WHO, ONE)
    assert made.champion == "logit"


def test_rows_of_one_customer_make_no_interval_narrower():
    values = RNG.normal(size=50)
    once, four = mean_estimate(values, np.arange(50)), mean_estimate(np.tile(values, 4), np.tile(np.arange(50), 4))
    assert np.isclose(once.high - once.low, four.high - four.low)


def test_a_gain_at_one_cutoff_alone_is_chance():
    cutoffs = np.repeat([0, 1, 2], [200, 100, 100])
    once = FLAT["constant"] - np.where(cutoffs == 0, 0.2, -0.01)
    thrice = FLAT["constant"] - 0.1
    assert choose(FLAT | {"lightgbm": once}, WHO, cutoffs).champion == "constant"
    assert choose(FLAT | {"lightgbm": thrice}, WHO, cutoffs).champion == "lightgbm"


def test_the_reason_tells_how_little_is_explained():
    made = choose(FLAT | {"lightgbm": FLAT["constant"] - 0.007}, WHO, ONE)
    assert "only 1.0 % [1.0, 1.0] off the log loss of the constant: little signal" in made.reason
    much = choose(FLAT | {"lightgbm": FLAT["constant"] - 0.07}, WHO, ONE)
    assert "it takes 10." in much.reason
    assert "little" not in much.reason


def test_a_gain_that_only_fails_to_show_at_one_cutoff_is_a_gain():
    cutoffs = np.repeat([1, 2], 200)
    gained = np.where(cutoffs == 1, 0.2, -0.001) + RNG.normal(0, 0.1, 400)
    assert choose(FLAT | {"lightgbm": FLAT["constant"] - gained}, WHO, cutoffs).champion == "lightgbm"


def test_a_gain_that_turns_into_a_loss_beyond_noise_at_one_cutoff_is_none():
    cutoffs = np.repeat([1, 2], 200)
    gained = np.where(cutoffs == 1, 0.2, -0.05) + RNG.normal(0, 0.1, 400)
    made = choose(FLAT | {"lightgbm": FLAT["constant"] - gained}, WHO, cutoffs)
    assert made.champion == "constant"
    assert "but is worse than it beyond noise at one of them" in made.reason
