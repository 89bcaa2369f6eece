"""RFM features: what a model sees of a customer is the score that the portfolio shows."""

from datetime import datetime

import pytest

from patron.portfolio.customers import customers_at
from patron.portfolio.rfm import Thresholds, quantile_thresholds, rfm
from patron.portfolio.rfm_features import rfm_features
from patron.questions.matrices import exact_features
from worlds.histories import small

AT = datetime(2024, 3, 2)
EDGES = Thresholds((1, 10, 30, 60), (2, 3, 5, 10), (5, 10, 40, 100))


@pytest.fixture(scope="module")
def history():
    return small(("ann", "2024-01-31", 10.0), ("ann", "2024-03-01", 30.0), ("bob", "2024-02-01", 5.0))


def test_scores_counted_by_hand(history):
    table = exact_features(history, rfm_features(EDGES), [AT])
    assert table[["rfm_recency", "rfm_frequency", "rfm_money"]].values.tolist() == [[5, 2, 4], [3, 1, 2]]


def test_features_are_the_scores_of_the_portfolio_also_by_quantiles(history):
    (customers,) = customers_at(history, [AT], None)
    for edges in (EDGES, quantile_thresholds(customers)):
        table = exact_features(history, rfm_features(edges), [AT])
        assert table.drop(columns=["customer", "cutoff"]).to_numpy().tolist() == rfm(customers, edges).values.tolist()
