"""No value of a cell is shown, whatever is wrong with it and whatever runs, until somebody allows it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patron import jobs
from patron.decisions import decide
from patron.errors import HIDDEN, HINT, HistoryError, PatronError, cell, listed_columns
from patron.explanations.segment import in_segment
from patron.history.history import History
from patron.history.sources import attributes, events
from patron.questions.panels import Panel, panel
from worlds.command_line import patron

NAME, MAIL, MONEY, TIME = "Zebulon Quark", "zq@quark.example", "8731946.25", "2019-13-31 23:57:41"
SECRETS = (NAME, "Zebulon", MAIL, MONEY, "8731946", "8,731,946", TIME, "23:57:41", "guest-")
DAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2023-01-01", "2024-01-01", 60)]
SETTINGS = """
name = "shop"
[tables.orders]
path = "orders.csv"
customer = "client"
at = "when"
amount = "paid"
EXTRA
[questions]
churn = { horizon = 60 }
[cutoffs]
train = ["2023-05-01", "2023-07-01"]
valid = "2023-09-01"
test = "2023-11-01"
[decisions]
budget = 40
value = 30.0
[offers.call]
contact_cost = 1.0
effect = 0.5
"""


def orders(**columns: object) -> pd.DataFrame:
    plain = {"client": [f"guest-{n % 20}" for n in range(60)], "when": DAYS, "paid": range(1, 61)}
    return pd.DataFrame({**plain, **columns})


def some(value: object, others: list) -> list:
    """Return a column whose last third is the value."""
    return [*others[:40], *[value] * 20]


BAD: dict[str, tuple[pd.DataFrame, str]] = {
    "a text for a time": (orders(when=some(NAME, DAYS)), ""),
    "a time that is none": (orders(when=some(TIME, DAYS)), ""),
    "a number for a time": (orders(when=[8731946.25] * 60), ""),
    "an order of day and month": (orders(when=["07/08/2019 23:57:41"] * 60), ""),
    "two orders of day and month": (orders(when=some("31/12/2019 23:57:41", ["12/31/2019 23:57:41"] * 60)), ""),
    "a text for money": (orders(paid=some(NAME, ["1"] * 60)), ""),
    "a mail for money": (orders(paid=some(MAIL, ["1"] * 60)), ""),
    "an open comma": (orders(paid=["8,731,946".replace(",731", "")] * 60), ""),
    "two decimals": (orders(paid=some("8.731.946,25", ["1,234,567.50"] * 60)), ""),
    "several currencies": (orders(money=some(NAME, ["EUR"] * 60)), 'currency = "money"'),
    "no rate": (orders(money=some(NAME, ["EUR"] * 60)), 'currency = "money"\nrates = { EUR = 1.0 }'),
    "a condition that nothing meets": (orders(status=some(NAME, [MAIL] * 60)), 'where = { status = "paid" }'),
    "returns that are none": (orders(status=some(NAME, [MAIL] * 60)), 'returns = { status = "back" }'),
    "a column that is not there": (orders(), 'cost = "kost"'),
    "a rate for money": (orders(cost=np.linspace(0.8731946, 0.9, 60), paid=range(1000, 1060)), ""),
    "hardly any customer": (orders(client=None), ""),
}
HEADERLESS = f"{NAME},{MAIL},{TIME},{MONEY}\n" * 60


def check_hidden(output: str) -> None:
    """Refuse an output with a secret, in whatever lines."""
    assert [secret for secret in SECRETS if secret in output] == []


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    monkeypatch.delenv("PATRON_SHOW_VALUES", raising=False)


@pytest.fixture
def hiding(monkeypatch):
    """Let Python hide values as commands do."""
    monkeypatch.setenv("PATRON_SHOW_VALUES", "0")


@pytest.fixture
def reading(monkeypatch):
    """Let `patron check` read the tables, and draw no page."""
    nothing = {"receipt": [], "features": 0, "cautions": [], "suspects": {}, "quarantine": {}, "files": []}
    monkeypatch.setitem(
        jobs.VERBS, "check", lambda job: nothing | {"tables": [job.history.receipt().to_dict("list")] * 0}
    )


def written(folder: Path, table: pd.DataFrame | str, extra: str = "") -> Path:
    text = table if isinstance(table, str) else table.to_csv(index=False)
    (folder / "orders.csv").write_text(text)
    (folder / "shop.toml").write_text(SETTINGS.replace("EXTRA", extra))
    return folder / "shop.toml"


@pytest.mark.parametrize("what", BAD)
def test_whatever_is_wrong_with_a_cell_its_value_is_not_shown(reading, tmp_path, what):
    settings = written(tmp_path, *BAD[what])
    for options in ((), ("--json",), ("--log-json", "--on-bad-rows", "quarantine"), ("--on-bad-rows", "fail")):
        result = patron("check", settings, *options)
        assert result.exit_code in (0, 2, 3)
        check_hidden(result.output)


def test_the_same_inputs_show_their_values_where_it_is_allowed(reading, tmp_path):
    shown = []
    for what, (table, extra) in BAD.items():
        output = patron("check", written(tmp_path, table, extra), "--show-values").output
        assert "guest-" not in output, "not even then a key"
        shown += [what] if any(secret in output for secret in SECRETS) else []
    assert len(shown) >= 9, shown


@pytest.mark.parametrize(
    "verb", ["check", "train", "backtest", "run", "score", "explain", "decide", "report", "identify", "portfolio"]
)
def test_no_verb_shows_a_value(tmp_path, verb):
    settings = written(tmp_path, orders(when=some(NAME, DAYS), paid=some(MAIL, ["1"] * 60)))
    metrics = tmp_path / "shop.prom"
    result = patron(verb, settings, "--log-json", "--metrics-file", metrics)
    assert result.exit_code in (2, 3, 4)
    assert all(json.loads(line)["verb"] == verb for line in result.output.splitlines())
    check_hidden(result.output + metrics.read_text())


@pytest.mark.parametrize("table", [HEADERLESS, orders(when=some(NAME, DAYS)).to_csv(index=False)])
def test_a_proposal_shows_no_value_either(tmp_path, monkeypatch, table):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text(table)
    result = patron("init", "orders.csv")
    assert result.exit_code in (0, 3)
    check_hidden(result.output)


def test_a_row_in_the_place_of_a_header_is_not_shown(reading, tmp_path):
    result = patron("check", written(tmp_path, HEADERLESS))
    assert "lacks the column 'client'" in result.output
    check_hidden(result.output)


def test_a_value_is_shown_once_it_is_allowed_and_the_place_always_is(reading, tmp_path):
    settings = written(tmp_path, *BAD["a time that is none"])
    hidden = patron("check", settings)
    assert "the first is ‹9999-99-99 99:99:99› in row 41" in hidden.output
    assert HINT in hidden.output
    shown = patron("check", settings, "--show-values")
    assert f"the first is '{TIME}' in row 41" in shown.output
    assert HINT not in shown.output


def test_python_shows_values_to_who_works_with_the_table_unless_the_environment_hides_them(monkeypatch):
    assert cell(NAME) == repr(NAME)
    assert cell(8731946.25, ".1f") == "8731946.2"
    monkeypatch.setenv("PATRON_SHOW_VALUES", "0")
    assert cell(NAME) == "‹Aaaaaaa Aaaaa›"


def test_names_of_columns_are_shown_unless_they_are_a_row(hiding):
    assert listed_columns(["b", "2024"]) == "2024, b"
    assert listed_columns([NAME, MONEY]) == "‹9999999.99›, ‹Aaaaaaa Aaaaa›"


TWICE = pd.DataFrame({"client": ["guest-1"] * 2, "since": ["2019-12-31 23:57:41"] * 2, "plan": ["x", "y"]})
KEY = {"customer": ["a", "b"], "cutoff": pd.to_datetime(["2023-01-01", "2023-01-01"])}


def own_panel(**columns: object) -> Panel:
    return panel(pd.DataFrame({**KEY, **columns}), horizon=30, customer="customer", cutoff="cutoff")


SCORES = pd.DataFrame(
    {"customer": ["a", "b"], "cutoff": KEY["cutoff"], "churn_probability": [0.1, 0.2], "value": [1.0, 2.0]}
)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: own_panel(recency=[-8731946.25, 1.0]),
        lambda: decide(SCORES.assign(churn_probability=[8731946.25, 0.1]), [], 1.0),
        lambda: decide(SCORES.assign(value=[MONEY, MONEY]), [], 1.0),
        lambda: in_segment("plan == 'x'", pd.DataFrame({"plan": [NAME, MAIL]})),
        lambda: in_segment("spend > 9e9", pd.DataFrame({"spend": [8731946.25, 1.0]})),
        lambda: History.of(
            orders=events(orders(), customer="client", at="when"),
            people=attributes(TWICE, customer="client", at="since"),
        ),
        lambda: events(pd.DataFrame({"c": ["a"], "ts": [NAME]}), customer="c", at="ts"),
    ],
)
def test_errors_of_the_python_interface_hide_values_where_they_are_to(hiding, wrong: Callable[[], object]):
    with pytest.raises(PatronError) as refused:
        wrong()
    check_hidden(str(refused.value))
    if isinstance(refused.value, HistoryError):
        assert HIDDEN in str(refused.value)
