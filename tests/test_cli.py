"""The command line, as a scheduler and a newcomer meet it."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from patron import cli, jobs
from patron.cli import local_verbs
from patron.errors import LockError, QuestionError
from patron.evaluation.cards import Card
from patron.jobs import Job, alone, backtest, champions_alone, train, training
from patron.periods import Split
from patron.scoring.partitions import LINEAGE, Manifest, read_scores
from patron.settings import load
from worlds.command_line import patron
from worlds.stopping_customers import purchases

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = """
name = "kiosk"
[tables.orders]
path = "orders.csv"
customer = "client"
at = "when"
amount = "paid"
[questions]
churn = { horizon = 60 }
next_purchase = { horizon = 60, within = [30] }
tier = { horizon = 60 }
[costs]
margin_rate = 0.4
[cutoffs]
train = ["2023-05-01", "2023-07-01"]
valid = "2023-09-01"
test = "2023-11-01"
[decisions]
budget = 40
[offers.call]
contact_cost = 1.0
effect = 0.5
[crm.hubspot]
key = "shop_id"
"""
TESTED = """
name = "tested"
[tables.orders]
path = "orders.csv"
customer = "client"
at = "when"
[questions]
churn = { horizon = 60 }
[cutoffs]
train = ["2023-05-01", "2023-07-01"]
valid = "2023-09-01"
test = "2023-11-01"
"""


def orders(customers: int = 150) -> pd.DataFrame:
    """Customers who buy every few weeks until they stop; some return a purchase."""
    made = purchases(customers, datetime(2024, 1, 1), "guest-{:03d}")
    return pd.DataFrame(made, columns=["client", "when", "paid"])


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory) -> Path:
    """A small business that has gone the whole way once."""
    folder = tmp_path_factory.mktemp("kiosk")
    orders().to_csv(folder / "orders.csv", index=False)
    (folder / "kiosk.toml").write_text(SETTINGS)
    for verb in ("train", "score", "explain", "decide", "report"):
        result = patron(verb, folder / "kiosk.toml")
        assert result.exit_code == 0, result.output
    return folder


def changed(folder: Path, old: str, new: str) -> Path:
    """The settings with one thing changed."""
    assert old in SETTINGS
    path = folder / f"changed{abs(hash(new))}.toml"
    path.write_text(SETTINGS.replace(old, new))
    return path


def test_what_a_crm_imports_has_every_scored_customer_and_the_offers_of_the_decisions(kiosk):
    out = kiosk / "patron-out" / "kiosk"
    table, decisions = pd.read_csv(out / "crm_hubspot.csv", dtype=str), pd.read_parquet(out / "decisions.parquet")
    assert sorted(table.shop_id) == sorted(pd.read_parquet(out / "scores.parquet").customer)
    offered = table[table.patron_offer == "call"].shop_id
    assert sorted(offered) == sorted(decisions[decisions.group == "treat"].customer)


def test_beside_the_scores_stands_what_the_models_should_reach_on_them_and_what_their_cards_say(kiosk):
    out = kiosk / "patron-out" / "kiosk"
    expected = Manifest.of(next((out / "scores.parquet").iterdir())).expected
    card = json.loads((out / "card_churn.json").read_text())
    scores = pd.read_parquet(out / "scores.parquet")
    figures = expected["churn"]
    assert figures["AUC"]["card"] == pytest.approx(card["measured"][card["champion"]]["AUC"]["value"], abs=1e-6)
    assert figures["rate"]["value"] == pytest.approx(scores.churn_probability.mean(), abs=1e-6)
    assert figures["Brier"]["low"] < figures["Brier"]["value"] < figures["Brier"]["high"]
    assert [line["contacted"] for line in figures["lift"]] == pytest.approx([n / 10 for n in range(1, 11)])
    assert set(expected["tier"]) == {"accuracy", "quadratic kappa", "lift"}


def test_the_manifest_tells_which_features_moved_the_answers_those_first_that_moved_them_most(kiosk):
    shifts = Manifest.of(next((kiosk / "patron-out" / "kiosk" / "scores.parquet").iterdir())).shifts
    assert {"churn", "next_purchase"} >= {shift["question"] for shift in shifts} - {"tier"}
    moved = [shift["moved"] for shift in shifts]
    assert moved == sorted(moved, reverse=True)
    assert "tenure" in {shift["feature"] for shift in shifts}  # months after training all are known longer


def test_tables_that_are_not_as_in_training_are_refused_before_they_are_scored(kiosk):
    table = orders()
    table["paid"] *= (table.when >= "2023-11-15").map({True: 100, False: 1})
    table.to_csv(kiosk / "cents.csv", index=False)
    result = patron("score", changed(kiosk, "orders.csv", "cents.csv"))
    assert result.exit_code == 3
    assert re.search(
        r"in one way .*:\n  orders\.amount: .* of the last 28 days are above .* same unit\)\n", result.output
    )
    assert '[contract] range = "soft"' in result.output


def test_rows_that_cannot_be_used_are_refused_or_kept_apart_as_the_command_says(kiosk):
    pd.concat([orders(), pd.DataFrame({"client": ["guest-x"], "paid": [1.0]})]).to_csv(kiosk / "bad.csv", index=False)
    path = changed(
        kiosk, 'name = "kiosk"\n[tables.orders]\npath = "orders.csv"', 'name = "bad"\n[tables.orders]\npath = "bad.csv"'
    )
    refused = patron("check", path, "--on-bad-rows", "fail")
    assert (refused.exit_code, "orders: 1 with no time" in refused.output) == (3, True)
    lines = patron("check", path, "--on-bad-rows=quarantine", "--json").output.splitlines()
    summary = json.loads(next(line for line in lines if line.startswith("{")))
    counts = summary["quarantine"]["rows"]["orders"]
    assert counts["read"] == counts["used"] + counts["quarantine"]
    assert (counts["quarantine"], summary["quarantine"]["customers"]) == (1, 1)
    assert patron("check", path, "--on-bad-rows", "drop").exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('customer = "client"', 'customer = "klient"', 3, "lacks the column 'klient'"),
        ('path = "orders.csv"', 'path = "nothing.csv"', 3, "There is no file"),
        ("budget = 40", "budgte = 40", 2, "line 19: [decisions] has no key 'budgte'. Did you mean 'budget'?"),
        ('["2023-05-01"', '["2021-05-01"', 2, "The cutoff 2021-05-01 lies outside the history"),
        ('test = "2023-11-01"', 'test = "2023-12-01"', 2, "looks 60 days ahead, to 2024-01-30, but the history ends"),
        ('valid = "2023-09-01"', 'valid = "2023-08-01"', 2, "Labels of the train cutoff 2023-07-01 end 2023-08-30"),
        ("margin_rate = 0.4", "", 2, "margin"),
        ('amount = "paid"', "", 2, "amount"),
        ('name = "kiosk"', 'name = "other"', 4, "There is no model 'other-churn'"),
    ],
)
def test_a_mistake_ends_in_a_sentence_and_an_exit_code(kiosk, old, new, code, said):
    verb = "score" if code == 4 else "train"
    result = patron(verb, changed(kiosk, old, new))
    assert result.exit_code == code
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (orders().head(0), "has no row to use, of 0 read"),
        (orders().assign(when="soon"), "cannot be read as a time"),
        (orders().assign(client=None), "have no customer"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_as_data(kiosk, rows, said):
    rows.to_parquet(kiosk / "bad.parquet")
    result = patron("check", changed(kiosk, "orders.csv", "bad.parquet"))
    assert result.exit_code == 3
    assert said in result.output


def test_one_single_customer_is_too_little_to_learn_from(kiosk):
    orders(1).assign(client="c").to_csv(kiosk / "lonely.csv", index=False)
    result = patron("train", changed(kiosk, "orders.csv", "lonely.csv"))
    assert result.exit_code in (2, 3)
    assert "Traceback" not in result.output


def test_rows_without_a_customer_are_set_aside_and_counted(kiosk):
    some = orders()
    some.loc[:6, "client"] = None
    some.to_csv(kiosk / "nameless.csv", index=False)
    result = patron("check", changed(kiosk, "orders.csv", "nameless.csv"))
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    starts = (f"read {len(some):,}", "set aside 7 no customer", f"used {len(some) - 7:,} ")
    assert [start for start in starts if not any(line.startswith(start) for line in lines)] == []


def test_a_model_is_not_asked_without_a_feature_of_its_training(kiosk):
    without = SETTINGS.replace('amount = "paid"\n', "").replace("tier = { horizon = 60 }\n", "")
    path = kiosk / "without.toml"
    path.write_text(
        without.replace("[costs]\nmargin_rate = 0.4\n", "").replace("budget = 40", "budget = 40\nvalue = 9")
    )
    result = patron("score", path)
    assert result.exit_code == 3
    assert "orders.amount: the column is gone; in training a number" in result.output
    path.write_text(path.read_text() + '[contract]\ncolumns = "soft"\n')
    result = patron("score", path)
    assert result.exit_code == 3
    assert "was trained on" in result.output
    assert "spend" in result.output


def test_a_second_run_waits_for_nobody_and_says_so(kiosk):
    with FileLock(kiosk / "patron-out" / "kiosk" / ".lock"):
        result = patron("score", kiosk / "kiosk.toml")
    assert result.exit_code == 6
    assert "Another run is writing to 'kiosk'" in result.output


@pytest.mark.parametrize("verb", ["check", "decide", "report"])
def test_for_machines_what_was_done_is_one_json_object_on_stdout_alone(kiosk, verb):
    ended = patron(verb, kiosk / "kiosk.toml", "--json")
    done = json.loads(ended.stdout)
    assert (ended.exit_code, done["verb"]) == (0, verb)
    assert all(Path(file).exists() for file in done["files"])
    assert ("reading   orders from orders.csv (0.1 MB)" in ended.stderr.splitlines()[0]) == (verb == "check")
    assert ("history   orders\n                    read " in ended.stderr) == (verb == "check")
    assert not [customer for customer in orders().client.unique() if customer in ended.stdout]


@pytest.mark.parametrize("verb", ["explain", "drift", "run"])
def test_what_is_said_to_machines_fits_the_schema_that_is_published(kiosk, verb):
    ended = patron(verb, kiosk / "kiosk.toml", "--json")
    done, published = json.loads(ended.stdout), json.loads(patron("schema", verb).stdout)
    assert (done["verb"], ended.exit_code) == (verb, 5 if done.get("beyond") else 0)
    (first, *_) = published.get("anyOf", [published])
    assert set(done) == set(first["properties"])


def test_an_agent_asks_the_server_of_a_business_everything_and_is_never_given_a_key(kiosk):
    patron("drift", kiosk / "kiosk.toml")
    out = kiosk / "patron-out" / "kiosk"
    serving = ["-c", "from patron.cli import run; run()", "mcp", str(out)]
    server = StdioServerParameters(command=sys.executable, args=serving, env=dict(os.environ))
    tools, texts = anyio.run(conversation, server)
    answers = {name: json.loads(text) for name, text in texts.items() if name != "refused"}
    assert answers["drift_report"]["questions"]["churn"]["action"]
    assert set(answers) == set(tools)
    assert answers["customer_scores"]["churn_probability"] == answers["customers_at_risk"]["customers"][0]["risk"]
    assert answers["plan_summary"]["chosen"] == len(pd.read_parquet(out / "decisions.parquet"))
    assert answers["model_card"]["question"] == "churn"
    champions = {m["name"] for m in answers["model_versions"]["models"] if "champion" in m["aliases"]}
    assert champions == {"kiosk-churn", "kiosk-next_purchase", "kiosk-tier"}
    assert {"auc", "log_loss"} <= set(answers["model_versions"]["models"][0]["figures"])
    assert "Keys are not taken" in texts["refused"]
    assert not [name for name, text in texts.items() if "guest-" in text]


async def conversation(server: StdioServerParameters) -> tuple[list[str], dict[str, str]]:
    """Ask an MCP server for its tools, and each of them about the customer with the highest risk."""
    async with Client(stdio_client(server), mode="legacy") as client:  # its first question waits however busy we are
        listed = [tool.name for tool in (await client.list_tools()).tools]
        first = (await client.call_tool("customers_at_risk", {"limit": 1})).content[0].text
        about = {"pseudonym": json.loads(first)["customers"][0]["pseudonym"]}
        given = {"customer_scores": about, "customer_drivers": about, "model_card": {"question": "churn"}}
        texts = {name: (await client.call_tool(name, given.get(name, {}))).content[0].text for name in listed}
        refused = await client.call_tool("customer_scores", {"pseudonym": "guest-001"})
        return listed, texts | {"refused": refused.content[0].text}


def logged(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_log_for_machines_is_json_alone_and_ends_with_how_the_run_ended(kiosk, tmp_path, place):
    metrics = tmp_path / "kiosk.prom"
    shared = ["--log-json", "--metrics-file", metrics]
    rest = ["check", kiosk / "kiosk.toml"]
    ended = spoken(*(shared + rest if place == "before" else rest + shared))
    lines = logged(ended.stderr)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert {line["verb"] for line in lines} == {"check"}
    assert len({line["run"] for line in lines}) == 1
    assert [line["step"] for line in lines[:2]] == ["reading", "history"]
    assert lines[1]["counts"] == {"read": 1473, "used": 1473, "customers": 150}
    assert (lines[-1]["step"], lines[-1]["status"], lines[-1]["exit_code"]) == ("end", "done", 0)
    assert lines[-1]["business"] == "kiosk"
    assert lines[-1]["peak_memory_mb"] > 50
    assert 'patron_exit_code{verb="check",business="kiosk"} 0' in metrics.read_text()
    assert not [customer for customer in orders().client.unique() if customer in ended.stderr + metrics.read_text()]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["score", "nowhere.toml"], 2, "There is no settings file"),
        (["score"], 2, "Missing argument"),
        (["skore"], 2, "No such command"),
        (["promote", "kiosk-churn", "9"], 4, "There are no models"),
    ],
)
def test_errors_are_lines_of_the_log_too(tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    result = patron(*arguments, "--log-json")
    assert result.exit_code == code
    assert next(said in line["message"] for line in logged(result.output) if line["level"] == "error")


def test_every_verb_ends_with_a_line_on_how_it_ended(kiosk):
    result = patron("promote", "kiosk-churn", "9", "--folder", kiosk)
    assert re.fullmatch(
        r"promote refused: exit code 4 after [\d.]+ s, at most [\d,]+ MB", result.output.splitlines()[-1]
    )
    result = patron("decide", kiosk / "kiosk.toml")
    assert result.output.splitlines()[-1].startswith("decide done: exit code 0 after ")


def test_what_nobody_foresaw_ends_with_the_way_to_it_and_without_values(kiosk, monkeypatch):
    def broken(job):
        raise KeyError("guest-001")

    monkeypatch.setitem(jobs.VERBS, "decide", broken)
    monkeypatch.delenv("PATRON_SHOW_VALUES", raising=False)
    result = patron("decide", kiosk / "kiosk.toml")
    assert result.exit_code == 1
    assert "KeyError" in result.output
    assert "Traceback" in result.output
    assert 'raise KeyError("guest-001")' in result.output
    assert "guest-001" not in result.output.replace('raise KeyError("guest-001")', "")


def test_a_folder_without_models_is_told_and_left_as_it_is(tmp_path):
    result = patron("promote", "kiosk-churn", "1", "--folder", tmp_path)
    assert result.exit_code == 4
    assert f"There are no models in '{tmp_path.name}'" in result.output
    assert not list(tmp_path.iterdir())


def test_a_run_that_a_scheduler_ends_leaves_no_files_behind(monkeypatch, tmp_path):
    def work():
        with TemporaryDirectory(dir=tmp_path):
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(cli.running, "app", work)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (ended.value.code, list(tmp_path.iterdir())) == (143, [])


def without_offers(folder: Path) -> Path:
    """The settings as patron init leaves them: nothing is offered to anybody."""
    path = folder / "offerless.toml"
    path.write_text(SETTINGS[: SETTINGS.index("[decisions]")], encoding="utf-8")
    return path


def test_decisions_without_an_offer_are_refused_in_the_words_of_settings(kiosk):
    refused = patron("decide", without_offers(kiosk))
    assert refused.exit_code == 2
    assert "in a settings file [offers.call] with contact_cost = 4.0" in refused.output
    assert "today " not in refused.output


def test_without_an_offer_the_report_is_made_and_decides_nothing(kiosk):
    assert patron("report", without_offers(kiosk)).exit_code == 0
    page = (kiosk / "patron-out" / "kiosk" / "report.html").read_text()
    assert "who may leave, and why" in page
    assert "No offer is set" in page
    assert not [part for part in ("Treat ", "expected gain", "The decision list") if part in page]
    assert patron("report", kiosk / "kiosk.toml").exit_code == 0


def test_tiers_that_prices_cannot_tell_apart_are_refused_before_any_question_is_trained(kiosk, monkeypatch):
    monkeypatch.setattr(training, "fit", lambda *asked: pytest.fail("trained"))
    days = [(c, d) for c in range(80) for d in range(c, 365 if c % 2 else 180, 20)]
    fixed = [(f"guest-{c:03d}", datetime(2023, 1, 1) + timedelta(days=d), 10.0) for c, d in days]
    pd.DataFrame(fixed, columns=["client", "when", "paid"]).to_csv(kiosk / "fixed.csv", index=False)
    refused = patron("train", changed(kiosk, "orders.csv", "fixed.csv"))
    assert refused.exit_code == 2
    assert "would be empty" in refused.output
    assert "[questions.tier] thresholds" in refused.output


@pytest.mark.parametrize("verb", [("promote", "kiosk-churn", "1"), ("rollback", "kiosk-churn")])
def test_champions_are_not_changed_by_hand_while_a_training_is_about_to(kiosk, verb):
    with champions_alone(kiosk, "kiosk"):
        refused = patron(*verb, "--folder", kiosk)
    assert refused.exit_code == 6
    assert "The models of 'kiosk' are being trained or promoted by another run" in refused.output


def test_a_training_holds_the_lock_of_its_champions(kiosk):
    with champions_alone(kiosk, "kiosk"), pytest.raises(LockError, match="being trained or promoted"):
        train(Job(load(kiosk / "kiosk.toml"), NOW))


def test_what_a_killed_run_set_aside_goes_when_the_next_one_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with alone(tmp_path / "shop"):
        left = Path(tempfile.mkdtemp()).parent
    (left / "patron-events").mkdir(parents=True)
    with alone(tmp_path / "other"):
        assert left.exists()
    with alone(tmp_path / "shop"):
        assert not left.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('test = "2023-11-01"', 'test = "2023-12-01"', "the history ends"),
        (
            'train = ["2023-05-01"',
            'train = ["2023-01-01"',
            "no event is known before it. The first event is of 2023-01-01",
        ),
    ],
)
def test_checking_refuses_the_cutoffs_that_training_would_refuse(kiosk, old, new, said):
    result = patron("check", changed(kiosk, old, new))
    assert result.exit_code == 2
    assert said in result.output


def test_a_training_tells_machines_its_versions_figures_and_files(twice):
    folder, done = twice
    assert {m["name"] for m in done["models"].values()} == {"kiosk-churn", "kiosk-next_purchase", "kiosk-tier"}
    assert 0 < done["models"]["churn"]["figures"]["AUC"]["value"] < 1
    assert done["tables"][0]["read"] == done["tables"][0]["used"] == len(orders())
    scored = json.loads(patron("score", folder / "kiosk.toml", "--json").stdout)
    assert scored["versions"] == {name: m["version"] for name, m in done["models"].items()}
    assert scored["customers"] == 150


def test_a_mistake_leaves_nothing_on_stdout_for_machines(kiosk):
    ended = spoken("check", changed(kiosk, "orders.csv", "nothing.csv"), "--json")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "There is no file" in ended.stderr


def spoken(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with what it says on each way out."""
    command = [sys.executable, "-c", "from patron.cli import run; run()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_champion_is_changed_and_changed_back_by_hand_with_a_line_in_the_log(twice):
    registry = Job(load(twice[0] / "kiosk.toml"), NOW).registry
    newest = registry.champion("kiosk-churn").version
    told = patron("promote", "kiosk-churn", "1", "--folder", twice[0], "--force")
    assert (told.exit_code, 'Add: --reason "..."' in told.output) == (2, True)
    told = patron("promote", "kiosk-churn", "1", "--folder", twice[0], "--reason", "as told")
    assert "version 1 is champion now" in told.output
    line = registry.promotions("kiosk-churn")[-1]
    assert (line.version, registry.champion("kiosk-churn").version) == ("1", "1")
    assert line.reason.startswith("as told; beside the champion (version 2): as good; when version 2 was trained")
    assert f"version {newest} is champion again" in patron("rollback", "kiosk-churn", "--folder", twice[0]).output


def test_models_are_told_with_their_figures_and_carried_to_another_project(twice, tmp_path):
    told = patron("models", "kiosk-churn", "--folder", twice[0], "--json").output.splitlines()[0]
    (model,) = json.loads(told)["models"]
    assert {"value", "low", "high"} == set(model["versions"][-1]["figures"]["auc"])
    assert "kiosk-tier: champion" in patron("models", "--folder", twice[0]).output
    assert patron("export", "kiosk-churn", tmp_path / "carried", "--folder", twice[0]).exit_code == 0
    told = patron("import", tmp_path / "carried", "--folder", tmp_path / "other")
    assert "Let it score: patron promote kiosk-churn 1" in told.output
    asked = ("kiosk-churn", "--folder", tmp_path / "other")
    assert "Nobody has requested a new champion" in patron("approve", *asked).output
    assert "version 1 is champion now" in patron("promote", "kiosk-churn", "1", *asked[1:]).output


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("promote", "kiosk-churn", "99"), "'kiosk-churn' has no version '99'. It has: 1"),
        (("promote", "kiosk-chrun", "1"), "There is no model 'kiosk-chrun'"),
    ],
)
def test_a_version_that_is_not_there_is_not_promoted(kiosk, asked, said):
    refused = patron(*asked, "--folder", kiosk)
    assert refused.exit_code == 4
    assert said in refused.output


def test_a_proposal_of_settings_can_be_checked_at_once(kiosk, tmp_path):
    made = patron("init", kiosk / "orders.csv", "--out", tmp_path / "own.toml")
    assert "orders from orders.csv: customer = client, at = when, amount = paid" in made.output
    assert patron("check", tmp_path / "own.toml").exit_code == 0
    assert patron("init", kiosk / "orders.csv", "--out", tmp_path / "own.toml").exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("client,when,paid\na,2023-01-01,1\nb,2023-01-02\n", "line 3: this row has 2 columns"),
        ("client,when,paid\n", "has no rows below its header"),
        ("client,when,paid\na,05/04/2023,1\n", "'05/04/2023' in row 1, and none that tells"),
    ],
)
def test_a_file_with_a_mistake_is_refused_as_data_by_its_first_symptom(kiosk, text, said):
    (kiosk / "wrong.csv").write_text(text)
    refused = patron("check", changed(kiosk, "orders.csv", "wrong.csv"))
    assert refused.exit_code == 3
    assert said in refused.output
    assert "[tables.orders]" in refused.output


@pytest.fixture(scope="module")
def tested(kiosk):
    """What the back-test of the small business says, and where its files are."""
    (kiosk / "tested.toml").write_text(TESTED)
    result = patron("backtest", kiosk / "tested.toml", "--json")
    assert result.exit_code == 0, result.output
    return result.output, kiosk / "patron-out" / "tested"


def test_a_back_test_tells_each_date_and_all_together_and_marks_the_champion(tested):
    said, _ = tested
    lines = [line for line in said.splitlines() if " answers; AUC of " in line]
    assert [line.split(":")[0].strip() for line in lines] == ["2023-09-01", "2023-11-01", "2023-09-01, 2023-11-01"]
    tables = [line for line in said.splitlines() if "constant  activity" in line]
    assert [line.count("* ") for line in tables] == [1, 1, 1]
    assert max(map(len, tables)) <= 120


def test_a_back_test_writes_cards_that_can_be_read_again(tested):
    _, out = tested
    cards = json.loads((out / "backtest_churn.json").read_text())
    pooled, folds = Card.of(cards["pooled"]), [Card.of(plain) for plain in cards["folds"]]
    assert pooled.rows == sum(card.rows for card in folds)
    assert (pooled.champion, len(folds)) == ("chosen", 2)


def test_the_predictions_of_a_back_test_are_everybodys_by_every_candidate_at_every_date(tested):
    _, out = tested
    told = pd.read_parquet(out / "backtest_churn_predictions.parquet")
    assert told.cutoff.dt.strftime("%Y-%m-%d").unique().tolist() == ["2023-09-01", "2023-11-01"]
    assert not told.duplicated(["customer", "cutoff", "candidate"]).any()
    assert set(told.candidate) >= {"constant", "activity", "logit", "lightgbm"}


def test_the_page_of_a_back_test_names_no_customer(tested):
    html = (tested[1] / "backtest.html").read_text()
    assert "kiosk" not in html
    assert "Who will leave?" in html
    assert "guest-" not in html


def test_a_back_test_with_too_few_cutoffs_is_refused(tested):
    close = Split.of(["2023-09-01"], ["2023-10-01"], ["2023-11-01"])
    job = Job(replace(load(tested[1].parents[1] / "tested.toml"), split=close), datetime(2026, 1, 1))
    with pytest.raises(QuestionError, match="needs two cutoffs with labels that end before a third, got 3 cutoffs"):
        backtest(job)
    assert QuestionError.exit_code == 2


def test_every_customer_asked_about_is_scored_once(kiosk):
    scores = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "scores.parquet")
    assert sorted(scores.customer) == sorted(orders().client.unique())
    assert scores.churn_probability.between(0, 1).all()
    assert (scores.purchase_within_30d <= scores.purchase_within_60d + 1e-12).all()
    tiers = scores[[c for c in scores if c.startswith("probability_")]].sum(axis=1)
    assert np.allclose(tiers, 1.0)


def test_all_that_is_scored_and_decided_of_a_customer_is_one_story(kiosk):
    scores = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "scores.parquet").set_index("customer")
    assert (scores.churn_probability + scores.purchase_within_60d - 1.0).abs().max() <= 1e-12
    assert (scores.probability_lead >= scores.churn_probability - 1e-12).all()
    assert (scores.days_low <= scores.days_median).all() and (scores.days_median <= scores.days_high).all()
    assert scores.expected_profit.between(scores.profit_low, scores.profit_high).all()
    assert scores.profit_if_active.between(scores.profit_if_active_low, scores.profit_if_active_high).all()
    assert (scores.value == scores.profit_if_active).all()
    plan = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "decisions.parquet").set_index("customer")
    assert (plan[["churn_probability", "value"]] == scores.loc[plan.index, ["churn_probability", "value"]]).all(None)


def test_predictions_of_the_test_cutoff_can_be_judged_by_anyone(kiosk):
    told = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "predictions_churn.parquet")
    bought = orders()
    window = bought[(bought.when >= "2023-11-01") & (bought.when < "2023-12-31")]
    stayed = told.customer.isin(window.client)
    assert set(told.candidate) >= {"constant", "activity", "logit", "lightgbm"}
    assert (told.actual == (~stayed).astype(float)).all()
    assert told.groupby("candidate").champion.all().sum() == 1


def test_decisions_stay_within_the_budget_and_carry_their_reasons(kiosk):
    table = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "decisions.parquet")
    assert table.cost.sum() <= 40
    assert table.reasons_for.str.contains(", raises the risk").all()
    assert not table.reasons_for.str.contains(", lowers the risk").any()
    assert len(pd.read_csv(kiosk / "patron-out" / "kiosk" / "decisions.csv")) == len(table)


def test_no_customer_is_named_in_the_report_or_the_registry(kiosk):
    page = (kiosk / "patron-out" / "kiosk" / "report.html").read_text()
    named = [c for c in orders().client.unique() if c in page]
    logged = [p for p in (kiosk / "mlruns" / "artifacts").rglob("*") if p.is_file()]
    texts = [p.read_text(errors="ignore") for p in logged]
    assert not named
    assert not [c for c in orders().client.unique() for text in texts if f'"{c}"' in text]


def test_a_second_training_makes_new_versions_and_the_same_scores(kiosk, twice):
    moved, again = twice
    first = read_scores(kiosk / "patron-out" / "kiosk")
    assert again["models"]["churn"]["version"] == "2"
    assert patron("score", moved / "kiosk.toml").exit_code == 0
    second = read_scores(moved / "patron-out" / "kiosk")
    pd.testing.assert_frame_equal(*(scores.drop(columns=list(LINEAGE)) for scores in (first, second)))
    assert first.run_id[0] != second.run_id[0]
    assert first.data_fingerprint[0] == second.data_fingerprint[0]
    assert second.models[0] == "kiosk-churn/2, kiosk-next_purchase/2, kiosk-tier/2"


def test_a_training_that_dies_half_way_changes_no_champion(kiosk, tmp_path, monkeypatch):
    moved = shutil.copytree(kiosk, tmp_path / "killed")
    assert patron("relocate", moved).exit_code == 0
    job = Job(load(moved / "kiosk.toml"), datetime(2026, 1, 1))
    before = {name: champion.version for name, champion in job.champions.items()}

    def dies(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "with_rankings", dies)
    with pytest.raises(KeyboardInterrupt):
        train(job)
    after = Job(load(moved / "kiosk.toml"), datetime(2026, 1, 1)).champions
    assert len(job.registry.versions("kiosk-churn")) > int(before["churn"])
    assert {name: champion.version for name, champion in after.items()} == before


@pytest.fixture(scope="module")
def twice(kiosk, tmp_path_factory) -> tuple[Path, dict]:
    """The small business moved and trained once more, and what that told machines."""
    moved = shutil.copytree(kiosk, tmp_path_factory.mktemp("twice") / "moved")
    assert patron("relocate", moved).exit_code == 0
    done = patron("train", moved / "kiosk.toml", "--json")
    assert "registered as kiosk-churn version 2" in done.stderr
    return moved, json.loads(done.stdout)


def test_trainings_compare_in_mlflow_by_figures_of_one_name_whichever_candidate_won(twice):
    registry = Job(load(twice[0] / "kiosk.toml"), NOW).registry
    with registry._client() as client:
        experiment = client.get_experiment_by_name("kiosk-churn")
        runs = client.search_runs([experiment.experiment_id], order_by=["metrics.`test.log_loss` ASC"])
    figures = [run.data.metrics for run in runs]
    assert len(runs) >= 2
    assert [f["test.log_loss"] for f in figures] == sorted(f["test.log_loss"] for f in figures)
    for run in runs:
        named = f"test.{run.data.tags['champion']}"
        own = [run.data.metrics[f"{stem}.auc{end}"] for stem in ("test", named) for end in ("", ".low", ".high")]
        assert own[:3] == own[3:]


def test_champions_of_different_trainings_are_told_and_still_score(twice):
    path, registry = twice[0] / "kiosk.toml", Job(load(twice[0] / "kiosk.toml"), NOW).registry
    newest = registry.champion("kiosk-tier").version
    assert "beware" not in patron("score", path).output
    registry.rollback("kiosk-tier", NOW, "worse")
    mixed = patron("score", path)
    assert mixed.exit_code == 0
    assert "beware    the champions come from different trainings: churn of 20" in mixed.output
    registry.promote("kiosk-tier", newest, "as before", NOW)


FRESH = """
import sys, importlib.abc
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("patron", "sklearn", "ibis", "duckdb", "shap"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Refuse())
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/kiosk-churn@champion")
rows = pd.read_parquet(sys.argv[2])
print(len(model.metadata.get_input_schema().input_names()))
model.predict(rows).to_parquet(sys.argv[3])
"""


def test_the_champion_answers_the_same_in_a_process_without_patron(kiosk):
    job = Job(load(kiosk / "kiosk.toml"), datetime(2026, 1, 1))
    rows = job.today.X.astype("float64")
    rows[rows.columns[::-1]].to_parquet(kiosk / "rows.parquet")
    uri = f"sqlite:///{kiosk / 'mlruns' / 'mlflow.db'}"
    ended = subprocess.run(
        [sys.executable, "-c", FRESH, uri, str(kiosk / "rows.parquet"), str(kiosk / "answers.parquet")],
        capture_output=True,
        text=True,
        cwd=kiosk,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout.split()[-1]) == len(job.models["churn"].spec["features"])
    theirs = pd.read_parquet(kiosk / "answers.parquet").churn_probability
    assert np.array_equal(theirs.to_numpy(), job.scores.churn_probability.to_numpy())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "churn = { horizon = 60 }",
            "churn = { horizon = 30 }",
            "trained with horizon = 60, but horizon = 30 is asked",
        ),
        ("[questions]", "[questions]\nactive_in = 90", "trained with active_in = None, but active_in = 90 is asked"),
        ("within = [30]", "within = [10]", "trained with within = [30, 60], but within = [10, 60] is asked"),
    ],
)
def test_a_model_is_not_asked_what_it_was_not_trained_for(kiosk, old, new, said):
    result = patron("score", changed(kiosk, old, new))
    assert result.exit_code == 4
    assert said in result.output


def test_reasons_are_those_of_churn_whichever_question_stands_first(kiosk):
    text = SETTINGS.replace("churn = { horizon = 60 }\n", "").replace(
        "tier = { horizon = 60 }\n", "tier = { horizon = 60 }\nchurn = { horizon = 60 }\n"
    )
    (kiosk / "turned.toml").write_text(text)
    assert patron("explain", kiosk / "turned.toml").exit_code == 0
    told = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "drivers.parquet")
    assert told.text.str.contains("the risk").all()


def test_how_the_answer_of_one_customer_comes_about_is_told_by_key_or_pseudonym_and_never_names_the_key(kiosk):
    scores = pd.read_parquet(kiosk / "patron-out" / "kiosk" / "scores.parquet")
    key, risk = scores.customer[0], scores.churn_probability[0]
    result = patron("explain", kiosk / "kiosk.toml", "--customer", key, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.output[result.output.index('{"verb"') :].splitlines()[0])
    assert summary["answer"] == pytest.approx(risk)
    html = Path(summary["files"][0]).read_text()
    assert "The risk to leave within 60 days" in html
    assert key not in result.output + html
    again = patron("explain", kiosk / "kiosk.toml", "--customer", summary["pseudonym"])
    assert f"customer  {summary['pseudonym']}, 2024-01-01: The risk to leave within 60 days is" in again.output


def test_some_customers_are_told_beside_others_and_today_beside_another_day(kiosk):
    out = kiosk / "patron-out" / "kiosk"
    scores = pd.read_parquet(out / "scores.parquet")
    segment = patron("explain", kiosk / "kiosk.toml", "--segment", "churn_probability > 0.5", "--json")
    summary = json.loads(segment.output[segment.output.index('{"verb"') :].splitlines()[0])
    risky = scores.churn_probability[scores.churn_probability > 0.5]
    assert (summary["customers"], summary["others"]) == (len(risky), len(scores) - len(risky))
    assert summary["answer"] == pytest.approx(risky.mean())
    assert pd.read_parquet(out / "drivers_segment.parquet").difference.iloc[0] > 0
    against = patron("explain", kiosk / "kiosk.toml", "--against", "2023-10-01")
    assert f"for 1\N{NO-BREAK SPACE}Jan\N{NO-BREAK SPACE}2024 ({len(scores)}" in against.output
    assert "guest-" not in against.output + (out / "against_2023-10-01.html").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--segment", "a = b", "--against", "2023-10-01"),
            "takes one of --customer, --segment, --against and --version at a time",
        ),
        (("--against", "2024-01-01"), "2024-01-01 is the cutoff that is scored, so there is nothing to compare"),
    ],
)
def test_a_comparison_of_nothing_is_refused(kiosk, options, said):
    result = patron("explain", kiosk / "kiosk.toml", *options)
    assert result.exit_code == 2
    assert said in result.output


def test_a_champion_is_not_compared_with_itself(kiosk):
    champion = Job(load(kiosk / "kiosk.toml"), NOW).champions["churn"].version
    result = patron("explain", kiosk / "kiosk.toml", "--version", champion)
    assert result.exit_code == 2
    assert f"Version {champion} is the champion, so there is nothing to compare" in result.output


def test_a_customer_who_was_not_scored_is_refused_without_the_key(kiosk):
    result = patron("explain", kiosk / "kiosk.toml", "--customer", "guest-999")
    assert result.exit_code == 3
    assert "Nobody with the key or pseudonym that was given is among the" in result.output
    assert "guest-999" not in result.output


def test_an_empty_name_of_a_customer_explains_nobody_instead_of_everybody(kiosk):
    result = patron("explain", kiosk / "kiosk.toml", "--customer", "")
    assert result.exit_code == 3
    assert "Nobody with the key or pseudonym that was given" in result.output


def test_a_moved_project_is_mended_by_one_command(kiosk, tmp_path):
    shutil.copytree(kiosk, tmp_path / "moved")
    refused = patron("score", tmp_path / "moved" / "kiosk.toml")
    assert refused.exit_code == 4
    assert "patron relocate" in refused.output
    assert patron("relocate", tmp_path / "moved").exit_code == 0
    assert patron("score", tmp_path / "moved" / "kiosk.toml").exit_code == 0


def test_a_model_keeps_its_windows_when_customers_come_at_another_pace(kiosk, tmp_path):
    moved = shutil.copytree(kiosk, tmp_path / "busy")
    assert patron("relocate", moved).exit_code == 0
    daily = [(f"guest-{c:03d}", datetime(2024, 1, 1) + timedelta(days=d), 9.0) for c in range(150) for d in range(30)]
    busy = pd.concat([orders(), pd.DataFrame(daily, columns=["client", "when", "paid"])])
    busy.to_csv(moved / "orders.csv", index=False)
    scored = patron("score", moved / "kiosk.toml")
    assert scored.exit_code == 0, scored.output
    out = moved / "patron-out" / "kiosk"
    assert read_scores(out).cutoff.unique().tolist() == [pd.Timestamp("2024-01-31")]
    assert {*pd.read_parquet(out / "scores.parquet").cutoff} == {"2024-01-01", "2024-01-31"}


def test_a_champion_of_another_release_is_refused_with_what_it_lacks(kiosk, tmp_path):
    moved = shutil.copytree(kiosk, tmp_path / "old")
    assert patron("relocate", moved).exit_code == 0
    for path in (moved / "mlruns" / "artifacts").rglob("spec.json"):
        spec = json.loads(path.read_text())
        path.write_text(json.dumps({k: v for k, v in spec.items() if k not in ("active_in", "files")}))
    with closing(sqlite3.connect(moved / "mlruns" / "mlflow.db")) as database, database:
        database.execute("DELETE FROM model_version_tags WHERE key = 'patron.files'")
    refused = patron("score", moved / "kiosk.toml")
    assert refused.exit_code == 4
    assert "was saved by another release of Patron and lacks 'active_in'. Train again" in refused.output
    assert "was registered by an earlier release, which kept no hashes" in refused.output


@pytest.fixture
def broken(kiosk, tmp_path) -> Path:
    """A copy of the business, in which something may be broken."""
    folder = shutil.copytree(kiosk, tmp_path / "kiosk")
    assert patron("relocate", folder).exit_code == 0
    return folder


def visible(folder: Path) -> set[Path]:
    """Return what lies in a folder, but for locks and what scoring keeps for itself."""
    return {path for path in folder.rglob("*") if path.name != ".lock" and ".scores" not in path.parts}


def change(path: Path, content: bytes | None) -> None:
    """Write other bytes to a file; a folder in its place where there are none."""
    path.unlink()
    path.mkdir() if content is None else path.write_bytes(content)


@pytest.mark.parametrize(
    ("verb", "file", "content", "code", "said"),
    [
        ("score", "mlruns/mlflow.db", b"", 4, "The database 'mlflow.db'"),
        ("score", "mlruns/artifacts/**/spec.json", b"{", 4, "are not those that were registered (changed: spec.json)"),
        ("decide", "mlruns/pseudonyms.key", b"", 1, "holds 0 bytes that are no key"),
        (
            "report",
            "patron-out/kiosk/card_churn.json",
            b'{"a": 1}',
            1,
            "The card 'card_churn.json' in 'kiosk' is broken",
        ),
        ("report", "patron-out/kiosk/card_churn.json", None, 1, "The card 'card_churn.json' in 'kiosk' is broken"),
        ("score", "patron-out/kiosk/migration.csv", None, 1, "'migration.csv' cannot be written to 'kiosk'"),
        ("score", "patron-out/kiosk/.lock", None, 1, "Nothing can be written to"),
        ("check", "kiosk.toml", None, 2, "it is a folder, a pipe or a device"),
        ("check", "kiosk.toml", b"#" * 1_000_001, 2, "it has more than 1,000,000 bytes"),
    ],
)
def test_a_broken_file_of_ours_ends_in_a_sentence_and_leaves_nothing_half_done(broken, verb, file, content, code, said):
    for path in broken.glob(file):
        change(path, content)
    before = visible(broken)
    ended = patron(verb, broken / "kiosk.toml")
    assert (ended.exit_code, said in ended.output) == (code, True), ended.output
    assert "Traceback" not in ended.output
    assert visible(broken) == before


def test_a_folder_of_results_that_is_a_file_is_a_sentence(broken):
    shutil.rmtree(broken / "patron-out")
    (broken / "patron-out").write_text("mine")
    ended = patron("score", broken / "kiosk.toml")
    assert (ended.exit_code, (broken / "patron-out").read_text()) == (1, "mine")
    assert "It must be a folder that this user may write to" in ended.output


def test_results_of_customers_are_their_owners_alone(kiosk):
    out = kiosk / "patron-out" / "kiosk"
    assert out.stat().st_mode & 0o777 == 0o700
    files = [path for path in (*out.rglob("*.parquet"),) if path.is_file()]
    named = [*files, out / "decisions.csv", out / "crm_hubspot.csv"]
    assert {path.stat().st_mode & 0o777 for path in named} == {0o600}


@pytest.mark.parametrize("path", ["x" * 300 + ".toml", "a/" * 3000 + "b.toml"])
def test_a_path_that_no_system_has_is_a_file_that_is_not_there(path):
    ended = patron("check", path)
    assert (ended.exit_code, "There is no settings file" in ended.output) == (2, True)


def test_what_the_system_refuses_anywhere_is_a_sentence(monkeypatch):
    def full():
        raise OSError(28, "No space left on device", "a/b.tmp")

    monkeypatch.setattr(cli.running, "app", full)
    ended = patron("score")
    said = "patron: The system refuses of 'a/b.tmp': No space left on device. Mend that, then run it again."
    assert (ended.exit_code, ended.output.strip()) == (1, said.replace("refuses of", "refuses the use of"))


def test_the_demo_goes_the_whole_way_with_the_bundled_shop(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(local_verbs, "work", lambda settings, verb: asked.append((settings.name, verb)))
    assert patron("demo", "--folder", tmp_path).exit_code == 0
    assert asked == [("online-retail", "everything")]
