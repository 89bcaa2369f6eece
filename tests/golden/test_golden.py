"""The answers of two real businesses stay what they were, until a commit says which figure changes and why."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from golden.summary import summary
from patron.jobs import Job, decide, explain, score, train
from patron.jobs.demo import settings as demo
from patron.settings import load

HERE = Path(__file__).parent
CDNOW = HERE.parents[2] / "shared" / "data" / "cdnow_tenth_events.parquet"
CLOSE = 1e-9  # another processor adds up in another order


def answered(settings):
    job = Job(settings, datetime(2026, 1, 1))
    for verb in (train, score, explain, decide):
        verb(job)
    return summary(settings.out)


def differences(golden, now, where=""):
    """Each place where two summaries differ, with both values."""
    if isinstance(golden, dict) and isinstance(now, dict):
        both = {*golden, *now}
        return [d for key in sorted(both) for d in differences(golden.get(key), now.get(key), f"{where}/{key}")]
    if isinstance(golden, list) and isinstance(now, list) and len(golden) == len(now):
        pairs = enumerate(zip(golden, now, strict=True))
        return [d for i, (old, new) in pairs for d in differences(old, new, f"{where}/{i}")]
    if isinstance(golden, float) and isinstance(now, float):
        return [] if now == pytest.approx(golden, rel=CLOSE, abs=CLOSE) else [(where, golden, now)]
    return [] if golden == now else [(where, golden, now)]


def an_eighth(settings):
    """Settings of the same tables with every eighth of their customers."""
    tables = {}
    for name, table in settings.tables.items():
        rows = pd.read_parquet(table.path)
        path = settings.root / f"{name}.parquet"
        rows[rows[table.roles["customer"]].astype(int) % 8 == 0].to_parquet(path, index=False)
        tables[name] = replace(table, path=path)
    return replace(settings, tables=tables)


def test_the_demo_answers_decides_and_measures_as_before(tmp_path):
    assert differences(json.loads((HERE / "online-retail.json").read_text()), answered(an_eighth(demo(tmp_path)))) == []


@pytest.mark.skipif(not CDNOW.exists(), reason="the data sets are not beside the repository")
def test_cdnow_is_answered_decided_and_measured_as_before(tmp_path):
    file = tmp_path / "cdnow.toml"
    file.write_text((HERE / "cdnow.toml").read_text().replace("EVENTS", str(CDNOW)))
    assert differences(json.loads((HERE / "cdnow.json").read_text()), answered(load(file))) == []


def test_a_golden_sees_one_customer_who_changes_and_two_who_swap():
    table = {"rows": 2, "score": [0, 0.5, 0.75]}
    assert differences({"t": table}, {"t": {**table, "score": [0, 0.5 + 1e-6, 0.75]}}) == [
        ("/t/score/1", 0.5, 0.5 + 1e-6)
    ]
    assert differences({"t": table}, {"t": {**table, "score": [0, 0.5, 0.7]}}) == [("/t/score/2", 0.75, 0.7)]
