import ibis
import pytest

from patron.history.customer_keys import customer_keys


def keys_of(values, kind="string"):
    rows = ibis.memtable({"key": values}, schema={"key": kind})
    keys = customer_keys(rows, rows.key)
    read = rows.select(text=keys.text, missing=keys.missing).to_pyarrow()
    return read["text"].to_pylist(), read["missing"].to_pylist()


def test_keys_that_are_tidy_stay_the_column_that_they_are():
    rows = ibis.memtable({"key": ["a", "long enough", None, "Ian", "0"]})
    assert customer_keys(rows, rows.key).text.equals(rows.key)


@pytest.mark.parametrize("odd", [" b", "b ", "b\t"])
def test_blanks_around_one_key_are_taken_from_all(odd):
    assert keys_of(["a", odd]) == (["a", "b"], [False, False])


@pytest.mark.parametrize("nobody", ["", "  ", "NaN", "none ", "NULL", "<NA>", "inf", "-Inf", None])
def test_what_stands_for_nobody_is_no_key(nobody):
    assert keys_of(["Nadine", "-infinite", nobody]) == (["Nadine", "-infinite", None], [False, False, True])


def test_whole_numbers_among_floats_have_no_point_and_what_is_no_number_is_nobody():
    values = [7.0, 1.5, float("nan"), float("inf"), None]
    assert keys_of(values, "float64") == (["7", "1.5", None, None, None], [False, False, True, True, True])


@pytest.mark.parametrize("values", [["a", "a", "b", None], ["a", " a", "b", "nan"]])
def test_rows_are_counted_for_each_customer_once_its_key_is_tidy(values):
    rows = ibis.memtable({"key": values}, schema={"key": "string"})
    counts = customer_keys(rows, rows.key).counts.to_pyarrow().to_pylist()
    assert {row["customer"]: row["n"] for row in counts} == {"a": 2, "b": 1}
