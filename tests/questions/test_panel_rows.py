"""Panel rows: faults of ready-made rows are counted and survived, or refused with a line that mends them."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.questions.panel_end import telling_the_end
from patron.questions.panel_rows import PanelColumns, panel_rows

MONTHS = ["2024-01-01", "2024-02-01"]
TWO = pd.DataFrame(
    {
        "id": ["a", "a", "b", "c"],
        "month": ["2024-01", "2024-01", "2024-01", None],
        "visits": [2, 3, 4, 9],
        "age": [30, 30, 41, 50],
        "left": [0, 1, 0, 0],
    }
)
COLUMNS = PanelColumns("members", "id", "left", "month")


def columns(**changes: object) -> PanelColumns:
    return PanelColumns(**(COLUMNS.__dict__ | changes))


def test_two_rows_of_a_member_and_month_that_are_no_copies_are_refused_with_what_differs():
    with pytest.raises(HistoryError, match=r"1 customers and cutoffs have several rows .* 2 of 3 rows") as refused:
        panel_rows(TWO, COLUMNS)
    assert "they differ in left, visits" in str(refused.value)
    assert 'duplicates = "sum"' in str(refused.value)
    assert "'a'" not in str(refused.value)


def test_added_up_they_are_one_row_who_left_in_either_left_and_the_age_stays():
    ready = panel_rows(TWO, columns(duplicates="sum"))
    first = ready.frame[ready.frame.id == "a"].iloc[0]
    assert (first.visits, first.age, first.left) == (5.0, 30.0, 1.0)
    assert dict(ready.receipt.set_aside) == {"no cutoff": 1, "another row of the same customer and cutoff": 1}
    assert ready.receipt.used + sum(ready.receipt.set_aside.values()) == ready.receipt.read == 4
    assert "visits added up" in ready.receipt.assumed[0].what


def test_of_corrections_the_last_row_counts():
    ready = panel_rows(TWO, columns(duplicates="last"))
    assert ready.frame[ready.frame.id == "a"].visits.tolist() == [3.0]


def test_exact_copies_are_set_aside_without_a_question():
    ready = panel_rows(pd.concat([TWO.iloc[1:3]] * 2), COLUMNS)
    assert ready.receipt.set_aside == {"repeated row": 2}


def test_impossible_values_are_unknown_and_counted_and_limits_allow_others():
    rows = pd.DataFrame({"id": list("abc"), "age": [30, 150, 40], "tenure": [-2, 5, 6], "left": [0, 1, 0]})
    ready = panel_rows(rows, PanelColumns("members", "id", "left"))
    assert np.isnan(ready.frame.age).tolist() == [False, True, False]
    assert np.isnan(ready.frame.tenure).tolist() == [True, False, False]
    what = [assumption.what for assumption in ready.receipt.assumed]
    assert what[0] == "1 of 3 values of age cannot be (below 0 or above 120, such as 150) and are unknown"
    assert what[1] == "1 of 3 values of tenure cannot be (below 0, such as -2) and are unknown"
    wide = panel_rows(rows, PanelColumns("members", "id", "left", limits={"age": (0.0, 200.0)}))
    assert wide.frame.age.tolist() == [30.0, 150.0, 40.0]


def test_an_impossible_value_that_is_a_customers_key_is_not_shown():
    rows = pd.DataFrame({"id": [150, 2, 3], "age": [30, 150, 40], "left": [0, 1, 0]})
    what = panel_rows(rows, PanelColumns("members", "id", "left")).receipt.assumed[0].what
    assert what == "1 of 3 values of age cannot be (below 0 or above 120) and are unknown"


def test_a_month_in_another_unit_is_noted():
    months = [f"2024-{m:02d}" for m in range(1, 6)]
    rows = pd.DataFrame({"id": np.tile(range(60), 5), "month": np.repeat(months, 60), "minutes": 10.0, "left": 0})
    rows.loc[rows.month == "2024-03", "minutes"] *= 60
    notes = panel_rows(rows, COLUMNS).receipt.notes
    assert notes[1] == "minutes at 2024-03-01 is usually 60 times that of the other cutoffs: another unit?"


def test_texts_of_numbers_and_blanks_are_read_and_names_are_no_features():
    rows = pd.DataFrame({"id": range(60), "paid": ["1.5"] * 59 + [" "], "mail": [f"m{i}@x" for i in range(60)]})
    ready = panel_rows(rows.assign(left=[0, 1] * 30), PanelColumns("members", "id", "left"))
    assert ready.frame.paid.sum() == 59 * 1.5
    assert "mail" not in ready.frame
    assert "mail is no feature" in ready.receipt.assumed[0].what


def test_dates_become_the_days_to_the_cutoff_and_later_ones_are_noted():
    rows = pd.DataFrame({"id": ["a", "b"], "month": MONTHS[1], "joined": ["2024-01-01", "2024-02-03"], "left": [0, 1]})
    ready = panel_rows(rows, COLUMNS)
    assert ready.frame.joined.tolist() == [31.0, -2.0]
    assert "joined lies after the cutoff in 1 of 2 rows" in ready.receipt.notes[1]


@pytest.mark.parametrize("written", [["2024-01-01"], ["2024-01"], [202401], [20240101], ["01.01.2024"]])
def test_cutoffs_are_read_however_they_are_written(written):
    form = "%d.%m.%Y" if "." in str(written[0]) else ""
    rows = pd.DataFrame({"id": ["a"], "month": written, "visits": [1], "left": [0]})
    assert panel_rows(rows, columns(cutoff_format=form)).frame.month.tolist() == [pd.Timestamp("2024-01-01")]


def test_cutoffs_that_are_no_dates_are_refused_with_the_key_that_says_how_they_are_written():
    rows = pd.DataFrame({"id": ["a"], "month": ["1/13/24"], "visits": [1], "left": [0]})
    with pytest.raises(HistoryError, match=r"1 of 1 cutoffs in 'month' .* cutoff_format"):
        panel_rows(rows, COLUMNS)


def test_a_label_of_words_is_answered_by_those_that_stand_for_having_left():
    rows = pd.DataFrame({"id": list("abc"), "visits": 1, "left": ["Yes", "No", ""]})
    left = panel_rows(rows, PanelColumns("members", "id", "left", left=("Yes",))).frame.left
    assert left.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(left[2])
    with pytest.raises(HistoryError, match=r"It holds Yes \(1 rows\), No \(1 rows\).*left = \["):
        panel_rows(rows, PanelColumns("members", "id", "left"))
    with pytest.raises(HistoryError, match=r"no row has one of left = \['gone'\]"):
        panel_rows(rows, PanelColumns("members", "id", "left", left=("gone",)))


def test_a_missing_column_is_told_with_those_there_are():
    with pytest.raises(HistoryError, match=r"'members' lacks 'month'. It has: id, left"):
        panel_rows(pd.DataFrame({"id": [1], "left": [0]}), COLUMNS)


def test_what_is_filled_for_leavers_only_tells_the_end_and_what_all_have_does_not():
    customers, label = pd.Series(np.repeat(np.arange(100), 3)), pd.Series(np.tile([0.0, 0.0, 1.0], 100))
    label[customers >= 30] = 0.0
    rows = pd.DataFrame({"cancel_year": np.where(customers < 30, 2024.0, np.nan), "visits": np.arange(300) % 7})
    rows = rows.assign(status=np.where(customers < 30, "notice", "active"), coupon=np.where(customers % 2, 1.0, np.nan))
    suspects = telling_the_end(rows, label, customers)
    assert list(suspects) == ["cancel_year", "status"]
    assert suspects["cancel_year"] == "it is filled for 100% of the customers who leave and for 0% of the others"
