"""Relationship types on a few customers, counted by hand: rules, moves, fitting contacts, broken rules, usage after."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.datasets import simulate
from patron.errors import QuestionError
from patron.periods import Span
from patron.portfolio.broken_rules import broken_rules, unused_channels, usage_after
from patron.portfolio.customers import customers_at
from patron.portfolio.guardrails import GUARDRAILS, guardrails
from patron.portfolio.interaction import ContactKinds, interactions_at
from patron.portfolio.relational import fitting_contacts, relational, relationships_at
from patron.portfolio.relationship_types import TYPES, RelationshipType, known_types, type_of, what_moved
from patron.portfolio.terms import PortfolioTerms
from worlds.histories import history_from

AT, TERMS = datetime(2024, 7, 1), PortfolioTerms()


def days_before(*days: float) -> list[datetime]:
    return [pd.Timestamp(AT) - pd.Timedelta(days=day) for day in days]


def table(customer, days, **columns):
    return pd.DataFrame({"customer": customer, "at": days_before(*days), **columns})


@pytest.fixture(scope="module")
def history():
    orders = pd.concat(
        [table("ann", (300, 200, 10)), table("bob", (400,)), table("cid", (60, 40, 20)), table("dot", (200, 30))]
    )
    contacts = pd.concat(
        [
            table("ann", (80, 20), direction="in", channel="phone", kind=["suggestion", "praise"]),
            table("ann", (15, 5), direction="out", channel="e-mail", kind="Newsletter"),
            table("cid", (25, 20, 10), direction="out", channel="e-mail", kind=["mailing", "answer", "mailing"]),
            table("cid", (-1,), direction="in", channel="letter", kind="praise"),
        ]
    )
    tickets = pd.concat([table("dot", (100, 90), channel="phone", kind="complaint")])
    return history_from(orders=orders.assign(amount=10.0), contacts=contacts, tickets=tickets)


@pytest.fixture(scope="module")
def people(history):
    return interactions_at(history, [AT], ContactKinds())


def test_facets_are_those_of_the_events_before_the_cutoff(people):
    ann, bob, cid, dot = people.to_dict("records")
    assert (ann["talk"], ann["heard"], ann["begun"], ann["tone"]) == (2, 2, 0.5, 0.5)
    assert (ann["reciprocity"], ann["unheard"], ann["suggested_90d"]) == (1.0, 5.0, 1)
    assert ann["silence"] == pytest.approx(10 / 145)
    assert (cid["talk"], cid["heard_1mo"], cid["promoted_1mo"], cid["silence"]) == (0, 3, 2, 20 / 30)
    assert (dot["tone"], dot["demand"]) == (-1.0, 1.0)
    assert np.isnan(bob["tone"])
    assert np.isnan(bob["begun"])


def test_the_first_rule_that_holds_is_the_type(people):
    known = known_types(TYPES, list(people))
    assert dict(zip(people.customer, type_of(people, known), strict=True)) == {
        "ann": "friend",
        "bob": "former",
        "cid": "fling",
        "dot": "adversary",
    }
    assert [kind.name for kind in TYPES if kind not in known] == ["partner"]


def test_orders_alone_leave_the_types_that_need_no_contacts():
    orders = pd.DataFrame({"customer": ["ann"], "at": ["2024-01-01"], "amount": [1.0]})
    _, types = relationships_at(history_from(orders=orders), [datetime(2024, 2, 1)], TERMS)
    assert [kind.name for kind in types] == ["former", "fading", "fling", "exchange"]


def test_who_moved_did_so_by_the_first_facet_that_changed():
    kinds = [RelationshipType("busy", {"orders": (5, np.inf), "talk": (1, np.inf)}), RelationshipType("exchange")]
    before = pd.DataFrame({"customer": list("abc"), "orders": [6, 1, 6], "talk": [2, 2, 2]})
    now = pd.DataFrame({"customer": list("abc"), "orders": [6, 7, 1], "talk": [0, 2, 0]})
    typed = [frame.assign(relationship_type=type_of(frame, kinds)) for frame in (before, now)]
    assert what_moved(*typed, kinds).values.tolist() == [
        ["busy", "exchange", "orders", 1],
        ["busy", "exchange", "talk", 1],
        ["exchange", "busy", "orders", 1],
    ]


def test_contacts_fit_as_far_as_a_type_bears_them():
    first = pd.DataFrame({"customer": ["a", "b"], "cutoff": AT, "relationship_type": ["friend", "exchange"]})
    after = pd.DataFrame({"customer": ["a", "b", "new"], "heard_1mo": [3, 5, 9], "promoted_1mo": [3, 1, 9]})
    kinds = [RelationshipType("friend", {"talk": (1, 9)}, 4, 1), RelationshipType("exchange", {}, 2, 2)]
    assert fitting_contacts([first, after], kinds).values.tolist() == [
        ["2024-07-01", "exchange", 5, 2],
        ["2024-07-01", "friend", 3, 1],
    ]


def test_broken_rules_are_flagged_for_whom_they_can_be_broken(history):
    table = guardrails(history, AT, TERMS).set_index("customer")
    assert set(GUARDRAILS) == set(table)
    assert table.loc["ann", ["only_promotions", "unused_channel", "pushed", "broken_rules"]].tolist() == [1, 1, 0, 2]
    assert table.loc["cid", "broken_rules"] == 0


def test_an_exchange_customer_is_pushed_by_more_contacts_than_such_a_relationship_bears(people):
    exchange = people.assign(relationship_type="exchange")
    flags = broken_rules(exchange, None, TYPES)
    assert dict(zip(people.customer, flags.pushed, strict=True))["cid"] == 1.0
    assert flags.pushed.isna().tolist() == [False, True, False, True]


def test_a_channel_that_nobody_names_breaks_nothing(history):
    bare = history_from(orders=pd.DataFrame({"customer": ["a"], "at": ["2024-01-01"], "amount": [1.0]}))
    assert unused_channels(bare, datetime(2024, 2, 1)) is None
    assert unused_channels(history, AT).values.tolist() == [["ann", True]]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"bounds": {"order": (1, 2)}}, "bounds of 'order', which is no facet. Did you mean 'orders'"),
        ({"bounds": {"orders": (2, 1)}}, r"has the bounds \[2, 1\] of orders. Give the lowest and the highest value"),
        ({"promotions": -1}, "bears -1 promotions in a month. Write a number of 0 or more"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule, message):
    with pytest.raises(QuestionError, match=message):
        RelationshipType("odd", **rule)


def test_a_contact_without_a_sentiment_has_the_tone_of_its_kind():
    orders = table("ann", (300, 10), amount=10.0)
    kinds = ["complaint", "praise", "complaint", "question"]
    for moods in ([1.0, 2.0, None, None], ["positive", "Positive", None, None]):
        contacts = table("ann", (80, 60, 40, 20), direction="in", kind=kinds, sentiment=moods)
        facets = interactions_at(history_from(orders=orders, contacts=contacts), [AT], ContactKinds())
        assert facets.tone.tolist() == [(1 + 1 - 1 + 0) / 4]


def test_months_follow_one_another_at_the_end_of_a_long_month_so_that_no_contact_counts_twice():
    days = [datetime(2024, month, 30, 12) for month in (1, 3, 4)]
    contacts = pd.DataFrame({"customer": "ann", "at": days, "direction": "out", "kind": "news"})
    orders = pd.DataFrame({"customer": "ann", "at": [datetime(2023, 1, 1), datetime(2024, 5, 30)], "amount": 10.0})
    history, cutoff = history_from(orders=orders, contacts=contacts), datetime(2024, 5, 31)
    frames = customers_at(history, [cutoff], None)
    fit = relational(history, [cutoff], frames, TERMS, {})[1].fit
    assert fit.month.tolist() == [f"{day:%Y-%m-%d}" for day in pd.to_datetime(fit.month).sort_values()]
    assert fit.contacts.sum() == 3


def test_a_rule_that_was_broken_for_all_who_are_alike_has_no_usage_after_it():
    people = pd.DataFrame({"relationship_type": ["friend", "friend", "fling"]})
    flags = pd.DataFrame({"pushed": [1.0, 1.0, 0.0], "unused_channel": [1.0, 0.0, np.nan]})
    usage = usage_after(people, flags, np.array([[1, 0], [1, 2], [1, 1]]))
    assert set(usage.rule) == {"unused_channel"}
    assert usage.broken.tolist() == [1.0, 0.0, 0.0]


@pytest.fixture(scope="module")
def slighted():
    """Suggestions that were answered by promotions, in a world in which that ends relationships, and orders around."""
    history = simulate(3000, seed=2, mailing="random", slight=60.0).history()
    ends = [datetime(year, month, 1) for year in (2022, 2023) for month in (3, 6, 9, 12)]
    spans = {end: [*(Span.of_months(back).before(end) for back in (5, 4, 3, 2, 1)), end] for end in ends}
    table, types = relationships_at(history, sorted({month for span in spans.values() for month in span}), TERMS)
    orders = table.pivot(index="customer", columns="cutoff", values="orders_1mo").fillna(0.0)
    people = [table[table.cutoff == span[2]].reset_index(drop=True) for span in spans.values()]
    flags = [broken_rules(frame, None, types)[["only_promotions"]] for frame in people]
    usage = [orders.loc[frame.customer, span] for frame, span in zip(people, spans.values(), strict=True)]
    return pd.concat(people, ignore_index=True), pd.concat(flags, ignore_index=True), np.concatenate(usage)


def test_usage_falls_after_suggestions_are_answered_by_promotions_alone(slighted):
    result = usage_after(*slighted).set_index("period")
    assert result.high[0] < 0
    assert result.p[0] < 0.01
    assert (result.difference[[1, 2, 3]] < 0).all()


def test_after_placebo_events_usage_goes_on_as_that_of_others(slighted):
    people, flags, usage = slighted
    known = flags.only_promotions.notna()
    people, flags, usage = people[known], flags[known], usage[known]
    rng = np.random.default_rng(0)
    draws = [flags.assign(only_promotions=rng.permutation(flags.only_promotions)) for _ in range(40)]
    p = [usage_after(people, draw, usage).set_index("period").p[0] for draw in draws]
    assert (np.array(p) < 0.05).mean() <= 0.125
    assert 0.3 < np.mean(p) < 0.7


def test_where_no_rule_can_be_tried_everybody_is_of_the_others():
    assert type_of(pd.DataFrame({"orders": [1, 2]}), ()).tolist() == ["others", "others"]
