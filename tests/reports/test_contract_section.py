"""The part of the page about contracts says what is known, and what is missing where it is not."""

from datetime import datetime
from html import unescape

import numpy as np
import pandas as pd
import pytest

from patron.portfolio.contract_book import ContractBook
from patron.portfolio.contract_outlook import ContractOutlook
from patron.portfolio.renewals import mrr_at_risk, renewals
from patron.reports.retention_page import Report, page

CUTOFF = datetime(2024, 1, 20)
NONE = pd.DataFrame()
WARNED = pd.DataFrame(
    {"pseudonym": ["x1"], "use": ["gym_visits"], "days": [30], "events": [2.0], "usual": [10.4]}
    | {"chance": [0.3], "chance_before": [0.1], "monthly_price": [10.0], "at_risk": [3.0]}
)


def book(price=(10.0, 20.0)):
    chance = np.array([[0.0, 0.3], [0.0, 0.2]])
    known = (np.array(values) for values in (price, (10.0, 20.0), (365.0, 30.0)))
    return ContractBook(pd.Series(["x1", "x2"]), CUTOFF, np.array([0.0, 30.0]), chance, *known)


def text(months=NONE, due=NONE, warnings=NONE):
    """The page of two customers with what is known of their contracts."""
    scores = pd.DataFrame({"pseudonym": ["x1", "x2"], "cutoff": pd.Timestamp(CUTOFF)})
    scores["cancellation_probability"] = [0.3, 0.2]
    outlook = ContractOutlook(2, 30, months, due.rename(columns={"customer": "pseudonym"}), warnings)
    why = pd.DataFrame({"pseudonym": ["x1"], "side": ["for"], "rank": [1], "text": ["few visits, raises the risk"]})
    why = why.assign(lever="", evidence="association, not a lever")
    moved = pd.DataFrame({"words": ["Visits"], "theme": ["habit"], "share": [1.0]})
    report = Report(
        "Club", CUTOFF, "EUR", [], [], [], scores, scores, why, moved, None, (), None, {}, contracts=outlook
    )
    return " ".join(unescape(page(report)).replace("\xa0", " ").split())


def test_revenue_renewals_and_warnings_stand_on_the_page():
    told = text(mrr_at_risk(book()), renewals(book()), WARNED)
    assert "2 customers are under contract on 20 Jan 2024, for <strong>€30</strong> a month" in told
    assert "<strong>€7</strong> (23.3 %) are expected to end within 30 days" in told
    assert "gym visits of 30 days" in told
    assert "<strong>1 customer</strong> with <strong>€10</strong> a month" in told
    assert "a part is counted" in told  # of January and of February


def test_without_prices_the_page_asks_for_them_and_tells_who_renews():
    unpriced = renewals(book(price=(np.nan, np.nan)))
    told = text(due=unpriced)
    assert 'Name its column: <code>price = "the column"</code>' in told
    assert "The 2 renewals with the most at risk" in told
    assert "Revenue at risk by month" not in told


@pytest.mark.parametrize(("warnings", "said"), [(NONE, True), (WARNED[:0], False)])
def test_where_nobody_is_to_be_warned_of_it_says_so(warnings, said):
    told = text(warnings=warnings)
    assert "No customer uses it clearly less than before" in told
    assert ("or no table tells what is used" in told) == said
    assert "Who renews when" not in told
