"""The simulated world: drawn by the seed alone, with a truth that comes true on average, and a ledger that adds up."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.datasets import simulate
from patron.datasets.simulated import Campaign, TrueOffer
from patron.datasets.simulated.process import chances
from patron.errors import SettingsError
from patron.questions.profit import CostModel
from patron.questions.profit import ledger as ledger_of

WEEK = pd.Timedelta(weeks=1)


@pytest.fixture(scope="module")
def world():
    return simulate(customers=1500, seed=1)


def campaign(assignment):
    """Return the arms of a campaign that keeps everybody a little, with recency and whether they bought afterwards."""
    greeting = TrueOffer("greeting", "letter", "content", 0.0, keeps={"all": 0.1}, noise=0.0)
    world = simulate(3000, seed=2, offers=[greeting], campaigns=[Campaign("greeting", 130, 0.5, 1.0, assignment)])
    offers, orders = (world.tables[name].set_index("customer") for name in ("offers", "orders"))
    day = offers["at"].iloc[0]
    last = orders["at"][orders["at"] < day].groupby("customer").max()
    bought = orders["at"][(orders["at"] >= day) & (orders["at"] < day + 13 * WEEK)].groupby("customer").size()
    recency = (day - last[offers.index]).dt.days
    return offers.assign(recency=recency, bought=bought.reindex(offers.index).notna())


def by_arm(table, column):
    means = table.groupby("arm")[column].mean()
    return means["treated"] - means["control"]


def test_a_seed_draws_the_same_world_again_and_another_seed_another(world):
    again, other = simulate(customers=1500, seed=1), simulate(customers=1500, seed=3)
    for name, table in world.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert not world.tables["orders"].equals(other.tables["orders"])


def test_what_a_customer_does_depends_on_nobody_who_comes_later():
    few, many = (simulate(3, seed=5, until=until, campaigns=()) for until in ("2023-01-02", "2024-01-01"))
    early = many.tables["orders"].query("at < '2023-01-02'").reset_index(drop=True)
    pd.testing.assert_frame_equal(few.tables["orders"], early)


def test_nothing_is_told_of_today_or_later(world):
    assert world.today == datetime(2024, 1, 1)
    for name, table in world.tables.items():
        if name != "customers":
            assert table["at"].max() < world.today
            assert table["at"].is_monotonic_increasing


def test_the_ledger_adds_up_by_row_by_time_and_by_what_the_tables_cost(world):
    book = world.profit()
    np.testing.assert_allclose(book.drop(columns="profit").sum(axis=1), book.profit, atol=0.005)
    half = pd.concat([world.profit(end="2023-01-02"), world.profit(start="2023-01-02")])
    assert half.profit.sum() == pytest.approx(book.profit.sum(), abs=0.01)
    costs = sum(world.tables[name].cost.sum() for name in ("tickets", "contacts", "offers"))
    assert book[["tickets", "contacts", "offers"]].sum().sum() == pytest.approx(-costs, abs=0.01)


def test_patron_reads_all_rows_and_the_same_profit_from_the_tables():
    world = simulate(customers=200, seed=1, assignment="confounded")
    assert all(not receipt.set_aside for receipt in world.history().receipts)
    assert ledger_of(world.history(), CostModel())["profit by ledger"] == pytest.approx(world.profit().profit.sum())


def test_some_loyal_customers_lose_money(world):
    orders, book = world.tables["orders"].groupby("customer")["at"], world.profit()
    loyal = (orders.max() - orders.min()).dt.days > 365
    losing = book.profit[loyal.index] < 0
    assert 0.05 < (book.profit < 0).mean() < 0.3
    assert (loyal & losing).sum() >= 10


def test_randomised_arms_are_alike_and_a_naive_difference_is_right():
    table = campaign("randomised")
    assert (table.propensity == 0.5).all()
    assert abs(by_arm(table, "recency")) < 10
    assert abs(by_arm(table, "bought")) < 0.06


@pytest.mark.parametrize("assignment", ["logged", "confounded"])
def test_where_those_at_risk_are_treated_an_offer_that_does_them_good_seems_to_harm(assignment):
    table = campaign(assignment)
    assert by_arm(table, "recency") > 40
    assert by_arm(table, "bought") < -0.15
    assert table.propensity.isna().all() == (assignment == "confounded")


def test_a_logged_propensity_mends_a_naive_difference():
    table = campaign("logged")
    treated = table.arm == "treated"
    means = [np.average(table.bought[arm], weights=1 / table.propensity[arm]) for arm in (treated, ~treated)]
    assert abs(means[0] - means[1]) < 0.08


def test_offers_keep_some_wake_others_and_leave_most_as_they_are(world):
    truth = world.truth()
    kinds = {"persuadable", "do not disturb", "sure thing", "lost cause"}
    assert set(truth.type) == kinds
    assert all(set(rows.type) == kinds for _, rows in truth.groupby("offer"))
    gone = truth[truth.state == "gone"]
    assert (gone.purchase_effect == 0).all()
    assert (gone.profit_effect < 0).all()
    assert set(gone.type) == {"lost cause"}


def weekly(world, contacts, unwelcome=0):
    """Return the mean chances of a week to order and to leave, after so many contacts in four weeks."""
    nothing = np.zeros(len(world.people))
    touches = np.stack([nothing + contacts, nothing + unwelcome])
    week = chances(world.people, 100, touches, nothing, nothing)
    return week.order.mean(), week.leave.mean()


def test_contacts_lift_purchases_less_and_less_and_too_many_or_unwelcome_ones_drive_away(world):
    order, leave = zip(*(weekly(world, count) for count in range(7)), strict=True)
    assert (np.diff(order) > 0).all()
    assert (np.diff(order, n=2) < 0).all()
    assert leave[0] == leave[4] < leave[5] < leave[6]
    assert weekly(world, 2, unwelcome=2)[1] == pytest.approx(1.5 * leave[2], rel=0.03)


def test_orders_grow_within_customers_by_what_was_asked_for_and_seem_to_grow_more_where_some_left():
    orders = simulate(4000, seed=2, growth=0.1, campaigns=()).tables["orders"].query("event_type == 'purchase'")
    came = orders.groupby("customer")["at"].transform("min")
    table = pd.DataFrame({"years": (orders["at"] - came).dt.days / 364, "log": np.log(orders.amount + orders.discount)})
    within = table - table.groupby(orders.customer).transform("mean")
    slopes = {name: np.polyfit(rows.years, rows.log, 1)[0] for name, rows in (("all", table), ("within", within))}
    assert slopes["within"] == pytest.approx(np.log(1.1), abs=0.02)
    assert slopes["all"] > slopes["within"] + 0.04


def test_churn_spreads_along_ties():
    leaves = {}
    for spread in (0.0, 0.5):
        world = simulate(2000, seed=4, spread=spread, campaigns=())
        first, second = world.state.left[world.people.tied].T
        leaves[spread] = ((first >= 0) & (second == first + 1)).mean()
    assert leaves[0.5] > 10 * leaves[0.0]
    assert leaves[0.5] > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate(customers=0), r"A world has customers, got customers=0\. Write customers=2_000\."),
        (lambda: simulate(10, spread=1.0), r"got spread=1\.0\. Write spread=0\.05\."),
        (lambda: simulate(10, growth=-1.0), r"got growth=-1\.0\. Write growth=0\.05\."),
        (lambda: simulate(10, assignment="random"), r"assignment is one of .*, got 'random'\. Write assignment='rand"),
        (lambda: simulate(10, mailing="all"), r"mailing is one of .*, got 'all'\. Write mailing='favoured'\."),
        (lambda: simulate(10, until="2024-01-03"), r"got until=2024-01-03\. Write until='2024-01-01'\."),
        (lambda: simulate(10, until="2020-01-06"), r"got until=2020-01-06\. Write until='2021-01-11'\."),
        (lambda: simulate(10, campaigns=[Campaign("cal", 9)]), r"no offer 'cal'.*Write offer='voucher'"),
        (lambda: simulate(10, offers=[TrueOffer("a", "phone", "service", 1.0)] * 2), r"names of their own, got a, a"),
        (lambda: simulate(10, until="2021-02-01").truth(90), r"whole weeks in days, got 90\. Write horizon=91\."),
        (lambda: simulate(10, until="2021-02-01", offers=()).truth(), r"no offers to be true of, got offers=\(\)"),
        (lambda: Campaign("call", 9, share=1.0), r"Campaign of 'call': .*got share=1\.0, reach=0\.5"),
        (lambda: Campaign("call", 9, assignment="all"), r"an assignment is one of .*, got 'all'"),
        (lambda: TrueOffer("a", "phone", "service", -1.0), r"Offer 'a': .* got contact_cost=-1\.0"),
        (lambda: TrueOffer("a", "phone", "service", 1.0, keeps={"aeg": 1.0}), r"no trait is called 'aeg'.*age"),
    ],
)
def test_a_world_that_cannot_be_meant_is_refused_with_what_to_write(call, message):
    with pytest.raises(SettingsError, match=message):
        call()


def earned(world, without, start):
    """Return what decisions changed: by customer the profit, and whether they bought at all."""
    differences = []
    for each in (world, without):
        orders = each.tables["orders"]
        bought = orders[(orders["at"] >= start) & (orders.event_type == "purchase")].customer.unique()
        book = each.profit(start)
        differences.append(pd.DataFrame({"profit": book.profit, "bought": book.index.isin(bought) * 1.0}))
    return differences[0] - differences[1]


def test_a_world_that_goes_on_is_the_same_as_one_simulated_at_once(world):
    on = simulate(customers=1500, seed=1, until="2022-12-26").act(None, "2023-03-06").act(None, "2024-01-01")
    for name, table in world.tables.items():
        pd.testing.assert_frame_equal(table, on.tables[name])
    pd.testing.assert_frame_equal(world.truth(), on.truth())


def test_a_treatment_changes_nothing_before_it_for_nobody_else_and_not_the_world_it_began_in():
    start = simulate(400, seed=6, until="2023-01-02", spread=0.0, campaigns=())
    customers = start.tables["customers"].customer[:200]
    before = start.tables["orders"].copy()
    calls = pd.DataFrame({"customer": customers, "offer": "voucher", "at": "2023-03-06"})
    treated, without = (start.act(decisions, "2023-10-02") for decisions in (calls, None))
    later = [each.tables["orders"].query("at >= '2023-03-06'") for each in (treated, without)]
    assert not later[0].equals(later[1])
    for name in ("orders", "contacts", "tickets"):
        pair = [each.tables[name] for each in (treated, without)]
        same = [rows[(rows["at"] < "2023-03-06") | ~rows.customer.isin(customers)] for rows in pair]
        pd.testing.assert_frame_equal(*(rows.reset_index(drop=True) for rows in same))
    pd.testing.assert_frame_equal(start.tables["orders"], before)


def test_the_true_effect_is_the_mean_difference_between_worlds_that_differ_in_the_treatment_alone():
    gift = TrueOffer(
        "gift", "e-mail", "discount", 1.0, 5.0, 0.5, keeps={"deals": 1.5}, lifts={"all": 0.7, "deals": 0.7}
    )
    start = simulate(6000, seed=7, offers=[gift], campaigns=(), spread=0.0)
    truth = start.truth(91).set_index("customer")
    decisions = pd.DataFrame({"customer": truth.index, "offer": "gift"})
    changed = earned(start.act(decisions, "2024-04-01"), start.act(None, "2024-04-01"), "2024-01-01").loc[truth.index]
    for kind, sign in (("persuadable", 1), ("do not disturb", -1)):
        rows = truth.type == kind
        for name, effect in (("bought", "purchase_effect"), ("profit", "profit_effect")):
            error = changed[name][rows].std() / np.sqrt(rows.sum())
            assert abs(changed[name][rows].mean() - truth[effect][rows].mean()) < 3 * error
        assert sign * truth.purchase_effect[rows].mean() > 5 * changed.bought[rows].std() / np.sqrt(rows.sum())


def test_the_profit_expected_without_an_offer_is_earned_on_average():
    start = simulate(6000, seed=8, campaigns=(), spread=0.05)
    truth = start.truth(182).query("offer == 'call'").set_index("customer")
    book = start.act(None, "2024-07-01").profit("2024-01-01").profit[truth.index]
    error = (book - truth.profit).std() / np.sqrt(len(book))
    assert abs(book.mean() - truth.profit.mean()) < 3 * error
    assert abs(truth.profit.mean()) > 10 * error


def test_what_is_decided_is_written_down_and_paid_for_and_the_control_is_left_as_it_was():
    start = simulate(100, seed=9, until="2023-01-02", spread=0.0, campaigns=())
    keys = start.tables["customers"].customer
    decisions = pd.DataFrame(
        {"customer": keys[:3], "offer": "call", "group": ["treat", "control", "treat"], "propensity": [0.9, 0.1, 0.9]}
    )
    world, without = start.act(decisions, "2023-02-06"), start.act(None, "2023-02-06")
    rows = world.tables["offers"]
    assert rows[["offer", "arm", "propensity", "cost"]].to_numpy().tolist() == [
        ["call", "treated", 0.9, 4.0],
        ["call", "control", 0.1, 0.0],
        ["call", "treated", 0.9, 4.0],
    ]
    assert rows["at"].tolist() == [start.today] * 3
    assert world.profit().offers.sum() == -8.0
    assert earned(world, without, "2023-01-02").profit[keys[1]] == 0.0


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("customer", "c999", r"Decisions name a customer who is not there today in 1 of 2 rows \(from 0: 1\)\."),
        ("offer", "cal", r"no offer 'cal'.*Write offer='voucher'"),
        ("group", "hold", r"a group that is neither 'treat' nor 'control' in 1 of 2 rows .*Write group='treat'\."),
        (
            "at",
            "2022-12-26",
            r"a time that is no Monday from 2023-01-02 to 2023-01-30 in 1 of 2 rows .*Write at='2023-01-02'",
        ),
        ("at", "2023-02-06", r"no Monday from 2023-01-02 to 2023-01-30"),
        ("at", "2023-01-04", r"no Monday from 2023-01-02 to 2023-01-30"),
        (
            "customer",
            "c0",
            r"an offer that the customer has at that time already in 1 of 2 rows .*Write decisions\.drop",
        ),
    ],
)
def test_a_decision_that_cannot_be_carried_out_is_refused_without_the_customers_key(column, value, message):
    start = simulate(100, seed=9, until="2023-01-02", campaigns=())
    rows = pd.DataFrame({"customer": ["c0", "c1"], "offer": "call", "group": "treat", "at": "2023-01-02"})
    rows.loc[1, column] = value
    with pytest.raises(SettingsError, match=message) as refusal:
        start.act(rows, "2023-02-06")
    assert "c999" not in str(refusal.value)


def test_what_is_no_table_decisions_without_an_offer_and_days_gone_by_are_refused():
    start = simulate(10, until="2023-01-02", campaigns=())
    with pytest.raises(
        SettingsError, match=r"a table of customers and offers, got list\. Write world\.act\(plan\.table"
    ):
        start.act([("c0", "call")], "2023-02-06")
    with pytest.raises(SettingsError, match=r"lack the column 'offer'\. They have: customer\."):
        start.act(pd.DataFrame({"customer": ["c0"]}), "2023-02-06")
    with pytest.raises(
        SettingsError, match=r"weeks from 2023-01-02, got until=2022-12-26\. Write until='2023-01-09'\."
    ):
        start.act(None, "2022-12-26")


def test_an_offer_that_spills_over_reaches_who_is_tied_to_its_customer_and_nobody_else():
    offer = TrueOffer("visit", "phone", "service", 1.0, keeps={"all": 3.0}, lifts={"all": 3.0}, noise=0.0)
    before = simulate(300, 1, "2023-07-03", campaigns=(), offers=(offer,), spread=0.0, spillover=0.5)
    customers, ties = before.tables["customers"].customer, before.tables["ties"]
    first = ties.customer.value_counts().index[0]
    near = {first, *ties.other[ties.customer == first], *ties.customer[ties.other == first]}
    plan = pd.DataFrame({"customer": [first], "offer": ["visit"]})
    weeks = [before.act(decisions, "2023-08-28").profit().profit.reindex(customers) for decisions in (plan, None)]
    moved = set(customers[(weeks[0] != weeks[1]).to_numpy() & weeks[0].notna().to_numpy()])
    assert len(moved) > 1
    assert moved <= near
    with pytest.raises(SettingsError, match=r"The spillover is a share from 0 to 1, got spillover=2\. Write 0\.5"):
        simulate(10, spillover=2)
