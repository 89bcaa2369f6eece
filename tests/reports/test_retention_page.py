"""The page tells a retention manager what to do, in words and money, and gives nobody's name away."""

import re
from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from patron.decisions import Decisions, Offer, Rules, decide
from patron.decisions.response import ContactResponse
from patron.decisions.response.advice import Enough
from patron.errors import ScoreError
from patron.evaluation.backtests import Backtest
from patron.evaluation.cards import Card
from patron.history.receipts import Receipt
from patron.metrics import Estimate
from patron.periods import days
from patron.questions.profit import CostModel
from patron.reports import plots, quality_page
from patron.reports.retention_page import Report, page
from patron.reports.terminal import card_lines

CUTOFF = pd.Timestamp("2024-05-01")
CURVES = {
    # The tenth that the model is surest about holds 18 % of the leavers; every second customer leaves: 90 of 100.
    "lightgbm": pd.DataFrame({"contacted": [0.0, 0.1, 1.0], "found": [0.0, 0.18, 1.0]}),
    "logit": pd.DataFrame({"contacted": [0.0, 0.1, 1.0], "found": [0.0, 0.14, 1.0]}),
    "constant": pd.DataFrame({"contacted": [0.0, 1.0], "found": [0.0, 1.0]}),
}
CARD = Card(
    question="churn",
    horizon=90,
    cutoffs=(datetime(2024, 1, 1),),
    rows=200,
    customers=200,
    base={"churn rate": 0.5},
    measured={name: {"AUC": Estimate(0.8, 0.7, 0.9)} for name in CURVES},
    differences={"AUC": Estimate(0.05, 0.02, 0.08)},
    better={"AUC": "better"},
    champion="lightgbm",
    best_baseline="logit",
    reason="lightgbm lowers the log loss of logit",
    reliability=pd.DataFrame(
        {"predicted": [0.2, 0.8], "observed": [0.25, 0.75], "count": [100, 100], "low": [0.2, 0.7], "high": [0.3, 0.8]}
    ),
    gains=CURVES,
)
AUC = Estimate(0.8, 0.7, 0.9)
TIE = replace(CARD, differences={"AUC": Estimate(0.0, -0.02, 0.02)}, better={"AUC": "tie"})
UNUSED = replace(TIE, champion="logit", reason="lightgbm does not beat logit beyond noise")
CALL = Offer("call", contact_cost=10.0, effect=0.2)
SCORES = pd.DataFrame(
    {
        "customer": ["customer-anna", "customer-bert"],
        "cutoff": CUTOFF,
        "churn_probability": [0.5, 0.1],
        "value": [10_000.0, 40.0],
        "days_low": [3.0, 2.0],
        "days_median": [30.0, 5.0],
        "days_high": [200.0, 9.0],
        "tier": ["gold", "iron"],
    }
)
WHY = pd.DataFrame(
    {
        "pseudonym": ["p1", "p1"],
        "side": ["against", "for"],
        "rank": [1, 1],
        "text": ["Recently here", "Orders placed: 1 (usual: 3), raises the risk"],
        "lever": ["", "a first call"],
        "evidence": ["association, not a lever", "association, lever untested"],
    }
)
MOVED = pd.DataFrame({"words": ["Orders placed"], "theme": ["habit"], "share": [1.0]})
RECENCY = {"name": "recency", "words": "Days since the last order", "unit": "days"}
GOES_WITH = (RECENCY, pd.DataFrame({"value": [0.0, 9.0, 90.0], "effect": [-0.1, 0.0, 0.3], "count": [0, 5, 5]}))
NAMED = {"customer-anna": "p1", "customer-bert": "p2"}


def decisions(offer, budget=10.0):
    made = decide(SCORES, [offer], budget=budget, holdout=0.0)
    return Decisions(made.table.assign(pseudonym=made.table.customer.map(NAMED)), made.summary)


@pytest.fixture(scope="module")
def report():
    return Report(
        name="Shop",
        made_at=datetime(2024, 5, 2),
        currency="GBP",
        receipts=[Receipt("orders", 1_003, {"no customer": 3}, 1_000, 2, datetime(2023, 1, 1), datetime(2024, 4, 30))],
        left_out=["complaints"],
        cards=[CARD],
        scores=SCORES.drop(columns="customer"),
        shown=SCORES.assign(pseudonym=SCORES.customer.map(NAMED)).drop(columns="customer"),
        why=WHY,
        importance=MOVED,
        decisions=decisions(CALL),
        offers=[CALL],
        costs=CostModel(margin_rate=0.35, cost_per_order=4.0),
        versions={"churn": "7"},
    )


@pytest.fixture(scope="module")
def html(report, rendering):
    with rendering():
        return page(report)


@pytest.fixture(scope="module")
def told(html):
    return words(html)


def words(html):
    """The page as a person reads it: without style and tags, and one space between words."""
    shown = re.sub(r"<style.*?</style>|</?(strong|em|code|span)\b[^>]*>", "", html, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", shown)
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ").split())


def test_the_recommendation_tells_whom_what_it_costs_and_what_it_earns_between_which_bounds(told):
    # One customer: 0.2 x 0.5 x 10,000 - 10 = 990; at half the effect 490, at one and a half 1,490.
    assert "Treat 1 customer for £10 of the £10 budget" in told
    assert "the expected gain after these costs is £990, between £490 and £1,490" in told


def test_what_was_read_and_set_aside_is_counted(told):
    assert "orders 1,003 3 no customer 1,000 2 1 Jan 2023 to 30 Apr 2024" in told


def test_how_good_it_is_is_told_per_hundred_customers(told):
    assert "surest about, 90 left within 90 days; by chance it would have been 50." in told
    assert "beats the best simple rule" in told


def test_what_the_rule_does_better_is_a_sentence_of_its_own(report):
    card = replace(CARD, better=dict(CARD.better) | {"log loss": "worse"})
    assert "worse than the rule in: log loss. AUC, learned model less rule:" in words(
        page(replace(report, cards=[card]))
    )


def test_a_tie_with_the_simple_rule_is_said_plainly_at_the_top_and_at_the_question(report):
    told = words(page(replace(report, cards=[TIE])))
    assert "No learned model beats its simple rule." in told
    assert "does not beat the best simple rule (how lately and how often a customer bought)" in told


def test_a_simple_rule_in_use_is_said_plainly(report):
    told = words(page(replace(report, cards=[UNUSED])))
    assert "No learned model beats its simple rule." in told
    assert "the rule itself is used here: how lately and how often a customer bought." in told


def test_one_question_that_is_beaten_does_not_hide_another_that_is_not(report):
    told = words(page(replace(report, cards=[CARD, replace(TIE, question="tier")])))
    assert "No learned model beats its simple rule." not in told
    assert "does not beat the best simple rule" in told


def test_nothing_worth_doing_is_a_recommendation_to_treat_nobody(report):
    told = words(page(replace(report, decisions=decisions(CALL, budget=0.0))))
    assert "Treat nobody for now." in told
    assert "Nobody is on the list." in told


def test_an_effect_that_campaigns_showed_is_told_from_an_assumed_one(report):
    offers = [Offer("call", contact_cost=10.0, effect="learned"), Offer("fix", 50.0, effect="usual", kind="service")]
    kept = {"kept": [1_500.0], "kept_low": [900.0], "kept_high": [2_000.0], "evidence": ["randomised"]}
    effects = pd.DataFrame({"customer": ["customer-anna"], "offer": ["call"], **kept})
    plan = decide(SCORES, offers, 10.0, holdout=0.0, effects=effects, rules=Rules(contacts=1))
    plan = Decisions(plan.table.assign(pseudonym=plan.table.customer.map(NAMED)), plan.summary)
    text = words(page(replace(report, offers=offers, decisions=plan)))
    # Of 5,000 at stake 1,500 are kept.
    assert "assumed, or of call learned from past campaigns: the mean of the treated." in text
    assert "30 % randomised" in text
    assert "11 % 0 % to 22 %; assumed, usual: 1.9 of 17.2 points by a call" in text
    assert "Those of call are what past campaigns showed." in text
    assert "rests on effects of the offers that are measured by a past campaign that drew by lot who got it" in text
    assert "The effects of the offers above: measured by a past campaign that drew by lot who got it." in text


def test_a_learned_offer_that_nobody_gets_is_not_called_unlearned_and_what_to_beware_of_is_said(report):
    offers = [Offer("call", 10.0, effect="learned", channel="phone"), Offer("fix", 1.0, effect=0.2, channel="shop")]
    harm = {"kept": -5.0, "kept_low": -9.0, "kept_high": 2.0, "evidence": "randomised"}
    effects = pd.DataFrame({"customer": SCORES.customer, "offer": "call", **harm})
    plan = decide(SCORES, offers, 50.0, holdout=0.0, effects=effects, rules=Rules({"shop": 0}))
    named = Decisions(plan.table.assign(pseudonym=plan.table.customer.map(NAMED)), plan.summary)
    text = words(page(replace(report, offers=offers, decisions=named)))
    assert "call £10.00 – learned; 2 would sooner leave by it 0 (0) not used" in text
    assert "2 customers would, by what past campaigns showed, sooner leave for having had an offer, none of" in text
    assert "Beware: Nobody is treated: budget or capacities reach none of the 1 customers" in text


def test_whom_a_lot_chose_is_said_with_what_that_costs_and_an_expected_loss_is_called_one(report):
    harmless = Offer("call", contact_cost=10.0, effect=0.0, channel="phone")
    alike = pd.concat([SCORES.head(1).assign(customer=f"c{number}") for number in range(40)], ignore_index=True)
    plan = decide(alike, [harmless], 1_000.0, holdout=0.0, exploration=0.5)
    n = int((plan.table.group == "treat").sum())  # all of them by lot, as no call pays
    named = Decisions(plan.table.assign(pseudonym=plan.table.customer), plan.summary)
    text = words(page(replace(report, offers=[harmless], decisions=named)))
    assert f"{n} of them were drawn by lot, to learn where the plan is wrong, which costs £{10 * n} of the" in text
    assert f"between −£{10 * n} and −£{10 * n}, so it is expected to lose money." in text
    assert "call assumed, by lot" in text


@pytest.mark.parametrize(
    ("budget", "rules", "end"),
    [
        (50.0, Rules({"phone": 1}), "The line ends before the budget because of a capacity or the cap on contacts."),
        (50.0, Rules(), "The line ends where no other customer is worth an offer."),
    ],
)
def test_the_line_of_money_says_what_ends_it(report, budget, rules, end):
    call = replace(CALL, channel="phone")
    alike = pd.concat([SCORES.head(1).assign(customer=name) for name in NAMED], ignore_index=True)
    plan = decide(alike, [call], budget, holdout=0.0, rules=rules)
    named = Decisions(plan.table.assign(pseudonym=plan.table.customer.map(NAMED)), plan.summary)
    assert end in words(page(replace(report, offers=[call], decisions=named)))


def test_half_the_effect_and_the_break_even_effect_can_be_read_off(told):
    # 10 spent for a stake of 5,000: 0.2 % must be kept.
    assert "keep only half as many leavers as assumed, the campaign earns £490 instead of £990" in told
    assert "keep at least 0.2 % of the treated customers" in told


def test_the_list_says_on_what_ground_and_the_contact_centre_what_to_offer_and_not_to_promise(told):
    assert "call assumed 50 % £10,000 £10.00 £990 £490 to £1,490" in told
    card = told[told.index("As a contact centre would read it") :]
    assert card.index("Never say that we expect somebody to leave") < card.index("Costs, may bring £10.00; £990 after")
    assert "Do not promise a discount or a gift: this offer has none" in card


def test_who_is_left_alone_who_costs_more_and_what_speaks_against_it_are_counted_with_the_reason(report):
    plan = decisions(CALL)
    lossy = pd.DataFrame({"pseudonym": ["p2"], "shortfall": [30.0]})
    asked = ["capacity: contacts by phone 1", "control: none; [decisions] holdout = 0.1"]
    plan = replace(plan, unprofitable=lossy, summary=plan.summary | {"unprofitable": 1})
    text = words(page(replace(report, decisions=plan, preflight=asked)))
    assert "1 no offer earns its cost an offer would cost more than it is expected to save" in text
    assert "Who costs more than they bring: 1 customer, £30 in all over the horizon." in text
    assert "Nothing is done about them here." in text
    assert "Is the process ready? contacts by phone 1 Will we know what it did? none; [decisions] holdout = 0.1" in text


def test_the_ladder_and_the_curve_say_what_finer_strategies_and_more_customers_gain(told):
    # One call of 990; by segment and by risk x value the same customer is called.
    assert "Each customer: the plan 1 £10 £990 £490 to £1,490 £0 £0 to £0" in told
    assert "Without any limits the most is gained with 1 customer" in told
    assert "best: 1 treated the plan: 1 chosen" in told


def test_the_ladder_of_past_contacts_says_in_what_it_counts_and_where_a_choice_by_customer_is_not_sure(report):
    names = ("gain", "gain_low", "gain_high", "more", "more_low", "more_high")
    rungs = [
        {"rung": "nobody", "treated": 0.0} | dict.fromkeys(names, 0.0),
        {"rung": "individual", "treated": 0.4} | dict(zip(names, (0.02, 0.01, 0.03, 0.02, -0.01, 0.05), strict=True)),
    ]
    past = {"call": {"evidence": "randomised", "unit": "customers", "rungs": rungs}}
    plan = decisions(CALL)
    text = words(page(replace(report, decisions=replace(plan, summary=plan.summary | {"past_ladders": past}))))
    assert "Its effect is measured by a past campaign that drew by lot who got it." in text
    assert "That a choice by customer brings more than the strategy above it is not sure." in text
    assert "Kept of 100 contacts More than the one above Nobody 0 % 0.0 – Each customer 40 % 2.0 1.0 to 3.0 2.0" in text


def test_the_next_order_is_dated_within_the_horizon_only(report):
    card = replace(CARD, question="next_purchase", base={"bought within 30 days": 0.5})
    assert "31 May 2024 4 May 2024 to after 30 Jul 2024" in words(page(replace(report, cards=[card])))


def test_what_is_likely_in_the_next_basket_is_told_beside_its_date(report):
    likely = {"next_category_1": "toys", "next_category_2": "books", "next_category_3": None, "next_item_1": "ball"}
    shown = report.shown.assign(**likely)
    assert "likely: category toys, books; item ball" in words(page(replace(report, shown=shown)))


def test_reasons_to_leave_are_told_before_what_keeps_and_as_no_causes(told):
    assert told.index("Orders placed: 1 (usual: 3), raises the risk") < told.index("Recently here")
    assert "Reasons are associations, not causes." in told


def test_a_reason_that_can_be_acted_on_says_how_and_that_nobody_tried(told):
    assert "raises the risk can be acted on: a first call (lever untested) Recently here" in told
    assert told.count("can be acted on") == 1


def test_no_raw_customer_is_on_the_page(html):
    assert "p1" in html
    assert not re.search("customer-(anna|bert)", html)


def test_the_page_loads_nothing_and_links_nowhere(html):
    assert not re.search(r"http|<script|<link|<img|@import|url\((?!#)", html)
    assert all(target.startswith("#") for target in re.findall(r'(?:src|href)="([^"]*)"', html))


def test_names_with_markup_are_shown_as_they_are(report):
    html = page(replace(report, name="<b>Lot & Co</b>", importance=MOVED.assign(words="<i>Orders</i>")))
    assert "<b>Lot" not in html
    assert "&lt;b&gt;Lot &amp; Co&lt;/b&gt;" in html
    assert "<i>Orders" not in html


@pytest.mark.usefixtures("rendered")
def test_the_same_report_gives_the_same_bytes(report, html):
    assert page(report) == html


def test_a_question_that_was_not_asked_is_left_out(report):
    shown = report.shown[["pseudonym", "cutoff", "churn_probability"]]
    told = words(page(replace(report, scores=shown, shown=shown, cards=[], costs=None)))
    assert "Next order expected" not in told
    assert "By tier of profit" not in told


def test_a_model_that_looks_at_nothing_has_no_reasons(report):
    nothing = replace(report, importance=MOVED.assign(share=0.0), why=WHY.head(0))
    assert "it gives everybody the same answer, so there are no reasons to tell" in words(page(nothing))


def test_money_is_written_in_the_currency_of_the_business(report):
    assert "expected gain after these costs is 990," in words(page(replace(report, currency="")))
    assert "expected gain after these costs is 990 CHF" in words(page(replace(report, currency="CHF")))
    assert "expected gain after these costs is £990" in words(page(replace(report, currency="£")))


def test_risks_that_are_unlike_those_of_the_test_are_a_warning(report, told):
    # Half of the customers left in the test. Today 30 of 100 are expected to leave, then 45 of 100.
    assert "Today it expects 30 of 100 customers to leave; in the test 50 of 100 did." in told
    alike = report.scores.assign(churn_probability=[0.5, 0.4])
    assert "Check before spending" not in words(page(replace(report, scores=alike)))


SHIFT = {
    "trained": {"2023-07-01": 0.35, "2023-10-01": 0.62},
    "predicted": {"2024-01-01": 0.5},
    "observed": {"2024-01-01": 0.5},
}
SEGMENTS = pd.DataFrame(
    [
        ("tenure", "low", 100, 0.70, 0.50, 0.40, 0.60, 0.7, 0.10),
        ("country", "uk", 100, 0.52, 0.50, 0.40, 0.60, 0.7, 0.0),
    ],
    columns=["by", "segment", "rows", "predicted", "observed", "low", "high", "auc", "off"],
)


def test_a_rate_that_moves_with_time_is_told_and_today_is_held_against_all_of_it(report):
    # From 35 to 62 of 100 left at the dates known; today 30 of 100 are expected to, which is 5 below: still alike.
    told = words(page(replace(report, cards=[replace(CARD, shift=SHIFT)])))
    assert "at the dates known, from 35 to 62 of 100 left" in told
    assert "1 Jul 2023 learn – 35.0 %" in told
    assert "1 Jan 2024 test 50.0 % 50.0 %" in told
    assert "Check before spending" not in told
    later = replace(CARD, shift=SHIFT | {"trained": {"2023-10-01": 0.62}})
    assert "at the dates known so far 50 to 62 of 100 did" in words(page(replace(report, cards=[later])))


def test_a_group_for_whom_it_is_off_is_named(report):
    told = words(page(replace(report, cards=[replace(CARD, segments=SEGMENTS)])))
    assert "the third of customers who came last: predicted 70.0 %, in fact 50.0 % (40.0 % to 60.0 %), 100 ans" in told
    assert "country: uk: predicted" not in told
    assert "country: uk 100 52.0 % 50.0 % 40.0 % to 60.0 % 0.700 no" in told


def test_no_group_that_is_off_is_said_too(report):
    told = words(page(replace(report, cards=[replace(CARD, segments=SEGMENTS[SEGMENTS.off == 0])])))
    assert (
        "None of the 1 group of customers looked at (new and old, small and large) is off by more than luck explains."
        in told
    )


def test_groups_that_are_off_by_little_are_counted_and_not_called_clearly_off(report):
    little = SEGMENTS.assign(off=[0.004, 0.0])
    told = words(page(replace(report, cards=[replace(CARD, segments=little)])))
    assert "None of the 2 groups of customers" in told
    assert "more than luck explains and one point: 1 are off by less, as one in twenty would be by luck alone." in told


def test_a_feature_that_knows_too_much_is_told_at_the_top_and_at_the_question(report):
    told = words(page(replace(report, cards=[replace(CARD, suspects={"closed": "alone it has an AUC of 0.991"})])))
    assert "Check before spending: a feature seems to know the outcome (closed)." in told
    assert "the feature closed seems to know the outcome. It tells too much to be true (alone it has an AUC" in told


@pytest.mark.parametrize(
    ("predicted", "bias", "said"),
    [
        (0.60, Estimate(0.20, 0.05, 0.35), "in fact 50 did, so read its percentages as somewhat too high"),
        (0.40, Estimate(-0.20, -0.35, 0.01), "in fact 50 did; the difference may be luck"),
        (0.49, Estimate(-0.02, -0.03, -0.01), "in fact 50 did: a little too low beyond luck, and too little to change"),
        (0.49, Estimate(-0.02, -0.03, 0.01), "in fact 50 did, so on the whole its percentages are right"),
    ],
)
def test_what_is_said_of_the_percentages_agrees_with_the_interval_of_their_bias(report, predicted, bias, said):
    told = {"reliability": CARD.reliability.assign(predicted=predicted, observed=0.5)}
    measured = CARD.measured | {"lightgbm": CARD.measured["lightgbm"] | {"bias": bias}}
    assert said in words(page(replace(report, cards=[replace(CARD, measured=measured, **told)])))


def test_percentages_of_something_rare_are_judged_by_their_ratio(report):
    # 7 instead of 5 of 100 is two points too many, and nearly half as many again; of 200 customers it may be luck.
    rare = CARD.reliability.assign(predicted=0.07, observed=0.05)
    few, many = (
        words(page(replace(report, cards=[replace(CARD, reliability=rare.assign(count=count))])))
        for count in (100, 1_000)
    )
    assert "predicted that 7.0 of 100 would have left; in fact 5.0 did; the difference may be luck" in few
    assert "in fact 5.0 did, so read its percentages as somewhat too high" in many


@pytest.mark.parametrize(
    ("better", "verdict"),
    [
        ({"AUC": "tie", "log loss": "better"}, "partly"),
        ({"AUC": "tie", "log loss": "better", "Brier": "worse"}, "tie"),
        ({"AUC": "tie", "log loss": "tie", "bias": "better"}, "tie"),
        ({"AUC": "better", "log loss": "worse"}, "better"),
    ],
)
def test_better_in_part_needs_a_metric_that_counts_and_none_that_is_worse(better, verdict):
    differences = dict.fromkeys(better, Estimate(0.0, -0.1, 0.1))
    assert quality_page.verdict(replace(CARD, better=better, differences=differences)) == verdict


def test_the_page_of_a_back_test_shows_all_dates_together_and_each_alone():
    later = replace(CARD, cutoffs=(datetime(2024, 4, 1),), champion="logit", challenger="hybrid", better={"AUC": "tie"})
    known = {"gains": CARD.gains | {"hybrid": CURVES["lightgbm"]}, "measured": CARD.measured | {"hybrid": {"AUC": AUC}}}
    pooled = replace(TIE, rows=400, champion="chosen", challenger="chosen")
    chosen = {"gains": CARD.gains | {"chosen": CURVES["logit"]}, "measured": CARD.measured | {"chosen": {"AUC": AUC}}}
    test = Backtest((CARD, replace(later, **known)), replace(pooled, **chosen), pd.DataFrame())
    html = quality_page.page("Shop", datetime(2024, 8, 1), [test])
    told = words(html)
    assert "Who will leave? 2 400 AUC 0.800 [0.700, 0.900] 0.800 [0.700, 0.900] no better than a simple rule" in told
    assert "1 Jan 2024 trees on all features 200 50.0 % 50.0 % 0.800" in told
    assert "1 Apr 2024 rule: how lately, how often 200 50.0 % 50.0 % 0.800" in told
    assert html.count("<svg") == 6
    assert not re.search(r"http|<script|<link|<img|@import|url\((?!#)", html)


@pytest.mark.parametrize("name", ["shown", "why"])
def test_a_table_without_pseudonyms_is_refused(report, name):
    bare = getattr(report, name).drop(columns="pseudonym")
    with pytest.raises(ScoreError, match=r"lack 'pseudonym'. They have: .*Add it: .assign\(pseudonym="):
        page(replace(report, **{name: bare}))


@pytest.mark.usefixtures("rendered")
@pytest.mark.parametrize(
    ("draw", "units"),
    [
        (
            lambda r: plots.reliability_plot(CARD),
            ["Predicted probability (%)", "Of them left (%)", "100 customers,"],
        ),
        (
            lambda r: plots.gain_plot(CARD),
            ["Customers contacted, surest first (% of all)", "Of all who left (%)"],
        ),
        (lambda r: plots.importance_plot(MOVED), ["Share of all that moves the answers (%)", "Orders placed"]),
        (
            lambda r: plots.importance_plot(MOVED.assign(share=0.5, low=0.4, high=0.7)),
            ["50 %", "lowest and highest of its refits"],
        ),
        (
            lambda r: plots.dependence_plot(*GOES_WITH),
            ["Days", "Beside the mean (points)", "Days since the last order"],
        ),
        (lambda r: plots.risk_plot(SCORES), ["Probability to leave (%)", "Customers (number)", "average 30 %"]),
        (lambda r: plots.money_plot(r.decisions, ""), ["Spent (money)", "Gain after costs (money)"]),
        (lambda r: plots.money_plot(r.decisions, "GBP"), ["Spent (GBP)", "Gain after costs (GBP)", "budget"]),
    ],
)
def test_plots_state_their_units_as_text_and_are_the_same_each_time(report, draw, units):
    made = draw(report)
    assert [unit for unit in units if f">{unit}<" not in made] == []
    assert made == draw(report)
    assert "<metadata" not in made


@pytest.mark.usefixtures("rendered")
def test_the_page_says_how_many_first_reasons_stay_and_how_the_answer_goes_with_a_measure(report):
    sure = replace(CARD, stability={"refits": 8.0, "first": 0.7, "kept": 0.85, "agreement": 0.9})
    text = " ".join(page(replace(report, cards=[sure], dependence=[GOES_WITH])).split())
    assert "fitted again 8 times" in text
    assert "kept <strong>70 of 100</strong> first reasons as the first, and 85 among the first three." in text
    assert "Beside the mean (points)" in text
    assert "How sure the reasons are" not in page(report)


def test_the_page_says_what_counts_only_together_and_leaves_out_what_hardly_does(report):
    words = ["Orders placed", "Tickets", "Money spent"]
    pairs = pd.DataFrame({"words": words, "other_words": "Days", "strength": [0.5, 0.3, 0.1], "together": [1, -1, 1]})
    text = " ".join(page(replace(report, pairs=pairs)).split()).replace("\N{NO-BREAK SPACE}", " ")
    both = "where both are high, or both low, the risk is"
    assert f"<strong>Orders placed</strong> and <strong>Days</strong>: {both} higher" in text
    assert "would make it (25 % of what the two move)" in text
    assert f"<strong>Tickets</strong> and <strong>Days</strong>: {both} lower" in text
    assert "Money spent</strong> and" not in text
    assert "What counts together" not in page(report)


def test_a_plot_changes_nothing_of_the_callers_matplotlib_and_takes_nothing_from_it(report):
    import matplotlib

    plain = plots.risk_plot(SCORES)
    with matplotlib.rc_context({"axes.facecolor": "red", "svg.fonttype": "path"}):
        assert plots.risk_plot(SCORES) == plain
        assert matplotlib.rcParams["axes.facecolor"] == "red"


def test_a_champion_that_its_own_card_finds_behind_a_baseline_is_flagged_with_the_reason():
    first = next(iter(CARD.differences))
    ahead = {**CARD.measured, "activity": {first: Estimate(0.99, 0.98, 1.0)}}
    beaten = replace(CARD, measured=ahead, champion="hybrid" if "hybrid" in ahead else CARD.champion)
    assert (
        f"activity was better than the champion ({beaten.champion}) here: {first} 0.990 [0.980, 1.000]" in beaten.beaten
    )
    html = quality_page.page("Shop", datetime(2024, 8, 1), [Backtest((beaten,), beaten, pd.DataFrame())])
    assert "chosen by its log loss at earlier cutoffs" in words(html)
    assert "beware: activity was better than the champion" in card_lines(beaten)
    assert CARD.beaten == ""


def test_a_horizon_in_which_hardly_anybody_buys_is_told():
    rare = replace(CARD, horizon=1, base={"churn rate": 0.99})
    assert "only 1.0% of the customers bought within the horizon of 1 days" in rare.too_short
    html = quality_page.page("Shop", datetime(2024, 8, 1), [Backtest((rare,), rare, pd.DataFrame())])
    assert "shorter than the rhythm of purchases: ask for more days" in words(html)
    assert CARD.too_short == ""


def test_the_days_are_shown_with_how_often_their_interval_held():
    held = {"coverage of the interval": 0.79, "before the interval": 0.09, "after the interval": 0.12}
    figures = {name: Estimate(value, value - 0.01, value + 0.01) for name, value in held.items()}
    missed = {
        name: {"error of the date (days)": Estimate(days, days, days)} for name, days in (("a", 20.0), ("b", 22.0))
    }
    known = {"lightgbm": CARD.measured["lightgbm"] | figures | missed["a"], "constant": missed["b"]}
    waits = pd.DataFrame({"promised": [0.1], "observed": [0.09], "count": [50], "low": [0.05], "high": [0.15]})
    card = replace(CARD, question="next_purchase", measured=CARD.measured | known, waits=waits)
    told = words(quality_page.page("Shop", datetime(2024, 8, 1), [Backtest((card,), card, pd.DataFrame())]))
    assert "intervals of the days held for 79.0 % of the customers (78.0 % to 80.0 %)" in told
    assert "9.0 % came before theirs began, and 12.0 % after theirs had ended, or not yet" in told
    assert (
        "the day was missed by 20.0 days on average; one and the same day for everybody would miss it by 22.0" in told
    )


def test_the_tier_is_shown_beside_staying_and_its_profit_by_tenths():
    stay = {"macro F1": Estimate(0.4, 0.3, 0.5), "quadratic kappa": Estimate(0.5, 0.4, 0.6)}
    money = {"predicted": [1.0], "count": [200], "low": [0.5], "high": [1.5]}
    card = replace(
        CARD,
        question="tier",
        measured=CARD.measured | {"persistence": stay},
        persistence={"macro F1": Estimate(0.1, 0.05, 0.15), "quadratic kappa": Estimate(0.2, 0.1, 0.3)},
        deciles=pd.DataFrame(money | {"observed": [1.2]}),
        intervals=pd.DataFrame(money | {"held": [0.8]}),
    )
    html = quality_page.page("Shop", datetime(2024, 8, 1), [Backtest((card,), card, pd.DataFrame())])
    told = words(html)
    assert "stays in their tier reaches a macro F1 of 0.400 [0.300, 0.500]" in told
    assert "The tier told of a customer is not always the likeliest one" in told
    assert "ahead by 0.100 [0.050, 0.150] and 0.200 [0.100, 0.300]" in told
    assert "Does the expected profit come in?" in told
    assert "Does the 80 % interval hold?" in told


def test_customers_who_tie_for_the_budget_are_counted(report):
    alike = SCORES.assign(churn_probability=0.5, value=10_000.0)
    made = decide(alike, [CALL], budget=10.0, holdout=0.0)
    named = Decisions(made.table.assign(pseudonym=made.table.customer.map(NAMED)), made.summary)
    assert "2 customers tie: the same is at stake with each of them" in words(page(replace(report, decisions=named)))


def test_a_page_without_decisions_says_who_may_leave_and_what_is_assumed(report):
    told = words(page(replace(report, decisions=None, offers=())))
    # .5 x 10,000 + .1 x 40 leave with the 0.6 customers who do.
    assert (
        "In brief Of 2 customers, about 1 are expected to leave within 90 days, and with them about £5,000 of" in told
    )
    assert "35 % of an order’s amount is left after the cost of goods" in told
    assert "Each order costs £4.00." in told
    assert "Each return" not in told
    assert "Break-even" not in told


def test_when_and_how_to_contact_is_told_with_its_doubt_or_said_to_be_unknown(report, told):
    assert "When and how to contact Unknown: no table tells of past contacts." in told
    by_channel = {"group": ["letter", "mail"], "contacts": [400, 600], "customers": [90, 95], "answered": [0.2, 0.5]}
    shares = pd.DataFrame(by_channel | {"share": [0.25, 0.5], "low": [0.2, 0.45], "high": [0.3, 0.55]})
    curve = shares.assign(group=[1, 8])
    nothing = shares.head(0)
    best = {"channel": "mail", "hour": None, "weekday": None}
    figures = (Enough(), 1_000, {"horizon not over": 3}, "observational", "orders", days(30)[0])
    response = ContactResponse(
        shares, nothing, nothing, curve, best, *figures, ("channel: mail 50 % order", "evidence: x")
    )
    words_of = words(page(replace(report, response=response)))
    assert "mail best channel unknown best hour unknown best weekday unknown contacts that are enough" in words_of
    assert "answered within 30 days. This is observational" in words_of
    assert "mail 600 95 50.0 % 50.0 % 45.0 % to 55.0 %" in words_of
    assert "8 or more 600 95" in words_of
    none = replace(response, contacts=0)
    assert "Unknown: of no past contact it is known yet what came of it (3 horizon not over)." in words(
        page(replace(report, response=none))
    )


def test_features_that_were_left_out_are_told_in_words_and_out_of_the_way(report):
    html = page(replace(report, left_out=["Complaints raised", "Money given back"]))
    assert "<summary>2\N{NO-BREAK SPACE}features left out, because the tables lack" in html
    assert "Complaints raised; Money given back." in html


@pytest.mark.usefixtures("rendered")
def test_the_legend_of_a_plot_stands_below_its_axes_where_it_covers_no_point():
    high = pd.DataFrame({"predicted": [9.0, 9.0], "observed": [9.0, 9.0], "count": 5, "low": 8.0, "high": 9.9})
    drawn = plots.decile_plot(replace(CARD, deciles=high), "EUR")
    below, legend = (float(re.search(rf'y="([\d.]+)"[^>]*>{text}', drawn)[1]) for text in ("Groups of", "expected<"))
    assert legend > below


@pytest.mark.parametrize(("low", "wide"), [(0.85, True), (0.79, False)])
def test_an_interval_of_profit_that_holds_too_often_says_where_that_must_be_so(low, wide):
    held = CARD.measured["lightgbm"] | {"coverage of the interval": Estimate(0.9, low, 0.95)}
    card = replace(CARD, question="tier", measured=CARD.measured | {"lightgbm": held})
    told = words(quality_page.page("Shop", datetime(2024, 8, 1), [Backtest((card,), card, pd.DataFrame())]))
    assert "intervals of the profit held for 90.0 % of the customers" in told
    assert ("More than 80 % is as it must be where most buy nothing" in told) == wide
