"""The portfolio page: it says what the figures say, names nobody, and has no part of what there is nothing to tell."""

import re
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.formatting import MINUS, SPACE
from patron.portfolio.cash import Cash
from patron.questions.kinds import tier
from patron.questions.profit import CostModel
from patron.reports.channel_section import scorecard_table
from patron.reports.headroom_section import headroom_section
from patron.reports.portfolio_lines import portfolio_lines
from patron.reports.portfolio_page import PortfolioReport, page
from worlds.histories import small
from worlds.shop import shop

MADE, AT = datetime(2024, 9, 2), datetime(2024, 6, 1)


@pytest.fixture(scope="module")
def portfolio():
    return pt.portfolio(shop(customers=120), AT, tier(60, CostModel(margin_rate=0.4, cost_per_order=1.0)))


@pytest.fixture(scope="module")
def html(portfolio):
    return page(PortfolioReport("Corner shop", MADE, "EUR", portfolio))


def test_the_page_has_all_parts_and_is_the_same_to_the_last_byte(html, portfolio):
    parts = (
        "brief",
        "grid",
        "segments",
        "tiers",
        "tenure",
        "equity",
        "cash",
        "concentration",
        "loyalty",
        "ending",
        "how",
    )
    assert [f'id="{part}"' in html for part in parts] == [True] * len(parts)
    assert html.count("<svg") == 8
    assert page(PortfolioReport("Corner shop", MADE, "EUR", portfolio)) == html


def test_no_key_of_a_customer_is_on_the_page(html, portfolio):
    assert not [key for key in portfolio.customers.customer if f">{key}<" in html or f" {key} " in html]


def test_each_segment_stands_with_its_rule_and_its_size(html, portfolio):
    for segment in portfolio.terms.segments:
        assert f"<strong>{segment.name.capitalize()}</strong><small>{segment.rule}</small>" in html


def test_a_tier_in_which_nobody_stood_leads_nowhere_and_has_no_number(portfolio):
    moved = portfolio.moved["tier"].copy()
    moved.loc["platinum"] = 0
    empty = replace(portfolio, moved={"tier": moved}, curves={}, tenure=portfolio.tenure.head(0), cash=Cash())
    assert not re.search(r"\bnan\b", page(PortfolioReport("Corner shop", MADE, "EUR", empty)))


def test_what_each_tier_asks_for_stands_best_first_beside_what_it_was(portfolio):
    card = pd.DataFrame({"tier": ["lead", "gold"], "figure": "requests", "value": [2.0, 0.5], "before": [np.nan, 1.0]})
    html = page(PortfolioReport("Corner shop", MADE, "EUR", replace(portfolio, tier_card=card)))
    asked = html[html.index("What each tier asks for") : html.index("Moves between tiers")]
    assert re.findall("<strong>(.*?)</strong>", asked) == ["Gold", "Lead"]
    assert "<span>0.50<small>1.00</small></span>" in asked
    assert "<span>2.00</span>" in asked
    sent_back = scorecard_table(card.assign(figure="kept", value=-4.23), ["lead"], "EUR")["rows"][0]["cells"]["kept"]
    assert sent_back["value"] == f"{MINUS}423{SPACE}%"


def test_headroom_stands_in_the_order_of_the_segments(portfolio):
    people = portfolio.customers.assign(potential=9.0, headroom=4.0)
    rows = headroom_section(replace(portfolio, customers=people))["rows"]
    known = set(portfolio.customers.segment)
    assert [row["segment"] for row in rows] == [s.name for s in portfolio.terms.segments if s.name in known]


def test_a_single_customer_has_a_page_that_says_what_is_left_out():
    alone = pt.portfolio(small(("ann", "2024-01-05", 10.0), ("ann", "2024-02-20", 10.0)), "2024-03-01")
    html = page(PortfolioReport("Stall", MADE, "", alone))
    assert "scores and segments: They compare customers, and there is 1 customer" in html
    assert html.index('href="#left-out"') < html.index('id="left-out"') < html.index("They compare customers")
    assert 'id="segments"' not in html
    assert 'id="equity"' not in html
    assert not re.search(r"\bnan\b", html)


def test_the_lines_say_what_was_computed_and_what_was_left_out(portfolio):
    lines = list(portfolio_lines(portfolio, "EUR"))
    assert lines[0] == f"portfolio {len(portfolio.customers)} customers on 2024-06-01, beside 2024-03-01"
    figures = ["equity", "bridge", "cash", "segments", "tiers", "relationships", "types", "spend", "tenure"]
    assert [line.split()[0] for line in lines[1:]] == [*figures, *("left" for _ in portfolio.left_out)]
    alone = pt.portfolio(small(("ann", "2024-01-05", 10.0)), "2024-01-20")
    told_out = [line for line in portfolio_lines(alone, "") if line.startswith("left out")]
    assert len(told_out) == len(alone.left_out) > 0
