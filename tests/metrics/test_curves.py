"""What the curves promise: honest rates in bins, the same table in any row order."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.errors import PatronError
from patron.metrics.curves import earned, gain, intervals, lift, reached, reliability

SAMPLE = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4).map(lambda part: part / 4)), max_size=12)


def test_bins_hold_equal_counts() -> None:
    table = reliability([0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.9], bins=3)
    assert table["count"].tolist() == [2, 2, 2]
    assert table["predicted"].tolist() == pytest.approx([0.15, 0.35, 0.7])
    assert table["observed"].tolist() == [0, 0.5, 1]


def test_rows_of_equal_prediction_stay_in_one_bin() -> None:
    table = reliability([0, 1, 1, 0], [0.1, 0.5, 0.5, 0.5], bins=2)
    assert table[["predicted", "observed", "count"]].to_numpy().tolist() == [[0.1, 0, 1], [0.5, 2 / 3, 3]]


def test_bounds_are_those_of_wilson() -> None:
    # Newcombe (1998), table I: 81 of 263 has a 95 % score interval of .2553 to .3662.
    table = reliability([1] * 81 + [0] * 182, [0.3] * 263)
    assert table[["low", "high"]].round(4).to_numpy().tolist() == [[0.2553, 0.3662]]


def test_bounds_stay_within_zero_and_one() -> None:
    table = reliability([0, 1], [0.1, 0.9], bins=2, level=0.999)
    assert table["low"][0] == 0
    assert table["high"][1] == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bins": 0}, r"got bins=0\. Give one or more"),
        ({"level": 1}, r"got level=1\. Give one as level=0\.95"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_value(settings: dict[str, int], words: str) -> None:
    with pytest.raises(PatronError, match=words):
        reliability([0, 1], [0.1, 0.9], **settings)


def test_gain_averages_customers_who_tie() -> None:
    table = gain([1, 0, 1, 0, 0], [9, 5, 5, 1, 1])
    assert table["contacted"].tolist() == [0, 0.2, 0.6, 1]
    assert table["found"].tolist() == [0, 0.5, 1, 1]


def test_gain_of_a_constant_score_is_the_diagonal() -> None:
    assert gain([1, 0, 0], [3, 3, 3]).to_numpy().tolist() == [[0, 0], [1, 1]]


def test_lift_falls_by_decile_and_ends_at_one() -> None:
    table = lift([1, 1] + [0] * 8, np.arange(10, 0, -1))
    assert table["decile"].tolist() == list(range(1, 11))
    assert table["rate"].tolist() == pytest.approx([1, 1] + [0] * 8)
    assert table["lift"].tolist() == pytest.approx([5, 5] + [0] * 8)
    assert table["cumulative"].tolist() == pytest.approx([10 / n for n in (2, 2, 3, 4, 5, 6, 7, 8, 9, 10)])


def test_cumulative_lift_takes_a_tie_across_the_border_in_part() -> None:
    # Half of the customers: the best one, who has an event, and one of two who tie, of whom one has an event.
    assert lift([1, 1, 0, 0], [9, 5, 5, 1])["cumulative"][4] == pytest.approx(1.5)


def test_nothing_is_found_where_nothing_happened() -> None:
    assert gain([0, 0], [1, 2])["found"].isna().all()
    assert lift([0, 0], [1, 2])["lift"].isna().all()


def test_no_rows_give_empty_bins_and_unknown_shares() -> None:
    assert reliability([], []).empty
    assert gain([], []).isna().all(axis=None)
    assert math.isnan(lift([], [])["rate"][0])


@pytest.mark.parametrize("curve", [reliability, gain, lift])
@given(sample=SAMPLE, data=st.data())
def test_the_order_of_rows_changes_no_curve(curve: object, sample: list, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(sample))
    tables = [curve(np.array([a for a, _ in each]), np.array([p for _, p in each])) for each in (sample, shuffled)]
    pd.testing.assert_frame_equal(*tables)


@given(sample=SAMPLE)
def test_bins_together_hold_every_row_and_event(sample: list) -> None:
    actual = np.array([a for a, _ in sample], dtype=int)
    table = reliability(actual, np.array([p for _, p in sample]), bins=4)
    assert table["count"].sum() == len(sample)
    assert (table["count"] * table["observed"]).sum() == pytest.approx(actual.sum())


def test_expected_money_stands_beside_what_came_in_from_the_least_to_the_most() -> None:
    table = earned([30, 10, 0, 0], [20, 20, 1, 3], bins=2)
    assert table[["predicted", "observed", "count"]].to_numpy().tolist() == [[2, 0, 2], [20, 20, 2]]
    # Standard error of the mean of 10 and 30: their standard deviation of 14.14 over the root of 2.
    assert table.high[1] - table.observed[1] == pytest.approx(1.959964 * 10)


def test_an_interval_holds_with_its_bounds() -> None:
    table = intervals(actual=[0, 5, 7, 9], low=[0, 0, 8, 8], high=[0, 4, 9, 9], predicted=[1, 1, 9, 9], bins=2)
    assert table.held.tolist() == [0.5, 0.5]


def test_who_was_promised_back_after_the_observation_is_not_counted() -> None:
    table = reached([3, 30, 30], {0.1: [4, 4, 99], 0.9: [50, 60, 70]}, end=30)
    assert table[["promised", "observed", "count"]].to_numpy().tolist() == [[0.1, 0.5, 2]]
