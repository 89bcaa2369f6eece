"""The promises that everything rests on: nothing from the cutoff on is known, and nothing accidental matters."""

from datetime import timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from patron import features
from patron.errors import QuestionError
from patron.features import purchases
from patron.history.history import History
from patron.history.sources import events
from patron.models.serving import Bundle
from patron.periods import Span
from patron.questions.kinds import churn, next_purchase
from patron.questions.matrices import Matrix, labels, matrix
from patron.questions.reference import labels as reference_labels
from patron.questions.reference import rows
from worlds.histories import (
    COLUMNS,
    CUSTOMERS,
    CUTOFF,
    TICK,
    TIMES,
    World,
    ago,
    contacts_of,
    features_at,
    frame_of,
    history_of,
    lines_of,
    orders_of,
    returns_of,
)

ANCHORS = {
    "orders": [("anchor", ago(20), ago(20), 10.0)],
    "returns": [("anchor", ago(10), 5.0)],
    "lines": [("anchor", ago(20), "o", "x", "y", 1.0, 10.0)],
    "contacts": [("anchor", ago(5), "mail", "complaint", 1.0, "in")],
    "referrals": [("anchor", ago(5))],
    "tickets": [("anchor", ago(5), "mail", "complaint", 1.0, "in")],
}
KINDS = {table: COLUMNS["late_orders" if table == "orders" else table] for table in ANCHORS}
DRAWN = st.fixed_dictionaries(
    {
        "orders": orders_of(),
        "returns": returns_of(),
        "lines": lines_of(),
        "contacts": contacts_of(),
        "tickets": contacts_of(),
        "referrals": st.lists(st.tuples(CUSTOMERS, TIMES), max_size=20),
    }
)
FOUR = st.lists(st.tuples(DRAWN, DRAWN), min_size=4, max_size=4)  # computed together, which costs as much as one


def is_known(table: str, row: tuple) -> bool:
    """Whether a row had happened before the cutoff, and for orders (third column: known_at) was known by then."""
    return row[1] < CUTOFF and (table != "orders" or row[2] < CUTOFF)


def renamed(rows: list[tuple], prefix: str) -> list[tuple]:
    return [(f"{prefix}/{row[0]}", *row[1:]) for row in rows]


def three_ways(worlds: list[tuple[dict, dict]]) -> History:
    """Each customer three times: as drawn, with the future deleted, and with another future in its place."""
    told: dict[str, list[tuple]] = {table: list(rows) for table, rows in ANCHORS.items()}
    for number, (drawn, other) in enumerate(worlds):
        for table, drawn_rows in drawn.items():
            past = [row for row in drawn_rows if is_known(table, row)]
            altered = past + [row for row in other[table] if not is_known(table, row)]
            for way, rows_of in (("drawn", drawn_rows), ("deleted", past), ("altered", altered)):
                told[table] += renamed(rows_of, f"{way}/{number}")
    return History.of(**{table: events(frame_of(rows, KINDS[table])) for table, rows in told.items()})


def of_one_way(found: pd.DataFrame, prefix: str) -> pd.DataFrame:
    part = found[found.index.str.startswith(f"{prefix}/")]
    return part.set_axis(part.index.str.removeprefix(f"{prefix}/"))


@given(FOUR)
@settings(max_examples=2, deadline=None)
def test_deleting_or_altering_the_future_changes_no_built_in_feature(worlds: list[tuple[dict, dict]]) -> None:
    history = three_ways(worlds)
    kept, left_out = features.available(history)
    assert (kept, left_out) == (features.ALL, ())
    found = features_at(history, CUTOFF, *features.ALL)
    assert_frame_equal(of_one_way(found, "drawn"), of_one_way(found, "deleted"), check_exact=True)
    assert_frame_equal(of_one_way(found, "drawn"), of_one_way(found, "altered"), check_exact=True)


@given(FOUR)
@settings(max_examples=2, deadline=None)
def test_who_is_asked_about_are_those_with_a_known_order_and_each_of_them_once(worlds: list[tuple[dict, dict]]) -> None:
    found = features_at(three_ways(worlds), CUTOFF, purchases.recency)
    known = ((n, row) for n, (drawn, _) in enumerate(worlds) for row in drawn["orders"] if is_known("orders", row))
    assert sorted(of_one_way(found, "drawn").index) == sorted({f"{n}/{row[0]}" for n, row in known})


def test_an_event_at_the_cutoff_is_the_future() -> None:
    history = history_of(
        [("ann", CUTOFF - TICK, 1.0), ("ann", CUTOFF, 2.0), ("end", ago(-91), 0.0), ("end", ago(1), 0.0)]
    )
    assert features_at(history, CUTOFF, purchases.orders).loc["ann", "orders"] == 1
    when = reference_labels(next_purchase(90), history, CUTOFF).to_pyarrow().to_pandas().set_index("customer")
    assert when.loc["ann", "label"] == 0.0
    assert np.isnan(when.loc["end", "label"])


def test_a_horizon_holds_its_first_instant_and_not_its_last() -> None:
    edge = CUTOFF + timedelta(days=30)
    bought = [("in", edge - TICK, 1.0), ("out", edge, 1.0)]
    history = history_of([("in", ago(1), 1.0), ("out", ago(1), 1.0), *bought])
    assert labels(churn(30), history, [CUTOFF]).tolist() == [0.0, 1.0]


def test_a_window_holds_its_first_instant() -> None:
    history = history_of([("ann", ago(30), 1.0), ("ann", ago(30) - TICK, 1.0), ("end", ago(-1), 1.0)])
    assert features_at(history, CUTOFF, purchases.orders).loc["ann", "orders_30d"] == 1


def test_a_label_is_refused_until_its_horizon_has_passed() -> None:
    history = history_of([("ann", ago(50), 1.0), ("ann", ago(1), 1.0)])
    assert len(labels(churn(30), history, [ago(30)])) == 1
    with pytest.raises(
        QuestionError, match=r"A label at 2024-06-02 looks 30 days ahead, to 2024-07-02, but the history ends "
    ):
        labels(churn(30), history, [ago(29)])


def test_visits_after_the_last_order_do_not_make_a_horizon_pass() -> None:
    visits = [("ann", ago(-200), 0.0)]
    history = history_of([("ann", ago(50), 1.0), ("ann", ago(1), 1.0)], returns=visits)
    assert history.ends == CUTOFF
    with pytest.raises(QuestionError, match=r"the history ends 2024-07-01"):
        reference_labels(churn(30), history, CUTOFF)


def test_an_order_that_became_known_late_is_not_known_before() -> None:
    late = [("ann", ago(40), ago(40), 1.0), ("ann", ago(20), CUTOFF, 9.0), ("new", ago(20), ago(-1), 9.0)]
    history = History.of(orders=events(frame_of(late, COLUMNS["late_orders"])))
    found = features_at(history, CUTOFF, purchases.orders, purchases.spend, purchases.recency)
    assert found.index.tolist() == ["ann"]
    assert found.loc["ann", ["orders", "spend", "recency"]].tolist() == [1, 1.0, 40.0]


def test_an_order_added_up_from_lines_is_known_when_its_last_line_is() -> None:
    columns = ("customer", "at", "known_at", "order", "amount")
    lines = [
        ("ann", ago(9), ago(9), "o1", 5.0),
        ("ann", ago(9), ago(-1), "o1", 7.0),
        ("ann", ago(30), ago(30), "o0", 1.0),
    ]
    history = History.of(orders=events(frame_of(lines, columns)))
    assert features_at(history, CUTOFF, purchases.spend).loc["ann", "spend"] == 1.0
    assert features_at(history, ago(-2), purchases.spend).loc["ann", "spend"] == 13.0


@pytest.mark.parametrize("late", [0.0, -0.3, -1.0])
def test_a_line_from_the_cutoff_on_changes_nothing_of_what_its_order_was_before(late: float) -> None:
    columns = ("customer", "at", "order", "amount")
    lines = [("ann", ago(0.4), "o1", 5.0), ("ann", ago(0.2), "o1", 6.0), ("end", ago(-9), "o1", 1.0)]
    asked = (purchases.spend, purchases.orders, purchases.recency)
    without, beside = (
        features_at(History.of(orders=events(frame_of(rows, columns))), CUTOFF, *asked)
        for rows in (lines, [*lines, ("ann", ago(late), "o1", 7.0)])
    )
    assert (without.loc["ann", "spend"], without.loc["ann", "orders"]) == (11.0, 1.0)
    assert_frame_equal(without, beside, check_exact=True)


def test_a_label_counts_what_happened_even_if_it_became_known_late() -> None:
    told = [("ann", ago(40), ago(40), 1.0), ("ann", ago(20), ago(-5), 1.0), ("end", ago(0.5), ago(0.5), 1.0)]
    history = History.of(orders=events(frame_of(told, COLUMNS["late_orders"])))
    assert labels(churn(30), history, [ago(30)]).tolist() == [0.0]


@pytest.fixture(scope="module")
def asked(world: World) -> Matrix:
    """Every built-in feature of the generated world at one cutoff."""
    return matrix(churn(90), world.history, [CUTOFF])


def test_other_cutoffs_beside_it_change_nothing_of_a_row(world: World, asked: Matrix) -> None:
    both = matrix(churn(90), world.history, [CUTOFF, ago(180)])
    same = both.take(both.at(CUTOFF))
    assert_frame_equal(same.key, asked.key)
    assert_frame_equal(same.X, asked.X, check_exact=True)
    assert same.definitions == asked.definitions


def test_the_order_of_the_input_rows_changes_nothing(world: World, asked: Matrix) -> None:
    again = matrix(churn(90), world.shuffled(seed=1).history, [CUTOFF])
    assert_frame_equal(again.key, asked.key)
    assert_frame_equal(again.X, asked.X, check_exact=True)


def test_the_number_of_threads_changes_nothing(world: World, asked: Matrix) -> None:
    engine = ibis.get_backend()
    before = engine.raw_sql("SELECT current_setting('threads')").fetchall()[0][0]
    try:
        for threads in (1, 4):
            engine.raw_sql(f"SET threads = {threads}")
            again = matrix(churn(90), world.history, [CUTOFF])
            assert_frame_equal(again.X, asked.X, check_exact=True)
    finally:
        engine.raw_sql(f"SET threads = {before}")


def test_the_cut_of_the_files_changes_nothing(world: World, asked: Matrix, tmp_path) -> None:
    for name, frame in world.frames.items():
        for part in range(3):
            (tmp_path / name / f"part={part}").mkdir(parents=True)
            frame.iloc[part::3].to_parquet(tmp_path / name / f"part={part}" / "rows.parquet")
    history = History.of(**{name: events(tmp_path / name) for name in world.frames})
    again = matrix(churn(90), history, [CUTOFF])
    assert_frame_equal(again.X, asked.X, check_exact=True)


def test_a_row_does_not_depend_on_who_else_is_asked(world: World, asked: Matrix) -> None:
    few = asked.key.customer.iloc[::50].tolist()
    frames = {name: frame[frame.customer.isin(few)] for name, frame in world.frames.items()}
    alone = matrix(churn(90), World(frames).history, [CUTOFF])
    expected = asked.take(asked.key.customer.isin(few).to_numpy())
    assert_frame_equal(alone.key, expected.key)
    assert_frame_equal(alone.X, expected.X, check_exact=True)


def churn_bundle(features: list[str]) -> Bundle:
    """A linear model with a weight of 1, 2, 3 ... for each feature."""
    estimator = {
        "kind": "linear",
        "inputs": list(range(len(features))),
        "mean": [0.0] * len(features),
        "scale": [1.0] * len(features),
        "coef": [[1.0 + i for i in range(len(features))]],
        "intercept": [[-3.0]],
    }
    named = [{"name": name, "dtype": "float64"} for name in features]
    answer = {"kind": "churn", "horizon": 90}
    return Bundle({"format": 1, "features": named, "estimator": estimator, "calibration": None, "answer": answer})


def test_the_order_of_columns_changes_no_score(asked: Matrix) -> None:
    bundle = churn_bundle(["orders_90d", "recency", "tenure"])
    turned = asked.X[asked.X.columns[::-1]]
    assert_frame_equal(bundle.predict(turned), bundle.predict(asked.X), check_exact=True)
    assert bundle.predict(asked.X).churn_probability.nunique() > 1


def test_a_row_without_a_feature_of_the_model_is_refused(asked: Matrix) -> None:
    with pytest.raises(ValueError, match=r"trained on recency, which these rows lack"):
        churn_bundle(["orders_90d", "recency"]).predict(asked.X.drop(columns="recency"))


def test_rows_and_labels_name_the_same_customers(world: World) -> None:
    question, history, cutoff = churn(90, active_in=200, features=(purchases.recency,)), world.history, ago(120)
    asked = set(rows(question, history, cutoff).customer.to_pyarrow().to_pylist())
    assert asked == set(reference_labels(question, history, cutoff).customer.to_pyarrow().to_pylist())
    seen = world.frames["orders"].query("@ago(320) <= at < @cutoff")
    assert asked == set(seen.customer)
    assert question.active_in == Span(200)
