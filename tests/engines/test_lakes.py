"""Lakes: tables of Delta and Iceberg as their logs say, and never as the files that lie in their folders."""

import sys
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import patron as pt
from patron.errors import HistoryError

ORDERS = pa.table(
    {
        "customer": ["a", "b", "b"],
        "at": [datetime(2024, 5, day) for day in (1, 2, 3)],
        "amount": [10.0, 20.0, 30.0],
        "note": ["x", "y", "z"],
    }
)


@pytest.mark.parametrize("log", ["_delta_log", "metadata"])
def test_a_table_with_a_log_is_not_read_as_its_files_where_its_library_is_missing(tmp_path, log, monkeypatch):
    kind, library = {"_delta_log": ("Delta", "deltalake"), "metadata": ("Iceberg", "pyiceberg.table")}[log]
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / "orders" / log).mkdir(parents=True)
    (tmp_path / "orders" / log / "v1.metadata.json").touch()
    pq.write_table(ORDERS, tmp_path / "orders" / "part.parquet")
    with pytest.raises(HistoryError, match=rf"'orders' is a table of {kind}, .* pip install 'patron\[lakes\]'"):
        pt.events(tmp_path / "orders")
    with pytest.raises(HistoryError, match=f'path = "{tmp_path.name}/orders"'):
        pt.events(tmp_path)


def test_a_table_of_delta_holds_the_rows_of_its_newest_version(tmp_path):
    deltalake = pytest.importorskip("deltalake")
    deltalake.write_deltalake(tmp_path, ORDERS)
    deltalake.write_deltalake(tmp_path, ORDERS.slice(1), mode="overwrite")
    used = pt.events(tmp_path).used
    assert used.amount.sum().to_pyarrow().as_py() == 50
    assert "note" in used.columns, "of a table that takes part in queries every column is at hand"


def test_of_a_table_of_iceberg_the_needed_columns_of_the_newest_version_are_read(tmp_path):
    memory = pytest.importorskip("pyiceberg.catalog.memory")
    catalog = memory.InMemoryCatalog("here", warehouse=tmp_path.as_uri())
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.orders", schema=ORDERS.schema)
    table.append(ORDERS)
    table.delete("customer == 'a'")
    used = pt.events(tmp_path / "shop" / "orders").used
    assert used.amount.sum().to_pyarrow().as_py() == 50
    assert used.columns == ("customer", "at", "amount")


def test_a_table_with_a_broken_log_is_refused_without_the_words_of_the_library(tmp_path):
    pytest.importorskip("deltalake")
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "_delta_log" / "00000000000000000000.json").write_text('{"add": "customer-4711"}')
    with pytest.raises(HistoryError, match=r"a table of Delta, cannot be read by deltalake \(\w+\)") as refusal:
        pt.events(tmp_path)
    assert "4711" not in str(refusal.value)
