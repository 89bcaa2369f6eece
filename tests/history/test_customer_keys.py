"""Customer keys: tidy texts, nobody where a key stands for nobody, and refused where they are no texts at all."""

import re

import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.errors import HistoryError
from patron.history.customer_keys import customer_keys
from patron.history.identities.table import identities
from patron.history.joins import Join
from patron.history.sources import attributes, events
from patron.history.subscriptions import subscriptions
from patron.questions.panels import panel
from patron.settings import PanelFile


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


def parquet(frame, folder):
    pq.write_table(pa.Table.from_pandas(frame), folder / "orders.parquet")
    return folder / "orders.parquet"


WAYS = {
    "pandas": lambda frame, folder: events(frame, at="on"),
    "Arrow": lambda frame, folder: events(pa.Table.from_pandas(frame), at="on"),
    "polars": lambda frame, folder: events(pl.DataFrame(frame.to_dict("list")), at="on"),
    "Ibis": lambda frame, folder: events(ibis.memtable(pa.Table.from_pandas(frame)), at="on"),
    "Parquet": lambda frame, folder: events(parquet(frame, folder), at="on"),
    "a join": lambda frame, folder: events(frame[["on"]], at="on", joins=[Join(frame, on="on")]),
    "attributes": lambda frame, folder: attributes(frame[["customer", "on"]], customer="customer"),
    "contracts": lambda frame, folder: subscriptions(frame, customer="customer", start="on"),
    "identities": lambda frame, folder: identities(frame.rename(columns={"on": "key"}).astype({"key": str})),
    "a panel": lambda frame, folder: panel(frame.assign(visits=1), 28, cutoff="on"),
    "a panel file": lambda frame, folder: PanelFile(parquet(frame, folder), "customer", "", 28).open("p", "2024-05-01"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("keys", "kind", "mend"),
    [
        ([["ann"], ["bob", "x"]], "lists", "frame['customer'].str.join('-')"),
        ([b"ann", b"bob"], "bytes", "frame['customer'].str.decode('utf-8')"),
        ([{"id": "ann"}, {"id": "bob"}], "structures", "frame['customer'].str['...']"),
    ],
)
def test_keys_that_are_no_texts_are_refused_by_every_way_in(way, keys, kind, mend, tmp_path):
    frame = pd.DataFrame({"customer": keys, "on": pd.to_datetime(["2024-05-01", "2024-05-02"])})
    with pytest.raises(HistoryError, match=f"'customer', declared as a customer's key, holds {kind}") as refused:
        WAYS[way](frame, tmp_path)
    assert mend in str(refused.value)
    assert not re.search("ann|bob", str(refused.value))


def test_columns_that_are_no_keys_may_hold_lists_and_bytes():
    frame = pd.DataFrame({"customer": ["a", 1], "at": ["2024-05-01"] * 2, "tags": [["x"], None], "raw": [b"y", None]})
    assert events(frame).used.customer.to_pyarrow().to_pylist() == ["a", "1"]
