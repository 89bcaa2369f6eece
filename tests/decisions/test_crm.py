"""CRM imports: every scored customer once, by the CRM's own key, with nothing left of the day before."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from patron.decisions import CrmImport, crm_table
from patron.errors import SettingsError

SCORES = pd.DataFrame(
    {
        "customer": ["007", "b", "c"],
        "cutoff": pd.Timestamp("2024-05-31"),
        "churn_probability": [0.123456, 0.5, 1e-7],
        "purchase_within_30d": [0.25, 0.0, 1.0],
        "expected_profit": [1234567.891, -3.0, None],
        "tier": ["gold", None, "lead"],
        "next_item_1": ["4", "5", "6"],
        "next_item_2": ["7", "8", "9"],
    }
)
PLAN = pd.DataFrame(
    {
        "customer": ["b", "c"],
        "cutoff": pd.Timestamp("2024-05-31"),
        "group": ["treat", "control"],
        "offer": ["call", "call"],
        "expected_gain": [12.0, 3.0],
        "reasons_for": ["Days since the last order: 80 (usual: 20)", "Orders placed: 1"],
    }
)
DRT = Path(__file__).parents[2] / "pipelines" / "crm_sync"


def test_every_scored_customer_is_there_once_and_who_gets_no_offer_has_none():
    table = crm_table(SCORES, PLAN, CrmImport("hubspot", key="shop_id"))
    assert list(table.shop_id) == ["007", "b", "c"]
    assert list(table.patron_group) == ["none", "treat", "control"]
    assert list(table.patron_offer) == ["none", "call", "none"]
    assert list(table.patron_reasons_for) == ["none", "Days since the last order: 80 (usual: 20)", "Orders placed: 1"]


def test_no_cell_is_empty_and_numbers_are_plain_texts():
    table = crm_table(SCORES, PLAN, CrmImport("hubspot", key="shop_id"))
    assert table.ne("").all(axis=None)
    assert table.notna().all(axis=None)
    assert list(table.patron_churn_probability) == ["0.1235", "0.5", "0"]
    assert list(table.patron_expected_profit) == ["1234567.891", "-3", "0"]
    assert list(table.patron_expected_gain) == ["0", "12", "3"]
    assert set(table.patron_cutoff) == {"2024-05-31"}


def test_the_usual_fields_are_those_that_a_person_reads():
    table = crm_table(SCORES, PLAN, CrmImport("erp", key="id"))
    assert "next_item_1" in table
    assert "next_item_2" not in table
    assert "purchase_within_30d" in table


def test_salesforce_has_custom_fields_of_at_most_forty_letters():
    wanted = CrmImport("salesforce", key="Shop_Id__c")
    assert wanted.header("purchase_within_30d") == "Patron_Purchase_Within_30D__c"
    assert len(wanted.header("a_column_with_a_name_that_is_longer_than_any")) <= 40 + len("__c")


def test_chosen_columns_have_the_names_that_were_given():
    wanted = CrmImport("hubspot", "email", {"churn_probability": "churn_risk", "offer": "retention_offer"})
    assert list(crm_table(SCORES, PLAN, wanted)) == ["email", "churn_risk", "retention_offer"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"churn_probabilty": "x"}, "no column of scores or decisions. Did you mean 'churn_probability'"),
        ({"tier": "x", "value": "x"}, "value"),
        ({"tier": "x", "offer": "x"}, "gives the name 'x' to several columns"),
    ],
)
def test_columns_that_are_not_there_and_names_that_come_twice_are_refused(columns, said):
    with pytest.raises(SettingsError, match=said):
        crm_table(SCORES, PLAN, CrmImport("hubspot", "email", columns))


def test_scores_without_decisions_do():
    assert "patron_offer" not in crm_table(SCORES, None, CrmImport("hubspot", "email"))


def test_the_example_project_of_drt_is_one_that_drt_reads_and_its_files_are_those_that_are_written(
    tmp_path, monkeypatch
):
    parser = pytest.importorskip("drt.config.parser")
    project, syncs = parser.load_project(DRT), parser.load_syncs(DRT)
    assert {sync.destination.type for sync in syncs} == {"hubspot", "salesforce_bulk"}
    (tmp_path / "results").mkdir()
    monkeypatch.chdir(tmp_path)
    keys = {"hubspot": "email", "salesforce": "Shop_Id__c"}
    for name, key in keys.items():
        crm_table(SCORES, PLAN, CrmImport(name, key)).to_csv(f"results/crm_{name}.csv", index=False)
    for sync in syncs:
        query = sync.model.replace(project.vars["results"], "results").replace('{{ var("results") }}', "results")
        rows = duckdb.sql(query).df()
        name = sync.destination.type.partition("_")[0]
        assert list(rows[keys[name]]) == ["007", "b", "c"]
    field = {sync.destination.type: sync.destination for sync in syncs}
    assert field["hubspot"].id_property == keys["hubspot"]
    assert field["salesforce_bulk"].external_id_field == keys["salesforce"]
