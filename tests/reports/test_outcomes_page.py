"""The page of outcomes says what was earned with doubt, what to do about it, and what it does not know."""

from dataclasses import replace
from datetime import datetime
from html import unescape

import numpy as np
import pandas as pd
import pytest

from patron.decisions.outcomes import Outcomes
from patron.reports import retention_page
from patron.reports.outcomes_page import OutcomesReport, page

NAN = float("nan")
FIELDS = ("kept_effect", "profit_effect", "incremental", "promised")


def line(offer: str, earned: float, half: float, **other) -> dict:
    bounds = {f"{name}{end}": 0.01 for name in FIELDS for end in ("", "_low", "_high")}
    about = {
        "cutoff": pd.Timestamp("2024-03-01"),
        "offer": offer,
        "explored": False,
        "treated": 90,
        "control": 10,
        "days": 90,
        "early": False,
    }
    figures = {"incremental": earned, "incremental_low": earned - half, "incremental_high": earned + half}
    return (
        about
        | bounds
        | figures
        | {"cost": 50.0, "roi": earned / 50.0, "evidence": "randomised", "advice": "test"}
        | other
    )


@pytest.fixture(scope="module")
def report() -> OutcomesReport:
    """The outcomes of three campaigns: one earned, one may have, of one nothing is known."""
    unknown = dict.fromkeys((f"{name}{end}" for name in FIELDS for end in ("", "_low", "_high")), NAN)
    table = [line("call", 400.0, 30.0, advice="again"), line("mail", -100.0, 40.0, advice="stop", explored=True)]
    table += [line("gift", NAN, NAN, **(unknown | {"evidence": "none", "control": 0, "cost": NAN}))]
    thirds = pd.DataFrame({"third": ["lowest", "highest"], "promised": [1.0, 5.0], "delivered": [0.5, 2.0]})
    thirds = thirds.assign(delivered_low=-1.0, delivered_high=4.0)
    cutoff = [pd.Timestamp("2024-03-01")] * 2
    book = pd.DataFrame({"cutoff": cutoff, "offer": "call", "line": ["cost of the offer", "profit of these customers"]})
    lacking = {"missing": 2, "promised": 12.0, "teams": {"north": 2}}
    follow = {
        "followed": 8,
        "overridden": 2,
        "changed": 0,
        "skipped": 2,
        "unreported": 80,
        "capacity": lacking,
        "why": {"no staff": 2},
        "teams": {"north": 0.8},
    }
    follow["effect"] = type("Unknown", (), {"value": NAN})
    book = book.assign(explored=False, amount=[-50.0, 1234.5])
    nothing = pd.DataFrame()
    outcomes = Outcomes(pd.DataFrame(table), book, thirds, follow, nothing, nothing, {}, ())
    return OutcomesReport("Shop", datetime(2024, 7, 1), "EUR", outcomes, ["gift has 0 held out"])


def words(html: str) -> str:
    return " ".join(unescape(html).replace("\xa0", " ").split())


@pytest.fixture(scope="module")
def text(report):
    """Their page."""
    return words(page(report))


def test_the_report_says_what_the_last_campaign_earned_beside_its_promise_and_what_to_do_again(report):
    scores = pd.DataFrame({"cutoff": pd.to_datetime(["2024-05-01"]), "churn_probability": [0.5]})
    why = pd.DataFrame(columns=["pseudonym", "side", "rank", "text", "lever", "evidence"])
    moved = pd.DataFrame(columns=["words", "theme", "share"])
    about = scores, scores.assign(pseudonym="x1"), why, moved, None, [], None, {}
    whole = retention_page.Report("Shop", report.made_at, "EUR", [], [], [], *about, past=report)
    text = words(retention_page.page(whole))
    last = "The latest campaign with call, of 1 Mar 2024, earned <strong>€400</strong> after its costs; with 95 %"
    assert f"{last} certainty between €370 and €430, where €0 was promised.</p>" in text
    assert "Do again</strong></td><td>call (1 Mar 2024)" in text
    assert 'id="earned"' not in retention_page.page(replace(whole, past=None))


def test_all_campaigns_together_have_a_doubt_of_their_own(text):
    assert "earned <strong>€300</strong> after their costs; with 95 % certainty between €250 and €350." in text


def test_each_offer_is_under_what_to_do_with_it(text):
    for words in (
        "Do again</strong></td><td>call (1 Mar 2024)",
        "Stop</strong></td><td>mail by lot (1 Mar 2024)",
        "Test</strong></td><td>gift",
    ):
        assert words in text


def test_what_is_not_known_is_said_and_what_was_followed_and_earned_is_listed(text):
    assert text.count('data-label="Earned">unknown') == 1
    assert "€400<small>€370 to €430</small>" in text
    assert "€50<small>ROI 8.00</small>" in text
    assert text.count('data-label="Promised">nothing') == 1  # of the campaign by lot
    assert "<li>gift has 0 held out</li>" in text
    assert "8 decisions were carried out, 2 overridden (0 changed, 2 skipped), 80 not reported." in text
    assert "For <strong>2</strong> of them capacity was missing, and with it an expected gain of €12 (north 2)." in text
    assert '<td>no staff</td><td class="n">2</td>' in text
    assert '<strong>profit of these customers</strong></td><td class="n">€1,234.50' in text


def test_a_business_without_any_hold_out_reads_that_nothing_is_known():
    unknown = dict.fromkeys((f"{name}{end}" for name in FIELDS for end in ("", "_low", "_high")), np.nan)
    table = pd.DataFrame([line("gift", NAN, NAN, **(unknown | {"evidence": "none"}))])
    book = pd.DataFrame(columns=["cutoff", "offer", "explored", "line", "amount"])
    outcomes = Outcomes(table, book, pd.DataFrame(), {}, pd.DataFrame(), pd.DataFrame(), {}, ())
    plain = page(OutcomesReport("Shop", datetime(2024, 7, 1), "", outcomes, []))
    assert "What offers earned is not known yet" in plain
    assert "<svg" not in plain
