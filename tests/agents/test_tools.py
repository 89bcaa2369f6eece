"""What agents are told: the numbers of the files, by pseudonym; what is missing comes with the verb that writes it."""

import json
import shutil

import pytest

from agents.conftest import KEYS
from patron.agents.tools import (
    TOOLS,
    customer_drivers,
    customer_scores,
    customers_at_risk,
    drift_report,
    model_card,
    model_versions,
    plan_rows,
    plan_summary,
    scoring_run,
)
from patron.errors import PatronError, ScoreError


def test_customers_come_by_risk_or_by_what_is_at_stake(results):
    by_risk = customers_at_risk(results)["customers"]
    assert [(row["risk"], row["stake"]) for row in by_risk] == [(0.9, 18.0), (0.5, 50.0), (0.1, 3.0)]
    (first,) = customers_at_risk(results, by="stake", limit=1)["customers"]
    assert first == by_risk[1]


def test_a_customer_is_asked_about_by_the_pseudonym_that_every_answer_gives(results):
    pseudonym = customers_at_risk(results, by="stake", limit=1)["customers"][0]["pseudonym"]
    assert customer_scores(results, pseudonym) == {
        "cutoff": "2024-01-01T00:00:00",
        "churn_probability": 0.5,
        "value": 100.0,
    }
    assert [reason["text"] for reason in customer_drivers(results, pseudonym)["reasons"]] == ["a", "b"]
    assert plan_rows(results, limit=1)["rows"][0]["pseudonym"] == pseudonym


def test_a_key_is_refused_whether_it_is_somebodys_or_not_and_not_repeated(results):
    said = set()
    for key in ("key-ann", "key-zoe"):
        with pytest.raises(ScoreError, match="Nobody among the 3 customers scored at 2024-01-01 has") as refused:
            customer_scores(results, key)
        said.add(str(refused.value))
    assert len(said) == 1
    assert "key-" not in said.pop()


def test_the_plan_is_told_by_offer_and_group_and_row_by_row(results):
    summary = plan_summary(results)
    assert (summary["cutoff"], summary["chosen"], summary["evidence"]) == ("2024-01-01", 2, ["assumed"])
    gains = {group["group"]: (group["customers"], group["expected_gain"]) for group in summary["groups"]}
    assert gains == {"treat": (1, 6.0), "control": (1, 5.0)}
    assert [row["expected_gain"] for row in plan_rows(results, after=1)["rows"]] == [5.0]


def test_the_card_leaves_out_curves_and_the_drift_is_told_as_it_is(results):
    (results.folder / "card_churn.json").write_text('{"reason": "good", "gains": {}}')
    (results.folder / "card_churn.challenger.json").write_text("{}")
    (results.folder / "drift.json").write_text('{"beyond": false}')
    assert model_card(results, "churn") == {"reason": "good"}
    with pytest.raises(PatronError, match=r"no card of that question. There are: churn\. Ask for one of them"):
        model_card(results, "../churn")
    assert drift_report(results) == {"beyond": False}


def test_no_answer_has_a_key_and_none_writes_anything(results):
    before = sorted(results.folder.parents[1].rglob("*"))
    answers = [scoring_run(results), customers_at_risk(results), plan_summary(results), plan_rows(results)]
    answers += [customer_scores(results, row["pseudonym"]) for row in answers[1]["customers"]]
    assert not [key for key in KEYS if key in json.dumps(answers)]
    assert sorted(results.folder.parents[1].rglob("*")) == before


@pytest.mark.parametrize(
    ("tool", "arguments", "gone", "said"),
    [
        ("scoring_run", (), "scores.parquet", r"no scores of 'shop' yet. Have them written: patron score SETTINGS"),
        ("plan_rows", (), "decisions.parquet", "patron decide SETTINGS"),
        ("model_card", ("churn",), "", "no cards of 'shop' yet. Have them written: patron train SETTINGS"),
        ("drift_report", (), "", "patron drift SETTINGS"),
        ("model_versions", (), "", "patron train SETTINGS"),
        ("customers_at_risk", (), "../../mlruns/pseudonyms.key", "no pseudonyms of 'shop' yet.*patron report SETTINGS"),
    ],
)
def test_what_is_missing_is_named_with_the_verb_that_writes_it(results, tool, arguments, gone, said):
    path = results.folder / gone
    if gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(PatronError, match=said):
        TOOLS[tool](results, *arguments)
    assert not gone or not path.exists()


def test_reasons_that_nobody_wrote_are_named_with_their_verb(results):
    (results.folder / "drivers.parquet").unlink()
    pseudonym = customers_at_risk(results)["customers"][0]["pseudonym"]
    with pytest.raises(PatronError, match="patron explain SETTINGS"):
        customer_drivers(results, pseudonym)


def test_a_store_whose_tables_are_not_as_expected_has_no_versions_to_tell(results):
    (results.store / "mlflow.db").write_bytes(b"")
    with pytest.raises(PatronError, match=r"no models in the local store .*patron models --server"):
        model_versions(results)
