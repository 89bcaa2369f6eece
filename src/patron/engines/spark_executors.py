"""Spark executors: where none of a cluster comes, or none is left, Spark waits without an end; Patron does not."""

import time
from contextlib import suppress
from threading import Thread
from typing import Any

from patron.errors import HistoryError

__all__ = ["ARRIVAL", "check_executors", "watch_executors"]

ARRIVAL = 60.0  # seconds in which an executor has to come
PAUSE = 1.0


def check_executors(session: Any, master: str) -> None:
    """Refuse a cluster of which no executor comes.

    Raises:
        HistoryError: there is none in time; the session is stopped.
    """
    until = time.monotonic() + ARRIVAL
    while not _is_there(session):
        if time.monotonic() > until:
            session.stop()
            raise HistoryError(
                f"No executor of {master!r} came within {ARRIVAL:.0f} s. Check on the page of the master that "
                "workers run, and ask for no more than they have: [engine] spark = { conf = "
                '{ "spark.executor.memory" = "1g", "spark.cores.max" = "2" } }.'
            )
        time.sleep(0.2)


def watch_executors(session: Any) -> None:
    """Cancel the jobs of a session, while it runs, that wait for executors of which none is left."""
    Thread(target=_watch, args=[session], daemon=True).start()


def _watch(session: Any) -> None:
    context, alone = session.sparkContext, 0.0
    with suppress(Exception):  # of a session that ends
        while not context._jsc.sc().isStopped():
            waits = context.statusTracker().getActiveJobsIds() and not _is_there(session)
            alone = alone + PAUSE if waits else 0.0
            if alone > ARRIVAL:
                context.cancelAllJobs()
            time.sleep(PAUSE)


def _is_there(session: Any) -> bool:
    return len(session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) > 1  # the driver is one
