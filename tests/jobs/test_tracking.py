"""What a data scientist looks for in MLflow: a card to read, figures with intervals, the data, words to search by."""

import json

import pytest

from patron.registry.mlflow_import import mlflow


@pytest.fixture(scope="module")
def run(trained_job):
    """The run of the only training."""
    with trained_job.registry._client() as client:
        return client.get_run(trained_job.champions["churn"].run_id)


def test_a_card_tells_a_reader_what_the_model_is_good_for(trained_job, run):
    address = f"{run.info.artifact_uri}/model_card.md"
    with trained_job.registry._client():
        text = mlflow().artifacts.load_text(address)
    card = json.loads(trained_job.card_path(trained_job.questions[0]).read_text())
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        *("Purpose", "Grade", "Data", "How it was chosen", "Figures at the test cutoffs", "For whom it is off"),
        *("Limits", "Features", "Use", "Contact"),
    ]
    auc = card["measured"][card["champion"]]["AUC"]
    assert f"AUC {auc['value']:.3f} [{auc['low']:.3f}, {auc['high']:.3f}]** (95 % interval over customers)" in text
    assert "- test: 2023-06-01" in text and "| orders | 1627 | 80 |" in text
    assert "| orders_30d | Orders placed in the last 30 days | orders |" in text
    assert "nobody is named ([registry] contact in the settings)" in text


def test_a_run_has_its_figures_with_bounds_and_the_tables_that_were_read(run):
    champion = run.data.tags["champion"]
    assert {f"test.{champion}.auc{end}" for end in ("", ".low", ".high")} <= set(run.data.metrics)
    (orders,) = (data_set.dataset for data_set in run.inputs.dataset_inputs)
    assert (orders.name, json.loads(orders.source), len(orders.digest)) == ("orders", {"uri": "orders.csv"}, 32)
    assert {column["name"]: column["type"] for column in json.loads(orders.schema)["mlflow_colspec"]} == {
        "customer": "string",
        "at": "datetime",
    }
    assert json.loads(orders.profile)["rows"] == 1627


def test_runs_and_versions_are_found_by_words(trained_job, run):
    asked = "tags.question = 'churn' AND tags.trained_until = '2023-04-01' AND tags.business = 'kiosk'"
    with trained_job.registry._client() as client:
        (found,) = client.search_runs([run.info.experiment_id], asked)
    (version,) = trained_job.registry.versions("kiosk-churn")
    assert found.info.run_id == version.run_id == run.info.run_id
    assert (version.tags["question"], version.tags["horizon"]) == ("churn", "30 days")
    assert run.data.tags["mlflow.note.content"].startswith("**Answers** churn of customers")
