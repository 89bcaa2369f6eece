"""The span of a history: a few events far from all others move nothing, and missing weeks are no customers who left."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import HistoryError, QuestionError
from patron.history.event_tables import Assumption
from patron.history.history import History
from patron.history.sources import attributes, events
from patron.history.span import body, holes
from patron.periods import Span

FIRST = datetime(2023, 1, 1)
DAILY = np.arange(300)


def orders(days=DAILY, stray: tuple[str, ...] = (), **declared) -> History:
    """One order on each of the days after the first of 2023, and some at stray times."""
    times = [FIRST + timedelta(days=int(day)) for day in days] + [datetime.fromisoformat(text) for text in stray]
    frame = pd.DataFrame({"customer": [f"c{k % 7}" for k in range(len(times))], "at": times})
    return History.of(orders=events(frame, **declared))


def dated(days: np.ndarray) -> np.ndarray:
    return np.datetime64("2023-01-01") + days


def test_one_order_of_a_far_year_does_not_move_the_end_of_the_history() -> None:
    history = orders(stray=("2042-03-05 10:00",))
    receipt = history.receipts[0]
    assert (history.starts, history.ends) == (FIRST, FIRST + timedelta(days=300))
    assert (receipt.read, receipt.used, receipt.set_aside) == (301, 300, {"time far from all others": 1})
    far = "1 row of 2042-03-05, far from all others, is set aside"
    assert receipt.assumed == (Assumption(far, 'until = "2042-03-06"'),)
    assert history["orders"]["at"].max().to_pyarrow().as_py() == FIRST + timedelta(days=299)


@pytest.mark.parametrize(("stray", "key"), [("2042-03-05", {"until": "2042-03-06"}), ("1970-01-01", {"since": FIRST})])
def test_the_line_of_a_receipt_declares_the_span(stray: str, key: dict) -> None:
    history = orders(stray=(stray,), **key)
    aside = {} if "until" in key else {"time outside since and until": 1}
    assert history.receipts[0].set_aside == aside
    assert history.receipts[0].assumed == ()
    assert history.ends == (datetime(2042, 3, 6) if "until" in key else FIRST + timedelta(days=300))


def test_a_declared_span_leaves_its_last_day_out_and_its_first_day_in() -> None:
    history = orders(since="2023-01-11", until="2023-01-21")
    assert (history.starts, history.ends, history.receipts[0].used) == (
        datetime(2023, 1, 11),
        datetime(2023, 1, 21),
        10,
    )


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(
        HistoryError, match=r"between since = 2023-02-01 and until = 2023-01-01. Let until be the later"
    ):
        orders(since="2023-02-01", until="2023-01-01")


def test_a_third_of_the_rows_at_a_time_that_nobody_wrote_is_set_aside() -> None:
    history = orders(stray=("1970-01-01",) * 100 + ("1969-12-31 19:00",) * 50)
    assert (history.starts, history.receipts[0].set_aside) == (FIRST, {"time far from all others": 150})


def test_three_strays_of_different_years_are_set_aside_on_both_sides() -> None:
    history = orders(stray=("2042-03-05", "2030-01-01", "1900-01-01"))
    assert (history.starts, history.ends, history.receipts[0].used) == (FIRST, FIRST + timedelta(days=300), 300)


@pytest.mark.parametrize("days", [[0, 1, 2, 3, 2500], [0, 40, 95, 200, 333, 420, 900], np.arange(0, 3000, 30)])
def test_few_or_rare_events_are_all_of_the_body(days: list[int]) -> None:
    assert orders(days).receipts[0].set_aside == {}


def test_a_shop_that_opens_again_with_many_orders_has_two_years_of_body() -> None:
    days = np.concatenate([np.arange(100), np.arange(700, 800)])
    assert body(dated(days), np.ones(200)) == (0, 200)


def test_a_week_of_a_new_year_is_no_stray() -> None:
    days = np.append(np.arange(100), 120)
    assert body(dated(days), np.ones(101)) == (0, 101)


def test_attributes_may_hold_since_long_ago() -> None:
    plans = pd.DataFrame({"customer": [f"c{k % 7}" for k in range(100)], "plan": "s"})
    times = [FIRST + timedelta(days=k) for k in range(99)]
    history = History.of(
        orders=events(plans.assign(at=[*times, times[-1]])),
        plans=attributes(plans.assign(at=[datetime(1901, 1, 1), *times])),
    )
    assert history.receipts[1].set_aside == {}


HOLED = DAILY[(DAILY < 100) | (DAILY >= 160)]


def test_a_month_without_any_order_is_shown_and_refuses_labels_that_look_into_it() -> None:
    history = orders(HOLED)
    assert history.holes == history.receipts[0].holes == ((datetime(2023, 4, 11), datetime(2023, 6, 10)),)
    assert history.receipts[0].notes == (
        "no row from 2023-04-11 to 2023-06-09 (60 days), though there are usually many in such a time: are data "
        'missing? (gaps = "closed" where the business was closed)',
    )
    history.check_passed(datetime(2023, 3, 12), Span(30))
    history.check_passed(datetime(2023, 6, 10), Span(30))
    with pytest.raises(QuestionError) as refused:
        history.check_passed(datetime(2023, 3, 13), Span(30))
    assert str(refused.value) == (
        "A label at 2023-03-13 looks 30 days ahead, to 2023-04-12, but no order is known from 2023-04-11 to "
        "2023-06-09, as if everybody had left. Use a cutoff up to 2023-03-12 or from 2023-06-10 on, read the "
        "orders that are missing, or write gaps = 'closed' if the business was closed then."
    )


def test_a_business_that_says_it_was_closed_has_no_holes() -> None:
    history = orders(HOLED, gaps="closed")
    assert (history.holes, history.receipts[0].notes) == ((), ())
    history.check_passed(datetime(2023, 4, 1), Span(30))


def test_gaps_are_missing_or_closed() -> None:
    with pytest.raises(HistoryError, match=r"'missing' data or a 'closed' business, got 'open'. Write gaps = 'closed'"):
        orders(gaps="open")


@pytest.mark.parametrize(
    "days",
    [
        DAILY[(DAILY < 100) | (DAILY >= 113)],  # two weeks of holidays
        np.arange(0, 900, 30),  # an order a month
        np.concatenate([np.arange(0, 300, 30), np.arange(300, 1300)]),  # one a month at first, then one a day
        np.arange(900)[np.arange(900) % 365 < 300],  # closed each winter
    ],
)
def test_gaps_that_are_usual_at_their_time_are_no_holes(days: np.ndarray) -> None:
    assert holes(dated(days)) == ()


def test_months_missing_one_after_the_other_are_holes_each() -> None:
    days = np.arange(400)
    kept = days[~((days >= 100) & (days < 130)) & ~((days >= 160) & (days < 200))]
    assert [(after - first).days for first, after in holes(dated(kept))] == [30, 40]


def test_visits_that_are_missing_are_shown_and_refuse_nothing() -> None:
    visits = pd.DataFrame({"customer": "c1", "at": [FIRST + timedelta(days=int(day)) for day in HOLED]})
    bought = pd.DataFrame({"customer": "c1", "at": [FIRST + timedelta(days=int(day)) for day in DAILY]})
    history = History.of(orders=events(bought), visits=events(visits))
    assert (len(history.receipts[1].holes), history.holes) == (1, ())
