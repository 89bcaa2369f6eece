"""Panels from a settings file: the whole way by the verbs, dated and not, and what is missing told with its mend."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError, SettingsError
from patron.jobs import VERBS, event_answers, explain_against, job_of
from patron.registry import Registry
from patron.scoring.partitions import read_scores
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
value = "fee"
duplicates = "sum"
"""
SNAPSHOT = """
name = "line"
[panels.customers]
path = "members.parquet"
customer = "member"
label = "left"
left = "Yes"
horizon = 30
"""
OFFERS = """
[decisions]
budget = 40.0
[offers.call]
contact_cost = 1.0
effect = 0.2
"""


def members(count: int = 260, months: int = 6) -> pd.DataFrame:
    """Few visits make leaving likely; the last month has no label yet, and who left has the year of it on all rows."""
    rng = np.random.default_rng(0)
    starts = pd.date_range("2024-01-01", periods=months, freq="MS")
    rows = pd.DataFrame({"member": np.tile(np.arange(count), months), "month": np.repeat(starts, count)})
    rows = rows.assign(visits=rng.poisson(4, len(rows)), age=rng.integers(18, 70, len(rows)).astype(float), fee=30.0)
    left = rng.random(len(rows)) < 1 / (1 + np.exp(1.5 * (rows.visits - 1.0)))
    ever = left.groupby(rows.member).transform("max")
    rows = rows.assign(left=left.astype(float), cancel_year=np.where(ever, 2024.0, np.nan))
    rows.loc[rows.month == starts[-1], "left"] = np.nan
    rows.loc[3, "age"] = 150.0
    return pd.concat([rows, rows.iloc[[10]].assign(visits=1)], ignore_index=True)


def run(folder: Path, text: str, rows: pd.DataFrame, *verbs: str) -> tuple[list[dict], list[str]]:
    """Run verbs on a settings file, and return what they did and said."""
    rows.to_parquet(folder / "members.parquet")
    (folder / "club.toml").write_text(text)
    said: list[str] = []
    done = [VERBS[verb](job_of(load(folder / "club.toml"), NOW, said.append)) for verb in verbs]
    for verb, summary in zip(verbs, done, strict=True):
        check_summary(verb, summary)
    return done, said


@pytest.fixture(scope="module")
def club(tmp_path_factory) -> tuple[Path, list[dict], list[str]]:
    folder = tmp_path_factory.mktemp("club")
    verbs = ("check", "train", "backtest", "score", "explain", "decide", "report")
    done, said = run(folder, DATED + OFFERS, members(), *verbs)
    return folder, done, said


def test_rows_of_today_are_held_against_training_where_there_are_no_events(club):
    folder, _, _ = club
    (summary,), _ = run(folder, DATED + OFFERS, members(), "drift")
    assert {drift["beside"] for drift in summary["drifts"]} == {"training"}
    assert summary["realised"] == []


def test_a_panel_goes_the_whole_way_and_its_model_is_registered_like_any_other(club):
    folder, done, _ = club
    assert Registry.at(folder).champion("club-churn").version == "1"
    scores = read_scores(folder / "patron-out/club")
    assert len(scores) == 260
    assert set(scores.cutoff) == {pd.Timestamp("2024-06-01")}
    assert (scores.value == 30.0).all()
    assert done[3]["customers"] == 260
    assert sum(pd.read_parquet(folder / "patron-out/club/decisions.parquet").cost) <= 40.0
    assert all(Path(file).exists() for summary in done for file in summary["files"])


def test_a_panel_in_parts_is_scored_as_at_once_to_the_last_byte(club, monkeypatch):
    folder, _, _ = club
    whole = read_scores(folder / "patron-out/club")
    settings = replace(load(folder / "club.toml"), out=folder / "parts")
    monkeypatch.setattr(event_answers, "PART_ROWS", 100)
    run = job_of(settings, NOW).scored
    assert [part["rows"] for part in run.manifest.parts] == [100, 100, 60]
    pd.testing.assert_frame_equal(read_scores(settings.out), whole, check_exact=True)
    assert run.rows(0).key.customer.is_unique
    assert sorted(key for part in run.score_parts(["customer"]) for key in part.customer) == whole.customer.tolist()


def test_its_faults_stand_in_the_check_and_on_the_card(club):
    folder, done, said = club
    card = json.loads((folder / "patron-out/club/card_churn.json").read_text())
    assert any(line.startswith("cancel_year tells the end") for line in done[0]["cautions"])
    assert any(line.startswith("cancel_year tells the end") for line in card["beware"])
    assert "cancel_year" not in card["suspects"]
    assert "1 of 1,560 values of age cannot be (below 0 or above 120) and are unknown" in card["beware"]
    spoken = "\n".join(said)
    assert 'keep = ["cancel_year"]' in spoken
    assert "visits added up" in spoken
    page = (folder / "patron-out/club/check.html").read_text()
    assert "cancel_year" in page
    assert "limits = { age" in page


def test_cutoffs_that_nobody_chose_are_used_in_their_order(club):
    _, _, said = club
    line = next(line for line in said if line.startswith("cutoffs"))
    assert line == "cutoffs   train: 2024-01-01, 2024-02-01, 2024-03-01; valid: 2024-04-01; test: 2024-05-01"


def test_levers_of_the_settings_count_without_training_and_a_measure_that_is_none_is_refused(club):
    folder, done, _ = club
    levers = '[levers]\nvisits = "an invitation"\n'
    (summary,), said = run(folder, DATED + OFFERS + levers, members(), "explain")
    reasons = pd.read_parquet(folder / "patron-out/club/drivers.parquet")
    of_visits = reasons.feature == "visits"
    assert set(reasons.lever[of_visits]) == {"an invitation"}
    assert set(reasons.evidence[of_visits]) == {"association, lever untested"}
    assert set(reasons.lever[~of_visits]) <= {""}
    assert (done[4]["of_levers"], summary["of_levers"]) == (0, of_visits.sum())
    assert any(line.endswith("can be acted on: an invitation; none is tested") for line in said)
    with pytest.raises(SettingsError, match=r"names 'visit', .* Did you mean 'visits'\?"):
        run(folder, DATED + OFFERS + levers.replace("visits", "visit"), members(), "explain")


def test_the_customers_of_today_are_told_beside_those_of_an_earlier_cutoff_of_the_panel(club):
    folder, _, _ = club
    job = job_of(load(folder / "club.toml"), NOW)
    summary = explain_against(job, "2024-03-01")
    assert (summary["customers"], summary["others"]) == (260, 260)
    assert summary["answer"] == pytest.approx(job.scores.churn_probability.mean())
    assert "1\N{NO-BREAK SPACE}Mar\N{NO-BREAK SPACE}2024" in Path(summary["files"][0]).read_text()
    with pytest.raises(QuestionError, match="no rows at the cutoff 2024-03-02"):
        explain_against(job, "2024-03-02")


def test_who_is_to_be_scored_has_no_label_and_where_all_have_one_a_past_cutoff_is_named(club, tmp_path):
    with pytest.raises(QuestionError, match=r"no rows without a label.*\[cutoffs\] score = \"2024-05-01\""):
        run(tmp_path, DATED, members().dropna(subset=["left"]), "train", "score")


def test_without_a_value_decisions_name_the_column_and_the_number_that_would_say_it(tmp_path):
    with pytest.raises(SettingsError, match=r"value = \"monthly_fee\" below \[panels.members\]"):
        run(tmp_path, DATED.replace('value = "fee"', "") + OFFERS, members(), "decide")


def test_rows_without_dates_go_the_whole_way_and_every_place_says_what_nobody_can_check(tmp_path):
    rows = members(300, 1).drop(columns=["month", "cancel_year"]).drop_duplicates("member")
    rng = np.random.default_rng(1)
    gone = rng.random(300) < 1 / (1 + np.exp(1.5 * (rows.visits - 1.0)))
    rows["left"] = np.where(np.arange(300) < 250, np.where(gone, "Yes", "No"), None)
    verbs = ("check", "train", "backtest", "score", "explain", "report")
    done, said = run(tmp_path, SNAPSHOT, rows, *verbs)
    out = tmp_path / "patron-out/line"
    assert len(pd.read_parquet(out / "scores.parquet")) == 50
    card = json.loads((out / "card_churn.json").read_text())
    assert card["customers"] == 250
    assert card["rows"] == 5 * 250
    assert "the rows have no dates" in card["beware"][0]
    assert any("the rows have no dates" in line for line in said)
    for page in ("check.html", "backtest.html", "report.html"):
        assert "have no dates" in (out / page).read_text()
    assert done[1]["models"]["churn"]["candidate"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('[tables.orders]\npath = "o.csv"\n', r"\[tables\] does not go with \[panels.members\]"),
        ("[questions]\nchurn = { horizon = 30 }\n", r"\[questions\] does not go with \[panels.members\]"),
        (
            '[panels.b]\npath = "b.csv"\ncustomer = "c"\nlabel = "l"\nhorizon = 3\n',
            r"\[panels\] needs one panel, got 2",
        ),
    ],
)
def test_what_does_not_go_with_a_panel_is_refused(tmp_path, change, message):
    (tmp_path / "club.toml").write_text(DATED + change)
    with pytest.raises(SettingsError, match=message):
        load(tmp_path / "club.toml")


def test_rows_without_a_column_of_customers_are_customers_by_their_number(tmp_path):
    members(30, 1).drop(columns="member").to_parquet(tmp_path / "members.parquet")
    (tmp_path / "line.toml").write_text(SNAPSHOT.replace('customer = "member"', "").replace("Yes", "1"))
    opened = load(tmp_path / "line.toml").panels["customers"].open("customers", NOW.replace(tzinfo=None))
    assert sorted(map(int, opened.panel.key.customer)) == list(range(1, 32))
    (tmp_path / "club.toml").write_text(DATED.replace('customer = "member"', ""))
    with pytest.raises(SettingsError, match=r"\[panels.members\] has a cutoff and no customer"):
        load(tmp_path / "club.toml")


def test_cutoffs_need_dates(tmp_path):
    (tmp_path / "line.toml").write_text(
        SNAPSHOT + '[cutoffs]\ntrain = "2024-01-01"\nvalid = "2024-03-01"\ntest = "2024-05-01"\n'
    )
    with pytest.raises(SettingsError, match=r"\[panels.customers\] names none. Name their column"):
        load(tmp_path / "line.toml")


def test_a_key_that_a_panel_does_not_know_is_told_with_its_line(tmp_path):
    (tmp_path / "club.toml").write_text(DATED + 'cutof = "month"\n')
    with pytest.raises(SettingsError, match=r"line 11: \[panels.members\] has no key 'cutof'"):
        load(tmp_path / "club.toml")
