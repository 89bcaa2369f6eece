"""Spark teams: tasks that run at once, know of each other where they listen, and come to one text.

All of them run or none: Spark calls that a barrier stage. Where one of them is lost, the work is given up, and those
who wait for it are ended by Spark.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from patron.engines.spark import Spark, refusals
from patron.errors import HistoryError

__all__ = ["TeamWork", "together", "workers_of"]

TeamWork = Callable[[int, tuple[str, ...], int], str]
"""What a worker does: of its rank, of where all workers listen, and of its threads, it makes a text."""

TEXT = "text"
DYNAMIC = "spark.dynamicAllocation.enabled"


def workers_of(spark: Spark) -> int:
    """Return how many tasks a session runs at once."""
    context = spark.session.sparkContext._jsc.sc()
    return int(context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile()))


def together(spark: Spark, workers: int, work: TeamWork) -> str:
    """Do some work in tasks that run at once and listen to each other, and return what the first of them came to.

    Args:
        spark: the session.
        workers: how many tasks.
        work: what is done; it goes to the executors, and must not hold a table of the session.

    Raises:
        PatronError: there are too few places, a worker is lost, or what the work refuses.
    """
    _check_places(spark, workers)
    with refusals():
        rows = spark.session.range(0, workers, 1, workers).mapInArrow(_Worker(work), f"{TEXT} string", barrier=True)
        return str(rows.collect()[0][TEXT])


def _check_places(spark: Spark, workers: int) -> None:
    if spark.session.conf.get(DYNAMIC, "false") == "true":
        raise HistoryError(
            f"Workers that grow trees together stay where they are, and {DYNAMIC} = true moves them. Turn it off: "
            f'[engine] spark = {{ conf = {{ "{DYNAMIC}" = false, "spark.executor.instances" = 4 }} }}.'
        )
    if workers > (places := workers_of(spark)):
        raise HistoryError(
            f"{workers} workers have to run at once, and the session has places for {places}. Give it more cores, for "
            'example [engine] spark = { master = "local[4]" }, or ask for fewer workers.'
        )


@dataclass(frozen=True)
class _Worker:
    """What an executor runs: it says where it listens, hears where the others do, and does its share."""

    work: TeamWork

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import BarrierTaskContext

        context = BarrierTaskContext.get()
        for _ in batches:
            pass
        hosts = [task.address.rpartition(":")[0] or task.address for task in context.getTaskInfos()]
        rank, machines = context.partitionId(), _machines(context, hosts)
        text = self.work(rank, machines, context.cpus())
        if rank == 0:
            yield pa.record_batch([pa.array([text])], [TEXT])


def _machines(context: Any, hosts: Sequence[str]) -> tuple[str, ...]:
    """Return where each worker listens; a port is free as this one holds it until all have theirs."""
    own = hosts[context.partitionId()]
    with closing(socket.socket()) as place:
        place.bind(("", 0))
        port = place.getsockname()[1]
        return tuple(context.allGather(f"{own_address(own, hosts)}:{port}"))


def own_address(own: str, hosts: Sequence[str]) -> str:
    """Return the address by which other machines reach this one, where there are others.

    Args:
        own: the name of this machine.
        hosts: the names of the machines of all workers.

    >>> own_address("localhost", ["localhost", "localhost"])
    '127.0.0.1'
    """
    other = next((host for host in hosts if host != own), own)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as route:  # nothing is sent
        route.connect((other, 9))
        return str(route.getsockname()[0])
