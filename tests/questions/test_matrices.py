"""The crossing into arrays: rows in one order, numbers and their meaning side by side."""

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from patron.errors import HistoryError, QuestionError
from patron.features import purchases
from patron.features.measures import measure
from patron.history.history import History
from patron.history.sources import events
from patron.periods import monthly
from patron.questions.kinds import churn, next_purchase
from patron.questions.matrices import labels, matrix, row_source, write_rows
from worlds.histories import COLUMNS, CUTOFF, ago, frame_of, history_of, retail_world, small

FEW = (purchases.recency, purchases.mean_order)
EARLY = ago(60)
MONTHS = monthly("2023-06", "2023-09")


@pytest.fixture
def history() -> History:
    """Bob is there at both cutoffs, ann only at the later one; the history goes on for 90 days."""
    return history_of([("bob", ago(90), 2.0), ("ann", ago(10), None), ("bob", ago(-20), 4.0), ("cat", ago(-89.5), 1.0)])


def test_rows_are_sorted_by_cutoff_then_customer_whatever_order_is_asked(history: History) -> None:
    made = matrix(churn(90, features=FEW), history, [CUTOFF, EARLY])
    assert list(made.key.itertuples(index=False, name=None)) == [("bob", EARLY), ("ann", CUTOFF), ("bob", CUTOFF)]
    assert len(made) == 3
    assert made.X.recency.tolist() == [30.0, 10.0, 90.0]


def test_numbers_are_float32_and_what_is_unknown_is_nan(history: History) -> None:
    made = matrix(churn(90, features=FEW), history, [CUTOFF])
    assert set(made.X.dtypes) == {np.dtype("float32")}
    assert np.isnan(made.X.mean_order.iloc[0])
    assert made.X.mean_order.iloc[1] == 2.0


def test_texts_stay_texts() -> None:
    @measure()
    def shop(orders):
        """Shop."""
        return orders.channel.max()

    frame = frame_of([("a", ago(9), 1.0), ("b", ago(9), 1.0)], COLUMNS["orders"]).assign(channel=["web", None])
    made = matrix(churn(90, features=(shop,)), History.of(orders=events(frame)), [CUTOFF])
    assert made.X["shop"].tolist()[0] == "web"
    assert made.X["shop"].isna().tolist() == [False, True]


def test_answers_stand_in_the_order_of_the_rows(history: History) -> None:
    asked = [CUTOFF, EARLY]
    assert labels(churn(30), history, asked).tolist() == [1.0, 1.0, 0.0]
    days = labels(next_purchase(90), history, asked)
    assert days[[0, 2]].tolist() == [80.0, 20.0]
    assert np.isnan(days[1])


def test_who_buys_nothing_is_known_of_the_rows_that_are_asked_about(history: History) -> None:
    rows = matrix(churn(90), history, [CUTOFF])
    assert rows.key.customer.tolist() == ["ann", "bob"]
    assert row_source(history).idle(churn(90), rows.key).tolist() == [1.0, 0.0]
    assert row_source(history).idle(churn(90), rows.key[rows.key.customer == "bob"]).tolist() == [0.0]


def test_a_definition_stands_for_each_column(history: History) -> None:
    made = matrix(churn(90, features=FEW), history, [CUTOFF])
    assert [d.name for d in made.definitions] == made.X.columns.tolist()


def test_rows_are_taken_by_cutoff(history: History) -> None:
    made = matrix(churn(90, features=FEW), history, [CUTOFF, EARLY])
    early = made.take(made.at(EARLY))
    assert (early.key.customer.tolist(), early.X.recency.tolist()) == (["bob"], [30.0])
    assert made.at(EARLY, CUTOFF).all()
    assert not made.at(datetime(2000, 1, 1)).any()


def test_rows_without_a_cutoff_are_refused(history: History) -> None:
    for ask in (matrix, labels):
        with pytest.raises(QuestionError, match=r"Rows need at least one cutoff, got none. Give for example cutoffs"):
            ask(churn(90), history, [])


def test_a_matrix_of_nobody_is_refused(history: History) -> None:
    with pytest.raises(QuestionError) as told:
        matrix(churn(90, active_in=5, features=FEW), history, [EARLY, CUTOFF])
    assert str(told.value) == (
        "No customer had an order in the 5d before 2024-07-01. "
        "Ask about a longer time (active_in), or use later cutoffs."
    )


def test_answers_of_other_rows_than_the_features_are_refused(tmp_path):
    path = tmp_path / "orders.parquet"
    sold = [("a", ago(20), 1.0), ("b", ago(10), 1.0), ("b", ago(-40), 1.0)]
    frame_of(sold, COLUMNS["orders"]).to_parquet(path)
    history = History.of(orders=events(path))
    made = matrix(churn(30), history, [CUTOFF])
    frame_of([*sold, ("c", ago(5), 1.0)], COLUMNS["orders"]).to_parquet(path)
    with pytest.raises(HistoryError, match=r"features were made for 2 rows .* other ones were answered \(3\)"):
        labels(churn(30), history, [CUTOFF], rows=made)


def test_cutoffs_may_be_written_as_dates(history: History):
    asked = churn(30, features=FEW)
    written = matrix(asked, history, [f"{CUTOFF:%Y-%m-%d}"])
    assert written.key.equals(matrix(asked, history, [CUTOFF]).key)
    assert labels(churn(30), history, [f"{CUTOFF:%Y-%m-%d}"]).tolist() == labels(churn(30), history, [CUTOFF]).tolist()


def test_a_single_cutoff_is_not_taken_for_a_list() -> None:
    history = history_of([("a", ago(3), 1.0)])
    with pytest.raises(QuestionError, match=r"Cutoffs are given as a list, got '2024-01-01'; write \['2024-01-01'\]"):
        matrix(churn(30), history, "2024-01-01")


def test_rows_written_in_parts_are_the_rows_in_memory(tmp_path):
    world = retail_world(seed=11, customers=120)
    result, path = matrix(churn(90), world.history, MONTHS), tmp_path / "rows.parquet"
    assert write_rows(churn(90), world.history, MONTHS, path, memory=5e-5) == len(result)
    read = pq.read_table(path).to_pandas().sort_values(["cutoff", "customer"], ignore_index=True)
    pd.testing.assert_frame_equal(read[list(result.X)], result.X, check_exact=True)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


def test_rows_of_nobody_leave_the_file_of_before(tmp_path):
    history, path = small(("a", ago(90), 5.0), ("a", CUTOFF, 5.0)), tmp_path / "rows.parquet"
    path.write_text("as before")
    with pytest.raises(QuestionError, match="No customer had an order"):
        write_rows(churn(30, active_in=30), history, [CUTOFF], path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("rows.parquet", "as before")]


def test_a_cutoff_given_twice_is_refused():
    history = small(("a", ago(1), 5.0))
    with pytest.raises(QuestionError, match="2024-07-01 is given twice"):
        matrix(churn(30), history, [CUTOFF, CUTOFF])


def test_answers_in_parts_are_the_answers_at_once():
    world = retail_world(seed=11, customers=120)
    whole, parts = (labels(churn(90), world.history, MONTHS, memory=memory) for memory in (2.0, 1e-4))
    assert len(whole) == len(matrix(churn(90), world.history, MONTHS))
    np.testing.assert_array_equal(whole, parts)


def test_answers_of_nobody_are_refused():
    history = small(("a", ago(90), 5.0), ("a", ago(-60), 5.0))
    with pytest.raises(QuestionError, match="No customer had an order"):
        labels(churn(30, active_in=30), history, [CUTOFF])


@pytest.mark.parametrize("memory", [0, -1, float("nan"), "2GB"])
def test_memory_that_is_no_size_is_refused(memory):
    with pytest.raises(QuestionError, match="number of gigabytes above zero, got"):
        matrix(churn(30), small(("a", ago(1), 5.0)), [CUTOFF], memory=memory)
