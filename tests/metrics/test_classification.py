"""Metrics of events and amounts: values counted by hand, and those of scikit-learn."""

import math
from collections.abc import Callable

import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from patron import metrics
from worlds.metric_columns import samples

SOME = [0, 1, 1, 0, 1, 0]
SCORE = [0.2, 0.4, 0.9, 0.4, 0.6, 0.1]
COUNT = [1, 2, 0, 3, 1, 2]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.auc, oracle.roc_auc_score),
        (metrics.average_precision, oracle.average_precision_score),
        (metrics.log_loss, oracle.log_loss),
        (metrics.brier, oracle.brier_score_loss),
        (metrics.mean_absolute_error, oracle.mean_absolute_error),
        (metrics.root_mean_squared_error, oracle.root_mean_squared_error),
    ],
)
def test_weighted_metrics_equal_scikit_learn(ours: Callable[..., float], theirs: Callable[..., float]) -> None:
    assert ours(SOME, SCORE, weight=COUNT) == pytest.approx(theirs(SOME, SCORE, sample_weight=COUNT), abs=1e-12)


def test_auc_counts_a_tie_as_one_half() -> None:
    assert metrics.auc([0, 1], [0.5, 0.5]) == 0.5
    assert metrics.auc([0, 0, 1, 1], [1, 2, 2, 3]) == 3.5 / 4


@pytest.mark.parametrize("label", [0, 1])
def test_auc_is_nan_with_one_class(label: int) -> None:
    assert math.isnan(metrics.auc([label, label], [0.1, 0.9]))


def test_average_precision_is_nan_without_events() -> None:
    assert math.isnan(metrics.average_precision([0, 0], [0.1, 0.9]))


def test_log_loss_of_a_certain_mistake_is_finite() -> None:
    assert metrics.log_loss([1], [0.0]) == pytest.approx(-math.log(1e-15))


def test_probabilities_beyond_one_by_rounding_are_no_mistake() -> None:
    assert metrics.brier([1], [1 + 1e-12]) == pytest.approx(0, abs=1e-12)


def test_bias_is_the_share_promised_too_much() -> None:
    assert metrics.bias([10, 30], [20, 30]) == 0.25
    assert math.isnan(metrics.bias([0, 0], [1, 1]))


@given(data=st.data())
def test_normalized_gini_of_events_is_twice_auc_minus_one(data: st.DataObject) -> None:
    columns, _ = data.draw(samples("auc"))
    gini = metrics.normalized_gini(*columns)
    assert gini == pytest.approx(2 * metrics.auc(*columns) - 1, abs=1e-12, nan_ok=True)


def test_normalized_gini_reads_a_tie_as_no_order_and_a_loss_as_an_amount() -> None:
    assert metrics.normalized_gini([5, 90, 1], [7, 7, 7]) == 0
    assert metrics.normalized_gini([-9, 2, 4], [1, 2, 3]) == 1
    assert math.isnan(metrics.normalized_gini([3, 3], [1, 2]))


def test_decile_error_shares_out_rows_that_tie() -> None:
    # One score for all: each tenth is worth 10 and was promised 12.
    assert metrics.decile_error([0, 200], [120, 120]) == pytest.approx(0.2)
    assert metrics.decile_error([1, 2, 3], [1, 2, 3]) == 0
