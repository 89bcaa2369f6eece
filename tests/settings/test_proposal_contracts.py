"""Proposals for businesses of contracts and for panels, from exports in the words of several languages."""

from datetime import datetime

import pandas as pd
import pytest

import patron as pt
from patron.errors import HistoryError
from patron.jobs import check, job_of

BEGAN = pd.date_range("2022-01-01", periods=300, freq="3D")
KEYS = [f"c{i % 90}" for i in range(300)]
LEFT = [day + pd.Timedelta(days=45) if i % 3 == 0 and i < 270 else None for i, day in enumerate(BEGAN)]
CONTRACTS = pd.DataFrame(
    {
        "subscription_id": range(1, 301),
        "customer_id": KEYS,
        "plan": ["small", "large"] * 150,
        "start_date": BEGAN,
        "end_date": LEFT,
        "monthly_price": [9.9, 19.9] * 150,
        "status": ["cancelled" if left else "active" for left in LEFT],
        "cancel_reason": [["price", "moved"][i % 2] if left else None for i, left in enumerate(LEFT)],
    }
)
MEANT = {
    "customer": "customer_id", "start": "start_date", "end": "end_date", "plan": "plan", "price": "monthly_price",
    "cause": "cancel_reason", "contract": "subscription_id",
}  # fmt: skip
SPANISH = {
    "subscription_id": "id_suscripcion", "customer_id": "id_cliente", "start_date": "fecha_alta",
    "end_date": "fecha_baja", "monthly_price": "precio_mensual", "status": "estado", "cancel_reason": "motivo_baja",
}  # fmt: skip
PAID = pd.DataFrame({"id_cobro": range(300), "id_cliente": KEYS, "fecha_cobro": BEGAN, "importe": 9.9})


def test_a_file_of_contracts_alone_asks_who_cancels_and_leaves_out_nobody_who_did():
    proposal = pt.propose({"subscriptions": CONTRACTS})
    settings, history = proposal.values(), proposal.history()
    assert dict(settings.subscriptions["contracts"].roles) == MEANT
    assert settings.subscriptions["contracts"].where is None
    assert [question.name for question in settings.questions] == ["cancellation"]
    assert history.receipts[0].used == 300
    assert history["contract_ends"].count().to_pyarrow().as_py() == 90


def test_contracts_beside_payments_are_asked_who_cancels_beside_who_buys_in_spanish_as_in_english():
    paid = PAID.assign(estado_cobro=["fallido" if i % 10 == 0 else "cobrado" for i in range(300)])
    proposal = pt.propose({"suscripciones": CONTRACTS.rename(columns=SPANISH), "cobros": paid})
    settings = proposal.values()
    assert dict(settings.subscriptions["contracts"].roles) == {role: SPANISH.get(c, c) for role, c in MEANT.items()}
    assert [question.name for question in settings.questions] == ["cancellation", "churn", "next_purchase"]
    assert settings.tables["orders"].where == {"estado_cobro": ["cobrado"]}
    assert settings.tables["orders"].roles["order"] == "id_cobro"


def test_orders_that_were_cancelled_at_some_time_are_no_contracts():
    orders = PAID.assign(created_at=BEGAN, cancelled_at=LEFT).drop(columns="fecha_cobro")
    settings = pt.propose({"orders": orders}).values()
    assert not settings.subscriptions
    assert settings.tables["orders"].roles["at"] == "created_at"


@pytest.mark.parametrize("word", ["fallido", "impagado", "échoué", "fehlgeschlagen", "misslyckad", "annullato"])
def test_what_was_never_paid_is_left_out_in_the_words_of_the_business(word):
    orders = PAID.assign(estado=[word if i % 10 == 0 else "pagado" for i in range(300)])
    assert pt.propose({"orders": orders}).values().tables["orders"].where == {"estado": ["pagado"]}


def test_a_panel_of_months_is_refused_as_such_also_where_customers_leave_it():
    rows = [(f"k{i}", f"2024-{m:02}", m, int(m == 3 + i % 9)) for i in range(40) for m in range(1, 4 + i % 9)]
    panel = pd.DataFrame(rows, columns=["kundnummer", "månad", "samtal", "uppsagd"])
    meant = 'customer = "kundnummer", cutoff = "månad", label = "uppsagd", horizon = '
    with pytest.raises(HistoryError, match=f"a panel, and no events.*{meant}"):
        pt.propose({"panel": panel})
    days = panel.assign(månad=panel["månad"] + "-01")
    with pytest.raises(HistoryError, match=f"a panel, and no events.*{meant}"):
        pt.propose({"panel": days})


def test_invoices_of_a_french_wholesaler_say_what_was_sold_and_to_whom():
    invoices = pd.DataFrame(
        {
            "N° facture": [f"FA{i // 2}" for i in range(300)],
            "Date facture": BEGAN[[i // 2 for i in range(300)]],
            "Code client": [f"{i // 2 % 45:05}" for i in range(300)],
            "Code article": [f"A{i % 40}" for i in range(300)],
            "Désignation": [f"Article {i % 40}" for i in range(300)],
            "Famille": ["Frais", "Épicerie"] * 150,
            "Montant HT": 12.5,
        }
    )
    people = {
        "Code contact": [f"K{i}" for i in range(90)],
        "Code client": [f"{i % 45:05}" for i in range(90)],
        "Nom": [f"Nom {i}" for i in range(90)],
        "Email": [f"k{i}@x.fr" for i in range(90)],
    }
    proposal = pt.propose({"factures": invoices, "contacts": pd.DataFrame(people)})
    roles = proposal.values().tables["orders"].roles
    assert (roles["item"], roles["item_name"], roles["category"]) == ("Code article", "Désignation", "Famille")
    assert proposal.left == {"contacts": "it has a row for each person, of whom a customer has several"}


def test_a_status_in_words_that_nobody_knows_is_asked_about_as_all_its_rows_count():
    orders = PAID.assign(status=["befizetve", "sikertelen", "befizetve"] * 100)
    proposal = pt.propose({"orders": orders})
    assert proposal.values().tables["orders"].where is None
    (doubt,) = (doubt for doubt in proposal.doubts if "'status'" in doubt)
    assert "'befizetve' (200), 'sikertelen' (100), which does not say whether these are purchases: they count" in doubt
    assert 'where = { status = ["befizetve", "sikertelen"] }' in doubt


@pytest.mark.parametrize("name", ["Annual Revenue", "Monthly Amount", "importe_mensual", "Jahresumsatz"])
def test_what_a_customer_brings_in_a_year_or_month_is_no_amount_of_an_order(name):
    orders = PAID.rename(columns={"importe": name})
    assert "amount" not in pt.propose({"orders": orders}).values().tables["orders"].roles


def test_a_check_of_contracts_alone_speaks_of_no_windows_and_no_orders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    CONTRACTS.to_csv("subscriptions.csv", index=False)
    settings, lines = pt.propose(["subscriptions.csv"]).values(), []
    check(job_of(settings, datetime(2026, 1, 1), lines.append))
    (line,) = (line for line in lines if line.startswith("features") and "can be made" in line)
    assert line.endswith("can be made")
    assert "the usual gap between orders" not in (settings.out / "check.html").read_text(encoding="utf-8")


def test_times_of_contracts_that_can_be_read_in_two_ways_are_refused_with_the_line_that_says_which():
    days = pd.to_datetime([f"2023-{1 + i % 12:02}-{1 + i // 30:02}" for i in range(300)]).strftime("%d/%m/%Y")
    contracts = CONTRACTS.assign(start_date=days)
    with pytest.raises(HistoryError, match=r"start.*formats = \{"):
        pt.propose({"subscriptions": contracts}).history()
    beside = pt.propose({"subscriptions": contracts, "payments": PAID.rename(columns={"id_cliente": "customer_id"})})
    assert "formats = {" in beside.left["subscriptions"]
    assert not beside.values().subscriptions


def test_payments_that_an_export_holds_twice_are_asked_about_as_their_money_counts_twice():
    twice = pd.concat([PAID, PAID.head(3)], ignore_index=True)
    (doubt,) = pt.propose({"cobros": twice}).doubts
    assert "3 rows repeat another one exactly, and are used, with the same 'id_cobro': duplicates = \"drop\"" in doubt
