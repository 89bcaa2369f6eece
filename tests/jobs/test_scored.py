"""Scoring runs: known by what they answer, never done twice, and whole whatever ends them."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from patron.engines import memory
from patron.errors import HistoryError, LockError, RegistryError, ScoreError
from patron.jobs import alone, decide, event_answers, explain, job, job_of, report, score, train
from patron.jobs.run_identity import Request
from patron.questions.kinds import churn, tier
from patron.questions.profit import CostModel
from patron.scoring.partitions import LINEAGE, MANIFEST, Manifest, read_scores
from patron.settings import Settings, Table, load
from worlds.stopping_customers import purchases

NOW = datetime(2026, 1, 2, 3, tzinfo=UTC)
SETTINGS = """
name = "stall"
[tables.orders]
path = "orders.parquet"
customer = "client"
at = "when"
amount = "paid"
[questions]
churn = { horizon = 60 }
[cutoffs]
train = ["2023-05-01", "2023-07-01"]
valid = "2023-09-01"
test = "2023-11-01"
[decisions]
budget = 20
value = 30.0
[offers.call]
contact_cost = 1.0
effect = 0.5
"""
KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from patron.jobs import alone, block_parts, event_answers, job_of, score, staging
from patron.settings import load
event_answers.PART_ROWS = 30
calls = [0]
def killing(function, number):
    def killed(*arguments, **named):
        calls[0] += 1
        if calls[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return killed
where, number = sys.argv[2], int(sys.argv[3])
home = {"rename": Path, "_sync": staging, "_staged": block_parts}[where]
setattr(home, where, killing(getattr(home, where), number))
settings = load(sys.argv[1])
with alone(settings.out):
    score(job_of(settings, datetime(2026, 1, 2, 3, tzinfo=UTC)))
"""


def orders() -> pd.DataFrame:
    """Customers who buy at a pace of their own until they stop."""
    late = [("c00", datetime(2023, 12, 30, 12), 9.0)]
    lines = [*late, *purchases(100, datetime(2023, 12, 31), "c{:02d}")]
    return pd.DataFrame(lines, columns=["client", "when", "paid"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stall")
    orders().to_parquet(folder / "orders.parquet", index=False)
    (folder / "stall.toml").write_text(SETTINGS)
    train(work(folder))
    return folder


@pytest.fixture
def stall(trained, tmp_path) -> Path:
    """The business in a folder of its own, of which nothing is scored, with the models where they are."""
    shutil.copy(trained / "orders.parquet", tmp_path)
    places = f'root = "{trained}"\nout = "{tmp_path / "patron-out" / "stall"}"\n'
    (tmp_path / "stall.toml").write_text(places + SETTINGS)
    return tmp_path


def work(folder: Path, **changed):
    return job_of(replace(load(folder / "stall.toml"), **changed), NOW)


def night(folder: Path) -> tuple[pd.DataFrame, ...]:
    """The scores, reasons and decisions of a night, each as it is written."""
    job = work(folder)
    for verb in (score, explain, decide):
        verb(job)
    written = (pd.read_parquet(job.out / f"{name}.parquet") for name in ("drivers", "decisions"))
    return read_scores(scores_of(folder)), *written


def scores_of(folder: Path) -> Path:
    return folder / "patron-out" / "stall" / "scores.parquet"


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in scores_of(folder).rglob("*") if p.is_file()}


def test_what_was_scored_is_not_read_again_by_any_verb_of_the_same_night(stall, monkeypatch):
    first = score(work(stall))
    before = files(stall)
    monkeypatch.setattr(Settings, "history", lambda settings: pytest.fail("the events were read"))
    second = score(work(stall))
    assert (first["unchanged"], second["unchanged"]) == (False, True)
    assert {**second, "unchanged": False} == first
    assert files(stall) == before
    for verb in (explain, decide, report):
        verb(work(stall))
    assert set(pd.read_parquet(stall / "patron-out" / "stall" / "drivers.parquet").customer) == set(orders().client)


def test_files_that_are_written_again_as_they_were_are_the_same_run(stall):
    first = score(work(stall))
    orders().sample(frac=1.0, random_state=0).to_parquet(stall / "orders.parquet", index=False)
    again, then = score(work(stall)), score(work(stall))
    assert (again["unchanged"], again["run_id"], then["unchanged"]) == (True, first["run_id"], True)


def test_another_amount_of_one_order_is_another_run_in_the_place_of_the_first(stall):
    first = score(work(stall))
    orders().assign(paid=lambda rows: rows.paid.where(rows.index > 0, 99.0)).to_parquet(
        stall / "orders.parquet", index=False
    )
    second = score(work(stall))
    assert second["run_id"] != first["run_id"]
    assert read_scores(scores_of(stall)).run_id.unique().tolist() == [second["run_id"]]
    assert [folder.name for folder in scores_of(stall).iterdir()] == ["cutoff=2023-12-31"]
    assert [folder.name for folder in (stall / "patron-out" / "stall" / ".scores").iterdir()] == [second["run_id"]]


def test_an_earlier_cutoff_stays_beside_the_next(stall):
    score(work(stall, score_at=datetime(2023, 12, 1)))
    score(work(stall))
    read = pd.read_parquet(scores_of(stall))
    assert read.cutoff.value_counts().sort_index().index.tolist() == ["2023-12-01", "2023-12-31"]
    assert read_scores(scores_of(stall)).cutoff.unique().tolist() == [pd.Timestamp("2023-12-31")]
    assert read_scores(scores_of(stall), "2023-12-01").cutoff.unique().tolist() == [pd.Timestamp("2023-12-01")]


def test_a_row_says_where_it_comes_from_and_the_manifest_what_is_whole(stall):
    summary = score(work(stall))
    manifest = Manifest.of(scores_of(stall) / "cutoff=2023-12-31")
    row = read_scores(stall / "patron-out" / "stall").iloc[0]
    assert (row.models, row.run_id, f"{row.scored_on}") == ("stall-churn/1", summary["run_id"], "2026-01-02")
    assert (read_scores(scores_of(stall))[list(LINEAGE)].nunique() == 1).all()
    assert row.training_runs == manifest.identity["models"]["churn"]["run"]
    assert (manifest.rows, [part["rows"] for part in manifest.parts]) == (100, [100])
    assert manifest.scored_at == "2026-01-02T03:00:00+00:00"


def test_parts_hold_the_rows_of_one_part_to_the_last_byte(stall, monkeypatch):
    whole, reasons, plan = night(stall)
    shutil.rmtree(stall / "patron-out" / "stall")
    monkeypatch.setattr(event_answers, "PART_ROWS", 30)
    scores, *others = night(stall)
    assert len([name for name in files(stall) if name.startswith("part-")]) == 4
    pd.testing.assert_frame_equal(scores, whole, check_exact=True)
    pd.testing.assert_frame_equal(others[0], reasons, check_exact=True)
    pd.testing.assert_frame_equal(others[1], plan, check_exact=True)
    firsts = reasons[reasons.side == "for"].groupby("customer").text.agg("; ".join)
    assert plan.reasons_for.tolist() == firsts[plan.customer].tolist()
    assert len(plan) == 20


def test_reasons_stand_beside_the_answers_where_the_settings_ask_for_them(stall):
    path = stall / "stall.toml"
    path.write_text(path.read_text().replace("[offers.call]", "[scores]\nreasons = true\n[offers.call]"))
    score(work(stall))
    row = read_scores(scores_of(stall)).iloc[0]
    why = work(stall).reasons_of(pd.Series([row.customer]))
    mine = why[why.side == "for"].sort_values("rank")
    assert row.reasons_for == "; ".join(mine.text)


@pytest.mark.parametrize(("where", "number"), [("_staged", 3), ("rename", 2)])
def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_bytes(stall, monkeypatch, where, number):
    monkeypatch.setattr(event_answers, "PART_ROWS", 30)
    score(work(stall, value=31.0))  # of which the scores are replaced
    killed = subprocess.run([sys.executable, "-c", KILLED, stall / "stall.toml", where, str(number)], check=False)
    assert killed.returncode == -9
    settings = load(stall / "stall.toml")
    later = job_of(settings, NOW.replace(day=4))
    with alone(settings.out):
        score(later)
    bytes_after = files(stall)
    shutil.rmtree(settings.out)
    score(work(stall))
    undisturbed = files(stall)
    assert {n: b for n, b in bytes_after.items() if n != MANIFEST} == {
        n: b for n, b in undisturbed.items() if n != MANIFEST
    }
    assert not list((settings.out / ".scores").glob("replaced"))


def test_without_a_champion_nothing_is_read(tmp_path, monkeypatch):
    (tmp_path / "stall.toml").write_text(SETTINGS)
    orders().to_parquet(tmp_path / "orders.parquet")
    monkeypatch.setattr(Settings, "history", lambda settings: pytest.fail("the events were read"))
    with pytest.raises(RegistryError, match="no model 'stall-churn'"):
        score(work(tmp_path))


def test_a_part_that_was_changed_is_refused_and_scored_again(stall):
    first = score(work(stall))
    part = scores_of(stall) / "cutoff=2023-12-31" / "part-00000.parquet"
    whole = part.read_bytes()
    part.write_bytes(whole[:-9] + b"x" + whole[-8:])
    with pytest.raises(ScoreError, match=r"'part-00000.parquet' of the scores in 'cutoff=2023-12-31' is miss"):
        read_scores(scores_of(stall))
    again = score(work(stall))
    assert (again["unchanged"], again["run_id"]) == (False, first["run_id"])
    assert part.read_bytes() == whole


def test_a_table_that_changes_while_it_is_scored_is_refused_before_anything_is_published(stall, monkeypatch):
    whole = job.Job.facts

    def writes(self):
        orders().to_parquet(stall / "orders.parquet", index=False)
        return whole(self)

    monkeypatch.setattr(job.Job, "facts", writes)
    with pytest.raises(HistoryError, match="A table changed while it was scored"):
        score(work(stall))
    assert not scores_of(stall).exists()


def test_the_flat_file_of_an_earlier_release_is_replaced_and_that_is_reported(stall):
    scores_of(stall).parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"customer": ["a"]}).to_parquet(scores_of(stall))
    with pytest.raises(ScoreError, match=r"'scores.parquet' in 'stall' is a file of an earlier release"):
        read_scores(scores_of(stall))
    sentences: list[str] = []
    score(replace(work(stall), tell=sentences.append))
    assert any("scores.parquet of an earlier release goes" in sentence for sentence in sentences)
    assert scores_of(stall).is_dir()


def test_of_two_at_once_the_second_is_refused(stall):
    settings = load(stall / "stall.toml")
    with alone(settings.out), pytest.raises(LockError, match="Another run is writing to 'stall'"), alone(settings.out):
        pass


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    """Return the hash of a request with something changed."""
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "spec.json").write_text("{}")
    tables = {"orders": Table(Path("orders.csv"), {"customer": "c", "at": "t"}, where={"kind": "sale"})}
    plain = Settings("shop", tables, (churn(90), tier(90, CostModel(margin_rate=0.3))), None, Path(), Path())

    def hashed(version="1", spec="{}", **changed):
        (bundle / "spec.json").write_text(spec)
        champion = SimpleNamespace(name="shop-churn", version=version, run_id="r", bundle=bundle)
        return Request(replace(plain, **changed), {"churn": champion}).hash

    return hashed


@pytest.mark.parametrize(
    "changed",
    [
        {"version": "2"},
        {"spec": '{"a": 1}'},
        {"value": 30.0},
        {"levers": {"tickets": "answered"}},
        {"top_reasons": 4},
        {"reasons_in_scores": True},
        {"score_at": datetime(2024, 1, 1)},
        {"questions": (churn(91), tier(90, CostModel(margin_rate=0.3)))},
        {"questions": (churn("3 months"), tier(90, CostModel(margin_rate=0.3)))},
        {"questions": (churn(90), tier(90, CostModel(margin_rate=0.4)))},
        {"tables": {"orders": Table(Path("orders.csv"), {"customer": "c", "at": "t"}, where={"kind": "gift"})}},
        {"tables": {"orders": Table(Path("orders.csv"), {"customer": "c", "at": lambda rows: rows.t})}},
    ],
    ids=lambda changed: json.dumps(changed, default=str)[:40],
)
def test_whatever_changes_an_answer_or_a_reason_is_another_request(request_of, changed):
    assert request_of(**changed) != request_of()


@pytest.mark.parametrize(
    "changed", [{"budget": 9.0}, {"out": Path("b")}, {"seed": 3}, {"memory": 2.0}, {"currency": "EUR"}], ids=str
)
def test_what_changes_no_answer_is_the_same_request(request_of, changed):
    assert request_of(**changed) == request_of()


def test_functions_are_known_by_their_code(request_of):
    def by(function):
        return {"tables": {"orders": Table(Path("orders.csv"), {"customer": "c", "at": function})}}

    assert request_of(**by(lambda rows: rows.t[:2])) == request_of(**by(lambda rows: rows.t[:2]))
    assert request_of(**by(lambda rows: rows.t[:2])) != request_of(**by(lambda rows: rows.t[:3]))


def test_a_container_with_less_memory_than_the_machine_bounds_it(tmp_path):
    (tmp_path / "memory.max").write_text(f"{2**30}\n")
    assert memory.machine_gigabytes(tmp_path) == 1.0
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.machine_gigabytes(tmp_path) > 1.0


def test_what_the_engine_holds_is_set_aside_by_one_verb_after_another_though_the_folder_of_the_first_is_gone(
    tmp_path, monkeypatch
):
    engine, count = ibis.get_backend(), 8_000_000  # of eight bytes: twice what stays in memory
    for verb in ("score", "decide"):
        with tempfile.TemporaryDirectory(dir=tmp_path, prefix=verb) as folder:
            monkeypatch.setattr(tempfile, "tempdir", folder)
            engine.raw_sql(f"CREATE TEMP TABLE held AS SELECT range AS n FROM range({count})")
            memory.set_aside(0.03, 1.0)
            assert engine.raw_sql("SELECT sum(n), current_setting('memory_limit') FROM held").fetchone() == (
                count * (count - 1) // 2,
                "1.0 GiB",
            )
            engine.raw_sql("DROP TABLE held")
