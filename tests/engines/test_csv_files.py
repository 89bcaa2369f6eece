"""CSV files with mistakes: each is told by its first wrong value, with column and row, and how to mend it."""

import gzip
from pathlib import Path

import pytest

from patron.engines.csv_files import open_csv
from patron.engines.files import open_source, read
from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.sources import events


def opened(folder: Path, text: str, name: str = "orders.csv") -> Events:
    (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return events(folder / name, customer="cust", at="ts", amount="paid")


def refused(folder: Path, text: str, name: str = "orders.csv") -> str:
    with pytest.raises(HistoryError) as told:
        opened(folder, text, name)
    return str(told.value)


@pytest.mark.parametrize(
    ("rows", "line", "got"),
    [
        ("a,2024-05-01,9.5\nb,2024-05-02\nc,2024-05-03,1,2\n", 3, 2),
        ("a,2024-05-01,9.5\nb,2024-05-02,3\nc,2024-05-03,3,9\nd,2024-05-04,1\n", 4, 4),
        ("a,2024-05-01,9,50\nb,2024-05-02,3,00\n", 2, 4),
    ],
)
@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
def test_a_row_with_other_columns_than_the_header_is_named_by_its_line(tmp_path, rows, line, got, name):
    assert refused(tmp_path, f"cust,ts,paid\n{rows}", name) == (
        f"'{name}', line {line}: this row has {got} columns, but the first line has 3. Mend that line; a text that "
        "holds ',' must stand in \"quotes\"."
    )


QUOTED = "".join(f'a,2024-05-01,{k}.5,"one, {k}"\n' for k in range(30))


@pytest.mark.parametrize("after", ["", QUOTED, QUOTED * 3000])
def test_a_quote_that_is_never_closed_is_told_by_the_line_in_which_it_opens(tmp_path, after):
    text = f'cust,ts,paid,note\n{QUOTED}b,2024-05-02,3,"open\n{after}'
    told = "line 32: a quote that opens in the row that begins there is not closed. Close it, or take it away"
    assert told in refused(tmp_path, text)


def test_a_row_that_a_quote_stretches_over_lines_is_told_with_both_ends(tmp_path):
    text = f'cust,ts,paid,note\n{QUOTED}b,2024-05-02,3,"two\nlines",4\n'
    told = "line 32: this row goes on to line 33, where a quote that it opens is closed, and has 5 columns"
    assert told in refused(tmp_path, text)


def test_a_file_without_rows_says_so(tmp_path):
    assert (
        refused(tmp_path, "cust,ts,paid\n") == "'orders.csv' has no rows below its header cust, paid, ts. Write some."
    )
    assert "'orders.csv' is empty" in refused(tmp_path, "")


def test_a_file_is_taken_apart_once_even_where_late_rows_prove_another_kind(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("n,late\n" + "1,1\n" * 1000 + "2,1.5\n", encoding="utf-8")
    table = open_source(path).table
    path.unlink()
    assert [str(kind) for kind in table.schema().types] == ["int64", "float64"]
    assert (table.n.sum().to_pyarrow().as_py(), table.late.max().to_pyarrow().as_py()) == (1002, 1.5)


def test_a_first_column_of_numbers_behind_a_hash_is_no_comment(tmp_path):
    (tmp_path / "orders.csv").write_text("Name,x\n#1,a\n,\n#2,b\n")
    assert read(tmp_path / "orders.csv").count().to_pyarrow().as_py() == 3


TABLE = "customer,at,amount\na,2024-05-01,5\nb,2024-05-02,6\n"


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Orders of the shop\nFrom 2024-05-01\n", 2),
        ("Orders of the shop,,\n,,\n", 2),
        ("\n", 1),
        ("sep=,\nOrders\n", 1),
    ],
)
def test_the_title_of_a_report_is_passed_over_where_a_whole_table_stands_below_it(tmp_path, title, lines):
    path = tmp_path / "orders.csv"
    path.write_text(title + TABLE, encoding="utf-8")
    opened = open_csv([path])
    assert (opened.header, opened.table.count().to_pyarrow().as_py()) == (("customer", "at", "amount"), 2)
    assert f"{lines} line" in opened.assumed[0][0]


@pytest.mark.parametrize("header", [",country", "customer,country"])
def test_a_header_is_no_title_though_the_rows_below_hold_words_alone(tmp_path, header):
    path = tmp_path / "customers.csv"
    path.write_text(f"{header}\nanna,FR\nbert,IT\n", encoding="utf-8")
    opened = open_csv([path])
    assert (opened.table.count().to_pyarrow().as_py(), opened.assumed) == (2, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_of_two_bytes_a_sign_is_read_without_its_mark_too(tmp_path, encoding):
    path = tmp_path / "orders.csv"
    path.write_bytes(TABLE.encode(encoding))
    assert open_csv([path]).table.count().to_pyarrow().as_py() == 2
