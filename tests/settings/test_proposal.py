"""Proposals: settings from a business's own files, that run at once and say what they could not tell."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

import patron as pt
from patron.errors import HistoryError, SettingsError
from patron.settings import Settings, load
from patron.settings.proposal import Proposal, write_proposal
from patron.settings.proposal.columns import look_at
from patron.settings.proposal.roles import fits
from patron.settings.proposal.sections import TAKEN_FOR

ROWS = pd.DataFrame({"cust_id": ["a", "b"], "ts": ["2022-01-01", "2023-12-31"], "paid": [9.5, 3.0]})
DAYS_SPENT = [1.0 + i % 9 for i in range(300)]
DAYS = pd.date_range("2023-01-01", periods=300, freq="2D").strftime("%Y-%m-%d")


def orders(n: int = 300, **columns: object) -> pd.DataFrame:
    """Return orders of seven customers, one every second day, each of 1 to 9 in money."""
    rows = {
        "customer_id": [f"c{i % 7}" for i in range(n)],
        "order_date": DAYS[:n],
        "amount": [1 + i % 9 for i in range(n)],
    }
    return pd.DataFrame(rows).assign(**columns)


def proposed(folder: Path, **tables: pd.DataFrame) -> tuple[Settings, str]:
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    out = folder / "new.toml"
    out.unlink(missing_ok=True)
    write_proposal([folder / f"{name}.csv" for name in tables], out, lambda sentence: None)
    return load(out), out.read_text()


def doubts(**tables: pd.DataFrame) -> str:
    return "\n".join(pt.propose(tables).doubts)


def test_columns_whose_name_and_values_tell_their_role_are_declared(tmp_path):
    names = {"Customer ID": ["a", "b"], "InvoiceDate": ["2022-01-01 10:00", "2023-12-31"], "InvoiceNo": [1, 2]}
    goods = {"StockCode": ["x", "y"], "Quantity": [1, 2], "UnitPrice": [2.5, 1.0], "Country": ["uk", "uk"]}
    settings, text = proposed(tmp_path, shop=pd.DataFrame(names | goods))
    roles = {"customer": "Customer ID", "at": "InvoiceDate", "order": "InvoiceNo", "item": "StockCode"}
    assert settings.tables["orders"].roles == roles | {"quantity": "Quantity", "price": "UnitPrice"}
    assert "# category =   # could not be told" in text
    assert "# amount =  " not in text
    assert text.count("Country") == 1


def test_a_column_that_names_the_items_is_proposed_as_their_name(tmp_path):
    codes = [f"s{i % 20}" for i in range(300)]
    named = {
        "StockCode": codes,
        "Description": [f"CUP {code}" for code in codes],
        "Notes": [f"n{i}" for i in range(300)],
    }
    settings, text = proposed(tmp_path, shop=orders(**named))
    assert settings.tables["orders"].roles["item_name"] == "Description"
    assert "20 names of 20 items seen" in text


@pytest.mark.parametrize(
    "words", [[f"order {i}" for i in range(300)], ["a cup"] * 300], ids=["of_the_row", "the_same_for_all"]
)
def test_a_description_that_does_not_name_the_item_is_no_name(tmp_path, words):
    named = {"StockCode": [f"s{i % 20}" for i in range(300)], "Description": words}
    assert "item_name" not in proposed(tmp_path, shop=orders(**named))[0].tables["orders"].roles


def test_a_proposal_can_be_checked_as_it_is(tmp_path):
    settings, _ = proposed(tmp_path, sales=ROWS)
    assert settings.history().receipts[0].used == 2
    assert (settings.question("churn").horizon.days, settings.split.test[0].isoformat()) == (90, "2023-10-03T00:00:00")


def test_of_several_times_that_of_the_order_is_taken_and_the_others_are_named(tmp_path):
    dates = {"created_at": DAYS, "updated_at": DAYS[::-1], "paid_at": DAYS, "cancelled_at": DAYS}
    settings, text = proposed(tmp_path, orders=orders().drop(columns="order_date").assign(**dates))
    assert settings.tables["orders"].roles["at"] == "created_at"
    assert "# other times: paid_at" in text


def test_the_only_time_is_taken_whatever_its_name_unless_it_says_another_thing(tmp_path):
    assert proposed(tmp_path, orders=ROWS.rename(columns={"ts": "seen"}))[0].tables["orders"].roles["at"] == "seen"


def test_a_column_of_texts_is_no_amount(tmp_path):
    settings, _ = proposed(tmp_path, orders=ROWS.assign(paid=["a lot", "little"]))
    assert "amount" not in settings.tables["orders"].roles


def test_an_email_is_the_customer_where_nothing_else_comes_back():
    mails = [f"person{i % 7}@shop.example" for i in range(300)]
    rows = orders(Email=mails, customer_id=range(300)).rename(columns={"customer_id": "Customer ID"})
    assert pt.propose({"orders": rows}).values().tables["orders"].roles["customer"] == "Email"


def test_a_key_that_stands_for_nobody_in_every_fourth_row_gives_way_to_an_email_and_both_are_named():
    keys = ["0" if i % 4 == 0 else str(100 + i % 7) for i in range(300)]
    mails = [f"person{i % 7}@shop.example" for i in range(300)]
    proposal = pt.propose({"orders": orders(customer_id=keys, email=mails)})
    assert proposal.values().tables["orders"].roles["customer"] == "email"
    assert "'email' was taken for the customer's key; 'customer_id' is about as likely" in "\n".join(proposal.doubts)


def test_charged_shipping_is_no_cost_and_the_line_that_would_make_it_one_is_a_comment(tmp_path):
    settings, text = proposed(tmp_path, orders=orders(Shipping=4.9))
    assert "shipping" not in settings.tables["orders"].roles
    assert '# shipping = "Shipping"' in text


def test_a_return_is_asked_about_where_the_word_alone_says_so_and_decided_where_the_money_does_too(tmp_path):
    words = ["refund" if i % 10 == 0 else "sale" for i in range(300)]
    settings, text = proposed(tmp_path, orders=orders(status=words))
    assert '# returns = { status = ["refund"] }' in text
    assert settings.tables["orders"].returns is None
    below = [-1 if word == "refund" else 1 for word in words]
    settings, text = proposed(tmp_path, orders=orders(status=words, amount=below))
    assert settings.tables["orders"].returns == {"status": ["refund"]}
    assert "'refund' (30), 30 with an amount below zero" in text


def test_a_credit_note_that_repeats_the_amount_of_a_sale_of_the_same_customer_is_a_return():
    sales = orders(200, kind="Rechnung")
    back = sales.iloc[:20].assign(kind="Gutschrift", order_date="2024-03-01")
    proposal = pt.propose({"orders": pd.concat([sales, back], ignore_index=True)})
    assert proposal.values().tables["orders"].returns == {"kind": ["Gutschrift"]}
    assert len(proposal.history().tables["returns"].to_pandas()) == 20


def test_rows_that_were_never_paid_are_left_out_by_name_and_counted(tmp_path):
    words = ["failed" if i % 10 == 0 else "voided" if i % 10 == 1 else "paid" for i in range(300)]
    settings, text = proposed(tmp_path, orders=orders(status=words))
    assert settings.tables["orders"].where == {"status": ["paid"]}
    assert "leaves out 'failed' (30), 'voided' (30): never paid" in text
    assert settings.history().receipts[0].used == 240


def test_only_deals_that_were_won_count_at_the_day_of_their_end():
    stages = ["Closed Won" if i % 2 else "Prospecting" for i in range(300)]
    deals = orders(StageName=stages).rename(columns={"order_date": "CloseDate", "customer_id": "AccountId"})
    table = pt.propose({"Opportunity": deals.assign(CreatedDate=DAYS)}).values().tables["orders"]
    assert (table.where, table.roles["at"]) == ({"StageName": ["Closed Won"]}, "CloseDate")


def test_of_what_visitors_did_only_purchases_are_orders():
    did = ["view", "cart", "purchase"] * 100
    proposal = pt.propose({"events": orders(event_type=did)})
    assert proposal.values().tables["orders"].where == {"event_type": ["purchase"]}
    assert "leaves out 'cart' (100), 'view' (100): no purchases" in proposal.settings


def test_money_given_back_by_its_kind_and_its_sign_comes_back_and_a_sign_alone_is_no_rule():
    kinds = ["Payment Refund" if i % 10 == 0 else "Payment" for i in range(300)]
    money = [-5.0 if kind == "Payment Refund" else 5.0 for kind in kinds]
    assert pt.propose({"orders": orders(Type=kinds, amount=money)}).values().tables["orders"].returns == {
        "Type": ["Payment Refund"]
    }
    assert pt.propose({"orders": orders(amount=money)}).values().tables["orders"].returns is None


def test_a_key_without_a_telling_name_is_told_by_the_file_where_it_stands_once_and_asked_about():
    keys = [f"key-{i:04d}" for i in range(30)]
    rows = orders(msno=keys * 10).drop(columns="customer_id")
    proposal = pt.propose({"transactions": rows, "members": pd.DataFrame({"msno": keys, "city": "x"})})
    assert proposal.values().tables["orders"].roles["customer"] == "msno"
    assert "'msno', is told by no name, only by its values" in "\n".join(proposal.doubts)


def test_a_key_that_names_no_person_and_comes_back_is_taken_and_asked_about_where_there_is_no_other():
    rows = orders(device_id=[f"d{i % 30}" for i in range(300)], order_id=range(300)).drop(columns="customer_id")
    proposal = pt.propose({"orders": rows})
    assert proposal.values().tables["orders"].roles["customer"] == "device_id"
    assert "is there a better one?" in "\n".join(proposal.doubts)


def test_a_column_of_one_value_on_every_line_is_no_total_of_the_order():
    numbers = [f"n{i // 2}" for i in range(300)]
    money = {
        "order_id": numbers,
        "sku": [f"s{i % 2}" for i in range(300)],
        "coupon_amount": 0.0,
        "net_revenue": DAYS_SPENT,
    }
    rows = orders(**money, customer_id=[f"c{i // 2 % 7}" for i in range(300)]).drop(columns="amount")
    roles = pt.propose({"orders": rows}).values().tables["orders"].roles
    assert (roles["amount"], "total" in roles) == ("net_revenue", False)


def test_a_number_that_stands_for_nobody_in_a_few_rows_is_named_as_such():
    keys = [0 if i % 50 == 0 else 100 + i % 7 for i in range(300)]
    proposal = pt.propose({"orders": orders(customer_id=keys)})
    assert proposal.values().tables["orders"].not_customers == ("0", "-1")
    assert proposal.history().receipts[0].set_aside == {"no customer": 6}


def test_a_total_that_stands_on_every_line_counts_once_for_the_order():
    numbers = [f"n{i // 2}" for i in range(300)]
    rows = {"order_id": numbers, "customer_id": [f"c{i // 2 % 7}" for i in range(300)], "order_total": 10.0}
    lines = {"order_date": [DAYS[i // 2] for i in range(300)], "sku": [f"s{i % 2}" for i in range(300)], "qty": 1}
    proposal = pt.propose({"orders": pd.DataFrame(rows | lines)})
    assert proposal.values().tables["orders"].roles["total"] == "order_total"
    assert float(proposal.history().tables["orders"].amount.sum().to_pyarrow().as_py()) == 1500.0


def test_a_cost_that_fits_a_piece_is_that_of_a_piece_as_the_door_notes():
    rows = orders(quantity=[1 + i % 4 for i in range(300)], cost=2.0)
    rows["amount"] = 3.0 * rows.quantity
    roles = pt.propose({"orders": rows}).values().tables["orders"].roles
    assert (roles["unit_cost"], "cost" in roles) == ("cost", False)


def test_emails_in_other_capitals_are_the_same_customer_in_all_tables():
    mails = [f"{'P' if i % 3 else 'p'}erson{i % 7}@shop.example" for i in range(300)]
    calls = pd.DataFrame({"email": [f"person{i}@shop.example" for i in range(7)], "date": DAYS[:7], "kind": "call"})
    proposal = pt.propose({"orders": orders(email=mails).drop(columns="customer_id"), "calls": calls})
    assert [table.customer_case for table in proposal.values().tables.values()] == ["fold", "fold"]
    assert proposal.history().receipts[0].customers == 7


def test_amounts_that_are_converted_already_are_taken_where_the_others_are_of_several_currencies():
    money = {"Amount": 10.0, "Currency": ["usd", "eur"] * 150, "Converted Amount": 9.0, "Converted Currency": "eur"}
    rows = orders(**money).drop(columns="amount")
    roles = pt.propose({"payments": rows}).values().tables["orders"].roles
    assert (roles["amount"], roles["currency"]) == ("Converted Amount", "Converted Currency")


def test_invoices_that_are_due_count_at_what_they_ask_for_and_are_asked_about():
    states = ["Awaiting Payment" if i % 10 == 0 else "Voided" if i % 10 == 1 else "Paid" for i in range(300)]
    columns = {"InvoiceNumber": range(300), "DueDate": DAYS, "Total": 9.0, "AmountPaid": 5.0, "Status": states}
    table = pt.propose({"invoices": orders(**columns).drop(columns="amount")}).values().tables["orders"]
    assert (table.roles["amount"], table.where) == ("Total", {"Status": ["Paid", "Awaiting Payment"]})


def test_transfers_of_an_account_are_no_purchases():
    kinds = ["General Withdrawal" if i % 10 == 0 else "Express Payment" for i in range(300)]
    assert pt.propose({"orders": orders(Type=kinds)}).values().tables["orders"].where == {"Type": ["Express Payment"]}


def test_a_word_of_a_status_that_says_nothing_is_asked_about():
    words = ["Paid" if i % 10 else "Blue" for i in range(300)]
    assert "'Status' is 'Blue' (30), which does not say whether these are purchases" in doubts(
        orders=orders(Status=words)
    )


def test_files_of_people_of_whom_a_customer_has_several_are_joined_and_are_no_events():
    accounts, people = [f"account-{i:05d}" for i in range(7)], [f"contact-{i:05d}" for i in range(14)]
    contacts = {"Id": people, "AccountId": accounts * 2, "FirstName": "A", "LastName": "B", "CreatedDate": DAYS[:14]}
    cases = {"Id": range(40), "ContactId": [people[i % 14] for i in range(40)], "CreatedDate": DAYS[:40]}
    deals = orders(AccountId=[accounts[i % 7] for i in range(300)]).drop(columns="customer_id")
    tables = {"Opportunity": deals, "Contact": pd.DataFrame(contacts), "Case": pd.DataFrame(cases)}
    proposal = pt.propose(tables)
    assert (list(proposal.tables), proposal.left["Contact"]) == (
        ["orders", "tickets"], "its columns are joined to tickets",
    )  # fmt: skip
    assert proposal.values().tables["tickets"].roles["customer"] == "AccountId"


def test_a_database_is_looked_at_by_its_tables(tmp_path):
    with sqlite3.connect(tmp_path / "shop.sqlite") as shop:
        orders().to_sql("sales", shop, index=False)
    proposal = pt.propose(tmp_path / "shop.sqlite")
    assert load(proposal.write(tmp_path / "shop.toml")).history().receipts[0].used == 300
    assert 'path = "shop.sqlite#sales"' in (tmp_path / "shop.toml").read_text()


def shopify() -> pd.DataFrame:
    """Return 150 orders of two lines; money, state and time stand on the first only."""
    head = {
        "Name": [f"#{1000 + i // 2}" for i in range(300)],
        "Email": [f"p{i // 2 % 7}@x.example" for i in range(300)],
    }
    first = {"Financial Status": "paid", "Total": 24.9, "Created at": ""}
    lines = {"Lineitem quantity": 1, "Lineitem price": 10.0, "Lineitem sku": [f"S{i % 2}" for i in range(300)]}
    rows = pd.DataFrame(head).assign(**first, **lines)
    rows["Created at"] = [f"{DAYS[i // 2]} 10:00:00 +0100" for i in range(300)]
    rows.loc[rows.index % 4 == 0, "Financial Status"] = "voided"
    rows.loc[rows.index % 2 == 1, ["Financial Status", "Total"]] = None
    return rows


def test_what_stands_on_the_first_line_of_an_order_counts_once_and_for_all_its_lines():
    proposal = pt.propose({"orders_export": shopify()})
    table = proposal.values().tables["orders"]
    assert table.roles | {"at": ""} == {
        "customer": "Email", "at": "", "order": "Name", "item": "Lineitem sku", "quantity": "Lineitem quantity",
        "price": "Lineitem price", "total": "Total",
    }  # fmt: skip
    assert (table.fill_down, table.where) == (["Financial Status"], {"Financial Status": ["paid"]})
    read = proposal.history().tables["orders"].to_pandas()
    assert (len(read), float(read.amount.sum())) == (75, pytest.approx(75 * 24.9))


def test_lines_get_the_customers_and_times_of_their_orders_and_the_kinds_of_their_goods():
    numbers = [f"order-{i:04d}" for i in range(300)]
    heads = orders(order_id=numbers).drop(columns="amount")
    items = {"order_id": sorted(numbers * 2), "product_id": [f"product-{i % 5}" for i in range(600)], "price": 2.0}
    goods = pd.DataFrame({"product_id": [f"product-{i}" for i in range(5)], "product_category": list("vwxyz")})
    proposal = pt.propose({"orders": heads, "order_items": pd.DataFrame(items), "products": goods})
    table = proposal.values().tables["lines"]
    assert [(join.source.name, join.columns) for join in table.joins] == [
        ("orders.parquet", {"order_id": "order_id"}),
        ("products.parquet", {"product_id": "product_id"}),
    ]
    assert (table.roles["customer"], table.roles["category"]) == ("customer_id", "product_category")
    assert proposal.history().tables["orders"].count().to_pyarrow().as_py() == 300
    assert proposal.left["products"] == "its columns are joined to lines"


def test_a_table_with_one_row_for_each_customer_is_proposed_as_attributes_whatever_its_name(tmp_path):
    people = pd.DataFrame({"cust_id": ["a", "b"], "country": ["FR", "UK"], "joined": ["2020-01-01", "2021-01-01"]})
    settings, text = proposed(tmp_path, crm=people, orders=ROWS)
    assert (settings.attributes["crm"].roles, settings.tables.keys()) == ({"customer": "cust_id"}, {"orders"})
    assert '# leave_out = ["status"]' in text
    assert settings.history().attributes == {"crm": ("country", "joined")}


def test_what_is_written_after_the_outcome_is_left_out_of_what_is_known_and_named():
    people = {"customer_id": [f"c{i}" for i in range(7)], "country": "FR", "Total Spent": range(7), "churned": "no"}
    proposal = pt.propose({"orders": orders(), "customers": pd.DataFrame(people)})
    assert proposal.values().attributes["customers"].leave_out == ("Total Spent", "churned")


@pytest.mark.parametrize(
    "columns",
    [
        ("Letzter Einkauf", "Umsatz gesamt", "Anzahl Bestellungen"),
        ("Dernière commande", "CA total", "Nb commandes"),
        ("Última compra", "Total gastado", "Nº pedidos"),
    ],
)
def test_what_is_written_after_the_outcome_is_left_out_in_other_languages(columns):
    keys = [f"c{i}" for i in range(7)]
    people = pd.DataFrame({"customer_id": keys, "land": "FR"} | dict.fromkeys(columns, range(7)))
    proposal = pt.propose({"orders": orders(), "customers": people})
    assert proposal.values().attributes["customers"].leave_out == columns


def test_customers_with_several_rows_are_proposed_as_dated_attributes(tmp_path):
    changes = pd.DataFrame({"cust_id": ["a", "a"], "date": ["2022-01-01", "2023-01-01"], "plan": ["s", "m"]})
    settings, _ = proposed(tmp_path, clients=changes, sales=ROWS)
    assert settings.attributes["customers"].roles == {"customer": "cust_id", "at": "date"}
    assert settings.history().attributes == {"customers": ("plan",)}


def test_facts_that_hold_from_a_day_on_are_proposed_as_dated_even_with_one_row_each_and_a_birth_date(tmp_path):
    facts = {"cust_id": ["a", "b"], "valid_from": ["2022-01-01", "2023-01-01"], "born": ["1980-01-01", "1990-01-01"]}
    settings, _ = proposed(tmp_path, kunden=pd.DataFrame(facts), sales=ROWS)
    assert settings.attributes["customers"].roles == {"customer": "cust_id", "at": "valid_from"}


def test_files_are_named_by_what_they_hold(tmp_path):
    files = {"online_shop_events": ROWS, "support-tickets": ROWS, "visits2023": ROWS, "returns": ROWS}
    assert list(proposed(tmp_path, **files)[0].tables) == ["orders", "tickets", "contacts", "returns"]


def test_a_table_of_campaigns_is_proposed_as_offers_with_who_got_them_and_who_took_them(tmp_path):
    sent = {"client": [f"c{i % 7}" for i in range(40)], "sent_at": DAYS[:40], "campaign": ["spring", "autumn"] * 20}
    drawn = {"group": ["test", "test", "holdout", "test"] * 10, "redeemed": [0, 1, 0, 0] * 10, "chance": [0.75] * 40}
    settings, text = proposed(tmp_path, shop=orders(), mailing=pd.DataFrame(sent | drawn))
    roles = {"customer": "client", "at": "sent_at", "offer": "campaign", "arm": "group", "accepted": "redeemed"}
    assert settings.tables["offers"].roles == roles | {"propensity": "chance"}
    assert settings.history().tables["offers"].arm.as_table().distinct().order_by("arm").to_pandas().arm.tolist() == [
        "control",
        "test",
    ]
    once = pd.DataFrame(sent | {"group": ["a", "b"] * 20}).head(7)
    settings, text = proposed(tmp_path, shop=orders(), mailing=once)
    assert settings.tables["offers"].roles == {"customer": "client", "at": "sent_at", "offer": "campaign"}
    assert "none of its 2 values is called a control" in text
    assert '# arm = "group"' in text


def test_money_is_never_assumed_and_profit_asked_only_where_it_is_told(tmp_path):
    settings, text = proposed(tmp_path, orders=ROWS)
    assert [question.name for question in settings.questions] == ["churn", "next_purchase"]
    assert "# margin_rate" in text
    with_cost, _ = proposed(tmp_path, orders=ROWS.assign(cost=1.0))
    assert [question.name for question in with_cost.questions] == ["churn", "next_purchase", "tier"]


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    proposed(tmp_path, orders=ROWS)
    with pytest.raises(SettingsError, match=r"There is a file 'new.toml' already, which stays. Name another one"):
        write_proposal([tmp_path / "orders.csv"], tmp_path / "new.toml", lambda sentence: None)


def test_times_that_the_column_proves_are_declared_in_that_form_and_give_the_cutoffs(tmp_path):
    dates = [f"{i % 28 + 1:02}/{i % 12 + 1:02}/2023" for i in range(300)]
    settings, text = proposed(tmp_path, orders=orders(order_date=dates))
    assert settings.tables["orders"].at_format == "%d/%m/%Y"
    assert "made up" not in text


def test_times_that_can_be_read_in_two_ways_are_asked_about_with_the_lines_that_say_which(tmp_path):
    days = [f"{i % 12 + 1:02}/{i // 12 % 12 + 1:02}/2023" for i in range(300)]
    settings, text = proposed(tmp_path, orders=orders(order_date=days))
    assert "# ? the times of 'order_date' can be read in 2 ways: say which" in text
    assert '# at_format = "%d/%m/%Y"   or   at_format = "%m/%d/%Y"' in text
    with pytest.raises(HistoryError, match="Say which"):
        settings.history()


def test_of_several_currencies_the_commonest_is_read_and_the_rates_are_asked_for():
    proposal = pt.propose({"orders": orders(currency=["USD" if i % 3 else "EUR" for i in range(300)])})
    assert proposal.values().tables["orders"].where == {"currency": ["USD"]}
    assert proposal.history().receipts[0].used == 200
    assert "names several currencies; only rows in 'USD' are read" in "\n".join(proposal.doubts)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (
            {
                "telco": pd.DataFrame(
                    {"customerID": [f"k{i}" for i in range(30)], "tenure": 3, "Churn": ["Yes", "No"] * 15}
                )
            },
            r"telco has one row for each customer \(30 of 'customerID'\).*frame\['Churn'\] == 'Yes'.*label='Churn'",
        ),
        (
            {
                "panel": pd.DataFrame(
                    {"customer_id": [*range(30)] * 4, "ts": sorted([*DAYS[:4]] * 30), "post_spend": 1.5}
                )
            },
            r"panel has a row for each of 30 customers at each of 4 times: a panel.*cutoff='ts', label='post_spend'",
        ),
        ({"spend": pd.DataFrame({"day": DAYS, "online": 1.5})}, r"No column of spend looks like a customer's key"),
        ({"plan": pd.DataFrame({"customer_id": [1, 1, 2], "plan": list("abc")})}, "no column of it looks like a time"),
    ],
)
def test_files_without_events_of_customers_are_refused_with_what_they_are_and_what_can_be_done(tables, words):
    with pytest.raises(HistoryError, match=words):
        pt.propose(tables)


def test_files_of_periods_are_one_table_in_a_folder_of_their_own_and_asked_for_elsewhere(tmp_path):
    for folder in ("till", "."):
        (tmp_path / folder).mkdir(exist_ok=True)
        for month in (1, 2):
            orders().to_csv(tmp_path / folder / f"sales-2023-{month:02}.csv", index=False)
    assert pt.propose(tmp_path / "till").history().receipts[0].read == 600
    files = sorted(tmp_path.glob("sales*.csv"))
    with pytest.raises(HistoryError, match=r"mkdir sales && mv sales-2023-01.csv sales-2023-02.csv sales/"):
        pt.propose(files)
    orders().rename(columns={"amount": "paid"}).to_csv(files[1], index=False)
    with pytest.raises(HistoryError, match=r"01.csv has 'amount', sales-2023-02.csv has 'paid'.*{'paid': 'amount'}"):
        pt.propose(files)


def test_files_of_two_countries_with_the_same_columns_are_one_table(tmp_path):
    files = [tmp_path / "orders_eu.csv", tmp_path / "orders_us.csv"]
    for file in files:
        orders().to_csv(file, index=False)
    (tmp_path / "notes.csv").write_text("a\n1\n")
    with pytest.raises(HistoryError, match=r"same kind: they are parts of one table.* mv orders_eu.csv orders_us.csv"):
        pt.propose(files)


def test_frames_of_periods_with_the_same_columns_are_one_table():
    with pytest.raises(
        HistoryError, match=r"orders_2023, orders_2024 have the same columns.*pd.concat\(\[orders_2023, ord"
    ):
        pt.propose({"orders_2023": orders(), "orders_2024": orders()})


def test_a_table_without_rows_is_refused_as_that():
    with pytest.raises(HistoryError, match="'orders' has no rows below its columns amount, customer_id, order_date"):
        pt.propose({"orders": orders().iloc[:0]})


def test_days_of_a_spreadsheet_and_money_with_words_are_read_as_the_door_reads_them():
    rows = orders(order_date=[45_000 + 2 * i for i in range(300)], amount=[f"{i % 9},50 kr" for i in range(300)])
    table = pt.propose({"orders": rows}).values().tables["orders"]
    assert (table.roles["amount"], table.at_format, table.decimal) == ("amount", "spreadsheet days", ",")


def test_a_status_that_leaves_no_row_is_asked_about():
    assert "'status' is 'failed' (300) in all rows: are these purchases?" in doubts(orders=orders(status="failed"))


def test_lists_of_keys_in_one_cell_are_asked_about():
    keys = ["101;102" if i % 10 == 0 else f"{100 + i % 7}" for i in range(300)]
    assert "'contact_ids' names several in 30 of the first 300 rows" in doubts(
        orders=orders(contact_ids=keys).drop(columns="customer_id")
    )


def test_times_that_name_a_zone_are_said_to_be_read_by_the_clock_of_utc():
    text = pt.propose({"orders": orders(order_date=[f"{day} 23:30:00 +0200" for day in DAYS])}).settings
    assert '# timezone = "Europe/Berlin"' in text
    assert "timezone" not in pt.propose({"orders": orders()}).settings


def test_no_value_of_a_file_is_shown_by_what_is_printed_of_a_proposal():
    assert "c3" not in repr(pt.propose({"orders": orders()})) + str(pt.propose({"orders": orders()}).drafts)


@pytest.mark.parametrize("given", [[], 7, {}, {7: None}])
def test_what_is_neither_path_nor_frame_is_refused(given):
    with pytest.raises(HistoryError, match=r"A proposal is made from .*Write pt.propose\("):
        pt.propose(given)


def test_a_table_of_nothing_but_outcomes_is_left_out_and_said():
    response = pd.DataFrame({"customer_id": [f"c{i}" for i in range(7)], "response": 1})
    assert pt.propose({"orders": orders(), "response": response}).left == {
        "response": "every column looks written after what is asked about, which it would tell"
    }


def test_a_table_of_other_customers_is_left_out_with_the_reason():
    others = pd.DataFrame({"customer_id": [f"other-{i}" for i in range(20)], "date": DAYS[:20], "kind": "call"})
    proposal = pt.propose({"orders": orders(), "calls": others})
    assert proposal.left == {"calls": "none of its columns meets the customers of orders"}
    assert "# calls has no section" in proposal.settings


def test_a_proposal_from_frames_shows_itself_and_becomes_a_file_that_runs(tmp_path):
    proposal = pt.propose({"orders": orders()})
    assert isinstance(proposal, Proposal)
    assert "orders from orders: customer = customer_id" in str(proposal)
    assert "<pre># Proposed by patron init" in proposal._repr_html_()
    assert load(proposal.write(tmp_path / "own.toml")).history().receipts[0].used == 300


def test_no_label_of_a_cutoff_looks_into_a_hole_of_the_orders():
    days = [
        day
        for day in pd.date_range("2021-01-01", "2023-12-31")
        if not "2023-02-01" <= f"{day:%Y-%m-%d}" <= "2023-04-30"
    ]
    rows = {"customer_id": [f"c{i % 40}" for i in range(len(days))], "order_date": days, "amount": 1.0}
    proposal = pt.propose({"orders": pd.DataFrame(rows)})
    (hole,) = proposal.history().holes
    cutoffs, step = proposal.cutoffs, pd.Timedelta(days=proposal.cutoffs.horizon)
    dates = [*cutoffs.train, cutoffs.valid, cutoffs.test]
    assert not [date for date in dates if date < hole[1] and hole[0] < date + step]
    assert cutoffs.test + step == proposal.history().ends


def test_little_data_has_fewer_cutoffs_to_learn_from_and_says_so():
    cutoffs = pt.propose({"orders": orders(200)}).cutoffs
    assert (cutoffs.horizon, len(cutoffs.train)) == (60, 2)
    assert cutoffs.why.endswith("these leave room for 2 cutoffs to learn from")


def test_a_total_with_tax_and_shipping_in_it_is_said_to_be_that():
    assert "'Total' holds what was charged for tax and shipping too; 'Subtotal' is the goods alone" in doubts(
        orders=orders(Subtotal=20.0, Taxes=2.0, Total=[22.0 + i % 3 for i in range(300)]).drop(columns="amount")
    )


def test_times_of_cancellation_are_pointed_at():
    cancelled = [DAYS[i] if i % 10 == 0 else None for i in range(300)]
    assert "'Cancelled at' is filled in 30 rows" in doubts(orders=orders(**{"Cancelled at": cancelled}))


def test_two_keys_that_tell_the_same_customers_apart_are_no_doubt():
    assert "about as likely" not in doubts(orders=orders(email=[f"p{i % 7}@shop.example" for i in range(300)]))


def test_a_short_history_is_said_to_be_too_short():
    assert "[cutoffs] the orders span 19 days, too few to learn from" in doubts(orders=orders(10, order_date=DAYS[:10]))


def test_of_a_folder_databases_and_texts_are_looked_at_and_what_cannot_be_read_is_named(tmp_path):
    orders().to_csv(tmp_path / "orders.txt", index=False)
    (tmp_path / "log.csv").write_text("")
    (tmp_path / "._orders.csv").write_bytes(b"\0\1")
    with sqlite3.connect(tmp_path / "shop.sqlite") as shop:
        pd.DataFrame({"customer_id": [f"c{i}" for i in range(7)], "country": "FR"}).to_sql("people", shop, index=False)
    shop.close()
    proposal = pt.propose([tmp_path], folder=tmp_path)
    assert proposal.tables["orders"] == "orders.txt"
    assert proposal.values().attributes["people"].path == tmp_path / "shop.sqlite#people"
    assert proposal.left == {"log.csv": "it cannot be read: 'log.csv' is empty. Its first line must name the columns."}


def test_a_table_that_the_door_refuses_is_left_for_one_reason():
    people = {"customer_id": [f"c{i}" for i in range(7)], "since when": "01.02.2020", "country": "FR"}
    left = pt.propose({"orders": orders(), "customers": pd.DataFrame(people)}).left
    assert list(left) == ["customers"]
    assert left["customers"].startswith("the door refuses it: Column 'since when'")


def test_of_returns_the_money_is_no_day():
    back = {"RetourenNr": range(5), "customer_id": "c1", "Retourendatum": "13.03.2022", "Erstattungsbetrag": "12,50"}
    proposal = pt.propose({"orders": orders(), "returns": pd.DataFrame(back)})
    assert proposal.values().tables["returns"].roles["amount"] == "Erstattungsbetrag"


@pytest.mark.parametrize(("no", "yes", "line"), [(False, True, "false"), (0, 1, "0"), ("N", "Y", '"N"')])
def test_a_mark_of_orders_that_were_cancelled_is_asked_about(no, yes, line):
    rows = orders()
    doubts = pt.propose(
        {"orders": rows.assign(is_cancelled=[yes if i % 9 == 0 else no for i in range(len(rows))])}
    ).doubts
    assert [d for d in doubts if "'is_cancelled' is not" in d and f"where = {{ is_cancelled = {line} }}" in d]


def test_what_a_contact_was_about_is_its_kind_in_the_words_of_the_business():
    for name in ("Thema", "Art", "Typ", "Betreff", "Grund", "topic", "reason", "Contact Reason", "Motivo"):
        contacts = orders(9)[["customer_id"]].assign(**{name: ["Frage", "x", "y"] * 3})
        columns = list(look_at("contacts", contacts).columns.values())
        assert [fit.column.name for fit in fits("kind", columns) if fit.score >= TAKEN_FOR["kind"]] == [name]


@pytest.mark.parametrize(("word", "is_asked"), [("Beschwerde", False), ("Frage", True)])
def test_which_contacts_complain_is_asked_where_no_word_says_it(word, is_asked):
    contacts = orders(9)[["customer_id", "order_date"]].assign(Thema=[word, "x", "y"] * 3)
    proposal = pt.propose({"shop": orders(), "contacts": contacts})
    assert proposal.values().tables["contacts"].roles["kind"] == "Thema"
    assert ('# complaints = ["Frage", "x", "y"]' in proposal.settings) == is_asked
