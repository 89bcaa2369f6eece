"""Time is said in whole days and wall-clock cutoffs, and a split never lets one group see into the next."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.errors import QuestionError, listed, nearest
from patron.periods import EVER, Span, Split, cutoffs, days, instant, instants, monthly


def test_a_span_is_told_as_a_suffix_and_as_words() -> None:
    assert [str(span) for span in (Span(1), Span(30), EVER)] == ["1d", "30d", "ever"]
    assert [span.words for span in (Span(1), Span(30), EVER)] == ["in the last day", "in the last 30 days", "ever"]
    assert days(30, 90) == (Span(30), Span(90))
    assert Span(30).delta == timedelta(days=30)


@pytest.mark.parametrize("number", [0, -3, 1.5, "30", 999_999])
def test_a_span_that_is_no_whole_number_of_days_is_refused(number) -> None:
    with pytest.raises(QuestionError, match=rf"A span is a whole number of days from 1 to 36525, got {number!r}"):
        Span(number)


def test_all_time_has_no_length() -> None:
    with pytest.raises(
        QuestionError, match=r"A horizon needs a number of days, got 'ever'\. Write for example days\(90\)"
    ):
        _ = EVER.delta


def test_an_instant_is_read_from_whatever_names_a_date() -> None:
    midnight = datetime(2011, 9, 9)
    for moment in (
        "2011-09-09",
        date(2011, 9, 9),
        midnight,
        pd.Timestamp("2011-09-09"),
        "2011-09-09T00:00",
        np.datetime64("2011-09-09"),
    ):
        assert instant(moment) == midnight


@pytest.mark.parametrize("moment", ["9 September", "", 20110909, None, pd.NaT, np.datetime64("NaT")])
def test_an_instant_that_names_no_date_is_refused(moment) -> None:
    with pytest.raises(QuestionError) as told:
        instant(moment)
    assert str(told.value) == f"A cutoff must be a date, got {moment!r}. Write it as YYYY-MM-DD."


@pytest.mark.parametrize("moment", ["2024-01-01T00:00:00+02:00", datetime(2024, 1, 1, tzinfo=UTC)])
def test_an_instant_with_a_zone_is_refused(moment) -> None:
    with pytest.raises(
        QuestionError, match=r"wall-clock time of the business, without a zone, got '2024-01-01T00:00:00"
    ):
        instant(moment)


def test_cutoffs_hold_both_ends() -> None:
    made = cutoffs("2024-01-01", "2024-03-01", every=30)
    assert made == (datetime(2024, 1, 1), datetime(2024, 1, 31), datetime(2024, 3, 1))
    assert cutoffs("2024-01-01", "2024-01-30", every=30) == (datetime(2024, 1, 1),)


@given(st.integers(0, 1000), st.integers(1, 200))
def test_cutoffs_stand_evenly_and_stop_at_the_last(length: int, every: int) -> None:
    first = datetime(2020, 1, 1)
    last = first + timedelta(days=length)
    made = cutoffs(first, last, every)
    assert made[0] == first
    assert last - timedelta(days=every) < made[-1] <= last
    assert {b - a for a, b in pairwise(made)} <= {timedelta(days=every)}


def test_cutoffs_that_run_backwards_or_stand_still_are_refused() -> None:
    with pytest.raises(QuestionError, match=r"before the first.*cutoffs\(\"2024-01-01\", \"2024-02-01\", every="):
        cutoffs("2024-02-01", "2024-01-01", every=30)
    with pytest.raises(QuestionError, match=r"got 0"):
        cutoffs("2024-01-01", "2024-02-01", every=0)


def test_months_begin_on_the_first_across_years() -> None:
    assert monthly("2010-11", "2011-02") == tuple(
        map(instant, ("2010-11-01", "2010-12-01", "2011-01-01", "2011-02-01"))
    )


def test_months_that_run_backwards_or_cannot_be_read_are_refused() -> None:
    with pytest.raises(QuestionError, match=r"before the first \(2010-02\).*monthly\(\"2010-01\", \"2010-02\"\)"):
        monthly("2010-02", "2010-01")
    for text in ("2010", "2010-13", "2010-06-15", None):
        with pytest.raises(QuestionError, match=rf"written like 2010-06, got {text!r}\. Write year and month alone"):
            monthly(text, "2011-01")


def test_a_split_knows_its_groups() -> None:
    split = Split.of(["2024-01-01", "2024-02-01"], ["2024-05-01"], ["2024-09-01"])
    assert list(split.groups) == ["train", "valid", "test"]
    assert split.known == (datetime(2024, 1, 1), datetime(2024, 2, 1), datetime(2024, 5, 1))


@pytest.mark.parametrize(
    ("train", "told"),
    [
        ([], "The split has no train cutoff. Give at least one date."),
        (
            ["2024-01-01", "2024-01-01"],
            "The train cutoff 2024-01-01 stands twice. Give each cutoff once, oldest first.",
        ),
        (["2024-02-01", "2024-01-01"], "The train cutoff 2024-01-01 stands out of order. Give each cutoff once"),
    ],
)
def test_a_split_with_an_empty_doubled_or_unsorted_group_is_refused(train: list[str], told: str) -> None:
    with pytest.raises(QuestionError) as error:
        Split.of(train, ["2024-05-01"], ["2024-09-01"])
    assert str(error.value).startswith(told)


def test_labels_may_end_where_the_next_group_begins_and_not_later() -> None:
    split = Split.of(["2024-01-01", "2024-02-01"], ["2024-05-01"], ["2024-07-30"])
    split.check_gap(Span(90))
    with pytest.raises(QuestionError) as error:
        split.check_gap(Span(91))
    assert str(error.value) == (
        "Labels of the train cutoff 2024-02-01 end 2024-05-02, after the valid cutoff 2024-05-01 begins: the valid "
        "figures would be seen in advance. Move the valid cutoffs to 2024-05-02 or later, or shorten the horizon "
        "(91 days)."
    )


def test_labels_of_valid_may_not_reach_into_test() -> None:
    split = Split.of(["2024-01-01"], ["2024-05-01"], ["2024-07-01"])
    with pytest.raises(
        QuestionError, match=r"Labels of the valid cutoff 2024-05-01 end 2024-07-30, after the test cutoff"
    ):
        split.check_gap(Span(90))


def test_names_in_errors_are_sorted_and_the_nearest_is_suggested() -> None:
    assert listed(["b", "a"]) == "a, b"
    assert listed([]) == "none"
    assert nearest("custmer", ["customer", "at"]) == " Did you mean 'customer'?"
    assert nearest("zzz", ["customer"]) == ""


@pytest.mark.parametrize("one", ["2024-01-01", date(2024, 1, 1), datetime(2024, 1, 1), np.datetime64("2024-01-01")])
def test_a_single_moment_is_not_taken_for_a_list(one) -> None:
    with pytest.raises(QuestionError) as told:
        Split.of(one, ["2024-03-01"], ["2024-05-01"])
    assert str(told.value) == f"Cutoffs are given as a list, got {one!r}; write [{one!r}]."


def test_moments_come_as_any_sequence_of_them() -> None:
    for moments in (["2024-01-01"], pd.to_datetime(["2024-01-01"]), np.array(["2024-01-01"], "datetime64[D]")):
        assert instants(moments) == (datetime(2024, 1, 1),)
    with pytest.raises(QuestionError, match=r"as a list, got None; write \['2024-06-01'\]"):
        instants(None)


@pytest.mark.parametrize("train", ["2024-01-01", 7, ("2024-01-01",), None])
def test_a_split_of_what_are_no_times_is_refused_with_the_way_to_build_it(train):
    times = (datetime(2024, 6, 1),)
    with pytest.raises(
        QuestionError, match=r"The train cutoffs of a split are times, got .*Split.of\(train=\['2023-09-01'\]"
    ):
        Split(train, times, times)
