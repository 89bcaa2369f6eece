"""What metrics of uplift promise: rows that tie are never put in an order, a score that sorts nothing earns nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import PatronError
from patron.metrics import aipw_value, autoc, auuc, estimate, ipw_value, qini, uplift_by_decile


@st.composite
def trials(draw) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A few rows with many ties: arms, outcomes and scores; both arms have rows."""
    size = draw(st.integers(4, 30))
    treated = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    treated[:2] = [0, 1]
    outcome = np.array(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)))
    score = np.array(draw(st.lists(st.integers(-3, 3), min_size=size, max_size=size))) / 4
    return treated, outcome, score


def figures(treated, outcome, score, weight=None) -> list[float]:
    effect = outcome * (2.0 * treated - 1)
    return [
        qini(treated, outcome, score, weight=weight),
        auuc(treated, outcome, score, weight=weight),
        autoc(effect, score, weight=weight),
    ]


def test_qini_is_the_area_above_the_straight_line_per_treated_customer():
    # down to score 2: 1 of 1 treated bought, 0 of 1 others; to the end 1 of 2 and 0 of 2. The curve is 0, 1, 1,
    # its area 1/4 + 1/2, that of the line 1/2; a quarter for two treated.
    assert qini([1, 0, 1, 0], [1, 0, 0, 0], [2, 2, 1, 1]) == 0.125
    assert qini([1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 2, 2]) == -0.125


def test_auuc_is_the_area_under_the_gain_per_customer():
    assert auuc([1, 0, 1, 0], [1, 0, 0, 0], [2, 2, 1, 1]) == 0.375  # 0, 1/2 at a half, 1/2: 1/8 + 1/4
    assert auuc([1, 0, 1, 0], [1, 0, 0, 0], [5, 5, 5, 5]) == 0.25  # half of the average effect of 1/2


def test_autoc_averages_what_the_best_have_above_all():
    # top q up to a half: 1 - 1/2; from there on (1/2) / q - 1/2: 1/4 + ln(2) / 2 - 1/4
    assert autoc([1, 1, 0, 0], [4, 3, 2, 1]) == pytest.approx(math.log(2) / 2)
    assert autoc([1, 1, 0, 0], [1, 2, 3, 4]) < 0


def test_values_of_a_policy_by_hand():
    assert ipw_value([1, 0, 1, 0], [4, 0, 1, 9], [0.25, 0.5, 0.5, 0.5]) == 3.0  # (4 * 4 + 2 * 1) / 6
    assert aipw_value([1, 0, 1, 0], [4, 0, 1, 9], [0.5] * 4, [3, 3, 2, 2]) == 2.5  # (5 + 3 + 0 + 2) / 4
    assert math.isnan(ipw_value([0, 0], [1, 2], [0.5, 0.5]))


def test_deciles_share_out_rows_that_tie_and_keep_the_mean():
    table = uplift_by_decile(np.arange(10), [1] * 5 + [0] * 5, [2] * 5 + [1] * 5, repeats=20)
    assert table.uplift.tolist() == [1] * 5 + [0] * 5
    assert table.promised.tolist() == [2] * 5 + [1] * 5
    flat = uplift_by_decile(np.arange(10), [1] * 5 + [0] * 5, [1] * 10, repeats=20)
    assert flat.uplift.tolist() == pytest.approx([0.5] * 10)
    assert (flat.low <= 0.5).all()
    assert (flat.high >= 0.5).all()


@given(trials(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_changes_nothing(rows, random):
    order = list(range(len(rows[0])))
    random.shuffle(order)
    assert figures(*rows) == pytest.approx(figures(*(column[order] for column in rows)), abs=1e-12)


@given(trials())
@settings(max_examples=60, deadline=None)
def test_a_constant_score_earns_nothing_even_sorted_by_outcome(rows):
    treated, outcome, _ = (column[np.argsort(-rows[1])] for column in rows)
    sorted_nothing = figures(treated, outcome, np.full(len(treated), 0.3))
    assert sorted_nothing[0] == pytest.approx(0, abs=1e-12)
    assert sorted_nothing[2] == pytest.approx(0, abs=1e-12)
    assert sorted_nothing[1] == pytest.approx((outcome[treated == 1].mean() - outcome[treated == 0].mean()) / 2)


@given(trials())
@settings(max_examples=60, deadline=None)
def test_a_monotone_transform_of_the_score_changes_nothing(rows):
    treated, outcome, score = rows
    assert figures(*rows) == figures(treated, outcome, np.exp(3 * score) - 7)


@given(trials())
@settings(max_examples=60, deadline=None)
def test_a_row_of_weight_two_is_the_row_written_twice_and_draws_are_measured_at_once(rows):
    weight = np.arange(len(rows[0])) % 3
    weight[:2] = 2
    twice = [np.repeat(column, weight) for column in rows]
    assert figures(*rows, weight=weight) == pytest.approx(figures(*twice), abs=1e-12)
    both = np.column_stack([weight, np.ones_like(weight)])
    for metric_draws, weighted, plain in zip(figures(*rows, weight=both), figures(*twice), figures(*rows), strict=True):
        assert list(metric_draws) == pytest.approx([weighted, plain], abs=1e-12)


def test_intervals_are_over_customers_and_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(0)
    treated, score = rng.integers(2, size=300), rng.random(300).round(1)
    outcome = (rng.random(300) < 0.2 + 0.4 * treated * score).astype(float)
    customer, order = np.arange(300) // 2, rng.permutation(300)
    whole = estimate(qini, customer, treated, outcome, score, repeats=100)
    assert whole.low < whole.value < whole.high
    shuffled = (column[order] for column in (customer, treated, outcome, score))
    again = estimate(qini, *shuffled, repeats=100)
    assert (again.low, again.high) == pytest.approx((whole.low, whole.high), abs=1e-12)


def test_an_arm_without_rows_has_no_figure():
    assert math.isnan(qini([1, 1], [0, 1], [1, 2]))
    assert math.isnan(auuc([0, 0], [0, 1], [1, 2]))


def test_an_arm_that_is_no_zero_or_one_is_refused():
    with pytest.raises(PatronError, match="'treated' must be 0 or 1, got 2"):
        qini([1, 2], [0, 1], [1, 2])
