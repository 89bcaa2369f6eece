"""The check page shows what was read, where data are missing and what a cutoff is; small histories have one too."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest

from patron.history.assumptions import Assumption
from patron.history.cohorts import cohorts
from patron.history.example import example
from patron.history.overlaps import overlaps
from patron.history.receipts import Receipt
from patron.history.timeline import timeline
from patron.periods import EVER, Span, Split
from patron.reports.check_page import CheckReport, page
from patron.reports.check_plots import HOLE, Timeline, timeline_plot
from worlds.histories import small

START, HORIZON = datetime(2024, 1, 1), Span(30)
SPLIT = Split.of(["2024-02-01"], ["2024-03-15"], ["2024-05-01"])
GAP = (datetime(2024, 3, 4), datetime(2024, 4, 1))
TODAY = datetime(2024, 6, 30)
DAYS = [START + timedelta(days=day) for day in range(0, 180, 2)]
ORDERS = [(f"customer-{n % 7}", at, 10.0) for n, at in enumerate(DAYS) if not GAP[0] <= at < GAP[1]]
LINE = Assumption("3 rows of 'guest' count as rows of no customer", "not_customers = []")
RECEIPT = Receipt(
    table="orders",
    read=80,
    set_aside={"no customer": 4},
    used=76,
    customers=7,
    first=START,
    last=DAYS[-1],
    notes=('no row for long: are data missing? (gaps = "closed" where the business was closed)',),
    money={"used": 760.0, "no customer": 40.0},
    assumed=(LINE,),
    holes=(GAP,),
)


def report_on(orders, **changes) -> CheckReport:
    history = small(*orders)
    bought = history["orders"]
    shown = example(history, SPLIT.test[0], EVER, HORIZON)
    report = CheckReport(
        name="Shop",
        made_at=datetime(2024, 7, 1),
        currency="EUR",
        receipts=[RECEIPT],
        timelines=[Timeline("orders", timeline(bought, "week"), RECEIPT.holes)],
        unit="week",
        split=SPLIT,
        horizon=HORIZON,
        today=TODAY,
        cohorts=cohorts(bought, "month", 12),
        cohort_unit="month",
        shared=overlaps(history.tables),
        example=replace(shown, customer="p5e0d0") if shown else None,
    )
    return replace(report, **changes)


@pytest.fixture(scope="module")
def report():
    return report_on(ORDERS, windows=[30, 90], features={"habit": ["Orders placed"]}, left_out=["Complaints raised"])


@pytest.fixture(scope="module")
def html(report, rendering):
    with rendering():
        return page(report)


def words(html: str) -> str:
    """The page as a person reads it."""
    shown = re.sub(r"<(style|svg).*?</\1>|</?(strong|em|code|span|i)\b[^>]*>", "", html, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", shown).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(text.replace("&nbsp;", " ").replace("&#39;", "'").replace("&#34;", '"').split())


def test_of_each_table_stands_what_was_read_used_and_set_aside_with_its_money(html):
    assert "orders 80 4 no customer (5.0 %, €40) 76 €760 7 1 Jan 2024 to 27 Jun 2024" in words(html)


def test_what_was_assumed_and_noted_has_the_line_that_changes_it_set_as_code(html):
    assert "3 rows of 'guest' count as rows of no customer not_customers = []" in words(html)
    assert "<code>not_customers = []</code>" in html
    assert "(<code>gaps = &#34;closed&#34;</code> where the business was closed)" in html


def test_a_hole_is_shaded_in_the_timeline_and_said_at_the_top_with_the_line_that_mends_it(html):
    assert "A hole in orders: nothing from 4 Mar 2024 until 1 Apr 2024" in words(html)
    assert (html.count(HOLE), html.count('<pattern id="')) == (1, 1)
    whole = page(report_on(ORDERS, receipts=[replace(RECEIPT, holes=())], timelines=[]))
    assert (whole.count(HOLE), "A hole in" in whole) == (0, False)


@pytest.mark.usefixtures("rendered")
def test_the_cutoffs_cross_the_timeline_of_every_table():
    counts = timeline(small(*ORDERS)["orders"], "week")
    lines = [
        timeline_plot([Timeline(f"table {n}", counts) for n in range(tables)], "week", SPLIT, HORIZON, TODAY)
        for tables in (1, 2)
    ]
    marks = [plot.count('id="LineCollection_') for plot in lines]
    assert marks == [4 + 4, 4 + 4 + 4]  # train, valid, test and today: once above the tables, and in each


def test_a_week_with_many_times_the_usual_events_is_said_to_be_a_spike(report):
    assert "A spike" not in words(page(report))
    flood = [(f"customer-{n}", datetime(2024, 5, 14), 1.0) for n in range(50)]
    assert "A spike in orders: 53 events in the week of 13 May 2024; usual are 3." in words(
        page(report_on([*ORDERS, *flood]))
    )


def test_a_cohort_has_its_size_and_the_share_that_came_back_up_to_the_last_in_which_anybody_came():
    months = [("a", 1), ("b", 1), ("a", 2), ("c", 2), ("a", 4)]
    html = page(report_on([(who, datetime(2024, month, 5), 1.0) for who, month in months]))
    shown = words(html[html.index('id="cohorts"') :])
    # January: a and b; of them a was back in February and April. February: c. Nobody is new in March and April.
    assert "Jan 24 2 50 0 50 Feb 24 1 0 0 In %" in shown
    assert "Nobody came after Feb 24." in shown


def test_of_tables_that_share_customers_stands_how_many(report):
    shared = pd.DataFrame([[1.0, 0.25], [0.5, 1.0]], ["orders", "visits"], ["orders", "visits"])
    shown = words(page(replace(report, shared=shared)))
    assert "Customers of in orders in visits orders 25.0 % visits 50.0 %" in shown
    assert "There is one table only" in words(page(report))


def test_the_example_is_told_in_words_with_the_label_of_its_customer(report):
    shown = words(page(report))
    # Every second day from 1 January but for March; customer n % 7 has every seventh of them.
    assert "The customer p5e0d0 (a pseudonym)" in shown
    assert "before it (orders: 7) is the past" in shown
    assert "within the horizon of 30 days (orders: 2), is the label" in shown
    assert "This customer ordered again, so did not leave." in shown


def test_windows_in_the_picture_say_how_many_orders_they_see(html):
    # The example's orders are 14 days apart, and two of those in the last 90 days fell into the hole.
    assert re.findall(r"\d+ days: \d+", html) == ["30 days: 2", "90 days: 4"]


def test_why_cutoffs_are_refused_stands_at_the_top(report):
    shown = words(page(replace(report, refused="A label at 2024-03-15 looks 30 days ahead, but no order is known.")))
    assert shown.index("The cutoffs cannot be used. A label at 2024-03-15") < shown.index("What was read")


def test_plots_have_a_title_for_those_who_cannot_see_them_and_the_page_needs_no_network(html):
    assert html.count('<svg role="img"') == 2
    assert re.findall(r"<title>(.*?)</title>", html)[1:] == [
        "Questions and events over time",
        "One customer around a cutoff",
    ]
    assert not re.search(r"<script|<link|@import|(src|href)=\"(?!#)", html)


def test_no_key_of_a_customer_is_on_the_page(html):
    assert "customer-" not in html


@pytest.mark.parametrize("orders", [[("a", START, 1.0)], [("a", datetime(2024, 6, 1), None)]])
def test_one_order_has_a_page_with_or_without_somebody_to_show(orders):
    shown = words(page(report_on(orders)))
    assert "usually 1 event in a week" in shown
    assert ("No customer has an order before the cutoffs" in shown) == (orders[0][1] > SPLIT.test[0])


def test_where_nobody_came_in_any_of_the_cohorts_there_are_none(report):
    assert "first order" not in words(page(replace(report, cohorts=pd.DataFrame({0: [0.0, 0.0], 1: [0.0, None]}))))


def test_a_history_without_orders_has_a_page_without_cohorts(report):
    assert "first order" not in words(page(replace(report, cohorts=pd.DataFrame(), example=None)))


@pytest.mark.usefixtures("rendered")
def test_the_same_report_gives_the_same_page(report, html):
    assert page(report) == html
