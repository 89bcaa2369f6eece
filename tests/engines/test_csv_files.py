"""CSV files with mistakes: each is told by its first wrong value, with column and row, and how to mend it."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.history import History
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


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("9,50", "has a decimal comma"),
        ("1.234,5", "has a decimal comma"),
        ("1,234.50", "has a comma between the thousands, or a decimal comma"),
        ("\u20ac5", "has a currency or another sign beside it"),
        ("5 EUR", "has a currency or another sign beside it"),
        ("free", "is no number"),
    ],
)
def test_a_number_that_is_written_otherwise_is_shown_with_its_row(tmp_path, written, why):
    text = f'cust;ts;paid\na;2024-05-01;7\nb;2024-05-02;"{written}"\n'
    assert refused(tmp_path, text) == (
        f"Column 'paid', declared as 'amount', must be a number, but {written!r} in row 2 {why}. "
        "Write numbers like 1234.50: a decimal point, nothing between the thousands, no other signs."
    )


def test_a_strange_number_of_a_data_frame_is_shown_with_its_row():
    frame = pd.DataFrame({"customer": "a", "at": ["2024-05-01"] * 2, "amount": [9.5, "$5"]})
    with pytest.raises(HistoryError, match=r"but '\$5' in row 2 has a currency"):
        events(frame)


def test_times_that_cannot_be_read_are_refused_with_the_first_of_them(tmp_path):
    text = "cust,ts,paid\na,2024-05-01,1\nb,13/05/2024,1\nc,05/04/2024,1\n"
    assert refused(tmp_path, text) == (
        "Column 'ts', declared as 'at', has 2 of 3 times that cannot be read as a time; the first is '13/05/2024' in "
        "row 2; days, months and years may stand in any order there. Write times like 2024-05-31 or "
        "2024-05-31 17:45:00, or name the column that holds times."
    )
    few = pd.DataFrame({"customer": "a", "at": ["2024-05-01"] * 98 + ["soon", "later"]})
    with pytest.raises(HistoryError, match=r"has 2 of 100 times .* the first is 'soon' in row 99. Write"):
        events(few)


@pytest.mark.parametrize(
    ("dates", "first"),
    [(("05/04/2024", "13/05/2024"), "2024-04-05"), (("05/04/2024", "05/13/2024"), "2024-05-04")],
)
def test_dates_are_read_by_the_order_that_one_of_them_tells(tmp_path, dates, first):
    made = opened(tmp_path, "cust,ts,paid\n" + "".join(f"a,{date},1\n" for date in dates))
    assert f"{History.of(orders=made).receipts[0].first:%Y-%m-%d}" == first


@pytest.mark.parametrize("date", ["05/04/2024", "5.4.2024", "05-04-2024 10:00:00"])
def test_dates_of_which_none_tells_day_from_month_are_refused(tmp_path, date):
    assert refused(tmp_path, f"cust,ts,paid\na,{date},1\n") == (
        f"Column 'ts', declared as 'at', has dates like {date!r} in row 1, and none that tells whether the day or the "
        "month comes first. Write times like 2024-05-31 or 2024-05-31 17:45:00."
    )


@pytest.mark.parametrize(
    ("times", "first"),
    [
        (("05/04/2024 9:05", "13/05/2024 17:45"), "2024-04-05 09:05"),
        (("05/04/2024 09:05", "05/13/2024 17:45:30"), "2024-05-04 09:05"),
        (("5.4.2024 09:05", "31.5.2024 17:45"), "2024-04-05 09:05"),
    ],
)
def test_times_without_seconds_are_read_by_the_order_that_one_of_them_tells(tmp_path, times, first):
    made = opened(tmp_path, "cust;ts;paid\n" + "".join(f"a;{time};1\n" for time in times))
    assert f"{History.of(orders=made).receipts[0].first:%Y-%m-%d %H:%M}" == first


def test_times_without_seconds_of_which_none_tells_day_from_month_are_refused(tmp_path):
    told = refused(tmp_path, "cust;ts;paid\na;05/04/2024 09:05;1\nb;06/04/2024 09:05;1\n")
    assert "the first is '05/04/2024 09:05' in row 1; days, months and years may stand in any order there" in told
