"""What the metrics promise: values counted by hand, weights that mean rows, one answer in any order."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from patron import metrics
from patron.errors import PatronError

SOME = [0, 1, 1, 0, 1, 0]
SCORE = [0.2, 0.4, 0.9, 0.4, 0.6, 0.1]
COUNT = [1, 2, 0, 3, 1, 2]

BINARY = {
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "log_loss": metrics.log_loss,
    "brier": metrics.brier,
}
AMOUNT = {
    "bias": metrics.bias,
    "mean_absolute_error": metrics.mean_absolute_error,
    "root_mean_squared_error": metrics.root_mean_squared_error,
    "normalized_gini": metrics.normalized_gini,
    "decile_error": metrics.decile_error,
    "lift_at": partial(metrics.lift_at, share=0.3),
    "quadratic_kappa": partial(metrics.quadratic_kappa, classes=range(5)),
    "macro_f1": partial(metrics.macro_f1, classes=range(5)),
}
WAITS = {"early": metrics.early, "late": metrics.late, "held": metrics.held}
ALL = {**BINARY, **AMOUNT, **WAITS, "concordance": metrics.concordance, "coverage": metrics.coverage}


@st.composite
def samples(draw: st.DrawFn, name: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Columns that fit a metric, with many ties, and a count for each row."""
    size = draw(st.integers(0, 12))

    def column(high: int) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(0, high), min_size=size, max_size=size)), dtype=int)

    if name in BINARY:
        return [column(1), column(4) / 4], column(3)
    if name in AMOUNT:
        return [column(4), column(4)], column(3)
    if name in WAITS:
        return [column(1), column(10) / 10, column(1)], 20 * column(3)
    return [column(5), column(1), *(column(5) for _ in range(1 if name == "concordance" else 2))], column(3)


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_a_row_of_weight_w_counts_as_the_row_written_w_times(name: str, data: st.DataObject) -> None:
    columns, count = data.draw(samples(name))
    weighted = ALL[name](*columns, weight=count)
    written_out = ALL[name](*(np.repeat(column, count) for column in columns))
    assert weighted == pytest.approx(written_out, abs=1e-12, nan_ok=True)


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


def test_tier_metrics_equal_scikit_learn_on_the_classes_that_occur() -> None:
    true, told = [0, 1, 2, 2, 1, 0, 2], [0, 2, 2, 1, 1, 0, 0]
    kappa = oracle.cohen_kappa_score(true, told, weights="quadratic")
    assert metrics.quadratic_kappa(true, told, range(4)) == pytest.approx(kappa)
    assert metrics.macro_f1(true, told, range(4)) == pytest.approx(oracle.f1_score(true, told, average="macro"))


def test_intervals_of_right_answers_hold_80_percent_also_where_most_are_still_awaited_at_their_end() -> None:
    # Waits fall due evenly over the shares of each wait; of four customers one is watched to each of .25, .5, .75, 1.
    share, seen = np.arange(0.0005, 1, 0.001).repeat(4), np.tile([0.25, 0.5, 0.75, 1.0], 1000)
    bought, passed = share < seen, np.minimum(share, seen)
    assert metrics.early(bought, passed, seen) == pytest.approx(0.1, abs=0.001)
    assert metrics.late(bought, passed, seen) == pytest.approx(0.1, abs=0.003)
    assert metrics.held(bought, passed, seen) == pytest.approx(0.8, abs=0.003)


def test_customers_who_come_before_their_interval_or_after_it_are_told_apart() -> None:
    # Fully watched: 10 of 40 come when a twentieth of their wait has passed, 20 in the middle, 10 at its end.
    passed = np.repeat([0.05, 0.5, 0.95], [10, 20, 10])
    found = [metric(np.ones(40), passed, np.ones(40)) for metric in WAITS.values()]
    assert found == pytest.approx([0.25, 0.25, 0.5])


def test_how_often_intervals_hold_is_unknown_where_fewer_than_30_are_watched_to_their_end() -> None:
    back = np.repeat([0.9, 0.5], [29, 500])
    assert math.isnan(metrics.held(np.ones(529), back, back))
    assert metrics.early(np.ones(529), back, back) == 0


def test_the_share_passed_is_that_of_the_foretold_wait_and_grows_with_the_days() -> None:
    told = {"low": [5] * 4, "median": [20] * 4, "high": [60] * 4, "back": [0.6] * 4}
    # Half way to the first tenth at a constant hazard: 1 - .9 ** .5.
    found = metrics.passed(days=[2.5, 5, 20, 30], **told, end=30)
    assert found == pytest.approx([1 - 0.9**0.5, 0.1, 0.5, 0.6])


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


def test_bias_is_the_share_promised_too_much() -> None:
    assert metrics.bias([10, 30], [20, 30]) == 0.25
    assert math.isnan(metrics.bias([0, 0], [1, 1]))


def test_kappa_is_one_for_agreement_and_nan_without_variety() -> None:
    assert metrics.quadratic_kappa(["lead", "gold"], ["lead", "gold"], ["lead", "iron", "gold"]) == 1
    assert math.isnan(metrics.quadratic_kappa([2, 2], [2, 2], range(4)))


def test_macro_f1_leaves_out_classes_that_never_occur() -> None:
    assert metrics.macro_f1([0, 1], [0, 1], range(9)) == 1


@given(data=st.data())
def test_normalized_gini_of_events_is_twice_auc_minus_one(data: st.DataObject) -> None:
    columns, _ = data.draw(samples("auc"))
    gini = metrics.normalized_gini(*columns)
    assert gini == pytest.approx(2 * metrics.auc(*columns) - 1, abs=1e-12, nan_ok=True)


def test_normalized_gini_reads_a_tie_as_no_order_and_a_loss_as_an_amount() -> None:
    assert metrics.normalized_gini([5, 90, 1], [7, 7, 7]) == 0
    assert metrics.normalized_gini([-9, 2, 4], [1, 2, 3]) == 1
    assert math.isnan(metrics.normalized_gini([3, 3], [1, 2]))


def test_concordance_counts_pairs_as_harrell_does() -> None:
    # Day 5 goes before both purchases of day 9 (right twice) and the one awaited (a tie); each purchase of
    # day 9 goes before the one awaited (wrong twice); the two purchases of day 9 are no pair.
    days, bought = [5, 9, 9, 9], [1, 1, 1, 0]
    assert metrics.concordance(days, bought, expected=[4, 8, 6, 4]) == (1 + 1 + 0.5 + 0 + 0) / 5
    assert math.isnan(metrics.concordance([5, 9], [0, 1], [1, 2]))


def test_concordance_ties_customers_who_are_never_expected() -> None:
    assert metrics.concordance([1, 2, 3], [1, 1, 0], [math.inf, math.inf, math.inf]) == 0.5


@given(data=st.data())
def test_concordance_equals_looking_at_every_pair(data: st.DataObject) -> None:
    (days, bought, expected), count = data.draw(samples("concordance"))
    pairs = right = 0.0
    for i, j in np.ndindex(len(days), len(days)):
        if bought[i] and (days[i] < days[j] or (days[i] == days[j] and not bought[j])):
            pairs += count[i] * count[j]
            right += count[i] * count[j] * (float(expected[i] < expected[j]) + (expected[i] == expected[j]) / 2)
    whole = right / pairs if pairs else math.nan
    assert metrics.concordance(days, bought, expected, weight=count) == pytest.approx(whole, nan_ok=True)


def test_concordance_holds_beyond_sixteen_bits_of_days() -> None:
    days = np.arange(70_000)
    assert metrics.concordance(days, np.ones(70_000), days) == 1
    assert metrics.concordance(days, np.ones(70_000), -days) == 0


def test_an_interval_that_is_still_open_covers_a_customer_not_yet_back() -> None:
    closed_before, open_still, never_closed = [20, 30, math.inf]
    high = [closed_before, open_still, never_closed]
    assert metrics.coverage(days=[30] * 3, bought=[0] * 3, low=[40, 40, 5], high=high) == 2 / 3


def test_an_interval_covers_a_purchase_on_its_bounds() -> None:
    assert metrics.coverage(days=[5, 9, 10, 4], bought=[1] * 4, low=[5] * 4, high=[9] * 4) == 0.5


def test_decile_error_shares_out_rows_that_tie() -> None:
    # One score for all: each tenth is worth 10 and was promised 12.
    assert metrics.decile_error([0, 200], [120, 120]) == pytest.approx(0.2)
    assert metrics.decile_error([1, 2, 3], [1, 2, 3]) == 0


def test_lift_takes_a_tie_across_the_border_in_part() -> None:
    # Half of the customers: the best one, who has an event, and one of two who tie, of whom one has an event.
    assert metrics.lift_at([1, 1, 0, 0], [9, 5, 5, 1], share=0.5) == 1.5
    assert metrics.lift_at([1, 1, 0, 0], [9, 5, 5, 1], share=1) == 1
    assert math.isnan(metrics.lift_at([0, 0], [1, 2], share=0.5))


@pytest.mark.parametrize("share", [0, 1.1, math.nan])
def test_a_share_out_of_range_is_refused_with_the_value(share: float) -> None:
    with pytest.raises(PatronError, match=rf"share is {share}\. Give a part above 0 and up to 1"):
        metrics.lift_at([1, 0], [1, 0], share)


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


def test_probabilities_beyond_one_by_rounding_are_no_mistake() -> None:
    assert metrics.brier([1], [1 + 1e-12]) == pytest.approx(0, abs=1e-12)
