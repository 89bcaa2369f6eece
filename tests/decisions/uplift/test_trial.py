"""What a trial promises: each column is read by its use, and what cannot be meant is refused with its place."""

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.decisions.uplift import Trial
from patron.errors import HistoryError, QuestionError

HALF = {"mail": 0.5, "none": 0.5}


def frame(**columns) -> pd.DataFrame:
    """Eight contacts, half of them with a mail; those with a mail bought once more."""
    plain = {
        "visits": [1, 2, 3, 4, 5, 6, 7, None],
        "channel": ["web", "shop", None, "web", "shop", "web", "web", "shop"],
        "got": ["mail", "none"] * 4,
        "bought": [1, 0, 1, 1, 1, 0, 0, 1],
        "spent": [9.5, 0, 2, 1, 4, 0, 0, 3],
        "id": ["a", "a", "b", "c", "d", "e", "f", "g"],
    }
    return pd.DataFrame(plain | columns)


def trial(rows: pd.DataFrame | None = None, **given) -> Trial:
    plain = {"arm": "got", "control": "none", "outcome": "bought", "features": ["visits", "channel"]}
    return pt.trial(frame() if rows is None else rows, **(plain | given))


def test_columns_are_read_by_their_use_and_kept_in_the_order_of_the_rows():
    past = trial(frame().set_index("id", drop=False), customer="id", propensity=HALF, assignment="randomised")
    assert past.arms == ("none", "mail")
    assert past.features.visits.tolist()[:2] == [1.0, 2.0]
    assert past.features.channel.isna().tolist() == [False, False, True] + [False] * 5
    assert past.groups.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert past.outcome_kind == "probability"
    assert trial(outcome="spent").outcome_kind == "money"


def test_arms_that_are_numbers_become_texts():
    assert trial(frame(got=[1, 0] * 4), control=0).arms == ("0", "1")


@pytest.mark.parametrize(
    ("given", "columns", "error", "message"),
    [
        ({"arm": "gott"}, {}, QuestionError, r"lacks the column 'gott' \(arm\).* Did you mean 'got'\?"),
        ({"control": "nobody"}, {}, QuestionError, "Nobody is in the control arm 'nobody'. The arms are: mail, none"),
        ({}, {"got": ["none"] * 8}, QuestionError, "All 8 rows are in the control arm 'none'"),
        ({}, {"got": ["mail", *["none"] * 7]}, QuestionError, "The arm 'mail' has one row only"),
        ({}, {"got": [None, *["mail", "none"] * 3, "none"]}, HistoryError, "'got' is empty in 1 of 8 rows.* row 0"),
        ({}, {"bought": [1, 0, None, 1, 0, 1, 0, 1]}, HistoryError, "missing or infinite in 1 of 8 rows.* row 2"),
        ({"outcome": "spent"}, {"spent": [np.inf, *[1] * 7]}, HistoryError, "the first is row 0 with inf"),
        ({"outcome": "spent", "outcome_kind": "probability"}, {}, HistoryError, "4 of 8 rows have others, such as 9.5"),
        ({}, {"bought": [1] * 8}, HistoryError, "The outcome is 1 in all 8 rows"),
        ({"outcome": "channel"}, {}, QuestionError, "'channel' is the outcome of the trial and one of its features"),
        ({}, {"bought": ["yes"] * 8}, HistoryError, "'bought' has 'yes' in row 0 and 8 such rows"),
        ({"features": ["got"]}, {}, QuestionError, r"'got' is the arm of the trial and one of its features.*\[\]"),
        ({"features": ["id"], "customer": "id"}, {}, QuestionError, "'id' is the customer of the trial"),
        ({"features": ["visits", "visits"]}, {}, QuestionError, "'visits' is named twice"),
        ({"features": []}, {}, QuestionError, "A trial needs features"),
        ({}, {"visits": [None] * 8}, HistoryError, "'visits' is missing in all 8 rows"),
        ({}, {"visits": [1, 0, 1, 1, 1, 0, 0, 1]}, QuestionError, "'visits' is the outcome by another name"),
        ({}, {"visits": [0, 1, 0, 0, 0, 1, 1, 0]}, QuestionError, "'visits' is the outcome by another name"),
        ({}, {"channel": ["x", "y"] * 4}, QuestionError, "'channel' is the arm by another name"),
        ({}, {"visits": pd.Timestamp("2024-01-01")}, HistoryError, "The feature 'visits' holds times"),
        ({"assignment": "random"}, {}, QuestionError, "one of randomised, logged, observational, got 'random'"),
        ({"outcome_kind": "euro"}, {}, QuestionError, "one of probability, money, got 'euro'"),
        ({"assignment": "logged"}, {}, QuestionError, "A logged assignment has the probability of each arm"),
        ({"propensity": {"mail": 0.5}}, {}, QuestionError, "arms of the trial are mail, none.* given of mail"),
        ({"propensity": {"mail": 1.0, "none": 0.5}}, {}, HistoryError, "propensity of 'mail' .* is 1 in row 0"),
        ({"propensity": {"mail": 0.6, "none": 0.5}}, {}, HistoryError, "add up to 1, but to 1.1 in row 0"),
        ({"cost": "visits", "features": ["channel"]}, {}, HistoryError, "The cost .* missing or infinite in 1 of 8"),
        ({"cost": "paid"}, {"paid": [4, 0, -4, 0] * 2}, HistoryError, "or more, but -4 in row 2 and negative in 2 of"),
        ({"propensity": {"call": 0.5, "none": 0.5}}, {}, QuestionError, "got: propensity={'none': 0.5, 'mail': 0.5}"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place_and_a_way_out(given, columns, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        trial(frame(**columns), **given)


def test_a_trial_without_rows_says_so():
    with pytest.raises(QuestionError, match=r"The trial has no row. Give a row for each contact, of the control too"):
        trial(frame().head(0))


def test_a_column_that_is_a_key_is_no_arm():
    rows = pd.DataFrame({"got": range(50), "bought": [0, 1] * 25, "visits": 1.0})
    with pytest.raises(QuestionError, match="50 different values; 20 at most"):
        trial(rows, control=0, features=["visits"])


def test_columns_of_another_length_are_refused():
    past = trial()
    with pytest.raises(QuestionError, match="8 rows of 'arm' and 7 of 'outcome'"):
        Trial(past.features, past.arm, "none", past.outcome[:7])
