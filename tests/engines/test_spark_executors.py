"""Spark executors: jobs that wait for executors of which none is left are cancelled; others are left alone."""

from types import SimpleNamespace

import pytest

from patron.engines import spark_executors


def cancelled(jobs: list[int], executors: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the jobs of a session are cancelled in five seconds, where an executor has three to come."""
    monkeypatch.setattr(spark_executors, "ARRIVAL", 3.0)
    calls, seconds = [], []
    monkeypatch.setattr(spark_executors.time, "sleep", seconds.append)
    tracker = SimpleNamespace(getExecutorInfos=lambda: ["driver", *range(executors)], getActiveJobsIds=lambda: jobs)
    java = SimpleNamespace(isStopped=lambda: len(seconds) == 5, statusTracker=lambda: tracker)
    context = SimpleNamespace(
        _jsc=SimpleNamespace(sc=lambda: java), statusTracker=lambda: tracker, cancelAllJobs=lambda: calls.append(1)
    )
    spark_executors._watch(SimpleNamespace(sparkContext=context))
    return len(calls)


@pytest.mark.parametrize(("jobs", "executors", "count"), [([1], 0, 2), ([1], 1, 0), ([], 0, 0)])
def test_jobs_are_cancelled_where_no_executor_is_left_to_wait_for(jobs, executors, count, monkeypatch):
    assert cancelled(jobs, executors, monkeypatch) == count
