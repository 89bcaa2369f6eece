"""The verb learn: plans are kept as they were, count once, and are read by the next training with no step by hand."""

import json
from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from patron.decisions import Offer
from patron.decisions.uplift.campaigns import campaign_trial
from patron.errors import PatronError, QuestionError, ScoreError
from patron.jobs import Job, decide, learn
from patron.jobs.outcomes import learned_outcomes
from patron.questions.kinds import tier
from patron.questions.profit import CostModel
from patron.reports.outcomes_page import OutcomesReport, page
from patron.settings import Table
from patron.settings.files import parse
from worlds.command_line import check_summary
from worlds.kiosk import SETTINGS

CUTOFF = datetime(2023, 6, 20)
CALL = Offer("call", 1.0, effect=0.5)


@pytest.fixture(scope="module")
def kiosk(trained_job, tmp_path_factory):
    """The trained business, which decided in June on most of its customers, held 40 % out, and lives in August."""
    out = tmp_path_factory.mktemp("learning") / "out"
    own = {"out": out, "score_at": CUTOFF, "offers": (CALL,), "budget": 1000.0, "value": 100.0, "holdout": 0.4}
    job = Job(replace(trained_job.settings, **own), trained_job.now)
    decide(job)
    return job


@pytest.fixture(scope="module")
def learned(kiosk):
    """What the business has learned of it."""
    return learn(kiosk)


def copied(kiosk: Job, folder) -> Job:
    """The same business with results of its own, which a test may spoil."""
    out = folder / "out"
    (out / "decision_log").mkdir(parents=True)
    for path in ("decisions.parquet", *(f"decision_log/{p.name}" for p in (kiosk.out / "decision_log").iterdir())):
        (out / path).write_bytes((kiosk.out / path).read_bytes())
    return Job(replace(kiosk.settings, out=out), kiosk.now)


def test_what_was_decided_is_measured_and_written_for_people_machines_and_the_next_training(kiosk, learned):
    check_summary("learn", learned)
    plan = pd.read_parquet(kiosk.out / "decisions.parquet")
    (line,) = learned["campaigns"]
    assert (line["offer"], line["days"], line["early"], line["evidence"]) == ("call", 30, False, "randomised")
    assert line["treated"] == (plan.group == "treat").sum() > 10
    assert line["promised"] == pytest.approx(plan.expected_gain[plan.group == "treat"].sum())
    assert line["incremental"] == pytest.approx(line["treated"] * line["profit_effect"])
    assert sum(part["amount"] for part in learned["ledger"][:-1]) == pytest.approx(learned["ledger"][-1]["amount"])
    assert any("profit is the value that was at stake" in note for note in learned["notes"])
    assert len(pd.read_parquet(kiosk.out / "outcomes/outcomes.parquet")) == len(plan)


def test_what_was_learned_is_read_again_for_the_report_and_a_broken_file_is_refused(kiosk, learned, tmp_path):
    outcomes = learned_outcomes(kiosk.out)
    (line,) = learned["campaigns"]
    assert outcomes.table.incremental.tolist() == [line["incremental"]]
    assert outcomes.table.cutoff.tolist() == [pd.Timestamp(CUTOFF)]
    assert list(outcomes.notes) == learned["notes"]
    assert learned_outcomes(tmp_path) is None
    plain = json.loads((kiosk.out / "outcomes.json").read_text())
    for line in (*plain["campaigns"], *plain["ledger"]):
        del line["explored"]  # an earlier release knew of no lot
    (tmp_path / "outcomes.json").write_text(json.dumps(plain))
    earlier = learned_outcomes(tmp_path)
    assert not earlier.table.explored.any()
    assert "call" in page(OutcomesReport("kiosk", CUTOFF, "", earlier, ()))
    (tmp_path / "outcomes.json").write_text("{}")
    with pytest.raises(PatronError, match=r"'outcomes\.json' in '.*' is broken\. Learn ag"):
        learned_outcomes(tmp_path)


def test_deciding_or_learning_twice_counts_once(kiosk, learned, tmp_path):
    job = copied(kiosk, tmp_path)
    decide(job)
    again = learn(job)
    assert again["plans"] == learned["plans"] == 1
    assert str(again["campaigns"]) == str(learned["campaigns"])  # what nobody knows is not equal to itself
    first, second = ((j.out / "outcomes/offers.parquet").read_bytes() for j in (kiosk, job))
    assert first == second


def test_orders_that_were_imported_twice_count_once_where_they_have_a_number_and_are_told_where_not(kiosk, tmp_path):
    orders = pd.read_csv(kiosk.settings.root / "orders.csv")
    orders = orders.assign(order=orders.index, amount=10.0)
    files = {"once": orders, "twice": pd.concat([orders, orders]), "few": pd.concat([orders, orders[:9]])}
    results = {}
    profit = tier(30, CostModel(margin_rate=0.5))
    for name, frame in files.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        table = Table(tmp_path / f"{name}.csv", {"customer": "who", "at": "day", "order": "order"})
        job = copied(kiosk, tmp_path / name)
        own = {"questions": (*job.settings.questions, profit), "tables": {"orders": table}}
        results[name] = learn(Job(replace(job.settings, **own), kiosk.now))
    once, twice, few = results.values()
    assert str(twice["ledger"]) == str(once["ledger"])
    rows = len(orders)
    assert (
        f"{rows:,} of {2 * rows:,} rows of 'orders' repeat another one exactly, as after an import" in twice["notes"][0]
    )
    assert few["notes"][0].startswith(f"9 of {rows + 9:,} rows of 'orders' repeat another one exactly: if they were")
    assert "repeat" not in " ".join(once["notes"])


def test_what_a_lot_decided_is_kept_with_its_chance_and_learned_from(kiosk, tmp_path):
    job = copied(kiosk, tmp_path)
    decided = decide(Job(replace(job.settings, exploration=0.4), job.now))
    assert 0 < decided["exploration"]["customers"] < decided["chosen"]
    chances = pd.read_parquet(next(file for file in decided["files"] if "everybody" in file)).set_index("customer")
    plan = pd.read_parquet(job.out / "decisions.parquet").set_index("customer")
    assert len(chances) == decided["asked"]  # also who is left alone
    assert (chances.offer.reindex(plan.index) == plan.offer.where(plan.group == "treat", "")).all()
    assert chances.propensity.between(0.19, 0.81).all()  # by lot the call has a chance of .2, so has nothing
    outcome = learn(job)
    check_summary("learn", outcome)
    assert [(line["explored"], line["evidence"]) for line in outcome["campaigns"]] == [
        (False, "randomised"),
        (True, "randomised"),
    ]
    assert outcome["campaigns"][1]["treated"] == decided["exploration"]["treated"]
    assert set(pd.read_parquet(job.out / "outcomes/offers.parquet").propensity) == {0.4, 0.5, 0.6}


def test_another_plan_of_the_cutoff_is_kept_beside_the_first_and_takes_its_place(kiosk, tmp_path):
    job = copied(kiosk, tmp_path)
    decide(Job(replace(job.settings, budget=20.0), job.now))
    outcome = learn(job)
    assert (outcome["plans"], outcome["decisions"]) == (2, 20)
    assert "1 of 2 plans were replaced by a later one of the same cutoff, which counts" in outcome["notes"]


def test_a_plan_that_was_changed_by_hand_is_noticed(kiosk, tmp_path):
    job = copied(kiosk, tmp_path)
    plan = pd.read_parquet(job.out / "decisions.parquet")
    plan.assign(group="treat").to_parquet(job.out / "decisions.parquet")
    assert any("decisions.parquet was changed since it was decided" in note for note in learn(job)["notes"])
    (kept,) = (job.out / "decision_log").glob("*.parquet")
    plan.assign(group="treat").to_parquet(kept)
    with pytest.raises(ScoreError, match="None of the 1 plans kept in 'out' is as it was written"):
        learn(job)


def test_an_entry_that_was_changed_breaks_the_list(kiosk, tmp_path):
    job = copied(kiosk, tmp_path)
    decide(Job(replace(job.settings, budget=20.0), job.now))
    path = job.out / "decision_log/log.json"
    entries = json.loads(path.read_text())
    entries[0]["holdout"] = 0.1
    path.write_text(json.dumps(entries))
    with pytest.raises(ScoreError, match="changed by hand before its entry 2 of 2"):
        learn(job)


def test_where_nothing_was_decided_or_nothing_has_happened_since_the_way_out_is_named(kiosk, tmp_path):
    with pytest.raises(ScoreError, match="No decisions are kept in 'none'"):
        learn(Job(replace(kiosk.settings, out=tmp_path / "none"), kiosk.now))


def test_the_next_history_has_the_decisions_as_offers_by_one_line_of_settings(kiosk, learned):
    decisions = "[decisions]\nbudget = 9.0\nvalue = 30.0\noutcomes = true\n"
    text = f'{SETTINGS}{decisions}[offers.call]\ncontact_cost = 1.0\neffect = "learned"\n'
    assert parse("kiosk.toml", text, kiosk.settings.root).outcomes
    history = replace(kiosk.settings, outcomes=True).history()
    trial = campaign_trial(kiosk.settings.question("churn"), history, offer="call")
    (line,) = learned["campaigns"]
    assert trial.assignment == "randomised"
    assert "cost" not in history["offers"].columns  # a plan is no booking: profit means what it meant before
    assert trial.counts["contacts"] == line["treated"] + line["control"]


def test_a_contact_that_the_business_has_written_down_itself_counts_once(kiosk, learned, tmp_path):
    plan = pd.read_parquet(kiosk.out / "decisions.parquet")
    sent = plan[plan.group == "treat"].customer
    own = pd.DataFrame({"who": sent, "day": "2023-06-22", "what": "call", "paid": 1.5})
    own.loc[len(plan)] = ("c0", "2023-03-01", "mail", 0.5)
    own.to_csv(tmp_path / "offers.csv", index=False)
    roles = {"customer": "who", "at": "day", "offer": "what", "cost": "paid"}
    tables = {**kiosk.settings.tables, "offers": Table(tmp_path / "offers.csv", roles)}
    offers = replace(kiosk.settings, tables=tables, outcomes=True).history()["offers"].to_pandas()
    assert len(offers) == len(plan) + 1
    assert offers.cost.sum() == 1.5 * len(sent) + 0.5  # as the business booked it, nothing of the plan
    assert offers.arm.value_counts().to_dict() == {"treated": len(sent) + 1, "control": len(plan) - len(sent)}
    own = replace(kiosk.settings, tables=tables, outcomes=True, out=copied(kiosk, tmp_path).out)
    outcome = learn(Job(own, kiosk.now))
    assert (outcome["campaigns"][0]["contaminated"], outcome["campaigns"][0]["not_reached"]) == (0, 0)


def test_what_customers_said_is_held_against_how_the_latest_plan_treats_them(kiosk, tmp_path):
    job = copied(kiosk, tmp_path)
    by_phone = {"offers": (replace(CALL, channel="phone"),), "budget": 30.0}
    decide(Job(replace(job.settings, **by_phone), job.now))
    plan = pd.read_parquet(job.out / "decisions.parquet")
    first, second, third, *_ = plan.customer[plan.group == "treat"]
    said = [(first, "2023-05-01", "phone"), (second, "2023-05-01", "mail"), (third, "2023-06-20", "phone")]  # too late
    pd.DataFrame(said, columns=["who", "day", "channel"]).to_csv(tmp_path / "said.csv", index=False)
    table = Table(tmp_path / "said.csv", {"customer": "who", "at": "day"})
    own = replace(job.settings, tables={**job.settings.tables, "preferences": table})
    outcome = learn(Job(own, job.now))
    check_summary("learn", outcome)
    assert outcome["preferences"]["agreement"] | {"low": 0, "high": 1} == {
        "treated": 2, "customers": 2, "share": 0.5, "low": 0, "high": 1
    }  # fmt: skip
    assert outcome["preferences"]["lines"] == [{"about": "channel", "source": "stated", "customers": 2, "age": 50.0}]
    assert len(pd.read_parquet(job.out / "preferences.parquet")) == 2
    words = "of 2 treated customers who had said by which channel, 50 % [0, 100] were treated by it"
    assert f"At the latest plan, {words}." in (job.out / "outcomes.html").read_text()


def test_a_question_about_something_else_is_refused(kiosk):
    with pytest.raises(QuestionError, match="the settings ask no churn question"):
        learn(Job(replace(kiosk.settings, questions=()), kiosk.now))
