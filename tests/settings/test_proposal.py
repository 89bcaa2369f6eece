"""Proposals: a settings file from a business's own files, that says what it could not tell."""

from pathlib import Path

import pandas as pd
import pytest

from patron.errors import SettingsError
from patron.settings import Settings, load
from patron.settings.proposal import propose

ROWS = pd.DataFrame({"cust_id": ["a", "b"], "ts": ["2022-01-01", "2023-12-31"], "paid": [9.5, 3.0]})


def proposed(folder: Path, **tables: pd.DataFrame) -> tuple[Settings, str]:
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    out = folder / "new.toml"
    propose([folder / f"{name}.csv" for name in tables], out)
    return load(out), out.read_text()


def test_columns_whose_name_and_values_tell_their_role_are_declared(tmp_path):
    names = {"Customer ID": ["a", "b"], "InvoiceDate": ["2022-01-01 10:00", "2023-12-31"], "InvoiceNo": [1, 2]}
    goods = {"StockCode": ["x", "y"], "Quantity": [1, 2], "UnitPrice": [2.5, 1.0], "Country": ["uk", "uk"]}
    settings, text = proposed(tmp_path, shop=pd.DataFrame(names | goods))
    told = {"customer": "Customer ID", "at": "InvoiceDate", "order": "InvoiceNo", "item": "StockCode"}
    assert settings.tables["orders"].roles == told | {"quantity": "Quantity", "price": "UnitPrice"}
    assert "# category =   # could not be told" in text
    assert "# amount =" not in text
    assert text.count("Country") == 1


def test_a_proposal_can_be_checked_as_it_is(tmp_path):
    settings, _ = proposed(tmp_path, sales=ROWS)
    assert settings.history().receipts[0].used == 2
    assert (settings.question("churn").horizon.days, settings.split.test[0].isoformat()) == (90, "2023-10-03T00:00:00")


def test_of_several_times_none_is_guessed_and_the_only_one_is_taken_whatever_its_name(tmp_path):
    several = ROWS.rename(columns={"ts": "paid_on"}).assign(sent_on=ROWS.ts)
    settings, text = proposed(tmp_path, orders=several)
    assert "at" not in settings.tables["orders"].roles
    assert "# at =   # could not be told" in text
    assert '# columns that none of these took: "paid_on", "sent_on"' in text
    (tmp_path / "new.toml").unlink()
    assert proposed(tmp_path, orders=several.drop(columns="sent_on"))[0].tables["orders"].roles["at"] == "paid_on"


def test_a_column_of_texts_is_no_amount(tmp_path):
    settings, _ = proposed(tmp_path, orders=ROWS.assign(paid=["a lot", "little"]))
    assert "amount" not in settings.tables["orders"].roles


def test_values_that_look_like_returns_are_shown_but_not_decided(tmp_path):
    settings, text = proposed(tmp_path, orders=ROWS.assign(event_type=["sale", "Refund"]))
    assert '# returns = { "event_type" = ["Refund"] }' in text
    assert settings.tables["orders"].returns is None


def test_files_are_named_by_what_they_hold_and_the_first_is_the_orders_where_no_name_tells(tmp_path):
    files = {"online_shop_events": ROWS, "online_shop_lines": ROWS, "support-tickets": ROWS, "visits2023": ROWS}
    assert list(proposed(tmp_path, **files)[0].tables) == ["orders", "lines", "tickets", "contacts"]
    (tmp_path / "new.toml").unlink()
    assert list(proposed(tmp_path, mine=ROWS, returns=ROWS)[0].tables) == ["orders", "returns"]


def test_money_is_never_assumed_and_profit_asked_only_where_it_is_told(tmp_path):
    settings, text = proposed(tmp_path, orders=ROWS)
    assert [question.name for question in settings.questions] == ["churn", "next_purchase"]
    assert "# margin_rate" in text
    (tmp_path / "new.toml").unlink()
    with_cost, _ = proposed(tmp_path, orders=ROWS.assign(cost=1.0))
    assert [question.name for question in with_cost.questions] == ["churn", "next_purchase", "tier"]


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    proposed(tmp_path, orders=ROWS)
    with pytest.raises(SettingsError, match=r"There is a file 'new.toml' already, which stays. Name another one"):
        propose([tmp_path / "orders.csv"], tmp_path / "new.toml")


def test_a_table_with_one_row_for_each_customer_is_proposed_as_attributes_whatever_its_name(tmp_path):
    people = pd.DataFrame({"cust_id": ["a", "b"], "country": ["FR", "UK"], "joined": ["2020-01-01", "2021-01-01"]})
    settings, text = proposed(tmp_path, crm=people, orders=ROWS)
    assert (settings.attributes["crm"].roles, settings.tables.keys()) == ({"customer": "cust_id"}, {"orders"})
    assert '# leave_out = ["status"]' in text
    assert settings.history().attributes == {"crm": ("country", "joined")}


def test_customers_with_several_rows_are_proposed_as_dated_attributes(tmp_path):
    changes = pd.DataFrame({"cust_id": ["a", "a"], "date": ["2022-01-01", "2023-01-01"], "plan": ["s", "m"]})
    settings, _ = proposed(tmp_path, clients=changes, sales=ROWS)
    assert settings.attributes["customers"].roles == {"customer": "cust_id", "at": "date"}
    assert settings.history().attributes == {"customers": ("plan",)}


def test_facts_that_hold_from_a_day_on_are_proposed_as_dated_even_with_one_row_each_and_a_birth_date(tmp_path):
    facts = {"cust_id": ["a", "b"], "valid_from": ["2022-01-01", "2023-01-01"], "born": ["1980-01-01", "1990-01-01"]}
    settings, _ = proposed(tmp_path, kunden=pd.DataFrame(facts), sales=ROWS)
    assert settings.attributes["customers"].roles == {"customer": "cust_id", "at": "valid_from"}


def test_times_with_the_day_first_are_told_and_give_the_cutoffs(tmp_path):
    days = "".join(f"c{i},{i % 28 + 1:02}/{i % 12 + 1:02}/2023,5.0\n" for i in range(90))
    (tmp_path / "orders.csv").write_text(f"customer_id,bought,paid\n{days}", encoding="utf-8")
    propose([tmp_path / "orders.csv"], tmp_path / "shop.toml")
    text = (tmp_path / "shop.toml").read_text(encoding="utf-8")
    assert 'at = "bought"' in text
    assert "made up" not in text
