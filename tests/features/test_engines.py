"""Every engine: histories of the tests of features are opened by the engine that these run on."""

import pandas as pd

from worlds import engines
from worlds.histories import history_of, small


def test_each_history_of_the_tests_is_opened_by_the_engine_that_runs(monkeypatch):
    frames: list[pd.DataFrame] = []
    monkeypatch.setattr(engines, "ENGINES", {"counting": lambda frame: frames.append(frame) or frame})
    with engines.running("counting"):
        small(("a", "2024-05-01", 5.0))
        history_of([("a", "2024-05-01", 5.0)], returns=[("a", "2024-05-02", 1.0)] * 2)
    assert [len(frame) for frame in frames] == [1, 1, 2]


def test_the_engine_is_named_by_the_fixture(engine, request):
    assert request.node.callspec.params["engine"] in engines.ENGINES
    assert engine is engines.open_frame
