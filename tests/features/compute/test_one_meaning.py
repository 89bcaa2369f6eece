"""The fold and the generic path are held to plain Python, on histories made to be difficult."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patron.features.compute.plan import ExecutionPlan
from patron.history.history import History
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from patron.questions.reference import rows
from worlds.histories import history_from
from worlds.measured import MEASURES, VISITS, WINDOWS
from worlds.reference import REFERENCE, seen

START = datetime(2024, 1, 1)
CUTOFFS = (datetime(2024, 2, 1), datetime(2024, 3, 1))
QUESTION = churn(horizon=30, features=MEASURES)
TICK = timedelta(microseconds=1)
INSTANTS = [
    START,
    START + timedelta(days=24),
    CUTOFFS[0] - TICK,
    CUTOFFS[0],
    CUTOFFS[0] + TICK,
    CUTOFFS[1] - timedelta(days=7) - TICK,
    CUTOFFS[1] - timedelta(days=7),
    CUTOFFS[1] - TICK,
    CUTOFFS[1],
]
amounts = st.none() | st.sampled_from(
    [Decimal(x) for x in ("-3.5", "0", "0.1", "0.2", "7", "1000000000", "1000000001")]
)
minutes = st.none() | st.sampled_from([-2.0, 0.0, 0.1, 0.2, 5.5, 1e9, 1e9 + 1, 1e9 + 2])
visit = st.fixed_dictionaries(
    {
        "customer": st.sampled_from("abc"),
        "at": st.sampled_from(INSTANTS) | st.integers(0, 70 * 24).map(lambda h: START + timedelta(hours=h)),
        "amount": amounts,
        "minutes": minutes,
        "kind": st.sampled_from(["web", "shop", "call", None]),
        "late": st.sampled_from([timedelta(0), timedelta(days=3)]),
    }
)
WORLDS = 5  # computed together, which costs as much as one
CUSTOMERS = [f"{name}{world}" for name in "abc" for world in range(WORLDS)] + ["d"]


def together(worlds: list[list[dict]]) -> list[dict]:
    return [{**v, "customer": f"{v['customer']}{n}"} for n, world in enumerate(worlds) for v in world]


visits = st.lists(st.lists(visit, min_size=1, max_size=12), min_size=WORLDS, max_size=WORLDS).map(together)
quickly = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],  # a failing example is small already, and shrinking it takes minutes
)


def history_with(visited: list[dict]) -> History:
    who = [*CUSTOMERS, "z"]
    when = [START - timedelta(days=3)] * len(CUSTOMERS) + [datetime(2024, 3, 9)]
    kept = [name for name in VISITS.names if name in visited[0]]
    frame = pa.Table.from_pylist(visited, pa.schema([VISITS.field(name) for name in kept]))
    return history_from(orders=pa.table({"customer": who, "at": when}), visits=frame)


def known_late(visited: list[dict]) -> list[dict]:
    return [{**v, "known_at": v["at"] + v["late"]} for v in visited]


def expected(visited: list[dict], customer: str, cutoff: datetime) -> dict[str, object]:
    own = [v for v in visited if v["customer"] == customer]
    made = {}
    for measure in MEASURES:
        for window in WINDOWS:
            found = seen(own, cutoff, window.days)
            made[measure.column(window)] = REFERENCE[measure.name](found) if found else None
    return made


def check(found: pd.DataFrame, visited: list[dict], kind: type) -> None:
    assert sorted(zip(found.cutoff, found.customer, strict=True)) == [(c, k) for c in CUTOFFS for k in CUSTOMERS]
    for _, row in found.iterrows():
        for name, value in expected(visited, row.customer, row.cutoff.to_pydatetime()).items():
            if value is None or isinstance(value, str):
                assert (pd.isna(row[name]) and value is None) or row[name] == value, (name, row[name], value)
            else:
                tolerance = 2e-7 if kind is np.float32 else 1e-6  # an engine's spread of 1e9 + 1 keeps few figures
                assert row[name] == pytest.approx(kind(float(value)), rel=tolerance, abs=1e-9), (name, row[name], value)


def folded(visited: list[dict]) -> pd.DataFrame:
    made = matrix(QUESTION, history_with(visited), CUTOFFS)
    return pd.concat([made.key, made.X], axis=1)


def test_the_fold_knows_every_measure_that_the_reference_defines():
    history = history_with([{**v, "late": timedelta(0)} for v in ONE])
    assert not ExecutionPlan(history, QUESTION.population, MEASURES, CUTOFFS).generic_measures
    assert {m.name for m in MEASURES} == set(REFERENCE)


ONE = [{"customer": "a0", "at": START, "amount": Decimal(1), "minutes": 1.0, "kind": "web"}]


@quickly
@given(visits)
def test_the_fold_means_what_plain_python_says(visited):
    check(folded(visited), visited, np.float32)


@quickly
@given(visits.map(known_late))
def test_the_fold_sees_only_what_was_known(visited):
    check(folded(visited), visited, np.float32)


@quickly
@given(visits.map(known_late))
def test_the_generic_path_means_what_plain_python_says(visited):
    history = history_with(visited)
    made = [rows(QUESTION, history, cutoff).to_pyarrow().to_pandas() for cutoff in CUTOFFS]
    check(pd.concat(made), visited, np.float64)
