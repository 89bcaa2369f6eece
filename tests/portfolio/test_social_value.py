"""Social value: each profit counts once along the chain of referrals, bad ties carry nothing, leaving may spread."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.history.ties import Referrals, referrals_of, ties_before
from patron.portfolio.interaction import ContactKinds
from patron.portfolio.knowledge import knowledge_at
from patron.portfolio.referral_value import referral_value
from patron.portfolio.spread import spread_of
from patron.portfolio.terms import PortfolioTerms
from patron.reports.portfolio_lines import portfolio_lines

AT = datetime(2024, 3, 1)
ORDERS = pd.DataFrame({"customer": list("abcd"), "at": ["2024-01-05", "2024-01-10", "2024-02-01", "2024-02-05"]})


def shop(ties, **others):
    tables = {name: pt.events(frame, customer="customer", at="at") for name, frame in others.items()}
    orders = pt.events(ORDERS.assign(amount=100.0, margin=[10.0, 20.0, 40.0, 5.0]), customer="customer", at="at")
    named = {"ties": pt.events(ties, customer="customer", at="at", other="who")} if ties is not None else {}
    return pt.History.of(orders=orders, **named, **tables)


def referrals(*pairs, at="2024-01-01"):
    return pd.DataFrame(pairs, columns=["customer", "who"]).assign(at=at, kind="referral")


def test_the_profit_of_a_chain_is_shared_and_adds_up_to_the_cent():
    result = pt.portfolio(shop(referrals(("a", "b"), ("b", "c"))), AT)
    people = result.customers.set_index("customer")
    assert people.passed_on.tolist() == [0.0, 5.0, 10.0, 0.0]
    assert people.social_value.tolist() == [10 + 5 + 2.5, 20 - 5 + 10 - 2.5, 30.0, 5.0]
    assert people.social_value.sum() == pytest.approx(people.profit.sum(), abs=0.005)
    assert result.social.profit["all"] == pytest.approx(75.0, abs=0.005)
    assert (result.social.referred, result.social.referrers, result.social.longest) == (2, 2, 2)


def test_shares_of_any_forest_add_up_to_the_profit_of_all():
    rng = np.random.default_rng(1)
    referrer = np.where(rng.random(500) < 0.7, (rng.random(500) * np.arange(500)).astype(int), -1)
    referrer[0] = -1
    depth = np.zeros(500, int)
    for place in range(1, 500):
        depth[place] = depth[referrer[place]] + 1 if referrer[place] >= 0 else 0
    profit = rng.normal(5.0, 20.0, 500).round(2)
    for share in (0.0, 0.25, 1.0):
        value = referral_value(profit, Referrals(referrer, depth, {}), share)
        assert value.social_value.sum() == pytest.approx(profit.sum(), abs=0.005)
        assert (value.social_value - profit + value.passed_on - value.credited).abs().max() < 1e-9


def test_ties_that_carry_nothing_are_counted_by_the_reason():
    pairs = [("a", "b"), ("b", "a"), ("a", "x"), ("c", "c"), ("d", "b")]
    history = shop(referrals(*pairs))
    result = referrals_of(ties_before(history, AT), pd.Series(list("abcd")), np.array([56.0, 51.0, 29.0, 25.0]))
    assert result.cut == {
        "an unknown customer": 1,
        "the customer itself": 1,
        "a customer who had ordered for a month": 0,
        "a customer whom another brought before": 1,
        "a loop": 1,
    }
    assert (result.referrer >= 0).sum() == 1
    portfolio = pt.portfolio(history, AT)
    assert portfolio.customers.social_value.sum() == pytest.approx(75.0)
    line = next(line for line in portfolio_lines(portfolio, "") if line.startswith("social"))
    assert "carry nothing: 1 to an unknown customer, 1 to the customer itself, 1 to a customer whom another" in line
    assert line.endswith("1 by a loop")


def test_a_referral_long_after_the_first_order_has_brought_nobody():
    ties = ties_before(shop(referrals(("b", "a"), at="2024-02-20")), AT)
    result = referrals_of(ties, pd.Series(list("ab")), np.array([56.0, 51.0]))
    assert result.cut["a customer who had ordered for a month"] == 1
    assert result.referrer.tolist() == [-1, -1]


def test_in_a_loop_the_latest_referral_is_cut():
    ties = pd.DataFrame(
        {"customer": list("abc"), "other": list("bca"), "days_ago": [9.0, 8.0, 7.0], "is_referral": True}
    )
    result = referrals_of(ties, pd.Series(list("abcd")), np.full(4, 9.0))
    assert result.referrer.tolist() == [-1, 0, 1, -1]
    assert result.depth.tolist() == [0, 1, 2, 0]


def test_the_receipt_of_ties_counts_those_that_lead_nowhere():
    history = shop(referrals(("a", "x"), ("a", " "), ("c", "c"), ("a", "b")))
    notes = next(receipt.notes for receipt in history.receipts if receipt.table == "ties")
    assert [note for note in notes if "ties" in note] == [
        "1 of 4 ties lead to nobody; they carry nothing",
        "1 of 4 ties lead to a customer without an order; they carry nothing",
        "1 of 4 ties lead from a customer to the same customer; they carry nothing",
    ]


def test_both_ends_of_a_tie_are_read_as_keys_and_merged():
    orders = pd.DataFrame({"customer": [1, 2, 3, 9], "at": "2024-01-05", "amount": 10.0})
    ties = pd.DataFrame({"customer": [1, 1], "who": [2.0, 9.0], "at": "2024-01-01"})
    lines = pd.DataFrame({"key": ["9"], "customer": ["3"]})
    declared = pt.events(ties, customer="customer", at="at", other="who")
    history = pt.History.of(orders=pt.events(orders), referrals=declared, identities=pt.identities(lines))
    assert sorted(ties_before(history, AT).other) == ["2", "3"]


def test_ties_of_later_days_are_not_known():
    assert len(ties_before(shop(referrals(("a", "b"), at="2024-03-01")), AT)) == 0
    assert len(ties_before(shop(referrals(("a", "b"), at="2024-02-29")), AT)) == 1


def test_without_a_column_of_the_other_customer_social_value_is_left_out():
    result = pt.portfolio(shop(None, referrals=referrals(("a", "b"))), AT)
    assert result.social.ties == 0
    assert 'other = "the column of who was brought"' in result.left_out["social value"]


@pytest.mark.parametrize(("follows", "spreads"), [(0.8, True), (0.0, False)])
def test_leaving_along_ties_is_told_from_leaving_by_chance(follows, spreads):
    rng = np.random.default_rng(0)
    pairs = np.arange(600).reshape(-1, 2)
    left = rng.random(600) < 0.3
    left[pairs[:, 1]] |= left[pairs[:, 0]] & (rng.random(300) < follows)
    result = spread_of(pairs, left, np.zeros(600, int))
    assert (result.p < 0.01) == spreads
    assert (result.excess > 0) == spreads
    assert result.expected == pytest.approx(300 * left.mean() ** 2, rel=0.1)


def test_what_customers_have_in_common_beside_ties_is_no_spread():
    pairs, alike = np.arange(400).reshape(-1, 2), np.repeat([0, 1], 200)
    left = np.where(alike == 1, np.random.default_rng(3).random(400) < 0.8, np.random.default_rng(4).random(400) < 0.1)
    assert spread_of(pairs, left, alike).p > 0.05
    assert spread_of(pairs, left, np.zeros(400, int)).p < 0.01


def test_ties_too_few_to_tell_or_of_whom_nobody_left_are_not_tested():
    assert spread_of(np.array([[0, 1]]), np.array([True, False]), np.zeros(2, int)) is None
    assert spread_of(np.arange(60).reshape(-1, 2), np.zeros(60, bool), np.zeros(60, int)) is None


def test_knowledge_is_worth_what_accepted_suggestions_and_saved_requests_are():
    contacts = pd.DataFrame({"customer": list("aab"), "at": "2024-02-01", "kind": ["idea", "Suggestion", "question"]})
    contacts = contacts.assign(direction="in", accepted=[True, False, False], deflected=[0, 0, 3])
    tickets = pd.DataFrame({"customer": list("cd"), "at": "2024-02-01", "cost": [4.0, 6.0]})
    table = knowledge_at(shop(None, contacts=contacts, tickets=tickets), AT, ContactKinds(), suggestion=50.0)
    assert table.knowledge.tolist() == [50.0, 15.0, 0.0, 0.0]
    terms = PortfolioTerms(suggestion_value=50.0)
    whole = pt.portfolio(shop(None, contacts=contacts, tickets=tickets), AT, terms=terms).social.knowledge
    assert whole["knowledge"] == 65.0
    assert knowledge_at(shop(None), AT, ContactKinds(), suggestion=50.0).empty


def test_of_a_referral_that_is_told_twice_the_first_counts_in_whichever_table():
    late, early = (pt.events(referrals(("a", "b"), at=at), other="who") for at in ("2024-02-25", "2024-01-01"))
    orders = pt.events(ORDERS.assign(amount=100.0))
    ties = ties_before(pt.History.of(orders=orders, referrals=late, ties=early), AT)
    assert ties.days_ago.tolist() == [60.0]
    assert referrals_of(ties, pd.Series(["a", "b"]), np.array([56.0, 51.0])).referrer.tolist() == [-1, 0]
