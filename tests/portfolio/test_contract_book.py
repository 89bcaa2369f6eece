"""The contract book: the chance to have ended by a day falls on the renewals, where there are any."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.errors import ScoreError
from patron.portfolio.contract_book import ContractBook
from patron.portfolio.renewals import mrr_at_risk, renewals, renewals_by_month

CUTOFF = datetime(2024, 1, 20)


def book(renewal=(10.0, 40.0, np.nan), term=(365.0, 30.0, np.nan), price=(10.0, 20.0, 30.0)):
    """Three customers who end with chances of .3, .2, .3 within 30 days and .4, .6, .5 within 60."""
    chance = np.array([[0.0, 0.3, 0.4], [0.0, 0.2, 0.6], [0.0, 0.3, 0.5]])
    edges = np.array([0.0, 30.0, 60.0])
    return ContractBook(pd.Series(["a", "b", "c"]), CUTOFF, edges, chance, *map(np.array, (price, renewal, term)))


def test_the_chance_of_a_step_falls_on_its_renewal_and_is_even_where_there_is_none():
    ended = book().ended_by([10.0, 10.5, 30.0, 45.0])
    np.testing.assert_allclose(ended[0], [0.0, 0.3, 0.3, 0.35])  # renews on day 10; in the second step on no day
    np.testing.assert_allclose(ended[1], [0.2 / 3, 0.07, 0.2, 0.6])  # renews on day 40, after none in the first step
    np.testing.assert_allclose(ended[2], [0.1, 0.105, 0.3, 0.4])


def test_renewals_of_one_step_share_its_chance():
    ended = book(renewal=(5.0, 5.0, 5.0), term=(10.0, 10.0, 10.0)).ended_by([5.0, 6.0, 16.0, 26.0])
    np.testing.assert_allclose(ended[0], [0.0, 0.1, 0.2, 0.3])


def test_months_are_those_of_the_calendar_and_their_revenue_adds_up():
    months = mrr_at_risk(book())
    assert [f"{day:%m-%d}" for day in months.begin] == ["01-20", "02-01", "03-01"]
    assert f"{months.end.iloc[-1]:%m-%d}" == "03-20"
    assert months.mrr.iloc[0] == 60.0
    assert months.at_risk.sum() + months.remaining.iloc[-1] == pytest.approx(60.0)
    assert months.at_risk.sum() == pytest.approx(10 * 0.4 + 20 * 0.6 + 30 * 0.5)
    np.testing.assert_allclose(months.mrr[1:], months.remaining[:-1])
    assert months.at_risk[0] == pytest.approx(10 * 0.3 + 20 * 0.08 + 30 * 0.12)  # 12 days: the renewal, and 12 of 30
    assert ((months.low <= months.at_risk) & (months.at_risk <= months.high)).all()


def test_who_renews_within_the_horizon_is_told_with_the_chance_up_to_that_day():
    due = renewals(book(renewal=(10.0, 40.0, np.nan)))
    assert due.customer.tolist() == ["a", "b"]
    assert [f"{day:%m-%d}" for day in due.renewal] == ["01-30", "02-29"]
    np.testing.assert_allclose(due.not_renewing, [0.3, 0.6])
    np.testing.assert_allclose(due.at_risk, [3.0, 12.0])
    assert renewals(book(renewal=(60.0, 61.0, np.nan))).empty


def test_renewals_are_counted_by_month_and_length_of_term():
    counted = renewals_by_month(renewals(book(renewal=(40.0, 40.0, np.nan))))
    assert counted.term.tolist() == ["year", "month"]
    assert counted.renewals.tolist() == [1, 1]
    np.testing.assert_allclose(counted.monthly_price, [10.0, 20.0])


def test_scores_without_a_chance_of_cancellation_are_refused():
    scores = pd.DataFrame({"customer": ["a"], "cutoff": [pd.Timestamp(CUTOFF)]})
    with pytest.raises(ScoreError, match="needs 'cancellation_probability', and the scores have: customer, cutoff"):
        ContractBook.of(scores, pd.DataFrame(index=[0]), 90)
