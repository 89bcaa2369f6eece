"""Hold-out by cluster: who belongs together is treated or held out together, with a known chance, and is counted so."""

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.decisions import Offer, Rules, decide
from patron.decisions.holdout import held_out
from patron.decisions.outcomes.campaigns import Campaign, mismatch
from patron.decisions.outcomes.differences import difference
from patron.decisions.outcomes.following import following
from patron.decisions.preflight import preflight
from patron.errors import SettingsError
from patron.history.history import History
from patron.history.sources import events
from patron.questions.kinds import churn
from worlds.histories import CUTOFF, ago

CALL = Offer("call", 1.0, effect=0.5)
HOMES = Rules(holdout_by="home")


def scores_of(homes: list[object]) -> pd.DataFrame:
    """Return customers who are worth a call, each in a home."""
    names = [f"c{n:03}" for n in range(len(homes))]
    return pd.DataFrame({"customer": names, "cutoff": CUTOFF, "churn_probability": 0.5, "value": 100.0, "home": homes})


PAIRS = scores_of([*(f"h{n // 2}" for n in range(200)), *[None] * 100])


def test_who_shares_a_home_is_held_out_together_and_who_has_none_alone():
    plan = decide(PAIRS, [CALL], 1e4, holdout=0.2, rules=HOMES)
    table = plan.table.merge(PAIRS[["customer", "home"]])
    assert table.groupby("cluster").group.nunique().max() == 1
    assert (table.cluster.nunique(), table[table.home.notna()].groupby("home").cluster.nunique().max()) == (200, 1)
    assert (table.drop_duplicates("cluster").group == "control").sum() == 40  # a fifth of 100 homes and 100 alone
    assert plan.summary["clusters"] == {
        "by": "home", "count": 200, "customers": 300, "largest": 2, "design_effect": pytest.approx(500 / 300)
    }  # fmt: skip
    again = decide(PAIRS[::-1], [CALL], 1e4, holdout=0.2, rules=HOMES)
    pd.testing.assert_frame_equal(plan.table, again.table)


def test_everybody_has_the_chance_that_is_declared_also_in_the_largest_cluster_and_in_small_strata():
    cluster, rng = np.repeat(np.arange(40), [20, 2, *[1] * 38]), np.random.default_rng(1)
    offer, risk, value = (np.arange(60) % 3 == 0).astype(int), np.arange(60) % 7, np.arange(60) % 5
    for together in (cluster, np.arange(60)):
        turns = [(rng.random(60)[together], rng.random()) for _ in range(1500)]
        held = [held_out(draw, together, offer, risk, value, 0.25, rounding) for draw, rounding in turns]
        assert np.mean(held, axis=0) == pytest.approx(np.full(60, 0.25), abs=4.5 * (0.25 * 0.75 / 1500) ** 0.5)


@pytest.mark.parametrize("rules", [Rules(), HOMES])
def test_each_offer_is_held_out_as_often_as_declared_whatever_the_seed(rules):
    calls = PAIRS.assign(consents=np.arange(300) < 40, writes=np.arange(300) >= 40)  # 20 homes of two
    offers = [Offer("call", 1.0, effect=0.5, consent="consents"), Offer("mail", 1.0, effect=0.5, consent="writes")]
    for seed in range(5):
        table = decide(calls, offers, 1e4, holdout=0.2, rules=rules, seed=seed).table
        held = table[table.group == "control"]
        assert held.offer.value_counts()["call"] == 8  # a fifth of 40


def test_a_lot_explores_whole_clusters_and_gives_each_the_same_or_nothing():
    plan = decide(PAIRS, [CALL, Offer("mail", 0.5, effect=0.2)], 1e4, exploration=0.4, rules=HOMES)
    kinds = plan.table.assign(what=plan.table.offer.where(plan.table.explored, "")).groupby("cluster")
    assert kinds[["explored", "group", "what"]].nunique().max().tolist() == [1, 1, 1]
    assert set(plan.table.propensity[plan.table.explored]) == {0.5}


def test_one_cluster_of_half_the_customers_and_a_column_that_nothing_tells_are_said():
    giant = decide(scores_of([*["x"] * 50, *range(50)]), [CALL], 1e4, rules=HOMES)
    assert giant.summary["beware"][0].startswith("50 of 100 customers chosen are one cluster by 'home'")
    with pytest.raises(SettingsError, match=r"The hold-out \(holdout_by\) looks at ties between customers"):
        decide(PAIRS, [CALL], 1e4, rules=Rules(holdout_by="ties"))
    with pytest.raises(SettingsError, match=r"The hold-out \(holdout_by\) looks at the column 'hom', .* mean 'home'"):
        decide(PAIRS, [CALL], 1e4, rules=Rules(holdout_by="hom"), facts=PAIRS[["customer", "home"]])


def test_preflight_says_what_a_hold_out_by_cluster_can_see():
    plan = decide(PAIRS, [CALL], 1e4, holdout=0.2, rules=HOMES)
    *_, control = preflight(plan.table, plan.summary, [CALL], HOMES)
    one, all_alike = (pt.power(rate=0.5, customers=300, chance=0.8, holdout=0.2, design=d).effect for d in (1, 5 / 3))
    assert f"difference in leaving of {100 * one:.1f} points" in control
    assert f"of {100 * all_alike:.1f} if all of a cluster do the same" in control


def test_preflight_counts_the_control_of_the_lot():
    plan = decide(PAIRS, [CALL], 1e4, holdout=0.0, exploration=1.0)
    *_, control = preflight(plan.table, plan.summary, [CALL], Rules())
    alone = (plan.table.group == "control").sum()
    assert f"of 300 for whom a lot decides it leaves {alone} alone" in control


def test_ties_that_are_known_at_a_cutoff_make_clusters_named_by_their_first_key():
    pairs = [("dan", "ann", ago(9)), ("ann", "bob", ago(8)), ("eve", "fay", ago(7)), ("bob", "eve", CUTOFF)]
    ties = events(pd.DataFrame(pairs, columns=["customer", "other", "at"]), customer="customer", at="at", other="other")
    orders = events(pd.DataFrame({"customer": ["ann"], "at": [ago(1)]}), customer="customer", at="at")
    known = pt.tie_clusters(History.of(orders=orders, ties=ties), CUTOFF)
    assert dict(zip(known.customer, known.ties, strict=True)) == {
        "ann": "ann", "bob": "ann", "dan": "ann", "eve": "eve", "fay": "eve"
    }  # fmt: skip
    assert pt.tie_clusters(History.of(orders=orders), CUTOFF) is None


def test_the_variance_of_a_difference_by_cluster_is_that_of_the_sums_of_clusters():
    treated = np.repeat([True, False], [4, 4])
    cluster = [0, 0, 1, 1, 2, 2, 3, 3]
    result = difference([5, 7, 1, 3, 0, 2, 1, 1], treated, cluster=cluster)
    assert result.value == 4 - 1
    assert result.variance == pytest.approx((2 * (4**2 + 4**2) + 2 * 0) / 4**2)  # about 4: 1 + 3 and -3 - 1; about 1: 0
    assert result.design == pytest.approx(result.variance / ((20 + 2) / 3 / 4))
    alone = difference([5, 7, 1, 3, 0, 2, 1, 1], treated)
    assert (alone.design, alone.value) == (1.0, 3.0)
    assert difference([5, 7, 1, 3], treated[2:6], cluster=[0, 0, 1, 1]).variance != 0


def test_intervals_by_cluster_hold_the_truth_where_those_by_customer_are_too_narrow():
    rng, held = np.random.default_rng(5), {"cluster": 0, "alone": 0}
    for _ in range(400):
        cluster = np.repeat(np.arange(60), rng.integers(1, 12, 60))
        treated = (rng.random(60) < 0.6)[cluster]
        outcome = rng.normal(0, 1, 60)[cluster] + rng.normal(0, 1, len(cluster))
        for name, known in (("cluster", cluster), ("alone", None)):
            interval = difference(outcome, treated, cluster=known).interval()
            held[name] += interval.low <= 0 <= interval.high
    assert held["cluster"] / 400 == pytest.approx(0.95, abs=0.03)
    assert held["alone"] / 400 < 0.75


def test_outcomes_are_by_cluster_where_the_decisions_say_so():
    homes = scores_of([f"h{n // 2}" for n in range(80)])
    plan = decide(homes, [CALL], 1e4, holdout=0.5, rules=HOMES).table
    bought = plan.customer[plan.cluster % 3 == 0]
    orders = pd.concat([
        pd.DataFrame({"customer": homes.customer, "at": ago(40)}),
        pd.DataFrame({"customer": bought, "at": ago(-5)}),
        pd.DataFrame({"customer": ["c000"], "at": [ago(-200)]}),
    ])  # fmt: skip
    history = History.of(orders=events(orders, customer="customer", at="at"))
    line = pt.learn(history, plan, churn(30)).table.iloc[0]
    assert (line.clusters, line.split_clusters, line.evidence) == (40, 0, "randomised")
    assert line.design_effect > 1.5  # both of a home do the same
    flat = pt.learn(history, plan.drop(columns="cluster"), churn(30)).table.iloc[0]
    assert flat.clusters is None
    assert line.kept_effect_high - line.kept_effect_low > 1.2 * (flat.kept_effect_high - flat.kept_effect_low)
    half = plan.assign(group=np.where(np.arange(80) % 2, "treat", "control"))
    notes = pt.learn(history, half, churn(30)).notes
    assert any("clusters of call of 2024-07-01 are in both groups" in note for note in notes)


def test_a_hold_out_of_few_large_clusters_is_no_mismatch_as_it_is_few_draws():
    rows = pd.DataFrame({"group": ["control"] * 40 + ["treat"] * 60, "propensity": [0.2] * 40 + [0.8] * 60})
    assert mismatch(rows) < 0.001  # 40 of 100 where 20 were to be
    assert mismatch(rows.assign(cluster=np.arange(100) // 20)) == pytest.approx(0.2636, abs=1e-4)  # chi-square 25 / 20
    single = Campaign(rows.assign(cluster=[0] * 40 + [*range(1, 61)], cutoff=CUTOFF, offer="call"), 30, is_over=True)
    assert single.evidence == "none"  # one cluster alone is no arm


def test_what_followed_decisions_earned_is_counted_by_clusters_too():
    homes = np.arange(80) // 2  # both of a home are followed alike, and earn the same
    rows = pd.DataFrame({"customer": [f"c{n}" for n in range(80)], "cluster": homes, "gross": homes * 7 % 11.0})
    rows = rows.assign(group="treat", how="carried out", done=homes % 2 == 0)
    together, alone = (following([frame])["effect"] for frame in (rows, rows.drop(columns="cluster")))
    assert together.value == alone.value
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(2**0.5, rel=0.04)
    few = rows.assign(cluster=homes // 4)  # ten clusters, each on both sides: as many as are needed
    assert not np.isnan(following([few])["effect"].low)
    assert np.isnan(following([few[few.cluster < 9]])["effect"].low)
