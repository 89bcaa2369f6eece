"""What another policy would have earned: counted by hand, true in a known world, refused where a log is mute."""

import numpy as np
import pandas as pd
import pytest

from patron.datasets import simulate
from patron.decisions import Offer, decide
from patron.decisions.off_policy import policy_value
from patron.errors import QuestionError, ScoreError

NAMES = [f"c{n:04}" for n in range(1000)]
CALLS = pd.DataFrame({"customer": NAMES, "offer": "call"})


@pytest.fixture(scope="module")
def log():
    """A thousand customers, of whom every fourth got a call with a chance of .25; it earned 8, and nothing 2."""
    offer = np.where(np.arange(1000) % 4 == 0, "call", "")
    chance = np.where(offer == "call", 0.25, 0.75)
    profit = np.where(offer == "call", 8.0, 2.0)
    return pd.DataFrame({"customer": NAMES, "offer": offer, "propensity": chance, "profit": profit})


def test_the_value_is_that_of_what_the_policy_gives_and_the_gain_beyond_what_was_done(log):
    everybody = policy_value(log, CALLS)
    assert (everybody.value.value, everybody.logged.value) == (pytest.approx(8.0), 0.25 * 8 + 0.75 * 2)
    assert (everybody.gain.value, everybody.self_normalised.value) == (pytest.approx(4.5), pytest.approx(8.0))
    assert (everybody.followed, everybody.effective, everybody.customers) == (250, pytest.approx(250.0), 1000)
    nobody = policy_value(log, CALLS.head(0))
    assert (nobody.value.value, nobody.gain.value) == (pytest.approx(2.0), pytest.approx(-1.5))
    half = policy_value(log, CALLS.head(500).assign(group=["treat", "control"] * 250))
    assert half.value.value == pytest.approx((250 * 8 + 750 * 2) / 1000)


def test_a_weight_beyond_the_limit_is_clipped_and_what_that_moves_widens_the_interval():
    number = np.arange(400)
    log = pd.DataFrame({"customer": NAMES[:400], "offer": "call", "propensity": 0.5, "profit": 1.0})
    log.loc[number % 2 == 1, "offer"] = ""
    log.loc[0, ["propensity", "profit"]] = [0.02, 81.0]  # 50 times the weight, and all the money
    clipped, whole = (policy_value(log, CALLS.head(400), limit=limit) for limit in (2.0, 50.0))
    assert (clipped.limit, clipped.clipped, clipped.followed) == (2.0, 1 / 200, 200)
    assert whole.bias == 0.0
    assert clipped.bias == pytest.approx(-(50 - 2) * (81 - 1) / 400)  # the others' mean of 1 is what is expected
    assert whole.value.value - clipped.value.value == pytest.approx(-clipped.bias)
    assert clipped.value.high > whole.value.value
    assert whole.effective == pytest.approx((199 * 2 + 50) ** 2 / (199 * 4 + 2500))


def test_features_tell_more_than_the_mean_where_they_tell_anything():
    rng = np.random.default_rng(0)
    visits, treated = rng.integers(0, 10, 1000), rng.random(1000) < 0.5
    log = pd.DataFrame({"customer": NAMES, "offer": np.where(treated, "call", ""), "propensity": 0.5, "visits": visits})
    log["profit"] = visits + 3.0 * treated + rng.normal(0, 0.5, 1000)
    plain, better = policy_value(log, CALLS), policy_value(log, CALLS, features=["visits"])
    true = visits.mean() + 3.0
    assert better.value.low < true < better.value.high
    assert better.value.high - better.value.low < 0.8 * (plain.value.high - plain.value.low)


def test_a_rare_row_of_large_weight_widens_the_interval_also_where_it_did_not_come():
    log = pd.DataFrame({"customer": NAMES, "offer": "call", "propensity": 0.9, "profit": [0.0, 10.0] * 500})
    log.loc[number_of(log) < 60, ["offer", "propensity"]] = ["", 0.98]  # of whom the policy has a chance of .02 at most
    log.loc[number_of(log) > 900, ["offer", "propensity"]] = ["", 0.1]
    some = policy_value(log, CALLS, limit=100.0)
    variance = 25.0 * (60 * (1 / 0.02 - 1) + 940 * (1 / 0.9 - 1)) / 1000**2  # the calls' errors are about 5
    half = (some.value.high - some.value.low) / 2
    assert half > 1.96 * variance**0.5
    assert some.followed == 841


def number_of(log: pd.DataFrame) -> pd.Series:
    return log.customer.str[1:].astype(int)


@pytest.fixture(scope="module")
def world():
    """A simulated business and one plan of which a lot decides for half, with what came of it."""
    before = simulate(1500, seed=3, until="2023-07-03", campaigns=(), spread=0.0)
    customers = before.tables["customers"].customer
    scores = pd.DataFrame({"customer": customers, "cutoff": before.today, "churn_probability": 0.5, "value": 60.0})
    offers = [Offer("tips", 0.1, effect=0.1), Offer("call", 4.0, effect=0.1)]
    plan = decide(scores, offers, 1000.0, exploration=0.5)
    after = before.act(plan.table, "2023-08-28")
    earned = after.profit(before.today).profit.reindex(plan.log.customer).fillna(0.0)
    return before.truth(56), plan.log.assign(profit=earned.to_numpy())


@pytest.mark.parametrize("offer", ["", "tips", "call"])
def test_the_log_of_a_plan_tells_what_another_policy_earns_in_truth(world, offer):
    truth, log = world
    policy = log[["customer"]].assign(offer=offer).head(len(log) if offer else 0)
    some = truth[truth.offer == (offer or "call")]
    true = (some.profit + (some.profit_effect if offer else 0.0)).mean()
    estimate = policy_value(log, policy)
    assert estimate.value.low < true < estimate.value.high
    assert estimate.effective > 100


@pytest.mark.parametrize(
    ("change", "policy", "error", "words"),
    [
        ({}, CALLS.assign(offer="cal"), QuestionError, r"gives the offer 'cal', and the log has no .* mean 'call'"),
        ({"offer": "call"}, CALLS.head(3), QuestionError, "gives nothing to some, and the log has no customer"),
        (
            {},
            CALLS.assign(customer=range(1000)),
            ScoreError,
            r"None of the 1,000 customers whom .* among the 1,000 dec",
        ),
        ({"propensity": 0.0}, CALLS, ScoreError, r"'propensity' of the log is the chance .* in 1,000 of 1,000 rows"),
        ({"profit": np.nan}, CALLS, ScoreError, r"'profit' of the log is a number, .* row 0 with nan"),
        ({"customer": "ann"}, CALLS, ScoreError, "decisions of the log have 999 of 1000 rows whose customer came"),
        ({"propensity": 0.9}, CALLS, QuestionError, r"The policy gives about 72% of 1,000 customers what they could"),
    ],
)
def test_what_a_log_cannot_tell_is_refused(log, change, policy, error, words):
    with pytest.raises(error, match=words):
        policy_value(log.assign(**change), policy)


def test_too_few_that_followed_the_policy_are_refused(log):
    few = log.assign(offer=np.where(np.arange(1000) < 40, "call", ""), propensity=0.04)
    with pytest.raises(QuestionError, match=r"gives 'call' to 1,000 customers, of whom 40 .* count as 40 after"):
        policy_value(few, CALLS)


def test_a_log_without_a_row_is_refused_and_a_policy_of_many_offers_is_not(log):
    with pytest.raises(ScoreError, match="The log has no row"):
        policy_value(log.head(0), CALLS)
    many = pd.DataFrame({"customer": range(1500), "propensity": 1 / 25, "profit": 1.0})
    many["offer"] = [f"offer {number % 25}" for number in range(1500)]  # to each a twenty-fifth, less than a twentieth
    assert policy_value(many, many[["customer", "offer"]]).effective == pytest.approx(60.0)
