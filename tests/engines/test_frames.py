"""Data frames: each column becomes one that an engine has, or a sentence says which does not."""

from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest

from patron.engines.files import open_source
from patron.engines.frames import framed
from patron.errors import HistoryError

UTC, PARIS = (pd.Timestamp("2024-07-01 12:00", tz=zone) for zone in ("UTC", "Europe/Paris"))


def taken(values) -> tuple[str, list]:
    """The type of a column in the engine, and its values."""
    column = framed(pd.DataFrame({"x": values})).x
    return str(column.type()), column.to_pyarrow().to_pylist()


@pytest.mark.parametrize(
    ("values", "kind", "read"),
    [
        ([Decimal("1.10"), None], "decimal(3, 2)", [Decimal("1.10"), None]),
        ([Decimal("1.5"), Decimal("NaN"), Decimal("0.25")], "decimal(3, 2)", [Decimal("1.50"), None, Decimal("0.25")]),
        ([Decimal("77.00"), Decimal("8")], "decimal(38, 0)", [77, 8]),
        ([Decimal("Infinity"), Decimal("1.5")], "float64", [float("inf"), 1.5]),
        ([2**70, 1, None], "decimal(38, 0)", [2**70, 1, None]),
        (pd.Categorical([7, None, 9]), "float64", [7.0, None, 9.0]),
        (pd.Categorical(["a", None]), "string", ["a", None]),
        (pd.arrays.SparseArray([0, 5]), "int64", [0, 5]),
        (pd.array([1, None], "int64[pyarrow]"), "int64", [1, None]),
        (pd.array([True, None], "boolean"), "boolean", [True, None]),
        ([True, None], "boolean", [True, None]),
        ([None, None], "float64", [None, None]),
        (np.array([0.5], np.float16), "float64", [0.5]),
        (np.array([0.5], np.longdouble), "float64", [0.5]),
        ([b"caf\xc3\xa9", b"\xff"], "string", ["café", "\\xff"]),
        (pd.period_range("2024-01", periods=1, freq="M"), "string", ["2024-01"]),
        (pd.IntervalIndex.from_breaks([0, 1]), "string", ["(0, 1]"]),
        (pd.to_timedelta([1], unit="D"), "string", ["1 days 00:00:00"]),
        ([1 + 2j], "string", ["(1+2j)"]),
        ([1 + 2j, complex("nan")], "string", ["(1+2j)", None]),
        ([{"a": 1}, [2]], "string", ["{'a': 1}", "[2]"]),
        (["a", 7, None], "string", ["a", "7", None]),
        (pd.Series(["\ud800"], dtype=object), "string", ["\\ud800"]),
        ([UTC, UTC.tz_localize(None)], "string", ["2024-07-01 12:00:00+00:00", "2024-07-01 12:00:00"]),
    ],
)
def test_a_column_is_read_as_what_it_holds_and_as_text_where_an_engine_has_no_type_for_it(values, kind, read):
    assert taken(values) == (kind, read)


def test_times_of_several_zones_in_one_column_are_instants():
    kind, read = taken([UTC, PARIS])
    assert kind == "timestamp('UTC', 6)"
    assert [at.hour for at in read] == [12, 10]


def test_a_time_beyond_any_calendar_stays_beyond():
    assert taken(np.array(["200000-01-01"], "datetime64[s]"))[1][0].year == 9999


@pytest.mark.parametrize(
    "name", ['say "so"', "a.b", "two\nlines", "🙂", "select", "x" * 3000, "%s", "{}", "it's", 7, 1.5]
)
def test_a_name_may_be_anything_that_can_be_written(name):
    table = framed(pd.DataFrame({name: [1, 2]}))
    assert table.filter(table[str(name)] > 1)[str(name)].to_pyarrow().to_pylist() == [2]


@pytest.mark.parametrize("name", ["", "  ", None, np.nan])
def test_a_column_without_a_name_is_left_out(name):
    frame = pd.DataFrame([[1, 2]], columns=pd.Index([name, "c"], dtype=object))
    assert framed(frame).columns == ("c",)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (
            ["Paid", "paid"],
            r"'Paid' and 'paid', which differ by capitals only.*rename\(columns={'paid': 'paid_2'}",
        ),
        ([1, "1"], r"has the column '1' twice"),
        (pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]), r"names of 2 levels, such as \('a', 'b'\)"),
        (["a\0b", "c"], r"a column 'a\\x00b' with a sign that no engine reads"),
        (pd.Index(["\ud800", "c"], dtype=object), r"a column '\\ud800' with a sign that no engine reads"),
        (["", None], r"has no column with a name"),
    ],
)
def test_names_that_an_engine_cannot_tell_apart_or_read_are_refused(columns, why):
    with pytest.raises(HistoryError, match=why):
        framed(pd.DataFrame([[1, 2]], columns=columns))


def test_a_later_change_of_the_frame_changes_nothing():
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    table = framed(frame)
    frame.loc[0, "x"] = 9.0
    assert table.x.to_pyarrow().to_pylist() == [1.0, 2.0]


def test_frames_of_polars_and_tables_of_arrow_are_read_like_those_of_pandas():
    rows = {"c": ["a", "b"], "at": [datetime(2024, 5, 1), None], "x": [1.5, 2.0], "kind": ["u", "v"]}
    frames = [pd.DataFrame(rows).astype({"kind": "category"}), polars.DataFrame(rows), pa.table(rows)]
    frames[1] = frames[1].with_columns(polars.col("kind").cast(polars.Categorical))
    expected = {"c": "string", "at": "timestamp(6)", "x": "float64", "kind": "string"}
    for frame in frames:
        table = open_source(frame).table
        assert {name: str(kind) for name, kind in table.schema().items()} == expected
        assert table.x.sum().to_pyarrow().as_py() == 3.5


def test_columns_of_arrow_that_no_engine_has_come_as_texts_and_nameless_ones_not_at_all():
    table = open_source(pa.table({"": [1], "tags": [["u", "v"]], "lasts": pa.array([5], pa.duration("s"))})).table
    assert table.to_pyarrow().to_pylist() == [{"tags": "['u', 'v']", "lasts": "0:00:05"}]
