"""Files as people have them: any separator and encoding, in parts, from Excel, and none that changes underway."""

import gzip
import os
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.engines.column_names import distinct_names
from patron.engines.files import FileFormat, open_source
from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.sources import events

ROWS = "c;ts;paid;city\n1;2024-01-01;5;Köln\n2;2024-01-02;6;Bonn\n"


def opened(path: Path, **said: str) -> Events:
    return events(path, customer="c", at="ts", amount="paid", **said)


def cities(declared: Events) -> list[str]:
    return declared.used.order_by("customer").city.to_pyarrow().to_pylist()


def refused(path: Path, **said: str) -> str:
    with pytest.raises(HistoryError) as told:
        opened(path, **said)
    return str(told.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("head", ["", "sep={}\n", "SEP={}\r\n"])
def test_any_separator_is_read_and_a_line_that_names_it_skipped(separator, head, tmp_path):
    text = head.format(separator) + ROWS.replace(";", separator)
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8", newline="")
    assert cities(opened(tmp_path / "orders.csv")) == ["Köln", "Bonn"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
def test_utf_8_utf_16_and_windows_1252_are_told_apart(encoding, name, tmp_path):
    data = ROWS.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    declared = opened(tmp_path / name)
    assert cities(declared) == ["Köln", "Bonn"]
    assumed = [(a.what, a.change) for a in declared.assumed]
    told = (f"'{name}' is no UTF-8 text and was read as Windows-1252", 'encoding = "cp1252"')
    assert assumed == ([told] if encoding == "cp1252" else [])


def test_an_encoding_that_was_said_is_used_and_one_that_does_not_fit_is_refused(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(ROWS.replace("Köln", "Łódź").encode("cp1250"))
    assert cities(opened(path, encoding="cp1250")) == ["Łódź", "Bonn"]
    assert "cannot be read as 'ascii': its bytes are not valid there" in refused(path, encoding="ascii")
    assert "there is no such encoding" in refused(path, encoding="cp9999")


def test_a_letter_that_is_no_utf_8_may_come_after_many_rows(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(("c;ts;paid;city\n" + "1;2024-01-01;5;Bonn\n" * 50_000 + "2;2024-01-02;6;Köln\n").encode("cp1252"))
    assert opened(path).used.filter(lambda t: t.city == "Köln").count().to_pyarrow().as_py() == 1


def test_a_folder_of_csv_files_with_the_same_columns_is_one_table(tmp_path):
    (tmp_path / "1.csv").write_text("c,ts,paid,city\n1,2024-01-01,5,Köln\n", encoding="utf-8")
    with gzip.open(tmp_path / "2.csv.gz", "wt", encoding="utf-8") as file:
        file.write("ts,c,city,paid\n2024-02-01,2,Bonn,6.5\n")
    declared = opened(tmp_path)
    assert cities(declared) == ["Köln", "Bonn"]
    assert [float(x) for x in declared.used.order_by("customer").amount.to_pyarrow().to_pylist()] == [5.0, 6.5]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("c,ts,amount,city\n2,2024-02-01,6,Bonn\n", "have different columns (amount, paid)"),
        ("c;ts;paid;city\n2;2024-02-01;6;Bonn\n", "are separated by different signs"),
    ],
)
def test_files_that_are_no_parts_of_one_table_are_named(other, why, tmp_path):
    (tmp_path / "1.csv").write_text("c,ts,paid,city\n1,2024-01-01,5,Köln\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text(other, encoding="utf-8")
    assert f"'1.csv' and '2.csv' {why}. Name the file of each" in refused(tmp_path)


def test_csv_and_parquet_in_one_folder_are_refused(tmp_path):
    (tmp_path / "1.csv").write_text(ROWS, encoding="utf-8")
    pq.write_table(pa.table({"c": [1]}), tmp_path / "2.parquet")
    assert "'2.parquet' and '1.csv' are of two formats" in refused(tmp_path)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "22"], "int64"),
        (["1.5", "2"], "float64"),
        (["0012", "12"], "string"),
        (["12345678901234567890", "1"], "string"),
        (["+5", "5"], "string"),
        (["true", "FALSE"], "boolean"),
        (["10:30:00", "9:00:00"], "time"),
        (["2024-05-01", "2024-05-02"], "date"),
        (["2024-05-01 10:00:00", "2024-05-02 10:00:00"], "timestamp(6)"),
        (["2024-05-01T10:00:00.5", "2024-05-02T10:00:00.25"], "timestamp(6)"),
        (["05/13/2024", "05/14/2024"], "string"),
        (["24-05-13", "24-05-14"], "string"),
        (["2024-05-01 10:00:00Z", "2024-05-01 11:00:00Z"], "string"),
        (["1"] * 2000 + ["C1"], "string"),
        (["1"] * 2000 + ["1.5"], "float64"),
        ([""] * 2000 + ["7"], "int64"),
        (["1,5", "2"], "string"),
    ],
)
def test_a_column_of_a_file_is_what_all_of_its_rows_prove(texts, kind, tmp_path):
    pd.DataFrame({"value": texts, "row": range(len(texts))}).to_csv(tmp_path / "t.csv", index=False)
    assert str(open_source(tmp_path / "t.csv").table.schema()["value"]) == kind


def test_a_column_that_was_said_to_stay_text_does(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n2024-05-01,2024-05-01\n", encoding="utf-8")
    types = open_source(tmp_path / "t.csv", FileFormat(texts=("a",))).table.schema().types
    assert [str(kind) for kind in types] == ["string", "date"]


def test_a_file_that_changes_between_opening_and_counting_is_refused(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(ROWS, encoding="utf-8")
    declared = opened(path)
    with path.open("a", encoding="utf-8") as file:
        file.write("3;2024-01-03;7;Ulm\n")
    with pytest.raises(HistoryError, match=r"'orders.csv' changed while it was read: it had 56 bytes when it was op"):
        History.of(orders=declared)
    again = opened(path)
    os.utime(path, (0, 0))
    with pytest.raises(HistoryError, match=r"Wait until it is written, or give a copy that nothing writes to"):
        History.of(orders=again)


def sheets(path: Path, **frames: pd.DataFrame) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in frames.items():
        sheet = book.create_sheet(name)
        for row in [list(frame.columns), *frame.to_numpy(dtype=object).tolist()]:
            sheet.append(row)
    book.save(path)
    return path


SHEET = pd.DataFrame({"c": ["1", "2"], "ts": pd.to_datetime(["2024-01-01", "2024-01-02"]), "paid": [5, 6.5]})


def test_the_first_sheet_of_an_excel_file_is_read_and_told_where_there_are_several(tmp_path):
    alone = opened(sheets(tmp_path / "one.xlsx", Orders=SHEET))
    assert (alone.used.count().to_pyarrow().as_py(), alone.assumed) == (2, ())
    several = sheets(tmp_path / "two.xlsx", Orders=SHEET, Notes=SHEET.assign(note="x").head(1))
    told = opened(several).assumed[0]
    assert (told.what, told.change) == ("'two.xlsx' has 2 sheets; 'Orders' was read", 'sheet = "Notes"')
    assert opened(several, sheet="Notes").used.count().to_pyarrow().as_py() == 1


@pytest.mark.parametrize("names", [("Jan", "Feb"), ("März 2024", "April 2024"), ("2023", "2024"), ("Sheet1", "Sheet2")])
def test_sheets_of_the_same_columns_with_names_in_a_series_are_one_table(tmp_path, names):
    path = sheets(tmp_path / "book.xlsx", **dict.fromkeys(names, SHEET), Notes=SHEET.assign(note="x"))
    whole = opened(path)
    assert whole.used.count().to_pyarrow().as_py() == 4
    read = f"'book.xlsx' has 3 sheets; {names[0]!r}, {names[1]!r} were read as one table"
    assert [(line.what, line.change) for line in whole.assumed] == [(read, 'sheet = "Notes"')]
    assert opened(path, sheet=names[0]).used.count().to_pyarrow().as_py() == 2


def test_whether_other_sheets_of_the_same_columns_are_one_table_is_asked(tmp_path):
    path = sheets(tmp_path / "book.xlsx", Orders=SHEET, Returns=SHEET)
    assert 'Read all of them with sheet = "*", or one with sheet = "Orders".' in refused(path)
    assert opened(path, sheet="*").used.count().to_pyarrow().as_py() == 4
    assert opened(path, sheet="Returns").used.count().to_pyarrow().as_py() == 2


def test_lines_of_one_cell_above_the_header_of_a_sheet_are_passed_over_and_told(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Orders of the shop"], [], ["c", "ts", "paid"], ["1", "2024-01-01", 5], ["2", "2024-01-02", 6.5]):
        book.active.append(row)
    book.save(tmp_path / "report.xlsx")
    report = opened(tmp_path / "report.xlsx")
    assert report.used.count().to_pyarrow().as_py() == 2
    assert report.assumed[0].what == "1 line above the header of 'report.xlsx' passed over as its title"


def test_a_sheet_that_is_not_there_or_empty_is_refused(tmp_path):
    path = sheets(tmp_path / "two.xlsx", Orders=SHEET, Empty=SHEET.head(0))
    assert "has no sheet 'Order'. Did you mean 'Orders'? It has: Empty, Orders." in refused(path, sheet="Order")
    assert "The sheet 'Empty' of 'two.xlsx' has no rows below a header" in refused(path, sheet="Empty")


def test_a_locked_or_broken_excel_file_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + b"0" * 600)
    assert "has a password, or is an old .xls file under a new name" in refused(tmp_path / "locked.xlsx")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    assert "an old Excel file; save it as .xlsx" in refused(tmp_path / "old.xls")
    pytest.importorskip("openpyxl")
    (tmp_path / "broken.xlsx").write_bytes(b"PK junk")
    assert "cannot be read as an Excel file" in refused(tmp_path / "broken.xlsx")


def test_without_openpyxl_the_line_that_installs_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "orders.xlsx").write_bytes(b"PK")
    assert "Install it: pip install 'patron[excel]', or save the sheet as CSV" in refused(tmp_path / "orders.xlsx")


AT = pa.array([1704067200000000] * 2, pa.timestamp("us"))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["5.0", "6.0"]).dictionary_encode(),
        pa.array([Decimal("5.0"), Decimal("6.0")], pa.decimal128(38, 10)),
        pa.array([Decimal("5.0"), Decimal("6.0")], pa.decimal256(60, 10)),
        pa.array([5, 6], pa.uint64()),
        pa.array([5.0, 6.0], pa.float16()),
        pa.array(["5", "6"], pa.large_string()),
    ],
)
def test_amounts_of_any_parquet_type_are_read_or_refused_by_a_sentence(column, tmp_path):
    pq.write_table(pa.table({"c": ["1", "2"], "ts": AT, "paid": column}), tmp_path / "t.parquet")
    try:
        paid = opened(tmp_path / "t.parquet").used.order_by("customer").amount.to_pyarrow().to_pylist()
    except HistoryError:
        return
    assert [float(value) for value in paid] == [5.0, 6.0]


@pytest.mark.parametrize(
    "column",
    [
        AT,
        AT.cast(pa.timestamp("ns")),
        AT.cast(pa.timestamp("s")),
        AT.cast(pa.timestamp("ms", "UTC")),
        AT.cast(pa.date32()),
        AT.cast(pa.date64()),
        pa.array(["2024-01-01"] * 2).dictionary_encode(),
        pa.array(["2024-01-01"] * 2, pa.large_string()),
    ],
)
def test_times_of_any_parquet_type_are_read(column, tmp_path):
    pq.write_table(pa.table({"c": ["1", "2"], "ts": column, "paid": [5, 6]}), tmp_path / "t.parquet")
    times = opened(tmp_path / "t.parquet").used["at"].to_pyarrow().to_pylist()
    assert [f"{at:%Y-%m-%d %H:%M}" for at in times] == ["2024-01-01 00:00"] * 2


@pytest.mark.parametrize("column", [pa.array([{"a": 1}] * 2), pa.array([[1, 2]] * 2)])
def test_nested_columns_are_refused_as_a_role_and_kept_beside(column, tmp_path):
    table = pa.table({"c": ["1", "2"], "ts": AT, "paid": column})
    pq.write_table(table, tmp_path / "t.parquet")
    assert "declared as 'amount', must be a number" in refused(tmp_path / "t.parquet")
    assert events(tmp_path / "t.parquet", customer="c", at="ts").used.count().to_pyarrow().as_py() == 2


@pytest.mark.parametrize("name", ["orders.txt", "orders.tsv", "orders.dat", "ORDERS.TXT", "orders.txt.gz"])
@pytest.mark.parametrize("separator", [",", "\t", "|"])
def test_a_text_file_is_read_as_csv_whatever_its_ending(separator, name, tmp_path):
    data = ROWS.replace(";", separator).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert cities(opened(tmp_path / name)) == ["Köln", "Bonn"]


def test_notes_beside_the_csv_files_of_a_folder_are_no_part_of_the_table(tmp_path):
    (tmp_path / "a.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "readme.txt").write_text("what this is", encoding="utf-8")
    assert cities(opened(tmp_path)) == ["Köln", "Bonn"]


def test_a_folder_of_text_files_is_one_table(tmp_path):
    head, *rows = ROWS.splitlines()
    for i, row in enumerate(rows):
        (tmp_path / f"{i}.txt").write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert cities(opened(tmp_path)) == ["Köln", "Bonn"]


def test_columns_that_differ_by_capitals_only_are_told_by_the_names_they_get(tmp_path):
    (tmp_path / "orders.csv").write_text("c,ts,paid,City,city\n1,2024-01-01,5,Köln,x\n", encoding="utf-8")
    pq.write_table(
        pa.table({"c": ["1"], "ts": ["2024-01-01"], "paid": [5], "City": ["a"], "city": ["b"]}), tmp_path / "o.parquet"
    )
    for name in ("orders.csv", "o.parquet"):
        declared = opened(tmp_path / name)
        words = f"column 'city' of '{name}' differs from 'City' by capitals only, and is read as 'city_1'"
        assert words in [assumed.what for assumed in declared.assumed]
        assert declared.used.columns[-2:] == ("City", "city_1")


def test_a_column_that_comes_twice_is_told_by_the_name_it_gets(tmp_path):
    (tmp_path / "orders.csv").write_text("c,ts,paid,city,city\n1,2024-01-01,5,Köln,x\n", encoding="utf-8")
    words = [assumed.what for assumed in opened(tmp_path / "orders.csv").assumed]
    assert "column 'city' of 'orders.csv' comes twice, and is read as 'city_1'" in words


def test_files_of_a_folder_whose_columns_differ_by_capitals_only_must_have_them_in_one_order(tmp_path):
    (tmp_path / "1.csv").write_text("c,ts,paid,City,city\n1,2024-01-01,5,Köln,x\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text("c,ts,paid,city,City\n2,2024-01-02,6,x,Bonn\n", encoding="utf-8")
    assert "'1.csv' and '2.csv' have columns that differ by capitals only, in another order" in refused(tmp_path)
    (tmp_path / "2.csv").write_text("c,ts,paid,City,city\n2,2024-01-02,6,Bonn,x\n", encoding="utf-8")
    assert opened(tmp_path).used.order_by("customer").City.to_pyarrow().to_pylist() == ["Köln", "Bonn"]


def test_columns_of_a_sheet_that_come_twice_are_told_by_the_names_they_get(tmp_path):
    path = tmp_path / "orders.xlsx"
    rows = pd.DataFrame([["1", "2024-01-01", 5, "Köln", "x", "y"]], columns=["c", "ts", "paid", "City", "city", "City"])
    rows.to_excel(path, index=False)
    declared = opened(path)
    assert declared.used.columns[-3:] == ("City", "city_1", "City_2")
    assert [assumed.what for assumed in declared.assumed] == [
        "column 'city' of 'orders.xlsx' differs from 'City' by capitals only, and is read as 'city_1'",
        "column 'City' of 'orders.xlsx' comes twice, and is read as 'City_2'",
    ]


def test_a_name_that_another_column_has_is_given_to_none():
    assert distinct_names(["a", "a", "A_1", "a"]) == ["a", "a_2", "A_1", "a_3"]
