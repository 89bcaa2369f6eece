"""RFM: fifths of customers or of money, thresholds of one's own, and ties that no order of rows can break."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import QuestionError
from patron.portfolio.rfm import Thresholds, money_thresholds, quantile_thresholds, rfm, rfm_grid

TEN = pd.DataFrame({"recency": range(1, 11), "orders": [1] * 6 + [2, 3, 4, 5], "spend": [10.0] * 9 + [110.0]})
PEOPLE = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(-3, 9)), min_size=5, max_size=40).map(
    lambda rows: pd.DataFrame(rows, columns=["recency", "orders", "spend"]).astype({"spend": float})
)


def test_fifths_of_ten_customers_hold_two_each():
    assert rfm(TEN, quantile_thresholds(TEN)).recency.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_six_of_ten_with_a_single_order_all_have_the_lowest_score():
    assert rfm(TEN, quantile_thresholds(TEN)).frequency.tolist() == [1] * 6 + [4, 4, 5, 5]


def test_fifths_of_the_money_put_the_customer_with_more_than_half_of_it_alone_on_top():
    assert rfm(TEN, money_thresholds(TEN)).money.tolist() == [1] * 9 + [5]


def test_customers_who_are_all_alike_have_the_lowest_score_of_orders_and_of_money():
    alike = pd.DataFrame({"recency": [1.0] * 5, "orders": 1, "spend": 7.0})
    assert rfm(alike, quantile_thresholds(alike)).iloc[0].tolist() == [5, 1, 1]


def test_thresholds_of_ones_own_count_up_to_days_and_from_orders_on():
    edges = Thresholds.of({"recency": [30, 90, 180, 365], "frequency": [2, 3, 5, 10]})
    people = pd.DataFrame({"recency": [30.0, 30.1, 365.0, 365.1], "orders": [1, 2, 9, 10]})
    scores = rfm(people, edges)
    assert scores.recency.tolist() == [5, 4, 2, 1]
    assert scores.frequency.tolist() == [1, 2, 4, 5]
    assert "money" not in scores


@settings(max_examples=30)
@given(PEOPLE, st.randoms(use_true_random=False), st.sampled_from([quantile_thresholds, money_thresholds]))
def test_equal_customers_have_equal_scores_in_any_order_of_rows(people, chance, way):
    if way is money_thresholds and not people.spend.clip(lower=0).sum() > 0:
        return
    order = list(people.index)
    chance.shuffle(order)
    scores, shuffled = rfm(people, way(people)), rfm(people.loc[order], way(people.loc[order]))
    assert shuffled.sort_index().equals(scores)
    assert (scores.groupby([people.recency, people.orders, people.spend]).nunique() == 1).all().all()
    assert scores.to_numpy().min() >= 1
    assert scores.to_numpy().max() <= 5


@settings(max_examples=30)
@given(PEOPLE)
def test_who_is_better_never_has_a_lower_score(people):
    scores = rfm(people, quantile_thresholds(people))
    assert (np.diff(scores.frequency.to_numpy()[np.argsort(people.orders, kind="stable")]) >= 0).all()
    assert (np.diff(scores.recency.to_numpy()[np.argsort(people.recency, kind="stable")]) <= 0).all()


def test_the_grid_has_25_fields_that_add_up():
    scores = rfm(TEN, quantile_thresholds(TEN))
    grid = rfm_grid(scores, TEN[["spend"]])
    assert len(grid) == 25
    assert grid.customers.sum() == 10
    assert grid.spend.sum() == 200.0
    assert grid.set_index(["recency", "frequency"]).customers[1, 5] == 2


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"recency": [1, 2, 3, 4]}, "Thresholds of scores are of frequency, money, recency, got recency."),
        ({"recency": [1, 2, 3, 4], "frequency": [5, 4, 3, 2]}, r"Scores of frequency need four .* got \[5, 4, 3, 2\]"),
        (
            {"recency": [1, 2, 3], "frequency": [2, 3, 4, 5]},
            r"Scores of recency need four thresholds .* got \[1, 2, 3\]",
        ),
    ],
)
def test_thresholds_that_cannot_be_meant_are_refused(declared, message):
    with pytest.raises(QuestionError, match=message):
        Thresholds.of(declared)


def test_scores_by_money_of_customers_who_spent_none_are_refused():
    with pytest.raises(QuestionError, match="Scores by money need customers who spent some, and nobody did"):
        money_thresholds(TEN.assign(spend=0.0))
