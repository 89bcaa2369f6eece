"""The portfolio of a history: it adds up to the ledger, knows nothing of the future, and says what it leaves out."""

from datetime import datetime

import pandas as pd
import pytest

import patron as pt
from patron.datasets import simulate
from patron.errors import HistoryError, QuestionError
from patron.periods import EVER, Span
from patron.portfolio.comparison import PROFITABLE, WORTH
from patron.portfolio.customers import customers_at
from patron.portfolio.letting_go import first_step
from patron.portfolio.terms import PortfolioTerms
from patron.questions.kinds import tier
from patron.questions.profit import CostModel, profit_before
from worlds.histories import history_from, small

AT, BEFORE = datetime(2023, 9, 1), datetime(2023, 6, 1)
QUESTION = tier(90, CostModel(cost_per_order=2.0, cost_per_event={"contacts": 0.5}))
CENT = 0.005


def declared(tables):
    orders = pt.events(tables["orders"], returns={"event_type": "return"}, customer="customer", at="at")
    others = {name: pt.events(tables[name], customer="customer", at="at") for name in ("contacts", "tickets")}
    ties = pt.events(tables["ties"], customer="customer", at="at", other="other")
    return pt.History.of(orders=orders, ties=ties, **others)


@pytest.fixture(scope="module")
def tables():
    return simulate(customers=120, seed=3).tables


@pytest.fixture(scope="module")
def history(tables):
    return declared(tables)


@pytest.fixture(scope="module")
def portfolio(history):
    return pt.portfolio(history, AT, QUESTION, PortfolioTerms(acquisition_cost=10.0))


def test_a_snapshot_counted_by_hand():
    history = small(("ann", "2024-01-31", 10.0), ("ann", "2024-03-01", 30.0), ("bob", "2024-02-01", 5.0))
    (frame,) = customers_at(history, [datetime(2024, 3, 2)], tier(30, CostModel(margin_rate=0.5)))
    ann, bob = frame.to_dict("records")
    assert (ann["recency"], ann["tenure"], ann["orders"], ann["spend"]) == (1.0, 31.0, 2.0, 40.0)
    assert (ann["profit"], ann["profit_lately"], ann["cohort"]) == (20.0, 15.0, "2024-01")
    assert (bob["profit"], bob["profit_lately"], bob["cohort"]) == (2.5, 2.5, "2024-02")


def test_every_table_of_groups_adds_up_to_all_customers_to_the_cent(portfolio):
    names = {"cohort", "channel", "segment", "tier", "relationship", "relationship_type", "loyalty_stage"}
    assert set(portfolio.groups) == names
    for table in portfolio.groups.values():
        assert table.customers.sum() == len(portfolio.customers)
        for money in ("spend", "profit", "equity"):
            assert table[money].sum() == pytest.approx(portfolio.customers[money].sum(), abs=CENT)
    assert portfolio.grid.profit.sum() == pytest.approx(portfolio.customers.profit.sum(), abs=CENT)


def test_customers_bring_the_profit_of_the_ledger_to_the_cent(portfolio, history):
    assert portfolio.ledger["profit of customers"] == pytest.approx(portfolio.customers.profit.sum(), abs=CENT)
    assert portfolio.ledger["not led back to a customer"] == pytest.approx(0.0, abs=CENT)
    lately = profit_before(history, QUESTION.costs, AT, QUESTION.horizon)
    assert portfolio.parts.profit.sum() == pytest.approx(lately, abs=CENT)
    parts = portfolio.parts.drop(columns="profit")
    assert {"orders_profit", "returns_profit", "tickets_profit", "contacts_profit"} == set(parts)
    assert parts.to_numpy().sum() == pytest.approx(lately, abs=CENT)


def test_profit_before_a_cutoff_is_that_of_the_events_before_it_in_the_window():
    history = small(("ann", "2024-01-31", 10.0), ("bob", "2024-03-01", 30.0), ("bob", "2024-03-02", 50.0))
    costs = CostModel(margin_rate=0.5, cost_per_order=1.0)
    assert profit_before(history, costs, datetime(2024, 3, 2)) == 18.0
    assert profit_before(history, costs, datetime(2024, 3, 2), Span(30)) == 14.0


def test_spend_is_that_of_the_orders_before_the_cutoff_net_of_returns(portfolio, history):
    orders = history.past("orders", AT, EVER)
    spend = orders.standing_amount.sum().cast("float64").to_pyarrow().as_py()
    assert portfolio.customers.spend.sum() == pytest.approx(spend, abs=CENT)


def test_profit_that_is_credited_along_referrals_is_that_of_customers_to_the_cent(portfolio):
    assert portfolio.social.referred > 0
    assert portfolio.customers.social_value.sum() == pytest.approx(portfolio.customers.profit.sum(), abs=CENT)
    assert portfolio.social.profit["all"] == pytest.approx(portfolio.customers.profit.sum(), abs=CENT)


def test_the_bridge_and_the_moves_lead_from_one_portfolio_to_the_other(portfolio):
    money = portfolio.bridge.set_index("part").money
    assert money.before == pytest.approx(portfolio.before.equity.sum(), abs=CENT)
    assert money.now == pytest.approx(portfolio.equity.value, abs=CENT)
    assert money[["before", "lost", "shrunk", "grown", "new"]].sum() == pytest.approx(money.now, abs=CENT)
    for name, table in portfolio.moved.items():
        assert table.sum().tolist() == portfolio.groups[name].customers.tolist()
        assert table.iloc[:-1].to_numpy().sum() == len(portfolio.before)


def test_nothing_at_or_after_the_cutoff_changes_anything(portfolio, tables):
    later = {name: tables[name]["at"] >= pd.Timestamp(AT) for name in ("orders", "contacts", "tickets")}
    changed = {
        name: tables[name].assign(customer=tables[name].customer.mask(rows, "c0")) for name, rows in later.items()
    }
    changed["orders"]["amount"] = changed["orders"].amount.mask(later["orders"], 7.0)
    other = pt.portfolio(declared({"ties": tables["ties"], **changed}), AT, QUESTION)
    pd.testing.assert_frame_equal(other.customers, portfolio.customers, check_exact=True)
    pd.testing.assert_frame_equal(other.bridge, portfolio.bridge, check_exact=True)


def test_the_earlier_portfolio_knows_what_was_known_on_that_day(portfolio, history):
    (then,) = customers_at(history, [BEFORE], QUESTION)
    assert portfolio.earlier == BEFORE
    assert portfolio.before[then.columns].equals(then)


def test_stability_and_risk_are_told(portfolio):
    assert set(portfolio.stability) == {"segment", "tier", "relationship", "relationship_type"}
    assert all(0 < agreement < 1 for agreement in portfolio.stability.values())
    assert portfolio.equity.low < portfolio.equity.value < portfolio.equity.high
    assert 0 < portfolio.at_risk < portfolio.equity.value - portfolio.equity.low
    assert set(portfolio.left_out) == {
        "brand concentration",
        "headroom",
        "price index",
        "usage after only_promotions",
        "knowledge value",
        "leaving along ties",
    }


def test_returns_add_up_to_the_bridge_and_to_what_customers_brought_since(portfolio):
    returns = portfolio.cash.returns
    money, since = (
        portfolio.bridge.set_index("part").money,
        portfolio.customers.profit.sum() - portfolio.before.profit.sum(),
    )
    assert returns.loc[0, ["profit", "equity"]].tolist() == pytest.approx([since, money.now - money.before], abs=CENT)
    assert returns.iloc[1:][["profit", "equity", "cost"]].sum().tolist() == pytest.approx(
        returns.loc[0, ["profit", "equity", "cost"]].tolist(), abs=CENT
    )


def test_without_costs_equity_is_of_revenue_and_profit_is_left_out_with_the_reason(tables):
    orders = tables["orders"].query("event_type == 'purchase'")[["customer", "at", "amount"]]
    portfolio = pt.portfolio(history_from(orders=orders), AT)
    assert "tier" not in portfolio.groups
    assert portfolio.equity.value > 0
    assert portfolio.left_out[PROFITABLE].startswith(
        "Profit needs to know what is left of an amount: event table 'orders' has neither 'margin' nor 'cost'"
    )


def test_orders_without_amounts_still_have_segments(tables):
    orders = tables["orders"].query("event_type == 'purchase'")[["customer", "at"]]
    portfolio = pt.portfolio(history_from(orders=orders), AT)
    assert portfolio.groups["segment"].customers.sum() == len(portfolio.customers)
    assert portfolio.equity is None
    assert portfolio.left_out[WORTH].startswith("The orders have no amount. Declare it at the door")
    assert "contacts or offers" in portfolio.left_out["contacts that fit and usage after broken rules"]
    assert portfolio.left_out["some of the four C's"].startswith("Share of the money of orders that was not sent back")
    assert "requests for service, for each order needs tickets." in portfolio.left_out["some of the four C's"]


def test_a_single_customer_is_told_what_is_missing():
    portfolio = pt.portfolio(small(("ann", "2024-01-05", 10.0), ("ann", "2024-02-20", 10.0)), "2024-03-01")
    assert len(portfolio.customers) == 1
    assert portfolio.left_out["scores and segments"] == (
        "They compare customers, and there is 1 customer: at least 5 are needed."
    )
    assert "only 1 of 1 did; at least 10 are needed" in portfolio.left_out["equity"]
    assert portfolio.tops == {0.01: 1.0, 0.05: 1.0, 0.10: 1.0, 0.20: 1.0}


def test_a_single_month_is_compared_with_nothing():
    rows = [(f"c{i}", f"2024-01-{day:02}", 10.0) for i in range(12) for day in (1 + i, 15 + i)]
    portfolio = pt.portfolio(small(*rows), "2024-02-01", tier(30, CostModel(margin_rate=0.5)))
    assert portfolio.earlier is None
    assert portfolio.moved == {}
    assert portfolio.left_out["moves and bridge"].startswith(
        "They compare with 2023-11-01, before which nothing is known: the first event is of 2024-01-01"
    )
    assert portfolio.groups["segment"].customers.sum() == 12


def test_customers_who_all_lose_money_have_no_curve_of_profit_and_equity_below_zero():
    rows = [(f"c{i}", f"2024-01-{day:02}", 10.0) for i in range(12) for day in (1 + i, 15 + i)]
    portfolio = pt.portfolio(small(*rows), "2024-02-01", tier(30, CostModel(margin_rate=0.5, cost_per_order=9.0)))
    assert set(portfolio.customers.tier) == {"lead"}
    assert set(portfolio.customers.relationship) <= {"barnacles", "strangers"}
    assert portfolio.equity.value < 0
    assert portfolio.left_out["concentration of profit"] == "All customers together bring -96.00."
    assert set(portfolio.curves) == {"spend"}


def test_currencies_that_are_mixed_are_refused_at_the_door():
    frame = pd.DataFrame({"customer": ["a", "b"], "at": "2024-01-05", "amount": [1.0, 2.0], "currency": ["EUR", "USD"]})
    with pytest.raises(HistoryError, match="EUR"):
        pt.History.of(orders=pt.events(frame))


def test_a_cutoff_before_all_events_is_refused(history):
    with pytest.raises(QuestionError, match="The cutoff 2001-01-01 lies outside the history"):
        pt.portfolio(history, "2001-01-01")


def test_scores_by_thresholds_of_ones_own_and_a_comparison_with_last_month(history):
    scores = {"recency": [30, 90, 180, 365], "frequency": [2, 3, 5, 10]}
    terms = PortfolioTerms(since=Span.of_months(1), scores=scores, segments=(pt.Segment("regular", frequency=(5, 5)),))
    portfolio = pt.portfolio(history, AT, QUESTION, terms)
    assert portfolio.earlier == datetime(2023, 8, 1)
    regular = portfolio.groups["segment"].set_index("segment").customers["regular"]
    assert regular == (portfolio.customers.orders >= 10).sum()


def test_an_earlier_day_before_which_nobody_had_ordered_is_no_comparison():
    orders = pd.DataFrame({"customer": ["a", "b"], "at": ["2024-01-05", "2024-01-20"], "amount": 10.0})
    contacts = pd.DataFrame({"customer": ["a"], "at": ["2022-01-01"]})
    history = pt.History.of(orders=pt.events(orders), contacts=pt.events(contacts))
    portfolio = pt.portfolio(history, "2024-01-25")
    assert portfolio.earlier is None
    assert "before which nobody had ordered" in portfolio.left_out["moves and bridge"]


def test_who_loses_money_has_the_gentlest_step_beside_the_reason_and_nobody_else_has_one(portfolio):
    losing = portfolio.customers[portfolio.customers.loses_by.notna()]
    assert len(losing)
    assert losing.try_first.tolist() == losing.loses_by.map(first_step).tolist()
    assert portfolio.customers.try_first.notna().sum() == len(losing)
