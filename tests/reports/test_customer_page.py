"""The page and the lines of one customer: what is added, what it leads to, and nobody's key."""

import re
from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from patron.reports.answer_words import AnswerWords
from patron.reports.customer_page import CustomerReport, page
from patron.reports.terminal import waterfall_lines

STEPS = pd.DataFrame(
    {
        "cutoff": pd.Timestamp("2024-05-01"),
        "step": [0, 1, 2, 3],
        "feature": ["", "recency", "tickets", ""],
        "text": ["The average", "Days since the last order: 212", "Tickets: 3", "All other facts together"],
        "lever": ["", "", "requests answered", ""],
        "evidence": ["", "association, not a lever", "association, lever untested", ""],
        "points": [0.4, 0.25, -0.05, 0.0001],
        "before": [0.0, 0.4, 0.65, 0.6],
        "after": [0.4, 0.65, 0.6, 0.6001],
    }
)


@pytest.fixture
def report():
    risk = AnswerWords("the risk to leave within 90 days")
    return CustomerReport("Shop", datetime(2024, 5, 2), risk, "x1", STEPS, ("Tickets: 1 instead of 3",))


def words(text):
    shown = re.sub(r"<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)
    return " ".join(shown.split())


def test_the_lines_tell_points_where_they_lead_and_why(report):
    assert waterfall_lines(report).replace("\N{NO-BREAK SPACE}", " ").splitlines() == [
        "customer  x1, 2024-05-01: The risk to leave within 90 days is 60.0 %; on average it is 40.0 %",
        "                         40.0 %  The average",
        "              +25.0      65.0 %  Days since the last order: 212",
        "               −5.0      60.0 %  Tickets: 3",
        "                                 can be acted on: requests answered (association, lever untested)",
        "                0.0      60.0 %  All other facts together",
        "          what if: Tickets: 1 instead of 3",
    ]


def test_the_page_reads_out_what_raises_before_what_lowers_and_how_it_can_be_acted_on(report):
    told = words(page(report))
    assert "The risk to leave within 90 days is 60.0 % ; on average it is 40.0 %." in told
    assert "What raises it Days since the last order: 212 What lowers it Tickets: 3 can be acted on" in told
    assert "Tickets: 3 can be acted on: requests answered (association, lever untested) −5.0 60.0 %" in told
    assert "in the model’s view Tickets: 1 instead of 3" in told


def test_a_bar_begins_where_the_line_before_ends(report):
    bars = re.findall(r"--b: ([\d.]+)%; --w: ([\d.]+)%", page(report))
    assert [tuple(map(float, bar)) for bar in bars] == [(0, 40), (40, 25), (60, 5), (60, 0.01)]


def test_money_is_told_as_money(report):
    steps = STEPS.assign(points=STEPS.points * 100, before=STEPS.before * 100, after=STEPS.after * 100)
    lines = waterfall_lines(replace(report, steps=steps, words=AnswerWords("the profit to expect", False, "EUR")))
    assert "The profit to expect is €60.01; on average it is €40.00" in lines
    assert "−€5.00      €60.00  Tickets: 3" in lines


def test_the_page_loads_nothing(report):
    assert not re.search(r"http|<script|<link|<img|@import|url\((?!#)", page(report))
