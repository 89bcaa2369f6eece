"""Differences of treated and held-out customers: counted by hand, narrowed by the past, and safe to look at early."""

import numpy as np
import pytest

from patron.decisions.outcomes.differences import always_valid, difference, mixture_half_width
from patron.errors import QuestionError


def test_without_a_past_the_difference_and_its_interval_are_those_of_welch():
    result = difference([4, 6, 8, 1, 3], [True, True, True, False, False])
    assert (result.value, result.raw, result.kept) == (4.0, 4.0, 1.0)
    assert result.variance == pytest.approx(4 / 3 + 2 / 2)  # of each mean: variance over customers
    assert result.freedom == pytest.approx((7 / 3) ** 2 / ((4 / 3) ** 2 / 2 + 1))
    interval = result.interval()
    assert (interval.low + interval.high) / 2 == pytest.approx(4.0)


def test_the_past_narrows_the_interval_and_does_not_move_the_difference_on_average():
    rng, moved, raw, kept = np.random.default_rng(3), [], [], []
    for _ in range(300):
        before = rng.gamma(2.0, 10.0, 400)
        treated = rng.random(400) < 0.5
        after = 0.8 * before + rng.normal(0, 6.0, 400) + 2.0 * treated
        result = difference(after, treated, before)
        moved.append(result.value)
        raw.append(result.raw)
        kept.append(result.kept)
    assert np.mean(moved) == pytest.approx(2.0, abs=4 * 0.6 / np.sqrt(300))
    assert np.std(moved) < 0.6 * np.std(raw)
    assert np.mean(kept) == pytest.approx(36 / (36 + 0.64 * 200), abs=0.02)


def test_a_past_that_never_changes_or_too_few_customers_leave_the_outcome_as_it_is():
    treated = np.arange(40) % 2 == 0
    outcome = np.arange(40.0)
    assert difference(outcome, treated, np.ones(40)).value == difference(outcome, treated).value
    assert difference(outcome[:12], treated[:12], outcome[:12]).kept == 1.0


@pytest.mark.parametrize(
    ("sigma", "tau", "n", "alpha", "half"),
    [
        (2, 0.5, 100, 0.05, 0.6082124819018595),
        (10, 1, 400, 0.05, 1.5411949969445464),
        (1, 0.1, 50, 0.1, 0.54830476711932),
    ],
)
def test_the_interval_for_any_number_of_looks_is_that_of_the_package_sequential_analysis(sigma, tau, n, alpha, half):
    # NormalMixtureSPRT(sigma, tau, alpha=alpha).half_width(n) of sequential-analysis 0.4.0
    assert mixture_half_width(sigma**2 / n, tau**2, 1 - alpha) == pytest.approx(half, rel=1e-12)


def test_the_interval_for_any_number_of_looks_is_narrowest_about_where_it_was_planned():
    def wider(spread: float) -> float:
        return mixture_half_width(1.0, spread, 0.95)

    best = min(np.geomspace(1, 100, 400), key=wider)
    assert always_valid(1.0, 1.0) == pytest.approx(wider(best), rel=1e-3)
    assert always_valid(1.0, 1.0) > 1.96


def test_nobody_held_out_and_unknown_values_are_refused():
    with pytest.raises(QuestionError, match=r"got 2 and 0\. Hold some out"):
        difference([1, 2], [True, True])
    with pytest.raises(QuestionError, match="1 are unknown"):
        difference([1, np.nan], [True, False])
