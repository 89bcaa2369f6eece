"""Money in time: what customers brought by month, payback, return and four figures, counted by hand and reconciled."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.periods import Span
from patron.portfolio.cash import cash_of
from patron.portfolio.cash_flow import cash_flow, monthly_profit
from patron.portfolio.payback import payback, winning_costs
from patron.portfolio.relationship_return import relationship_return
from patron.portfolio.terms import PortfolioTerms
from patron.portfolio.value_curves import MONTH, monthly_values, value_curve
from patron.questions.kinds import tier
from patron.questions.profit import CostModel, profit_before
from worlds.histories import frame_of, history_from

AT = datetime(2024, 7, 1)
QUESTION = tier(90, CostModel(margin_rate=0.5, cost_per_event={"tickets": 1.0}))
COLUMNS = ("customer", "at", "amount", "channel")


def ago(months):
    return AT - timedelta(days=months * MONTH)


@pytest.fixture(scope="module")
def history():
    """Ten customers of the web who came 3.5 months ago and ten of the store, 1.5 months ago; each web customer buys for
    10, then in the third month for 20, and asks in the second; in the month that is not over they buy for 1,000."""
    web = [
        (f"w{i}", ago(age), money, "web") for i in range(10) for age, money in ((3.5, 10.0), (1.4, 20.0), (0.2, 1e3))
    ]
    store = [(f"s{i}", ago(1.5), 30.0 + i, "store") for i in range(10)]
    asked = [(f"w{i}", ago(2.4), "phone", "question", 2.0, "in") for i in range(10)]
    before = [("s0", ago(1.6), "phone", "question", 4.0, "in")]
    names = ("customer", "at", "channel", "kind", "cost", "direction")
    orders = frame_of([*web, *store], COLUMNS)
    return history_from(orders=orders, tickets=frame_of([*asked, *before], names))


def test_what_a_customer_brought_by_month_counted_by_hand(history):
    values = monthly_values(history, AT, QUESTION)
    web = value_curve(values, ["channel"]).set_index("channel").loc["web"]
    assert web.months.tolist() == [1, 2, 3]
    assert web.customers.tolist() == [10, 10, 10]
    assert web.value.tolist() == pytest.approx([5.0, 2.0, 12.0])
    assert web.high.tolist() == pytest.approx([5.0, 2.0, 12.0])


def test_the_mean_has_the_interval_of_its_customers_and_what_came_before_the_first_order_counts(history):
    store = value_curve(monthly_values(history, AT, QUESTION), ["channel"]).set_index("channel").loc[["store"]]
    brought = 0.5 * np.arange(30.0, 40.0) - np.where(np.arange(10) == 0, 5.0, 0.0)
    assert store.months.tolist() == [1]
    assert store.value.iloc[0] == pytest.approx(brought.mean())
    assert store.high.iloc[0] - store.value.iloc[0] == pytest.approx(1.959964 * brought.std() / np.sqrt(10))


def test_who_came_lately_is_left_out_of_the_months_that_are_not_over(history):
    curve = value_curve(monthly_values(history, AT, QUESTION))
    assert curve.customers.tolist() == [20, 10, 10]
    assert curve.value.iloc[1] == pytest.approx(2.0)


def test_without_profit_the_curve_is_of_spend(history):
    values = monthly_values(history, AT, None)
    assert value_curve(values, ["cohort"]).value.tolist()[-1] == pytest.approx(34.5)


def test_months_of_profit_add_up_to_the_ledger(history):
    months = monthly_profit(history, AT, QUESTION)
    assert months.tolist() == pytest.approx([5000.0, 267.5, -30.0])
    whole = profit_before(history, QUESTION.costs, AT, Span(92))
    assert months.sum() == pytest.approx(whole, abs=0.005)


def test_payback_is_the_first_month_that_brings_the_cost_and_missing_while_it_has_not_come():
    curve = pd.DataFrame({"channel": ["a"] * 3, "months": [1, 2, 3], "customers": 20, "value": [4.0, 9.0, 12.0]})
    table = payback(curve.assign(low=curve.value - 3, high=curve.value + 3), pd.Series({"a": 10.0}))
    assert table[["months", "soonest", "observed"]].values.tolist() == [[3, 2, 3]]
    assert np.isnan(table.latest[0])


def test_a_channel_without_a_cost_has_no_payback_and_spoils_that_of_its_cohort_alone():
    customers = pd.DataFrame({"cohort": ["x", "x", "y"], "channel": ["web", "fair", "web"]})
    costs = winning_costs(customers, {"web": 8.0}, "cohort")
    assert np.isnan(costs["x"])
    assert costs["y"] == 8.0


def test_the_return_adds_up_over_tiers_and_its_ratio_is_counted_by_hand():
    before = pd.DataFrame(
        {"customer": ["a", "b"], "profit": 10.0, "equity": 20.0, "tier": ["gold", "lead"], "tickets_profit": -1.0}
    )
    now = pd.DataFrame(
        {"customer": ["a", "b", "c"], "profit": [30.0, 8.0, 5.0], "equity": [25.0, 10.0, 9.0], "tier": "gold"}
    ).assign(tickets_profit=[-5.0, -3.0, 0.0], tickets_profit_lately=0.0, social_profit=1.0)
    table = relationship_return(before, now, ["gold", "lead"]).set_index("tier")
    assert table[["profit", "equity", "cost"]].iloc[0].tolist() == [23.0, 4.0, 6.0]
    assert table.value.iloc[0] == pytest.approx(27.0 / 6.0)
    assert table.value["lead"] == pytest.approx((-2.0 - 10.0) / 2.0)
    assert np.isnan(table.value["joined since"])
    assert table[["customers", "profit", "equity", "cost"]].iloc[1:].sum().tolist() == [3, 23.0, 4.0, 6.0]
    assert table.low.iloc[0] < table.value.iloc[0] < table.high.iloc[0]


def test_a_tier_called_all_stands_beside_all_customers():
    before = pd.DataFrame({"customer": ["a", "b"], "profit": 1.0, "equity": 0.0, "tier": ["all", "lead"]})
    before = before.assign(tickets_profit=-1.0, tickets_profit_lately=0.0)
    table = relationship_return(before, before.assign(profit=3.0, tickets_profit=-2.0), ["lead", "all"])
    assert table.tier.isna().tolist() == [True, False, False]
    assert table[["customers", "profit"]].values.tolist() == [[2, 4.0], [1, 2.0], [1, 2.0]]


def test_a_channel_called_all_stands_beside_all_customers(history):
    orders = (
        history["orders"].to_pandas()[list(COLUMNS)].assign(channel=lambda rows: rows.channel.replace("web", "all"))
    )
    history = history_from(orders=orders)
    customers = pd.DataFrame({"customer": ["w0"], "spend": 1.0, "channel": "all", "cohort": "2024-03"})
    cash, _ = cash_of(history, AT, (customers.head(0), customers), pd.DataFrame(), None, PortfolioTerms())
    assert cash.curve.customers.tolist() == [20, 10, 10]
    assert cash.channels.groupby("channel").customers.max().to_dict() == {"all": 10, "store": 10}
    assert cash.years.year.unique().tolist() == ["2024"]
    assert cash.years.value.tolist() == cash.curve.value.tolist()


def test_money_adds_up_without_rounding_so_that_it_does_not_matter_which_thread_comes_first():
    orders = frame_of([(f"c{i}", ago(1.5), 0.2, "web") for i in range(10)], COLUMNS)
    values = monthly_values(history_from(orders=orders), AT, tier(90, CostModel(margin_rate=0.5)))
    assert values.money.tolist() == [1.0, 1.0]  # ten times .1, which floats add up to .9999999999999999
    assert values.squares.tolist() == [0.1, 0.1]


def test_what_lies_beyond_the_horizon_shrinks_as_equity_did_and_is_unknown_where_it_grows():
    curve = pd.DataFrame({"months": [1], "value": [1.0]})
    terms = PortfolioTerms(since=Span(365), horizon=Span(365), discount=0.0)
    bridge = pd.DataFrame({"part": ["before", "new", "now"], "money": [100.0, 10.0, 60.0]})
    assert cash_flow(pd.Series(dtype=float), curve, bridge, terms) == {"residual": pytest.approx(60.0)}
    grown = bridge.assign(money=[100.0, 0.0, 120.0])
    assert cash_flow(pd.Series(dtype=float), curve, grown, terms) == {}


def test_losses_have_a_size_and_neither_speed_nor_volatility():
    curve = pd.DataFrame({"months": [12], "value": [-1.0]})
    figures = cash_flow(pd.Series([-1.0] * 12), curve, pd.DataFrame(), PortfolioTerms())
    assert figures == {"size": -1.0}


def test_what_is_not_said_is_left_out_with_the_line_that_mends_it(history):
    customers = pd.DataFrame({"customer": ["w0"], "spend": 1.0, "channel": "web", "cohort": "2024-03"})
    about = (history, AT, (customers.head(0), customers), pd.DataFrame(), QUESTION)
    _, left_out = cash_of(*about, PortfolioTerms())
    assert "acquisition_cost = { web = 8.0, store = 20.0 }" in left_out["payback"]
    assert left_out["return on relationships"] == "It needs the equity of both days, as the bridge does."
    assert "6 months before the cutoff" in left_out["cash flow: residual, size, speed, volatility"]
    cash, left_out = cash_of(*about, PortfolioTerms(acquisition_cost={"web": 11.0}))
    assert "payback" not in left_out
    assert cash.payback["channel"].set_index("channel").months["web"] == 3
    with pytest.raises(QuestionError, match="got -1"):
        PortfolioTerms(acquisition_cost={"web": -1})


def test_curves_by_a_channel_that_is_always_empty_leave_numbers_numbers(history):
    values = monthly_values(history, AT, QUESTION)
    none = value_curve(values.assign(channel=None), ["channel"])
    assert none.empty
    assert pd.concat([value_curve(values), none]).months.dtype == int
