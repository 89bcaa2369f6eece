"""Drifting: a night whose customers are as they were says so; past scores are judged by what came true of them."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.conftest import SETTINGS
from patron.jobs import Job, drift, score
from patron.registry import Registry
from worlds.command_line import check_summary, patron


def at(job: Job, days: int) -> Job:
    """Return the same work so many days before its tables end."""
    cutoff = job.history.ends - timedelta(days=days)
    return Job(replace(job.settings, score_at=cutoff), job.now)


@pytest.fixture(scope="module")
def summary(trained_job, tmp_path_factory):
    out = tmp_path_factory.mktemp("drift")
    job = Job(replace(trained_job.settings, out=out), trained_job.now)
    score(at(job, 40))
    outcome = drift(at(job, 1))
    check_summary("drift", outcome)
    return outcome


def test_past_scores_are_judged_once_their_horizon_has_passed(summary):
    figures = {figure["figure"]: figure for figure in summary["realised"]}
    assert set(figures) == {"AUC", "log loss", "bias"}
    assert figures["AUC"]["card"]["low"] <= figures["AUC"]["card"]["value"] <= figures["AUC"]["card"]["high"]
    assert figures["AUC"]["customers"] > 30
    assert summary["beyond"] == (summary["kind"] != "none")


def test_the_page_and_the_json_say_the_same_and_show_no_key(summary):
    page, plain = (Path(path).read_text(encoding="utf-8") for path in summary["files"])
    assert summary["words"] in page
    assert json.loads(plain)["kind"] == summary["kind"]
    assert not [key for key in (f"c{number}" for number in range(80)) if f">{key}<" in page]


def test_tables_that_lost_rows_are_a_source_that_broke_and_exit_code_5(trained_job, tmp_path):
    folder = shutil.copytree(trained_job.settings.root, tmp_path / "kiosk")
    Registry.relocate(folder)
    (folder / "kiosk.toml").write_text(SETTINGS, encoding="utf-8")
    lines = (folder / "orders.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "orders.csv").write_text("".join(lines[:1] + lines[1::4]), encoding="utf-8")
    outcome = patron("drift", folder / "kiosk.toml")
    assert outcome.exit_code == 5
    assert "Drift beyond the limits: A source broke. What to do: check the source" in outcome.output
    assert "load the table whole" in (folder / "patron-out" / "kiosk" / "drift.html").read_text(encoding="utf-8")
