"""What the estimate without labels promises: right where customers shift, and wrong where what they do shifts."""

import numpy as np
import pytest

from patron import metrics
from patron.errors import PatronError
from patron.metrics.expectation import expected_agreement, expected_lift, expected_performance

CUSTOMERS, DRAWS = 3000, 200
ORDINARY = {"AUC": metrics.auc, "log loss": metrics.log_loss, "Brier": metrics.brier}


def chances(shift: float, slope: float = 1.5, seed: int = 0) -> np.ndarray:
    """Return the true chances of customers whose one feature lies about `shift`."""
    x = np.random.default_rng(seed).normal(shift, 1.0, CUSTOMERS)
    return 1 / (1 + np.exp(-(slope * x - 1.0)))


def drawn(chance: np.ndarray) -> np.ndarray:
    """Return labels that come true by their chances, a column for each draw."""
    return (np.random.default_rng(1).random((len(chance), DRAWS)) < chance[:, None]).astype(float)


def held(estimate: metrics.Estimate, reached: list[float]) -> float:
    return float(np.mean([estimate.low <= figure <= estimate.high for figure in reached]))


@pytest.mark.parametrize("shift", [0.0, 1.2, -1.5])
def test_figures_of_customers_who_are_others_than_in_training_lie_within_the_interval_in_nine_of_ten_draws(shift):
    chance = chances(shift)
    labels, estimated = drawn(chance), expected_performance(chance)
    for name, metric in {**ORDINARY, "rate": lambda actual, _: actual.mean()}.items():
        reached = [metric(label, chance) for label in labels.T]
        assert held(estimated[name], reached) >= 0.9, name
        assert estimated[name].value == pytest.approx(np.mean(reached), abs=0.003), name


def test_figures_follow_the_customers_and_not_the_training():
    usual, shifted = (expected_performance(chances(shift)) for shift in (0.0, -1.5))
    assert shifted["rate"].high < usual["rate"].low
    assert shifted["Brier"].high < usual["Brier"].low


def test_what_the_best_tenths_hold_lies_within_the_interval_in_nine_of_ten_draws():
    chance = chances(0.5)
    table = expected_lift(chance)
    curves = [metrics.lift(label, chance) for label in drawn(chance).T[:60]]
    for row in table.head(5).itertuples():
        reached = [curve.cumulative[row.Index] * row.contacted for curve in curves]
        assert np.mean([row.low <= found <= row.high for found in reached]) >= 0.9
    assert table.iloc[-1][["found", "low", "high", "lift"]].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_a_relation_that_has_shifted_is_not_seen_as_the_module_says():
    believed, true = chances(0.0), chances(0.0, slope=0.3)
    estimated, labels = expected_performance(believed), drawn(true)
    for name, metric in ORDINARY.items():
        assert held(estimated[name], [metric(label, believed) for label in labels.T[:40]]) == 0.0, name


def test_tiers_agree_as_often_as_their_chances_say():
    rng = np.random.default_rng(2)
    shares = rng.dirichlet([1.0, 2.0, 1.0], 2000)
    guess, classes = shares.argmax(axis=1), range(3)
    estimated = expected_agreement(shares, guess, classes)
    turns = (rng.random((2000, 1, DRAWS)) > shares.cumsum(axis=1)[:, :2, None]).sum(axis=1)
    kappas = [metrics.quadratic_kappa(turn, guess, classes=classes) for turn in turns.T]
    assert held(estimated["quadratic kappa"], kappas) >= 0.9
    assert held(estimated["accuracy"], [float((turn == guess).mean()) for turn in turns.T]) >= 0.9


def test_pairs_are_counted_by_hand():
    # Of .8 and .4 alone one pair can be: right with .8 x .6 = .48, wrong with .2 x .4 = .08; ties count a half.
    assert expected_performance([0.8, 0.4])["AUC"].value == pytest.approx(0.48 / (1.2 * 0.8))
    assert expected_performance([0.5, 0.5])["AUC"].value == pytest.approx(0.25)


def test_few_events_have_no_bounds_and_nobody_no_figure():
    assert np.isnan(expected_performance([0.001] * 100)["AUC"].low)
    assert np.isnan(expected_performance([])["AUC"].value)
    assert np.isnan(expected_performance([0.0] * 9)["AUC"].value)


def test_what_is_no_probability_is_refused():
    with pytest.raises(PatronError, match="must hold probabilities, got 37"):
        expected_performance([37.0])
    with pytest.raises(PatronError, match="got level=2"):
        expected_performance([0.5] * 20, level=2)
    with pytest.raises(PatronError, match=r"Chances of shape \(1, 2\) do not fit 1 predictions of 3 classes"):
        expected_agreement([[0.5, 0.5]], [0], range(3))
