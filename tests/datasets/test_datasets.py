"""The bundled data: whole, licensed, and ready for every question."""

from datetime import datetime

import pytest

from patron import features
from patron.datasets import folder, online_retail
from patron.history.history import History
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix


@pytest.fixture(scope="module")
def history() -> History:
    return online_retail()


def test_the_licence_goes_with_the_data() -> None:
    text = (folder() / "LICENSE").read_text(encoding="utf-8")
    for fact in ("Daqing Chen", "10.24432/C5CG6D", "Creative Commons Attribution 4.0", "Changes:"):
        assert fact in text
    assert sorted(p.name for p in folder().iterdir()) == ["LICENSE", "lines.parquet", "orders.parquet"]


def test_every_row_is_accounted_for(history: History) -> None:
    for receipt in history.receipts:
        assert receipt.read == receipt.used + sum(receipt.set_aside.values())
    stored = {name: table.count().to_pyarrow().as_py() for name, table in history.tables.items()}
    used = {receipt.table: receipt.used for receipt in history.receipts}
    assert used == {"orders": stored["orders"] + stored["returns"], "lines": stored["lines"]}


def test_the_data_cover_two_years(history: History) -> None:
    assert (history.starts.date().isoformat(), history.ends) == ("2009-12-01", datetime(2011, 12, 10))


def test_every_built_in_feature_can_be_answered(history: History) -> None:
    kept, left_out = features.available(history)
    assert set(left_out) == {
        f.name for f in (*features.contacts.ALL, *features.social.ALL)
    }  # the shop has no such tables
    assert (*kept, *features.contacts.ALL, *features.social.ALL) == features.ALL


def test_goods_bought_are_pieces_at_a_price(history: History) -> None:
    lines = history["lines"]
    assert (
        lines.filter((lines.quantity <= 0) | (lines.price < 0) | lines.item.isnull()).count().to_pyarrow().as_py() == 0
    )
    assert 20 < lines.category.nunique().to_pyarrow().as_py() < 200


def test_about_half_of_the_customers_of_a_year_buy_within_a_quarter(history: History) -> None:
    question, cutoff = churn(90, active_in=365, features=(features.purchases.recency,)), datetime(2011, 9, 9)
    rows = matrix(question, history, [cutoff])
    assert len(rows) == len(labels(question, history, [cutoff])) == 2994
    assert 0.4 < labels(question, history, [cutoff]).mean() < 0.6
