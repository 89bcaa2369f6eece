"""The span of a history: where the body of its events begins and ends, and the holes in between.

One event that is dated years ahead must not make "today" that year, and a month without any event in a business
that sells every day is a month of missing data.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta

import ibis
import numpy as np
from ibis.expr.types import BooleanValue, Table

from patron.errors import HistoryError
from patron.history.event_tables import Assumption, Events
from patron.history.point_in_time import in_window, is_past
from patron.periods import Moment, instant

__all__ = ["GAPS", "Hole", "body", "holes", "with_span"]

GAPS = ("missing", "closed")
FAR, UNDECLARED = "time far from all others", "time outside since and until"
SHARE, SHARE_BEYOND_YEAR = 0.001, 0.01
FEW, FEW_SHARE = 3, 0.04  # of a small table, few are a larger share
MIN_DAYS, MIN_EVENTS = 15, 25
FAR_DAYS, FAR_TIMES = 30, 10
HOLE_DAYS, HOLE_TIMES, NEIGHBOURS = 14, 5, 10
USUAL = 95  # the percentile of gaps between days with events that counts as usual
SAME_SEASON, YEAR = 30, 365.25
# What a time that nobody wrote becomes in spreadsheets and databases; a time zone moves it by a day.
UNWRITTEN = np.array(
    ["1900-01-01", "1904-01-01", "1970-01-01", "1980-01-01", "2038-01-19", "2099-12-31", "2100-01-01"], "datetime64[D]"
)
DAY = timedelta(days=1)

Hole = tuple[datetime, datetime]


def with_span(declared: Events, since: Moment | None, until: Moment | None, gaps: str) -> Events:
    """Set aside events outside the body of a table, or outside the span that is declared, and find the holes in it.

    Args:
        declared: an event table; one query counts its events by day.
        since: the time from which events count; where it is declared, none is too early otherwise.
        until: the time up to which events count, itself left out; where it is declared, none is too late otherwise.
        gaps: "missing" where long gaps between events are holes in the data, "closed" where the business was closed.

    Raises:
        HistoryError: *gaps* is neither, or nothing lies between *since* and *until*.
    """
    first, last = (None if moment is None else instant(moment) for moment in (since, until))
    _check_span(first, last, gaps)
    limited = _limited(declared, first, last, UNDECLARED)
    days, counts = _by_day(limited.used)
    begin, end = body(days, counts)
    begin, end = 0 if first else begin, len(days) if last else end
    far = (*_far(days[:begin], counts[:begin], "since"), *_far(days[end:], counts[end:], "until"))
    kept = days[begin:end]
    if far:
        low, high = (kept[0] if begin else None), (kept[-1] + 1 if end < len(days) else None)
        limited = _limited(limited, _midnight(low), _midnight(high), FAR)
    empty = holes(kept) if gaps == "missing" else ()
    notes = tuple(_described(hole) for hole in empty)
    return replace(limited, assumed=(*limited.assumed, *far), notes=(*limited.notes, *notes), holes=empty)


def body(days: np.ndarray, counts: np.ndarray) -> tuple[int, int]:
    """Return the positions of the first day of the body of a table and of the one after its last.

    A few events beyond a gap that is ten times as long as is usual, and at least a month, are no part of the body;
    nor are any of a day that stands for no time, such as 1970-01-01. Beyond a gap of a year some more are few.

    Args:
        days: the days with events, in order, shape (n,).
        counts: the number of events of each.

    >>> body(np.append(np.arange(100), 7000).astype("datetime64[D]"), np.repeat(2, 101))
    (0, 100)
    """
    if len(days) < MIN_DAYS or counts.sum() < MIN_EVENTS:
        return 0, len(days)
    stray = np.where((np.abs(days[:, None] - UNWRITTEN).astype(int) <= 1).any(axis=1), 0, counts)
    gaps = np.diff(days).astype(int)
    end = _end(gaps, counts, stray)
    backwards = slice(end - 1, None, -1)
    return end - _end(gaps[: end - 1][::-1], counts[backwards], stray[backwards]), end


def holes(days: np.ndarray) -> tuple[Hole, ...]:
    """Return the gaps between days with events that are far longer than those before and after them.

    A gap that comes back at the same time of another year is a season in which the business is closed.

    Args:
        days: the days with events, in order, shape (n,).

    Returns:
        the first midnight without events, and that of the next day with some, of each.

    >>> day = np.arange(400)
    >>> holes(day[(day < 200) | (day >= 230)].astype("datetime64[D]"))
    ((datetime.datetime(1970, 7, 20, 0, 0), datetime.datetime(1970, 8, 19, 0, 0)),)
    """
    gaps = np.diff(days).astype(int)
    if len(days) < MIN_DAYS:
        return ()
    least = max(HOLE_DAYS + 1, HOLE_TIMES * _usual(gaps))
    long = [k for k in np.flatnonzero(gaps >= least) if gaps[k] > FAR_TIMES * _around(gaps, int(k))]
    once = [k for k in long if not any(_same_season(days, int(k), int(other)) for other in long)]
    return tuple((_day(days[k] + 1), _day(days[k + 1])) for k in once)


def _check_span(first: datetime | None, last: datetime | None, gaps: str) -> None:
    if gaps not in GAPS:
        raise HistoryError(
            f"Long gaps between events are 'missing' data or a 'closed' business, got {gaps!r}. Write gaps = 'closed'."
        )
    if first and last and first >= last:
        raise HistoryError(
            f"No event lies between since = {first:%Y-%m-%d} and until = {last:%Y-%m-%d}. Let until be the later one."
        )


def _limited(declared: Events, first: datetime | None, last: datetime | None, why: str) -> Events:
    """Set aside the events before *first* and those from *last* on."""
    if first is None and last is None:
        return declared
    table = declared.table
    beyond = table.set_aside.isnull() & _outside(table, first, last)
    marked = table.mutate(set_aside=beyond.ifelse(why, table.set_aside))
    return replace(declared, table=marked, used=declared.used.filter(~_outside(declared.used, first, last)))


def _outside(table: Table, first: datetime | None, last: datetime | None) -> BooleanValue:
    early = [] if first is None else [is_past(table["at"], first)]
    return ibis.or_(*early, *([] if last is None else [in_window(table["at"], last)]))


def _by_day(used: Table) -> tuple[np.ndarray, np.ndarray]:
    counted = used.group_by(day=used["at"].truncate("D")).aggregate(n=used.count()).order_by("day").to_pyarrow()
    return counted["day"].to_numpy().astype("datetime64[D]"), counted["n"].to_numpy()


def _end(gaps: np.ndarray, counts: np.ndarray, stray: np.ndarray) -> int:
    """Return the position after the last day of the body; *stray* counts the events of days that stand for a time."""
    total = counts.sum()
    few = np.maximum(np.where(gaps > YEAR, SHARE_BEYOND_YEAR, SHARE) * total, min(FEW, FEW_SHARE * total))
    beyond, strays = (np.cumsum(n[::-1])[::-1][1:] for n in (counts, stray))
    for k in np.flatnonzero((gaps > FAR_DAYS) & (strays <= few) & (2 * beyond <= total)):
        if k + 1 >= MIN_DAYS and gaps[k] > FAR_TIMES * _usual(gaps[:k]):
            return int(k) + 1
    return len(counts)


def _usual(gaps: np.ndarray) -> int:
    return int(np.percentile(gaps, USUAL, method="lower")) if len(gaps) else 1


def _around(gaps: np.ndarray, k: int) -> float:
    """Return the usual gap around one of them: the larger of the medians before and after."""
    before, after = gaps[max(0, k - NEIGHBOURS) : k], gaps[k + 1 : k + 1 + NEIGHBOURS]
    return max((float(np.median(side)) for side in (before, after) if len(side)), default=np.inf)


def _same_season(days: np.ndarray, k: int, other: int) -> bool:
    """Check whether two gaps begin and end at the same time of different years."""

    def near(first: np.datetime64, second: np.datetime64) -> bool:
        apart = abs(int((second - first).astype(int)))
        return apart > YEAR / 2 and abs(apart - YEAR * round(apart / YEAR)) <= SAME_SEASON

    return near(days[k], days[other]) and near(days[k + 1], days[other + 1])


def _far(days: np.ndarray, counts: np.ndarray, key: str) -> tuple[Assumption, ...]:
    """Describe the events that are set aside as far from all others, with the line that keeps them."""
    if not len(days):
        return ()
    first, last, rows = days[0], days[-1], int(counts.sum())
    edge, when = (first if key == "since" else last + 1), f"{first}" if first == last else f"{first} to {last}"
    some, verb = (f"{rows:,} rows", "are") if rows > 1 else ("1 row", "is")
    return (Assumption(f"{some} of {when}, far from all others, {verb} set aside", f'{key} = "{edge}"'),)


def _described(hole: Hole) -> str:
    first, after = hole
    return (
        f"no row from {first:%Y-%m-%d} to {after - DAY:%Y-%m-%d} ({(after - first).days} days), though there are "
        'usually many in such a time: are data missing? (gaps = "closed" where the business was closed)'
    )


def _midnight(day: np.datetime64 | None) -> datetime | None:
    return None if day is None else _day(day)


def _day(day: np.datetime64) -> datetime:
    return datetime.combine(day.astype("datetime64[D]").item(), time())
