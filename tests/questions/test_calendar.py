"""Months go by the calendar: windows open, horizons end and cutoffs follow each other on days that months have."""

from datetime import datetime

import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.features import purchases
from patron.history.history import History
from patron.models.training import train
from patron.periods import Split, cutoffs, months
from patron.questions.kinds import Churn, NextPurchase, Tier, churn, next_purchase, tier
from patron.questions.matrices import labels, matrix
from patron.questions.profit import CostModel
from patron.questions.reference import labels as reference_labels
from patron.questions.reference import rows
from patron.scoring.model import check_asked
from patron.scoring.story import joint_answers
from worlds.histories import retail_world, small

FEBRUARY, MAY = datetime(2023, 2, 1), datetime(2023, 5, 1)
QUARTER = churn("1 quarter", active_in="3 months", features=(purchases.orders.over(*months(1, 3)),))


@pytest.fixture
def history() -> History:
    """Ann buys on the edges of months: in January, on 28 February, 31 March, and at the midnight of 1 May."""
    return small(
        ("ann", datetime(2023, 1, 1), 1.0),
        ("ann", datetime(2023, 1, 31, 23), 1.0),
        ("bob", datetime(2023, 1, 31), 1.0),
        ("ann", datetime(2023, 2, 28), 1.0),
        ("ann", datetime(2023, 3, 31), 1.0),
        ("ann", MAY, 1.0),
        ("cat", datetime(2023, 8, 1), 1.0),
    )


def test_windows_of_months_open_on_the_same_day_of_the_month_by_both_paths(history: History) -> None:
    seen = matrix(QUARTER, history, [FEBRUARY, MAY])
    assert seen.key.customer.tolist() == ["ann", "bob", "ann"]
    assert seen.X[["orders_1mo", "orders_3mo"]].to_numpy().tolist() == [[2, 2], [1, 1], [0, 2]]
    engine = rows(QUARTER, history, FEBRUARY).order_by("customer").to_pandas()
    assert engine[["orders_1mo", "orders_3mo"]].to_numpy().tolist() == [[2, 2], [1, 1]]


def test_a_horizon_of_months_ends_before_the_same_day_of_a_later_month(history: History) -> None:
    soon = churn("2 months", features=QUARTER.features)
    april = churn("3 months", features=QUARTER.features)
    march = datetime(2023, 3, 1)
    assert labels(soon, history, [march]).tolist() == [0, 1]  # 31 March lies within
    assert labels(churn("1 month", features=QUARTER.features), history, [datetime(2023, 4, 1)]).tolist() == [1, 1]
    assert labels(april, history, [datetime(2023, 2, 1)]).tolist() == [0, 1]
    edge = datetime(2023, 4, 1)  # the order of 1 May is the first instant after April
    assert reference_labels(churn("1 month", features=QUARTER.features), history, edge).label.to_list() == [1, 1]
    assert labels(churn(31, features=QUARTER.features), history, [edge]).tolist() == [0, 1]


def test_who_was_active_in_months_is_asked(history: History) -> None:
    lately = churn(30, active_in="1 month", features=QUARTER.features)
    assert matrix(lately, history, [datetime(2023, 2, 28, 12)]).key.customer.tolist() == ["ann", "bob"]
    assert matrix(lately, history, [datetime(2023, 3, 1)]).key.customer.tolist() == ["ann"]


def test_cutoffs_of_every_month_keep_the_day_where_the_month_has_it() -> None:
    assert [f"{c:%m-%d}" for c in cutoffs("2023-01-31", "2023-05-31", "1 month")] == [
        "01-31", "02-28", "03-31", "04-30", "05-31",
    ]  # fmt: skip


def test_labels_of_months_never_reach_into_the_next_cutoff() -> None:
    quarters = Split.of(["2023-01-01"], ["2023-04-01"], ["2023-07-01"])
    quarters.check_gap(churn("1 quarter").horizon)
    with pytest.raises(QuestionError, match="Labels of the train cutoff 2023-01-01 end 2023-04-02"):
        quarters.check_gap(churn(91).horizon)


@pytest.mark.parametrize("text", ["3 moons", "0 months", "months", "1.5 months", "2000 years", ""])
def test_a_text_that_names_no_span_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match='Write for example 90, or "3 months"'):
        churn(text)


def test_one_story_holds_for_months_and_a_model_remembers_them() -> None:
    history = retail_world(5).history
    split = Split.of(["2023-07-01"], ["2023-10-01"], ["2024-01-01"])
    asked: list[Churn | NextPurchase | Tier] = [
        churn("3 months"),
        next_purchase("3 months"),
        tier("3 months", CostModel(margin_rate=0.4)),
    ]
    trained = {question.name: train(question, history, split, seed=0) for question in asked}
    models = {name: one.model for name, one in trained.items()}
    today = {name: matrix(one.question, history, ["2024-03-01"]).X for name, one in trained.items()}
    X = pd.concat(list(today.values()), axis=1)
    X = X.loc[:, ~X.columns.duplicated()]
    left, bought, worth = joint_answers(models, X)
    assert (left.churn_probability + bought.purchase_within_3mo).to_numpy() == pytest.approx(1.0)
    assert (worth.probability_lead >= left.churn_probability - 1e-9).all()
    check_asked(models["churn"], churn("3 months"))
    with pytest.raises(Exception, match="trained with horizon = 3mo, but horizon = 92 is asked now"):
        check_asked(models["churn"], churn(92))
