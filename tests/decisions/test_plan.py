"""What a plan promises: as good as any within its limits, nobody reached who may not be, what was learned counts."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from patron.decisions import Offer, Rules, decide, preflight
from patron.decisions.optimum import SMALL, optimal
from patron.errors import QuestionError, ScoreError, SettingsError

CUTOFF = pd.Timestamp("2024-05-01")
CALL = Offer("call", contact_cost=4.0, effect=0.2, channel="phone")
MAIL = Offer("mail", contact_cost=1.0, effect=0.1, channel="mail")


def scored(**stakes: float) -> pd.DataFrame:
    """Customers of risk one half, by name, with the profit at stake."""
    frame = pd.DataFrame({"customer": list(stakes), "value": list(stakes.values())})
    return frame.assign(churn_probability=0.5, cutoff=CUTOFF)


def chosen(scores, offers, budget=math.inf, **more) -> dict[str, str]:
    table = decide(scores, offers, budget, holdout=0.0, **more).table
    return dict(zip(table.customer, table.offer, strict=True))


GAINS = st.lists(
    st.tuples(*[st.sampled_from([-math.inf, -1.0, 0.0, 1.0, 2.5, 2.5, 4.0, 7.0])] * 3), min_size=1, max_size=5
)
USES = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 2.0, 3.0]), st.integers(0, 1)), min_size=3, max_size=3)
MOST = st.tuples(st.sampled_from([0.0, 2.5, 5.0, math.inf]), st.integers(0, 4))


@settings(max_examples=40, deadline=None)
@example([(1.0, 1.0, 1.0), (-1.0, 0.0, -1.0), (4.0, 2.5, 7.0)], [(2.0, 1), (0.5, 0), (3.0, 1)], (2.5, 1))
@given(GAINS, USES, MOST)
def test_a_small_plan_is_the_best_of_all_that_keep_the_limits(gains, uses, most):
    gain, use, most = np.array(gains), np.array(uses, dtype=float), np.array(most, dtype=float)
    best = 0.0
    for plan in product(range(-1, 3), repeat=len(gain)):
        pairs = [(i, j) for i, j in enumerate(plan) if j >= 0]
        if (sum((use[j] for _, j in pairs), np.zeros(2)) <= most).all():
            best = max(best, sum(gain[pair] for pair in pairs))
    plan = optimal(gain, use, most)
    rows = np.flatnonzero(plan.offer >= 0)
    assert gain[rows, plan.offer[rows]].sum() == pytest.approx(best)
    assert (use[plan.offer[rows]].sum(axis=0) <= most + 1e-9).all()
    assert plan.bound == pytest.approx(best)


@pytest.mark.parametrize("places", [2, 0])  # with two places no customers are alike, with none nearly all are
def test_a_large_plan_keeps_the_limits_and_misses_the_bound_of_any_by_less_than_one_offer(places):
    rng = np.random.default_rng(0)
    gain = np.round(rng.gamma(1.0, 4.0, (4 * SMALL, 3)) * [1, 2, 3], places) - [1, 3, 5]
    use, most = np.array([[1.0, 1, 0], [3.0, 0, 1], [5.0, 0, 1]]), np.array([3000.0, 700, 600])
    plan = optimal(gain, use, most)
    rows = np.flatnonzero(plan.offer >= 0)
    total = gain[rows, plan.offer[rows]].sum()
    assert (use[plan.offer[rows]].sum(axis=0) <= most).all()
    assert total <= plan.bound + 1e-6
    assert plan.bound - total < gain.max() / 5


def test_a_channel_gets_no_more_contacts_than_it_can_do():
    people = scored(ann=400.0, bob=300.0, cid=200.0)
    assert chosen(people, [CALL, MAIL], rules=Rules({"phone": 1})) == {"ann": "call", "bob": "mail", "cid": "mail"}
    assert chosen(people, [CALL, MAIL], rules=Rules({"phone": 1, "mail": 1})) == {"ann": "call", "bob": "mail"}
    assert chosen(people, [CALL, MAIL], rules=Rules(contacts=2)) == {"ann": "call", "bob": "call"}


def test_a_budget_and_a_capacity_are_spent_exactly_where_going_down_by_worth_would_miss_the_best():
    dear, cheap = Offer("dear", 6.0, effect=0.9), Offer("cheap", 5.0, effect=0.8)
    plan = decide(scored(ann=40.0, bob=39.0), [dear, cheap], 10.0, holdout=0.0)
    assert plan.table.offer.tolist() == ["cheap", "cheap"]
    assert plan.summary["gap"] == pytest.approx(0.0, abs=1e-9)


def test_of_customers_who_are_alike_a_draw_says_who_gets_the_last_contacts():
    alike = scored(**{f"c{i:03}": 100.0 for i in range(200)})
    first, second = (set(chosen(alike, [CALL], rules=Rules({"phone": 50}), seed=seed)) for seed in (0, 1))
    assert len(first) == len(second) == 50
    assert first == set(chosen(alike[::-1], [CALL], rules=Rules({"phone": 50}), seed=0)) != second


FACTS = pd.DataFrame(
    {
        "customer": ["ann", "bob", "cid", "dan"],
        "agreed": [True, False, None, True],
        "country": ["UK", "UK", "DE", "UK"],
        "last_contact": [10.0, 90.0, np.nan, 30.0],
        "contacts_30d": [2.0, 0.0, np.nan, 1.0],
    }
)
ALL = scored(ann=400.0, bob=300.0, cid=200.0, dan=100.0, eve=90.0)


@pytest.mark.parametrize(
    ("more", "rules", "reached", "why"),
    [
        ({"consent": "agreed"}, Rules(), ["ann", "dan"], {"no consent": 3}),
        ({"eligible": "country == 'UK'"}, Rules(), ["ann", "bob", "dan"], {"not eligible": 2}),
        ({"eligible": ["country == 'UK'", "value > 150"]}, Rules(), ["ann", "bob"], {"not eligible": 3}),
        ({"rest": 30}, Rules(), ["bob", "cid", "dan", "eve"], {"contacted too lately": 1}),
        ({}, Rules(most_contacts=1), ["bob", "cid", "eve"], {"contacted too often": 2}),
    ],
)
def test_nobody_is_reached_against_consent_condition_rest_or_cap(more, rules, reached, why):
    plan = decide(ALL, [Offer("mail", 1.0, effect=0.1, **more)], 100.0, holdout=0.0, rules=rules, facts=FACTS)
    assert plan.table.customer.tolist() == reached
    assert {key: count for key, count in plan.summary["left_alone"].items() if count} == why


def test_former_contacts_make_an_offer_less_worth():
    tiring = Offer("mail", 1.0, effect=0.1, fatigue=3.0)
    table = decide(ALL, [tiring], 100.0, holdout=0.0, facts=FACTS).table.set_index("customer")
    assert table.expected_gain[["ann", "bob", "dan"]].tolist() == [20 - 1 - 2 * 3, 15 - 1, 5 - 1 - 3]
    assert table.cost.unique().tolist() == [1.0]
    assert table.break_even["ann"] == (1 + 6) / 200


def learned(**effects: tuple[float, float, float]) -> pd.DataFrame:
    """Learned effects of the mail, by customer: kept with its bounds."""
    frame = pd.DataFrame(effects.values(), columns=["kept_low", "kept", "kept_high"])
    return frame.assign(customer=list(effects), offer="mail", evidence="randomised")


def test_what_was_learned_takes_the_place_of_what_is_assumed_and_says_so():
    plan = decide(ALL, [MAIL], 100.0, holdout=0.0, effects=learned(eve=(5.0, 30.0, 60.0), gone=(1.0, 2.0, 3.0)))
    row = plan.table.iloc[0]
    assert (row.customer, row.expected_gain, row.gain_low, row.gain_high) == ("eve", 29.0, 4.0, 59.0)
    assert plan.table.evidence.tolist() == ["randomised", "assumed", "assumed", "assumed", "assumed"]
    assert plan.summary["evidence"] == "assumed; randomised"


def test_whom_an_offer_would_wake_to_leave_is_left_alone_and_counted():
    effects = learned(ann=(-9.0, -5.0, 1.0), bob=(-9.0, -5.0, -2.0), cid=(5.0, 9.0, 12.0))
    plan = decide(ALL[:3], [MAIL], 100.0, holdout=0.0, effects=effects)
    assert plan.table.customer.tolist() == ["cid"]
    assert plan.summary["left_alone"]["do not disturb"] == 2
    assert plan.summary["do_not_disturb"] == {"expected": 2, "surely": 1, "offers": {"mail": 2}}


def test_a_robust_plan_gives_nobody_what_may_lose():
    effects = learned(ann=(-20.0, 30.0, 60.0), bob=(3.0, 4.0, 5.0))
    assert chosen(ALL[:2], [MAIL], 1.0, effects=effects) == {"ann": "mail"}
    assert chosen(ALL[:2], [MAIL], 1.0, effects=effects, rules=Rules(robust=True)) == {"bob": "mail"}


def test_the_interval_of_a_value_widens_that_of_the_gain_by_squares():
    ann = scored(ann=200.0).assign(value_low=120.0, value_high=np.nan)
    row = decide(ann, [Offer("mail", 1.0, effect=0.1, effect_low=0.07)], 9.0, holdout=0.0).table.iloc[0]
    assert row.expected_gain == 0.1 * 0.5 * 200 - 1
    assert row.gain_low == pytest.approx(9 - math.hypot(0.03 * 0.5 * 200, 0.1 * 0.5 * 80))
    assert row.gain_high == pytest.approx(9 + 0.05 * 0.5 * 200)


def widths(summary) -> tuple[float, float]:
    return (summary["expected_gain"] - summary["gain_low"], summary["gain_high"] - summary["expected_gain"])


def test_the_interval_of_a_plan_adds_up_what_is_shared_and_in_squares_what_is_not():
    two = scored(ann=200.0, bob=200.0).assign(value_low=160.0, value_high=200.0)
    mail = Offer("mail", 1.0, effect=0.1, effect_low=0.04)
    plan = decide(two, [mail], 9.0, holdout=0.0)  # 6 each by the effect, 2 each by the value
    assert plan.summary["gain_low"] == pytest.approx(18 - math.hypot(6 + 6, 2, 2))
    letter = Offer("letter", 1.0, effect=0.1, effect_low=0.04, consent="by_post")
    facts = pd.DataFrame({"customer": ["ann", "bob"], "by_post": [True, False], "by_mail": [False, True]})
    apart = [letter, Offer("mail", 1.0, effect=0.1, effect_low=0.02, consent="by_mail")]
    plan = decide(scored(ann=200.0, bob=200.0), apart, 9.0, holdout=0.0, facts=facts)
    assert widths(plan.summary)[0] == pytest.approx(math.hypot(0.06 * 100, 0.08 * 100)) == 10.0


def test_what_is_not_known_of_values_narrows_no_total_of_learned_effects():
    effects = learned(ann=(25.0, 30.0, 35.0), bob=(15.0, 20.0, 25.0))
    doubted = ALL[:2].assign(value_low=ALL.value - 60.0, value_high=ALL.value + 60.0)
    assert widths(decide(doubted, [MAIL], 9.0, holdout=0.0, effects=effects).summary) == pytest.approx((10.0, 10.0))


def test_causes_that_customers_share_tell_how_sure_all_of_them_together_are():
    effects = learned(ann=(25.0, 30.0, 35.0), bob=(15.0, 20.0, 25.0))
    caused = effects.assign(error_1=[3.0, 3.0], error_2=[4.0, -4.0])
    plan = decide(ALL[:2], [MAIL], 9.0, holdout=0.0, effects=caused)
    assert widths(plan.summary) == pytest.approx((6.0, 6.0))  # the second cause moves one up and the other down
    assert widths(decide(ALL[:2], [MAIL], 9.0, holdout=0.0, effects=effects).summary) == pytest.approx((10.0, 10.0))
    curve = {point["point"]: point for point in plan.summary["curve"]}
    assert curve["plan"]["gain_high"] - curve["plan"]["expected_gain"] == pytest.approx(6.0)
    assert plan.summary["ladder"][-1]["gain_high"] == pytest.approx(plan.summary["gain_high"])


def test_causes_that_come_to_less_than_the_interval_are_refused():
    effects = learned(ann=(25.0, 30.0, 35.0)).assign(error_1=0.03, error_2=0.04)
    with pytest.raises(
        ScoreError, match=r"error_1, error_2 .* less in 1 of 1 rows; the first is row 0 with 0\.05, where"
    ):
        decide(ALL[:2], [MAIL], 9.0, effects=effects)


def test_a_usual_effect_is_that_of_its_kind_and_every_row_says_whose_it_is():
    call = Offer("call", 1.0, kind="service", effect="usual")
    plan = decide(scored(ann=200.0), [call], 9.0, holdout=0.0)
    assert plan.table.expected_gain[0] == pytest.approx(0.11 * 0.5 * 200 - 1)
    assert plan.table.evidence[0].startswith("assumed, usual: 1.9 of 17.2 points by a call, Godinho de Matos")
    assert "usual" in repr(plan)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "gift"}, "kind is one of discount, service, content, got 'gift'. Write kind = 'service'."),
        ({"kind": "content", "effect": "usual"}, "Write your own assumption, effect = 0.02 with effect_low = 0.0"),
        ({"effect": "usual"}, "its kind is 'not said'. Write kind = 'discount' or kind = 'service', or an effect of"),
        ({"effect": "usual", "kind": "service", "effect_low": 0.1}, "a usual effect has its own bounds, got effect_l"),
        ({"kind": "discount"}, "is a discount, and nobody said what it costs where it is taken. Write incentive_cost"),
        ({"rest": -1}, "rest is a number of days, 0 or more, got -1. Write rest = 30."),
        ({"fatigue": -1.0}, "fatigue is money of 0 or more, got -1.0. Write fatigue = 0.5."),
        ({"consent": 1}, "consent is a text, got 1. Write consent = 'mail_consent'."),
        ({"eligible": 5}, "eligible is a condition or a list of such, got 5. Write eligible = 'recency > 90'."),
    ],
)
def test_an_offer_that_cannot_be_meant_is_refused(wrong, said):
    with pytest.raises(SettingsError) as refused:
        Offer(**{"name": "call", "contact_cost": 1.0, "effect": 0.2} | wrong)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"consent": "agred"}, SettingsError, "Offer 'mail' looks at the column 'agred', .* Did you mean 'agreed'"),
        ({"consent": "country"}, SettingsError, r"needs consent \(country\), and none of 5 customers .* 'UK', 'DE'"),
        ({"eligible": "value > 900"}, SettingsError, r"None of 5 customers is eligible .* It goes from 90 to 400\. Wr"),
        ({"eligible": "value above 9"}, QuestionError, "Write for example eligible = \"country == 'UK'\" or eligible"),
        (
            {"fatigue": 1.0, "fatigue_days": 7},
            SettingsError,
            r"former contacts \(contacts_7d\), and nothing tells .*\[t",
        ),
    ],
)
def test_a_rule_that_nothing_tells_of_or_nobody_meets_is_refused_with_its_mend(more, error, said):
    with pytest.raises(error, match=said):
        decide(ALL, [Offer("mail", 1.0, effect=0.1, **more)], 100.0, facts=FACTS)


def test_an_offer_that_nobody_may_get_is_noted_where_another_can_be_given():
    refused = Offer("gift", 1.0, effect=0.1, eligible="value > 900")
    plan = decide(ALL, [refused, MAIL], 100.0, holdout=0.0)
    assert set(plan.table.offer) == {"mail"}
    assert plan.summary["beware"][0].startswith("None of 5 customers is eligible for offer 'gift', by 'value'.")


@pytest.mark.parametrize(
    ("capacities", "said"),
    [
        ({"mial": 5}, "Channel 'mial' has a capacity, but no offer goes by it. Did you mean 'mail'?"),
        ({"mail": -5}, r"The capacity of channel 'mail' is a whole number of 0 or more, got -5. Write Rules\("),
        ({"mail": 5.5}, "whole number of 0 or more, got 5.5"),
    ],
)
def test_a_capacity_that_cannot_be_meant_is_refused(capacities, said):
    with pytest.raises(SettingsError, match=said):
        decide(ALL, [MAIL], 100.0, rules=Rules(capacities))


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        (learned(ann=(1.0, 2.0, 3.0)).drop(columns="kept"), "The effects lack the column 'kept'. Did you mean 'kept_"),
        (learned(ann=(1.0, 2.0, 3.0)).assign(offer="mial"), "of the offer 'mial', which is not among .* mail"),
        (learned(ann=(3.0, 2.0, 1.0)), "rising amounts of money, but not in 1 of 1 rows; the first is row 0 with 3, 2"),
        (learned(ann=(1.0, 2.0, math.inf)), "rising amounts of money, but not in 1 of 1 rows"),
        (learned(zoe=(1.0, 2.0, 3.0)), "None of the 1 learned effects is about any of the 5 customers"),
        (learned(ann=(1.0, 2.0, 3.0)).assign(evidence=None), "1 of 1 effects do not say what they rest on"),
        (pd.concat([learned(ann=(1.0, 2.0, 3.0))] * 2), "1 of 2 rows whose customer, offer came before"),
    ],
)
def test_effects_that_cannot_be_meant_are_refused(effects, said):
    with pytest.raises(ScoreError, match=said):
        decide(ALL, [MAIL], 100.0, effects=effects)


def various(count: int) -> pd.DataFrame:
    """Customers of many risks and values, all worth a mail."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"customer": [f"c{i}" for i in range(count)], "cutoff": CUTOFF})
    return frame.assign(churn_probability=rng.uniform(0.2, 0.9, count), value=rng.uniform(100, 900, count))


def thirds(column: pd.Series) -> pd.Series:
    return pd.qcut(column, 3, labels=False)


def test_each_third_of_risk_and_value_has_its_share_of_the_hold_out_of_each_offer():
    table = decide(various(900), [MAIL], 900.0, holdout=0.2).table
    shares = table.assign(held=table.group == "control").groupby([thirds(table.churn_probability), thirds(table.value)])
    assert (shares.held.sum() - 0.2 * shares.size()).abs().max() < 1
    assert (table.group == "control").sum() == 180


def test_the_hold_out_is_the_same_for_any_order_of_rows_and_another_for_another_seed():
    first = decide(various(900), [MAIL], 900.0, holdout=0.2).table
    again = decide(various(900)[::-1], [MAIL], 900.0, holdout=0.2).table
    other = decide(various(900), [MAIL], 900.0, holdout=0.2, seed=1).table
    pd.testing.assert_frame_equal(first, again)
    assert (first.set_index("customer").group != other.set_index("customer").group).any()


def test_customers_who_cost_more_than_they_bring_are_listed_for_a_person_to_decide():
    people = scored(ann=100.0, bob=-5.0, cid=80.0).assign(expected_profit=[50.0, -2.0, -7.0])
    plan = decide(people, [MAIL], 100.0, holdout=0.0)
    assert plan.unprofitable[["customer", "shortfall"]].values.tolist() == [["cid", 7.0], ["bob", 5.0]]
    assert set(plan.unprofitable.choices) == {"reprice, reduce service or let go"}
    assert (plan.summary["unprofitable"], set(plan.table.customer)) == (2, {"ann", "cid"})


def test_the_profit_curve_has_its_best_point_and_that_of_the_plan():
    curve = decide(scored(ann=400.0, bob=300.0, cid=10.0), [MAIL], 1.0, holdout=0.0).summary["curve"]
    points = {(point["customers"], point["point"]): point["expected_gain"] for point in curve}
    assert points == {(0, ""): 0.0, (1, ""): 19.0, (1, "plan"): 19.0, (2, "best"): 33.0, (3, ""): 32.5}


HARM = learned(**dict.fromkeys(ALL.customer, (-9.0, -5.0, -1.0)))  # of a mail to anybody


@pytest.mark.parametrize(
    ("budget", "more", "said"),
    [
        (0.0, {}, "gain: none, as nobody is treated; the budget is 0: [decisions] budget = 2000.0"),
        (0.0, {"holdout": 0.1}, "control: none, as nobody is treated"),
        (3.0, {"holdout": 0.0}, "control: none, so nobody will know what the offers did; [decisions] holdout = 0.1"),
        (3.0, {"rules": Rules(robust=True), "effects": HARM}, "at the lower bound of its gain, by which robust = true"),
        (3.0, {"rules": Rules({"mail": 9})}, "capacity: contacts by mail 3 of 9"),
        (3.0, {"effects": learned(ann=(-90.0, 50.0, 99.0))}, "it may lose: ask for robust = true, or try it on few"),
        (3.0, {}, 'no consent is looked at for mail: consent = "the column"'),
    ],
)
def test_what_a_campaign_lacks_is_said_before_it_goes_out(budget, more, said):
    plan = decide(ALL, [MAIL], budget, **{"holdout": 0.0} | more)
    answers = preflight(plan.table, plan.summary, [MAIL], more.get("rules", Rules()))
    assert said in " ".join(answers)


def test_a_plan_of_nobody_says_on_what_it_rests_as_well():
    plan = decide(ALL, [replace(MAIL, effect="learned")], 100.0, effects=HARM)
    assert (plan.summary["treated"], plan.summary["evidence"]) == (0, "randomised")


def test_a_hold_out_says_what_it_can_see():
    plan = decide(various(900), [MAIL], 900.0, holdout=0.2)
    assert (
        "180 of 900 held out; a difference in leaving of 11." in preflight(plan.table, plan.summary, [MAIL], Rules())[3]
    )


def test_where_values_are_hidden_a_refused_effect_shows_its_shape_alone(monkeypatch):
    monkeypatch.setenv("PATRON_SHOW_VALUES", "0")
    with pytest.raises(ScoreError) as refused:
        decide(ALL, [MAIL], 100.0, effects=learned(ann=(8731.5, 2.0, 1.0)))
    assert "8731" not in str(refused.value)


def test_facts_never_take_the_place_of_an_answer():
    facts = FACTS.assign(churn_probability=np.nan, value=-1.0)
    offer = Offer("mail", 1.0, effect=0.1, eligible=["churn_probability > 0.4", "value > 150"])
    assert set(chosen(ALL, [offer], facts=facts)) == {"ann", "bob", "cid"}


@pytest.mark.parametrize("word", ["Yes", "ja", "Oui", "Sí", "si", "sim", True, 1])
def test_consent_is_read_in_the_words_of_the_business(word):
    plan = decide(ALL.assign(agreed=[word] * len(ALL)), [replace(MAIL, consent="agreed")], 99.0, holdout=0.0)
    assert plan.summary["left_alone"]["no consent"] == 0
    assert plan.summary["treated"] > 0
