"""Timelines: how many events a table has in each day, week or month, those without any included."""

from dataclasses import replace
from datetime import datetime

import pandas as pd
from ibis.expr.types import Table

from patron.errors import HistoryError, listed
from patron.history.history import History

__all__ = ["UNITS", "as_periods", "finest", "only_times", "timeline"]

UNITS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
TIMES = ("customer", "at", "known_at")
DAYS = {"day": 1, "week": 7, "month": 30.4, "quarter": 91.3, "year": 365.25}


def finest(first: datetime, last: datetime, units: tuple[str, ...], most: int) -> str:
    """Return the shortest unit of time of which a span holds no more than so many; the longest where all do.

    Args:
        first: the beginning of the span.
        last: its end.
        units: of `UNITS`, the shortest first.
        most: how many a reader can take in.

    >>> finest(datetime(2023, 1, 1), datetime(2024, 1, 1), ("day", "week", "month"), 160)
    'week'
    """
    span = (last - first).days + 1
    return next((unit for unit in units if span <= most * DAYS[unit]), units[-1])


def only_times(history: History) -> History:
    """Return a history of which each table keeps only whose events were when, read once for the queries to come.

    The orders come first.
    """
    first = dict.fromkeys(("orders", *history.tables) if "orders" in history.tables else history.tables)
    kept = {name: [column for column in TIMES if column in history[name].columns] for name in first}
    return replace(history, tables={name: history[name].select(columns).cache() for name, columns in kept.items()})


def timeline(events: Table, unit: str) -> pd.DataFrame:
    """Return the number of events in each period from the first event to the last; the engine counts them.

    Args:
        events: a table with the column `at`.
        unit: of `UNITS`.

    Returns:
        the columns `period`, its first midnight (weeks begin on Monday), and `events`, 0 where there was none.

    Raises:
        HistoryError: there is no such unit of time.

    >>> import ibis
    >>> rows = ibis.memtable({"at": [datetime(2024, 1, 31), datetime(2024, 3, 1), datetime(2024, 3, 9)]})
    >>> timeline(rows, "month").events.tolist()
    [1, 0, 2]
    """
    if unit not in UNITS:
        raise HistoryError(f"There is no unit of time {unit!r}. Use one of {listed(UNITS)}.")
    counted = events.group_by(period=events["at"].truncate(UNITS[unit])).aggregate(events=events.count())
    counts = counted.order_by("period").to_pyarrow().to_pandas()
    periods = as_periods(counts.period, unit)
    every = pd.period_range(periods.min(), periods.max(), freq=UNITS[unit])
    filled = pd.Series(counts.events.to_numpy(), periods).reindex(every, fill_value=0)
    return pd.DataFrame({"period": every.start_time, "events": filled.to_numpy()})


def as_periods(starts: pd.Series, unit: str) -> pd.PeriodIndex:
    """Return the periods that begin at the given midnights, which can be counted on."""
    return pd.PeriodIndex(pd.DatetimeIndex(starts), freq=UNITS[unit])
