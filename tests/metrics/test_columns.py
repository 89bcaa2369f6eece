"""What every metric promises of its columns: weights mean rows, one answer in any order, misfits refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron import metrics
from patron.errors import PatronError
from worlds.metric_columns import ALL, WAITS, samples


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_a_row_of_weight_w_counts_as_the_row_written_w_times(name: str, data: st.DataObject) -> None:
    columns, count = data.draw(samples(name))
    weighted = ALL[name](*columns, weight=count)
    written_out = ALL[name](*(np.repeat(column, count) for column in columns))
    assert weighted == pytest.approx(written_out, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_many_draws_measured_in_one_pass_give_what_each_gives_alone(name: str, data: st.DataObject) -> None:
    columns, count = data.draw(samples(name))
    draws = np.array([count, np.roll(count, 1), np.zeros(len(count))], dtype=np.uint8).T
    at_once = ALL[name](*columns, weight=draws)
    assert at_once.shape == (3,)
    assert at_once == pytest.approx([ALL[name](*columns, weight=draw) for draw in draws.T], abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_the_order_of_rows_changes_nothing(name: str, data: st.DataObject) -> None:
    columns, _ = data.draw(samples(name))
    order = data.draw(st.permutations(range(len(columns[0]))))
    shuffled = ALL[name](*(column[np.array(order, dtype=int)] for column in columns))
    assert shuffled == pytest.approx(ALL[name](*columns), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", ALL)
def test_no_rows_give_nan_and_a_plain_float(name: str) -> None:
    result = ALL[name](*([] for _ in range({"coverage": 4}.get(name, 3 if name in {"concordance", *WAITS} else 2))))
    assert type(result) is float
    assert math.isnan(result)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: metrics.auc([0, 1], [0.5]), r"'predicted' has shape \(1,\), where 'actual' has 2 values"),
        (lambda: metrics.auc([0, 1], [[0.5], [0.1]]), r"'predicted' has shape \(2, 1\).*array\.ravel"),
        (lambda: metrics.brier([0, 1], [0.5, 1], weight=[1]), r"'weight' has shape \(1,\)"),
        (lambda: metrics.brier([0, 1], [0.5, 1], weight=[1, -2]), r"negative weights, the least is -2\.0"),
        (lambda: metrics.auc([0, 1], [0.5, math.nan]), r"'predicted' lacks 1 of 2 values \(one: row 1\)"),
        (lambda: metrics.auc([-1, 1], [0.5, 0.1]), r"'actual' must be 0 or 1, got -1\.0 .*\(1 rows\)"),
        (lambda: metrics.concordance([1, 2], [1, 3], [1, 2]), r"'bought' must be 0 or 1, got 3\.0"),
        (lambda: metrics.brier([0, 1], [37, 0.5]), r"must hold probabilities, got 37\.0 \(1 rows"),
        (lambda: metrics.log_loss([0, 1], [-0.1, 0.5]), r"must hold probabilities, got -0\.1"),
        (
            lambda: metrics.macro_f1(["a"], ["z"], ["a", "b"]),
            r"'predicted' holds z, .* classes: a, b\. Add it",
        ),
        (lambda: metrics.quadratic_kappa([0], [0], 4), r"got 4\. Write classes=range\(4\)"),
    ],
)
def test_columns_that_do_not_fit_are_refused_with_what_was_got(ask: Callable[[], float], words: str) -> None:
    with pytest.raises(PatronError, match=words):
        ask()
