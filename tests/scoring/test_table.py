"""Scores side by side: what is at stake follows from what a customer has paid."""

import pandas as pd
import pytest

from patron.periods import Span
from patron.scoring.table import _with_value

KNOWN = pd.DataFrame({"spend": [90.0, 0.0, None, 50.0, 50.0], "refund_share": [None, None, None, 1.0, 0.4]})
PAID = [True, False, False, False, True]  # never an amount, only nothing, nothing known, all paid back, some of it


@pytest.mark.parametrize("value", [None, 30.0])
def test_who_never_paid_is_worth_nothing(value):
    scores = pd.DataFrame({"customer": list("abcde")})
    scores = scores if value else scores.assign(profit_if_active=30.0)
    assert _with_value(scores, value, KNOWN, Span(30)).value.tolist() == [30.0 if paid else 0.0 for paid in PAID]


def test_without_any_money_in_the_tables_the_value_that_was_given_stands():
    scores = pd.DataFrame({"customer": list("ab")})
    assert _with_value(scores, 30.0, pd.DataFrame({"orders": [1.0, 2.0]}), Span(30)).value.tolist() == [30.0, 30.0]
