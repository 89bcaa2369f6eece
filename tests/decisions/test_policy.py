"""What decisions promise: the budget holds, nobody is treated at a loss, and chances are as declared."""

import math
from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.decisions import COLUMNS, Offer, Rules, decide
from patron.decisions.policy import decided
from patron.errors import ScoreError, SettingsError

CALL = Offer("call", contact_cost=4.0, effect=0.2)
MAIL = Offer("mail", contact_cost=1.0, effect=0.1)
CUTOFF = pd.Timestamp("2024-05-01")


def scored(*rows: tuple[str, float, float]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["customer", "churn_probability", "value"])
    return made.assign(cutoff=CUTOFF)


def chosen(scores: pd.DataFrame, offers: list[Offer], budget: float, **more: object) -> dict[str, str]:
    table = decide(scores, offers, budget, holdout=0.0, **more).table
    return dict(zip(table.customer, table.offer, strict=True))


CENTS = st.integers(0, 40).map(lambda n: n / 4)
OFFERS = st.lists(st.tuples(CENTS, CENTS, st.sampled_from([0.0, 0.1, 0.25, 0.5])), min_size=1, max_size=3).map(
    lambda told: [Offer(f"o{i}", c, d, 0.5, effect=e) for i, (c, d, e) in enumerate(told)]
)
SCORES = st.lists(st.tuples(st.integers(0, 10), st.integers(-20, 200)), min_size=1, max_size=5).map(
    lambda told: scored(*((f"c{i}", p / 10, float(v)) for i, (p, v) in enumerate(told)))
)
BUDGETS = st.integers(0, 60).map(float)


def test_the_gain_is_the_value_kept_less_the_costs():
    voucher = Offer("voucher", 1.0, incentive_cost=10.0, accepted=0.3, effect=0.2)
    row = decide(scored(("ann", 0.5, 200.0)), [voucher], 100.0, holdout=0.0).table.iloc[0]
    assert row.cost == 1 + 0.3 * 10
    assert row.expected_gain == 0.2 * 0.5 * 200 - 4
    assert (row.gain_low, row.gain_high) == (pytest.approx(10 - 4), pytest.approx(30 - 4))
    assert row.break_even == 4 / (0.5 * 200)
    assert row.evidence == "assumed"


def test_at_the_break_even_effect_the_gain_is_zero():
    row = decide(scored(("ann", 0.5, 200.0)), [CALL], 100.0).table.iloc[0]
    assert row.break_even * row.churn_probability * row.value - row.cost == 0


def test_the_dearer_offer_goes_where_it_earns_more_than_it_costs_more():
    scores = scored(("big", 0.5, 400.0), ("small", 0.5, 40.0))
    assert chosen(scores, [CALL, MAIL], 100.0) == {"big": "call", "small": "mail"}


def test_money_goes_first_where_each_unit_of_it_earns_most():
    scores = scored(("ann", 0.5, 100.0), ("bob", 0.5, 90.0), ("cid", 0.5, 80.0))
    assert chosen(scores, [CALL], 8.0) == {"ann": "call", "bob": "call"}


def test_what_is_left_of_the_budget_goes_to_a_cheaper_offer():
    scores = scored(("ann", 1.0, 100.0), ("bob", 1.0, 90.0))
    assert chosen(scores, [Offer("call", 4.0, effect=0.9), MAIL], 5.0) == {"ann": "call", "bob": "mail"}


def test_an_offer_without_cost_needs_no_budget():
    assert chosen(scored(("ann", 0.5, 1.0)), [Offer("banner", 0.0, effect=0.1), CALL], 0.0) == {"ann": "banner"}


def test_ties_are_drawn_by_the_seed_and_not_by_name_or_row():
    alike = scored(*((f"c{i:03}", 0.5, 100.0) for i in range(200)))
    first, second = (set(chosen(alike, [CALL], 400.0, seed=seed)) for seed in (0, 1))
    assert first == set(chosen(alike[::-1], [CALL], 400.0, seed=0)) != second
    assert len([customer for customer in first if customer < "c100"]) == pytest.approx(50, abs=15)


def test_the_draw_among_ties_leaves_the_share_of_the_control_as_it_is():
    alike = scored(*((f"c{i:04}", 0.5, 100.0) for i in range(2000)))
    assert decide(alike, [CALL], 1600.0, holdout=0.25).summary["control"] == 100


def test_ties_are_counted_where_the_budget_reaches_only_some_of_them():
    alike = scored(("a", 0.5, 200.0), ("b", 0.5, 100.0), ("c", 0.5, 100.0), ("d", 0.5, 100.0), ("e", 0.1, 1.0))
    assert [decide(alike, [CALL], budget).summary["ties"] for budget in (4.0, 8.0, 12.0, 16.0)] == [0, 3, 3, 0]


def test_costs_that_add_up_to_the_budget_in_decimals_fit_it():
    tenth = Offer("text", 0.1, effect=0.5)
    assert len(chosen(scored(*((name, 0.5, 9.0) for name in "abc")), [tenth], 0.3)) == 3


def test_everybody_is_chosen_or_left_alone_for_a_reason():
    scores = scored(("a", 0.5, 200.0), ("b", 0.5, 100.0), ("c", 0.1, 10.0), ("d", 0.9, -5.0))
    summary = decide(scores, [CALL], 4.0, holdout=0.0).summary
    reasons = {"no value at stake": 1, "no offer earns its cost": 1, "budget does not reach": 1}
    assert (summary["asked"], summary["worth_treating"], summary["chosen"]) == (4, 2, 1)
    assert summary["left_alone"] == reasons


def test_the_summary_counts_money_and_gain_of_the_treated_only():
    scores = scored(*((f"c{i}", 0.5, 100.0) for i in range(200)))
    made = decide(scores, [CALL], 400.0, holdout=0.2)
    groups = made.table.group.value_counts()
    assert (made.summary["chosen"], groups.sum()) == (100, 100)
    assert made.summary["spent"] == 4 * groups["treat"]
    assert made.summary["withheld"] == 4 * groups["control"]
    assert made.summary["expected_gain"] == 6 * groups["treat"]
    assert (made.summary["gain_low"], made.summary["gain_high"]) == (
        pytest.approx(1 * groups["treat"]),
        pytest.approx(11 * groups["treat"]),
    )
    assert made.summary["offers"] == {"call": {"treated": groups["treat"], "control": groups["control"]}}


@pytest.mark.parametrize("count", [12, 4000])
def test_the_control_is_the_share_asked_for_in_a_small_plan_too_and_another_by_another_seed(count):
    scores = scored(*((f"c{i}", 0.5, 100.0) for i in range(count)))
    first, other = (decide(scores, [CALL], math.inf, holdout=0.25, seed=seed) for seed in (0, 1))
    assert first.summary["control"] == other.summary["control"] == count / 4
    held = [set(plan.table.customer[plan.table.group == "control"]) for plan in (first, other)]
    assert held[0] != held[1]


def test_reasons_to_leave_are_carried_along_in_their_order_apart_from_what_keeps():
    told = [("bob", "for", 2, "second"), ("bob", "for", 1, "first"), ("bob", "for", 4, "fourth")]
    told += [("bob", "against", 1, "keeps"), ("eve", "for", 1, "other")]
    reasons = pd.DataFrame(told, columns=["customer", "side", "rank", "text"]).assign(cutoff=CUTOFF)
    table = decide(scored(("ann", 0.5, 90.0), ("bob", 0.5, 100.0)), [CALL], 9.0, reasons=reasons).table
    assert table.filter(like="reasons_").values.tolist() == [["first; second", "keeps"], ["", ""]]


def test_nobody_worth_treating_gives_an_empty_table_with_all_columns():
    made = decide(scored(("ann", 0.1, 10.0)), [CALL], 100.0)
    assert made.table.columns.tolist() == list(COLUMNS)
    assert (len(made.table), made.summary["spent"], made.summary["expected_gain"]) == (0, 0.0, 0.0)


@settings(max_examples=30, deadline=None)
@given(SCORES, OFFERS, BUDGETS)
def test_the_gain_is_within_one_offer_of_the_best_possible(scores, offers, budget):
    stakes = (scores.churn_probability * scores.value).tolist()
    choices = [(0.0, 0.0, 0.0), *((1.0, offer.effect, offer.cost) for offer in offers if offer.cost <= budget)]
    best = most = 0.0
    for plan in product(choices, repeat=len(stakes)):
        gains = [effect * stake - cost for (_, effect, cost), stake in zip(plan, stakes, strict=True)]
        most = max(most, *gains)
        if sum(cost for *_, cost in plan) <= budget:
            best = max(best, sum(gains))
    ours = decide(scores, offers, budget, holdout=0.0).summary["expected_gain"]
    assert best - most - 1e-9 <= ours <= best + 1e-9


@settings(max_examples=30, deadline=None)
@given(SCORES, OFFERS, BUDGETS, st.sampled_from([0.0, 0.1, 0.5]))
def test_the_budget_holds_without_a_loss_and_with_one_offer_each(scores, offers, budget, holdout):
    table = decide(scores, offers, budget, holdout).table
    assert table.cost.sum() <= budget + 1e-6
    assert (table.expected_gain > 0).all()
    assert table.customer.is_unique


@settings(max_examples=30, deadline=None)
@given(SCORES, OFFERS, BUDGETS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_of_offers_matters(scores, offers, budget, random):
    shuffled = scores.sample(frac=1.0, random_state=random.randrange(1000))
    first, second = decide(scores, offers, budget), decide(shuffled, offers[::-1], budget)
    pd.testing.assert_frame_equal(first.table, second.table)
    assert first.summary == second.summary


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": ""}, "An offer needs a name, got ''. Write for example name = 'call'."),
        (
            {"contact_cost": -1.0},
            "Offer 'call': contact_cost is money of 0 or more, got -1.0. Write contact_cost = 2.5.",
        ),
        ({"incentive_cost": math.nan}, "incentive_cost is money of 0 or more, got nan. Write incentive_cost = 10.0."),
        ({"accepted": 30.0}, "accepted is a probability from 0 to 1, got 30.0. Write accepted = 0.3."),
        ({"effect": 20.0}, "rising shares from 0 to 1, got effect_low=10.0, effect=20.0, effect_high=20.0. Write"),
        ({"effect_low": 0.3}, "got effect_low=0.3, effect=0.2, effect_high=0.3"),
        ({"contact_cost": "1"}, "contact_cost is money of 0 or more, got 1. Write contact_cost = 2.5."),
        ({"effect_high": "much"}, "effect_high is a share from 0 to 1, got 'much'. Write effect_high = 0.2."),
        ({"effect": None}, "effect is a share from 0 to 1, got None. Write effect = 0.2."),
        ({"name": 7}, "An offer needs a name, got 7. Write for example name = 'call'."),
        ({"channel": None}, "channel is a text, got None. Write channel = 'call'."),
    ],
)
def test_an_offer_that_cannot_be_is_refused(wrong, told):
    with pytest.raises(SettingsError) as refused:
        Offer(**{"name": "call", "contact_cost": 1.0, "effect": 0.2} | wrong)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"offers": []}, "Decisions need an offer, got none."),
        ({"offers": [CALL, MAIL, CALL]}, "Two offers have the name call, of call, call, mail. Rename one of them."),
        ({"budget": -5.0}, "The budget is money of 0 or more, got -5.0."),
        ({"holdout": 0.6}, "The holdout is a share from 0 to 0.5, got 0.6. Write holdout=0.1 for 10 %."),
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong, told):
    with pytest.raises(SettingsError) as refused:
        decide(scored(("ann", 0.5, 90.0)), **{"offers": [CALL], "budget": 10.0} | wrong)
    assert told in str(refused.value)


def test_a_budget_of_nothing_treats_nobody_and_says_so_and_what_an_offer_costs():
    plan = decide(scored(("ann", 0.5, 90.0), ("bob", 0.1, 10.0)), [CALL], budget=0.0)
    (note,) = plan.summary["beware"]
    assert plan.summary["chosen"] == 0
    assert note.startswith("Nobody is treated: budget or capacities reach none of the 1 customers with whom an offer")
    assert note.endswith(f"the cheapest of these offers costs {CALL.cost:,.2f}, and the budget is 0.00. Give more.")


def test_effects_of_one_offer_without_causes_may_stand_beside_those_of_another_with_them():
    effects = pd.DataFrame(
        {
            "customer": ["ann", "bob"],
            "offer": ["call", "mail"],
            "kept": [20.0, 30.0],
            "kept_low": [17.0, 26.0],
            "kept_high": [23.0, 34.0],
            "evidence": "randomised",
            "error_1": [None, 4.0],
        }
    )
    plan = decide(scored(("ann", 0.0, 90.0), ("bob", 0.0, 90.0)), [CALL, MAIL], 100.0, 0.0, effects=effects)
    gain = 50.0 - CALL.cost - MAIL.cost
    assert plan.summary["expected_gain"] == pytest.approx(gain)
    assert plan.summary["gain_low"] == pytest.approx(gain - 5.0)  # 3 and 4 are of different offers


GOOD = scored(("ann", 0.5, 90.0), ("bob", 0.4, 80.0))


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (GOOD.rename(columns={"value": "valeu"}), "The scores lack the column 'value'. Did you mean 'valeu'?"),
        (
            GOOD.assign(churn_probability=[0.5, None]),
            "a number from 0 to 1, but not in 1 of 2 rows; the first is row 1",
        ),
        (GOOD.assign(value=[math.inf, 1.0]), "'value' of the scores is a finite number, but not in 1 of 2 rows"),
        (GOOD.assign(customer=["ann", None]), "1 of 2 rows of the scores have no customer. Set those rows aside."),
        (GOOD.assign(customer="ann"), "The scores have 1 of 2 rows whose customer came before. Give each once"),
    ],
)
def test_scores_that_cannot_be_decided_on_are_refused(scores, told):
    with pytest.raises(ScoreError) as refused:
        decide(scores, [CALL], 10.0)
    assert told in str(refused.value)


def test_reasons_that_do_not_fit_are_refused():
    reasons = pd.DataFrame({"customer": ["ann"], "cutoff": [CUTOFF], "side": ["for"], "rank": [1]})
    reasons = reasons.assign(text="late")
    for wrong, told in (
        (reasons.drop(columns="text"), "The reasons lack the column 'text'. They have: customer, cutoff, rank, side."),
        (pd.concat([reasons, reasons]), "1 of 2 rows whose customer, cutoff, side, rank came before"),
        (
            reasons.assign(cutoff=CUTOFF.replace(month=4)),
            "None of the 2 chosen customers has a reason: reasons are for",
        ),
    ):
        with pytest.raises(ScoreError) as refused:
            decide(GOOD, [CALL], 10.0, reasons=wrong)
        assert told in str(refused.value)


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("churn_probability", ["0.5"], "str such as '0.5'"),
        ("value", ["100"], "str such as '100'"),
        ("value", [1 + 2j], "complex128"),
        ("churn_probability", pd.to_datetime(["2024-01-01"]), "datetime64"),
    ],
)
def test_probabilities_and_values_are_numbers_and_not_texts_that_look_like_them(column, values, kind):
    mend = rf"scores\['{column}'\] = pd.to_numeric\(scores\['{column}'\]\)"
    with pytest.raises(ScoreError, match=rf"'{column}' of the scores must hold numbers, got {kind}.*{mend}"):
        decide(scored(("ann", 0.5, 200.0)).assign(**{column: values}), [CALL], 100.0)


def test_scores_with_two_columns_of_one_name_are_refused():
    scores = scored(("ann", 0.5, 200.0))
    with pytest.raises(ScoreError, match="have the column 'value' twice"):
        decide(pd.concat([scores, scores[["value"]]], axis=1), [CALL], 100.0)


@pytest.mark.parametrize("cutoff", [False, "soon"])
def test_cutoffs_of_scores_are_times(cutoff):
    with pytest.raises(ScoreError, match=r"'cutoff' of the scores must hold times, got .*pd.Timestamp\('2024-05-01'\)"):
        decide(scored(("ann", 0.5, 200.0)).assign(cutoff=cutoff), [CALL], 100.0)


def test_a_plan_shows_in_a_notebook_what_it_expects_whom_it_leaves_alone_and_its_first_rows():
    plan = decide(
        scored(("ann", 0.5, 200.0), ("<b>", 0.8, 50.0)),
        [Offer("call", contact_cost=4.0, effect=0.2)],
        budget=6.0,
        holdout=0.0,
    )
    assert repr(plan).startswith("Decisions(1 treated and 0 held out; 4.00 of 6.00 spent, expected gain 16.00 [")
    page = plan._repr_html_()
    assert "budget does not reach: 1" in page
    assert '<td style="text-align: left">ann</td>' in page
    assert "<b>" not in page


def test_a_plan_that_is_added_up_a_customer_at_a_time_is_the_same_plan(monkeypatch):
    scores = scored(*((f"c{i}", 0.1 + i / 20, 37.0 + 11 * i) for i in range(12)))
    bounds = scores.assign(value_low=scores.value * 0.7, value_high=scores.value * 1.9)
    whole = decide(bounds, [CALL, MAIL], 15.0).summary
    monkeypatch.setattr("patron.decisions.gains.BLOCK", 1)
    assert decide(bounds, [CALL, MAIL], 15.0).summary == whole


def test_a_plan_is_the_same_whether_or_not_anybody_asks_for_its_log():
    scores = scored(("ann", 0.5, 200.0), ("bob", 0.8, 50.0), ("cid", 0.1, 30.0))
    about = {"rules": Rules(), "facts": None, "effects": None, "exploration": 0.0}
    plan, log = decided(scores, [CALL], 6.0, 0.0, None, 0, **about)
    whole = decide(scores, [CALL], 6.0, holdout=0.0)
    assert plan.log.empty
    assert log().to_dict("list") == whole.log.to_dict("list")
    assert plan.table.to_dict("list") == whole.table.to_dict("list")
