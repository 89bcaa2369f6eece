"""The section of relationship types: rules, contacts that fit, broken rules and ties stand on the page as computed."""

from dataclasses import replace
from datetime import datetime

import pytest

import patron as pt
from patron.datasets import simulate
from patron.formatting import SPACE
from patron.history.history import History
from patron.history.sources import events
from patron.portfolio.social import Social
from patron.reports.portfolio_lines import portfolio_lines
from patron.reports.portfolio_page import PortfolioReport, page


@pytest.fixture(scope="module")
def portfolio():
    tables = simulate(customers=150, seed=3).tables
    bought = tables["orders"].query("event_type == 'purchase'")[["customer", "at", "category"]]
    others = {name: events(tables[name], customer="customer", at="at") for name in ("contacts", "tickets")}
    ties = events(tables["ties"], customer="customer", at="at", other="other")
    history = History.of(orders=events(bought, customer="customer", at="at"), ties=ties, **others)
    return pt.portfolio(history, datetime(2023, 9, 1))


@pytest.fixture(scope="module")
def html(portfolio):
    return page(PortfolioReport("World", datetime(2023, 9, 2), "EUR", portfolio))


def test_each_type_stands_with_its_rule_and_its_customers_add_up(portfolio, html):
    assert portfolio.groups["relationship_type"].customers.sum() == len(portfolio.customers)
    for kind in portfolio.relational.types:
        assert f"<strong>{kind.name.capitalize()}</strong><small>{kind.rule}</small>" in html
    moved = portfolio.moved["relationship_type"]
    stayed = sum(moved.loc[name, name] for name in moved)
    assert portfolio.relational.moved_by.customers.sum() == len(portfolio.before) - stayed


def test_contacts_that_fit_broken_rules_and_ties_stand_on_the_page(portfolio, html):
    section = html.partition('<section id="types">')[2].partition("</section>")[0]
    assert section.count("<svg") == 2
    assert "contacted in the last 90 days through a channel that the customer never used" in html
    assert "were brought by" in html.partition('<section id="social">')[2]


def test_the_lines_say_how_many_contacts_fit_and_how_many_rules_are_broken(portfolio):
    begins = [line.split()[0] for line in portfolio_lines(portfolio, "EUR")]
    assert [name for name in begins if name in ("types", "contacts", "broken", "social")] == [
        *("types", "contacts", "broken", "social"),
    ]


def test_what_customers_know_stands_on_the_page_without_any_tie(portfolio):
    known = {"suggestions_accepted": 1.0, "requests_deflected": 3.0, "knowledge": 65.0}
    told = replace(portfolio, social=Social(knowledge=known))
    section = page(PortfolioReport("World", datetime(2023, 9, 2), "EUR", told)).partition('<section id="social">')[2]
    words = " ".join(section.partition("</section>")[0].replace(SPACE, " ").split())
    assert "worth €65 beside" in words
    assert "1 accepted suggestion and 3 requests of others that their answers saved" in words
    assert "brought by" not in words
    assert "knowledge suggestions accepted 1; requests deflected 3; knowledge 65" in list(portfolio_lines(told, "EUR"))
