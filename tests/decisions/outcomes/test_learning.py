"""What past decisions earned: counted from the cutoff, once each, in a ledger that adds up, with every doubt said."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from patron.datasets import simulate
from patron.decisions.outcomes import learn
from patron.decisions.outcomes.campaigns import Campaign, mismatch
from patron.decisions.outcomes.notes import notes_of
from patron.errors import QuestionError, ScoreError
from patron.history.history import History
from patron.history.sources import events
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.profit import CostModel
from worlds.histories import CUTOFF, TICK, ago, frame_of

HALF = CostModel(margin_rate=0.5)
LAST = ("end", ago(-200), 1.0)  # up to here all is known
BEFORE = [(name, ago(40), 10.0) for name in ("ann", "bob", "cid", "dan")]
AFTER = [("ann", CUTOFF, 60.0), ("bob", ago(-30), 8.0), ("cid", CUTOFF + timedelta(days=30) - TICK, 20.0)]
NEVER = ("dan", CUTOFF - TICK, 9.0)


def history(orders: list[tuple], **tables: pd.DataFrame) -> History:
    named = {"orders": frame_of(orders, ("customer", "at", "amount")), **tables}
    roles = {"offers": dict.fromkeys(("offer", "arm", "cost", "accepted"))}
    declared = {}
    for name, frame in named.items():
        known = {role: role for role in roles.get(name, ()) if role in frame}
        declared[name] = events(frame, customer="customer", at="at", **known)
    return History.of(**declared)


def decided(treat: str = "ann bob", control: str = "cid dan", cutoff=CUTOFF, **columns) -> pd.DataFrame:
    names = [*treat.split(), *control.split()]
    groups = ["treat"] * len(treat.split()) + ["control"] * len(control.split())
    return pd.DataFrame({"customer": names, "cutoff": cutoff, "group": groups, "offer": "call", **columns})


@pytest.fixture(scope="module")
def four():
    """Four customers: in the 30 days ann buys for 60, bob too late, cid in the last instant for 20, dan before."""
    return history([*BEFORE, *AFTER, NEVER, LAST])


@pytest.fixture(scope="module")
def call(four):
    """What a call to ann and bob earned, beside cid and dan."""
    return learn(four, decided(cost=2.0, expected_gain=5.0), churn(30), HALF, holdout=0.5)


def only(result) -> dict:
    assert len(result.table) == 1
    return result.table.iloc[0].to_dict()


def test_intention_to_treat_is_the_difference_of_means_from_the_cutoff_over_the_horizon(call):
    line = only(call)
    assert (line["kept_effect"], line["treated"], line["control"]) == (0.5 - 0.5, 2, 2)
    assert line["profit_effect"] == (30 + 0) / 2 - 2 - (10 + 0) / 2  # margins, less 2.00 for each treated
    assert (line["incremental"], line["cost"], line["roi"]) == (16.0, 4.0, 4.0)
    assert (line["promised"], line["evidence"], line["days"], line["early"]) == (10.0, "randomised", 30, False)


def test_the_ledger_adds_up_to_the_profit_of_these_customers(call):
    book = call.ledger
    amounts = dict(zip(book.line, book.amount, strict=True))
    assert amounts == {
        "profit of the held out": 10.0,
        "profit of the treated without the offer": 10.0,
        "earned by the offer before its cost": 20.0,
        "cost of the offer": -4.0,
        "profit of these customers": 30 + 10 - 4,
    }


def test_a_recorded_cost_takes_the_place_of_the_planned_one_and_strays_are_counted():
    offers = pd.DataFrame(
        [
            ("ann", CUTOFF, "call", "treat", 3.0),
            ("cid", CUTOFF, "call", "treat", 1.0),
            ("x", CUTOFF, "call", "control", 0.0),
        ],
        columns=["customer", "at", "offer", "arm", "cost"],
    )
    offers.loc[len(offers)] = ("dan", ago(-3), "mail", "treat", 0.5)
    known = history([*BEFORE, *AFTER, NEVER, LAST], offers=offers)
    result = learn(known, decided(cost=2.0), churn(30), HALF, holdout=0.5)
    line = only(result)
    assert (line["cost"], line["contaminated"], line["not_reached"], line["other_offers"]) == (3.0, 1, 1, 1)
    assert line["profit_effect"] == (30 - 3 + 0) / 2 - (10 - 1 + 0 - 0.5) / 2
    text = " ".join(result.notes)
    assert "1 of 2 held out of call of 2024-07-01 got the offer" in text
    assert "1 of 2 to be treated by call of 2024-07-01 were not reached" in text


def test_those_whom_a_lot_chose_are_a_line_of_their_own_and_were_promised_nothing(four):
    lot = decided(treat="ann cid", control="bob dan", explored=[True, False, False, True])
    chance = np.where(lot.explored, 0.5, np.where(lot.group == "treat", 0.9, 0.1))
    result = learn(four, lot.assign(cost=2.0, expected_gain=5.0, propensity=chance), churn(30), HALF)
    table = result.table.set_index("explored")
    assert table.kept_effect.isna().all()  # one customer in each arm says nothing of the doubt
    assert (table.treated.to_dict(), table.control.to_dict()) == ({False: 1, True: 1}, {False: 1, True: 1})
    assert result.calibration.empty
    assert result.offers.set_index("customer").propensity.to_dict() == {"ann": 0.5, "bob": 0.1, "cid": 0.9, "dan": 0.5}
    amounts = result.ledger.set_index(["explored", "line"]).amount
    assert amounts[True, "profit of these customers"] == 30.0 - 2.0
    assert (table.promised[False], np.isnan(table.promised[True])) == (5.0, True)
    assert any("call by lot of 2024-07-01 has 1 held out and 1 treated" in note for note in result.notes)


def test_an_offer_that_reached_nobody_is_told_and_nothing_is_learned_of_it():
    offers = pd.DataFrame(
        [("x", CUTOFF, "call", "treat"), ("y", CUTOFF, "call", "control")], columns=["customer", "at", "offer", "arm"]
    )
    result = learn(history([*BEFORE, *AFTER, LAST], offers=offers), decided(), churn(30), HALF, holdout=0.5)
    assert "call of 2024-07-01 reached nobody, so that its difference is chance" in result.notes
    assert len(result.offers) == 0


def test_an_offer_of_which_the_table_knows_the_hold_out_alone_reached_nobody_and_cost_nothing():
    offers = pd.DataFrame([("cid", CUTOFF, "call", "control", 0.0)], columns=["customer", "at", "offer", "arm", "cost"])
    known = history([*BEFORE, *AFTER, LAST], offers=offers)
    result = learn(known, decided(cost=2.0), churn(30), HALF, holdout=0.5)
    assert (only(result)["not_reached"], only(result)["cost"]) == (2, 0.0)
    assert "call of 2024-07-01 reached nobody, so that its difference is chance" in result.notes
    assert len(result.offers) == 0
    alone = learn(known, decided("ann bob cid dan", "", cost=2.0), churn(30), HALF, holdout=0.0)  # and has no control
    assert [note[:18] for note in alone.notes] == ["call of 2024-07-01"] * 2
    assert "reached nobody" in alone.notes[1]


def test_an_offer_that_the_table_of_offers_does_not_know_is_told():
    offers = pd.DataFrame([("dan", ago(-3), "mail")], columns=["customer", "at", "offer"])
    result = learn(history([*BEFORE, *AFTER, LAST], offers=offers), decided(), churn(30), HALF, holdout=0.5)
    assert only(result)["not_reached"] is None
    assert result.notes[-1].startswith("the table 'offers' has no call since 2024-07-01, but 1 contacts with others")


def test_before_the_horizon_has_passed_results_are_early_and_their_intervals_wider():
    many = [f"c{i}" for i in range(60)]
    rng = np.random.default_rng(5)
    orders = [(c, ago(float(d)), float(a)) for c in many for d, a in rng.uniform((-20, 5), (40, 50), (3, 2))]
    frame = decided(" ".join(many[::2]), " ".join(many[1::2]))
    early, over = (
        learn(history([*orders, ("end", ago(-last), 1.0)]), frame, churn(30), HALF, holdout=0.5) for last in (19.5, 40)
    )
    soon, late = only(early), only(over)
    assert (soon["early"], soon["days"], soon["advice"], late["early"]) == (True, 20, "wait", False)
    assert soon["profit_effect"] == pytest.approx(late["profit_effect"])  # nobody ordered in between
    width = {name: line["profit_effect_high"] - line["profit_effect_low"] for name, line in (("s", soon), ("l", late))}
    assert width["s"] > 1.2 * width["l"]
    assert any("is early: 20 days are counted" in note for note in early.notes)
    assert len(early.outcomes) == 0
    assert len(over.outcomes) == 60


def test_what_is_not_known_yet_is_refused_and_later_cutoffs_are_counted(four):
    late = decided(cutoff=ago(-300))
    with pytest.raises(
        QuestionError, match=r"Nothing is known yet of what came of 4 decisions: the history ends 2025-"
    ):
        learn(four, late, churn(30), HALF)
    both = learn(four, pd.concat([decided(), late]), churn(30))
    assert both.counts["not_begun"] == 1


def test_decisions_of_an_earlier_release_beside_newer_ones_are_of_the_plan_and_held_out_as_declared(four):
    newer = decided(cutoff=ago(-1), propensity=0.5, explored=True)
    result = learn(four, pd.concat([decided(), newer]), churn(30), holdout=0.5)
    assert result.table.explored.tolist() == [False, True]
    assert result.offers.propensity.tolist() == [0.5] * 8


def test_decisions_that_come_twice_count_once_and_who_is_in_both_groups_not_at_all(four, call):
    frame = decided(cost=2.0, expected_gain=5.0)
    both = frame.assign(customer="eve").iloc[1:3]
    result = learn(four, pd.concat([frame, frame, both]), churn(30), HALF, holdout=0.5)
    assert result.counts == {"repeated": 4, "in_several": 1, "decisions": 4, "overlapping": 0, "not_begun": 0}
    assert only(result)["treated"] == 2
    pd.testing.assert_frame_equal(result.table, call.table)
    assert "4 decisions came twice and count once" in result.notes


def test_campaigns_at_once_are_told_apart_and_overlaps_are_counted(four):
    later = decided("ann", "zoe", cutoff=ago(-10)).assign(offer="mail")
    result = learn(four, pd.concat([decided(), later]), churn(30))
    assert result.table.offer.tolist() == ["call", "mail"]
    assert result.counts["overlapping"] == 1  # ann
    after = decided("ann", "zoe", cutoff=ago(-30)).assign(offer="mail")
    assert learn(four, pd.concat([decided(), after]), churn(30)).counts["overlapping"] == 0


def test_without_costs_who_stays_earns_the_value_of_the_decision(four):
    line = only(learn(four, decided(cost=2.0, value=[50.0, 30.0, 40.0, 20.0]), churn(30)))
    assert line["profit_effect"] == (50 + 0) / 2 - 2 - (40 + 0) / 2


def test_a_campaign_without_a_control_has_totals_and_no_effect(four):
    result = learn(four, decided("ann bob cid dan", "", cost=1.0), churn(30), HALF, holdout=0.0)
    line = only(result)
    assert (line["evidence"], line["advice"], line["cost"]) == ("none", "test", 4.0)
    assert np.isnan(line["profit_effect"])
    assert result.ledger.line.tolist()[1] == "profit of the treated before the cost of the offer"
    assert result.ledger.amount.tolist() == [0.0, 40.0, -4.0, 36.0]
    assert any("what the offer did is not" in note for note in result.notes)


def test_a_hold_out_of_another_size_than_declared_is_no_longer_called_randomised(call):
    def campaign(share: float) -> Campaign:
        return Campaign(
            pd.DataFrame({"group": groups, "propensity": np.where(groups == "treat", 1 - share, share)}), 30, True
        )

    groups = np.repeat(["treat", "control"], (160, 40))
    assert mismatch(campaign(0.2).rows) == pytest.approx(1.0)
    assert mismatch(campaign(0.05).rows) < 1e-9
    assert (campaign(0.2).evidence, campaign(0.05).evidence) == ("randomised", "observational")
    undeclared = Campaign(pd.DataFrame({"group": groups}), 30, True)
    assert undeclared.evidence == "observational"  # nobody said how it was drawn
    broken = call.table.assign(mismatch=1e-9)
    assert any("the draw or a file is broken" in note for note in notes_of(broken, call.counts, {}))


def test_what_was_really_done_tells_who_was_followed_and_why_not():
    rows = [("ann", ago(-1), "yes", "ok", "north"), ("bob", ago(-2), "no", "no staff", "south")]
    done = pd.DataFrame(rows, columns=["customer", "at", "done", "why", "team"])
    result = learn(history([*BEFORE, *AFTER, LAST], done=done), decided("ann bob eve"), churn(30), HALF)
    follow = result.following
    assert (follow["followed"], follow["overridden"], follow["unreported"], follow["share"]) == (1, 1, 1, 0.5)
    assert (follow["why"], follow["teams"]) == ({"no staff": 1}, {"north": 1.0, "south": 0.0})
    assert follow["evidence"] == "observational"
    assert only(result)["not_reached"] == 2
    assert any("1 of 2 decisions to treat that were reported were overridden" in note for note in result.notes)


def test_a_changed_decision_is_told_from_a_skipped_one_and_missing_capacity_is_a_figure():
    rows = [("ann", "yes", "mail", "asked for it"), ("bob", "no", "call", "No staff today")]
    rows += [("eve", "changed", "call", ""), ("dan", "no", "mail", "no time")]
    done = pd.DataFrame(rows, columns=["customer", "done", "offer", "why"]).assign(at=ago(-1), team="north")
    decisions = decided("ann bob eve dan", "cid").assign(expected_gain=2.5)
    follow = learn(history([*BEFORE, *AFTER, LAST], done=done), decisions, churn(30), HALF).following
    assert (follow["followed"], follow["changed"], follow["skipped"], follow["unreported"]) == (0, 2, 1, 1)
    assert follow["capacity"] == {"missing": 1, "promised": 2.5, "teams": {"north": 1}}


def test_the_held_out_who_are_tied_to_the_treated_are_counted(call):
    pairs = [("ann", "cid"), ("dan", "cid"), ("dan", "zoe")]  # of cid and dan only cid is tied to a treated one
    ties = pd.DataFrame(pairs, columns=["customer", "other"]).assign(at=ago(9), kind="household")
    result = learn(history([*BEFORE, *AFTER, LAST], ties=ties), decided(), churn(30), HALF, holdout=0.5)
    assert (only(result)["tied"], only(call)["tied"]) == (1, None)
    note = "1 of 2 held out of call of 2024-07-01 (50%) are tied to somebody who was to be treated"
    assert any(text.startswith(note) for text in result.notes)


def test_a_report_is_about_the_latest_decision_before_it():
    done = pd.DataFrame([("ann", ago(-12), "yes")], columns=["customer", "at", "done"])
    both = pd.concat([decided("ann"), decided("ann", cutoff=ago(-10)).assign(offer="mail")])
    follow = learn(history([*BEFORE, *AFTER, LAST], done=done), both, churn(30), HALF).following
    assert (follow["followed"], follow["unreported"]) == (1, 1)


def test_an_interval_that_includes_zero_is_called_so(call):
    words = "the interval of call of 2024-07-01 includes zero: this does not show that it earned or lost anything"
    assert words in call.notes
    assert only(call)["advice"] == "test"


def test_decisions_about_customers_of_another_history_are_refused_and_single_strangers_counted(four):
    with pytest.raises(ScoreError, match=r"no event of any of the 4 customers who were decided on.*of another project"):
        learn(four, decided("p1 p2", "p3 p4"), churn(30))
    result = learn(four, decided("ann p2", "cid dan"), churn(30))
    assert result.notes[0].startswith("of 1 of the 4 customers who were decided on the history has no event; they")


def test_other_questions_and_decisions_that_cannot_be_meant_are_refused(four):
    with pytest.raises(QuestionError, match=r"got 'tier'\. Ask pt\.churn"):
        learn(four, decided(), tier(30, HALF))
    assert only(learn(four, decided(), next_purchase(30)))["kept_effect"] == 0.0
    with pytest.raises(ScoreError, match="The decisions lack offer"):
        learn(four, decided().drop(columns="offer"), churn(30))
    with pytest.raises(ScoreError, match="'treat' or 'control', but not in 2 of 4 rows; the first is row 2"):
        learn(four, decided().replace({"control": "holdout"}), churn(30))
    with pytest.raises(ScoreError, match=r"1 of 4 decisions have no customer.* row 1"):
        learn(four, decided().assign(customer=["ann", None, "cid", "dan"]), churn(30))


def test_in_the_simulated_world_the_ledger_is_that_of_the_world_to_the_cent_and_its_offers_are_a_trial():
    begin, end = "2023-07-03", "2023-08-28"
    world = simulate(customers=150, seed=2, until=begin, campaigns=())
    bought = world.tables["orders"].customer.unique()
    held = np.random.default_rng(0).random(len(bought)) < 0.3
    groups = np.where(held, "control", "treat")
    plan = pd.DataFrame({"customer": bought, "cutoff": pd.Timestamp(begin), "group": groups, "offer": "tips"})
    after = world.act(plan, "2023-09-04")
    result = learn(after.history(), plan.assign(expected_gain=1.0, cost=0.1), churn(56), CostModel(), holdout=0.3)
    book = after.profit(begin, end).loc[bought]
    assert result.ledger.amount.iloc[-1] == pytest.approx(book.profit.sum(), abs=0.005)
    assert result.ledger.amount.iloc[:-1].sum() == pytest.approx(book.profit.sum(), abs=0.005)
    assert (only(result)["contaminated"], only(result)["not_reached"]) == (0, 0)
    assert result.calibration.third.tolist() == ["lowest", "middle", "highest"]
    assert result.offers.groupby("arm").size().to_dict() == {"control": held.sum(), "treated": (~held).sum()}
