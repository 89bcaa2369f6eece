"""The page of experiments shows trainings side by side: each experiment has the columns that matter."""

import json

from patron.registry import page_lines
from patron.registry.views import SHARED, VIEW_TAGS, view_addresses


def test_an_experiment_has_its_view_from_its_first_run_on_and_one_of_an_earlier_release_from_its_next(store):
    store.log_run("spend", "r", {}, {})
    with store._client() as client:
        first = client.get_experiment_by_name("spend")
        assert VIEW_TAGS.items() <= first.tags.items()
        client.set_experiment_tag(first.experiment_id, SHARED, "{}")
    store.log_run("spend", "again", {}, {})
    with store._client() as client:
        assert client.get_experiment_by_name("spend").tags[SHARED] == VIEW_TAGS[SHARED]


def test_the_columns_are_figures_that_every_training_logs_by_the_same_name():
    columns = json.loads(VIEW_TAGS[SHARED])["selectedColumns"]
    assert {"metrics.`test.log_loss`", "metrics.`test.auc`", "tags.`grade`", "tags.`trained_until`"} <= set(columns)


def test_the_page_is_opened_where_the_trainings_of_an_experiment_are(store):
    with store._client() as client:
        number = client.get_experiment_by_name("churn").experiment_id
    (line,) = page_lines(store)
    assert line.startswith(f"churn: http://127.0.0.1:5000/#/experiments/{number}/runs?workflowType=machine_learning&")
    assert line.endswith("viewStateShareKey=patron")


def test_a_store_that_cannot_be_read_has_no_addresses(tmp_path):
    assert view_addresses(tmp_path, "http://127.0.0.1:5000") == ()
