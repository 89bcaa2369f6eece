"""The shifted-beta-geometric law against the published figures of Fader and Hardie (2007)."""

import numpy as np
import pytest

from patron.errors import ScoreError
from patron.models.clv.shifted_geometric import ShiftedGeometric, fit_shifted_geometric
from patron.models.serving import ended_by, log_survival

HIGH_END = np.array([1000, 869, 743, 653, 593, 551, 517, 491])  # of 1,000 customers after 0 to 7 years
REGULAR = np.array([1000, 631, 468, 382, 326, 289, 262, 241])


@pytest.mark.parametrize(("left", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)])
def test_the_published_parameters_come_from_the_published_survival(left, alpha, beta):
    law = fit_shifted_geometric(-np.diff(left), [0] * 7 + [left[-1]])
    assert (round(law.alpha, 3), round(law.beta, 3)) == (alpha, beta)


def test_survival_beyond_the_years_of_the_fit_is_that_of_the_paper():
    twelfth = ShiftedGeometric(0.668, 3.806).survival([12])[0], ShiftedGeometric(0.704, 1.182).survival([12])[0]
    assert twelfth == pytest.approx((0.380, 0.170), abs=0.005)


def test_retention_is_the_step_of_survival_and_rises_with_age():
    law = ShiftedGeometric(0.704, 1.182)
    steps = law.survival(np.arange(1, 8)) / law.survival(np.arange(7))
    np.testing.assert_allclose(law.retention(np.arange(1, 8)), steps)
    assert (np.diff(steps) > 0).all()


def test_serving_has_the_same_survival():
    law = ShiftedGeometric(0.668, 3.806)
    np.testing.assert_allclose(np.exp(log_survival(0.668, 3.806, np.arange(9.0))), law.survival(np.arange(9)))


def test_a_contract_ends_at_a_renewal_within_the_days_or_not_at_all():
    process = {"alpha": 1.0, "beta": 1.0, "period": 30.0}
    seen = np.array([[350.0, 365.0], [300.0, 365.0], [340.0, 30.0]])
    chance = ended_by(process, seen, 60.0)
    # with alpha = beta = 1 survival is 1 / (1 + n): the first renewal loses a half, the 12th and 13th two of 14
    np.testing.assert_allclose(chance, [0.5, 0.0, 2 / 14])


def test_renewals_that_nobody_saw_are_refused():
    with pytest.raises(ScoreError, match="got 0 that ended and 0 that renewed"):
        fit_shifted_geometric([0], [100])
