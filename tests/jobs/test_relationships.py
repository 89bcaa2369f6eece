"""patron portfolio: figures, a row for each customer and a page, from settings, without any model."""

import json

import pandas as pd
import pytest

from patron.errors import SettingsError
from patron.periods import Span
from patron.portfolio.segments import SEGMENTS, Segment
from patron.settings import load
from worlds.command_line import patron
from worlds.shop import orders

SETTINGS = """
name = "kiosk"
currency = "EUR"
[tables.orders]
path = "orders.csv"
customer = "customer"
at = "at"
amount = "amount"
[questions]
tier = { horizon = 60 }
[costs]
margin_rate = 0.4
[cutoffs]
train = "2023-08-29"
valid = "2023-10-28"
test = "2023-12-27"
score = "2024-05-01"
[portfolio]
since = "1 month"
horizon = 180
scores = { recency = [10, 30, 90, 180], frequency = [2, 3, 5, 10] }
segments = { regular = { frequency = [4, 5] }, "at risk" = { recency = [1, 2] } }
"""


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kiosk")
    orders(120).to_csv(folder / "orders.csv", index=False)
    (folder / "kiosk.toml").write_text(SETTINGS)
    return folder


@pytest.fixture(scope="module")
def result(kiosk):
    return patron("portfolio", kiosk / "kiosk.toml", "--json")


def test_the_settings_say_how_it_is_told(kiosk):
    terms = load(kiosk / "kiosk.toml").portfolio
    assert (terms.since, terms.horizon, terms.discount) == (Span.of_months(1), Span(180), 0.1)
    assert terms.segments == (Segment("regular", frequency=(4, 5)), Segment("at risk", recency=(1, 2)))


def test_what_is_printed_for_machines_adds_up(result):
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["earlier"] == "2024-04-01 00:00:00"
    assert [group["name"] for group in told["groups"]["segment"]] == ["regular", "at risk", "others"]
    for groups in told["groups"].values():
        assert sum(group["customers"] for group in groups) == told["customers"]
    steps = {step["part"]: step["money"] for step in told["bridge"]}
    assert sum(steps[part] for part in ("before", "lost", "shrunk", "grown", "new")) == pytest.approx(steps["now"])
    assert sum(move["customers"] for move in told["moves"]["tier"]) == told["customers"]


def test_the_figures_the_page_and_a_row_for_each_customer_are_written(result, kiosk):
    told, out = json.loads(result.stdout), kiosk / "patron-out" / "kiosk"
    assert [file.rpartition("/")[2] for file in told["files"]] == [
        *("portfolio_customers.parquet", "portfolio.json", "portfolio.html"),
    ]
    table = pd.read_parquet(out / "portfolio_customers.parquet")
    assert len(table) == told["customers"]
    assert {"customer", "score_recency", "segment", "tier", "equity", "relationship"} <= set(table)
    assert json.loads((out / "portfolio.json").read_text())["bridge"] == told["bridge"]
    assert (out / "portfolio.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("frequency = [4, 5]", "frequency = [4, 6]", "line 22: .*frequency must be the lowest and the highest score"),
        ("frequency = [4, 5]", "often = [4, 5]", "has no key 'often'"),
        ('since = "1 month"', "discount = -1.0", "The discount is a rate a year of 0 or more, got -1.0"),
        ("[10, 30, 90, 180]", "[10, 30]", r"Scores of recency need four thresholds that rise, got \[10, 30\]"),
        ("horizon = 180", "changes = { x = { categories = ['a'] } }", "The change 'x' has no day"),
        ('since = "1 month"', "acquisition_cost = { web = -1.0 }", "number of 0 or more, got -1.0"),
        ("scores = {", 'scores = "deciles" #', """must be "quantiles", "money", or thresholds.*got text 'deciles'"""),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_with_what_to_write(kiosk, old, new, message):
    path = kiosk / "wrong.toml"
    assert old in SETTINGS
    path.write_text(SETTINGS.replace(old, new))
    with pytest.raises(SettingsError, match=message):
        load(path)


def test_the_usual_segments_stand_where_nobody_says_others(kiosk):
    path = kiosk / "usual.toml"
    path.write_text(SETTINGS.partition("[portfolio]")[0])
    assert load(path).portfolio.segments == SEGMENTS


def test_ready_made_rows_have_no_portfolio(tmp_path):
    rows = pd.DataFrame({"member": [f"m{i}" for i in range(40)], "visits": range(40), "left": [0, 1] * 20})
    rows.to_csv(tmp_path / "members.csv", index=False)
    panel = 'path = "members.csv"\ncustomer = "member"\nlabel = "left"\nhorizon = 28\n'
    (tmp_path / "club.toml").write_text(f'name = "club"\n[panels.members]\n{panel}')
    result = patron("portfolio", tmp_path / "club.toml")
    assert result.exit_code == 2
    assert "A relationship portfolio" in result.stderr


def test_types_and_words_for_kinds_of_contacts_come_from_the_settings(kiosk):
    path = kiosk / "types.toml"
    types = "[portfolio.types]\nregular = { orders = [6, inf], contacts = 4 }\nrest = {}\n"
    path.write_text(f'{SETTINGS}{types}[portfolio.kinds]\npromotion = ["SMS"]\n')
    terms = load(path).portfolio
    assert [kind.rule for kind in terms.types] == ["orders at least 6", "all others"]
    assert (terms.types[0].contacts, terms.kinds.promotion) == (4, ("sms",))
    path.write_text(f"{SETTINGS}{types.replace('orders = [6', 'order = [6')}")
    with pytest.raises(SettingsError, match="has no key 'order'"):
        load(path)
