"""Tuning as a verb: budget, nested runs with plots, and what the next training makes of it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from patron.cli import app
from patron.errors import SettingsError
from patron.evaluation import cross_validation
from patron.jobs import VERBS, job_of
from patron.registry import Registry
from patron.settings import load
from worlds.command_line import check_summary

NOW = datetime(2024, 9, 1, tzinfo=UTC)
DATED = """
name = "club"
[panels.members]
path = "members.parquet"
customer = "member"
cutoff = "month"
label = "left"
horizon = "1 month"
[tuning]
minutes = 60
trials = 6
"""
SNAPSHOT = DATED.replace('cutoff = "month"\n', "").replace('"1 month"', "30").replace("club", "line")


def members(count: int = 150, months: int = 5) -> pd.DataFrame:
    """Few visits make leaving likely."""
    rng = np.random.default_rng(0)
    starts = pd.date_range("2024-01-01", periods=months, freq="MS")
    rows = pd.DataFrame({"member": np.tile(np.arange(count), months), "month": np.repeat(starts, count)})
    rows = rows.assign(visits=rng.poisson(4, len(rows)), age=rng.integers(18, 70, len(rows)).astype(float))
    return rows.assign(left=(rng.random(len(rows)) < 1 / (1 + np.exp(1.5 * (rows.visits - 1.0)))).astype(float))


def run(folder: Path, text: str, *verbs: str) -> tuple[list[dict], list[str]]:
    """What the verbs did, and what they said."""
    (folder / "club.toml").write_text(text, encoding="utf-8")
    said: list[str] = []
    job = job_of(load(folder / "club.toml"), NOW, said.append)
    done = [VERBS[verb](job) for verb in verbs]
    for verb, summary in zip(verbs, done, strict=True):
        check_summary(verb, summary)
    return done, said


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    """A club whose trees were tuned, and then trained."""
    folder = tmp_path_factory.mktemp("club")
    members().to_parquet(folder / "members.parquet")
    (tuned, trained), said = run(folder, DATED, "tune", "train")
    return folder, tuned, trained, "\n".join(said)


def test_a_study_is_a_run_with_plots_and_each_trial_a_run_below_it(club):
    from patron.registry.mlflow_import import mlflow

    folder, tuned, _, _ = club
    study = tuned["studies"]["churn"]
    client = mlflow().MlflowClient(Registry.at(folder).tracking_uri)
    parent = client.get_run(study["run"])
    below = client.search_runs(
        [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{study['run']}'", max_results=100
    )
    assert len(below) == study["trials"] == 6
    assert {"num_leaves", "learning_rate"} < set(below[0].data.params)
    assert parent.data.metrics["rolling.log_loss"] == pytest.approx(study["tuned"])
    plots = {artifact.path for artifact in client.list_artifacts(study["run"])}
    assert {"tuning_history.svg", "tuning_folds.svg", "tuning_slice.svg", "tuned.json"} <= plots
    artifacts = Path(parent.info.artifact_uri.removeprefix("file://"))
    assert "<svg" in (artifacts / "tuning_history.svg").read_text(encoding="utf-8")


def test_the_next_training_judges_what_was_tuned_and_says_whether_it_was_worth_it(club):
    folder, tuned, _, said = club
    assert tuned["studies"]["churn"]["tuned"] <= tuned["studies"]["churn"]["untuned"]
    assert "tuning    churn: the best of 6 trials is a candidate" in said
    card = json.loads((folder / "patron-out" / "club" / "card_churn.json").read_text())
    assert "tuned" in card["measured"]
    worth = "tuning was not worth it: tuned lowers" in card["reason"] or card["champion"] == "tuned"
    assert worth
    assert card["reason"] in said


def test_tuning_goes_on_with_the_trials_that_are_there(club):
    folder, _, _, _ = club
    (again,), said = run(folder, DATED.replace("trials = 6", "trials = 7"), "tune")
    assert again["studies"]["churn"]["trials"] == 7
    assert any("goes on with the trials that are there" in sentence for sentence in said)


def test_tuning_does_not_wait_for_a_run_that_writes_results(club):
    folder, _, _, _ = club
    (folder / "club.toml").write_text(DATED, encoding="utf-8")
    with FileLock(folder / "patron-out" / "club" / ".lock"):
        result = CliRunner().invoke(app, ["tune", str(folder / "club.toml")])
    assert result.exit_code == 0, result.output
    assert "trials, " in result.output


def test_what_was_tuned_for_another_horizon_is_left_out_with_the_difference(club):
    folder, _, _, _ = club
    _, said = run(folder, DATED.replace('"1 month"', "20"), "train")
    left_out = next(sentence for sentence in said if sentence.startswith("tuning "))
    assert re.search(r"left out, as it was of another question \(horizon .*asked 20.*\); patron tune", left_out)


def test_what_cannot_be_read_is_refused_with_the_line_that_goes_on_without_it(club):
    folder, _, _, _ = club
    path = folder / "mlruns" / "tuning" / "club-churn.json"
    kept = path.read_text()
    path.write_text("{")
    with pytest.raises(SettingsError, match=r"cannot be read from club-churn\.json .* rm .*club-churn\.json"):
        run(folder, DATED, "train")
    path.write_text(kept)


def test_rows_without_dates_are_tuned_by_customer_and_the_card_says_what_that_means(tmp_path, monkeypatch):
    monkeypatch.setattr(cross_validation, "REPEATS", 1)
    members(300, 1).drop(columns="month").to_parquet(tmp_path / "members.parquet")
    (tuned, _), _ = run(tmp_path, SNAPSHOT.replace("trials = 6", "trials = 2"), "tune", "train")
    assert tuned["studies"]["churn"]["trials"] == 2
    card = json.loads((tmp_path / "patron-out" / "line" / "card_churn.json").read_text())
    assert "tuned" in card["measured"]
    assert any("a little too good" in why for why in card["beware"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("minutes = 0", r"\[tuning\] minutes must be a number of minutes above 0, got number 0. .*minutes = 10"),
        ("trials = 0", r"\[tuning\] trials must be a whole number, 1 or more, got number 0"),
        ("hours = 1", r"\[tuning\] has no key 'hours'.*It knows: minutes, trials"),
    ],
)
def test_a_budget_of_nothing_is_refused_with_its_line(tmp_path, line, words):
    text = DATED[: DATED.index("minutes")] + line
    with pytest.raises(SettingsError, match=words):
        run(tmp_path, text)
