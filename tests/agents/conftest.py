"""What the verbs of a small business left, written by hand: three customers, of whom one gets an offer."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from patron.agents.results import Results
from patron.scoring.partitions import MANIFEST, Manifest, folder_of, part_name, write_part

CUTOFF = datetime(2024, 1, 1)
KEYS = ["key-ann", "key-bob", "key-cid"]


@pytest.fixture
def results(tmp_path) -> Results:
    """Return the results of the shop, which have no card and no drift."""
    out = tmp_path / "patron-out" / "shop"
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "pseudonyms.key").write_text("0123456789abcdef" * 2)
    write_scores(out, pd.DataFrame({"customer": KEYS, "churn_probability": [0.5, 0.9, 0.1], "value": [100.0, 20, 30]}))
    rows = {"customer": ["key-ann", "key-ann", "key-bob"], "cutoff": CUTOFF, "rank": [1, 2, 1], "text": ["a", "b", "c"]}
    pd.DataFrame(rows).to_parquet(out / "drivers.parquet")
    plan = {"customer": ["key-ann", "key-bob"], "cutoff": CUTOFF, "group": ["treat", "control"], "offer": "call"}
    sums = {"cost": [4.0, 4.0], "expected_gain": [6.0, 5.0], "gain_low": [1.0, 0.5], "gain_high": [9.0, 8.0]}
    pd.DataFrame(plan | sums | {"evidence": "assumed"}).to_parquet(out / "decisions.parquet")
    return Results.at(out)


def write_scores(out: Path, scores: pd.DataFrame) -> None:
    folder = folder_of(out / "scores.parquet", CUTOFF)
    folder.mkdir(parents=True)
    part = {"file": part_name(0), "rows": len(scores), "sha256": write_part(scores, folder / part_name(0))}
    models = {"churn": {"name": "shop-churn", "version": "1", "run": "r1"}}
    manifest = Manifest("run", CUTOFF.isoformat(), CUTOFF.isoformat(), {"models": models}, "", "", 3, [part], [])
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest)))
