"""The fold: what it refuses, what it does not depend on, and what it does with the unusual."""

from datetime import datetime, timedelta
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from patron.errors import HistoryError, MeasureError, QuestionError
from patron.features import purchases
from patron.features.compute.executor import execute
from patron.features.compute.fold.loading import EventLoader
from patron.features.compute.paths import explain_plan
from patron.features.compute.plan import ExecutionPlan, Progress
from patron.features.measures import combine, measure
from patron.history.history import History
from patron.history.sources import events
from patron.periods import EVER, days, monthly
from patron.questions.kinds import churn
from patron.questions.matrices import _joined, answers, matrix, write_rows
from patron.questions.reference import rows
from worlds.histories import retail_world
from worlds.measured import MEASURES

CUTOFFS = monthly("2023-06", "2023-09")
CUTOFF = datetime(2024, 7, 1)


def wide(world) -> pd.DataFrame:
    made = matrix(churn(90), world.history, CUTOFFS)
    return pd.concat([made.key, made.X], axis=1)


def small(*orders: tuple) -> History:
    return History.of(orders=events(pd.DataFrame(orders, columns=["customer", "at", "amount"])))


def of(history: History, *features, cutoff: datetime = CUTOFF) -> pd.DataFrame:
    made = matrix(churn(30, features=features), history, [cutoff])
    return made.X.set_index(made.key.customer)


def test_row_order_changes_no_value():
    world = retail_world(seed=11, customers=120)
    pd.testing.assert_frame_equal(wide(world), wide(world.shuffled(3)), check_exact=True)


def test_parts_of_the_customers_change_no_value():
    world = retail_world(seed=11, customers=120)
    asked = churn(90)
    one, many = matrix(asked, world.history, CUTOFFS), matrix(asked, world.history, CUTOFFS, memory=5e-5)
    assert ExecutionPlan(world.history, EVER, asked.on(world.history).features, CUTOFFS, memory=5e-5).n_partitions > 3
    pd.testing.assert_frame_equal(one.key, many.key)
    pd.testing.assert_frame_equal(one.X, many.X, check_exact=True)


def test_rows_written_in_parts_are_the_rows_in_memory(tmp_path):
    world = retail_world(seed=11, customers=120)
    made, path = matrix(churn(90), world.history, CUTOFFS), tmp_path / "rows.parquet"
    assert write_rows(churn(90), world.history, CUTOFFS, path, memory=5e-5) == len(made)
    read = pq.read_table(path).to_pandas().sort_values(["cutoff", "customer"], ignore_index=True)
    pd.testing.assert_frame_equal(read[list(made.X)], made.X, check_exact=True)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


def test_built_in_features_are_the_same_on_both_paths():
    history = retail_world(seed=4, customers=60).history
    made = matrix(churn(90), history, [CUTOFFS[-1]])
    generic = rows(churn(90), history, CUTOFFS[-1]).to_pyarrow().to_pandas().sort_values("customer", ignore_index=True)
    assert generic.customer.tolist() == made.key.customer.tolist()
    for name in made.X:
        np.testing.assert_allclose(made.X[name], generic[name].astype(float), rtol=2e-6, atol=1e-6, err_msg=name)


def test_a_hundred_thousand_events_of_one_customer_are_counted_to_the_cent():
    at = [CUTOFF - timedelta(minutes=m) for m in range(1, 100_001)]
    history = History.of(orders=events(pd.DataFrame({"customer": "a", "at": at, "amount": 0.01})))

    @measure(windows=(*days(1), EVER))
    def money(orders):
        """Money."""
        return orders.amount.sum()

    assert of(history, money).loc["a"].tolist()[:2] == pytest.approx([14.4, 1000.0])


def test_a_spread_of_one_on_amounts_of_a_thousand_millions_is_kept():
    history = small(*(("a", CUTOFF - timedelta(days=d), 1e9 + d % 3) for d in range(1, 301)))

    @measure(windows=(*days(200), EVER))
    def spread(orders):
        """Spread."""
        return orders.amount.cast("float64").std()

    expected = [np.std([d % 3 for d in range(1, n + 1)], ddof=1) for n in (200, 300)]
    assert of(history, spread).loc["a"].tolist()[:2] == pytest.approx(expected, rel=1e-6)


def test_a_window_over_a_change_of_clocks_counts_days_on_the_wall():
    zone = "America/New_York"  # clocks went forward on 2024-03-10
    at = pd.to_datetime(["2024-03-01 05:00", "2024-03-31 03:59"], utc=True)  # midnight on the 1st, 23:59 on the 30th
    history = History.of(orders=events(pd.DataFrame({"customer": ["a", "b"], "at": at}), timezone=zone))

    @measure(windows=days(30), empty=0)
    def n(orders):
        """Orders."""
        return orders.count()

    assert of(history, n, cutoff=datetime(2024, 3, 31))["n_30d"].tolist() == [1, 1]


def test_a_division_by_zero_is_null_on_both_paths():
    @measure()
    def money(orders):
        """Money."""
        return orders.amount.sum()

    @combine(money, money)
    def ratio(a, b):
        """Ratio."""
        return a / (b - b)

    history = small(("a", CUTOFF - timedelta(days=1), 5.0))
    generic = rows(churn(30, features=(ratio,)), history, CUTOFF).to_pyarrow().to_pydict()
    assert np.isnan(of(history, ratio).loc["a", "ratio"])
    assert generic["ratio"] == [None]


def test_a_reduction_that_the_fold_does_not_know_takes_the_engine_and_says_so():
    @measure(windows=(*days(30), EVER))
    def usual(orders):
        """Usual amount."""
        return orders.amount.mode()

    history = small(*(("a", CUTOFF - timedelta(days=d), a) for d, a in ((1, 5.0), (2, 5.0), (40, 7.0))))
    assert of(history, usual).loc["a"].tolist()[:2] == [5.0, 5.0]
    (first, _) = explain_plan((usual,), history.tables)
    assert (first.column, first.path) == ("usual_30d", "engine")
    assert "Mode" in first.why


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

    history = small(*(("a", CUTOFF - timedelta(days=d), 16.0) for d in range(1, 9)))
    made = of(history, logged, both, n).loc["a"]
    assert (made["logged"], made["n"]) == (3.0, 8.0)
    assert made.filter(like="both").tolist() == [6.0 - 1.0]


def test_a_cutoff_given_twice_is_refused():
    history = small(("a", CUTOFF - timedelta(days=1), 5.0))
    with pytest.raises(QuestionError, match="2024-07-01 is given twice"):
        matrix(churn(30), history, [CUTOFF, CUTOFF])


def test_a_measure_of_a_missing_column_is_refused_with_the_columns_there_are():
    @measure()
    def late(orders):
        """Late."""
        return orders.delay.sum()

    with pytest.raises(MeasureError, match=r"'delay'.*It has: amount, at, customer"):
        of(small(("a", CUTOFF - timedelta(days=1), 5.0)), late)


def test_answers_in_parts_are_the_answers_at_once():
    world = retail_world(seed=11, customers=120)
    one, many = (answers(churn(90), world.history, CUTOFFS, memory=memory) for memory in (2.0, 1e-4))
    assert len(one) == len(matrix(churn(90), world.history, CUTOFFS))
    np.testing.assert_array_equal(one, many)


def test_a_table_that_grows_while_its_parts_are_folded_changes_nothing_as_it_is_read_once(tmp_path):
    path = tmp_path / "orders.parquet"
    frame = pd.DataFrame({"customer": [str(i) for i in range(200)], "at": CUTOFF - timedelta(days=2), "amount": 1.0})
    frame.to_parquet(path)
    history = History.of(orders=events(path))

    def grow(progress: Progress) -> None:
        if progress.what.startswith("Folding"):
            pd.concat([frame, frame]).to_parquet(path)

    plan = ExecutionPlan(history, EVER, churn(30).on(history).features, (CUTOFF,), memory=2e-6, progress=grow)
    made = list(execute(plan))
    assert len(made) == plan.n_partitions > 3
    assert sorted(who for block in made for who in block.customer.to_pylist()) == sorted(frame.customer)


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    world = retail_world(seed=3, customers=30)
    plan = ExecutionPlan(world.history, EVER, churn(90).on(world.history).features, (CUTOFF,), memory=1e-5)

    def full(*asked):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.ipc.new_stream", full)
    with pytest.raises(HistoryError, match=r"failed: No space left on device\. Allow more memory, or name a folder"):
        list(execute(plan))


def test_rows_come_in_sheets_that_split_no_customer():
    world = retail_world(seed=3, customers=60)
    plan = ExecutionPlan(world.history, EVER, churn(90).on(world.history).features, tuple(sorted(CUTOFFS)))
    (whole,) = execute(plan)
    few = list(execute(plan, max_rows=25))
    assert len(few) > 3
    who = [set(block.customer.to_pylist()) for block in few]
    assert sum(map(len, who)) == len(set.union(*who)) == len(set(whole.customer.to_pylist()))
    joined = _joined(few)
    assert joined.customer.equals(whole.customer)
    np.testing.assert_array_equal(joined.cutoff, whole.cutoff)
    np.testing.assert_array_equal(joined.numbers, whole.numbers)


def test_keys_of_numbers_and_keys_of_texts_give_the_same_rows():
    events_ = pd.DataFrame({"at": [CUTOFF - timedelta(days=d) for d in (1, 2, 3)], "amount": [1.0, 2.0, 4.0]})
    made = [
        matrix(churn(30), History.of(orders=events(events_.assign(customer=keys))), [CUTOFF])
        for keys in ([9, 10, 9], ["9", "10", "9"])
    ]
    assert [m.key.customer.tolist() for m in made] == [["10", "9"], ["10", "9"]]
    pd.testing.assert_frame_equal(made[0].X, made[1].X)


def test_progress_ends_at_one():
    told: list[Progress] = []
    matrix(churn(30), small(("a", CUTOFF - timedelta(days=1), 5.0)), [CUTOFF], progress=told.append)
    assert [told[0].share, told[-1].share] == [0.0, 1.0]


@pytest.mark.parametrize("whole", [Decimal("12345678901234.5678"), Decimal("0.0001"), Decimal("-0.0001")])
def test_money_is_read_to_the_last_digit(whole):
    table = ibis.memtable({"customer": ["a"], "at": [CUTOFF], "amount": [whole]})
    table = table.mutate(amount=table.amount.cast("decimal(38, 4)"))
    column = EventLoader(table, {"m": table.amount}, CUTOFF + timedelta(days=1)).load().columns["m"]
    assert column.values[0] == int(whole * 10_000)


def test_a_loop_without_a_folder_for_its_code_still_compiles(monkeypatch):
    from patron.features.compute.fold import compiling

    def refuse(**settings):
        if settings.get("cache"):
            raise RuntimeError("no locator available")
        return lambda function: function

    monkeypatch.setattr(compiling.numba, "njit", refuse)
    assert compiling.compiled(len)([1, 2]) == 2


def test_every_measure_of_the_reference_is_told_by_its_reduction():
    table = ibis.table(
        {"customer": "string", "at": "timestamp", "amount": "decimal(18, 4)", "minutes": "float64", "kind": "string"}
    )
    paths = {p.column: p.why for p in explain_plan(MEASURES, {"visits": table})}
    assert paths["ago"] == "recency"
    assert paths["fresh"] == "decayed sum"
    assert paths["share_web"] == "count"


def test_an_infinite_value_of_one_customer_is_not_that_of_the_others():
    @measure()
    def rate(orders):
        """Rate."""
        return orders.amount.cast("float64").log10().mean()

    history = small(("a", CUTOFF - timedelta(days=3), 0.0), ("b", CUTOFF - timedelta(days=2), 100.0))
    assert of(history, rate).loc["b", "rate"] == 2.0


def test_whole_numbers_too_large_to_add_up_are_still_told_apart():
    frame = pd.DataFrame({"customer": "a", "at": CUTOFF - timedelta(days=1), "amount": 1.0, "ticket": range(4)})
    frame["ticket"] += 17 * 10**17

    @measure()
    def tickets(orders):
        """Different tickets."""
        return orders.ticket.nunique()

    assert of(History.of(orders=events(frame)), tickets).loc["a", "tickets"] == 4


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

    frame = pd.DataFrame({"customer": range(40_000), "at": CUTOFF - timedelta(days=1), "amount": 1.0})
    frame["kind"] = [None] * 20_000 + ["web", "shop"] * 10_000
    made = of(History.of(orders=events(frame)), web, halved)
    assert (made.halved == 0.5).all()
    assert made.web.isna().sum() == 20_000
    assert made.web.sum() == 10_000


@pytest.mark.parametrize("share", [-0.1, 90])
def test_a_quantile_that_is_no_share_is_refused(share):
    @measure()
    def high(orders):
        """High."""
        return orders.amount.quantile(share)

    with pytest.raises(MeasureError, match=f"a share from 0 to 1, got {share}"):
        of(small(("a", CUTOFF - timedelta(days=1), 5.0)), high)


@pytest.mark.parametrize("memory", [0, -1, float("nan"), "2GB"])
def test_memory_that_is_no_size_is_refused(memory):
    with pytest.raises(QuestionError, match="number of gigabytes above zero, got"):
        matrix(churn(30), small(("a", CUTOFF - timedelta(days=1), 5.0)), [CUTOFF], memory=memory)


def test_rows_of_nobody_leave_the_file_of_before(tmp_path):
    history, path = small(("a", CUTOFF - timedelta(days=90), 5.0), ("a", CUTOFF, 5.0)), tmp_path / "rows.parquet"
    path.write_text("as before")
    with pytest.raises(QuestionError, match="No customer had an order"):
        write_rows(churn(30, active_in=30), history, [CUTOFF], path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("rows.parquet", "as before")]


def test_there_are_never_more_parts_than_their_numbers_hold():
    history = small(*((str(i), CUTOFF - timedelta(days=1), 1.0) for i in range(300)))
    plan = ExecutionPlan(history, EVER, churn(30).on(history).features, (CUTOFF,), memory=1e-9)
    assert plan.n_partitions == 2**15 - 1


def test_answers_of_nobody_are_refused():
    history = small(("a", CUTOFF - timedelta(days=90), 5.0), ("a", CUTOFF + timedelta(days=60), 5.0))
    with pytest.raises(QuestionError, match="No customer had an order"):
        answers(churn(30, active_in=30), history, [CUTOFF])


def test_a_time_that_was_picked_is_no_rank_among_times():
    @measure()
    def due(orders):
        """Due day."""
        return orders.due.argmin(orders.days_ago)

    frame = pd.DataFrame({"customer": ["a"], "at": [CUTOFF - timedelta(days=1)], "amount": 1.0})
    history = History.of(orders=events(frame.assign(due=datetime(2024, 7, 9).date())))
    with pytest.raises(MeasureError, match="'due' must give a number, a truth or a text, got date"):
        of(history, due)


def test_a_file_that_is_gone_or_a_cast_that_fails_is_told_without_values(tmp_path):
    @measure()
    def number(orders):
        """Number."""
        return orders.note.cast("float64").sum()

    path = tmp_path / "orders.parquet"
    pd.DataFrame({"customer": ["a"], "at": [CUTOFF - timedelta(days=1)], "note": ["secret"]}).to_parquet(path)
    history = History.of(orders=events(path))
    with pytest.raises(HistoryError, match=r"could not read or compute the events \(ConversionException\)") as told:
        of(history, number)
    assert "secret" not in str(told.value)
    path.unlink()
    with pytest.raises(HistoryError, match=r"\(IOException\).*may have changed or gone while it was read"):
        of(history, purchases.recency)
