"""Spark teams: what keeps workers from running at once is said before they begin."""

from types import SimpleNamespace

import pytest

from patron.engines.spark_teams import DYNAMIC, together
from patron.errors import HistoryError


def test_workers_that_spark_would_move_are_refused():
    spark = SimpleNamespace(session=SimpleNamespace(conf={DYNAMIC: "true"}))
    with pytest.raises(
        HistoryError, match=r'"spark.dynamicAllocation.enabled" = false, "spark.executor.instances" = 4'
    ):
        together(spark, 2, lambda rank, machines, threads: "")
