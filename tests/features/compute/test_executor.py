"""The executor: rows depend on no order, no partition and no block, and what goes wrong on the way is said."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.features import purchases
from patron.features.compute.executor import execute
from patron.features.compute.plan import ExecutionPlan, Progress
from patron.features.compute.populations import ActiveIn
from patron.features.measures import combine, measure
from patron.history.history import History
from patron.history.sources import events
from patron.periods import days, monthly
from patron.questions.kinds import churn
from patron.questions.matrices import _joined, matrix
from patron.questions.reference import rows
from worlds.histories import CUTOFF, ago, folded, history_from, retail_world, small

CUTOFFS = monthly("2023-06", "2023-09")


def wide(world) -> pd.DataFrame:
    result = matrix(churn(90), world.history, CUTOFFS)
    return pd.concat([result.key, result.X], axis=1)


def test_row_order_changes_no_value():
    world = retail_world(seed=11, customers=120)
    pd.testing.assert_frame_equal(wide(world), wide(world.shuffled(3)), check_exact=True)


def test_parts_of_the_customers_change_no_value():
    world = retail_world(seed=11, customers=120)
    question = churn(90)
    whole, parts = matrix(question, world.history, CUTOFFS), matrix(question, world.history, CUTOFFS, memory=5e-5)
    features = question.on(world.history).features
    assert ExecutionPlan(world.history, ActiveIn(), features, CUTOFFS, memory=5e-5).n_partitions > 3
    pd.testing.assert_frame_equal(whole.key, parts.key)
    pd.testing.assert_frame_equal(whole.X, parts.X, check_exact=True)


def test_built_in_features_are_the_same_on_both_paths():
    history = retail_world(seed=4, customers=60).history
    result = matrix(churn(90), history, [CUTOFFS[-1]])
    generic = rows(churn(90), history, CUTOFFS[-1]).to_pyarrow().to_pandas().sort_values("customer", ignore_index=True)
    assert generic.customer.tolist() == result.key.customer.tolist()
    for name in result.X:
        np.testing.assert_allclose(result.X[name], generic[name].astype(float), rtol=2e-6, atol=1e-6, err_msg=name)


def test_rows_come_in_blocks_that_split_no_customer():
    world = retail_world(seed=3, customers=60)
    plan = ExecutionPlan(world.history, ActiveIn(), churn(90).on(world.history).features, tuple(sorted(CUTOFFS)))
    (whole,) = execute(plan)
    few = list(execute(plan, max_rows=25))
    assert len(few) > 3
    who = [set(block.customer.to_pylist()) for block in few]
    assert sum(map(len, who)) == len(set.union(*who)) == len(set(whole.customer.to_pylist()))
    joined = _joined(few)
    assert joined.customer.equals(whole.customer)
    np.testing.assert_array_equal(joined.cutoff, whole.cutoff)
    np.testing.assert_array_equal(joined.numbers, whole.numbers)


def test_combinations_of_more_than_arithmetic_are_computed_by_the_engine():
    @measure()
    def n(orders):
        """Orders."""
        return orders.count()

    @measure(windows=days(4))
    def money(orders):
        """Money."""
        return orders.amount.sum()

    @combine(n, theme="habit")
    def logged(n):
        """Orders on a log scale."""
        return n.log2()

    @combine(n.over(*days(2)), money)
    def both(few, money):
        """Logs of both."""
        return money.log2() - few.log2()

    history = small(*(("a", ago(d), 16.0) for d in range(1, 9)))
    result = folded(history, logged, both, n).loc["a"]
    assert (result["logged"], result["n"]) == (3.0, 8.0)
    assert result.filter(like="both").tolist() == [6.0 - 1.0]


def test_combinations_by_the_engine_are_asked_once_for_many_blocks_of_rows():
    @measure()
    def last(orders):
        """Last kind."""
        return orders.kind.argmin(orders.days_ago)

    @measure()
    def n(orders):
        """Orders."""
        return orders.count()

    @combine(last)
    def web(last):
        """Web last."""
        return last.upper() == "WEB"

    @combine(n)
    def halved(n):
        """Half the orders."""
        return (n / 2).round(1)

    frame = pd.DataFrame({"customer": range(40_000), "at": ago(1), "amount": 1.0})
    frame["kind"] = [None] * 20_000 + ["web", "shop"] * 10_000
    result = folded(history_from(orders=frame), web, halved)
    assert (result.halved == 0.5).all()
    assert result.web.isna().sum() == 20_000
    assert result.web.sum() == 10_000


def test_progress_ends_at_one():
    steps: list[Progress] = []
    matrix(churn(30), small(("a", ago(1), 5.0)), [CUTOFF], progress=steps.append)
    assert [steps[0].share, steps[-1].share] == [0.0, 1.0]


def test_a_table_that_grows_while_its_parts_are_folded_changes_nothing_as_it_is_read_once(tmp_path):
    path = tmp_path / "orders.parquet"
    frame = pd.DataFrame({"customer": [str(i) for i in range(200)], "at": ago(2), "amount": 1.0})
    frame.to_parquet(path)
    history = History.of(orders=events(path))

    def grow(progress: Progress) -> None:
        if progress.what.startswith("Folding"):
            pd.concat([frame, frame]).to_parquet(path)

    plan = ExecutionPlan(history, ActiveIn(), churn(30).on(history).features, (CUTOFF,), memory=2e-6, progress=grow)
    result = list(execute(plan))
    assert len(result) == plan.n_partitions > 3
    assert sorted(who for block in result for who in block.customer.to_pylist()) == sorted(frame.customer)


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    world = retail_world(seed=3, customers=30)
    plan = ExecutionPlan(world.history, ActiveIn(), churn(90).on(world.history).features, (CUTOFF,), memory=1e-5)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.ipc.new_stream", full)
    with pytest.raises(HistoryError, match=r"failed: No space left on device\. Allow more memory, or name a folder"):
        list(execute(plan))


def test_a_file_that_is_gone_or_a_cast_that_fails_is_told_without_values(tmp_path):
    @measure()
    def number(orders):
        """Number."""
        return orders.note.cast("float64").sum()

    path = tmp_path / "orders.parquet"
    pd.DataFrame({"customer": ["a"], "at": [ago(1)], "note": ["secret"]}).to_parquet(path)
    history = History.of(orders=events(path))
    with pytest.raises(HistoryError, match=r"could not read or compute the events \(ConversionException\)") as error:
        folded(history, number)
    assert "secret" not in str(error.value)
    path.unlink()
    with pytest.raises(HistoryError, match=r"\(IOException\).*may have changed or gone while it was read"):
        folded(history, purchases.recency)
