"""The plan: partitions that fit in memory."""

from patron.features.compute.plan import ExecutionPlan
from patron.features.compute.populations import ActiveIn
from patron.questions.kinds import churn
from worlds.histories import CUTOFF, ago, small


def test_there_are_never_more_parts_than_their_numbers_hold():
    history = small(*((str(i), ago(1), 1.0) for i in range(300)))
    plan = ExecutionPlan(history, ActiveIn(), churn(30).on(history).features, (CUTOFF,), memory=1e-9)
    assert plan.n_partitions == 2**15 - 1
