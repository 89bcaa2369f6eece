"""How times are written: each form is read where the column proves it, and asked about where it does not."""

from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.sources import attributes, events

JAN_13, FEB_2 = datetime(2024, 1, 13), datetime(2024, 2, 2)
EVENING = datetime(2024, 1, 13, 19, 5)


def frame(times: list) -> pd.DataFrame:
    return pd.DataFrame({"customer": [f"c{i:05}" for i in range(len(times))], "at": times})


def clock(declared: Events) -> list[datetime]:
    return declared.used.order_by("customer")["at"].to_pyarrow().to_pylist()


def read(times: list, **said: str) -> list[datetime]:
    return clock(events(frame(times), **said))


def refused(times: list, **said: str) -> str:
    with pytest.raises(HistoryError) as told:
        events(frame(times), **said)
    return str(told.value)


DAYS = [
    ("13/01/2024", "02/02/2024"),
    ("01/13/2024", "02/02/2024"),
    ("13.1.2024", "2.2.2024"),
    ("13-01-2024", "02-02-2024"),
    ("2024/01/13", "2024/02/02"),
    ("2024.01.13", "2024.02.02"),
    ("13 Jan 2024", "2 Feb 2024"),
    ("13-JAN-2024", "02-FEB-2024"),
    ("13-Jan-24", "02-Feb-24"),
    ("13. January 2024", "2. February 2024"),
    ("Jan 13, 2024", "Feb 2, 2024"),
    ("January 13th, 2024", "February 2nd, 2024"),
    ("2024-Jan-13", "2024-Feb-02"),
    ("Sat, 13 Jan 2024", "Fri, 2 Feb 2024"),
    ("Saturday, January 13, 2024", "Friday, February 2, 2024"),
    (" 13/01/2024 ", "02/02/2024"),
    ("20240113", "20240202"),
    (20240113, 20240202),
    (45304, 45324),
    (45304.0, 45324.0),
    (1705104000, 1706832000),
    (1705104000000, 1706832000000),
    (1705104000000000, 1706832000000000),
    (1705104000000000000, 1706832000000000000),
    ("1705104000", "1706832000"),
]


@pytest.mark.parametrize("times", DAYS)
def test_days_are_read_as_the_column_proves_them(times):
    assert read(list(times)) == [JAN_13, FEB_2]


@pytest.mark.parametrize("times", DAYS[::3])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_are_read_as_frames_are(times, ending, tmp_path):
    path = tmp_path / f"orders.{ending}"
    rows = frame(list(times))
    rows.to_csv(path, index=False, sep=";") if ending == "csv" else rows.to_parquet(path)
    assert clock(events(path)) == [JAN_13, FEB_2]


@pytest.mark.parametrize(
    "evening",
    [
        "13/01/2024 19:05",
        "13/01/2024 7:05 PM",
        "13/01/2024 07:05:00 pm",
        "13/01/2024 7:05 p.m.",
        "13/01/2024, 7:05PM",
        "1/13/2024 7:05:00\u202fPM",
        "13.01.2024 19:05:00.000",
        "13.01.2024 19:05 Uhr",
        "13 Jan 2024 19:05:00",
        "2024-01-13T19:05:00.000000000",
        "2024-01-13 19:05:00,000",
        "20240113 19:05:00",
    ],
)
def test_clocks_of_24_hours_and_of_half_days_are_read_whole(evening):
    assert read([evening]) == [EVENING]


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-13 18:05:00Z",
        "2024-01-13T18:05:00Z",
        "2024-01-13T18:05:00.000Z",
        "2024-01-13 18:05:00 UTC",
        "2024-01-13 18:05:00 GMT",
        "2024-01-13 20:05:00 +0200",
        "2024-01-13 20:05:00+02:00",
        "2024-01-13 20:05:00+02",
        "2024-01-13T12:05-06:00",
        "Sat, 13 Jan 2024 18:05:00 +0000",
        "13/01/2024 06:05 PM UTC",
    ],
)
def test_a_time_that_names_its_zone_becomes_the_clock_of_the_business(written):
    assert read([written], timezone="Europe/Berlin") == [EVENING]


def test_a_time_without_a_zone_stays_the_clock_of_the_business_among_others_with_one():
    declared = events(frame(["2024-01-13 19:05:00", "2024-01-13T18:05:00Z"]), timezone="Europe/Berlin")
    assert clock(declared) == [EVENING, EVENING]
    assert declared.assumed[0].what == "1 times of 'at' name no zone, and are the clock of Europe/Berlin"
    assert declared.assumed[0].change == 'timezone = "Europe/Berlin"'


def test_two_rows_at_the_hour_that_clocks_show_twice_are_no_repeats():
    twice = ["2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00", "2024-10-27T02:30:00+01:00"]
    rows = pd.DataFrame({"customer": "a", "at": twice})
    declared = events(rows, timezone="Europe/Berlin", duplicates="drop")
    assert clock(declared) == [datetime(2024, 10, 27, 2, 30)] * 2
    instants = rows.assign(at=pd.to_datetime(rows["at"], utc=True))
    assert len(clock(events(instants, timezone="Europe/Berlin", duplicates="drop"))) == 2


@pytest.mark.parametrize(
    ("date", "lines"),
    [
        ("03/05/2024", ["%d/%m/%Y", "%m/%d/%Y"]),
        ("3.5.2024 10:00", ["%d.%m.%Y %H:%M", "%m.%d.%Y %H:%M"]),
        ("03/05/24", ["%d/%m/%y", "%m/%d/%y", "%y/%m/%d"]),
        ("24-01-13", ["%d-%m-%y", "%y-%m-%d"]),
    ],
)
def test_dates_that_can_be_read_in_several_ways_are_asked_about_with_the_lines(date, lines):
    told = refused([date])
    assert f"dates like {date!r} in row 1, and none that tells" in told
    paste = " or ".join(f'at_format = "{line}"' for line in lines)
    assert told.endswith(f"Say which: {paste}; or write times like 2024-05-31 17:45:00.")
    for line in lines:
        assert len(read([date], at_format=line)) == 1


def test_the_line_that_was_asked_for_decides():
    assert read(["03/05/2024"], at_format="%d/%m/%Y") == [datetime(2024, 5, 3)]
    assert read(["03/05/2024"], at_format="%m/%d/%Y") == [datetime(2024, 3, 5)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_line_decides_over_dates_with_the_year_first(ending, tmp_path):
    path = tmp_path / f"orders.{ending}"
    rows = frame(["2024-03-05"])
    rows.to_csv(path, index=False) if ending == "csv" else rows.to_parquet(path)
    assert clock(events(path, at_format="%Y-%d-%m")) == [datetime(2024, 5, 3)]


def test_years_of_two_digits_are_told_from_days_by_how_many_there_are():
    days = [f"{day:02}-{month:02}-{year}" for year in (23, 24) for month in (1, 2, 3) for day in range(1, 29)]
    declared = events(frame(days))
    assert clock(declared)[:2] == [datetime(2023, 1, 1), datetime(2023, 1, 2)]
    assert (declared.assumed[0].what, declared.assumed[0].change) == (
        "'at' is read as %d-%m-%y",
        'at_format = "%y-%m-%d"',
    )
    years = ["-".join(reversed(day.split("-"))) for day in days]
    assert clock(events(frame(years))) == clock(declared)


def test_day_first_here_and_month_first_there_is_refused_with_both():
    told = refused(["13/05/2024", "05/14/2024", "01/02/2024"])
    assert "dates like '13/05/2024' in row 1, some with the day first and some with the month first" in told
    assert "such as '05/14/2024' in row 2" in told


def test_one_order_of_day_and_month_holds_whatever_clock_stands_behind():
    assert read(["05/04/2024 9:05", "05/13/2024 17:45:30"]) == [
        datetime(2024, 5, 4, 9, 5),
        datetime(2024, 5, 13, 17, 45, 30),
    ]


def test_several_forms_in_one_column_are_each_read_where_they_are_proven():
    assert read(["2024-05-01", "13/05/2024", "05/04/2024"]) == [
        datetime(2024, 5, 1),
        datetime(2024, 5, 13),
        datetime(2024, 4, 5),
    ]


def test_a_form_that_comes_after_thousands_of_rows_is_found():
    assert read(["2024-05-01"] * 3000 + ["2024-05-02 10:00"] * 3)[-1] == datetime(2024, 5, 2, 10)


def test_few_times_that_cannot_be_read_are_counted_and_many_are_refused_with_the_first():
    receipt = History.of(orders=events(frame(["2024-05-01"] * 199 + ["soon"]))).receipts[0]
    assert receipt.set_aside == {"time that cannot be read": 1}
    assert refused(["2024-05-01"] * 98 + ["soon", "later"]) == (
        "Column 'at', declared as 'at', has 2 of 100 times that cannot be read as a time; the first is 'soon' in row "
        "99. Write times like 2024-05-31 or 2024-05-31 17:45:00, or name the column that holds times; or set those "
        'rows aside by saying how the others are written: at_format = "%Y-%m-%d".'
    )


@pytest.mark.parametrize("part", ["2024-05-01 7:19 XM", "2024-05-01 and more", "2024-05-01 25:00", "2024-02-30"])
def test_no_part_of_a_text_is_passed_over(part):
    assert f"the first is {part!r} in row 1" in refused([part])


def test_a_word_for_a_zone_that_may_be_several_is_asked_about_with_the_line():
    told = refused(["2024-05-01 10:00:00 CET"])
    assert "Which offset 'CET' is cannot be told" in told
    assert 'at_format = "%Y-%m-%d %H:%M:%S CET"' in told
    assert read(["2024-05-01 10:00:00 CET"], at_format="%Y-%m-%d %H:%M:%S CET") == [datetime(2024, 5, 1, 10)]


@pytest.mark.parametrize(
    ("numbers", "form"),
    [
        ([1705104000, 1706832000.5], "seconds"),
        ([45304.5, 45324.25], "spreadsheet days"),
        ([20240113, 20240202], "yyyymmdd"),
        ([20240113120000, 20240202060000], "yyyymmddhhmmss"),
    ],
)
def test_numbers_that_can_only_be_times_of_one_kind_are_read_and_told(numbers, form):
    declared = events(frame(numbers))
    assert clock(declared)[0].date() == JAN_13.date()
    assert declared.assumed[0].change == f'at_format = "{form}"'


def test_a_spreadsheet_day_has_its_part_of_a_day():
    assert read([45304.5, 45324.75]) == [datetime(2024, 1, 13, 12), datetime(2024, 2, 2, 18)]


def test_seconds_are_instants_and_digits_are_the_clock_of_the_business():
    assert read([1705104000], timezone="Europe/Berlin") == [datetime(2024, 1, 13, 1)]
    assert read([20240113], timezone="Europe/Berlin") == [JAN_13]


@pytest.mark.parametrize("numbers", [[1, 2, 3], [20240113, 1705104000], [9, 1705104000], [20241301]])
def test_numbers_that_are_times_in_no_one_way_are_refused_with_the_lines(numbers):
    told = refused(numbers)
    assert "are in no one way all times between 1980 and 2100" in told
    assert 'at_format = "seconds" or at_format = "milliseconds"' in told


def test_numbers_are_read_as_somebody_said():
    assert read([0, 86400], at_format="seconds") == [datetime(1970, 1, 1), datetime(1970, 1, 2)]
    assert read(["20240113"], at_format="%Y%m%d") == read([20240113], at_format="%Y%m%d") == [JAN_13]


@pytest.mark.parametrize("form", ["day first", "%d/%m", "%Q", "DD/MM/YYYY"])
def test_a_form_that_names_no_day_is_refused(form):
    assert f"cannot be read as {form!r}. Write the year as %Y or %y" in refused(["01/02/2024"], at_format=form)


def test_times_that_are_times_already_take_no_form(tmp_path):
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"customer": ["a"], "at": pa.array([0], pa.timestamp("us"))}), path)
    with pytest.raises(HistoryError, match=r'holds times already .* Take the line at_format = "%d/%m/%Y" away'):
        events(path, at_format="%d/%m/%Y")


def test_what_a_condition_leaves_out_proves_nothing():
    rows = frame(["03/05/2024", "13/05/2024"]).assign(kind=["order", "test"])
    with pytest.raises(HistoryError, match="and none that tells whether the day or the month comes first"):
        events(rows, where={"kind": "order"})


def test_the_time_when_a_fact_became_known_is_read_by_the_same_rules():
    rows = frame(["2024-05-01"]).assign(known_at=["03/05/2024"])
    with pytest.raises(HistoryError, match=r'known_at_format = "%d/%m/%Y" or known_at_format = "%m/%d/%Y"'):
        events(rows)
    known = events(rows, known_at_format="%d/%m/%Y").used.known_at.to_pyarrow().to_pylist()
    assert known == [datetime(2024, 5, 3)]


def test_a_time_put_together_from_two_columns_is_read_by_the_same_rules():
    rows = pd.DataFrame({"customer": ["a"], "day": ["13/01/2024"], "hour": ["7:05 PM"]})
    assert clock(events(rows, at=lambda t: t.day + " " + t.hour)) == [EVENING]


PEOPLE = pd.DataFrame({"customer": ["a", "b"], "plan": ["x", "y"]})


def test_dates_of_attributes_are_read_as_their_column_proves_them():
    known = attributes(PEOPLE.assign(born=["13/05/1985", "01/02/1990"])).used.order_by("customer").born
    assert known.to_pyarrow().to_pylist() == [datetime(1985, 5, 13), datetime(1990, 2, 1)]


def test_dates_of_attributes_that_can_be_read_in_two_ways_are_asked_about_or_left_out():
    rows = PEOPLE.assign(born=["03/05/1985", "01/02/1990"])
    with pytest.raises(HistoryError, match=r'formats = { "born" = "%d/%m/%Y" } or formats = { "born" = "%m/%d/%Y" }'):
        attributes(rows)
    said = attributes(rows, formats={"born": "%m/%d/%Y"}).used.order_by("customer").born.to_pyarrow().to_pylist()
    assert said == [datetime(1985, 3, 5), datetime(1990, 1, 2)]
    assert attributes(rows, leave_out=["born"]).attributes == ("plan",)


def test_a_form_for_an_attribute_that_is_not_there_is_refused():
    with pytest.raises(
        HistoryError, match=r"no attribute of the table. Did you mean 'plan'\? Its attributes are: plan"
    ):
        attributes(PEOPLE, formats={"plann": "%d/%m/%Y"})


TAKEN = [datetime(2024, month, 3) for month in range(1, 7)]


def test_dates_and_texts_in_which_a_spreadsheet_exchanged_day_and_month_are_refused_with_the_first_of_each():
    told = refused(["13/01/2024", *TAKEN, "25/02/2024"])
    assert "has 6 dates like '2024-01-03 00:00:00' in row 2, none of them after the 12th of a month" in told
    assert "and 2 like '13/01/2024' in row 1, all after it: so a spreadsheet leaves dates" in told
    assert told.endswith("write all of them like '13/01/2024': at_format = \"%d/%m/%Y\".")


@pytest.mark.parametrize(
    "times", [["01/13/2024", *TAKEN, "02/25/2024"], ["13.01.2024 10:00", *TAKEN, "25.02.2024 11:30"]]
)
def test_exchanged_days_are_seen_whichever_way_the_texts_are_written(times):
    assert "none of them after the 12th of a month" in refused(times)


@pytest.mark.parametrize(
    "times",
    [
        ["13/01/2024", *TAKEN, datetime(2024, 1, 14), "25/02/2024"],  # a spreadsheet that takes the day first
        ["13/01/2024", *TAKEN, "02/02/2024"],
        ["13/01/2024", *TAKEN],
        ["13/01/2024", *TAKEN[:4], "25/02/2024"],
    ],
)
def test_dates_beside_texts_are_read_where_nothing_tells_of_an_exchange(times):
    assert read(times)[:2] == [JAN_13, datetime(2024, 1, 3)]


def test_cells_of_a_sheet_that_are_dates_and_texts_are_read_by_the_form_that_the_texts_prove(tmp_path):
    path = tmp_path / "orders.xlsx"
    frame(["13/01/2024", datetime(2024, 2, 14, 9, 30), "02/02/2024"]).to_excel(path, index=False)
    assert clock(events(path)) == [JAN_13, datetime(2024, 2, 14, 9, 30), FEB_2]


def test_a_cell_of_a_sheet_that_is_no_date_is_refused_with_its_row(tmp_path):
    path = tmp_path / "orders.xlsx"
    frame([JAN_13, "soon", FEB_2]).to_excel(path, index=False)
    with pytest.raises(
        HistoryError, match=r"has 1 of 3 times that cannot be read as a time; the first is 'soon' in row 2"
    ):
        events(path)


def test_texts_of_a_sheet_that_can_be_read_in_two_ways_beside_dates_are_asked_about(tmp_path):
    path = tmp_path / "orders.xlsx"
    frame([JAN_13, "03/02/2024", FEB_2]).to_excel(path, index=False)
    with pytest.raises(HistoryError, match=r"'03/02/2024' in row 2, and none .*at_format = \"%d/%m/%Y\" or"):
        events(path)


def test_dates_with_two_digits_for_each_part_are_asked_about_with_the_lines_to_choose_from():
    told = refused(["13/01/24", "05/02/24"])
    assert 'Say which: at_format = "%d/%m/%y" or at_format = "%y/%m/%d"' in told
    assert read(["13/01/24", "05/02/24"], at_format="%d/%m/%y") == [JAN_13, datetime(2024, 2, 5)]


@pytest.mark.parametrize(
    "blank",
    [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00",
        "1900-01-00",
        "00/00/0000",
        "1/0/1900 0:00",
        "NaT",
        "N/A",
    ],
)
def test_what_stands_for_no_time_is_missing_and_counted_with_its_first_text(blank):
    receipt = History.of(orders=events(frame(["2024-01-13", "2024-02-02", blank]))).receipts[0]
    assert receipt.set_aside == {"no time": 1}
    assert [a.what for a in receipt.assumed] == [
        f"1 times of 'at' such as {blank!r} stand for none, and count as missing"
    ]


@pytest.mark.parametrize("numbers", [[1705104000, 0], [20240113, 0]])
def test_a_zero_among_numbers_that_are_times_is_missing_unless_somebody_says_how_they_are_written(numbers):
    assert clock(events(frame(numbers))) == [JAN_13]
    assert "1 times of 'at' such as '0' stand for none" in events(frame(numbers)).assumed[-1].what


def test_one_time_of_a_small_table_that_cannot_be_read_is_set_aside_by_the_line_of_the_message():
    times = ["2024-01-13", "tomorrow", "2024-02-02"]
    assert refused(times).endswith('set that row aside by saying how the others are written: at_format = "%Y-%m-%d".')
    receipt = History.of(orders=events(frame(times), at_format="%Y-%m-%d")).receipts[0]
    assert (receipt.used, receipt.set_aside) == (2, {"time that cannot be read": 1})


def test_a_form_that_leaves_more_than_a_few_texts_unread_is_refused_still():
    assert "has 4 of 8 times that cannot be read" in refused(["01/02/2024", "02/13/2024"] * 4, at_format="%d/%m/%Y")
    assert "how the others are written" not in refused(["2024-01-13"] * 8 + ["soon"] * 4)


def test_months_without_a_day_are_read_as_their_first_day_where_somebody_says_so():
    assert 'at_format = "%Y-%m"' in refused(["2024-01", "2024-02"])
    assert read(["2024-01", "2024-02"], at_format="%Y-%m") == [datetime(2024, 1, 1), datetime(2024, 2, 1)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("13 janv. 2024", "2 févr. 2024"),
        ("13. Januar 2024", "2. Februar 2024"),
        ("13 ene 2024", "2 feb 2024"),
        ("13 gennaio 2024", "2 febbraio 2024"),
        ("20240113T000000", "20240202T000000"),
        ("13.01.2024 00.00", "2.2.2024 00.00"),
        ("13.01.2024 00.00.00", "2.2.2024 00.00.00"),
        ("13th of January 2024", "2nd of February 2024"),
        ("2024-01-13T00:00:00+00:00[Europe/London]", "2024-02-02T00:00:00+00:00[Europe/London]"),
        ("Sat Jan 13 2024 00:00:00 GMT+0000 (Central European Standard Time)", "Fri Feb 02 2024 00:00:00 GMT+0000"),
    ],
)
def test_months_of_several_languages_and_dates_as_programs_write_them_are_read(first, second):
    assert read([first, second]) == [JAN_13, FEB_2]


def test_more_than_six_places_of_a_second_behind_a_comma_are_cut():
    assert read(["2024-01-13T19:05:00,123456789Z"]) == [EVENING.replace(microsecond=123456)]
