"""Conformance: features and labels are the same values on every engine, and those that plain Python counts.

Each engine opens one history, whose customers meet every case: this file asks few questions of many columns, as each
query of Spark takes a second.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patron.history.history import History
from patron.history.sources import events
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import labels, matrix, row_source
from patron.questions.profit import CostModel
from patron.questions.reference import rows
from patron.questions.row_source import Matrix, RowSource
from patron.questions.spark_rows import SparkRows
from worlds.measured import MEASURES, WINDOWS
from worlds.reference import REFERENCE, seen
from worlds.warehouse import BY_HAND, CUTOFFS, SEEN

OWN = {measure.name: replace(measure, name=f"visits_{measure.name}") for measure in MEASURES}
WIDE = churn(30, own=tuple(OWN.values()))


def opened(warehouse: Mapping[str, Path]) -> History:
    return History.of(**{name: events(path) for name, path in warehouse.items()})


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request, warehouse, tmp_path_factory) -> RowSource:
    """What rows come from, of the tables as each engine opens them."""
    if request.param == "duckdb":
        return row_source(opened(warehouse))
    history, spark = request.getfixturevalue("spark_history"), request.getfixturevalue("spark")
    return SparkRows(history, spark, tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def wide(engine) -> Matrix:
    """Every built-in feature and every own measure of both cutoffs."""
    return matrix(WIDE, engine, CUTOFFS)


def test_every_reduction_is_the_value_that_plain_python_counts(wide):
    whole = pd.concat([wide.key, wide.X], axis=1)
    visitors = whole[whole.customer.str.startswith("v")]
    assert len(visitors) == 60
    for _, row in visitors.iterrows():
        own = [visit for visit in SEEN if visit["customer"] == row.customer]
        for name, measure in OWN.items():
            for window in WINDOWS:
                known = seen(own, row.cutoff.to_pydatetime(), window.days)
                check(row[measure.column(window)], REFERENCE[name](known) if known else None)


def check(value: object, counted: object) -> None:
    if counted is None or isinstance(counted, str):
        assert (counted is None and pd.isna(value)) or value == counted
    else:
        assert value == pytest.approx(np.float32(counted), rel=2e-7, abs=1e-9)


def test_every_built_in_feature_is_the_value_of_the_generic_path(wide, warehouse):
    history = opened(warehouse)
    question = churn(30).on(history)
    expected = pd.concat([rows(question, history, cutoff).to_pyarrow().to_pandas() for cutoff in CUTOFFS])
    expected = expected.sort_values(["cutoff", "customer"], ignore_index=True)
    names = [name for name in expected if name not in ("customer", "cutoff")]
    assert len(names) > 60
    assert wide.key.customer.tolist() == expected.customer.tolist()
    for name in names:
        np.testing.assert_allclose(wide.X[name], expected[name].astype("float64"), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("engine", [pytest.param("spark", marks=pytest.mark.spark)], indirect=True, scope="module")
def test_every_number_on_spark_is_that_of_one_machine_to_the_last_digit(wide, warehouse):
    one = matrix(WIDE, opened(warehouse), CUTOFFS)
    pd.testing.assert_frame_equal(wide.key, one.key, check_exact=True)
    pd.testing.assert_frame_equal(wide.X, one.X, check_exact=True)


def test_labels_end_with_the_instant_before_the_horizon(wide, engine):
    costs = CostModel(margin_rate=0.5, cost_per_order=1.0)
    cutoff: datetime = CUTOFFS[0]
    questions = {"churn": churn(30), "next": next_purchase(30), "tier": tier(30, costs)}
    who = wide.take(wide.at(cutoff)).key.customer
    came = {
        name: dict(zip(who, labels(question, engine, [cutoff]), strict=True)) for name, question in questions.items()
    }
    on, last, after = (who for who, _ in BY_HAND)
    assert [came["churn"][name] for name in (on, last, after)] == [0, 0, 1]
    assert came["next"][on] == 0
    assert came["next"][last] == pytest.approx(30)
    assert np.isnan(came["next"][after])
    assert [came["tier"][name] for name in (on, last, after)] == pytest.approx([(30 - 4) * 0.5 - 1, 14, 0])
