"""What texts promise: a column is written from few pieces, and reads as if each cell were written alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.explanations.texts import Coded, each, written
from patron.explanations.value_texts import value_texts
from patron.formatting import FORMATS, amount, quantity, rounded
from worlds.explained import FEATURES


def test_texts_of_a_million_cells_are_built_from_those_of_a_few():
    place = np.tile([1, 0], 500_000)
    texts = written(Coded(["few", "många"], place), Coded([": 1", ": 2"], place))
    assert (texts[0].as_py(), texts[1].as_py(), len(texts)) == ("många: 2", "few: 1", 1_000_000)


def test_of_nothing_no_text_is_written():
    assert each(["few"], np.empty(0, dtype=np.intp)).to_pylist() == []
    assert written(Coded([""], np.zeros((2, 3), dtype=np.intp))).to_pylist() == ["", "", ""]


numbers = st.one_of(
    st.floats(-1e9, 1e9),
    st.floats(-2, 120),
    st.integers(-2_000, 2_000).map(lambda n: n / 8),
    st.integers(-20_000, 20_000).map(lambda n: n / 1_000),
    st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 999_999.995, 1e6, 99.95, 0.945, 0.95, 100.0, 0.29, 1e-7]),
)


@given(st.lists(numbers, min_size=1, max_size=30), st.sampled_from([*FORMATS, "orders"]))
def test_a_rounded_number_is_written_as_the_number_itself(values, unit):
    near = rounded(np.array(values), unit)
    assert [quantity(value, unit) for value in near] == [quantity(value, unit) for value in values]


@pytest.mark.parametrize("unit", ["money", "days", "share", "orders"])
@given(st.lists(numbers, min_size=1, max_size=30))
def test_values_read_as_if_each_were_written_alone(unit, values):
    feature = FEATURES[0] | {"unit": unit, "words": "Days since the last order"}
    write = quantity if unit == "days" else amount
    usual, count = (1234.5, 0.35, 3.0), len(values)
    cells, known = (np.arange(count), np.zeros(count, dtype=np.intp)), np.arange(count) % 3
    texts = value_texts(pd.DataFrame({"recency": values}), [feature], cells, [usual], known)
    assert written(texts.shown).to_pylist() == [amount(value, unit) for value in values]
    assert written(texts.said).to_pylist() == [write(value, unit) for value in values]
    expected = [write(v, unit) == write(usual[k], unit) for v, k in zip(values, known, strict=True)]
    assert texts.is_usual.tolist() == expected


def test_a_text_reads_as_itself():
    row = np.arange(3)
    columns, usual = pd.DataFrame({"country": ["uk", None, "de"]}), [["uk"]]
    texts = value_texts(columns, [FEATURES[3]], (row, np.zeros(3, dtype=np.intp)), usual, np.zeros(3, dtype=np.intp))
    assert written(texts.said).to_pylist() == ["uk", "unknown", "de"]
    assert texts.is_usual.tolist() == [True, False, False]
