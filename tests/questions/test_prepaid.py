"""Terms that are paid in advance: silence within them is no churn, in labels, models and what the door notes."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.errors import HistoryError
from patron.history.history import History
from patron.questions import reference

CUTOFF = datetime(2024, 7, 1)
SPLIT = pt.Split.of(train=["2022-10-01", "2023-01-01"], valid=["2023-04-01"], test=["2023-07-01"])


def orders_of(*rows: tuple) -> History:
    frame = pd.DataFrame(rows, columns=["c", "t", "term"])
    return History.of(orders=pt.events(frame, customer="c", at="t", term="term"))


HISTORY = orders_of(
    ("paid up", "2024-05-01", 365),
    ("ends within", "2024-05-01", 100),
    ("buys", "2024-06-01", 30),
    ("buys", "2024-07-15", 30),
    ("over", "2024-01-01", 30),
    ("untold", "2024-06-20", None),
    ("last", "2024-10-20", 1),
)


def test_silence_within_a_paid_term_is_no_churn_and_after_it_is():
    question = pt.churn(horizon=60)
    rows = pt.matrix(question, HISTORY, [CUTOFF])
    label = dict(zip(rows.key.customer, pt.answers(question, HISTORY, [CUTOFF], rows=rows), strict=True))
    assert label == {"paid up": 0.0, "ends within": 1.0, "buys": 0.0, "over": 1.0, "untold": 1.0}
    ahead = dict(zip(rows.key.customer, rows.X.paid_ahead, strict=True))
    assert (ahead["paid up"], ahead["ends within"], ahead["over"]) == (304.0, 39.0, -152.0)


def test_labels_of_terms_are_the_same_by_the_engine_alone():
    question = pt.churn(horizon=60)
    rows = pt.matrix(question, HISTORY, [CUTOFF])
    label = pt.answers(question, HISTORY, [CUTOFF], rows=rows)
    engine = reference.labels(question, HISTORY, CUTOFF).to_pandas().sort_values("customer")
    np.testing.assert_array_equal(engine.label, label)


def test_a_term_is_a_number_of_days_or_a_date():
    days = pd.DataFrame({"c": ["a"], "t": ["2024-01-01"], "d": [31], "u": ["2024-02-01"]})
    until = [
        History.of(orders=pt.events(days, customer="c", at="t", term=column))["orders"].to_pandas().paid_until[0]
        for column in ("d", "u")
    ]
    assert until == [pd.Timestamp("2024-02-01")] * 2


def test_no_column_is_a_term_by_its_name_alone():
    frame = pd.DataFrame({"c": ["a"], "t": ["2024-01-01"], "term": [31], "paid_until": ["soon"]})
    columns = History.of(orders=pt.events(frame, customer="c", at="t"))["orders"].columns
    assert "paid_until" not in columns
    assert {"term", "own_paid_until"} <= set(columns)


def test_a_term_of_words_is_refused():
    frame = pd.DataFrame({"c": ["a"] * 9, "t": ["2024-01-01"] * 9, "term": ["yearly"] * 9})
    with pytest.raises(HistoryError, match="'term', declared as 'term'"):
        pt.events(frame, customer="c", at="t", term="term")


def payers(n: int = 240, seed: int = 2) -> pd.DataFrame:
    """A third pays once a year, the others every 30 days; some of both stop."""
    r, rows = np.random.default_rng(seed), []
    for c in range(n):
        term, t = (365 if c % 3 == 0 else 30), pd.Timestamp("2021-01-01") + pd.Timedelta(days=float(r.uniform(0, 700)))
        while t < pd.Timestamp("2024-01-01"):
            rows.append((c, t, term))
            t += pd.Timedelta(days=term)
            if r.uniform() < (0.15 if term == 365 else 0.03):
                break
    return pd.DataFrame(rows, columns=["c", "t", "term"])


def test_who_is_paid_up_for_the_horizon_has_no_risk_and_the_others_keep_theirs():
    history = History.of(orders=pt.events(payers(), customer="c", at="t", term="term"))
    trained = pt.train(pt.churn(horizon=90, active_in=400), history, SPLIT)
    rows = pt.matrix(trained.question, history, ["2024-01-01"])
    risk = pt.score(trained.model, rows).churn_probability
    paid = rows.X.paid_ahead.to_numpy() >= 90
    assert paid.sum() > 20
    assert (risk[paid] == 0.0).all()
    assert (risk[~paid] > 0.0).all()


def test_the_door_notes_two_kinds_of_gaps_where_no_term_is_named():
    frame = payers()
    (note,) = History.of(orders=pt.events(frame, customer="c", at="t")).receipts[0].notes
    assert note.startswith("customers fall into two kinds: ")
    assert 'term = "the column"' in note
    assert History.of(orders=pt.events(frame, customer="c", at="t", term="term")).receipts[0].notes == ()
    monthly = frame[frame.term == 30]
    assert History.of(orders=pt.events(monthly, customer="c", at="t")).receipts[0].notes == ()
