"""Questions of contracts: who is asked, what the label is, and that nothing later than the cutoff is seen."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.datasets.subscribers import subscribers
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.subscriptions import subscriptions
from patron.questions import reference
from patron.questions.shared import together

CUTOFF = datetime(2024, 3, 1)


def members(*rows: tuple) -> History:
    frame = pd.DataFrame(rows, columns=["customer", "start", "end", "known_at", "cause"])
    names = {role: role for role in frame.columns}
    return History.of(contracts=subscriptions(frame, until="2024-12-01", **names))


HISTORY = members(
    ("open", "2024-01-01", None, None, None),
    ("leaves", "2024-01-01", "2024-03-11", "2024-03-11", "cancelled"),
    ("at the cutoff", "2024-01-01", "2024-03-01", "2024-03-01", "not paid"),
    ("left", "2024-01-01", "2024-02-10", "2024-02-10", "cancelled"),
    ("left unheard", "2024-01-01", "2024-02-20", "2024-03-21", "cancelled"),
    ("starts then", "2024-03-01", None, None, None),
    ("renews", "2024-01-01", "2024-03-11", "2024-03-11", None),
    ("renews", "2024-03-11", None, None, None),
    ("two", "2024-01-01", "2024-02-01", "2024-02-01", "cancelled"),
    ("two", "2024-01-15", "2024-03-21", "2024-03-21", "not paid"),
    ("back", "2024-01-01", "2024-02-01", "2024-02-01", "cancelled"),
    ("back", "2024-03-16", None, None, None),
)


def labels_of(question) -> dict[str, float]:
    rows = pt.matrix(question, HISTORY, [CUTOFF])
    return dict(zip(rows.key.customer, pt.answers(question, HISTORY, [CUTOFF], rows=rows), strict=True))


def test_those_under_contract_as_far_as_is_known_are_asked_for_the_days_until_they_leave():
    found = {who: None if np.isnan(days) else days for who, days in labels_of(pt.cancellation(horizon=60)).items()}
    assert found == {
        "open": None, "leaves": 10.0, "at the cutoff": 0.0, "left unheard": 20.0, "renews": None, "two": 20.0,
    }  # fmt: skip


def test_only_the_causes_that_are_named_count():
    days = labels_of(pt.cancellation(horizon=60, causes="cancelled"))
    assert {who for who, value in days.items() if not np.isnan(value)} == {"leaves", "left unheard"}


def test_those_who_left_lately_are_asked_for_the_days_until_they_are_back():
    days = labels_of(pt.win_back(horizon=60))
    assert set(days) == {"left", "back"}
    assert days["back"] == 15.0
    assert set(labels_of(pt.win_back(horizon=60, left_in=25))) == {"left"}


@pytest.mark.parametrize("question", [pt.cancellation(horizon=60), pt.win_back(horizon=60)], ids=lambda q: q.name)
def test_rows_and_labels_are_the_same_by_the_engine_alone(question):
    rows = pt.matrix(question, HISTORY, [CUTOFF])
    engine = reference.rows(question, HISTORY, CUTOFF).to_pandas().sort_values("customer", ignore_index=True)
    assert engine.customer.tolist() == rows.key.customer.tolist()
    for name in rows.X.select_dtypes("number"):
        np.testing.assert_allclose(rows.X[name], engine[name].astype(float), rtol=1e-6, err_msg=name)
    label = reference.labels(question, HISTORY, CUTOFF).to_pandas().sort_values("customer")
    np.testing.assert_allclose(label.label, pt.answers(question, HISTORY, [CUTOFF], rows=rows))


def test_features_of_contracts_count_what_was_known():
    history = members(
        ("a", "2024-01-01", "2024-02-01", "2024-02-01", "cancelled"),
        ("a", "2024-02-11", "2024-03-31", "2024-02-20", "cancelled"),
    )
    row = pt.matrix(pt.cancellation(horizon=60), history, [CUTOFF]).X.iloc[0]
    assert row.contract_age == 19.0
    assert (row.contracts_so_far, row.contracts_ended, row.last_contract_end) == (2.0, 1.0, 29.0)
    assert row.member_since == 60.0
    assert row.days_to_announced_end == 30.0


def test_days_to_renewal_count_down_to_the_end_of_the_term():
    frame = pd.DataFrame({"c": ["a", "b", "c"], "s": ["2024-01-01", "2024-02-29", "2024-01-31"], "t": [20, 30, 30]})
    contracts = subscriptions(frame, customer="c", start="s", term="t", term_in="days")
    rows = pt.matrix(pt.cancellation(horizon=60), History.of(contracts=contracts), [CUTOFF])
    assert rows.X.days_to_renewal.tolist() == [0.0, 29.0, 0.0]


def test_nothing_from_the_cutoff_on_moves_a_row_or_a_feature():
    world = subscribers(80, seed=3)
    cutoff = datetime(2022, 6, 1)
    whole = pt.matrix(pt.cancellation(horizon=90), world.history, [cutoff])
    contracts = world.contracts[world.contracts.start < cutoff]
    contracts = contracts.assign(
        end=contracts.end.where(contracts.end < cutoff), cause=contracts.cause.where(contracts.end < cutoff)
    )
    roles = {role: role for role in contracts.columns}
    declared = subscriptions(contracts, term_in="days", until="2024-01-01", **roles)
    logins = pt.events(world.logins[world.logins["at"] < cutoff], customer="customer", at="at")
    past = pt.matrix(pt.cancellation(horizon=90), History.of(contracts=declared, logins=logins), [cutoff])
    pd.testing.assert_frame_equal(whole.key, past.key)
    pd.testing.assert_frame_equal(whole.X, past.X)


def test_a_chance_is_asked_for_each_month_unless_days_are_named():
    assert pt.cancellation(horizon=100).within == (30, 60, 90, 100)
    assert pt.cancellation(horizon=20).within == (20,)
    assert pt.cancellation(horizon=100, within=7).within == (7,)
    with pytest.raises(QuestionError, match=r"'cancellation' is asked within \(91,\) days, but its horizon is 90d"):
        pt.cancellation(horizon=90, within=91)


def test_a_history_without_contracts_is_refused_with_the_line_that_declares_them():
    orders = pt.events(pd.DataFrame({"c": ["a"], "t": ["2024-01-01"]}), customer="c", at="t")
    with pytest.raises(QuestionError, match=r"has none: orders\. Declare them: contracts=pt.subscriptions"):
        pt.cancellation(horizon=60).on(History.of(orders=orders))


def test_a_cause_that_no_end_has_is_refused_with_those_there_are():
    with pytest.raises(QuestionError, match=r"No contract ended for moved\. The causes are: cancelled, not paid"):
        pt.cancellation(horizon=60, causes="moved").on(HISTORY)


def test_questions_of_other_customers_have_rows_of_their_own():
    with pytest.raises(QuestionError, match="asked of different customers"):
        together([pt.cancellation(horizon=60), pt.win_back(horizon=60)], HISTORY)


def test_nobody_under_contract_is_said():
    late = members(("a", "2024-01-01", "2024-02-01", "2024-02-01", None))
    with pytest.raises(QuestionError, match=r"No customer was under contract at 2024-03-01\. Check"):
        pt.matrix(pt.cancellation(horizon=60), late, [CUTOFF])
