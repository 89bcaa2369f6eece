"""What the preflight of a trial promises: a lot that was none is flagged before anything is learned."""

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.decisions.uplift.layouts import encoded, feature_specs
from patron.decisions.uplift.lines import predictor
from patron.decisions.uplift.preflight import compare_arms, with_overlap

HALF = {"mail": 0.5, "none": 0.5}


def rows_of(share: np.ndarray | float, propensity=None, assignment: str = "randomised"):
    """Two thousand customers, of whom a share got the mail."""
    rng = np.random.default_rng(0)
    visits, lot = rng.normal(size=2000), rng.uniform(size=2000)
    frame = pd.DataFrame({"visits": visits, "channel": rng.choice(["web", "shop"], 2000)})
    frame["got"] = np.where(lot < (share(visits) if callable(share) else share), "mail", "none")
    frame["bought"] = (rng.uniform(size=2000) < 0.3).astype(float)
    past = pt.trial(frame, "got", "none", "bought", ["visits", "channel"], propensity, assignment)
    return encoded(past, feature_specs(past.features))


def test_an_honest_lot_passes():
    preflight = compare_arms(rows_of(0.5, HALF))
    assert preflight.as_declared
    assert preflight.warnings == ()
    assert preflight.evidence == "randomised"
    assert preflight.balance.difference.abs().max() < 0.1


def test_arms_that_differ_in_what_was_known_are_flagged_and_count_as_observational():
    preflight = compare_arms(rows_of(lambda visits: np.where(visits > 0, 0.6, 0.4)))
    assert not preflight.as_declared
    assert preflight.balance_p < 1e-6
    assert preflight.balance.feature[0] == "visits"
    assert preflight.balance.difference[0] > 0.2
    assert preflight.evidence == "observational with overlap"
    assert "Arms differ in what was known before the contact by more than a lot allows" in preflight.warnings[0]


def test_arms_of_other_sizes_than_were_declared_are_flagged():
    preflight = compare_arms(rows_of(0.42, HALF))
    assert preflight.ratio_p < 1e-6
    assert "Arms are not of the sizes that were declared" in preflight.warnings[-1]


def test_logged_propensities_are_tested_against_the_arms():
    def share(visits):
        return np.where(visits > 0, 0.6, 0.4)

    rows = rows_of(share)
    right = share(rows.X[:, 0])
    frame = pd.DataFrame({"visits": rows.X[:, 0], "bought": rows.outcome, "p": right, "q": 1 - right, "b": 0.5})
    frame["got"] = np.where(rows.arm == 1, "mail", "none")

    def logged(**propensity):
        past = pt.trial(frame, "got", "none", "bought", ["visits"], propensity, "logged")
        return compare_arms(encoded(past, feature_specs(past.features)))

    assert logged(mail="p", none="q").evidence == "logged propensity"
    assert not logged(mail="b", none="b").as_declared


def test_without_overlap_an_effect_is_assumed():
    rows = rows_of(0.5, assignment="observational")
    chance = np.where(np.arange(2000) < 400, 0.001, 0.5)
    preflight = with_overlap(compare_arms(rows), rows, ("none", "mail"), np.column_stack([1 - chance, chance]))
    assert preflight.evidence == "assumed"
    assert preflight.arms.outside.tolist() == [0.2, 0.2]
    assert "hardly ever open for 20% of all rows" in preflight.warnings[0]


@pytest.mark.parametrize(("groups", "error"), [(np.arange(8), 0.5), (np.arange(8) // 2, 0.5**0.5)])
def test_rows_of_one_customer_count_once_for_the_error_of_an_effect(groups, error):
    gain = np.repeat([-(2**0.5), 2**0.5], 4)  # variance 2, of eight rows 1/4 each
    assert predictor(gain, np.zeros(8), groups).error == pytest.approx(error)
