"""Who takes a registered model without Patron: whole numbers are numbers, no error shows a row, nothing is pickled."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.registry.mlflow_import import mlflow
from worlds.servers import end, free_port, wait_for

PERSON = "anna@shop.example"
ODD = st.sampled_from(
    [
        PERSON,
        PERSON.encode(),
        [PERSON],
        {PERSON: 1},
        (PERSON,),
        pd.Timestamp("2024-01-01"),
        1j,
        object(),
    ]
)
PERSONS = st.sampled_from([PERSON, [PERSON], {"a": PERSON}, [[PERSON, 1]], [{"a": PERSON}], np.array([[PERSON]])])


@pytest.fixture(scope="module")
def package(trained_job):
    """The folder of the registered champion."""
    return trained_job.champions["churn"].bundle.parents[1]


@pytest.fixture(scope="module")
def model(package):
    """The champion as any consumer loads it, where mlflow may unpickle nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
        yield mlflow().pyfunc.load_model(str(package))


@pytest.fixture(scope="module")
def rows(trained_job) -> pd.DataFrame:
    """Three rows as the model was trained with."""
    return trained_job.today.X.head(3).reset_index(drop=True)


def test_whole_numbers_are_numbers(model, rows):
    floats = rows.assign(orders=[3.0, 5.0, 8.0])
    for kind in ("int64", "int32", "uint8", "Int64", "object"):
        pd.testing.assert_frame_equal(
            model.predict(floats.assign(orders=floats.orders.astype(kind))), model.predict(floats)
        )


@given(odd=ODD, place=st.integers(0, 9), among=st.booleans())
def test_no_error_shows_what_a_row_holds(model, trained_job, rows, odd, place, among):
    column = rows.columns[place]
    values = [rows[column].iloc[0], odd, 1.0] if among else [odd] * 3
    bad = rows.assign(**{column: pd.Series(values, dtype="object")})
    for predict in (model.predict, trained_job.models["churn"].predict):
        with pytest.raises(Exception, match=r".") as refused:
            predict(bad)
        assert PERSON not in f"{refused.value!r}{refused.value.__cause__!r}"
        assert repr(column) in str(refused.value) or "Failed to enforce" in str(refused.value)


@given(PERSONS)
def test_no_error_shows_what_else_than_rows_holds(model, something):
    with pytest.raises(Exception, match=r".") as refused:
        model.predict(something)
    assert PERSON not in f"{refused.value!r}"


def test_nothing_that_is_kept_is_a_pickle_or_of_a_customer(trained_job, package):
    kept = [path for path in (trained_job.settings.root / "mlruns").rglob("*") if path.is_file()]
    assert len(kept) > 10
    assert not [p for p in kept if p.read_bytes()[:1] == b"\x80" or p.suffix in (".pkl", ".pickle", ".joblib")]
    assert not [p for p in package.rglob("*") if p.is_file() and b"cloudpickle" in p.read_bytes()]
    example = json.loads((package / "input_example.json").read_text())
    assert {type(value) for value in example["data"][0]} == {float} and set(example["data"][0]) == {0.0}


def test_mlflow_serves_the_model_and_it_answers_over_http_as_here(package, model, rows, tmp_path):
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(package), "--env-manager", "local"]
    programs = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", f"{port}", "--workers", "1"],
            stdout=log,
            stderr=log,
            process_group=0,
            env={**os.environ, **programs, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )
    try:
        wait_for(f"{address}/ping", server)
        sent = json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split", index=False))})
        asking = Request(f"{address}/invocations", sent.encode(), {"Content-Type": "application/json"})
        with urlopen(asking, timeout=60) as reply:
            answers = pd.DataFrame(json.load(reply)["predictions"])
    finally:
        end(server)
    pd.testing.assert_frame_equal(answers, model.predict(rows), check_exact=False, rtol=1e-9)
