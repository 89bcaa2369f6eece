"""Past campaigns as trials: features end at the contact, outcomes begin there, and nothing is left out in silence."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from patron.decisions.uplift.campaigns import campaign_trial
from patron.errors import QuestionError
from patron.features import purchases
from patron.history.history import History
from patron.history.sources import events
from patron.history.subscriptions import subscriptions
from patron.periods import EVER, span
from patron.questions.contracts import cancellation, win_back
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import matrix
from patron.questions.profit import CostModel
from worlds.histories import COLUMNS, CUTOFF, TICK, ago, contacts_of, frame_of, orders_of, returns_of

SENT = ("customer", "at", "campaign", "arm", "chance", "cost")
ROLES = {"customer": "customer", "at": "at", "offer": "campaign", "arm": "arm", "propensity": "chance", "cost": "cost"}
LAST = ("end", ago(-200), 1.0)  # up to here all is known
ORDERS = [(name, ago(40), 10.0) for name in ("ann", "bob", "cid", "dan")]
BUY = ("ann", CUTOFF, 1.0)
SHORT = churn(30, features=(purchases.recency, purchases.orders.over(EVER)))


def history(orders: list[tuple], sent: list[tuple], **tables: pd.DataFrame) -> History:
    given = {"orders": frame_of([*orders, LAST], ("customer", "at", "amount")), **tables}
    declared = {name: events(frame) for name, frame in given.items()}
    return History.of(**declared, offers=events(pd.DataFrame(sent, columns=SENT), **ROLES))


def sent_to(*names: str, at=CUTOFF, arm="call", chance=0.5, campaign="spring") -> list[tuple]:
    return [(name, at, campaign, arm, chance, 2.0) for name in names]


BOTH = [*sent_to("ann", "bob"), *sent_to("cid", "dan", arm="control")]


def outcomes(trial) -> dict[str, float]:
    return dict(zip(trial.key.customer, trial.outcome.tolist(), strict=True))


def test_the_horizon_is_counted_from_the_contact_which_itself_is_its_future():
    end = CUTOFF + timedelta(days=30)
    bought = [("ann", CUTOFF, 1.0), ("bob", end, 1.0), ("cid", end - TICK, 1.0), ("dan", CUTOFF - TICK, 1.0)]
    trial = campaign_trial(SHORT, history([*ORDERS, *bought], BOTH))
    assert outcomes(trial) == {"ann": 1, "bob": 0, "cid": 1, "dan": 0}
    assert trial.features.orders.tolist() == [1, 1, 1, 2]
    assert (trial.outcome_kind, trial.control, trial.treatments) == ("probability", "control", ("call",))


def test_each_contact_has_a_horizon_of_its_own_by_the_calendar_where_it_is_in_months():
    late = CUTOFF + timedelta(days=31)  # 1 August: a month is over on 1 August and on 1 September
    sent = [*sent_to("ann"), *sent_to("bob", at=late), *sent_to("cid", "dan", arm="control", at=late)]
    bought = [("ann", late, 1.0), ("bob", late + timedelta(days=31) - TICK, 1.0), ("cid", CUTOFF, 1.0)]
    trial = campaign_trial(replace(SHORT, horizon=span("1 month")), history([*ORDERS, *bought], sent))
    assert outcomes(trial) == {"ann": 0, "bob": 1, "cid": 0, "dan": 0}


def test_features_are_those_that_a_model_has_of_the_same_customer_at_the_same_time():
    contacts = frame_of([(name, ago(3), "mail", "question", 1.0, "in") for name in ("ann", "cid")], COLUMNS["contacts"])
    whole = history([*ORDERS, BUY], BOTH, contacts=contacts)
    trial = campaign_trial(churn(30), whole)
    rows = matrix(trial.question, whole, [CUTOFF])
    same = rows.X.assign(customer=rows.key.customer).set_index("customer").loc[trial.key.customer]
    assert_frame_equal(trial.features, same.reset_index(drop=True)[trial.features.columns])
    assert [d.name for d in trial.definitions] == list(trial.features)
    assert trial.features.contacts_30d.tolist() == [1, 0, 1, 0]


def test_many_times_of_contact_look_back_from_the_beginning_of_their_day_and_say_so():
    names = [f"c{i:02}" for i in range(62)]
    orders = [(name, ago(40), 1.0) for name in names] + [
        ("c61", CUTOFF, 1.0),
        ("c60", CUTOFF + timedelta(days=30), 1.0),
    ]
    sent = [
        *(row for i, name in enumerate(names) for row in sent_to(name, at=CUTOFF + timedelta(minutes=i))[:1]),
        *sent_to("c00", arm="control", at=CUTOFF + timedelta(days=1)),
    ]
    sent[1] = (*sent[1][:3], "control", *sent[1][4:])
    trial = campaign_trial(SHORT, history(orders, sent))
    last = trial.key[trial.key.customer == "c61"].index[0]
    assert trial.key.cutoff[last] == pd.Timestamp(CUTOFF)
    assert trial.features.orders[last] == 1  # the order of that day's midnight is no past of it
    assert trial.notes[0].startswith("features look at what was before the day of each contact")
    assert outcomes(trial)["c60"] == 1  # half an hour within its own 30 days


def test_contacts_that_tell_nothing_are_left_out_and_counted_by_reason():
    sent = [
        *BOTH,
        *sent_to("ann", at=ago(-190)),
        *sent_to("ann", at=ago(400)),
        *sent_to("ann", arm=None, at=ago(9)),
        ("bob", CUTOFF, "spring", "call", 0.5, 3.0),  # told again, at another cost
        *sent_to("eve", at=ago(1)),
        *sent_to("eve", at=ago(1), arm="control"),
        *sent_to("fay"),
        *sent_to("cid", chance=1.0, at=ago(5)),
        *sent_to("dan", chance=None, at=ago(5)),
    ]
    trial = campaign_trial(SHORT, history([*ORDERS, BUY], sent))
    assert trial.counts["left_out"] == {
        "could get one arm only": 1,
        "horizon not over": 1,
        "in several arms at one time": 2,
        "no arm": 1,
        "no propensity, which others have": 1,
        "nothing known before": 1,
        "not asked about then": 1,
        "repeated contact": 1,
    }
    assert (trial.counts["contacts"], trial.counts["used"], len(trial)) == (13, 4, 4)
    assert repr(trial) == "CampaignTrial(4 of 13 contacts: 2 control, 2 call; randomised)"


def test_a_contact_whose_horizon_looks_into_a_hole_in_the_orders_is_left_out():
    days = [day for day in range(300) if not 150 <= day < 190]
    daily = [("end", ago(300 - day), 1.0) for day in days for _ in range(2)]
    sent = [(row[0], ago(100), *row[2:]) for row in BOTH] + sent_to("ann", at=ago(160))
    known = [(name, ago(290), 1.0) for name, *_ in BOTH] + [("bob", ago(90), 1.0)]
    orders = events(frame_of([*daily, *known], ("customer", "at", "amount")))
    whole = History.of(orders=orders, offers=events(pd.DataFrame(sent, columns=SENT), **ROLES))
    assert len(whole.holes) == 1
    assert campaign_trial(SHORT, whole).counts["left_out"] == {"no orders are known within the horizon": 1}


def test_a_contact_followed_by_another_treatment_within_its_horizon_is_told():
    again = [*sent_to("cid", campaign="autumn", at=ago(-29)), *sent_to("ann", campaign="autumn", at=ago(-30))]
    trial = campaign_trial(SHORT, history([*ORDERS, BUY], [*BOTH, *again]), offer="spring")
    assert trial.counts["followed"] == 1
    assert "1 contacts were followed by another treatment" in trial.notes[0]


@pytest.mark.parametrize(
    ("chances", "assignment"), [((0.8, 0.2), "randomised"), ((0.8, 0.7), "logged"), ((None, None), "observational")]
)
def test_how_the_arms_came_about_is_read_off_the_propensities(chances, assignment):
    sent = [*sent_to("ann", "cid", chance=chances[0]), *sent_to("bob", "dan", chance=chances[1], arm="control")]
    trial = campaign_trial(SHORT, history([*ORDERS, BUY], sent))
    assert trial.assignment == assignment
    if chances[0] is None:
        assert trial.propensity is None
        assert campaign_trial(SHORT, history([*ORDERS, BUY], sent), "", "randomised").assignment
    else:
        assert trial.propensity.loc[0].to_dict() == pytest.approx({"control": 1 - chances[0], "call": chances[0]})


def test_profit_as_outcome_is_that_of_the_cost_model_without_what_offers_cost():
    bought = [("ann", CUTOFF, 50.0), ("cid", CUTOFF, 20.0)]
    costs = CostModel(margin_rate=0.4, cost_per_order=1.0, cost_per_event={"offers": 9.0})
    trial = campaign_trial(tier(30, costs), history([*ORDERS, *bought], BOTH))
    assert (trial.outcome_kind, trial.cost.tolist()) == ("money", [2.0] * 4)
    assert outcomes(trial) == {"ann": 19.0, "bob": 0.0, "cid": 7.0, "dan": 0.0}


def test_what_is_raised_follows_the_question():
    whole = history([*ORDERS, BUY], BOTH)
    assert outcomes(campaign_trial(next_purchase(30), whole)) == {"ann": 1, "bob": 0, "cid": 0, "dan": 0}


def test_a_history_without_arms_and_an_offer_that_it_lacks_are_refused():
    whole = history(ORDERS, [*BOTH, *sent_to("ann", campaign="autumn")])
    with pytest.raises(QuestionError, match=r"has several offers: 'autumn', 'spring'. Name one: offer='autumn'"):
        campaign_trial(SHORT, whole)
    with pytest.raises(QuestionError, match=r"is of the offer 'sprin'. Did you mean 'spring'\? It has: 'autumn'"):
        campaign_trial(SHORT, whole, "sprin")
    with pytest.raises(QuestionError, match=r"contacts of the offer 'autumn', 1 treated and 0 control can be compared"):
        campaign_trial(SHORT, whole, "autumn")
    with pytest.raises(
        QuestionError, match=r"from the event table 'offers', and the history has none: orders. Declare"
    ):
        campaign_trial(SHORT, History.of(orders=events(frame_of(ORDERS, ("customer", "at", "amount")))))


def test_contacts_that_cost_less_than_nothing_are_refused():
    paid_back = [(*row[:5], -2.0) for row in sent_to("ann", "bob")]
    with pytest.raises(QuestionError, match=r"Of the 4 contacts of the offer 'spring', 2 have a cost below 0\."):
        campaign_trial(SHORT, history(ORDERS, [*paid_back, *sent_to("cid", "dan", arm="control")]), "spring")


def test_each_of_many_offers_is_known_by_its_name():
    others = [row for number in range(70) for row in sent_to("ann", campaign=f"a{number:02}")]
    whole = history([*ORDERS, BUY], [*BOTH, *others])
    assert len(campaign_trial(SHORT, whole, "spring")) == 4
    with pytest.raises(QuestionError, match=r"It has: 'a00', .*, 'a59' and 11 others\. Its column"):
        campaign_trial(SHORT, whole, "summer")


def test_contacts_without_an_outcome_say_why_in_the_refusal():
    with pytest.raises(QuestionError, match=r"0 treated and 0 control .* 4: horizon not over\. Ask with a shorter"):
        campaign_trial(churn(300), history(ORDERS, BOTH))


def test_a_question_that_nobody_contacted_is_about_is_refused():
    with pytest.raises(
        QuestionError, match=r"No customer who was contacted had an order in the 30d before the contact"
    ):
        campaign_trial(churn(30, active_in=30), history(ORDERS, BOTH))


def test_propensities_that_fit_only_as_the_chance_of_being_treated_are_refused():
    names = [f"c{i:03}" for i in range(400)]
    orders = [(name, ago(40), 10.0) for name in names] + [(name, CUTOFF, 1.0) for name in names[::3]]
    sent = [*sent_to(*names[:360], chance=0.9), *sent_to(*names[360:], chance=0.9, arm="control")]
    with pytest.raises(
        QuestionError, match=r"90% of 400 contacts were treated, .* Write 1 - the chance in the rows of"
    ):
        campaign_trial(SHORT, history(orders, sent))


def test_chances_of_several_arms_are_known_where_all_of_an_arm_had_the_same():
    sent = [*sent_to("ann", "bob", chance=0.5), *sent_to("cid", "dan", chance=0.2, arm="mail")]
    sent += sent_to("eve", "fay", chance=0.3, arm="control")
    orders = [*ORDERS, ("eve", ago(40), 1.0), ("fay", ago(40), 1.0), BUY]
    trial = campaign_trial(SHORT, history(orders, sent))
    assert trial.propensity.to_dict("records") == [{"control": 0.3, "call": 0.5, "mail": 0.2}] * 6
    sent[0] = (*sent[0][:4], 0.4, sent[0][5])
    trial = campaign_trial(SHORT, history(orders, sent))
    assert (trial.propensity, trial.assignment) == (None, "observational")
    assert trial.notes == ("the propensity is not used: it is unknown, or does not tell the chance of the other arms",)


def test_orders_after_the_contact_choose_no_windows_of_the_features():
    daily = [("cid", CUTOFF + timedelta(days=day), 1.0) for day in range(60)]
    few, many = (campaign_trial(churn(30), history([*ORDERS, *orders, BUY], BOTH)) for orders in ([], daily))
    assert_frame_equal(few.features, many.features)


DRAWN = st.fixed_dictionaries({"orders": orders_of(), "returns": returns_of(), "contacts": contacts_of()})
KINDS = {"orders": COLUMNS["late_orders"], "returns": COLUMNS["returns"], "contacts": COLUMNS["contacts"]}


def three_ways(first: dict[str, list[tuple]], second: dict[str, list[tuple]]) -> History:
    """Each customer three times: as drawn, with another future, and with another past."""
    rows = {
        "orders": [(name, ago(50), ago(50), 5.0) for name in "wxyz"] + [(name, CUTOFF, CUTOFF, 1.0) for name in "xz"],
        "returns": [(name, ago(10), 5.0) for name in "xy"],
        "contacts": [(name, ago(5), "mail", "complaint", 1.0, "in") for name in "xy"],
    }
    rows["orders"] += [("end", ago(days), ago(days), 1.0) for days in (700, -300)]
    for table in KINDS:
        past, future = [row for row in first[table] if not later(row)], [row for row in first[table] if later(row)]
        other = [row for row in second[table] if later(row)], [row for row in second[table] if not later(row)]
        for way, drawn in (("drawn", past + future), ("future", past + other[0]), ("past", other[1] + future)):
            rows[table] += [(f"{way}/{row[0]}", *row[1:]) for row in drawn]
    sent = [*sent_to(*"wx"), *sent_to(*"yz", arm="control")]
    for way in ("drawn", "future", "past"):
        sent += [
            *sent_to(*(f"{way}/{name}" for name in "abc")),
            *sent_to(*(f"{way}/{n}" for n in "def"), arm="control"),
        ]
    declared = {name: events(frame_of(rows[name], KINDS[name])) for name in KINDS}
    return History.of(**declared, offers=events(pd.DataFrame(sent, columns=SENT), **ROLES))


def later(row: tuple) -> bool:
    return row[1] >= CUTOFF


@given(DRAWN, DRAWN)
@settings(max_examples=2, deadline=None)
def test_events_from_the_contact_on_change_no_feature_and_events_before_it_no_outcome(first, second):
    trial = campaign_trial(churn(60), three_ways(first, second))
    rows = trial.features.assign(outcome=trial.outcome).set_axis(trial.key.customer)
    of = {way: rows[rows.index.str.startswith(way)] for way in ("drawn", "future", "past")}
    drawn, future, past = (part.set_axis(part.index.str.split("/").str[1]) for part in of.values())
    assert_frame_equal(drawn.drop(columns="outcome"), future.drop(columns="outcome"), check_exact=True)
    both = drawn.index.intersection(past.index)
    assert drawn.outcome[both].tolist() == past.outcome[both].tolist()


def test_an_offer_to_members_is_to_keep_their_contracts_and_one_to_who_left_is_to_bring_them_back():
    rows = [("ann", ago(90), ago(-9)), ("bob", ago(90), None), ("cid", ago(90), None), ("dan", ago(90), ago(-40))]
    rows += [("eve", ago(90), ago(20)), ("fay", ago(90), ago(20)), ("eve", ago(-5), None), ("gus", ago(90), ago(20))]
    rows += [("hal", ago(90), ago(20)), ("end", ago(-190), None)]
    members = subscriptions(
        pd.DataFrame(rows, columns=["customer", "start", "end"]), customer="customer", start="start", end="end"
    )
    sent = [*BOTH, *sent_to("eve", "fay"), *sent_to("gus", "hal", arm="control")]
    whole = History.of(contracts=members, offers=events(pd.DataFrame(sent, columns=SENT), **ROLES))
    kept = campaign_trial(cancellation(30), whole)
    assert outcomes(kept) == {"ann": 0, "bob": 1, "cid": 1, "dan": 1}
    assert kept.counts["left_out"] == {"not asked about then": 4}
    assert outcomes(campaign_trial(win_back(30), whole)) == {"eve": 1, "fay": 0, "gus": 0, "hal": 0}
