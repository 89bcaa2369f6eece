"""The page of outcomes says what was earned with doubt, what to do about it, and what it does not know."""

from datetime import datetime
from html import unescape

import numpy as np
import pandas as pd
import pytest

from patron.decisions.outcomes import Outcomes
from patron.reports.outcomes_page import OutcomesReport, page

NAN = float("nan")
FIELDS = ("kept_effect", "profit_effect", "incremental", "promised")


def line(offer: str, earned: float, half: float, **other) -> dict:
    bounds = {f"{name}{end}": 0.01 for name in FIELDS for end in ("", "_low", "_high")}
    about = {
        "cutoff": pd.Timestamp("2024-03-01"),
        "offer": offer,
        "treated": 90,
        "control": 10,
        "days": 90,
        "early": False,
    }
    figures = {"incremental": earned, "incremental_low": earned - half, "incremental_high": earned + half}
    return about | bounds | figures | {"cost": 50.0, "evidence": "randomised", "advice": "test"} | other


@pytest.fixture(scope="module")
def text():
    """The page of three campaigns: one earned, one may have, of one nothing is known."""
    unknown = dict.fromkeys((f"{name}{end}" for name in FIELDS for end in ("", "_low", "_high")), NAN)
    table = [line("call", 400.0, 30.0, advice="again"), line("mail", -100.0, 40.0, advice="stop")]
    table += [line("gift", NAN, NAN, **(unknown | {"evidence": "none", "control": 0, "cost": NAN}))]
    thirds = pd.DataFrame({"third": ["lowest", "highest"], "promised": [1.0, 5.0], "delivered": [0.5, 2.0]})
    thirds = thirds.assign(delivered_low=-1.0, delivered_high=4.0)
    cutoff = [pd.Timestamp("2024-03-01")] * 2
    book = pd.DataFrame({"cutoff": cutoff, "offer": "call", "line": ["cost of the offer", "profit of these customers"]})
    follow = {"followed": 8, "overridden": 2, "unreported": 80, "why": {"no staff": 2}, "teams": {"north": 0.8}}
    follow["effect"] = type("Unknown", (), {"value": NAN})
    outcomes = Outcomes(
        pd.DataFrame(table), book.assign(amount=[-50.0, 1234.5]), thirds, follow, pd.DataFrame(), pd.DataFrame(), {}, ()
    )
    report = OutcomesReport("Shop", datetime(2024, 7, 1), "EUR", outcomes, ["gift has 0 held out"])
    return " ".join(unescape(page(report)).replace("\xa0", " ").split())


def test_all_campaigns_together_have_a_doubt_of_their_own(text):
    assert "earned <strong>€300</strong> after their costs; with 95 % certainty between €250 and €350." in text


def test_each_offer_is_under_what_to_do_with_it(text):
    for words in (
        "Do again</strong></td><td>call (1 Mar 2024)",
        "Stop</strong></td><td>mail",
        "Test</strong></td><td>gift",
    ):
        assert words in text


def test_what_is_not_known_is_said_and_what_was_followed_and_earned_is_listed(text):
    assert text.count('data-label="Earned">unknown') == 1
    assert "€400<small>€370 to €430</small>" in text
    assert "<li>gift has 0 held out</li>" in text
    assert "8 decisions were carried out, 2 overridden, 80 not reported" in text
    assert '<td>no staff</td><td class="n">2</td>' in text
    assert '<strong>profit of these customers</strong></td><td class="n">€1,234.50' in text


def test_a_business_without_any_hold_out_reads_that_nothing_is_known():
    unknown = dict.fromkeys((f"{name}{end}" for name in FIELDS for end in ("", "_low", "_high")), np.nan)
    table = pd.DataFrame([line("gift", NAN, NAN, **(unknown | {"evidence": "none"}))])
    book = pd.DataFrame(columns=["cutoff", "offer", "line", "amount"])
    outcomes = Outcomes(table, book, pd.DataFrame(), {}, pd.DataFrame(), pd.DataFrame(), {}, ())
    plain = page(OutcomesReport("Shop", datetime(2024, 7, 1), "", outcomes, []))
    assert "What offers earned is not known yet" in plain
    assert "<svg" not in plain
