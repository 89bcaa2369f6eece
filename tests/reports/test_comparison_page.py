"""The page and the lines of a comparison: both means, what parts them most, and nothing that parts them not."""

import re
from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from patron.reports.answer_words import AnswerWords
from patron.reports.comparison_page import ComparisonReport, page
from patron.reports.terminal import comparison_lines

FACTS = pd.DataFrame(
    {
        "feature": ["recency", "tickets", "same"],
        "theme": "habit",
        "words": ["Days since the last order", "Tickets", "Same"],
        "lever": ["", "requests answered", ""],
        "value": ["90 days", "1 ticket", "3"],
        "other_value": ["30 days", "2 tickets", "3"],
        "change": [0.1, -0.02, 0.03],
        "other_change": [-0.1, 0.0, 0.03],
        "difference": [0.2, -0.02, 0.0],
        "low": [0.15, -0.03, 0.0],
        "high": [0.25, 0.01, 0.0],
    }
)


@pytest.fixture
def report():
    groups = ("country == 'UK'", "all others", (1_200, 1), (0.5, 0.3))
    return ComparisonReport("Shop", datetime(2024, 5, 2), AnswerWords("the risk"), *groups, FACTS)


def test_the_lines_tell_both_means_and_the_points_of_each_fact(report):
    assert comparison_lines(report).replace("\N{NO-BREAK SPACE}", " ").splitlines() == [
        "compared  The risk is 50.0 % for country == 'UK' (1,200 customers) and 30.0 % for all others (1 customer)",
        "             points    here   there",
        "              +20.0   +10.0   −10.0  Days since the last order (usual 90 days; there 30 days; "
        "difference +15.0 to +25.0)",
        "               −2.0    −2.0     0.0  Tickets (usual 1 ticket; there 2 tickets; difference −3.0 to +1.0)",
    ]


def test_the_lines_say_once_what_is_usual_of_the_same_customers(report):
    lines = comparison_lines(replace(report, facts=FACTS.assign(other_value=FACTS.value)))
    assert "Days since the last order (usual 90 days; difference" in lines.replace("\N{NO-BREAK SPACE}", " ")
    assert "; there" not in lines


def test_a_bar_reaches_from_the_middle_to_the_side_of_the_difference(report):
    bars = re.findall(r'class="(\w+)" style="--b: ([\d.]+)%; --w: ([\d.]+)%"', page(report))
    assert bars == [("up", "50.00", "50.00"), ("down", "45.00", "5.00")]


def test_the_page_names_the_fact_that_parts_them_most_and_escapes_what_was_typed(report):
    html = page(replace(report, group="country == '<b>'"))
    assert "<strong>Days since the last order</strong> (+20.0 points), <strong>Tickets</strong>" in html
    assert "<b>'" not in html
    assert "can be acted on: requests answered" in html
    assert not re.search(r"http|<script|<link|<img|@import|url\((?!#)", html)


def test_where_nothing_parts_them_the_page_says_so(report):
    html = page(replace(report, facts=FACTS.assign(difference=0.0)))
    assert "No fact moves the answer otherwise for one than for the other." in html
