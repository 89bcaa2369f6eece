"""The simulated subscribers: drawn by the seed alone, with chances that are right on average."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.datasets.subscribers import BEGIN, FADED, MONTH, subscribers

CUTOFF = datetime(2023, 6, 1)


@pytest.fixture(scope="module")
def world():
    return subscribers(3000, seed=2, fading_rate=0.03)


@pytest.fixture(scope="module")
def present(world):
    """Whoever came before the cutoff, still there or not: what would happen to them is known of all."""
    return pd.Series([f"c{i}" for i in np.flatnonzero(world.begin < (CUTOFF - BEGIN).days)])


def test_a_seed_draws_the_same_business_again_and_another_seed_another():
    first, again, other = subscribers(50, seed=1), subscribers(50, seed=1), subscribers(50, seed=2)
    pd.testing.assert_frame_equal(first.contracts, again.contracts)
    pd.testing.assert_frame_equal(first.logins, again.logins)
    assert not first.contracts.equals(other.contracts)


def test_what_can_be_foreseen_is_the_mean_of_what_may_come(world, present):
    truth, foreseeable = (ask(present, CUTOFF, 90) for ask in (world.chance, world.foreseeable))
    assert abs(truth.mean() - foreseeable.mean()) < 0.002
    high = foreseeable > 0.3
    assert abs(truth[high].mean() - foreseeable[high].mean()) < 0.01
    assert np.abs(truth - foreseeable).max() > 0.1  # some prices rise that nobody could know of


def test_without_anything_to_come_the_truth_is_what_can_be_foreseen():
    calm = subscribers(500, seed=3)
    yearly = pd.Series([f"c{i}" for i in np.flatnonzero((calm.term > MONTH) & (calm.begin < 1000))])
    np.testing.assert_allclose(calm.foreseeable(yearly, CUTOFF, 90), calm.chance(yearly, CUTOFF, 90))


def test_use_that_fades_is_less_and_leaves_sooner(world, present):
    fading = world.logins.customer.map(lambda key: world.fading[int(key[1:])])
    days = (world.logins["at"] - pd.Timestamp(BEGIN)) / timedelta(days=1)
    soon = ((days - fading).abs() < 60) & (fading > world.begin[world.logins.customer.str[1:].astype(int)] + 60)
    after, before = (soon & (days >= fading)).sum(), (soon & (days < fading)).sum()
    assert after / before == pytest.approx(FADED, abs=0.08)  # some have left meanwhile
    faded = world.groups(present, CUTOFF)["use that has faded"]
    chance = world.foreseeable(present, CUTOFF, 90)
    assert chance[faded].mean() > 1.5 * chance[~faded].mean()


def test_the_price_of_a_month_is_that_of_the_contract_that_runs():
    world = subscribers(40, seed=1)
    assert set(world.monthly_price(pd.Series(["c0", "c1", "c2"]), CUTOFF).round(1)) <= {10.1, 25.4, 10.0, 25.0, 11.2}
