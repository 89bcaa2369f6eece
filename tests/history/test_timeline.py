"""A timeline counts every event once, in the period in which it was, and shows the periods without any."""

from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.timeline import finest, only_times, timeline
from worlds.histories import frame_of, history_from, history_of, small

DAYS = ["2024-05-05 23:59", "2024-05-06 00:00", "2024-05-06 08:00", "2024-05-20 12:00", "2024-06-01 00:00"]
ORDERS = small(*(("a", datetime.fromisoformat(day), 10.0) for day in DAYS))["orders"]


@pytest.mark.parametrize(
    ("unit", "first", "events"),
    [
        # 5 May 2024 was a Sunday: the midnight after it opens the next week, which nothing follows until the 20th.
        ("week", "2024-04-29", [1, 2, 0, 1, 1]),
        ("month", "2024-05-01", [4, 1]),
        ("quarter", "2024-04-01", [5]),
        ("year", "2024-01-01", [5]),
    ],
)
def test_each_event_counts_once_in_its_period_and_empty_periods_are_there(unit, first, events):
    counts = timeline(ORDERS, unit)
    assert (f"{counts.period[0]:%Y-%m-%d}", counts.events.tolist()) == (first, events)


def test_by_day_the_days_without_events_are_zero():
    counts = timeline(ORDERS, "day")
    assert len(counts) == 28  # 5 May to 1 June
    assert counts[counts.events > 0].set_index("period").events.tolist() == [1, 2, 1, 1]


def test_one_event_is_a_timeline_of_one_period():
    assert timeline(small(("a", datetime(2024, 5, 5), 1.0))["orders"], "week").values.tolist() == [
        [pd.Timestamp("2024-04-29"), 1]
    ]


def test_a_unit_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(HistoryError, match=r"no unit of time 'fortnight'\. Use one of .*week.*\."):
        timeline(ORDERS, "fortnight")


@pytest.mark.parametrize(
    ("days", "unit"), [(0, "day"), (9, "day"), (10, "week"), (69, "week"), (70, "month"), (9999, "month")]
)
def test_the_shortest_unit_is_taken_of_which_a_span_has_no_more_than_ten(days, unit):
    first = datetime(2024, 1, 1)
    assert finest(first, first + pd.Timedelta(days=days), ("day", "week", "month"), 10) == unit


def test_the_orders_come_first_of_what_is_kept():
    history = history_of([("a", datetime(2024, 5, 1), 1.0)], contacts=[("a", datetime(2024, 5, 1), "", "", 0.0, "in")])
    turned = replace(history, tables=dict(reversed(history.tables.items())))
    assert [list(side.tables) for side in (turned, only_times(turned))] == [
        ["contacts", "orders"],
        ["orders", "contacts"],
    ]


def test_what_is_kept_for_counting_is_whose_events_were_when_and_known_when():
    late = [("a", datetime(2024, 5, 1), datetime(2024, 5, 3), 5.0)]
    columns = ("customer", "at", "known_at", "amount")
    kept = only_times(history_from(orders=frame_of(late, columns)))
    assert kept["orders"].to_pyarrow().to_pylist() == [
        {"customer": "a", "at": datetime(2024, 5, 1), "known_at": datetime(2024, 5, 3)}
    ]
