"""What training with past campaigns promises: effects beside the model, with its hashes, and plans that say so."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest

from patron.decisions import Offer
from patron.errors import QuestionError, RegistryError
from patron.features.purchases import recency
from patron.jobs import Job, check, decide, plan_tracking, train, unlogged_plans
from patron.registry import Registry
from patron.settings import Table

ROLES = {"customer": "who", "at": "day", "arm": "arm", "propensity": "chance"}
CALL = Offer("call", 1.0, effect="learned")


@pytest.fixture(scope="module")
def job(trained_job, tmp_path_factory):
    """The small business, trained again after it called half of its customers four times, by lot."""
    folder, rng = tmp_path_factory.mktemp("called"), np.random.default_rng(1)
    days = ("2023-02-01", "2023-03-10", "2023-04-15", "2023-05-20")
    sent = [(f"c{c}", day, "call" if rng.random() < 0.5 else "control", 0.5) for day in days for c in range(80)]
    pd.DataFrame(sent, columns=["who", "day", "arm", "chance"]).to_csv(folder / "offers.csv", index=False)
    tables = {**trained_job.settings.tables, "offers": Table(folder / "offers.csv", ROLES)}
    questions = tuple(replace(question, features=(recency,)) for question in trained_job.settings.questions)
    new = {"tables": tables, "questions": questions, "offers": (CALL,), "value": 100.0, "budget": 50.0}
    told: list[str] = []
    job = Job(replace(trained_job.settings, root=folder, out=folder / "out", **new), trained_job.now, tell=told.append)
    outcome = train(job)
    assert outcome["champions"] == "promoted"
    assert any(file.endswith("effects_call.json") for file in outcome["files"])
    assert any(line.startswith("effects   call: ") and "Evidence: randomised." in line for line in told)
    return job


def test_training_writes_logs_and_registers_what_campaigns_showed_beside_the_model_of_the_risk(job):
    card = json.loads((job.out / "effects_call.json").read_text())
    assert (card["evidence"], card["contacts"]["contacts"]) == ("randomised", 320)
    champion = job.champions["churn"]
    assert json.loads((champion.bundle / "effects" / "call" / "card.json").read_text()) == card
    figures, tags = job.registry.run(champion.run_id)
    assert tags["effects"] == "call: randomised"
    assert figures["effects.call.effect"] == pytest.approx(card["effects"][0]["effect"])


def test_a_plan_rests_on_what_was_learned_and_says_so(job):
    outcome = decide(Job(job.settings, job.now))
    table = pd.read_parquet(job.out / "decisions.parquet")
    assert outcome["evidence"] == "randomised"
    assert set(table.evidence) <= {"randomised"}
    past = outcome["past_ladders"]["call"]
    assert (past["evidence"], past["unit"]) == ("randomised", "money")
    assert [rung["rung"] for rung in past["rungs"]] == [rung["rung"] for rung in outcome["ladder"]]


def test_a_plan_is_kept_in_mlflow_and_its_policy_decides_alike_where_patron_is_not(job, tmp_path):
    visit = Offer("a visit (10% off)", 8.0, effect=0.2)
    rich = replace(job.settings, offers=(CALL, visit), budget=1e6, holdout=0.0)
    tracked = decide(Job(rich, job.now))["tracked"]
    with job.registry._client() as client:
        run = client.get_run(tracked["run_id"])
        package = client.get_logged_model(tracked["policy"].removeprefix("models:/")).artifact_location
    plan = pd.read_parquet(rich.out / "decisions.parquet")
    assert run.data.metrics["expected_gain"] == pytest.approx(plan.expected_gain.sum())
    assert run.data.metrics["offers.a visit _10_ off_.price"] == 0
    assert (run.data.params["offers.call.effect"], run.data.tags["evidence"]) == ("learned", "assumed; randomised")
    kept = {path.name: path.read_text() for path in Path(urlsplit(run.info.artifact_uri).path).iterdir()}
    assert json.loads(kept["campaign.json"])["budget"] == 1e6
    assert json.loads(kept["summary.json"])["treated"] == len(plan)
    assert pd.read_csv(io.StringIO(kept["decisions.csv"])).pseudonym.tolist() == plan.pseudonym.tolist()
    assert not [text for text in kept.values() if re.search(r"\bc\d\d?\b", text)]  # a pseudonym has ten characters
    rows = job.today.X.assign(value=100.0)
    rows.to_parquet(tmp_path / "rows.parquet")
    code = (
        "import sys; sys.modules['patron'] = None; import pandas, mlflow.pyfunc as served; "
        "served.load_model(sys.argv[1]).predict(pandas.read_parquet('rows.parquet')).to_parquet('answers.parquet')"
    )
    subprocess.run([sys.executable, "-c", code, package], cwd=tmp_path, capture_output=True, check=True)
    answers = pd.read_parquet(tmp_path / "answers.parquet").set_index(job.today.key.customer)
    assert set(plan.offer) == {"call", "a visit (10% off)"}
    treated, planned = answers[answers.action != "none"], plan.set_index("customer")
    assert treated.action.to_dict() == planned.offer.to_dict()
    for name in ("expected_gain", "gain_low", "gain_high"):
        assert treated[name].to_dict() == pytest.approx(planned[name].to_dict())


def test_a_plan_that_mlflow_did_not_take_is_logged_by_the_next_decide_and_then_never_again(job, monkeypatch):
    lines: list[str] = []
    settings = replace(job.settings, holdout=0.2)
    for step, runs in (("log_run", 0), ("log_model", 1)):  # away at once, then away when half is there
        with monkeypatch.context() as away:
            away.setattr(Registry, step, lambda *_, **__: (_ for _ in ()).throw(RegistryError("It is read-only.")))
            assert "tracked" not in decide(Job(settings, job.now, lines.append))
        said = "the plan is not kept in MLflow: It is read-only. The next patron decide tries again."
        assert lines.pop() == f"beware    {said}"
        assert "control" in set(pd.read_parquet(job.out / "decisions.parquet").group)
        assert len(plans_of(job, 0.2)) == runs
    tracked = decide(Job(settings, job.now))["tracked"]
    assert plans_of(job, 0.2) == [tracked["run_id"]] and not (job.out / "unlogged_plans").exists()
    assert "tracked" not in decide(Job(settings, job.now, lines.append))
    assert not [line for line in lines if line.startswith("mlflow")]
    assert plans_of(job, 0.2) == [tracked["run_id"]]


def test_a_plan_that_mlflow_did_not_take_is_logged_with_the_plan_after_it(job, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr(Registry, "log_run", lambda *_, **__: (_ for _ in ()).throw(RegistryError("It is away.")))
        assert "tracked" not in decide(Job(replace(job.settings, holdout=0.3), job.now))
    assert plans_of(job, 0.3) == []
    tracked = decide(Job(replace(job.settings, holdout=0.4), job.now))["tracked"]
    assert plans_of(job, 0.4) == [tracked["run_id"]]
    assert len(plans_of(job, 0.3)) == 1


def test_a_plan_that_mlflow_refuses_does_not_keep_those_before_it_from_being_logged(job, monkeypatch):
    settings, log_run = [replace(job.settings, holdout=share) for share in (0.21, 0.22)], Registry.log_run
    with monkeypatch.context() as away:
        away.setattr(Registry, "log_run", lambda *_, **__: (_ for _ in ()).throw(RegistryError("It is away.")))
        decide(Job(settings[0], job.now))

    def refusing(registry, experiment, name, params, *rest, **more):
        if params["holdout"] == "0.22":
            raise RegistryError("It is too long.")
        return log_run(registry, experiment, name, params, *rest, **more)

    with monkeypatch.context() as strict:
        strict.setattr(Registry, "log_run", refusing)
        assert "tracked" not in decide(Job(settings[1], job.now))
    assert (len(plans_of(job, 0.21)), plans_of(job, 0.22)) == (1, [])
    assert decide(Job(settings[1], job.now))["tracked"]["run_id"] in plans_of(job, 0.22)


@pytest.mark.parametrize(
    ("share", "where"),
    [
        (0.12, "deciding.log_plans"),  # it is in the log, and nothing is logged
        (0.13, "unlogged_plans._write"),  # the run is logged, and nobody remembered it
        (0.14, "unlogged_plans.shutil.rmtree"),  # all is logged, and it still waits
    ],
)
def test_a_plan_whose_decide_was_killed_is_once_in_the_log_and_once_in_mlflow(job, monkeypatch, share, where):
    settings = replace(job.settings, holdout=share)
    held = unlogged_plans.hold_plan
    with monkeypatch.context() as dying:
        kill = lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)  # noqa: E731
        dying.setattr(
            plan_tracking, "hold_plan", lambda *all_: (held(*all_), dying.setattr(f"patron.jobs.{where}", kill))
        )
        with pytest.raises(KeyboardInterrupt):
            decide(Job(settings, job.now))
    tracked = decide(Job(settings, job.now))["tracked"]
    assert plans_of(job, share) == [tracked["run_id"]] and not (job.out / "unlogged_plans").exists()
    log = json.loads((job.out / "decision_log" / "log.json").read_text())
    assert [entry["holdout"] for entry in log].count(share) == 1
    with job.registry._client() as client:
        (kept,) = client.get_run(tracked["run_id"]).outputs.model_outputs
    assert tracked["policy"] == f"models:/{kept.model_id}"


def plans_of(job, holdout):
    """Return the runs of plans with a share held out."""
    with job.registry._client() as client:
        experiment = client.get_experiment_by_name(f"{job.settings.name}-decisions")
        runs = client.search_runs([experiment.experiment_id])
    return [run.info.run_id for run in runs if run.data.params["holdout"] == str(holdout)]


def test_a_change_of_what_was_learned_is_refused_as_one_of_the_model_is(job):
    path = job.champions["churn"].bundle / "effects" / "call" / "spec.json"
    kept = path.read_text()
    path.write_text(kept.replace('"level": 0.95', '"level": 0.05'))
    with pytest.raises(RegistryError, match=r"not those that were registered \(changed: effects/call/spec.json\)"):
        decide(Job(job.settings, job.now))
    path.write_text(kept)


def test_a_model_that_was_trained_without_the_offer_is_refused_when_it_is_decided(trained_job, tmp_path):
    settings = replace(trained_job.settings, offers=(CALL,), value=100.0, budget=50.0, out=tmp_path)
    with pytest.raises(RegistryError, match=r"effect of call is to be learned, and model 'kiosk-churn' version"):
        decide(Job(settings, trained_job.now))


def test_a_check_refuses_an_offer_of_which_no_effect_can_be_learned(job, tmp_path):
    rows = pd.read_csv(job.settings.root / "offers.csv")
    rows[rows.arm == "call"].assign(arm="none").to_csv(tmp_path / "offers.csv", index=False)
    tables = {**job.settings.tables, "offers": Table(tmp_path / "offers.csv", ROLES)}
    with pytest.raises(QuestionError, match=r"contacts of the offer 'offers', 0 treated and \d+ control can be"):
        check(Job(replace(job.settings, tables=tables, out=tmp_path), job.now))


def test_training_without_contacts_of_the_offer_is_refused_before_any_model_is_fitted(trained_job, tmp_path):
    settings = replace(trained_job.settings, offers=(CALL,), root=tmp_path, out=tmp_path)
    with pytest.raises(
        QuestionError, match=r"Effects are learned from the event table 'offers', and the history has none"
    ):
        train(Job(settings, trained_job.now))
    assert not (tmp_path / "card_churn.json").exists()
