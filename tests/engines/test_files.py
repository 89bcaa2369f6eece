"""Files: what may be read as a table, and what is refused."""

import gzip
import os
import sqlite3
from contextlib import closing

import duckdb
import pandas as pd
import pytest

from patron.engines.failures import refusal
from patron.engines.files import open_source, read
from patron.engines.outputs import write
from patron.errors import HistoryError


def test_a_folder_of_two_formats_is_refused_also_where_one_of_them_is_excel(tmp_path):
    (tmp_path / "2022.csv").write_text("c,t\na,2022-01-01\n")
    pd.DataFrame({"c": ["b"], "t": ["2023-01-01"]}).to_excel(tmp_path / "2023.xlsx", index=False)
    with pytest.raises(HistoryError, match=r"'2022.csv' and '2023.xlsx' are of two formats"):
        read(tmp_path)


def test_hidden_files_and_results_that_lie_in_a_folder_are_no_parts_of_its_table(tmp_path):
    (tmp_path / "2022.csv").write_text("c,t\na,2022-01-01\n")
    (tmp_path / ".2022.csv").write_text("c,t\nb,2022-01-01\n")
    (tmp_path / "patron-out" / "shop").mkdir(parents=True)
    write(pd.DataFrame({"c": ["c"]}), tmp_path / "patron-out" / "shop" / "scores.parquet")
    assert read(tmp_path).c.to_pyarrow().to_pylist() == ["a"]


def test_a_header_with_signs_without_a_shape_is_refused(tmp_path):
    (tmp_path / "orders.csv").write_bytes(b"c\x00,t\na,2022-01-01\n")
    with pytest.raises(HistoryError, match="is no text"):
        read(tmp_path / "orders.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes")
@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "orders.xlsx", "orders.csv.gz", "orders.db"])
@pytest.mark.parametrize("whole", [True, False], ids=["a file", "a part of a folder"])
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path, name, whole):
    os.mkfifo(tmp_path / name)
    with pytest.raises(HistoryError, match=r"is a pipe or a device|does not hold the parts of one table"):
        read(tmp_path / name if whole else tmp_path)


def test_a_packed_file_that_is_cut_is_refused(tmp_path):
    packed = gzip.compress(b"c,t\n" + b"a,2022-01-01\n" * 500)
    (tmp_path / "orders.csv.gz").write_bytes(packed[:-20])
    with pytest.raises(HistoryError, match=r"'orders.csv.gz' cannot be read: .* Check that it is whole"):
        read(tmp_path / "orders.csv.gz")


def test_a_parquet_file_that_breaks_off_while_it_is_read_is_told_without_its_values(tmp_path):
    path = write(pd.DataFrame({"c": [f"guest-{k}" for k in range(5000)]}), tmp_path / "orders.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes(400) + content[600:])
    with pytest.raises(duckdb.Error) as broken:
        read(path).c.to_pyarrow()
    assert str(refusal(broken.value)).startswith(
        "A table cannot be read to its end: the file 'orders.parquet' is broken"
    )


def test_a_broken_text_of_a_sqlite_file_is_refused_without_its_value(tmp_path):
    with closing(sqlite3.connect(tmp_path / "orders.db")) as database, database:
        database.execute("CREATE TABLE orders (c TEXT)")
        database.execute("INSERT INTO orders VALUES (CAST(x'67756573742d31ff' AS TEXT))")
    with pytest.raises(HistoryError, match=r"'orders.db' cannot be read: Could not decode .*column 'c'\. Check"):
        read(tmp_path / "orders.db")


def test_what_an_engine_says_of_a_value_is_no_broken_file():
    assert refusal(duckdb.ConversionException("Could not convert string 'guest-1' to INT32")) is None
    assert refusal(ValueError("Failed to read")) is None


def test_the_columns_in_names_of_folders_are_read_of_parquet_files_and_noted_of_csv_files(tmp_path):
    for kind in ("web", "shop"):
        for form in ("parquet", "csv"):
            (tmp_path / form / f"kind={kind}").mkdir(parents=True)
        pd.DataFrame({"c": ["a"]}).to_parquet(tmp_path / "parquet" / f"kind={kind}" / "1.parquet")
        pd.DataFrame({"c": ["a"]}).to_csv(tmp_path / "csv" / f"kind={kind}" / "1.csv", index=False)
    assert sorted(open_source(tmp_path / "parquet").table.kind.to_pyarrow().to_pylist()) == ["shop", "web"]
    words = "column 'kind' stands in the names of folders, and is not read of CSV files"
    assert (words, "") in open_source(tmp_path / "csv").assumed


def test_files_of_a_writing_that_is_not_done_are_no_rows(tmp_path):
    for folder in (".", "_temporary/0", "_day=1"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"c": ["a"]}).to_parquet(tmp_path / folder / "1.parquet")
    assert open_source(tmp_path).table.count().to_pyarrow().as_py() == 2
