"""Conformance: features and labels are the same values on every engine, and those that plain Python counts.

Each engine opens one history, whose customers meet every case: this file asks few questions of many columns, as each
query of Spark takes a second.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.history.history import History
from patron.history.sources import events
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import labels, matrix, row_source
from patron.questions.profit import CostModel
from patron.questions.reference import rows
from patron.questions.row_source import RowSource
from patron.questions.spark_rows import SparkRows
from worlds.histories import CUTOFF, ago, frame_of, retail_world
from worlds.measured import MEASURES, VISITS, WINDOWS
from worlds.reference import REFERENCE, seen

CUTOFFS = [ago(90), CUTOFF]
TICK = timedelta(microseconds=1)
INSTANTS = [*(ago(days) for days in (0, 7, 90, 97, 400, 490)), *(ago(days) - TICK for days in (0, 7, 90, 97)), ago(-20)]
BY_HAND = [("on the cutoff", 90.0), ("on the last instant", 60 + 1 / 86_400_000_000), ("after the horizon", 60.0)]


def drawn_visits(random: Random) -> list[dict]:
    """Visits of thirty customers, some at one instant, on the edges of windows, without values, or known late."""
    return [
        {
            "customer": f"v{number % 30:02}",
            "at": (at := random.choice([*INSTANTS, ago(random.randrange(-20, 400))])),
            "known_at": at + random.choice([timedelta(0), timedelta(0), timedelta(days=3)]),
            "amount": random.choice([None, *(Decimal(x) for x in ("-3.5", "0", "0.1", "0.2", "7", "1000000001"))]),
            "minutes": random.choice([None, -2.0, 0.0, 0.1, 5.5, 1e9, 1e9 + 1]),
            "kind": random.choice(["web", "shop", "call", None]),
        }
        for number in range(240)
    ]


SEEN = drawn_visits(Random(1))


def tables() -> dict[str, pa.Table]:
    """Orders of a world, of those who visit and of some whose labels are counted by hand; returns, contacts, visits."""
    world, random = retail_world(seed=5, customers=60), Random(2)
    hand = [(who, ago(450), 10.0) for who, _ in BY_HAND] + [(who, ago(days), 30.0) for who, days in BY_HAND]
    visitors = [(f"v{n:02}", ago(random.randrange(92, 400)), 5.0) for n in range(30)]
    orders = pd.concat(
        [frame_of([*hand, *visitors], ("customer", "at", "amount")), world.frames["orders"].drop(columns="order")]
    )
    back = pd.concat([frame_of([(BY_HAND[0][0], ago(80), 4.0)], ("customer", "at", "amount")), world.frames["returns"]])
    contacts = [
        (f"v{n % 30:02}", ago(n), random.choice(["mail", "call", None]), random.choice(["complaint", "question", None]),
         random.choice([1.5, None]), random.choice(["in", "out"]))
        for n in range(120)
    ]  # fmt: skip
    frames = {
        "orders": orders,
        "returns": back,
        "contacts": frame_of(contacts, ("customer", "at", "channel", "kind", "cost", "direction")),
    }
    of_frames = {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in frames.items()}
    return of_frames | {"visits": pa.Table.from_pylist(SEEN, VISITS)}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Mapping[str, object]:
    folder = tmp_path_factory.mktemp("conformance")
    for name, table in tables().items():
        pq.write_table(table, folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in ("orders", "returns", "contacts", "visits")}


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request, files, tmp_path_factory) -> RowSource:
    """What rows come from, of the tables as each engine opens them."""
    if request.param == "duckdb":
        return row_source(History.of(**{name: events(path) for name, path in files.items()}))
    spark = request.getfixturevalue("spark")
    history = History.of(**{name: events(spark.open(path)) for name, path in files.items()})
    return SparkRows(history, spark, tmp_path_factory.mktemp("rows"), 1.0)


def test_every_reduction_is_the_value_that_plain_python_counts(engine):
    result = matrix(churn(30, active_in=None, features=MEASURES), engine, CUTOFFS)
    whole = pd.concat([result.key, result.X], axis=1)
    visitors = whole[whole.customer.str.startswith("v")]
    assert len(visitors) == 60
    for _, row in visitors.iterrows():
        own = [visit for visit in SEEN if visit["customer"] == row.customer]
        for measure in MEASURES:
            for window in WINDOWS:
                known = seen(own, row.cutoff.to_pydatetime(), window.days)
                check(row[measure.column(window)], REFERENCE[measure.name](known) if known else None)


def check(value: object, counted: object) -> None:
    if counted is None or isinstance(counted, str):
        assert (counted is None and pd.isna(value)) or value == counted
    else:
        assert value == pytest.approx(np.float32(counted), rel=2e-7, abs=1e-9)


def test_every_built_in_feature_is_the_value_of_the_generic_path(engine, files):
    question = churn(60).on(History.of(**{name: events(path) for name, path in files.items()}))
    whole = matrix(question, engine, CUTOFFS)
    history = History.of(**{name: events(path) for name, path in files.items()})
    expected = pd.concat([rows(question, history, cutoff).to_pyarrow().to_pandas() for cutoff in CUTOFFS])
    expected = expected.sort_values(["cutoff", "customer"], ignore_index=True)
    assert whole.X.shape[1] > 60
    assert whole.key.customer.tolist() == expected.customer.tolist()
    for name in whole.X:
        np.testing.assert_allclose(whole.X[name], expected[name].astype("float64"), rtol=2e-6, atol=1e-6)


def test_labels_end_with_the_instant_before_the_horizon(engine):
    costs = CostModel(margin_rate=0.5, cost_per_order=1.0)
    cutoff: datetime = CUTOFFS[0]
    questions = {"churn": churn(30), "next": next_purchase(30), "tier": tier(30, costs)}
    who = matrix(questions["churn"], engine, [cutoff]).key.customer
    came = {
        name: dict(zip(who, labels(question, engine, [cutoff]), strict=True)) for name, question in questions.items()
    }
    on, last, after = (who for who, _ in BY_HAND)
    assert [came["churn"][name] for name in (on, last, after)] == [0, 0, 1]
    assert came["next"][on] == 0
    assert came["next"][last] == pytest.approx(30)
    assert np.isnan(came["next"][after])
    assert [came["tier"][name] for name in (on, last, after)] == pytest.approx([(30 - 4) * 0.5 - 1, 14, 0])
