"""A business of contracts, from one settings file to decisions and the page."""

import re
from datetime import datetime
from html import unescape

import numpy as np
import pandas as pd
import pytest

from patron.datasets.subscribers import subscribers
from patron.errors import SettingsError
from patron.jobs import VERBS, Job, explain_against
from patron.settings import Settings, load

SETTINGS = """
name = "members"
currency = "EUR"
[tables.logins]
path = "logins.parquet"
customer = "customer"
at = "at"
[subscriptions.contracts]
path = "contracts.parquet"
customer = "customer"
start = "start"
end = "end"
plan = "plan"
price = "price"
price_per = "term"
term = "term"
term_in = "days"
cause = "cause"
until = "2023-12-31"
[questions]
cancellation = { horizon = 90, within = [30, 90] }
[cutoffs]
train = ["2022-03-01", "2022-06-01", "2022-09-01"]
valid = "2022-12-01"
test = "2023-03-02"
[decisions]
budget = 500.0
[offers.call]
contact_cost = 1.0
effect = 0.2
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder, world = tmp_path_factory.mktemp("members"), subscribers(400, seed=1)
    world.contracts.to_parquet(folder / "contracts.parquet")
    world.logins.to_parquet(folder / "logins.parquet")
    (folder / "members.toml").write_text(SETTINGS)
    sentences: list[str] = []
    job = Job(load(folder / "members.toml"), datetime(2024, 1, 1), sentences.append)
    for verb in ("check", "train", "score", "explain", "decide", "report"):
        VERBS[verb](job)
    return job, sentences


def test_the_whole_way_leads_from_contracts_to_decisions(job):
    out = job[0].settings.out
    scores, decisions = (pd.read_parquet(out / f"{name}.parquet") for name in ("scores", "decisions"))
    assert {"cancellation_probability", "cancellation_within_30d", "cancellation_days_expected"} <= set(scores)
    assert set(decisions.customer) <= set(scores.customer)
    risk = scores.set_index("customer").cancellation_probability
    np.testing.assert_allclose(decisions.churn_probability, risk[decisions.customer])


def test_the_value_is_the_price_over_the_horizon_or_the_term_that_is_renewed_and_that_is_said(job):
    answered, sentences = job
    values = set(pd.read_parquet(answered.settings.out / "scores.parquet").value.round(0))
    assert {round(10 * 90 / 30), round(25 * 90 / 30)} & values
    assert {120, 300} & values  # a year is paid at once: twelve months
    assert any("over the 90d of the horizon or the term that is renewed" in line for line in sentences)


def test_the_revenue_at_the_cutoff_is_that_of_the_contracts_which_run(job):
    out = job[0].settings.out
    contracts, cutoff = pd.read_parquet(out.parents[1] / "contracts.parquet"), pd.Timestamp("2023-12-31")
    runs = contracts[(contracts.start < cutoff) & ~(contracts.end < cutoff)]
    months = pd.read_csv(out / "mrr_at_risk.csv")
    assert months.mrr[0] == pytest.approx((runs.price / runs.term * 30.4375).sum(), rel=1e-3)
    assert months.at_risk.sum() + months.remaining.iloc[-1] == pytest.approx(months.mrr[0])
    scores = pd.read_parquet(out / "scores.parquet")
    assert months.leavers.sum() == pytest.approx(scores.cancellation_probability.sum())


def test_causes_are_judged_by_how_often_they_came_and_for_whom(job):
    table = pd.read_csv(job[0].settings.out / "causes_cancellation.csv").set_index("cause")
    test = pd.read_parquet(job[0].settings.out / "predictions_cancellation.parquet").query("champion")
    assert table.came.sum() == test.actual.notna().sum()
    assert table.expected.sum() == pytest.approx(test.cancellation_probability.sum())
    assert table.came["cancelled"] > table.came.sum() / 2
    assert sum(line.startswith("causes ") and "log loss of the cause" in line for line in job[1]) == 1


def test_renewals_and_early_warnings_are_of_customers_who_are_scored(job):
    out = job[0].settings.out
    scores = pd.read_parquet(out / "scores.parquet").set_index("customer")
    due = pd.read_parquet(out / "renewals.parquet")
    assert due.renewal.between("2023-12-31", "2024-03-30").all()
    assert (due.not_renewing <= scores.cancellation_probability[due.customer].to_numpy() + 1e-9).all()
    assert any(line.startswith("contracts ") and "at risk within 90 days" in line for line in job[1])


def test_the_page_tells_who_will_leave(job):
    page = unescape((job[0].settings.out / "report.html").read_text())
    assert "Who will end the contract?" in page
    assert "Who is at risk, and why" in page
    assert "Revenue at risk by month" in page
    assert "Who renews when" in page
    assert "Early warning" in page
    assert "revenue a month at risk" in page  # a price is no profit
    assert "profit expected to leave" not in page
    assert "rule: how lately" not in page.lower()
    assert not re.search(r"\bc\d{1,5}\b", page)  # nobody is named by a key; a pseudonym has ten characters


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[subscriptions.contracts]", "[subscription.contracts]", "The file has no key 'subscription'"),
        ('start = "start"', "", r"\[subscriptions.contracts\] lacks 'start'"),
        ('term_in = "days"', 'term_in = "weeks"', 'term_in must be "days" or "months", got text \'weeks\''),
        ("cancellation = {", "churn = { horizon = 90 }\ncancellation = {", "needs 'orders'"),
        ('price = "price"\nprice_per = "term"\n', "", "need a budget, and what a kept customer is worth"),
        ("within = [30, 90]", "within = [91]", "asked within \\(91,\\) days, but its horizon is 90d"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_with_their_line(old, new, message, tmp_path):
    assert old in SETTINGS
    (tmp_path / "members.toml").write_text(SETTINGS.replace(old, new))
    with pytest.raises(SettingsError, match=message):
        load(tmp_path / "members.toml")


def test_a_question_of_contracts_needs_their_table(tmp_path):
    begin, end = SETTINGS.index("[subscriptions"), SETTINGS.index("[questions]")
    (tmp_path / "members.toml").write_text(SETTINGS[:begin] + SETTINGS[end:])
    with pytest.raises(SettingsError, match="'cancellation' looks at a table of contracts, and there are 0"):
        load(tmp_path / "members.toml")


def test_the_page_of_contracts_and_a_month_before_are_taken_from_what_was_kept(job, monkeypatch):
    answered, _ = job
    page = (answered.settings.out / "report.html").read_text()
    monkeypatch.setattr(Settings, "history", lambda settings: pytest.fail("the events were read"))
    VERBS["report"](Job(answered.settings, answered.now))
    assert (answered.settings.out / "report.html").read_text() == page
    compared = explain_against(Job(answered.settings, answered.now), "2023-12-01")
    assert compared["others"] > 100
